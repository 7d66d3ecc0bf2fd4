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
import difflib
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lcmemlint import rulebook
from lcmemlint.catalogue import Catalogue, load_catalogue
from lcmemlint.config import Config, chosen_codes, config_in, load_config, resolve_code
from lcmemlint.errors import CatalogueError, ConfigError, UsageError
from lcmemlint.facts import FileFacts, Problem
from lcmemlint.files import Files
from lcmemlint.findings import SEVERITIES, Finding, Severity, Silenced
from lcmemlint.fingerprints import fingerprints
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.manifests import Manifests
from lcmemlint.notebooks import Notebook, read_notebook
from lcmemlint.places import Place
from lcmemlint.scan.skim import Skim, select, skim
from lcmemlint.settings import FailOn
from lcmemlint.sources import (
    RoleFinder,
    Source,
    Tree,
    UnreadableText,
    absolute,
    binary,
    decode,
    looks_like_manifest,
    project_root,
    relative,
    text_of,
    walk,
)
from lcmemlint.suppress import UNUSED_IGNORE, Suppressed, suppress
from lcmemlint.workers import HERE, Workers, crash_of, no_garbage_collection, scan_all, scan_one
from lcmemlint.workers import Crash as Crash

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from lcmemlint.checks import Check
    from lcmemlint.link import Project

UNUSED_IGNORE_NAME: Final = "unused-ignore"


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """A file that could not be read whole. `line` is 0 when the whole file is meant; columns count from 0."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """What there is to do: a project's files, and the paths that were asked for (relative, "" is all)."""

    root: Path
    config: Config
    asked: tuple[str, ...]
    tree: Tree
    sources: Mapping[str, Source]
    """The Python files; of a notebook, its cells as one text."""
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

    def is_asked(self, path: str) -> bool:
        """Whether the paths that were asked for cover this file."""
        return any(not one or path == one or path.startswith(f"{one}/") for one in self.asked)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the whole project says. `project` is None when no file mentions LangChain."""

    findings: tuple[Finding, ...]
    sources: Mapping[str, Source]
    """The Python files as they were read."""
    facts: Mapping[str, FileFacts]
    skims: Mapping[str, Skim]
    roles: Mapping[str, str]
    ran: frozenset[str]
    problems: tuple[FileProblem, ...]
    crashes: tuple[Crash, ...]
    project: Project | None


@dataclass(frozen=True, slots=True)
class Report:
    """What the user sees. `hidden` counts possible findings that only `strict` shows."""

    root: Path
    findings: tuple[Finding, ...]
    hidden: int = 0
    suppressed: int = 0
    problems: tuple[FileProblem, ...] = ()
    crashes: tuple[Crash, ...] = ()
    files: int = 0
    fail_on: FailOn = "warning"
    is_trusted: bool = True
    """False when a path that was asked for is missing or unreadable, or a check crashed."""
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The lines of the files that findings and their proofs speak of."""
    silenced: tuple[Silenced, ...] = ()
    """The findings that comments or the configuration hide, of the paths that were asked for."""
    fingerprints: Mapping[Finding, str] = field(default_factory=dict)
    """What tells each finding, shown or not, from all others when the code around it moves."""
    baselined: int = 0
    """How many findings a baseline takes out."""
    gone: tuple[str, ...] = ()
    """What a baseline names and is found no more, a sentence each."""
    untouched: int = 0
    """How many findings the change that was asked about does not touch."""
    notebooks: Mapping[str, Notebook] = field(default_factory=dict)
    """The notebooks among the files; places in them are places in their cells as one text."""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def fails(self) -> bool:
        """Whether a finding is at or over `fail_on`."""
        if self.fail_on == "never":
            return False
        bound = SEVERITIES.index(self.fail_on)
        return any(SEVERITIES.index(finding.severity) >= bound for finding in self.findings)


def lint(
    paths: Sequence[str | Path] = (".",),
    *,
    config: Config | None = None,
    root: Path | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
) -> Report:
    """The findings in `paths`, after the whole project around them was analysed.

    A function of the files and the settings: it may be called in a worker of a pool, and what it returns can be
    sent between processes. `executor` (any `concurrent.futures.Executor`) scans the files if it is given, else up
    to `jobs` processes do, where that pays.
    """
    job = prepare(paths, config=config, root=root)
    return report(job, analyse(job, workers=Workers(jobs, executor)))


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
    """Find the root, the settings and the files, and read the files.

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
    return _job(files, config, tree, named, problems)


def prepare_place(
    place: Place, *, config: Config | None = None, adjust: Callable[[Config], Config] = lambda config: config
) -> Job:
    """What there is to do for a whole project that need not be on the disk.

    The settings are `config`, else those at its root, and then what `adjust` makes of them.
    """
    config = adjust(config if config is not None else config_in(place))
    return _job(Files(place), config, walk(place, config), ("",), ())


def _job(
    files: Files, config: Config, tree: Tree, asked: tuple[str, ...], problems: Iterable[FileProblem]
) -> Job:
    """The job over these files, all of which are read."""
    known = {UNUSED_IGNORE: UNUSED_IGNORE_NAME, **rulebook.names()}
    sources, notebooks, unreadable = _read_all(files, config, tree)
    return Job(
        root=tree.root,
        config=config,
        asked=asked,
        tree=tree,
        sources=sources,
        notebooks=notebooks,
        manifests=Manifests(files, config, tree),
        files=files,
        problems=tuple(sorted([*problems, *unreadable])),
        catalogue=_catalogue(config),
        known=known,
        chosen=chosen_codes(config, known),
    )


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
    sources, notebooks, problems = _read_all(files, job.config, tree, changed)
    keep = tree == job.tree and changed.isdisjoint(tree.manifests)
    return replace(
        job,
        files=files,
        tree=tree,
        sources={**{path: of for path, of in job.sources.items() if path not in changed}, **sources},
        notebooks={**{path: of for path, of in job.notebooks.items() if path not in changed}, **notebooks},
        manifests=job.manifests if keep else Manifests(files, job.config, tree),
        problems=tuple(sorted([*(one for one in job.problems if one.path not in changed), *problems])),
    )


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


def _catalogue(config: Config) -> Catalogue:
    """The shipped tables with the user's own rows; complaints about those name the user's file."""
    try:
        return load_catalogue(config.components, config.entry_points)
    except CatalogueError as error:
        if config.components or config.entry_points:
            raise ConfigError(f"{config.path}: {error}") from error
        raise


def _read_all(
    files: Files, config: Config, tree: Tree, wanted: Collection[str] | None = None
) -> tuple[dict[str, Source], dict[str, Notebook], list[FileProblem]]:
    """The code of the project (or of the wanted files), and complaints about what cannot be read.

    A notebook is code of the project when the settings give it another role than that of a notebook.
    """
    sources: dict[str, Source] = {}
    notebooks: dict[str, Notebook] = {}
    problems: list[FileProblem] = []
    roles = RoleFinder.of(config)
    served = tuple(path for path in tree.notebooks if roles.role(path) != "notebook")
    for path in (*tree.python, *served):
        if wanted is not None and path not in wanted:
            continue
        data = files.read(path)
        problem = data if isinstance(data, Problem) else binary(data)
        if isinstance(data, bytes) and problem is None and path in served:
            notebook = read_notebook(data)
            if isinstance(notebook, Notebook):
                notebooks[path], data = notebook, notebook.text.encode("utf-8", errors="surrogatepass")
            else:
                problem = notebook
        if problem is not None:
            problems.append(FileProblem(path, problem.line, problem.column, problem.message))
        elif isinstance(data, bytes):
            sources[path] = Source(path, data, roles.role(path))
    return sources, notebooks, problems


# --- analyse ---------------------------------------------------------------------------------------------


def analyse(
    job: Job,
    overlay: Mapping[str, str] | None = None,
    *,
    before: Analysis | None = None,
    checks: Sequence[Check] | None = None,
    workers: Workers = HERE,
) -> Analysis:
    """Skim, select, scan, link and check the whole project.

    `overlay` are texts that count instead of those of the job (a file that is not there is added);
    `before` is an analysis of this job, or of one that was `revised` into it: what it knows of files that
    are the same is taken over; `checks` are those to run, all of ours by default; `workers` scan, and
    change nothing of what comes out.
    """
    sources = dict(job.sources)
    roles = RoleFinder.of(job.config)
    for path, text in (overlay or {}).items():
        sources[path] = Source(path, text.encode("utf-8", errors="surrogatepass"), roles.role(path))
    same = frozenset(_same(sources, before))
    earlier = {} if before is None else before.skims
    skims = {path: earlier[path] if path in same else skim(source.data) for path, source in sources.items()}
    modules = ModuleIndex(sources, job.catalogue.libraries)
    selected = select(skims, job.catalogue.packages, modules.resolve)
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
            )
            findings, ran, crashed = _check_all(job, project, checks)
        crashes += crashed
    return Analysis(
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        sources=sources,
        facts=facts,
        skims=skims,
        roles=found_roles,
        ran=frozenset(ran),
        problems=tuple(sorted(problems)),
        crashes=tuple(crashes),
        project=project,
    )


def _same(sources: Mapping[str, Source], before: Analysis | None) -> Iterator[str]:
    """The files that have the bytes which they had before."""
    for path, source in sources.items() if before is not None else ():
        old = before.sources.get(path) if before is not None else None
        if old is not None and old.data == source.data:
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
    problems: list[FileProblem] = []
    suspects = frozenset(path for path in job.asked if path in sources and path not in selected)
    for path in sorted(selected | suspects):
        if path in known:
            found[path] = known[path]
            continue
        text = overlay[path] if path in overlay else text_of(sources[path].data)
        if isinstance(text, Problem):
            problems += _problems(path, (text,))
        elif path not in suspects or not _looks_parsable(text):
            texts[path] = text
    found |= scan_all(texts, workers)
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
    job: Job, project: Project, checks: Sequence[Check] | None
) -> tuple[list[Finding], set[str], list[Crash]]:
    """The findings of the chosen checks, the codes that ran to their end, and the crashes."""
    from lcmemlint.checks import CHECKS

    findings: list[Finding] = []
    ran = set(job.chosen)
    crashes: list[Crash] = []
    for one in CHECKS if checks is None else checks:
        if one.code not in job.chosen:
            continue
        try:
            findings += [project.scaling.judged(finding) for finding in one.check(project)]
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
    data = source.data if source is not None else job.files.read(path)
    if isinstance(data, Problem):
        return ()
    try:
        text = decode(data)[0]
    except UnreadableText:
        text = data.decode("utf-8", errors="replace")
    # Not `splitlines`: Python counts lines by these three only, and form feeds are common.
    return tuple(re.split(r"\r\n|\r|\n", text))
