"""The tables of one file while they are written, and what both readers of syntax trees know about values."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import inf
from typing import TypeGuard

from msgspec import Struct, field

from lcmemlint.facts import (
    FACTS_VERSION,
    MODULE,
    Block,
    Call,
    FileFacts,
    Ignore,
    Import,
    Problem,
    Scope,
    Statement,
    StatementKind,
)
from lcmemlint.values import Combined, Const, Joined, Name, Span, Value, parts_of

NO_STATEMENT = -1
DEEPEST = 60
"""Values are followed by recursion later on, so that they may not be deep; calls in deeper places are still noted."""
MAIN = (
    Combined("==", (Name("__name__"), Const("__main__"))),
    Combined("==", (Const("__main__"), Name("__name__"))),
)
_RESERVED = Statement(MODULE, MODULE, "break", Span(0, 0, 0, 0))
_NEWLINE = re.compile(r"\r\n?|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Tables(Struct, kw_only=True):
    """The tables of one file while they are written, and where in the file we are."""

    scopes: list[Scope] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    generators: set[int] = field(default_factory=set)
    scope: int = MODULE
    block: int = MODULE
    statement: int = NO_STATEMENT
    depth: int = 0

    def reserve(self) -> int:
        """A place in the table of statements, so that statements stand in source order."""
        self.statements.append(_RESERVED)
        return len(self.statements) - 1

    def fill(
        self,
        slot: int,
        kind: StatementKind,
        span: Span,
        targets: tuple[Value, ...] = (),
        value: Value | None = None,
        annotation: Value | None = None,
    ) -> None:
        """Write the statement into its place."""
        self.statements[slot] = Statement(self.scope, self.block, kind, span, targets, value, annotation)

    def qualname(self, name: str) -> str:
        """The dotted name of something defined here."""
        around = self.scopes[self.scope].qualname
        return f"{around}.{name}" if around else name

    def facts(self, whole: Span, ignores: tuple[Ignore, ...]) -> FileFacts:
        """What was written, as the facts of a text that was read whole."""
        return FileFacts(
            FACTS_VERSION,
            line_count(whole),
            tuple(self.scopes),
            tuple(self.blocks),
            tuple(self.imports),
            tuple(self.statements),
            tuple(self.calls),
            ignores,
            (),
        )


def unread(text: str, problem: Problem) -> FileFacts:
    """The facts of a text that cannot be read: empty tables, and why."""
    whole = whole_of(text)
    return FileFacts(
        FACTS_VERSION,
        line_count(whole),
        (Scope("module", "", "", -1, -1, whole),),
        (Block(MODULE, -1, "body", None, whole),),
        (),
        (),
        (),
        (),
        (problem,),
    )


# --- places ---


def line_starts(text: str) -> list[int]:
    """The offset of the first character of each line."""
    if "\r" in text:
        return [0, *[newline.end() for newline in _NEWLINE.finditer(text)]]
    starts = [0, *accumulate(map((1).__add__, map(len, text.split("\n"))))]
    starts.pop()
    return starts


def place_of(starts: Sequence[int], offset: int) -> tuple[int, int]:
    """Line and column of a character."""
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1]


def whole_of(text: str) -> Span:
    """The span of a whole text."""
    return span_of(text, line_starts(text))


def span_of(text: str, starts: Sequence[int]) -> Span:
    """The same, where the starts of its lines are known."""
    return Span(1, 0, len(starts), len(text) - starts[-1])


def line_count(whole: Span) -> int:
    """The lines of a text; an empty one after the last newline does not count."""
    return whole.end_line if whole.end_column else whole.end_line - 1


# --- values ---


def is_shallow(value: Value, levels: int = 4) -> bool:
    """Whether nothing in a value is nested deeper than that."""
    return levels > 0 and all(is_shallow(part, levels - 1) for part in parts_of(value))


def printable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which no report can print."""
    return _SURROGATE.sub("\ufffd", text)


def is_text(value: Value) -> bool:
    """Whether a value is text, as far as one sees."""
    return isinstance(value, Joined) or (isinstance(value, Const) and isinstance(value.value, str))


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a literal is a number; `1e999` is none, which JSON cannot hold."""
    return isinstance(value, (int, float)) and abs(value) != inf


def flattened(values: Iterable[Value]) -> tuple[Value, ...]:
    """The values, with the parts of joined text in the place of it."""
    parts: list[Value] = []
    for value in values:
        parts.extend(value.parts if isinstance(value, Joined) else (value,))
    return tuple(parts)


def merged(parts: Iterable[Value]) -> tuple[Value, ...]:
    """The parts of an f-string, with neighbouring literal texts made one: they are those without a span."""
    found: list[Value] = []
    for part in parts:
        text = _literal(part)
        before = _literal(found[-1]) if found else None
        if text is None:
            found.append(part)
        elif before is not None:
            found[-1] = Const(before + text)
        elif text:
            found.append(part)
    return tuple(found)


def _literal(part: Value) -> str | None:
    return (
        part.value if isinstance(part, Const) and part.span is None and isinstance(part.value, str) else None
    )
