"""Places in texts: lines as Python counts them, and where a place is after an edit."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cached_property
from itertools import takewhile
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.findings import Finding, Step
from lcmemlint.values import Location, Span

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_COMPARABLE: Final = 1_000_000
"""Pairs of lines that are compared; a bigger edit counts as one block that was replaced."""


class Text:
    """A text by lines. Not `splitlines`: Python and the protocol count lines by CR, LF and CRLF only."""

    def __init__(self, text: str) -> None:
        self.whole = text
        self.lines = tuple(_LINE.findall(text))
        if len(self.lines) > 1 and self.lines[-1] == "" and self.lines[-2][-1:] not in ("\r", "\n"):
            self.lines = self.lines[:-1]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset at which each line begins."""
        found = [0]
        for line in self.lines[:-1]:
            found.append(found[-1] + len(line))
        return tuple(found)

    def offset(self, line: int, column: int) -> int:
        """The offset of a place: lines count from 1, columns from 0."""
        if line > len(self.lines):
            return len(self.whole)
        return min(self.starts[line - 1] + column, len(self.whole))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1]


class Stretch(Struct, frozen=True):
    """`length` characters that are the same: at `old` before the edit, at `new` after it."""

    old: int
    new: int
    length: int


class Move:
    """From the places of an old text to those of a new one."""

    def __init__(self, old: Text, new: Text) -> None:
        self.old, self.new = old, new
        self._stretches = tuple(_joined(_same(old, new)))

    def span(self, span: Span) -> Span | None:
        """Where this code is now; None when it was edited."""
        start = self.old.offset(span.line, span.column)
        end = self.old.offset(span.end_line, span.end_column)
        for one in self._stretches:
            if one.old <= start and end <= one.old + one.length:
                shift = one.new - one.old
                return Span(*self.new.place(start + shift), *self.new.place(end + shift))
        return None

    def nearest(self, span: Span) -> Span:
        """Where this code is now, or the line that it must have been on."""
        found = self.span(span)
        if found is not None:
            return found
        start = self.old.offset(span.line, span.column)
        before = [one for one in self._stretches if one.old <= start]
        at = before[-1].new + min(before[-1].length, start - before[-1].old) if before else 0
        line = self.new.place(at)[0]
        return Span(line, 0, line, len(self.new.lines[line - 1].rstrip("\r\n")))

    def finding(self, finding: Finding, path: str) -> Finding | None:
        """The finding with the places that it has in the file `path` now; None when its code was edited."""
        at = finding.at
        if at.path == path:
            span = self.span(at.span)
            if span is None:
                return None
            at = Location(path, span)
        return replace(
            finding,
            at=at,
            because=tuple(self._step(step, path) for step in finding.because),
            related=tuple(self._step(step, path) for step in finding.related),
        )

    def _step(self, step: Step, path: str) -> Step:
        return step if step.at.path != path else Step(Location(path, self.nearest(step.at.span)), step.text)


def _joined(stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    """Neighbours in both texts as one."""
    last: Stretch | None = None
    for one in stretches:
        if not one.length:
            continue
        if last is not None and (last.old + last.length, last.new + last.length) == (one.old, one.new):
            last = Stretch(last.old, last.new, last.length + one.length)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _same(old: Text, new: Text) -> Iterator[Stretch]:
    """What is the same before, inside and after the edited lines, in order."""
    head = _common(old.lines, new.lines)
    shorter = min(len(old.lines), len(new.lines)) - head
    tail = min(shorter, _common(old.lines[::-1], new.lines[::-1]))
    yield Stretch(0, 0, _start(old, head))
    yield from _inside(old, new, (head, len(old.lines) - tail), (head, len(new.lines) - tail))
    of_old, of_new = _start(old, len(old.lines) - tail), _start(new, len(new.lines) - tail)
    yield Stretch(of_old, of_new, len(old.whole) - of_old)


def _inside(old: Text, new: Text, before: tuple[int, int], after: tuple[int, int]) -> Iterator[Stretch]:
    """What is the same in two ranges of lines."""
    olds, news = old.lines[slice(*before)], new.lines[slice(*after)]
    if len(olds) * len(news) > _COMPARABLE:
        yield from _letters(old, new, before, after)
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        of_old, of_new = (before[0] + i1, before[0] + i2), (after[0] + j1, after[0] + j2)
        if tag == "equal":
            start, end = _start(old, of_old[0]), _start(old, of_old[1])
            yield Stretch(start, _start(new, of_new[0]), end - start)
        else:
            yield from _letters(old, new, of_old, of_new)


def _letters(old: Text, new: Text, before: tuple[int, int], after: tuple[int, int]) -> Iterator[Stretch]:
    """What two blocks of lines have in common at their beginning and at their end."""
    of_old, of_new = _start(old, before[0]), _start(new, after[0])
    a, b = old.whole[of_old : _start(old, before[1])], new.whole[of_new : _start(new, after[1])]
    head = _common(a, b)
    tail = min(min(len(a), len(b)) - head, _common(a[::-1], b[::-1]))
    yield Stretch(of_old, of_new, head)
    yield Stretch(of_old + len(a) - tail, of_new + len(b) - tail, tail)


def _start(text: Text, line: int) -> int:
    """Where a line begins that is counted from 0; the end of the text after the last one."""
    return text.starts[line] if line < len(text.lines) else len(text.whole)


def _common(a: tuple[str, ...] | str, b: tuple[str, ...] | str) -> int:
    """How many items two sequences have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
