"""Silence on request: which comment speaks for which finding, and which hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from lcmemlint.config import Config
from lcmemlint.facts import FACTS_VERSION, FileFacts, Ignore, Statement
from lcmemlint.findings import Finding, Silenced
from lcmemlint.suppress import Suppressed, suppress
from lcmemlint.values import Location, Span

KNOWN = {
    "LCM001": "unused-ignore",
    "LCM101": "per-request-memory",
    "LCM102": "process-local-history",
    "LCM203": "constant-session-id",
}
RAN = frozenset(KNOWN)


def finding(line: int, code: str = "LCM101", *, end_line: int = 0, path: str = "a.py") -> Finding:
    """A finding at column 4 of a line."""
    at = Location(path, Span(line, 4, end_line or line, 20))
    return Finding(code, "m", at, "error", "certain")


def ignore(
    line: int,
    *codes: str,
    alone: bool = False,
    kind: Literal["ignore", "ignore-file", "noqa"] = "ignore",
) -> Ignore:
    """A comment."""
    return Ignore(line, 30, 60, alone, kind, codes, "")


def facts(*ignores: Ignore, statements: tuple[tuple[int, int], ...] = ()) -> FileFacts:
    """A file with these comments, and statements from line to line."""
    spans = [Span(first, 0, last, 40) for first, last in statements]
    found = tuple(Statement(0, 0, "assign", span) for span in spans)
    return FileFacts(FACTS_VERSION, 99, (), (), (), found, (), ignores, ())


def sorted_out(
    findings: list[Finding],
    of: FileFacts,
    *,
    config: Config | None = None,
    ran: frozenset[str] = RAN,
    known: Mapping[str, str] = KNOWN,
) -> Suppressed:
    """The result for one file."""
    return suppress(findings, {"a.py": of}, config=config or Config(), known=known, ran=ran)


@pytest.mark.parametrize(
    "of",
    [
        facts(ignore(7)),
        facts(ignore(7, "LCM101")),
        facts(ignore(7, "lcm101")),
        facts(ignore(7, "LCM1")),
        facts(ignore(7, "ALL")),
        facts(ignore(7, "LCM203", "LCM101"), ignore(3, "LCM203")),
        facts(ignore(7, "per-request-memory")),
        facts(ignore(7, "LCM101", kind="noqa")),
        facts(ignore(7, kind="noqa")),
        facts(ignore(6, "LCM101", alone=True)),
        facts(ignore(5, "LCM101", alone=True), ignore(6, "LCM102", alone=True)),
        facts(ignore(40, "LCM101", kind="ignore-file")),
        facts(ignore(40, kind="ignore-file")),
        facts(ignore(5, "LCM101"), statements=((5, 9),)),
        facts(ignore(4, "LCM101", alone=True), statements=((1, 20), (5, 9))),
        facts(ignore(8, "LCM101"), statements=((5, 9),)),
    ],
)
def test_a_comment_hides_the_finding_that_it_speaks_for(of: FileFacts) -> None:
    """
    On the line, above it, at the statement's beginning, at the finding's end, in the file.
    """
    found = sorted_out([finding(7, end_line=8)], of)

    assert found.kept == ()
    assert len(found.hidden) == 1


@pytest.mark.parametrize(
    "of",
    [
        facts(),
        facts(ignore(6, "LCM101")),
        facts(ignore(7, "LCM102")),
        facts(ignore(7, "LCM203", kind="noqa")),
        facts(ignore(5, "LCM101", alone=True)),
        facts(ignore(8, "LCM101", alone=True)),
        facts(ignore(40, "LCM102", kind="ignore-file")),
        facts(ignore(5, "LCM101"), statements=((5, 9), (7, 7))),
    ],
)
def test_other_comments_hide_nothing(of: FileFacts) -> None:
    """
    Another line, another code, the statement around the statement.
    """
    found = sorted_out([finding(7)], of)

    assert len(found.kept) == 1
    assert found.hidden == ()


def test_a_comment_in_another_file_hides_nothing() -> None:
    """
    Comments speak for their own file.
    """
    found = sorted_out([finding(7, path="b.py")], facts(ignore(7)))

    assert len(found.kept) == 1


def test_removing_a_comment_changes_only_what_it_hid() -> None:
    """
    The other findings stay as they are (DESIGN invariant 5).
    """
    findings = [finding(3), finding(7), finding(7, "LCM203")]

    with_comment = sorted_out(findings, facts(ignore(7, "LCM203")))
    without = sorted_out(findings, facts())

    assert {*without.kept} - {*with_comment.kept} == {findings[2]}
    assert with_comment.hidden == (Silenced(findings[2], "comment"),)


def test_per_file_ignores() -> None:
    """
    Patterns as in `.gitignore`; codes, prefixes and names.
    """
    config = Config(per_file_ignores=(("demo/**", ("LCM1",)), ("a.py", ("constant-session-id",))))
    findings = [
        finding(1, path="demo/x/y.py"),
        finding(1, "LCM203", path="demo/x/y.py"),
        finding(1),
        finding(1, "LCM203"),
    ]

    found = suppress(findings, {}, config=config, known=KNOWN, ran=RAN)

    assert [one.finding for one in found.hidden] == [findings[0], findings[3]]
    assert {one.by for one in found.hidden} == {"configuration"}


def messages(found: Suppressed) -> list[str]:
    """Line and sentence of every comment that hides nothing."""
    assert {one.code for one in found.unused} <= {"LCM001"}
    return [f"{one.at.span.line} {one.message}" for one in found.unused]


def test_a_comment_that_hides_nothing_is_reported() -> None:
    """
    Code by code; a comment without codes as a whole.
    """
    of = facts(
        ignore(3, "LCM101"),
        ignore(5),
        ignore(7, "LCM101", "LCM203"),
        ignore(9, "LCM102", kind="noqa"),
        ignore(11, "LCM102", kind="ignore-file"),
    )

    assert messages(sorted_out([finding(7)], of)) == [
        "3 this comment hides no finding of `LCM101`",
        "5 this comment hides no finding",
        "7 this comment hides no finding of `LCM203`",
        "9 this comment hides no finding of `LCM102`",
        "11 this comment hides no finding of `LCM102`",
    ]


def test_an_unknown_code_is_reported() -> None:
    """
    A misspelt code hides nothing, and says so.
    """
    assert messages(sorted_out([], facts(ignore(3, "LCM999")))) == ["3 no rule is called `LCM999`"]


def test_comments_of_other_linters_are_left_alone() -> None:
    """
    A bare `noqa`, and one with codes of others, may be meant for them.
    """
    of = facts(ignore(3, kind="noqa"), ignore(4, "E501", "F401", kind="noqa"))

    assert messages(sorted_out([], of)) == []


def test_nobody_knows_about_rules_that_were_not_run() -> None:
    """
    With `--select LCM203`, a comment for LCM101 may well hide something; one without codes too.
    """
    of = facts(ignore(3, "LCM101"), ignore(4, "LCM203"), ignore(5), ignore(6, "LCM1"))

    assert messages(sorted_out([], of, ran=frozenset({"LCM203"}))) == [
        "4 this comment hides no finding of `LCM203`"
    ]


def test_a_comment_for_a_file_that_is_ignored_anyway_is_used() -> None:
    """
    Two ways to say the same are no fault.
    """
    config = Config(per_file_ignores=(("a.py", ("LCM101",)),))

    assert messages(sorted_out([finding(7)], facts(ignore(7, "LCM101")), config=config)) == []
