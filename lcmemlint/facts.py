"""What one text says, and nothing else: no path, no module name, no LangChain.

``FileFacts`` is a small intermediate form of a module. Every name, call and statement that the linker
could ask about is in it, in source order, so that a file is parsed once and can be kept on disk by the
digest of its text. Indexes (``scope``, ``block``, ``call``, ``statement``) count into the tuples of the same file.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from lcmemlint.values import Span, Value

FACTS_VERSION = 3
"""Raise it whenever the same text gives other facts: stored facts of another version count as absent."""

MODULE = 0
"""The scope and the block of the module itself."""

BlockKind = Literal[
    "body",
    "if",
    "else",
    "main",
    "try",
    "except",
    "try-else",
    "finally",
    "for",
    "while",
    "loop-else",
    "with",
    "case",
]
StatementKind = Literal[
    "assign",
    "augment",
    "annotate",
    "walrus",
    "for",
    "with",
    "except",
    "match",
    "return",
    "yield",
    "expression",
    "delete",
    "raise",
    "assert",
    "test",
    "global",
    "break",
]
ScopeKind = Literal["module", "function", "class", "lambda"]
ParamKind = Literal["positional-only", "plain", "keyword-only", "*", "**"]


class Param(Struct, frozen=True, array_like=True):
    """A parameter; ``span`` is the whole ``name: annotation = default``."""

    name: str
    kind: ParamKind
    default: Value | None
    annotation: Value | None
    span: Span


class Argument(Struct, frozen=True, array_like=True):
    """An argument of a call or a base of a class; ``name`` is the keyword, ``"*"``, ``"**"`` or None."""

    name: str | None
    value: Value


class Scope(Struct, frozen=True, array_like=True):
    """A module, class, function or lambda. ``block`` is where in the parent scope it is defined.

    ``span`` is its ``def``/``class`` line up to the name;
    """

    kind: ScopeKind
    name: str
    qualname: str
    parent: int
    block: int
    span: Span
    params: tuple[Param, ...] = ()
    decorators: tuple[Value, ...] = ()
    bases: tuple[Argument, ...] = ()
    returns: Value | None = None
    is_async: bool = False
    is_generator: bool = False
    docstring: bool = False


class Block(Struct, frozen=True, array_like=True):
    """A stretch of statements that runs under one condition.

    ``test`` is the condition of an ``if``/``while`` (for ``else``: the condition that failed), the exception
    of an ``except``, the iterable of a ``for``, the manager of a ``with``, the subject of a ``case``.
    ``parent`` is the block around it; the body of a function has parent -1.
    """

    scope: int
    parent: int
    kind: BlockKind
    test: Value | None
    span: Span


class Import(Struct, frozen=True, array_like=True):
    """One imported name. ``import a.b`` binds ``a`` (``local="a"``, ``name=None``, ``module="a.b"``).

    ``module`` keeps its leading dots; ``name`` is ``"*"`` for a star import, None for ``import module``;
    ``renamed`` tells ``import a.b as c`` (which binds ``a.b``) from ``import a.b`` (which binds ``a``).
    """

    scope: int
    block: int
    span: Span
    module: str
    name: str | None
    local: str
    renamed: bool


class Call(Struct, frozen=True, array_like=True):
    """A call; ``statement`` is the statement that holds it (-1 in a decorator, a default, a class base)."""

    scope: int
    block: int
    statement: int
    span: Span
    function: Value
    arguments: tuple[Argument, ...]
    awaited: bool = False


class Statement(Struct, frozen=True, array_like=True):
    """A statement that binds, returns, tests, deletes or runs something. ``targets`` are what it binds."""

    scope: int
    block: int
    kind: StatementKind
    span: Span
    targets: tuple[Value, ...] = ()
    value: Value | None = None
    annotation: Value | None = None


class Ignore(Struct, frozen=True, array_like=True):
    """A comment that silences findings; ``codes`` empty means all of them.

    ``line`` is the comment's own; ``alone`` says that nothing else stands on that line.
    ``kind`` is how it is written: ``lcmemlint: ignore[...]``, ``lcmemlint: ignore-file[...]`` or ``noqa: ...``.
    """

    line: int
    column: int
    end_column: int
    alone: bool
    kind: Literal["ignore", "ignore-file", "noqa"]
    codes: tuple[str, ...]
    reason: str


class Problem(Struct, frozen=True, array_like=True):
    """Why a text could not be read whole; ``line`` is 0 when the whole file is meant."""

    line: int
    column: int
    message: str


class FileFacts(Struct, frozen=True, array_like=True):
    """What one text says. ``scopes[0]`` is the module, ``blocks[0]`` its body."""

    version: int
    lines: int
    scopes: tuple[Scope, ...]
    blocks: tuple[Block, ...]
    imports: tuple[Import, ...]
    statements: tuple[Statement, ...]
    calls: tuple[Call, ...]
    ignores: tuple[Ignore, ...]
    problems: tuple[Problem, ...]
