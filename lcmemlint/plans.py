"""What there is to do: paths → root, settings, files. One walk; no file is read but those with settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from lcmemlint.config import Config, load_config
from lcmemlint.errors import UsageError
from lcmemlint.facts import Problem
from lcmemlint.files import Files
from lcmemlint.reports import FileProblem
from lcmemlint.sources import (
    RoleFinder,
    Tree,
    UnreadableText,
    absolute,
    decode,
    looks_like_manifest,
    project_root,
    relative,
    walk,
)


class Plan(Struct, frozen=True):
    """What there is to do, before any file is read. `asked` are relative paths, "" is all."""

    config: Config
    asked: tuple[str, ...]
    tree: Tree
    files: Files
    problems: tuple[FileProblem, ...]

    @property
    def settings(self) -> str:
        """Stands for all that a report depends on, but the files and the code of ours."""
        return repr((self.tree.root, self.config, self.asked, self.problems))


def plan(
    paths: Sequence[str | Path],
    *,
    config: Config | None = None,
    root: Path | None = None,
    config_file: Path | None = None,
    adjust: Callable[[Config], Config] = lambda config: config,
    unsaved: Mapping[Path, bytes] = MappingProxyType({}),
) -> Plan:
    """Find the root, the settings and the files; none of them is read.

    The settings are `config`, else those of `config_file`, else the project's own, and then what `adjust`
    makes of them. `unsaved` are bytes that count instead of those on disk: what comes in on standard input,
    the buffers of an editor. A file that is not on the disk is added; one that was left out stays out.
    """
    asked = [Path(path) for path in paths]
    buffers = {absolute(path): data for path, data in unsaved.items()}
    there = [path for path in asked if path.exists() or absolute(path) in buffers]
    if not there:
        raise UsageError(f"{asked[0] if asked else '.'}: no such file or folder{_alike(asked)}")
    root = absolute(root) if root is not None else project_root(there)
    config = adjust(config if config is not None else load_config(root, file=config_file))
    named = tuple(sorted({relative(root, path) for path in there}))
    files = Files.over(root, buffers)
    tree = files.added_to(walk(files.place, config, named=named), named)
    problems = [_missing(root, path) for path in asked if path not in there]
    problems += _not_ours(root, named, tree)
    problems += _not_opted_in(named, tree, RoleFinder.of(config))
    return Plan(config, named, tree, files, tuple(problems))


def _missing(root: Path, path: Path) -> FileProblem:
    """The complaint about a path that is not there; one outside of the root keeps its whole name."""
    try:
        name = relative(root, path)
    except UsageError:
        name = path.absolute().as_posix()
    return FileProblem(name, 0, 0, f"no such file or folder{_alike([path])}")


def _alike(paths: Sequence[Path]) -> str:
    """`; did you mean ...?` when something beside the first path has nearly its name."""
    if not paths:
        return ""
    path = paths[0].absolute()
    try:
        beside = {entry.stem: entry.name for entry in path.parent.iterdir() if entry.suffix == path.suffix}
    except OSError:
        return ""
    import difflib  # slow to import, and mistakes are rare

    close = difflib.get_close_matches(path.stem, sorted(beside), n=1, cutoff=0.75)
    return f"; did you mean `{beside[close[0]]}`?" if close else ""


def _not_ours(root: Path, named: Iterable[str], tree: Tree) -> Iterator[FileProblem]:
    """Complaints about files that were named and are nothing that we read."""
    taken = {*tree.python, *tree.notebooks, *tree.manifests, ""}
    for path in named:
        full = root / path
        if path in taken or full.is_dir() or not full.exists():
            continue
        if not full.is_file():
            yield FileProblem(path, 0, 0, "is not a regular file, so it is not read")
        elif not looks_like_manifest(path):
            yield FileProblem(path, 0, 0, "is not a Python file")


def _not_opted_in(named: Iterable[str], tree: Tree, roles: RoleFinder) -> Iterator[FileProblem]:
    """Complaints about notebooks that were named and are no code of the app."""
    for path in named:
        if path in tree.notebooks and roles.role(path) == "notebook":
            told = f'roles = {{ "{path}" = "app" }}'
            yield FileProblem(path, 0, 0, f"is a notebook, which no server runs; if one does, set {told}")


def lines_in(data: bytes | Problem) -> tuple[str, ...]:
    """The lines of a file without their ends, for code frames; none if it could not be read."""
    if isinstance(data, Problem):
        return ()
    try:
        text = decode(data)[0]
    except UnreadableText:
        text = data.decode("utf-8", errors="replace")
    # Not `splitlines`: Python counts lines by these three only, and form feeds are common.
    return tuple(re.split(r"\r\n|\r|\n", text))
