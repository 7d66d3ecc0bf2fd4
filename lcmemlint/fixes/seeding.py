"""Memories that are filled after they are built: a shared history would get those messages again and again."""

from __future__ import annotations

import libcst as cst

from lcmemlint.fixes.edits import Refusal
from lcmemlint.fixes.trees import Tree, dotted, walk

_FILLS = frozenset(
    {"add_message", "add_messages", "add_user_message", "add_ai_message", "save_context"}
    | {"aadd_messages", "asave_context"}
)
_HARMLESS = frozenset({"print", "log", "logger", "logging", "_logger", "LOGGER"})


def seeded(tree: Tree, call: cst.Call) -> Refusal | None:
    """The refusal for a memory that old messages are put into: in a loop, or only where it is created."""
    function = tree.function(call)
    body = function.body if function is not None else tree.module
    for loop in (*walk(body, cst.For), *walk(body, cst.While)):
        if tree.extent(loop) < tree.extent(call):
            continue
        for found in walk(loop, cst.Call):
            if _last(found) in _FILLS and tree.function(found) is function:
                return _refusal(tree, found)
    for statement in _created_with(tree, call):
        for part in statement.body:
            value = part.value if isinstance(part, cst.Expr) else None
            ran = value.expression if isinstance(value, cst.Await) else value
            if isinstance(ran, cst.Call) and not _is_harmless(ran):
                return _refusal(tree, ran)
    return None


def _created_with(tree: Tree, call: cst.Call) -> list[cst.SimpleStatementLine]:
    """The statements behind the constructor call in the branch that creates (``if key not in store:``)."""
    statement = tree.statement(call)
    block = tree.parent(statement)
    if not isinstance(block, cst.IndentedBlock) or isinstance(tree.parent(block), cst.FunctionDef):
        return []
    end = tree.extent(statement)[1]
    return [
        each
        for each in block.body
        if isinstance(each, cst.SimpleStatementLine) and tree.extent(each)[0] >= end
    ]


def _refusal(tree: Tree, call: cst.Call) -> Refusal:
    written = tree.source(call).splitlines()[0]
    return Refusal(
        f"line {tree.line(call)} (`{written}`) may fill the new memory;"
        " a shared history keeps its messages and would get those twice"
    )


def _last(call: cst.Call) -> str:
    return (dotted(call.func) or "").rpartition(".")[2]


def _is_harmless(call: cst.Call) -> bool:
    return (dotted(call.func) or "").partition(".")[0] in _HARMLESS
