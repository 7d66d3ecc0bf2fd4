"""Paths → root, settings, files (one walk), bytes: the job."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint import rulebook
from lcmemlint.catalogue import Catalogue, load_catalogue
from lcmemlint.config import Config, chosen_codes, config_in
from lcmemlint.errors import CatalogueError, ConfigError
from lcmemlint.facts import Problem
from lcmemlint.files import Files
from lcmemlint.looks import look, looks_ahead
from lcmemlint.manifests import Manifests
from lcmemlint.places import Place
from lcmemlint.plans import Plan, lines_in, plan
from lcmemlint.reports import FileProblem
from lcmemlint.scan.skim import Skim, skim
from lcmemlint.shelf import Shelf
from lcmemlint.sources import (
    RoleFinder,
    Source,
    Tree,
    absolute,
    binary,
    walk,
)
from lcmemlint.store import Store, digest
from lcmemlint.suppress import UNUSED_IGNORE

if TYPE_CHECKING:
    from lcmemlint.notebooks import Notebook

UNUSED_IGNORE_NAME: Final = "unused-ignore"


class Job(Struct, frozen=True):
    """What there is to do: a project's files, and the paths that were asked for (relative, "" is all)."""

    root: Path
    config: Config
    asked: tuple[str, ...]
    tree: Tree
    sources: Mapping[str, Source]
    """The Python files; of a notebook, its cells as one text."""
    skims: Mapping[str, Skim]
    """What the bytes of each of them mention."""
    notebooks: Mapping[str, Notebook]
    """The notebooks that the settings make code of the app."""
    manifests: Manifests
    files: Files
    problems: tuple[FileProblem, ...]
    catalogue: Catalogue
    known: Mapping[str, str]
    """Code → name of every rule."""
    chosen: frozenset[str]
    """The codes that are to be run."""
    store: Store | None = None
    """Where facts are kept between runs."""

    def is_asked(self, path: str) -> bool:
        """Whether the paths that were asked for cover this file."""
        return any(not one or path == one or path.startswith(f"{one}/") for one in self.asked)


def prepare(
    paths: Sequence[str | Path],
    *,
    config: Config | None = None,
    root: Path | None = None,
    config_file: Path | None = None,
    adjust: Callable[[Config], Config] = lambda config: config,
    unsaved: Mapping[Path, bytes] = MappingProxyType({}),
) -> Job:
    """Find the root, the settings and the files, as `plan` does, and read the files."""
    return read(
        plan(paths, config=config, root=root, config_file=config_file, adjust=adjust, unsaved=unsaved)
    )


def prepare_place(
    place: Place, *, config: Config | None = None, adjust: Callable[[Config], Config] = lambda config: config
) -> Job:
    """What there is to do for a whole project that need not be on the disk.

    The settings are `config`, else those at its root, and then what `adjust` makes of them.
    """
    config = adjust(config if config is not None else config_in(place))
    return read(Plan(config, ("",), walk(place, config), Files(place), ()))


def read(plan: Plan, store: Store | None = None, jobs: int = 1) -> Job:
    """The job of a plan: its Python files are read, by up to `jobs` processes, unless the store knows what they say."""
    config, tree, files = plan.config, plan.tree, plan.files
    catalogue = _catalogue(config)
    shelf = Shelf(store, files, catalogue.packages)
    code = _read_all(files, config, tree, shelf=shelf, jobs=jobs)
    shelf.keep()
    known = _known_codes()
    return Job(
        root=tree.root,
        config=config,
        asked=plan.asked,
        tree=tree,
        sources=code.sources,
        skims=code.skims,
        notebooks=code.notebooks,
        manifests=Manifests(files, config, tree),
        files=files,
        problems=tuple(sorted([*plan.problems, *code.problems])),
        catalogue=catalogue,
        known=known,
        chosen=chosen_codes(config, known),
        store=store,
    )


def _known_codes() -> dict[str, str]:
    """Code → name of every rule."""
    return {UNUSED_IGNORE: UNUSED_IGNORE_NAME, **rulebook.names()}


def revised(job: Job, unsaved: Mapping[Path, bytes]) -> Job:
    """The job with other unsaved texts in the place of its own; all else is as it was on the disk.

    Files that came or went on the disk, and other settings, need a new `prepare`.
    """
    files = Files.over(job.root, {absolute(path): data for path, data in unsaved.items()})
    changed = {
        path
        for path in {*job.files.unsaved, *files.unsaved}
        if job.files.unsaved.get(path) != files.unsaved.get(path)
    }
    gone = {path for path in changed - files.unsaved.keys() if not (job.root / path).exists()}
    tree = files.added_to(job.tree.without(gone))
    code = _read_all(files, job.config, tree, changed)
    keep = tree == job.tree and changed.isdisjoint(tree.manifests)
    return replace(
        job,
        files=files,
        tree=tree,
        sources={**{path: of for path, of in job.sources.items() if path not in changed}, **code.sources},
        skims={**{path: of for path, of in job.skims.items() if path not in changed}, **code.skims},
        notebooks={
            **{path: of for path, of in job.notebooks.items() if path not in changed},
            **code.notebooks,
        },
        manifests=job.manifests if keep else Manifests(files, job.config, tree),
        problems=tuple(sorted([*(one for one in job.problems if one.path not in changed), *code.problems])),
    )


def _catalogue(config: Config) -> Catalogue:
    """The shipped tables with the user's own rows; complaints name the user's file."""
    try:
        return load_catalogue(config.components, config.entry_points)
    except CatalogueError as error:
        raise ConfigError(f"{config.path}: {error}") from error


class _Code(Struct, frozen=True):
    """The code of a project: its files, what their bytes mention, and complaints about what cannot be read."""

    sources: dict[str, Source]
    skims: dict[str, Skim]
    notebooks: dict[str, Notebook]
    problems: list[FileProblem]


def _read_all(
    files: Files,
    config: Config,
    tree: Tree,
    wanted: Collection[str] | None = None,
    shelf: Shelf | None = None,
    jobs: int = 1,
) -> _Code:
    """The code of the project (or of the wanted files).

    A notebook is code of the project when the settings give it another role than that of a notebook. Bytes are
    looked at and let go: most files have nothing to do with us.
    """
    code = _Code({}, {}, {}, [])
    roles = RoleFinder.of(config)
    served = tuple(path for path in tree.notebooks if roles.role(path) != "notebook")
    python = [path for path in tree.python if wanted is None or path in wanted]
    known = {} if shelf is None else {path: of for path in python if (of := shelf.find(path)) is not None}
    ahead = looks_ahead(files, [path for path in python if path not in known], jobs)
    for path in python:
        looked = known.get(path) or ahead.get(path) or look(files, path)
        if isinstance(looked, Problem):
            code.problems.append(FileProblem(path, looked.line, looked.column, looked.message))
            continue
        if shelf is not None and path not in known:
            shelf.note(path, *looked)
        name, code.skims[path] = looked
        code.sources[path] = Source(path, roles.role(path), name, looked[1].serves, files.read)
    for path in served if wanted is None else [path for path in served if path in wanted]:
        data = _cells_of(path, files, code.notebooks)
        if isinstance(data, Problem):
            code.problems.append(FileProblem(path, data.line, data.column, data.message))
            continue
        code.skims[path] = skim(data)
        code.sources[path] = Source(
            path, roles.role(path), digest(data), code.skims[path].serves, partial(in_hand, data)
        )
    return code


def _cells_of(path: str, files: Files, notebooks: dict[str, Notebook]) -> bytes | Problem:
    """The Python text of a notebook, which is noted."""
    from lcmemlint.notebooks import read_notebook

    data = files.read(path)
    notebook = data if isinstance(data, Problem) else binary(data) or read_notebook(data)
    if isinstance(notebook, Problem):
        return notebook
    notebooks[path] = notebook
    return notebook.text.encode("utf-8", errors="surrogatepass")


def in_hand(data: bytes, _: str) -> bytes:
    """What reading a file gives whose text is known already."""
    return data


def bytes_of(job: Job, path: str) -> bytes:
    """A file of code as it was read; raises `LookupError` for one that was not."""
    notebook = job.notebooks.get(path)
    return job.sources[path].data if notebook is None else notebook.raw.encode()


def lines_of(job: Job, path: str) -> tuple[str, ...]:
    """The lines of a file without their ends, for code frames; none if it cannot be read."""
    source = job.sources.get(path)
    return lines_in(source.data if source is not None else job.files.read(path))
