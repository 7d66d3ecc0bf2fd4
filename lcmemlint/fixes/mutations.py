"""Changes of ``.messages`` in place: they work on a history in memory, and are lost on a stored one."""

from __future__ import annotations

import libcst as cst

from lcmemlint.fixes.edits import Refusal
from lcmemlint.fixes.trees import Tree, dotted, every

_MUTATORS = frozenset({"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"})
_OTHER_OWNERS = frozenset(
    {"self", "cls", "request", "req", "body", "payload", "data", "state", "thread", "response"}
)
"""Objects that are no history: requests, graph states, an object's own list."""


def mutated_messages(tree: Tree) -> Refusal | None:
    """The refusal for a file that changes the messages of a history in place."""
    for node in every(tree.module):
        changed = _changed(node)
        if (
            isinstance(changed, cst.Attribute)
            and changed.attr.value == "messages"
            and _is_history(changed.value)
        ):
            return Refusal(
                f"line {tree.line(changed)} changes `{tree.source(changed)}` in place;"
                " a stored history gives out a copy, so that change would be lost"
            )
    return None


def _changed(node: cst.CSTNode) -> cst.CSTNode | None:
    """What a statement or call changes in place: ``x.append(...)``, ``x[i] = …``, ``del x[i]``, ``x[i] += …``."""
    match node:
        case cst.Call(func=cst.Attribute(value=owner, attr=cst.Name(value=name))) if name in _MUTATORS:
            return owner
        case cst.AssignTarget(target=cst.Subscript(value=owner)) | cst.Del(target=cst.Subscript(value=owner)):
            return owner
        case cst.AugAssign(target=cst.Subscript(value=owner)):
            return owner
    return None


def _is_history(owner: cst.BaseExpression) -> bool:
    written = dotted(owner)
    if written is None:
        return True
    last = written.rpartition(".")[2]
    return last not in _OTHER_OWNERS and last != "session_state"
