"""The summary as one HTML page that needs nothing else: no server, no network, no other file.

Whatever comes from a repository is escaped, and a policy in the page lets no script run but its own.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

from lcmemlint import __version__
from lcmemlint.repos.summary import Row, Summary, totals
from lcmemlint.rulebook import Rule, rules


def as_page(summary: Summary) -> str:
    """Every repository with every rule, to sort and to filter."""
    known = {one.code: one for one in rules()}
    script = _text("page.js")
    number = len(summary.rows)
    return Template(_text("page.html")).substitute(
        hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode('ascii')}",
        title=f"{number:,} repositor{'y' if number == 1 else 'ies'}",
        totals=escape(totals(summary)),
        version=__version__,
        options="".join(_option(code, known.get(code)) for code in summary.rules),
        columns="".join(f'<col style="width: {width}em">' for width in _widths(summary.rules)),
        width=f"{sum(_widths(summary.rules))}em",
        headings="".join(_headings(summary.rules, known)),
        rows="\n".join(_row(row, summary.rules) for row in summary.rows),
        script=script,
    )


def _text(name: str) -> str:
    return files("lcmemlint.repos").joinpath(name).read_text(encoding="utf-8")


def _option(code: str, rule: Rule | None) -> str:
    name = "" if rule is None else f" {escape(rule.name)}"
    return f'<option value="{escape(code)}">{escape(code)}{name}</option>'


def _widths(codes: tuple[str, ...]) -> list[float]:
    """Of the columns, in em. A browser that need not measure ten thousands of cells sorts in half the time."""
    return [20.0, 20.0, 6.0, 7.0, 6.0, *(6.5 for _ in codes), 5.0, 6.5, 8.0]


def _headings(codes: tuple[str, ...], known: dict[str, Rule]) -> Iterator[str]:
    yield _heading("Repository")
    yield _heading(
        "Scaled by",
        "The manifest that surely runs several processes of the code, and how many; or why it was not scanned",
    )
    for name in ("Errors", "Warnings", "Notes"):
        yield _heading(name, is_number=True)
    for code in codes:
        title = f"{known[code].name}: {known[code].summary}" if code in known else ""
        yield _heading(code, title, is_number=True, rule=code)
    yield _heading("Files", is_number=True)
    yield _heading("Not read", "Files that could not be read whole", is_number=True)
    yield _heading("Commit")


def _heading(text: str, title: str = "", *, is_number: bool = False, rule: str = "") -> str:
    kind = ' class="number"' if is_number else ""
    of = f' data-rule="{escape(rule)}"' if rule else ""
    tip = f' title="{escape(title)}"' if title else ""
    return f'<th scope="col"{kind}{of}{tip}><button type="button">{escape(text)}</button></th>'


def _row(row: Row, codes: tuple[str, ...]) -> str:
    """One repository. Closing tags of cells may be left out, and ten thousands of them are."""
    counts = dict(row.rules)
    marks = "".join(
        f' data-{name}="1"'
        for name, is_so in (
            ("scaled", row.scaled_by),
            ("found", row.findings),
            ("lost", row.status != "scanned"),
        )
        if is_so
    )
    severities = zip(("error", "warning", "note"), (row.errors, row.warnings, row.notes), strict=True)
    parts = (
        f'<th scope="row" title="{_shown(row.repository)}">{_shown(row.repository)}</th>',
        _words(row.scaled_by, "scaled") if not row.error else _words(f"not scanned: {row.error}", "error"),
        *(_number(number, name) for name, number in severities),
        *(_number(counts.get(code, 0), "hit") for code in codes),
        _number(row.files, ""),
        _number(row.problems, ""),
        f'<td title="{_shown(row.commit)}"><code>{_shown(row.commit[:10])}</code>',
    )
    return f"<tr{marks}>{''.join(parts)}"


def _number(number: int, name: str) -> str:
    kind = f"number {name}".rstrip() if number else "number"
    return f'<td class="{kind}">{number or ""}'


def _words(text: str, kind: str) -> str:
    return f'<td class="{kind}" title="{_shown(text)}">{_shown(text)}' if text else "<td>"


def _shown(text: str) -> str:
    """A text of somebody else's, as HTML; what is not Unicode is written as Python would."""
    return escape(text.encode("utf-8", errors="backslashreplace").decode("utf-8"))
