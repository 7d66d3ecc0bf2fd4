"""Names that the edits may leave unread: a local variable, or a module's own object, with nothing but its binding."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits
from lcmemlint.fixes.trees import Tree, resolved, uses, walk

_IDLE_CALLS = frozenset(
    {
        "sqlite3.connect",
        "aiosqlite.connect",
        "str",
        "os.path.join",
        "os.fspath",
        "psycopg.connect",
        "psycopg.Connection.connect",
    }
)
"""Calls whose value is all that comes from them; opening a SQLite file makes an empty file at most."""

_IDLE_METHODS = frozenset({"join", "format", "resolve"})
_IDLE_CLASSES = frozenset({"MemorySaver", "InMemorySaver", "InMemoryStore"})


def unread(tree: Tree, names: Iterable[str], is_free: Callable[[str], bool]) -> Edits:
    """The edits that take away the statements which bind these names, where nothing reads them any more.

    A statement goes when it is a line of its own without comments that binds one name (a comment above it then
    stands above the next one), its value has no effect, and the file mentions the name nowhere else. ``is_free``
    tells whether no other file imports a name.
    """
    for name in sorted(names):
        if (statement := _only_binding(tree, name)) is not None:
            is_global = isinstance(tree.parent(statement), cst.Module)
            if not is_global or is_free(name):
                return (Edit(*tree.lines(statement), ""),)
    return ()


def _only_binding(tree: Tree, name: str) -> cst.SimpleStatementLine | None:
    found = list(uses(tree, name))
    if len(found) != 1 or f'"{name}"' in tree.text or f"'{name}'" in tree.text:
        return None
    target = tree.parent(found[0])
    assign = tree.parent(target) if isinstance(target, cst.AssignTarget) else target
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1 or not _is_idle(tree, assign.value):
        return None
    statement = tree.parent(assign)
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    block = tree.parent(statement)
    is_alone = isinstance(block, cst.IndentedBlock) and len(block.body) == 1
    has_comment = tree.has_comment(*tree.lines(statement)) or (
        any(line.comment is not None for line in statement.leading_lines)
        and not _is_followed(tree, statement)
    )
    return None if is_alone or has_comment or isinstance(block, cst.ClassDef) else statement


def _is_followed(tree: Tree, statement: cst.SimpleStatementLine) -> bool:
    """Whether the comment above it stands above the next statement when it is gone."""
    at = tree.next_line(tree.extent(statement)[1])
    return bool(tree.text[at : tree.line_end(at)].strip())


def _is_idle(tree: Tree, value: cst.BaseExpression) -> bool:
    """Whether nothing but the value comes from computing it."""
    if isinstance(value, cst.Await):
        called = value.expression
        if not isinstance(called, cst.Call) or resolved(tree, called.func) not in _IDLE_CALLS:
            return False
    return all(_is_idle_call(tree, call) for call in walk(value, cst.Call))


def _is_idle_call(tree: Tree, call: cst.Call) -> bool:
    path = resolved(tree, call.func) or ""
    is_method = isinstance(call.func, cst.Attribute) and call.func.attr.value in _IDLE_METHODS
    return path in _IDLE_CALLS or is_method or (path.rpartition(".")[2] in _IDLE_CLASSES and not call.args)
