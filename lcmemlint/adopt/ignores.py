"""Ignore comments for findings that are there, added all at once and proven: what they are for is hidden, nothing else.

A comment goes behind the first line of the statement, into a comment of ours that stands there already, or on a
line of its own above; the first of these that holds is taken. JSON has no comments and stays as it is.
"""

from __future__ import annotations

import io
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from lcmemlint.engine import Analysis, Job, Report, analyse, revised
from lcmemlint.engine import report as report_of
from lcmemlint.errors import UsageError
from lcmemlint.facts import FileFacts, Ignore
from lcmemlint.findings import Finding
from lcmemlint.fixes.disk import Disk, lines_of
from lcmemlint.scan.comments import ignores_in
from lcmemlint.suppress import UNUSED_IGNORE

How = Literal["into", "behind", "above"]

LONGEST: Final = 120
"""Columns of a line that still gets a comment behind it."""


class Spot(Struct, frozen=True, order=True):
    """Where a comment can go: the line (from 1), and how it gets there."""

    path: str
    line: int
    how: How


class Plan(Struct, frozen=True):
    """The new bytes of files, proven; the findings that they hide, and those for which no comment can be."""

    texts: Mapping[str, bytes]
    hidden: tuple[Finding, ...]
    refused: tuple[Finding, ...]


class Added(Struct, frozen=True):
    """What came of it: the findings that are hidden now, those for which no comment can be, and files not written."""

    hidden: tuple[Finding, ...]
    refused: tuple[Finding, ...]
    failed: tuple[tuple[str, str], ...]


def add_ignores(
    report: Report,
    job: Job,
    analysis: Analysis,
    reason: str = "",
    analysed: Callable[[Job], Analysis] = analyse,
) -> Added:
    """Hide the findings of a report behind comments with this reason.

    Raises `UsageError` for a reason that cannot stand in a comment. `analysed` carries out the proof.
    """
    if not reason.isprintable() or "#" in reason:
        raise UsageError("--add-ignores: a reason is one line without `#`")
    disk = Disk(job.root, lambda path: _bytes(job, path))
    plan = plan_ignores(report.findings, report, job, analysis, reason, analysed, disk=disk)
    failed = tuple(_write(disk, plan.texts))
    lost = {path for path, _ in failed}
    hidden = tuple(finding for finding in plan.hidden if finding.at.path not in lost)
    return Added(hidden, plan.refused, failed)


def plan_ignores(
    findings: Iterable[Finding],
    report: Report,
    job: Job,
    analysis: Analysis,
    reason: str = "",
    analysed: Callable[[Job], Analysis] = analyse,
    *,
    disk: Disk | None = None,
) -> Plan:
    """What hiding some findings of a report would write; nothing is written."""
    disk = disk or Disk(job.root, lambda path: _bytes(job, path))
    # A comment that hides nothing is taken away, not hidden.
    targets = [finding for finding in findings if finding.code != UNUSED_IGNORE]
    texts = {path: _text(disk, path) for path in {finding.at.path for finding in targets}}
    choices = {finding: list(_spots(finding, texts, analysis)) for finding in targets}
    refused: list[Finding] = []
    while True:
        refused += [finding for finding, spots in choices.items() if not spots]
        choices = {finding: spots for finding, spots in choices.items() if spots}
        new = _with_comments(texts, {finding: spots[0] for finding, spots in choices.items()}, reason)
        encoded = {path: disk.encoded(path, text) for path, text in new.items()}
        unproven = _unproven(choices, report, job, analysed, encoded)
        if not unproven:
            break
        for finding in unproven:
            choices[finding].pop(0)
    return Plan(encoded, tuple(choices), tuple(sorted(refused, key=lambda finding: finding.order)))


def _bytes(job: Job, path: str) -> bytes:
    """A file as it was analysed."""
    data = job.files.read(path)
    if isinstance(data, bytes):
        return data
    raise OSError(data.message)


def _text(disk: Disk, path: str) -> str:
    """A file's text, "" for one that is none."""
    try:
        return disk.text(path)
    except (OSError, ValueError):
        return ""


# --- where -----------------------------------------------------------------------------------------------


def _spots(finding: Finding, texts: Mapping[str, str], analysis: Analysis) -> Iterator[Spot]:
    """The places where a comment for the finding could stand, the best first."""
    path, span = finding.at.path, finding.at.span
    text = texts[path]
    if not text or path.endswith((".json", ".ipynb")):
        return
    facts = analysis.facts.get(path)
    first = span.line if facts is None else _first_line(facts, finding)
    lines = dict.fromkeys((first, span.line, span.end_line))
    there = {ignore.line for ignore in _ignores(text, lines) if ignore.kind == "ignore" and ignore.codes}
    yield from (Spot(path, line, "into") for line in lines if line in there)
    if path.endswith((".py", ".pyw")):
        free = _free_lines(text)
        yield from (Spot(path, line, "behind") for line in lines if line in free)
    yield Spot(path, first, "above")


def _first_line(facts: FileFacts, finding: Finding) -> int:
    """The line on which the smallest statement around a finding begins."""
    place = (finding.at.span.line, finding.at.span.column)
    around = [
        (one.span.end_line - one.span.line, one.span.line)
        for one in facts.statements
        if (one.span.line, one.span.column) <= place < (one.span.end_line, one.span.end_column)
    ]
    return min(around)[1] if around else finding.at.span.line


def _ignores(text: str, lines: Mapping[int, None]) -> list[Ignore]:
    """The comments of ours on some lines, as far as a look at each line alone can tell."""
    all_lines = lines_of(text)
    found = [line for line in lines if 0 < line <= len(all_lines) and "#" in all_lines[line - 1]]
    return [
        ignore
        for line in found
        for ignore in ignores_in(all_lines[line - 1][all_lines[line - 1].index("#") :], line, 0, False)
    ]


def _free_lines(text: str) -> frozenset[int]:
    """The lines behind which a comment can stand: not inside of a text, not before a backslash, not too long."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return frozenset()
    ends = (token for token in tokens if token.type in (tokenize.NEWLINE, tokenize.NL))
    return frozenset(token.start[0] for token in ends if len(token.line) < LONGEST)


# --- what ------------------------------------------------------------------------------------------------


def _with_comments(texts: Mapping[str, str], spots: Mapping[Finding, Spot], reason: str) -> dict[str, str]:
    """The texts with a comment at every spot, for all the findings that it is for."""
    codes: dict[Spot, list[str]] = {}
    for finding, spot in spots.items():
        if finding.code not in codes.setdefault(spot, []):
            codes[spot].append(finding.code)
    found: dict[str, str] = {}
    for path in sorted({spot.path for spot in codes}):
        lines = lines_of(texts[path])
        # From the last line to the first: what is inserted moves no line that is still to come.
        for spot in sorted((spot for spot in codes if spot.path == path), reverse=True):
            lines[spot.line - 1] = _commented(lines[spot.line - 1], spot.how, codes[spot], reason)
        found[path] = "".join(lines)
    return found


def _commented(line: str, how: How, codes: Sequence[str], reason: str) -> str:
    """One line with the comment in it, behind it or above it."""
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    comment = f"# lcmemlint: ignore[{', '.join(codes)}]" + (f" {reason}" if reason else "")
    if how == "behind":
        return f"{body}  {comment}{end}"
    if how == "above":
        indent = body[: len(body) - len(body.lstrip())]
        return f"{indent}{comment}{end or chr(10)}{line}"
    at = body.index("]", body.index("ignore["))
    return f"{body[:at]}, {', '.join(codes)}{body[at:]}{end}"


# --- proof -----------------------------------------------------------------------------------------------


def _unproven(
    choices: Mapping[Finding, object],
    before: Report,
    job: Job,
    analysed: Callable[[Job], Analysis],
    texts: Mapping[str, bytes],
) -> list[Finding]:
    """The findings whose comments do not do what they are for; all of a file's when something else is there now."""
    if not texts:
        return []
    now = revised(job, {**_unsaved(job), **{job.root / path: data for path, data in texts.items()}})
    report = report_of(now, analysed(now))
    shown = {report.fingerprints[finding] for finding in report.findings}
    known = frozenset(before.fingerprints.values())
    spoilt = {problem.path for problem in report.problems if problem not in before.problems}
    for one in report.findings:
        # A comment that takes another code in is another comment: of those, only the number counts.
        if one.code != UNUSED_IGNORE and report.fingerprints[one] not in known:
            spoilt.add(one.at.path)
    idle, was_idle = _idle_comments(report), _idle_comments(before)
    spoilt |= {path for path in idle if idle[path] > was_idle[path]}
    return [one for one in choices if before.fingerprints[one] in shown or one.at.path in spoilt]


def _idle_comments(report: Report) -> Counter[str]:
    """How many comments of each file hide nothing."""
    return Counter(finding.at.path for finding in report.findings if finding.code == UNUSED_IGNORE)


def _unsaved(job: Job) -> dict[Path, bytes]:
    """The texts that counted in the place of those on the disk."""
    return {job.root / path: data for path, data in job.files.unsaved.items()}


def _write(disk: Disk, texts: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Write the files, each at once or not at all; those that could not be, and why."""
    for path, data in sorted(texts.items()):
        try:
            disk.write(path, data)
        except (OSError, ValueError) as error:
            yield path, getattr(error, "strerror", None) or str(error)
