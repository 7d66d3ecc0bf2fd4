"""The report for programs: one JSON object, described by `schema.json` beside this module.

Its `version` is raised when a reader of the earlier form could misread the new one.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.report.text import View, fixable
from lcmemlint.rulebook import names

if TYPE_CHECKING:
    from lcmemlint.reports import Crash, FileProblem, Report
    from lcmemlint.values import Span

VERSION: Final = "1"


def schema() -> object:
    """The JSON Schema of the report."""
    return json.loads(files("lcmemlint.report").joinpath("schema.json").read_text(encoding="utf-8"))


def render(report: Report, view: View) -> str:
    """The report as one JSON object; lines and columns count from 1."""
    safe, unsafe = fixable(report.findings)
    whole = {
        "version": VERSION,
        "findings": [finding_as_json(report, finding, view) for finding in report.findings],
        "summary": {
            "files": report.files,
            "findings": len(report.findings),
            "errors": report.count("error"),
            "warnings": report.count("warning"),
            "notes": report.count("note"),
            "hidden": report.hidden,
            "suppressed": report.suppressed,
            "baselined": report.baselined,
            "gone": len(report.gone),
            "untouched": report.untouched,
            "fixable": safe,
            "unsafely_fixable": unsafe,
        },
        "problems": [
            *(_problem(report, problem, view) for problem in report.problems),
            *(_crash(crash) for crash in report.crashes),
        ],
    }
    # ASCII only: a lone surrogate or a control character can break nobody's terminal or decoder.
    return json.dumps(whole, indent=2) + "\n"


def finding_as_json(report: Report, finding: Finding, view: View) -> dict[str, object]:
    """One finding, as `schema.json` has it."""
    span = finding.at.span
    return {
        "code": finding.code,
        "name": names().get(finding.code, ""),
        "path": view.path(report, finding.at.path),
        **_stretch(report, finding.at.path, span),
        "message": finding.message,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "trace": [_step(report, step, view) for step in finding.because],
        "related": [_step(report, step, view) for step in finding.related],
        "help": finding.help,
        "fix": None if finding.fix is None else _fix(report, finding.fix, view),
        "no_fix": finding.no_fix,
        "fingerprint": report.fingerprints.get(finding, ""),
    }


def _stretch(report: Report, path: str, span: Span) -> dict[str, int]:
    """The first and the last place of a stretch of code."""
    last = _start(report, path, span.end_line, span.end_column)
    return {
        **_start(report, path, span.line, span.column),
        "end_line": last["line"],
        "end_column": last["column"],
    }


def _start(report: Report, path: str, line: int, column: int) -> dict[str, int]:
    """A place; in a notebook the line is that of the cell, and the cell stands beside it."""
    notebook = report.notebooks.get(path)
    if notebook is None:
        return {"line": line, "column": column + 1}
    cell, inside = notebook.place(line)
    return {"cell": cell, "line": inside, "column": column + 1}


def _step(report: Report, step: Step, view: View) -> dict[str, object]:
    """One step of a proof."""
    return {
        "path": view.path(report, step.at.path),
        **_start(report, step.at.path, step.at.span.line, step.at.span.column),
        "text": step.text,
    }


def _fix(report: Report, fix: FixRequest, view: View) -> dict[str, object]:
    """The repair that was asked for."""
    return {
        "kind": fix.kind,
        "safe": not fix.unsafe,
        "path": view.path(report, fix.path),
        **_stretch(report, fix.path, fix.span),
    }


def _problem(report: Report, problem: FileProblem, view: View) -> dict[str, object]:
    """A file that could not be read; null is the place of a problem with the whole file."""
    return {
        "path": view.path(report, problem.path),
        **(
            _start(report, problem.path, problem.line, problem.column)
            if problem.line
            else {"line": None, "column": None}
        ),
        "message": problem.message,
    }


def _crash(crash: Crash) -> dict[str, object]:
    """A bug of ours; it has no place in the user's files."""
    return {"path": None, "line": None, "column": None, "message": f"{crash.code} crashed: {crash.error}"}
