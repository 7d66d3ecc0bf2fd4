"""The report as SARIF 2.1.0 (OASIS), for code scanning services and viewers.

Paths are relative to the repository, which the reader is left to find (`SRCROOT`): the same tree gives the same
bytes on every machine. Columns count code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from lcmemlint import __version__
from lcmemlint.findings import Confidence, Finding, Repair, Severity, Step
from lcmemlint.rulebook import Rule, rules
from lcmemlint.values import Location, Span

if TYPE_CHECKING:
    from lcmemlint.report.text import View
    from lcmemlint.reports import Crash, FileProblem, Report

Object = dict[str, object]

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "lcmemlint/v1"
_BASE: Final = "SRCROOT"
_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "note": "note"}
_PROBLEMS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "note": "recommendation"}
_PRECISIONS: Final[dict[Confidence, str]] = {"certain": "very-high", "likely": "high", "possible": "medium"}


def render(report: Report, view: View) -> str:
    """One run, with the rules, the findings and, unless the view leaves them out, what is silenced."""
    silenced = report.silenced if view.suppressed else ()
    shown = [(finding, _result(report, finding, view)) for finding in report.findings]
    for one in silenced:
        found = _result(report, one.finding, view)
        kind = "inSource" if one.by == "comment" else "external"
        why = {"justification": one.reason} if one.reason else {}
        found["suppressions"] = [{"kind": kind, "status": "accepted", **why}]
        shown.append((one.finding, found))
    run: Object = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(report, view)],
        "results": [found for finding, found in sorted(shown, key=lambda pair: pair[0].order)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


# --- the tool --------------------------------------------------------------------------------------------


def _driver() -> Object:
    """Who speaks, and all the rules."""
    return {
        "name": "lcmemlint",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(one) for one in rules()],
    }


def _rule(rule: Rule) -> Object:
    """One rule with its whole page."""
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.summary, "markdown": rule.body},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": [rule.group, rule.status],
            "precision": _PRECISIONS[rule.confidence],
            "problem.severity": _PROBLEMS[rule.severity],
        },
    }


def _invocation(report: Report, view: View) -> Object:
    """Whether the run can be trusted, and what it could not read."""
    notes = [_problem(report, one, view) for one in report.problems]
    notes += [_crash(one) for one in report.crashes]
    return {"executionSuccessful": report.is_trusted, "toolExecutionNotifications": notes}


def _problem(report: Report, problem: FileProblem, view: View) -> Object:
    """A file that could not be read."""
    place: Object = {"artifactLocation": _artifact(report, problem.path, view)}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": problem.column + 1}
    return {
        "level": "error",
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": place}],
    }


def _crash(crash: Crash) -> Object:
    """A bug of ours."""
    return {"level": "error", "message": {"text": f"{crash.code} crashed: {crash.error}"}}


# --- a finding -------------------------------------------------------------------------------------------


def _result(report: Report, finding: Finding, view: View) -> Object:
    """One finding; the proof is a code flow, the rest of the story are related locations."""
    codes = [rule.code for rule in rules()]
    found: Object = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.help}" if finding.help else finding.message},
        "locations": [{"physicalLocation": _place(report, finding.at, view, snippet=True)}],
        "partialFingerprints": {FINGERPRINT: report.fingerprints.get(finding, "")},
        "properties": {"confidence": finding.confidence},
    }
    if finding.code in codes:
        found["ruleIndex"] = codes.index(finding.code)
    if finding.related:
        found["relatedLocations"] = [
            {"id": number, **_step(report, step, view)} for number, step in enumerate(finding.related, 1)
        ]
    if finding.because:
        steps = [{"location": _step(report, step, view)} for step in finding.because]
        found["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    repair = view.repair(finding)
    if repair is not None:
        found["fixes"] = [_fix(report, repair, view)]
    return found


def _step(report: Report, step: Step, view: View) -> Object:
    """One place of the proof, and what happens there."""
    return {"physicalLocation": _place(report, step.at, view), "message": {"text": step.text}}


def _fix(report: Report, repair: Repair, view: View) -> Object:
    """A repair, file by file."""
    paths = dict.fromkeys(edit.at.path for edit in repair.edits)
    how = "--fix --unsafe-fixes" if repair.fix.unsafe else "--fix"
    return {
        "description": {"text": f"What `lcmemlint {how}` changes."},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(report, path, view),
                "replacements": list(_replacements(repair, path)),
            }
            for path in paths
        ],
    }


def _replacements(repair: Repair, path: str) -> Iterable[Object]:
    """The edits of one file."""
    for edit in repair.edits:
        if edit.at.path == path:
            yield {"deletedRegion": _region(edit.at.span), "insertedContent": {"text": edit.new}}


def _place(report: Report, at: Location, view: View, *, snippet: bool = False) -> Object:
    """A place, with its line of code if asked for."""
    region = _region(at.span)
    lines = report.lines.get(at.path, ())
    if snippet and at.span.line == at.span.end_line and 0 < at.span.line <= len(lines):
        code = lines[at.span.line - 1]
        region["snippet"] = {"text": code[at.span.column : at.span.end_column]}
        line = {"startLine": at.span.line, "snippet": {"text": code}}
        return {"artifactLocation": _artifact(report, at.path, view), "region": region, "contextRegion": line}
    return {"artifactLocation": _artifact(report, at.path, view), "region": region}


def _region(span: Span) -> Object:
    """A stretch of text."""
    return {
        "startLine": span.line,
        "startColumn": span.column + 1,
        "endLine": span.end_line,
        "endColumn": span.end_column + 1,
    }


def _artifact(report: Report, path: str, view: View) -> Object:
    """A file, as a URI."""
    return {"uri": quote(view.repository_path(report, path), errors="replace"), "uriBaseId": _BASE}
