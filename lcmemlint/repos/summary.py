"""Repositories × rules, the worst first: what of many results fits on one screen, in one sheet, on one page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from lcmemlint.report.characters import cells, escape
from lcmemlint.report.text import Style
from lcmemlint.repos.results import RepositoryResult, Status

SHOWN: Final = 50
"""Repositories that the table shows; a sheet or a page has all."""
_HEADINGS: Final = ("REPOSITORY", "SCALED BY", "ERRORS", "WARNINGS", "NOTES", "RULES")
_WIDEST: Final = 60
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Row(Struct, frozen=True):
    """One repository: what it is, and how many findings of which severity and rule it has."""

    repository: str
    commit: str
    status: Status
    error: str
    scaled_by: str
    errors: int
    warnings: int
    notes: int
    rules: tuple[tuple[str, int], ...]
    files: int
    problems: int

    @classmethod
    def of(cls, result: RepositoryResult) -> Row:
        """The row of a result."""
        return cls(
            result.repository,
            result.commit,
            result.status,
            result.error,
            result.scaled_by,
            result.count("error"),
            result.count("warning"),
            result.count("note"),
            tuple(result.rules.items()),
            result.files,
            len(result.problems),
        )

    @property
    def findings(self) -> int:
        """How many findings it has."""
        return self.errors + self.warnings + self.notes

    @property
    def order(self) -> tuple[bool, int, int, int, bool, str]:
        """Reports are sorted by this: scaled ones with findings, then the worst, then what was not scanned."""
        is_urgent = bool(self.scaled_by and self.findings)
        worst = (-self.errors, -self.warnings, -self.notes)
        return (not is_urgent, *worst, self.status == "scanned", self.repository)


class Summary(Struct, frozen=True):
    """All repositories of a run, the worst first."""

    rows: tuple[Row, ...]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Summary:
        """The summary of these rows."""
        return cls(tuple(sorted(rows, key=lambda row: row.order)))

    @property
    def rules(self) -> tuple[str, ...]:
        """The codes of the rules that have findings anywhere."""
        return tuple(sorted({code for row in self.rows for code, _ in row.rules}))

    @property
    def lost(self) -> tuple[Row, ...]:
        """The repositories that could not be scanned."""
        return tuple(row for row in self.rows if row.status != "scanned")


def totals(summary: Summary) -> str:
    """One line: how many were scanned, how many have findings, how many of these are scaled."""
    rows = summary.rows
    found = [row for row in rows if row.findings]
    scaled = sum(bool(row.scaled_by) for row in found)
    total = sum(row.findings for row in rows)
    head = f"Scanned {len(rows) - len(summary.lost):,} of {_count(len(rows), 'repository', 'repositories')}"
    if not found:
        return f"{head}; found nothing."
    where = f"{_count(total, 'finding', 'findings')} in {_count(len(found), 'repository', 'repositories')}"
    return f"{head}; found {where}, {scaled:,} of which surely run{'s' if scaled == 1 else ''} as several processes."


def as_table(summary: Summary, *, style: Style) -> str:
    """The worst repositories as a table for terminals, and the totals."""
    found = [row for row in summary.rows if row.findings]
    lines = [*_lines(found[:SHOWN], style)] if found else []
    if len(found) > SHOWN:
        rest = len(found) - SHOWN
        lines.append(f"... and {_count(rest, 'more repository', 'more repositories')} with findings")
    return "".join(f"{line}\n" for line in (*lines, *([""] if lines else []), totals(summary)))


def as_csv(summary: Summary) -> str:
    """Every repository as a line of a sheet, with a column a rule."""
    out = io.StringIO(newline="")
    sheet = csv.writer(out, lineterminator="\n")
    fixed = ("repository", "commit", "status", "error", "scaled_by", "errors", "warnings", "notes")
    sheet.writerow((*fixed, *summary.rules, "files", "unread_files"))
    for row in summary.rows:
        counts = dict(row.rules)
        words = (row.repository, row.commit, row.status, row.error, row.scaled_by)
        numbers = (row.errors, row.warnings, row.notes, *(counts.get(code, 0) for code in summary.rules))
        sheet.writerow((*map(_inert, words), *numbers, row.files, row.problems))
    return out.getvalue()


def _lines(rows: Iterable[Row], style: Style) -> Iterator[str]:
    """The rows of the table under their headings."""
    table = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(cells(line[column]) for line in table) for column in range(len(_HEADINGS))]
    for number, line in enumerate(table):
        padded = [
            _padded(cell, width, column)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        how = "bold" if number == 0 else "error" if line[1] else ""
        text = "  ".join(padded).rstrip()
        yield style.paint(text, how) if how else text


def _cells(row: Row) -> tuple[str, ...]:
    rules = " ".join(f"{code}×{number}" if number > 1 else code for code, number in row.rules)
    words = (_cut(escape(row.repository)), _cut(escape(row.scaled_by)))
    return (*words, str(row.errors), str(row.warnings), str(row.notes), rules)


def _padded(cell: str, width: int, column: int) -> str:
    space = " " * (width - cells(cell))
    return space + cell if _HEADINGS[column] in ("ERRORS", "WARNINGS", "NOTES") else cell + space


def _cut(text: str) -> str:
    """A long text without its middle."""
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST // 2 - 2]}...{text[-_WIDEST // 2 + 1 :]}"


def _inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, and that is UTF-8."""
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
