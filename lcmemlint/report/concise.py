"""The report as one line a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcmemlint.report.characters import escape
from lcmemlint.report.text import View, place, summary

if TYPE_CHECKING:
    from lcmemlint.reports import Report


def render(report: Report, view: View) -> str:
    """One line a finding, and the summary."""
    lines = [
        f"{view.style.paint(place(report, finding.at, view), 'bold')}: "
        f"{view.style.paint(finding.code, finding.severity)} {escape(finding.message)}"
        for finding in report.findings
    ]
    return "".join(f"{line}\n" for line in [*lines, summary(report, view)])
