"""The report as one block a file, for a first look at a large project."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from lcmemlint.report.characters import escape
from lcmemlint.report.text import View, plain_path, spot, summary

if TYPE_CHECKING:
    from lcmemlint.findings import Finding
    from lcmemlint.reports import Report


def render(report: Report, view: View) -> str:
    """The path once, then a line a finding; and the summary."""
    blocks = []
    for path, of_file in groupby(report.findings, key=lambda finding: finding.at.path):
        name = view.style.link(plain_path(view.path(report, path)), report.root / path)
        head = view.style.paint(f"{name}:", "bold")
        blocks.append("\n".join([head, *_lines(report, list(of_file), view)]))
    return "".join(f"{block}\n\n" for block in blocks) + f"{summary(report, view)}\n"


def _lines(report: Report, findings: list[Finding], view: View) -> list[str]:
    """The lines of one file, with the sentences below each other."""
    places = [spot(report, one.at.path, one.at.span.line, one.at.span.column) for one in findings]
    width = max(map(len, places))
    return [
        f"  {place:>{width}}  {view.style.paint(one.code, one.severity)} {escape(one.message)}"
        for place, one in zip(places, findings, strict=True)
    ]
