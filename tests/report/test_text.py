"""The report for people, on findings made by hand."""

from __future__ import annotations

from pathlib import Path

from lcmemlint.engine import Report
from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.report import concise, full
from lcmemlint.report.characters import cells, escape
from lcmemlint.report.text import Style, View, summary
from lcmemlint.values import Location, Span

ROOT = Path("/project")
VIEW = View(ROOT)


def at(path: str, line: int, column: int, end_column: int, end_line: int = 0) -> Location:
    return Location(path, Span(line, column, end_line or line, end_column))


FOUND = Finding(
    code="LCM101",
    message="`ConversationBufferMemory` is built on every request, so it starts empty each time",
    at=at("app/service.py", 12, 13, 39),
    severity="error",
    confidence="certain",
    help="pass `chat_memory=`",
    because=(
        Step(at("app/main.py", 9, 0, 3), "request enters here"),
        Step(at("app/service.py", 12, 13, 39), "built here"),
    ),
    related=(Step(at("compose.yaml", 4, 6, 9), "three replicas"),),
    no_fix="no session key is in scope",
)
CODE = (*("" for _ in range(11)), "    memory = ConversationBufferMemory()", "")


def report(*findings: Finding, **more: object) -> Report:
    lines = {"app/service.py": CODE}
    return Report(ROOT, findings, files=2, lines=lines, **more)  # type: ignore[arg-type]


def test_a_finding_in_full() -> None:
    """
    Sentence, place, code frame, proof, and what to do.
    """
    assert full.render(report(FOUND), VIEW) == (
        """\
error[LCM101]: `ConversationBufferMemory` is built on every request, so it starts empty each time
  --> app/service.py:12:14
   |
12 |     memory = ConversationBufferMemory()
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   1. app/main.py:9:1: request enters here
   2. app/service.py:12:14: built here
   = see: compose.yaml:4:7: three replicas
   = help: pass `chat_memory=`
   = no fix: no session key is in scope
   = page: lcmemlint --explain LCM101

Found 1 finding (1 error) in 2 files.
"""
    )


def test_a_finding_in_one_line() -> None:
    """
    In the form that editors jump to; paths are those of the working directory.
    """
    assert concise.render(report(FOUND), View(ROOT / "app", Style())) == (
        "service.py:12:14: LCM101 "
        "`ConversationBufferMemory` is built on every request, so it starts empty each time\n"
        "Found 1 finding (1 error) in 2 files.\n"
    )


def test_the_summary_counts_what_is_not_shown() -> None:
    """
    Hidden, suppressed and fixable findings are no secret.
    """
    safe = Finding(
        "LCM102", "m", FOUND.at, "warning", "likely", fix=FixRequest("f", "app/service.py", FOUND.at.span)
    )
    unsafe = Finding(
        "LCM102", "m", FOUND.at, "note", "likely", fix=FixRequest("f", "a.py", FOUND.at.span, unsafe=True)
    )

    assert summary(report(FOUND, FOUND, safe, unsafe, hidden=2, suppressed=1), VIEW) == (
        "Found 4 findings (2 errors, 1 warning, 1 note) in 2 files; 1 suppressed; "
        "2 possible findings hidden (--strict shows all); 1 fixable with --fix; "
        "1 more fixable with --fix --unsafe-fixes."
    )
    assert summary(report(), VIEW) == "Found nothing in 2 files."


def test_colours_only_when_asked_for() -> None:
    """
    The same words, with and without.
    """
    plain = full.render(report(FOUND), VIEW)
    painted = full.render(report(FOUND), View(ROOT, Style(colour=True)))

    assert "\x1b" not in plain
    assert "\x1b[1;31merror[LCM101]\x1b[0m" in painted


def frame(line: str, column: int, end_column: int, end_line: int = 1) -> list[str]:
    """The code line and the caret line for a finding in a one-line file."""
    found = Finding("LCM101", "m", at("a.py", 1, column, end_column, end_line), "error", "certain")
    whole = full.render(Report(ROOT, (found,), lines={"a.py": (line,)}), VIEW)
    return [text[4:] for text in whole.splitlines()[3:5]]


def test_carets_stand_under_wide_and_combining_letters() -> None:
    """
    Columns are code points, cells of a terminal are not.
    """
    assert frame('"漢字" + x', 7, 8) == ['"漢字" + x', "         ^"]
    assert frame('"e\u0301" + x', 7, 8) == ['"e\u0301" + x', "      ^"]
    assert frame("\tx = y", 5, 6) == ["    x = y", "        ^"]


def test_a_finding_over_several_lines_is_underlined_to_the_end_of_the_first() -> None:
    """
    The frame shows where it begins.
    """
    assert frame("x = f(", 4, 1, end_line=3) == ["x = f(", "    ^^ ..."]


def test_an_empty_span_has_one_caret() -> None:
    """
    A place without width is still a place.
    """
    assert frame("x", 1, 1) == ["x", " ^"]


def test_a_very_long_line_is_cut_around_the_place() -> None:
    """
    Minified code does not fill the screen.
    """
    code, carets = frame("a" * 500 + "HERE" + "b" * 500, 500, 504)

    assert len(code) < 200
    assert code[carets.index("^") : carets.rindex("^") + 1] == "HERE"


def test_a_line_that_is_not_at_hand_has_no_frame() -> None:
    """
    A finding about a file that cannot be read any more is still a finding.
    """
    found = Finding("LCM101", "m", at("gone.py", 9, 0, 1), "error", "certain")

    assert " | " not in full.render(Report(ROOT, (found,)), VIEW)


def test_nothing_of_the_user_moves_the_cursor() -> None:
    """
    Control characters, bidirectional overrides and lone surrogates are shown as escapes.
    """
    nasty = "\x1b[2J\x07\r\n\x7f\x9b\u202e\u2066\ud800"
    found = Finding("LCM101", nasty, at(f"a{nasty}.py", 1, 0, 1), "error", "certain", help=nasty)
    whole = full.render(Report(ROOT, (found,), lines={f"a{nasty}.py": (nasty,)}), VIEW)

    assert escape(nasty) == r"\x1b[2J\x07\r\n\x7f\x9b\u202e\u2066\ud800"
    assert not set(nasty) - set("[2J\n") & set(whole)
    assert whole.encode()


def test_cells() -> None:
    """
    What a terminal shows.
    """
    assert [cells(text) for text in ("abc", "漢", "e\u0301", "é")] == [3, 2, 1, 1]
