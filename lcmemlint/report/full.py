"""The report for people: a paragraph a finding with its code and its proof."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lcmemlint.findings import Finding
from lcmemlint.report.characters import cells, escape
from lcmemlint.report.text import View, line_number, place, summary

if TYPE_CHECKING:
    from lcmemlint.reports import Report

WIDEST: Final = 160
"""Columns of code that a frame shows; a minified line would fill the screen."""


def render(report: Report, view: View) -> str:
    """A paragraph a finding: sentence, code frame, proof, help; and the summary."""
    paragraphs = ["\n".join(_paragraph(report, finding, view)) for finding in report.findings]
    return "".join(f"{paragraph}\n\n" for paragraph in paragraphs) + f"{summary(report, view)}\n"


def _paragraph(report: Report, finding: Finding, view: View) -> Iterator[str]:
    """The lines about one finding."""
    head = view.style.paint(f"{finding.severity}[{finding.code}]", finding.severity)
    sure = "" if finding.confidence == "certain" else f" ({finding.confidence})"
    yield f"{head}: {view.style.paint(escape(finding.message), 'bold')}{sure}"
    gutter = len(str(line_number(report, finding.at)))
    pad = " " * gutter
    yield f"{pad}{view.style.paint('-->', 'rule')} {place(report, finding.at, view)}"
    yield from _frame(report, finding, gutter, view)
    width = len(str(len(finding.because)))
    for number, step in enumerate(finding.because, 1):
        yield f"{pad} {number:>{width}}. {place(report, step.at, view)}: {escape(step.text)}"
    for step in finding.related:
        yield f"{pad} {view.style.paint('=', 'rule')} see: {place(report, step.at, view)}: {escape(step.text)}"
    for word, text in _closing(finding):
        yield f"{pad} {view.style.paint('=', 'rule')} {view.style.paint(word, 'bold')}: {escape(text)}"


def _closing(finding: Finding) -> Iterator[tuple[str, str]]:
    """The lines that say what to do."""
    if finding.help:
        yield "help", finding.help
    if finding.fix is not None:
        yield "fix", "--fix --unsafe-fixes repairs this" if finding.fix.unsafe else "--fix repairs this"
    elif finding.no_fix:
        yield "no fix", finding.no_fix
    yield "page", f"lcmemlint --explain {finding.code}"


def _frame(report: Report, finding: Finding, gutter: int, view: View) -> Iterator[str]:
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
    bar = view.style.paint("|", "rule")
    yield f"{' ' * gutter} {bar}"
    yield f"{view.style.paint(str(line_number(report, finding.at)), 'rule')} {bar} {text}".rstrip()
    carets = view.style.paint("^" * length, finding.severity)
    yield f"{' ' * gutter} {bar} {' ' * indent}{carets}{' ...' if span.end_line > span.line else ''}"
    yield f"{' ' * gutter} {bar}"


def _cut(before: str, rest: str, length: int) -> tuple[str, int, int]:
    """A long line around the place that is meant: its text, the indent and the number of carets."""
    head = before if cells(before) <= WIDEST // 2 else f"...{before[-(WIDEST // 4) :]}"
    room = WIDEST - cells(head)
    tail = rest if cells(rest) <= room else f"{rest[:room]}..."
    return head + tail, cells(head), min(length, cells(tail))
