"""The report in the Diagnostic Format of reviewdog, as one JSON object (rdjson).

Its columns count bytes of UTF-8 and its ranges end before their last column.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lcmemlint.findings import Finding, Step
from lcmemlint.values import Location

if TYPE_CHECKING:
    from lcmemlint.findings import Repair, Severity
    from lcmemlint.report.text import View
    from lcmemlint.reports import Report

_SEVERITIES: Final[dict[Severity, str]] = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def render(report: Report, view: View) -> str:
    """One object with a diagnostic a finding; paths are relative to the working directory."""
    whole = {
        "source": {"name": "lcmemlint"},
        "diagnostics": [_diagnostic(report, finding, view) for finding in report.findings],
    }
    return json.dumps(whole, indent=2) + "\n"


def _diagnostic(report: Report, finding: Finding, view: View) -> dict[str, object]:
    """One finding; a repair is suggested only where it stays in the finding's own file."""
    found: dict[str, object] = {
        "message": "\n".join([finding.message, *([f"help: {finding.help}"] if finding.help else [])]),
        "location": _location(report, finding.at, view),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
    }
    related = [_related(report, step, view) for step in (*finding.because, *finding.related)]
    if related:
        found["related_locations"] = related
    repair = view.repair(finding)
    if repair is not None and all(edit.at.path == finding.at.path for edit in repair.edits):
        found["suggestions"] = _suggestions(report, repair)
    return found


def _related(report: Report, step: Step, view: View) -> dict[str, object]:
    """One step of the proof."""
    return {"message": step.text, "location": _location(report, step.at, view)}


def _suggestions(report: Report, repair: Repair) -> list[dict[str, object]]:
    """The edits of a repair."""
    return [{"range": _range(report, edit.at), "text": edit.new} for edit in repair.edits]


def _location(report: Report, at: Location, view: View) -> dict[str, object]:
    """A place."""
    return {"path": view.path(report, at.path), "range": _range(report, at)}


def _range(report: Report, at: Location) -> dict[str, object]:
    """A span, in bytes."""
    span = at.span
    return {
        "start": {"line": span.line, "column": _bytes(report, at.path, span.line, span.column) + 1},
        "end": {"line": span.end_line, "column": _bytes(report, at.path, span.end_line, span.end_column) + 1},
    }


def _bytes(report: Report, path: str, line: int, column: int) -> int:
    """A column of code points as a column of bytes; the line is taken for ASCII when it is not at hand."""
    lines = report.lines.get(path, ())
    if not 0 < line <= len(lines):
        return column
    return len(lines[line - 1][:column].encode("utf-8", errors="replace")) + max(
        0, column - len(lines[line - 1])
    )
