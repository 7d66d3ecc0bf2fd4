"""The report for people: one paragraph a finding with its proof, or one line a finding.

Whatever comes from the user's files is escaped before it is written: a file name or a line of code must
not be able to move the cursor, ring the bell or turn the text around.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lcmemlint.findings import SEVERITIES, Finding
from lcmemlint.report.characters import cells, escape
from lcmemlint.values import Location

if TYPE_CHECKING:
    from lcmemlint.engine import Report

WIDEST: Final = 160
"""Columns of code that a frame shows; a minified line would fill the screen."""

_COLOURS: Final[Mapping[str, str]] = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "bold": "1",
    "dim": "2",
    "rule": "1;34",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, or none of them."""

    colour: bool = False

    def paint(self, text: str, how: str) -> str:
        """The text in a colour, if there are colours."""
        return f"\x1b[{_COLOURS[how]}m{text}\x1b[0m" if self.colour else text


def shown_path(root: Path, path: str, start: Path) -> str:
    """A project path as one would type it in the folder `start`."""
    try:
        return os.path.relpath(root / path, start).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return (root / path).as_posix()


def concise(report: Report, *, start: Path, style: Style) -> str:
    """One line a finding, and the summary."""
    lines = [
        f"{style.paint(_place(report, finding.at, start), 'bold')}: "
        f"{style.paint(finding.code, finding.severity)} {escape(finding.message)}"
        for finding in report.findings
    ]
    return "".join(f"{line}\n" for line in [*lines, summary(report, style=style)])


def full(report: Report, *, start: Path, style: Style) -> str:
    """A paragraph a finding: sentence, code frame, proof, help; and the summary."""
    paragraphs = ["\n".join(_paragraph(report, finding, start, style)) for finding in report.findings]
    return "".join(f"{paragraph}\n\n" for paragraph in paragraphs) + f"{summary(report, style=style)}\n"


def summary(report: Report, *, style: Style = Style()) -> str:
    """One line: how many findings, and what is not shown."""
    rest = []
    if report.suppressed:
        rest.append(f"{report.suppressed} suppressed")
    if report.hidden:
        rest.append(f"{_count(report.hidden, 'possible finding')} hidden (--strict shows all)")
    if report.problems:
        rest.append(_count(len(report.problems), "file problem"))
    safe, unsafe = fixable(report.findings)
    if safe:
        rest.append(f"{safe} fixable with --fix")
    if unsafe:
        rest.append(f"{unsafe} {'more ' if safe else ''}fixable with --fix --unsafe-fixes")
    total = len(report.findings)
    if total:
        by = ", ".join(
            style.paint(_count(report.count(severity), severity), severity)
            for severity in reversed(SEVERITIES)
            if report.count(severity)
        )
        head = f"Found {_count(total, 'finding')} ({by})"
    else:
        head = "Found nothing"
    return "; ".join([f"{head} in {_count(report.files, 'file')}", *rest]) + "."


def fixable(findings: Iterable[Finding]) -> tuple[int, int]:
    """How many findings `--fix` repairs, and how many more `--unsafe-fixes` does."""
    requests = [finding.fix for finding in findings if finding.fix is not None]
    unsafe = sum(request.unsafe for request in requests)
    return len(requests) - unsafe, unsafe


def _count(number: int, noun: str) -> str:
    """`1 file`, `2 files`"""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _place(report: Report, at: Location, start: Path) -> str:
    """`path:line:column`, columns counted from 1 as editors do."""
    return f"{escape(shown_path(report.root, at.path, start))}:{at.span.line}:{at.span.column + 1}"


def _paragraph(report: Report, finding: Finding, start: Path, style: Style) -> Iterator[str]:
    """The lines about one finding."""
    head = style.paint(f"{finding.severity}[{finding.code}]", finding.severity)
    sure = "" if finding.confidence == "certain" else f" ({finding.confidence})"
    yield f"{head}: {style.paint(escape(finding.message), 'bold')}{sure}"
    gutter = len(str(finding.at.span.line))
    pad = " " * gutter
    yield f"{pad}{style.paint('-->', 'rule')} {_place(report, finding.at, start)}"
    yield from _frame(report, finding, gutter, style)
    width = len(str(len(finding.because)))
    for number, step in enumerate(finding.because, 1):
        yield f"{pad} {number:>{width}}. {_place(report, step.at, start)}: {escape(step.text)}"
    for step in finding.related:
        yield f"{pad} {style.paint('=', 'rule')} see: {_place(report, step.at, start)}: {escape(step.text)}"
    for word, text in _closing(finding):
        yield f"{pad} {style.paint('=', 'rule')} {style.paint(word, 'bold')}: {escape(text)}"


def _closing(finding: Finding) -> Iterator[tuple[str, str]]:
    """The lines that say what to do."""
    if finding.help:
        yield "help", finding.help
    if finding.fix is not None:
        yield "fix", "--fix --unsafe-fixes repairs this" if finding.fix.unsafe else "--fix repairs this"
    elif finding.no_fix:
        yield "no fix", finding.no_fix
    yield "page", f"lcmemlint --explain {finding.code}"


def _frame(report: Report, finding: Finding, gutter: int, style: Style) -> Iterator[str]:
    """The line of code with carets under the span; nothing when the line is not at hand."""
    span = finding.at.span
    lines = report.lines.get(finding.at.path, ())
    if not 0 < span.line <= len(lines):
        return
    line = lines[span.line - 1]
    end = span.end_column if span.end_line == span.line else len(line.rstrip())
    before, marked = line[: span.column], line[span.column : max(end, span.column)]
    text = escape(line.rstrip())
    indent, length = cells(escape(before)), max(1, cells(escape(marked)))
    if cells(text) > WIDEST:
        text, indent, length = _cut(escape(before), escape(line[span.column :].rstrip()), length)
    bar = style.paint("|", "rule")
    yield f"{' ' * gutter} {bar}"
    yield f"{style.paint(str(span.line), 'rule')} {bar} {text}".rstrip()
    carets = style.paint("^" * length, finding.severity)
    yield f"{' ' * gutter} {bar} {' ' * indent}{carets}{' ...' if span.end_line > span.line else ''}"
    yield f"{' ' * gutter} {bar}"


def _cut(before: str, rest: str, length: int) -> tuple[str, int, int]:
    """A long line around the place that is meant: its text, the indent and the number of carets."""
    head = before if cells(before) <= WIDEST // 2 else f"...{before[-(WIDEST // 4) :]}"
    room = WIDEST - cells(head)
    tail = rest if cells(rest) <= room else f"{rest[:room]}..."
    return head + tail, cells(head), min(length, cells(tail))
