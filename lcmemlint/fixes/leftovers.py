"""What a replaced call alone used: a local name that nothing reads any more, and the statement that binds it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits
from lcmemlint.fixes.trees import Tree, resolved, uses, walk

_OPENERS = frozenset({"sqlite3.connect", "aiosqlite.connect", "str", "os.path.join", "os.fspath"})
"""Calls that do nothing which anybody would miss. Opening a SQLite file makes an empty file at most."""


def unused_after(tree: Tree, gone: cst.CSTNode) -> Edits:
    """The edits that take away the statements which bind names for ``gone`` only.

    A statement goes when it is a line of its own without comments, binds one name, that name is mentioned
    nowhere else in the file, and its value is an expression without effect or opens a SQLite file.
    """
    edits: list[Edit] = []
    away: list[tuple[int, int]] = [tree.extent(gone)]
    waiting = [node.value for node in walk(gone, cst.Name)]
    while waiting:
        name = waiting.pop()
        statement = _only_binding(tree, name, away)
        if statement is None:
            continue
        edits.append(Edit(*tree.lines(statement), ""))
        away.append(tree.extent(statement))
        waiting += [node.value for node in walk(statement, cst.Name) if node.value != name]
    return tuple(edits)


def _only_binding(tree: Tree, name: str, away: list[tuple[int, int]]) -> cst.SimpleStatementLine | None:
    left = [
        node
        for node in uses(tree, name)
        if not any(start <= tree.extent(node)[0] < end for start, end in away)
    ]
    if len(left) != 1:
        return None
    target = tree.parent(left[0])
    assign = tree.parent(target) if isinstance(target, cst.AssignTarget) else target
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1 or not _is_idle(tree, assign.value):
        return None
    statement = tree.parent(assign)
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    block = tree.parent(statement)
    is_alone = isinstance(block, cst.IndentedBlock) and len(block.body) == 1
    is_public = isinstance(block, cst.Module) and not _opens(tree, assign.value)
    return None if is_alone or is_public or any(_comments(statement)) else statement


def _comments(statement: cst.SimpleStatementLine) -> Iterator[bool]:
    yield from (True for _ in walk(statement, cst.Comment))


def _opens(tree: Tree, value: cst.BaseExpression) -> bool:
    inner = value.expression if isinstance(value, cst.Await) else value
    return isinstance(inner, cst.Call) and resolved(tree, inner.func) in _OPENERS


def _is_idle(tree: Tree, value: cst.BaseExpression) -> bool:
    """Whether nothing but the value comes from computing it."""
    inner = value.expression if isinstance(value, cst.Await) else value
    if isinstance(value, cst.Await) and not _opens(tree, value):
        return False
    return all(
        resolved(tree, call.func) in _OPENERS
        or (isinstance(call.func, cst.Attribute) and call.func.attr.value in ("join", "format", "resolve"))
        for call in walk(inner, cst.Call)
    )
