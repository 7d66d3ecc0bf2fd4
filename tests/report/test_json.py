"""The report for programs is what its schema says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from lcmemlint.engine import Crash, FileProblem, Report
from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.report.json import VERSION, render, schema
from lcmemlint.report.text import View
from lcmemlint.values import Location, Span

ROOT = Path("/project")
PLACE = Location("app/service.py", Span(12, 13, 12, 39))
FOUND = Finding(
    code="LCM101",
    message="built on every request \x1b",
    at=PLACE,
    severity="error",
    confidence="certain",
    because=(
        Step(Location("app/main.py", Span(9, 0, 9, 3)), "request enters here"),
        Step(PLACE, "built here"),
    ),
    fix=FixRequest("shared-history", "app/service.py", PLACE.span, unsafe=True),
)
FULL = Report(
    ROOT,
    (FOUND, Finding("LCM203", "m", PLACE, "warning", "likely")),
    hidden=1,
    suppressed=2,
    problems=(FileProblem("b.py", 0, 0, "cannot be read"), FileProblem("c.py", 3, 4, "syntax error")),
    crashes=(Crash("LCM102", "x.py:1", "ValueError: y", "trace"),),
    files=3,
)


def validator() -> jsonschema.Draft202012Validator:
    found = schema()
    assert isinstance(found, dict)
    return jsonschema.Draft202012Validator(found)


def parsed(report: Report, start: Path = ROOT) -> dict[str, object]:
    """The report after a round trip, checked against the schema."""
    value = json.loads(render(report, View(start)))
    validator().validate(value)
    assert isinstance(value, dict)
    return value


def test_a_report_is_valid() -> None:
    """
    With everything in it, and with nothing in it.
    """
    assert parsed(Report(ROOT, ()))["findings"] == []
    assert parsed(FULL)["version"] == VERSION


def test_the_schema_is_a_schema_and_allows_no_more_than_there_is() -> None:
    """
    A key that is missing or new is noticed.
    """
    jsonschema.Draft202012Validator.check_schema(validator().schema)
    changes: tuple[dict[str, object], ...] = ({"extra": 1}, {"version": "2"}, {"summary": {}})

    assert not [change for change in changes if validator().is_valid({**parsed(FULL), **change})]


def test_a_finding() -> None:
    """
    Lines and columns count from 1, paths are those of the working directory.
    """
    findings = parsed(FULL, ROOT / "app")["findings"]

    assert isinstance(findings, list)
    assert findings[0] == {
        "code": "LCM101",
        "name": "per-request-memory",
        "path": "service.py",
        "line": 12,
        "column": 14,
        "end_line": 12,
        "end_column": 40,
        "message": "built on every request \x1b",
        "severity": "error",
        "confidence": "certain",
        "trace": [
            {"path": "main.py", "line": 9, "column": 1, "text": "request enters here"},
            {"path": "service.py", "line": 12, "column": 14, "text": "built here"},
        ],
        "related": [],
        "help": "",
        "fix": {
            "kind": "shared-history",
            "safe": False,
            "path": "service.py",
            "line": 12,
            "column": 14,
            "end_line": 12,
            "end_column": 40,
        },
        "no_fix": "",
        "fingerprint": "",
    }


def test_summary_and_problems() -> None:
    """
    Counts of what is shown and of what is not; files that could not be read; bugs of ours.
    """
    report = parsed(FULL)

    assert report["summary"] == {
        "files": 3,
        "findings": 2,
        "errors": 1,
        "warnings": 1,
        "notes": 0,
        "hidden": 1,
        "suppressed": 2,
        "baselined": 0,
        "gone": 0,
        "untouched": 0,
        "fixable": 0,
        "unsafely_fixable": 1,
    }
    assert report["problems"] == [
        {"path": "b.py", "line": None, "column": None, "message": "cannot be read"},
        {"path": "c.py", "line": 3, "column": 5, "message": "syntax error"},
        {"path": None, "line": None, "column": None, "message": "LCM102 crashed: ValueError: y"},
    ]


def test_the_text_is_ascii() -> None:
    """
    No terminal and no decoder stumbles over it.
    """
    assert render(FULL, View(ROOT)).isascii()
