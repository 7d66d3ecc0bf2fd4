"""Conversations that the code forgets by taking them out of a dict: with a shared history they are cleared instead.

``del store[id]``, ``store.pop(id, None)`` and ``if id in store: del store[id]`` become ``chat_history(id).clear()``.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
from msgspec import Struct

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Context, Edit, Edits, Refusal
from lcmemlint.fixes.get_or_create import item
from lcmemlint.fixes.keeping import Kept, keeping
from lcmemlint.fixes.keys import history_call, is_literal
from lcmemlint.fixes.trees import Tree, unparenthesized, walk


class _Forgotten(Struct, frozen=True):
    """A statement that forgets one conversation, with its guard if it has one."""

    node: cst.CSTNode
    key: str


def forgotten(tree: Tree, request: FixRequest, context: Context, container: str) -> Edits | Refusal:
    """The edits that clear the shared history where the code takes a conversation out of the dict."""
    edits: list[Edit] = []
    for found in _statements(tree, container):
        history = history_call(tree, request, context, site=found.node, key=found.key)
        if isinstance(history, Refusal):
            return history
        start, end = tree.extent(found.node)
        if tree.has_comment(start, end):
            return Refusal(f"a comment stands inside the code on line {tree.line(found.node)}")
        edits.append(Edit(start, end, f"{history}.clear()"))
    return tuple(edits)


def still_forgets(tree: Tree, container: str) -> Refusal | None:
    """The refusal for a dict that stays although the code forgets by it: the shared history would remember."""
    for found in _statements(tree, container):
        written = tree.source(found.node).splitlines()[-1].strip()
        return Refusal(
            f"line {tree.line(found.node)} forgets a conversation (`{written}`), which a shared history would keep"
        )
    return None


def begun_anew(
    tree: Tree, request: FixRequest, context: Context, call: cst.Call, kept: Kept
) -> Edits | Refusal:
    """The edit that clears the shared history where the code puts a new memory into a dict and asks for no old one.

    None where it asks; a refusal where that is not seen, or where the code forgets by the dict in other ways.
    """
    if (refusal := still_forgets(tree, kept.container)) is not None:
        return refusal
    does = keeping(tree, kept)
    if does == "unknown":
        return Refusal(f"whether line {tree.line(kept.statement)} begins a conversation anew is not seen")
    if does == "creates":
        return ()
    key = "" if is_literal(kept.key) else kept.key
    history = history_call(tree, request, context, site=call, key=key)
    if isinstance(history, Refusal):
        return history
    start = tree.extent(tree.statement(call))[0]
    return (Edit(start, start, f"{history}.clear()" + tree.newline + tree.indent(start)),)


def _statements(tree: Tree, container: str) -> Iterator[_Forgotten]:
    for statement in walk(tree.module, cst.SimpleStatementLine):
        if len(statement.body) != 1:
            continue
        key = _key(statement.body[0], container)
        if key is None:
            continue
        guard = tree.parent(tree.parent(statement) or statement)
        if isinstance(guard, cst.If) and _guards(guard, container, key) and len(guard.body.body) == 1:
            yield _Forgotten(guard, key)
        else:
            yield _Forgotten(statement.body[0], key)


def _key(statement: cst.CSTNode, container: str) -> str | None:
    """The key of ``del container[key]`` or ``container.pop(key[, …])``."""
    found: tuple[str, str] | None = None
    match statement:
        case cst.Del(target=cst.Subscript() as target):
            found = item(target)
        case cst.Expr(
            value=cst.Call(func=cst.Attribute(value=owner, attr=cst.Name(value="pop")), args=[key, *rest])
        ) if len(rest) < 2 and key.keyword is None:
            found = (unparenthesized(owner), unparenthesized(key.value))
    return found[1] if found is not None and found[0] == container else None


def _guards(node: cst.If, container: str, key: str) -> bool:
    """Whether the statement is ``if key in container:`` and nothing follows it."""
    match node.test:
        case cst.Comparison(
            left=left, comparisons=[cst.ComparisonTarget(operator=cst.In(), comparator=right)]
        ):
            return node.orelse is None and (unparenthesized(right), unparenthesized(left)) == (container, key)
    return False
