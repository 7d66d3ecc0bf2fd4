"""The pipeline, top to bottom; the only module that knows the order.

    prepare   paths → root, settings, files (one walk), bytes
    analyse   bytes → skim → select → scan → link → checks → findings of the whole project
    report    findings → what the user sees: suppressed, chosen, filtered by the paths that were asked for

The project root is always what is *analysed*, the paths choose what is *reported*: the findings of
`lcmemlint a.py` are those of `lcmemlint .` that stand in `a.py`.

`libcst` is imported by `lcmemlint.scan` only, and that only when there is a file to parse: a tree without a
word of LangChain costs a walk and a look at the bytes.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint import rulebook
from lcmemlint.catalogue import Catalogue, load_catalogue
from lcmemlint.config import Config, chosen_codes, config_in, resolve_code
from lcmemlint.errors import CatalogueError, ConfigError
from lcmemlint.facts import FileFacts, Problem
from lcmemlint.files import Files
from lcmemlint.findings import Finding, Severity
from lcmemlint.fingerprints import fingerprints
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.looks import look, looks_ahead
from lcmemlint.manifests import Manifests
from lcmemlint.notebooks import Notebook, read_notebook
from lcmemlint.places import Place
from lcmemlint.plans import Plan, lines_in, plan
from lcmemlint.reports import Crash as Crash
from lcmemlint.reports import FileProblem as FileProblem
from lcmemlint.reports import Report as Report
from lcmemlint.scan.skim import Skim, select, skim
from lcmemlint.shelf import Shelf
from lcmemlint.sources import (
    RoleFinder,
    Source,
    Tree,
    absolute,
    binary,
    text_of,
    walk,
)
from lcmemlint.store import Store, digest
from lcmemlint.suppress import UNUSED_IGNORE, Suppressed, suppress
from lcmemlint.workers import HERE, Workers, crash_of, no_garbage_collection, scan_all, scan_one

if TYPE_CHECKING:
    from lcmemlint.checks import Check
    from lcmemlint.link import Project

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


class Analysis(Struct, frozen=True):
    """What the whole project says. `project` is None when no file mentions LangChain."""

    findings: tuple[Finding, ...]
    sources: Mapping[str, Source]
    """The Python files as they were read."""
    skims: Mapping[str, Skim]
    catalogue: Catalogue
    modules: ModuleIndex
    selected: frozenset[str]
    """The files that are worth parsing."""
    facts: Mapping[str, FileFacts]
    roles: Mapping[str, str]
    ran: frozenset[str]
    problems: tuple[FileProblem, ...]
    crashes: tuple[Crash, ...]
    project: Project | None


# --- prepare ---------------------------------------------------------------------------------------------


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
            path, roles.role(path), digest(data), code.skims[path].serves, partial(_in_hand, data)
        )
    return code


def _cells_of(path: str, files: Files, notebooks: dict[str, Notebook]) -> bytes | Problem:
    """The Python text of a notebook, which is noted."""
    data = files.read(path)
    notebook = data if isinstance(data, Problem) else binary(data) or read_notebook(data)
    if isinstance(notebook, Problem):
        return notebook
    notebooks[path] = notebook
    return notebook.text.encode("utf-8", errors="surrogatepass")


def _in_hand(data: bytes, _: str) -> bytes:
    """What reading a file gives whose text is known already."""
    return data


# --- analyse ---------------------------------------------------------------------------------------------


def analyse(
    job: Job,
    overlay: Mapping[str, str] | None = None,
    *,
    before: Analysis | None = None,
    checks: Sequence[Check] | None = None,
    workers: Workers = HERE,
    pause: Callable[[], object] = lambda: None,
) -> Analysis:
    """Skim, select, scan, link and check the whole project.

    `overlay` are texts that count instead of those of the job (a file that is not there is added);
    `before` is an analysis of this job, or of one that was `revised` into it: what it knows of files that
    are the same is taken over; `checks` are those to run, all of ours by default; `workers` scan, and
    change nothing of what comes out. `pause` is called between the steps of the linker and before each check: what
    it raises ends the work.
    """
    sources = dict(job.sources)
    roles = RoleFinder.of(job.config)
    skims = dict(job.skims)
    for path, text in (overlay or {}).items():
        data = text.encode("utf-8", errors="surrogatepass")
        skims[path] = skim(data)
        sources[path] = Source(
            path, roles.role(path), digest(data), skims[path].serves, partial(_in_hand, data)
        )
    same = frozenset(_same(sources, before))
    modules, selected = _selected(job, sources, skims, before)
    known = {} if before is None else {path: of for path, of in before.facts.items() if path in same}
    facts, problems, crashes = _scan_all(job, sources, selected, overlay or {}, known, workers)
    found_roles = {path: sources[path].role for path in facts}
    project: Project | None = None
    findings: list[Finding] = []
    ran = set(job.chosen)
    if facts:
        from lcmemlint.link import link
        from lcmemlint.link.platform import MANIFEST, platform_graphs
        from lcmemlint.link.requirements import is_version_manifest

        def scan_more(path: str) -> FileFacts | None:
            return _scan_more(sources[path])

        exporting = job.manifests.some(
            lambda path: path.endswith(MANIFEST) and not job.manifests.is_ignored(path)
        )
        with no_garbage_collection():
            project = link(
                facts,
                catalogue=job.catalogue,
                modules=modules,
                roles=found_roles,
                platform_graphs=platform_graphs(exporting),
                manifests=job.manifests.some(is_version_manifest),
                workloads=lambda: job.manifests.workloads(sources, facts, scan_more),
                scale=job.config.deployment,
                pause=pause,
            )
            findings, ran, crashed = _check_all(job, project, checks, pause)
        crashes += crashed
    return Analysis(
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        sources=sources,
        skims=skims,
        catalogue=job.catalogue,
        modules=modules,
        selected=selected,
        facts=facts,
        roles=found_roles,
        ran=frozenset(ran),
        problems=tuple(sorted(problems)),
        crashes=tuple(crashes),
        project=project,
    )


def _selected(
    job: Job, sources: Mapping[str, Source], skims: Mapping[str, Skim], before: Analysis | None
) -> tuple[ModuleIndex, frozenset[str]]:
    """Which file an import means, and the files to parse; taken over when no import has changed."""
    libraries = job.catalogue.libraries
    if before is None or not before.modules.covers(sources.keys(), libraries):
        modules = ModuleIndex(sources, libraries)
    else:
        modules = before.modules
        if before.catalogue is job.catalogue and before.skims == skims:
            return modules, before.selected
    return modules, select(skims, job.catalogue.packages, modules.resolve)


def _same(sources: Mapping[str, Source], before: Analysis | None) -> Iterator[str]:
    """The files that have the bytes which they had before."""
    for path, source in sources.items() if before is not None else ():
        old = before.sources.get(path) if before is not None else None
        if old is not None and old.digest == source.digest:
            yield path


def _scan_all(
    job: Job,
    sources: Mapping[str, Source],
    selected: frozenset[str],
    overlay: Mapping[str, str],
    known: Mapping[str, FileFacts],
    workers: Workers,
) -> tuple[dict[str, FileFacts], list[FileProblem], list[Crash]]:
    """The facts of the selected files, in the order of their paths; `known` are those that need no scan."""
    found: dict[str, FileFacts | Crash] = {}
    texts: dict[str, str] = {}
    digests: dict[str, str] = {}
    problems: list[FileProblem] = []
    suspects = frozenset(path for path in job.asked if path in sources and path not in selected)
    for path in sorted(selected | suspects):
        kept = known.get(path) or (None if job.store is None else job.store.facts(sources[path].digest))
        if kept is not None:
            found[path] = kept
            continue
        data = sources[path].data
        text = overlay[path] if path in overlay else text_of(data)
        if isinstance(text, Problem):
            problems += _problems(path, (text,))
        elif path not in suspects or not _looks_parsable(text):
            texts[path] = text
            if job.store is not None:
                digests[path] = digest(data)
    scanned = scan_all(texts, workers)
    for path, name in digests.items():
        of = scanned[path]
        if job.store is not None and isinstance(of, FileFacts):
            job.store.keep_facts(name, of)
    found |= scanned
    for path, of in found.items():
        problems += () if isinstance(of, Crash) else _problems(path, of.problems)
    facts = {path: of for path, of in sorted(found.items()) if isinstance(of, FileFacts) and path in selected}
    return facts, problems, [of for _, of in sorted(found.items()) if isinstance(of, Crash)]


def _scan_more(source: Source) -> FileFacts | None:
    """The facts of a file that has no LangChain in it but starts a server; what is wrong with it is no matter here."""
    text = text_of(source.data)
    scanned = None if isinstance(text, Problem) else scan_one(source.path, text)
    return scanned if isinstance(scanned, FileFacts) else None


def _problems(path: str, problems: Iterable[Problem]) -> list[FileProblem]:
    """The same problems, with the path that facts do not know."""
    return [FileProblem(path, one.line, one.column, one.message) for one in problems]


def parses(text: str) -> bool:
    """Whether a text can be read whole."""
    scanned = None if _looks_parsable(text) else scan_one("", text)
    return not (isinstance(scanned, FileFacts) and scanned.problems)


def _looks_parsable(text: str) -> bool:
    """Whether this interpreter can parse a text, asked of files that are named but have nothing to check.

    They are not scanned, so that no libcst is imported for them; but whoever names a file wants to hear
    that it is broken. A "no" is confirmed by a scan: this Python may be older than the file's.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _check_all(
    job: Job, project: Project, checks: Sequence[Check] | None, pause: Callable[[], object]
) -> tuple[list[Finding], set[str], list[Crash]]:
    """The findings of the chosen checks, the codes that ran to their end, and the crashes."""
    from lcmemlint.checks import CHECKS

    findings: list[Finding] = []
    ran = set(job.chosen)
    crashes: list[Crash] = []
    for one in CHECKS if checks is None else checks:
        if one.code not in job.chosen:
            continue
        pause()
        try:
            findings += [project.scaling.judged(finding) for finding in project.findings(one.code, one.check)]
        except Exception as error:
            ran.discard(one.code)
            crashes.append(crash_of(one.code, error))
    return [_with_severity(finding, job) for finding in findings], ran, crashes


def _with_severity(finding: Finding, job: Job) -> Finding:
    """The finding with the severity that the configuration gives its rule; the most exact one counts."""
    best: tuple[int, Severity] = (-1, finding.severity)
    for word, severity in job.config.severity:
        prefix = resolve_code(word, job.known, job.config.path, "severity")
        if finding.code.startswith(prefix) and len(prefix) > best[0]:
            best = (len(prefix), severity)
    return finding if best[1] == finding.severity else replace(finding, severity=best[1])


# --- show ------------------------------------------------------------------------------------------------


def show_deployment(job: Job) -> tuple[list[dict[str, object]], tuple[FileProblem, ...]]:
    """What the manifests say, a row a workload in order of place, and what of them could not be read."""
    from lcmemlint.link.deployment import link_workloads

    project = analyse(job, checks=()).project
    if project is not None:
        linked = project.scaling.linked
    else:
        found = job.manifests.workloads(job.sources, {}, lambda path: _scan_more(job.sources[path]))
        linked = link_workloads(found, job.sources)
    rows = [
        {**one.row(), "rank": one.workload.rank, "third_party": one.workload.third_party} for one in linked
    ]
    return rows, tuple(
        FileProblem(one.path, one.line, one.column, one.message) for one in job.manifests.problems
    )


# --- report ----------------------------------------------------------------------------------------------


def report(job: Job, analysis: Analysis) -> Report:
    """What the user sees of an analysis."""
    facts = {**job.manifests.python, **analysis.facts}
    sorted_out = _suppressed(job, analysis)
    unused = [_with_severity(finding, job) for finding in sorted_out.unused if UNUSED_IGNORE in job.chosen]
    kept = suppress(unused, {}, config=job.config, known=job.known, ran=analysis.ran).kept
    asked = [finding for finding in (*sorted_out.kept, *kept) if job.is_asked(finding.at.path)]
    shown = tuple(sorted(_shown(asked, job.config), key=lambda finding: finding.order))
    silenced = [one for one in sorted_out.hidden if job.is_asked(one.finding.at.path)]
    silenced = [one for one in silenced if _is_shown(one.finding, job.config)]
    of_manifests = {
        FileProblem(one.path, one.line, one.column, one.message) for one in job.manifests.problems
    }
    problems = tuple(sorted({*job.problems, *analysis.problems, *of_manifests}))
    missing = {one for one in job.problems if one.path not in (*job.tree.python, *job.notebooks)}
    missing |= {one for one in of_manifests if one.path in job.asked}
    paths = {one.at.path for one in analysis.findings}
    paths |= {step.at.path for one in analysis.findings for step in (*one.because, *one.related)}
    lines = {path: lines_of(job, path) for path in sorted(paths)}
    return Report(
        root=job.root,
        findings=shown,
        hidden=len(asked) - len(shown),
        suppressed=len(silenced),
        problems=problems,
        crashes=analysis.crashes,
        files=sum(job.is_asked(path) for path in {*job.tree.python, *job.sources}),
        fail_on=job.config.fail_on,
        is_trusted=not analysis.crashes
        and not any(
            one in missing or (job.is_asked(one.path) and one not in of_manifests) for one in problems
        ),
        lines=lines,
        silenced=tuple(silenced),
        fingerprints=fingerprints((*analysis.findings, *unused), facts, lines),
        notebooks=job.notebooks,
    )


def _shown(findings: Iterable[Finding], config: Config) -> list[Finding]:
    """The findings that are sure enough: all when strict, else those that are more than possible."""
    return [finding for finding in findings if _is_shown(finding, config)]


def _is_shown(finding: Finding, config: Config) -> bool:
    """Whether a finding is sure enough."""
    return config.strict or finding.confidence != "possible"


def relint(job: Job, before: Analysis, overlay: Mapping[str, str]) -> tuple[Finding, ...]:
    """All findings of the whole project with these texts in place, chosen and shown as in a report.

    Comments that hide nothing are left out: a repair makes the comment above it idle, which is no new fault.
    """
    analysis = analyse(job, overlay, before=before)
    return tuple(_shown(_suppressed(job, analysis).kept, job.config))


def _suppressed(job: Job, analysis: Analysis) -> Suppressed:
    """The findings without those that comments and the configuration hide."""
    return suppress(
        analysis.findings,
        {**job.manifests.python, **analysis.facts},
        config=job.config,
        known=job.known,
        ran=analysis.ran,
        manifests=job.manifests.comments(),
    )


def bytes_of(job: Job, path: str) -> bytes:
    """A file of code as it was read; raises `LookupError` for one that was not."""
    notebook = job.notebooks.get(path)
    return job.sources[path].data if notebook is None else notebook.raw.encode()


def lines_of(job: Job, path: str) -> tuple[str, ...]:
    """The lines of a file without their ends, for code frames; none if it cannot be read."""
    source = job.sources.get(path)
    return lines_in(source.data if source is not None else job.files.read(path))
