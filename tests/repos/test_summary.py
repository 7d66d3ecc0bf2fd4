"""The summary: what comes first, and that nothing in it is taken for more than words."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from lcmemlint.errors import UsageError
from lcmemlint.report.text import Style
from lcmemlint.repos.find import find_repositories
from lcmemlint.repos.page import as_page
from lcmemlint.repos.results import Repository, RepositoryResult
from lcmemlint.repos.summary import SHOWN, Row, Summary, as_csv, as_table
from tests.repos.forge import Forge


def row(name: str, *, errors: int = 0, warnings: int = 0, scaled_by: str = "", error: str = "") -> Row:
    findings = [{"code": "LCM106", "severity": "error"}] * errors
    findings += [{"code": "LCM301", "severity": "warning"}] * warnings
    result = RepositoryResult(
        name,
        "c0ffee" * 7,
        status="failed" if error else "scanned",
        error=error,
        findings=tuple(findings),
        scaled_by=scaled_by,
    )
    return Row.of(result)


def test_the_worst_comes_first_and_scaled_ones_on_top() -> None:
    """
    Scaled without a fault is no fault; what was not scanned comes before what is clean.
    """
    rows = [
        row("clean"),
        row("clean-scaled", scaled_by="Procfile:1: 2 processes"),
        row("lost", error="no such folder"),
        row("two", warnings=2),
        row("worst", errors=3),
        row("scaled", warnings=1, scaled_by="Dockerfile:3: 4 processes"),
        row("worse-scaled", errors=1, scaled_by="compose.yaml:7: 2 instances"),
        row("also-two", warnings=2),
    ]

    assert [one.repository for one in Summary.of(rows).rows] == [
        "worse-scaled", "scaled", "worst", "also-two", "two", "lost", "clean", "clean-scaled",
    ]  # fmt: skip


def test_the_table_shows_the_worst_and_counts_all() -> None:
    """
    It fits on a screen, and says what is not on it.
    """
    rows = [row(f"r{number:03}", errors=1, warnings=2) for number in range(SHOWN + 7)]
    table = as_table(Summary.of([*rows, row("clean"), row("lost", error="gone")]), style=Style())

    assert table.splitlines()[:2] == [
        "REPOSITORY  SCALED BY  ERRORS  WARNINGS  NOTES  RULES",
        "r000                        1         2      0  LCM106 LCM301×2",
    ]
    assert table.splitlines()[-3:] == [
        "... and 7 more repositories with findings",
        "",
        "Scanned 58 of 59 repositories; found 171 findings in 57 repositories,"
        " 0 of which surely run as several processes.",
    ]
    assert (
        as_table(Summary.of([row("clean")]), style=Style()) == "Scanned 1 of 1 repository; found nothing.\n"
    )


NASTY = '<script>alert(1)</script>"\x1b[2J\u202e'


def test_names_and_reasons_are_words_everywhere() -> None:
    """
    No mark-up on the page, no formula in the sheet, no command to the terminal.
    """
    rows = [row(NASTY, errors=1, scaled_by=NASTY), row("=HYPERLINK(1)", error=f"@{NASTY}\udc80")]
    summary = Summary.of(rows)

    page = as_page(summary)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in page
    sheet = list(csv.DictReader(io.StringIO(as_csv(summary))))
    assert [one["repository"] for one in sheet] == [NASTY, "'=HYPERLINK(1)"]
    assert sheet[1]["error"].startswith("'@<script>")
    assert "\x1b" not in as_table(summary, style=Style())


def test_the_sheet_has_a_line_a_repository_and_a_column_a_rule() -> None:
    """
    Zeros too: a sheet is for reckoning.
    """
    sheet = list(csv.DictReader(io.StringIO(as_csv(Summary.of([row("a", errors=2), row("b", warnings=1)])))))

    assert [(one["repository"], one["LCM106"], one["LCM301"], one["errors"]) for one in sheet] == [
        ("a", "2", "0", "2"),
        ("b", "0", "1", "0"),
    ]


def test_the_page_needs_nothing_else() -> None:
    """
    No other file, no network; every repository is in it.
    """
    page = as_page(Summary.of(row(f"r{number}", errors=1) for number in range(30)))

    assert page.count("<tr data-found") == 30
    assert not re.search(r"(?:src|href)\s*=|@import|url\(|fetch\(|XMLHttpRequest|innerHTML", page)
    assert "default-src 'none'" in page


def test_a_list_names_repositories_and_revisions(tmp_path: Path) -> None:
    """
    Relative to the list, with comments, each once.
    """
    (tmp_path / "odd@name").mkdir()
    file = tmp_path / "repos.txt"
    file.write_text("# ours\na\nb@v1\n\na\nb@v2\nodd@name\n/srv/c@main\n")

    assert find_repositories(str(file)) == [
        Repository(str(tmp_path / "a"), name="a"),
        Repository(str(tmp_path / "b"), "v1", "b"),
        Repository(str(tmp_path / "b"), "v2", "b@v2"),
        Repository(str(tmp_path / "odd@name"), name="odd@name"),
        Repository("/srv/c", "main", "/srv/c"),
    ]


def test_a_folder_is_searched_for_repositories(forge: Forge) -> None:
    """
    Checkouts and bare clones at any depth; what is inside a repository is its own.
    """
    inner = forge.make("shop/chat", app_py="x = 1\n")
    forge.make("shop/chat/vendored", app_py="x = 1\n")
    forge.bare(inner, "mirror.git")
    (forge.root / "empty").mkdir()
    (forge.root / "loop").symlink_to(forge.root)

    found = find_repositories(str(forge.root))

    assert [one.name for one in found] == ["mirror.git", "shop/chat"]
    assert [one.name for one in find_repositories(str(inner))] == ["chat"]


@pytest.mark.parametrize(("text", "told"), [(None, "cannot be read"), ("# none\n", "lists no repository")])
def test_a_list_without_repositories_is_told(tmp_path: Path, text: str | None, told: str) -> None:
    """
    One line; and a folder without any.
    """
    file = tmp_path / "repos.txt"
    if text is not None:
        file.write_text(text)

    with pytest.raises(UsageError, match=told):
        find_repositories(str(file))
    with pytest.raises(UsageError, match="there is no git repository in this folder"):
        find_repositories(str(tmp_path))
