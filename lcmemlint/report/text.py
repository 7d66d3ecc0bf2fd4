"""What all reports share: how to look at one, and its words for paths, places and numbers.

Whatever comes from the user's files is escaped before it is written: a file name or a line of code must
not be able to move the cursor, ring the bell or turn the text around.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from lcmemlint.findings import SEVERITIES, Finding, Repair
from lcmemlint.report.characters import escape
from lcmemlint.report.masking import masked
from lcmemlint.values import Location

if TYPE_CHECKING:
    from lcmemlint.reports import Report

_COLOURS: Final[Mapping[str, str]] = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "bold": "1",
    "dim": "2",
    "rule": "1;34",
}


class Style(Struct, frozen=True):
    """Colours and links to files, or none of them."""

    colour: bool = False
    links: bool = False

    def paint(self, text: str, how: str) -> str:
        """The text in a colour, if there are colours."""
        return f"\x1b[{_COLOURS[how]}m{text}\x1b[0m" if self.colour else text

    def link(self, text: str, file: Path) -> str:
        """The text as a link to a file (OSC 8), if there are links."""
        return f"\x1b]8;;{file.as_uri()}\x1b\\{text}\x1b]8;;\x1b\\" if self.links else text


def shown_path(root: Path, path: str, start: Path) -> str:
    """A project path as one would type it in the folder `start`."""
    try:
        return os.path.relpath(root / path, start).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return (root / path).as_posix()


class View(Struct, frozen=True):
    """How a report is looked at: from which folder, in which style, and with what beside it.

    `repairs` are what carrying out a finding's fix would change, where somebody worked that out;
    `suppressed` says whether formats that can show silenced findings (SARIF) do.
    """

    start: Path
    style: Style = Style()
    repairs: Mapping[Finding, Repair] = field(default_factory=dict)
    suppressed: bool = True

    def path(self, report: Report, path: str) -> str:
        """A project path as one would type it here, with `/`."""
        return shown_path(report.root, path, self.start)

    def repository_path(self, report: Report, path: str) -> str:
        """A project path as the repository has it, which is how services that show a repository want it."""
        return shown_path(report.root, path, _repository(report.root) or self.start)

    def repair(self, finding: Finding) -> Repair | None:
        """What a finding's fix would change; None if that is not known, or if it would show a password."""
        found = self.repairs.get(finding)
        if found is None or any(masked(edit.new) != edit.new for edit in found.edits):
            return None
        return found


def _repository(root: Path) -> Path | None:
    """The repository around a folder."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def summary(report: Report, view: View) -> str:
    """One line: how many findings, and what is not shown."""
    rest = []
    if report.suppressed:
        rest.append(f"{report.suppressed} suppressed")
    if report.hidden:
        rest.append(f"{_count(report.hidden, 'possible finding')} hidden (--strict shows all)")
    if report.baselined:
        rest.append(f"{report.baselined} in the baseline")
    if report.gone:
        rest.append(f"{len(report.gone)} of the baseline fixed (--write-baseline drops them)")
    if report.untouched:
        rest.append(f"{report.untouched} not touched by the change")
    if report.problems:
        rest.append(_count(len(report.problems), "file problem"))
    safe, unsafe = fixable(report.findings)
    if safe:
        rest.append(f"{safe} fixable with --fix")
    if unsafe:
        rest.append(f"{unsafe} {'more ' if safe else ''}fixable with --fix --unsafe-fixes")
    total = len(report.findings)
    if total:
        by = ", ".join(
            view.style.paint(_count(report.count(severity), severity), severity)
            for severity in reversed(SEVERITIES)
            if report.count(severity)
        )
        head = f"Found {_count(total, 'finding')} ({by})"
    else:
        head = "Found nothing"
    return "; ".join([f"{head} in {_count(report.files, 'file')}", *rest]) + "."


def fixable(findings: Iterable[Finding]) -> tuple[int, int]:
    """How many findings `--fix` repairs, and how many more `--unsafe-fixes` does."""
    requests = [finding.fix for finding in findings if finding.fix is not None]
    unsafe = sum(request.unsafe for request in requests)
    return len(requests) - unsafe, unsafe


def _count(number: int, noun: str) -> str:
    """`1 file`, `2 files`"""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def place(report: Report, at: Location, view: View) -> str:
    """`path:line:column`, columns counted from 1 as editors do; `path: cell 3, line 4` in a notebook."""
    gap = " " if at.path in report.notebooks else ""
    where = f"{gap}{spot(report, at.path, at.span.line, at.span.column)}"
    return view.style.link(f"{plain_path(view.path(report, at.path))}:{where}", report.root / at.path)


def spot(report: Report, path: str, line: int, column: int) -> str:
    """A place in a file: `12:5`; in a notebook `cell 3, line 4`."""
    notebook = report.notebooks.get(path)
    if notebook is None:
        return f"{line}:{column + 1}"
    cell, inside = notebook.place(line)
    return f"cell {cell}, line {inside}"


def line_number(report: Report, at: Location) -> int:
    """The line that people see: in a notebook, that of the cell."""
    notebook = report.notebooks.get(at.path)
    return at.span.line if notebook is None else notebook.place(at.span.line)[1]


def plain_path(path: str) -> str:
    """A path that may begin a line: one that a CI server would take for a command (`::error::`) gets a `./`."""
    shown = escape(path)
    return f"./{shown}" if shown.lstrip().startswith(("::", "##")) else shown
