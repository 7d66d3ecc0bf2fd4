"""The report as GitLab's Code Quality artifact, a subset of the Code Climate format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lcmemlint.findings import Finding, Severity
    from lcmemlint.report.text import View
    from lcmemlint.reports import Report

_SEVERITIES: Final[dict[Severity, str]] = {"error": "major", "warning": "minor", "note": "info"}


def render(report: Report, view: View) -> str:
    """A list with an object a finding; the fingerprints tell GitLab which of them a merge request brings."""
    return json.dumps([_issue(report, finding, view) for finding in report.findings], indent=2) + "\n"


def _issue(report: Report, finding: Finding, view: View) -> dict[str, object]:
    """One finding."""
    span = finding.at.span
    return {
        "type": "issue",
        "check_name": finding.code,
        "categories": ["Bug Risk"],
        "description": f"{finding.code}: {finding.message}",
        "content": {"body": "\n".join([finding.message, *([finding.help] if finding.help else [])])},
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": report.fingerprints[finding],
        "location": {
            "path": view.repository_path(report, finding.at.path),
            "lines": {"begin": span.line, "end": span.end_line},
        },
    }
