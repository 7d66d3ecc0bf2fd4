"""Findings → what the user sees: suppressed, chosen, filtered by the paths that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lcmemlint.config import Config
from lcmemlint.engine.analysing import Analysis, analyse, with_severity
from lcmemlint.engine.preparing import Job, lines_of
from lcmemlint.findings import Finding
from lcmemlint.fingerprints import fingerprints
from lcmemlint.reports import FileProblem, Report
from lcmemlint.suppress import UNUSED_IGNORE, Suppressed, suppress


def report(job: Job, analysis: Analysis) -> Report:
    """What the user sees of an analysis."""
    facts = {**job.manifests.python, **analysis.facts}
    sorted_out = _suppressed(job, analysis)
    unused = [with_severity(finding, job) for finding in sorted_out.unused if UNUSED_IGNORE in job.chosen]
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
