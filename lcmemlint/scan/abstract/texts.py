"""Where the expressions inside of f-strings stand. Before Python 3.12 `ast` counts their lines and columns wrongly.

Each expression is looked for in the literal around it, after the one before: a `{` that is followed by the text of
the same expression. To be deleted with the support of Python 3.11.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from lcmemlint.scan.abstract.places import Unsure

_BLANK: Final = re.compile(r"\s*")
_AFTER: Final = re.compile(r"[\s)]*[}!:=]")
_PLACELESS: Final = (ast.Name, ast.Attribute)


class Literal(Struct):
    """An f-string: its text ends at `stop`; expressions before `cursor` were found."""

    text: str
    cursor: int
    stop: int

    def find(self, node: Any) -> Moved | None:
        """Where an expression really stands; None if nobody will ask. Raises `Unsure`."""
        if isinstance(node, _PLACELESS) and _is_plain(node):
            return None
        if node.lineno != node.end_lineno:
            raise Unsure("f-string")
        wanted = ast.dump(node)
        size = node.end_col_offset - node.col_offset
        at = self.text.find("{", self.cursor, self.stop)
        while at >= 0:
            for start in self._starts(at + 1):
                data = self.text[start : start + size].encode()[:size]
                if _dumped(data) == wanted and _AFTER.match(self.text, start + len(data.decode())):
                    self.cursor = start
                    return Moved(node.lineno, node.col_offset, start, data)
            at = self.text.find("{", at + 1, self.stop)
        raise Unsure("f-string")

    def _starts(self, index: int) -> Iterator[int]:
        """Where an expression may begin: parentheses before it may be its own, or stand around it."""
        start = _end(_BLANK.match(self.text, index))
        yield start
        while self.text.startswith("(", start):
            start = _end(_BLANK.match(self.text, start + 1))
            yield start


class Moved(Struct, frozen=True):
    """An expression that `ast` places at `line` and `column`; it is `data`, and begins at the index `start`."""

    line: int
    column: int
    start: int
    data: bytes

    def bounds(self, node: Any) -> tuple[int, int]:
        """The indexes of the first character of a node in the expression, and of that after its last."""
        first, last = node.col_offset - self.column, node.end_col_offset - self.column
        if (node.lineno, node.end_lineno) != (self.line, self.line) or first < 0:
            raise Unsure("f-string")
        return self.start + len(self.data[:first].decode()), self.start + len(self.data[:last].decode())


def _is_plain(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _dumped(data: bytes) -> str:
    try:
        return ast.dump(ast.parse(b"(" + data + b")", mode="eval").body)
    except (SyntaxError, ValueError):
        return ""


def _end(found: re.Match[str] | None) -> int:
    assert found is not None  # the pattern matches nothing, too
    return found.end()
