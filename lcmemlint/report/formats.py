"""The formats of the report, by name: each is one module of this package with a `render`, loaded when it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from lcmemlint.report.text import View
    from lcmemlint.reports import Report


class Format(Struct, frozen=True):
    """One format.

    `lines`: made of lines that may stand among other output. `people`: read by people, so that it may have links.
    `repairs`: shows what a fix would change, which costs time to work out.
    `files`: its readers open files and know no cells of notebooks.
    """

    name: str
    summary: str
    lines: bool = False
    people: bool = False
    repairs: bool = False
    files: bool = False

    def render(self, report: Report, view: View) -> str:
        """The report, written in this format."""
        render: Callable[[Report, View], str] = import_module(f"{__package__}.{self.name}").render
        if self.files and report.notebooks:
            from lcmemlint.report.physical import on_disk

            report, view = on_disk(report, view)
        return render(report, view)


FORMATS: Final = {
    one.name: one
    for one in (
        Format("full", "a paragraph a finding, with its code and proof", lines=True, people=True),
        Format("concise", "a line a finding", lines=True, people=True),
        Format("grouped", "a block a file", lines=True, people=True),
        Format("json", "one object, described by report/schema.json"),
        Format("jsonl", "a JSON object a line"),
        Format("sarif", "SARIF 2.1.0, for code scanning and viewers", repairs=True, files=True),
        Format("github", "annotations of GitHub Actions", lines=True, files=True),
        Format("gitlab", "Code Quality artifact of GitLab", files=True),
        Format("junit", "JUnit XML", files=True),
        Format("rdjson", "Diagnostic Format of reviewdog", repairs=True, files=True),
        Format("agent", "a line a finding that says what to do; silent when clean", lines=True),
    )
}
"""Every format, in the order of `--help`."""

COUNTED: Final = frozenset({"full", "concise", "grouped", "json"})
"""The formats that can show counts in the place of findings."""
