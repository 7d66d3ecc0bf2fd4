"""The report for coding agents: one line a finding that says what to do next, and not a word when all is well."""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import TYPE_CHECKING

from lcmemlint.report.characters import escape
from lcmemlint.report.text import View, place, spot

if TYPE_CHECKING:
    from lcmemlint.findings import Finding
    from lcmemlint.reports import Report
    from lcmemlint.values import Location


def render(report: Report, view: View) -> str:
    """`path:line:column: severity CODE message | way | instruction`, a line a finding."""
    return "".join(f"{_line(report, finding, view)}\n" for finding in report.findings)


def _line(report: Report, finding: Finding, view: View) -> str:
    """One finding."""
    parts = [
        f"{place(report, finding.at, view)}: {finding.severity} {finding.code} {escape(finding.message)}",
        *([f"way: {_way(report, finding, view)}"] if finding.because else []),
        f"do: {_instruction(report, finding, view)}",
    ]
    return " | ".join(parts)


def _way(report: Report, finding: Finding, view: View) -> str:
    """The lines of the proof from the entry point to the fault, each file named once a visit."""
    visits = groupby(finding.because, key=lambda step: step.at.path)
    told = []
    for path, steps in visits:
        lines = dict.fromkeys(_line_of(report, step.at) for step in steps)
        told.append(f"{view.path(report, path)}:{','.join(lines)}")
    return escape(" > ".join(told))


def _line_of(report: Report, at: Location) -> str:
    """`12`; in a notebook ` cell 3, line 4`."""
    if at.path in report.notebooks:
        return f" {spot(report, at.path, at.span.line, at.span.column)}"
    return str(at.span.line)


def _instruction(report: Report, finding: Finding, view: View) -> str:
    """What to do, as a command where one does it, else as a sentence."""
    page = f"`lcmemlint --explain {finding.code}` shows how"
    if finding.fix is None:
        return f"{escape(finding.help)}; {page}" if finding.help else page
    path = shlex.quote(view.path(report, finding.at.path))
    if not finding.fix.unsafe:
        return f"run {escape(f'`lcmemlint --fix {path}`')}"
    command = escape(f"`lcmemlint --diff --unsafe-fixes {path}`")
    by_hand = f", or by hand: {escape(finding.help)}" if finding.help else ""
    return f"read {command}, then run it with --fix for --diff{by_hand}; {page}"
