"""The report as workflow commands, which GitHub Actions shows beside the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lcmemlint.report.characters import escape
from lcmemlint.report.text import View, place
from lcmemlint.rulebook import names

if TYPE_CHECKING:
    from lcmemlint.findings import Finding, Severity
    from lcmemlint.reports import FileProblem, Report

_COMMANDS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, view: View) -> str:
    """A command a finding, and one a file that could not be read; the worst first, since few are shown."""
    order = sorted(report.findings, key=lambda one: list(_COMMANDS).index(one.severity))
    lines = [_problem(report, one, view) for one in report.problems]
    lines += [_finding(report, one, view) for one in order]
    return "".join(f"{line}\n" for line in lines)


def _finding(report: Report, finding: Finding, view: View) -> str:
    """One finding: the sentence, its proof, and what to do."""
    span = finding.at.span
    where = {
        "title": f"{finding.code} {names().get(finding.code, '')}".strip(),
        "file": view.repository_path(report, finding.at.path),
        "line": str(span.line),
        "endLine": str(span.end_line),
    }
    if span.line == span.end_line:  # GitHub takes columns for one line only
        where |= {"col": str(span.column + 1), "endColumn": str(span.end_column + 1)}
    text = [finding.message]
    text += [
        f"{number}. {place(report, one.at, view)}: {one.text}"
        for number, one in enumerate(finding.because, 1)
    ]
    text += [f"see {place(report, one.at, view)}: {one.text}" for one in finding.related]
    text += [f"help: {finding.help}"] if finding.help else []
    return _command(_COMMANDS[finding.severity], where, "\n".join(escape(line) for line in text))


def _problem(report: Report, problem: FileProblem, view: View) -> str:
    """A file that could not be read."""
    where = {"title": "lcmemlint", "file": view.repository_path(report, problem.path)}
    if problem.line:
        where |= {"line": str(problem.line), "col": str(problem.column + 1)}
    return _command("error", where, escape(problem.message))


def _command(name: str, properties: dict[str, str], text: str) -> str:
    """`::error file=app.py,line=3::text`, with everything in it that would end it early written otherwise."""
    told = ",".join(f"{key}={_property(escape(value))}" for key, value in properties.items())
    return f"::{name} {told}::{_data(text)}"


def _data(text: str) -> str:
    """A text as it may stand after the second `::`."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A text as it may stand before the second `::`."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
