"""The report as JSON lines: each finding is one object as in the JSON report, on a line of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lcmemlint.report.json import finding_as_json

if TYPE_CHECKING:
    from lcmemlint.report.text import View
    from lcmemlint.reports import Report


def render(report: Report, view: View) -> str:
    """One line a finding; nothing when there is none."""
    return "".join(f"{json.dumps(finding_as_json(report, one, view))}\n" for one in report.findings)
