"""Where the nodes that facts speak of stand in the text, without LibCST's metadata.

A syntax tree that writes itself out writes the text again, token by token. `Writing` lets it do so, keeps
the tokens, and remembers for the few wanted node types how many tokens came before and after. Tokens are only
counted while writing; offsets, lines and columns are computed afterwards, and for wanted nodes alone.
LibCST's own `PositionProvider` records every node, whitespace too, and costs three times the parse.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import libcst as cst
from libcst._nodes.internal import CodegenState

from lcmemlint.scan.draft import line_starts
from lcmemlint.values import Span

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

_NEWLINE = re.compile(r"\r\n?|\n")
_BLANK = " \t\f\r\n\\"

_STATEMENTS: tuple[type[cst.CSTNode], ...] = (
    cst.AnnAssign,
    cst.Assert,
    cst.Assign,
    cst.AugAssign,
    cst.Break,
    cst.Continue,
    cst.Del,
    cst.Expr,
    cst.Global,
    cst.Import,
    cst.ImportFrom,
    cst.Nonlocal,
    cst.Raise,
    cst.Return,
    cst.TypeAlias,
    *(getattr(cst, name) for name in ("LazyImport", "LazyImportFrom") if hasattr(cst, name)),
)
_CLAUSES: tuple[type[cst.CSTNode], ...] = (
    cst.ClassDef,
    cst.Else,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.Finally,
    cst.For,
    cst.FunctionDef,
    cst.If,
    cst.Match,
    cst.MatchCase,
    cst.Try,
    cst.TryStar,
    cst.While,
    cst.With,
    cst.IndentedBlock,
    cst.SimpleStatementSuite,
)
_EXPRESSIONS: tuple[type[cst.CSTNode], ...] = (
    cst.Call,
    cst.ConcatenatedString,
    cst.DictComp,
    cst.Float,
    cst.GeneratorExp,
    cst.Integer,
    cst.Lambda,
    cst.ListComp,
    cst.NamedExpr,
    cst.Param,
    cst.SetComp,
    cst.SimpleString,
    cst.UnaryOperation,
    cst.WithItem,
    cst.Yield,
    *(getattr(cst, name) for name in ("StarredDictComp",) if hasattr(cst, name)),
)
WANTED = frozenset((*_STATEMENTS, *_CLAUSES, *_EXPRESSIONS))


class _Nothing:
    """Does nothing on the way in and out; one is shared by all nodes that nobody asks about."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


_NOTHING = _Nothing()


class Writing(CodegenState):
    """The state of one module that writes itself out; `starts` and `ends` count tokens, by `id` of the node."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self._open: list[int] = []
        self._parameters = 0
        # These run for each token and each node: builtins instead of methods halve what they cost.
        self.add_token = self.tokens.append  # type: ignore[assignment,method-assign]
        self.before_codegen = id  # type: ignore[assignment,method-assign]
        self.after_codegen = id  # type: ignore[assignment,method-assign]

    def record_syntactic_position(  # type: ignore[override]  # the base class is a generator, which is slower
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> AbstractContextManager[None]:
        """Note where a wanted node begins, and let `__exit__` note where it ends."""
        if type(node) not in WANTED:
            return _NOTHING
        if type(node) is cst.Param:
            self._parameters += 1
            self.after_codegen = self._after_in_parameters  # type: ignore[method-assign]
        self._open.append(id(node))
        self.starts[id(node)] = len(self.tokens)
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ends[self._open.pop()] = len(self.tokens)

    def _after_in_parameters(self, node: cst.CSTNode) -> None:
        """Widen a parameter, which records its name only, over its annotation and default."""
        if type(node) is cst.Param:
            self.ends[id(node)] = len(self.tokens)
            self._parameters -= 1
            if not self._parameters:
                self.after_codegen = id  # type: ignore[assignment,method-assign]

    def pop_trailing_newline(self) -> None:
        """Empty the newline that a text without a last newline does not have; counts of tokens stay right."""
        if self.tokens:
            self.tokens[-1] = ""


class Positions:
    """Spans of the wanted nodes of one module. The module must be kept alive: nodes are known by `id`."""

    __slots__ = ("_columns", "_ends", "_lines", "_offsets", "_starts", "text", "tokens")

    def __init__(self, module: cst.Module, text: str) -> None:
        writing = Writing(module)
        module._codegen(writing)
        self.tokens = writing.tokens
        self._starts = writing.starts
        self._ends = writing.ends
        self._offsets = list(accumulate(map(len, self.tokens), initial=0))
        self.text = "".join(self.tokens)
        self._lines = line_starts(self.text)
        self._columns = {} if self.text == text else _moved_columns(self.text, text)

    def span(self, node: cst.CSTNode) -> Span:
        """From the first to the last token of the node, without parentheses around it."""
        key = id(node)
        return self._between(self._starts[key], self._ends[key])

    def trimmed(self, node: cst.CSTNode) -> Span:
        """The span of a parameter or a block, which may have ended with blanks, comments and a comma."""
        key = id(node)
        end = self._ends[key]
        while self._is_trivia(end - 1) or self.tokens[end - 1] == ",":
            end -= 1
        return self._between(self._starts[key], end)

    def header(self, node: cst.CSTNode, body: cst.CSTNode) -> Span:
        """From the first token of a compound statement or clause up to the colon, colon excluded."""
        end = self._starts[id(body)] - 1
        while self.tokens[end] != ":":
            end -= 1
        while self._is_trivia(end - 1):
            end -= 1
        return self._between(self._starts[id(node)], end)

    def block(self, node: cst.CSTNode, body: cst.CSTNode) -> Span:
        """From the first token of a clause to the end of the last statement in its body."""
        end = self._ends[id(body)]
        while self._is_trivia(end - 1):
            end -= 1
        return self._between(self._starts[id(node)], end)

    def line(self, node: cst.Match) -> Span:
        """From `match` up to its colon; its cases come after that."""
        end = self._starts[id(node.cases[0])]
        while self.tokens[end] != ":":
            end -= 1
        while self._is_trivia(end - 1):
            end -= 1
        return self._between(self._starts[id(node)], end)

    def opening(self, node: cst.CSTNode, count: int) -> Span:
        """The first `count` tokens of the node."""
        start = self._starts[id(node)]
        return self._between(start, start + count)

    def first_line(self, node: cst.CSTNode) -> int:
        """The line on which the node begins."""
        return self._place(self._starts[id(node)])[0]

    def place(self, token: int) -> tuple[int, int]:
        """Line and column of a token, by its index."""
        return self._place(token)

    def line_start(self, line: int) -> int:
        """The offset of the first character of a line."""
        return self._lines[line - 1]

    def _is_trivia(self, token: int) -> bool:
        text = self.tokens[token]
        return text.startswith("#") or not text.strip(_BLANK)

    def _between(self, start: int, end: int) -> Span:
        line, column = self._place(end)
        if column and line in self._columns:  # after the last letter, not before the blank that was forgotten
            column = self._columns[line][bisect_right(self._columns[line], column - 1) - 1] + 1
        return Span(*self._place(start), line, column)

    def _place(self, token: int) -> tuple[int, int]:
        offset = self._offsets[token]
        line = bisect_right(self._lines, offset)
        column = offset - self._lines[line - 1]
        if self._columns and line in self._columns:
            column = self._columns[line][column]
        return line, column


def _moved_columns(written: str, text: str) -> dict[int, list[int]]:
    """For each line that was not written as it stood: where each of its columns was.

    LibCST 1.9 forgets a few blanks: that of `except A :`, and form feeds before a statement.
    """
    return {
        number: _aligned(short, long)
        for number, (short, long) in enumerate(
            zip(_NEWLINE.split(written), _NEWLINE.split(text), strict=False), 1
        )
        if short != long
    }


def _aligned(written: str, line: str) -> list[int]:
    columns: list[int] = []
    at = 0
    for letter in written:
        while at < len(line) - 1 and line[at] != letter and line[at] in _BLANK:
            at += 1
        columns.append(at)
        at += 1
    columns.append(at)  # a place may be the end of the line
    return columns
