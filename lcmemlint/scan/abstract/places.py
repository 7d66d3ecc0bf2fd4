"""Where the nodes of Python's `ast` stand in the text, in characters, and what `ast` does not tell.

`ast` counts columns in UTF-8 bytes, and has no place for colons, `else`, `finally`, `case` and parentheses.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from lcmemlint.facts import ParamKind
from lcmemlint.scan.draft import line_starts, place_of, span_of
from lcmemlint.values import Span

_TRIVIA: Final = re.compile(r"(?:[ \t\f\r\n\\]|#[^\r\n]*)*")
_SEMICOLON: Final = re.compile(r"(?:[ \t\f]|\\\r?\n|\\\r)*;")
_SPACES: Final = r"(?:[ \t\f]|\\\r?\n|\\\r)+"
_OPENING: Final = re.compile(rf"(?:async{_SPACES})?(?:def|class){_SPACES}\w+")


class Unsure(Exception):
    """`ast` does not tell enough; LibCST has to read the text."""


class Places:
    """Lines and columns of one text; lines count from 1, columns from 0."""

    __slots__ = ("_starts", "_wide", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = line_starts(text)
        self._wide: dict[int, bytes] = {}
        if not text.isascii():
            ends = [*self._starts[1:], len(text)]
            for number, (start, end) in enumerate(zip(self._starts, ends, strict=True), 1):
                line = text[start:end]
                if not line.isascii():
                    self._wide[number] = line.encode()

    def whole(self) -> Span:
        """The span of the whole text."""
        return span_of(self.text, self._starts)

    def span(self, node: Any) -> Span:
        """From the first to the last character of a node, without parentheses around it."""
        if not self._wide:
            return Span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        return Span(*self.start(node), *self.end(node))

    def start(self, node: Any) -> tuple[int, int]:
        """The place of the first character of a node."""
        return node.lineno, self._column(node.lineno, node.col_offset)

    def end(self, node: Any) -> tuple[int, int]:
        """The place after the last character of a node."""
        return node.end_lineno, self._column(node.end_lineno, node.end_col_offset)

    def offset(self, line: int, column: int) -> int:
        """The index of a place in the text."""
        return self._starts[line - 1] + column

    def place(self, offset: int) -> tuple[int, int]:
        """The place of an index."""
        return place_of(self._starts, offset)

    def begins(self, node: Any, word: str) -> bool:
        """Whether a node begins with a word."""
        return self.text.startswith(word, self.offset(*self.start(node)))

    def end_of_statement(self, node: ast.stmt) -> tuple[int, int]:
        """The place after a statement, with its semicolon."""
        end = self.end(node)
        offset = self.offset(*end)
        if self.text[offset : offset + 1] in ("\n", "\r", ""):
            return end
        found = _SEMICOLON.match(self.text, offset)
        return end if found is None else self.place(found.end())

    def keyword(self, after: int, word: str) -> tuple[int, int]:
        """The place of the next word, which is to be this one."""
        offset = self._solid(after)
        if not self.text.startswith(word, offset):
            raise Unsure(word)
        return self.place(offset)

    def header_end(self, last: ast.AST) -> tuple[int, int]:
        """The place after the last character before the colon of a compound statement whose last node is given."""
        return self.place(self._before(":", self.offset(*self.end(last)))[0])

    def header_end_after_word(self, node: ast.AST, word: str) -> tuple[int, int]:
        """The same for a clause that is a word and a colon."""
        return self.place(self._before(":", self.offset(*self.start(node)) + len(word))[0])

    def after_header(self, last: ast.AST) -> int:
        """The index after the colon."""
        return self._before(":", self.offset(*self.end(last)))[1] + 1

    def opening(self, node: ast.AST) -> Span:
        """`def`, `async def` or `class` up to the name."""
        start = self.start(node)
        found = _OPENING.match(self.text, self.offset(*start))
        if found is None:
            raise Unsure("def")
        return Span(*start, *self.place(found.end()))

    def parameter(self, kind: ParamKind, node: ast.arg, default: ast.expr | None) -> Span:
        """A parameter with its stars, its annotation, its default, and the parentheses around that."""
        start = self.start(node)
        if kind in ("*", "**"):
            start = self.place(self._star(kind, self.offset(*start)))
        if default is None:
            return Span(*start, *self.end(node))
        end = self.offset(*self.end(default))
        between = self.text[self.offset(*self.end(node)) : self.offset(*self.start(default))]
        if "#" in between:
            raise Unsure("#")
        for _ in range(between.count("(")):
            end = self._solid(end) + 1
            if self.text[end - 1 : end] != ")":
                raise Unsure(")")
        return Span(*start, *self.place(end))

    def _star(self, stars: str, offset: int) -> int:
        before = self.text[max(0, offset - 200) : offset].rstrip(" \t")
        if not before.endswith(stars):
            raise Unsure(stars)
        return max(0, offset - 200) + len(before) - len(stars)

    def inner(self, bounds: tuple[int, int], last: int) -> tuple[int, int]:
        """The bounds of a generator expression without its parentheses; its last node ends at `last`."""
        start, stop = bounds
        if self.text[start] != "(":
            raise Unsure("(")
        end = last
        while (following := self._solid(end)) < stop - 1:
            end = following + 1
        return self._solid(start + 1), end

    def _before(self, stop: str, offset: int) -> tuple[int, int]:
        """The end of the last character before `stop` that is no blank or comment, and the index of `stop`."""
        end = offset
        while True:
            at = self._solid(end if end > offset else offset)
            if at >= len(self.text):
                raise Unsure(stop)
            if self.text[at] == stop:
                return end, at
            end = at + 1

    def _solid(self, offset: int) -> int:
        """The index of the next character that is no blank and in no comment."""
        found = _TRIVIA.match(self.text, offset)
        return offset if found is None else found.end()

    def _column(self, line: int, column: int) -> int:
        data = self._wide.get(line)
        return column if data is None else len(data[:column].decode())
