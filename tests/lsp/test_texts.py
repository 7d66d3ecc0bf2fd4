"""Where a place is after an edit."""

from __future__ import annotations

import random

import pytest

from lcmemlint.findings import Finding, Step
from lcmemlint.lsp.texts import Move, Text
from lcmemlint.values import Location, Span

OLD = "import a\n\n\ndef f():\n    x = Memory()\n    return x\n"
MEMORY = Span(5, 8, 5, 16)


def code(text: Text, span: Span) -> str:
    """What stands in a span."""
    return text.whole[text.offset(span.line, span.column) : text.offset(span.end_line, span.end_column)]


def finding(at: Span, *steps: Span) -> Finding:
    return Finding(
        "LCM101",
        "message",
        Location("a.py", at),
        "error",
        "certain",
        because=tuple(Step(Location("a.py", one), "step") for one in steps),
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\r\nb\rc\n", ["a\r\n", "b\r", "c\n", ""]),
        ("a\x0cb\u2028c\n", ["a\x0cb\u2028c\n", ""]),
    ],
)
def test_lines_are_those_of_python(text: str, lines: list[str]) -> None:
    """
    Form feeds and the separators of Unicode end no line; the last line has no end.
    """
    assert list(Text(text).lines) == lines


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("import a\n", "import a\nimport b\n", 6),
        ("import a\n\n\n", "", 2),
        ("x = Memory", "xyz = Memory", 5),
        ("Memory()\n", "Memory()  # why\n", 5),
        ("return x\n", "return [x]\n", 5),
        ("import a\n\n\ndef f():\n", "import b\n\n\n\n@route\ndef g(y):\n", 7),
    ],
)
def test_code_that_was_not_edited_is_followed(old: str, new: str, line: int) -> None:
    """
    Edits above, beside and below it.
    """
    move = Move(Text(OLD), Text(OLD.replace(old, new)))

    found = move.span(MEMORY)

    assert found is not None
    assert found.line == line
    assert code(move.new, found) == "Memory()"


@pytest.mark.parametrize("new", ["Memori()", "Memory(1)", "", "Shared()"])
def test_code_that_was_edited_is_lost(new: str) -> None:
    """
    Its line is the nearest place that can be told.
    """
    move = Move(Text(OLD), Text("\n" + OLD.replace("Memory()", new)))

    assert move.span(MEMORY) is None
    assert move.nearest(MEMORY).line == 6
    assert move.finding(finding(MEMORY), "a.py") is None
    assert move.finding(finding(MEMORY), "b.py") == finding(MEMORY)


def test_steps_of_a_proof_go_along() -> None:
    """
    A step whose code was edited stays on its line.
    """
    move = Move(Text(OLD), Text("\n" + OLD.replace("return x", "return y")))

    moved = move.finding(finding(MEMORY, Span(4, 0, 4, 8), Span(6, 4, 6, 12)), "a.py")

    assert moved is not None
    assert [step.at.span.line for step in moved.because] == [5, 7]


@pytest.mark.parametrize("seed", range(200))
def test_a_place_that_is_followed_holds_the_same_code(seed: int) -> None:
    """
    Whatever the edits are; and an edit that touches nothing of it loses nothing.
    """
    chance = random.Random(seed)
    old = "".join(chance.choice("ab(\n\r\n") for _ in range(60))
    new = old
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(new) + 1)
        end = min(len(new), start + chance.randrange(6))
        new = new[:start] + "".join(chance.choice("ab\n") for _ in range(chance.randrange(6))) + new[end:]
    move = Move(Text(old), Text(new))

    for _ in range(30):
        start = chance.randrange(len(old))
        end = min(len(old), start + chance.randrange(1, 8))
        span = Span(*move.old.place(start), *move.old.place(end))
        found = move.span(span)
        if found is not None:
            assert code(move.new, found) == old[start:end]
        assert 1 <= move.nearest(span).line <= len(move.new.lines)
    assert Move(Text(old), Text(old)).span(Span(1, 0, *move.old.place(len(old)))) is not None


def test_edits_of_whole_files_are_followed_too() -> None:
    """
    Too many lines to be compared one by one: what is the same at both ends is enough for a place.
    """
    before = "".join(f"a{number} = {number}\n" for number in range(1200))
    after = "".join(f"b{number} = {number}\n" for number in range(1200))

    move = Move(Text(before), Text(after))

    assert move.span(Span(600, 0, 600, 4)) is None
    assert move.nearest(Span(600, 0, 600, 4)).line <= 1200


def test_nothing_of_an_empty_text_is_followed() -> None:
    assert Move(Text(""), Text("x = 1\n")).span(Span(1, 0, 1, 1)) is None
    assert Text("a\n").offset(9, 0) == 2
