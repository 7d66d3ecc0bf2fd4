"""The report as JUnit XML, which most CI servers can show: a failed test case a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from lcmemlint.report.characters import escape
from lcmemlint.report.text import View, place

if TYPE_CHECKING:
    from lcmemlint.findings import Finding
    from lcmemlint.reports import Report

SUITE: Final = "lcmemlint"


def render(report: Report, view: View) -> str:
    """One suite; a failure a finding, an error a file that could not be read, a passed case when there is neither."""
    suite = ElementTree.Element("testsuite", name=SUITE)
    for finding in report.findings:
        case = _case(
            suite, view.path(report, finding.at.path), f"{finding.code} {place(report, finding.at, view)}"
        )
        case.set("line", str(finding.at.span.line))
        failure = ElementTree.SubElement(
            case, "failure", type=finding.severity, message=escape(finding.message)
        )
        failure.text = _story(report, finding, view)
    for problem in report.problems:
        case = _case(suite, view.path(report, problem.path), "is read")
        ElementTree.SubElement(case, "error", type="unreadable", message=escape(problem.message))
    for crash in report.crashes:
        ElementTree.SubElement(
            _case(suite, SUITE, crash.code), "error", type="crash", message=escape(crash.error)
        )
    errors = len(report.problems) + len(report.crashes)
    if not report.findings and not errors:
        _case(suite, SUITE, "no findings")
    counts = {
        "tests": str(len(suite)),
        "failures": str(len(report.findings)),
        "errors": str(errors),
        "skipped": "0",
    }
    whole = ElementTree.Element("testsuites", name=SUITE)
    for name, count in counts.items():
        suite.set(name, count)
        whole.set(name, count)
    whole.append(suite)
    ElementTree.indent(whole)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(whole, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, path: str, name: str) -> ElementTree.Element:
    """A new test case; servers group them by `classname`."""
    path = escape(path)
    return ElementTree.SubElement(suite, "testcase", classname=path, name=escape(name), file=path, time="0")


def _story(report: Report, finding: Finding, view: View) -> str:
    """The place, the proof and what to do, a line each."""
    steps = [
        f"{place(report, one.at, view)}: {escape(one.text)}" for one in (*finding.because, *finding.related)
    ]
    last = [f"help: {escape(finding.help)}"] if finding.help else []
    return "\n".join([place(report, finding.at, view), *steps, *last])
