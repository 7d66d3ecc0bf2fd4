"""Whether a class that the user wrote is nothing but a chat history in memory."""

from __future__ import annotations

import libcst as cst

from lcmemlint.fixes.trees import Tree, resolved, walk

_BASES = frozenset({"BaseChatMessageHistory", "InMemoryChatMessageHistory", "ChatMessageHistory"})
_MEMBERS = frozenset(
    {"messages", "add_message", "add_messages", "aadd_messages", "aget_messages", "clear", "aclear"}
    | {"add_user_message", "add_ai_message", "__init__", "_messages", "model_config", "Config"}
)


def is_plain_history(tree: Tree, name: str) -> bool:
    """Whether the file defines this class as a history with the members of a history and no others."""
    for found in walk(tree.module, cst.ClassDef):
        if found.name.value != name:
            continue
        bases = {(resolved(tree, base.value) or "").rpartition(".")[2] for base in found.bases}
        return bool(bases & _BASES) and _members(found) <= _MEMBERS
    return False


def _members(found: cst.ClassDef) -> set[str]:
    members: set[str] = set()
    for statement in found.body.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            members.add(statement.name.value)
        elif isinstance(statement, cst.SimpleStatementLine):
            for part in statement.body:
                targets = (
                    part.targets
                    if isinstance(part, cst.Assign)
                    else (part,)
                    if isinstance(part, cst.AnnAssign)
                    else ()
                )
                members |= {each.target.value for each in targets if isinstance(each.target, cst.Name)}
    return members
