"""What a change touches: the whole project is analysed as it is and as it was, and the two are compared.

A finding is reported when it was not there before, or when its place, its proof or its fix runs through a line
that changed. So a fault that a change brings about in a file that it does not touch is reported too.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from msgspec.structs import replace

from lcmemlint.adopt.git import base_of, files_of
from lcmemlint.engine import Analysis, Job, Report, analyse, prepare
from lcmemlint.engine import report as report_of
from lcmemlint.facts import Problem
from lcmemlint.findings import Finding
from lcmemlint.sources import is_wanted
from lcmemlint.values import Span


def touched(report: Report, job: Job, revision: str, analysed: Callable[[Job], Analysis] = analyse) -> Report:
    """The report with the findings that the change since `revision` touches.

    Raises `UsageError` if git cannot say what was there. `analysed` carries out the second analysis.
    """
    before = dict(files_of(job.root, base_of(job.root, revision), _is_read))
    known = _fingerprints(job, before, analysed)
    lines = {path: _changed_lines(before.get(path, b""), _now(job, path)) for path in _paths(report.findings)}
    shown = tuple(
        finding
        for finding in report.findings
        if report.fingerprints[finding] not in known or _runs_through(finding, lines)
    )
    return replace(report, findings=shown, untouched=len(report.findings) - len(shown))


def _is_read(path: str) -> bool:
    """Whether a file matters to an analysis."""
    return is_wanted(path) or path.rpartition("/")[2] == ".gitignore"


def _fingerprints(
    job: Job, before: Mapping[str, bytes], analysed: Callable[[Job], Analysis]
) -> frozenset[str]:
    """The fingerprints of the findings that the project had, under the settings that it has now."""
    with tempfile.TemporaryDirectory(prefix="lcmemlint-") as name:
        folder = Path(name).resolve()
        for path, data in before.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        then = prepare([folder], config=job.config, root=folder)
        return frozenset(report_of(then, analysed(then)).fingerprints.values())


def _now(job: Job, path: str) -> bytes:
    """A file as it was analysed; nothing if it cannot be read."""
    data = job.files.read(path)
    return b"" if isinstance(data, Problem) else data


def _paths(findings: Iterable[Finding]) -> set[str]:
    """The files that findings speak of."""
    return {path for finding in findings for path, _ in _places(finding)}


def _places(finding: Finding) -> list[tuple[str, Span]]:
    """The places of a finding, of its proof and of its fix."""
    places = [(finding.at.path, finding.at.span)]
    places += [(step.at.path, step.at.span) for step in (*finding.because, *finding.related)]
    return places + ([] if finding.fix is None else [(finding.fix.path, finding.fix.span)])


def _changed_lines(before: bytes, now: bytes) -> frozenset[int]:
    """The numbers of the lines, as they are now, that are new or others; how lines end is no change."""
    if before == now:
        return frozenset()
    old, new = (re.split(rb"\r\n|\r|\n", data) for data in (before, now))
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return frozenset(
        line for tag, _, _, start, end in blocks if tag != "equal" for line in range(start + 1, end + 1)
    )


def _runs_through(finding: Finding, changed: Mapping[str, frozenset[int]]) -> bool:
    """Whether a place of the finding lies on a line that changed."""
    return any(
        not changed[path].isdisjoint(range(span.line, span.end_line + 1)) for path, span in _places(finding)
    )
