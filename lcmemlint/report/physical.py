"""A report with the places of notebooks as lines of their files, for services that show files and know no cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from lcmemlint.report.text import View
from lcmemlint.values import Location, Span

if TYPE_CHECKING:
    from lcmemlint.findings import Finding, Step
    from lcmemlint.reports import FileProblem, Report


def on_disk(report: Report, view: View) -> tuple[Report, View]:
    """The same report, and the view that goes with it; as they are where there is no notebook."""
    if not report.notebooks:
        return report, view
    lines = {path: tuple(notebook.raw.split("\n")) for path, notebook in report.notebooks.items()}
    moved = {one: _finding(report, one) for one in {*report.findings, *report.fingerprints, *view.repairs}}
    silenced = tuple(replace(one, finding=_finding(report, one.finding)) for one in report.silenced)
    physical = replace(
        report,
        findings=tuple(moved[one] for one in report.findings),
        silenced=silenced,
        problems=tuple(_problem(report, one) for one in report.problems),
        lines={**report.lines, **lines},
        fingerprints={moved[one]: mark for one, mark in report.fingerprints.items()},
        notebooks={},
    )
    return physical, replace(view, repairs={moved[one]: repair for one, repair in view.repairs.items()})


def _finding(report: Report, finding: Finding) -> Finding:
    return replace(
        finding,
        at=_location(report, finding.at),
        because=tuple(_step(report, step) for step in finding.because),
        related=tuple(_step(report, step) for step in finding.related),
    )


def _step(report: Report, step: Step) -> Step:
    return replace(step, at=_location(report, step.at))


def _location(report: Report, at: Location) -> Location:
    """The whole lines of the file: what stands in a line of JSON has other columns there."""
    notebook = report.notebooks.get(at.path)
    if notebook is None:
        return at
    first, last = notebook.raw_line(at.span.line), notebook.raw_line(at.span.end_line)
    return Location(at.path, Span(first, 0, last, len(notebook.raw.split("\n")[last - 1])))


def _problem(report: Report, problem: FileProblem) -> FileProblem:
    notebook = report.notebooks.get(problem.path)
    if notebook is None or not problem.line:
        return problem
    return replace(problem, line=notebook.raw_line(problem.line), column=0)
