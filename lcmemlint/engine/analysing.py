"""Bytes → skim → select → scan → link → checks → findings of the whole project."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.catalogue import Catalogue
from lcmemlint.config import resolve_code
from lcmemlint.engine.preparing import Job, in_hand
from lcmemlint.facts import FileFacts, Problem
from lcmemlint.findings import Finding, Severity
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.reports import Crash, FileProblem
from lcmemlint.scan.skim import Skim, select, skim
from lcmemlint.sources import (
    RoleFinder,
    Source,
    text_of,
)
from lcmemlint.store import digest
from lcmemlint.workers import HERE, Workers, crash_of, no_garbage_collection, scan_all, scan_one

if TYPE_CHECKING:
    from lcmemlint.checks import Check
    from lcmemlint.link import Project


class Analysis(Struct, frozen=True):
    """What the whole project says. `project` is None when no file mentions LangChain."""

    findings: tuple[Finding, ...]
    sources: Mapping[str, Source]
    """The Python files as they were read."""
    skims: Mapping[str, Skim]
    catalogue: Catalogue
    modules: ModuleIndex
    selected: frozenset[str]
    """The files that are worth parsing, were there no tests."""
    idle: frozenset[str]
    """Tests among them that nobody asked for: they are not the application, and are not parsed."""
    facts: Mapping[str, FileFacts]
    roles: Mapping[str, str]
    ran: frozenset[str]
    problems: tuple[FileProblem, ...]
    crashes: tuple[Crash, ...]
    project: Project | None


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
            path, roles.role(path), digest(data), skims[path].serves, partial(in_hand, data)
        )
    same = frozenset(_same(sources, before))
    modules, selected = _selected(job, sources, skims, before)
    known = {} if before is None else {path: of for path, of in before.facts.items() if path in same}
    known_before = frozenset() if before is None else same & before.selected
    idle = frozenset(
        path
        for path in selected.difference(job.asked)
        if (path in before.idle if before and path in known_before else _is_idle(sources[path]))
    )
    facts, problems, crashes = _scan_all(job, sources, selected - idle, overlay or {}, known, workers)
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
        idle=idle,
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


def _is_idle(source: Source) -> bool:
    """Whether it is a test in which no comment can speak to us."""
    return source.role == "test" and b"lcm" not in source.data.lower()


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
    return [with_severity(finding, job) for finding in findings], ran, crashes


def with_severity(finding: Finding, job: Job) -> Finding:
    """The finding with the severity that the configuration gives its rule; the most exact one counts."""
    best: tuple[int, Severity] = (-1, finding.severity)
    for word, severity in job.config.severity:
        prefix = resolve_code(word, job.known, job.config.path, "severity")
        if finding.code.startswith(prefix) and len(prefix) > best[0]:
            best = (len(prefix), severity)
    return finding if best[1] == finding.severity else replace(finding, severity=best[1])


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
