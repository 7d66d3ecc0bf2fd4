"""Codemod ``memory-store`` (unsafe): a LangGraph store in memory becomes ``shared_store()``.

The generated store may stand at module level, serves sync and async callers, and connects at its first use.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.annotations import of_store
from lcmemlint.fixes.checkpointer import meant
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.trees import Tree, dotted, resolved, walk

STORE = "InMemoryStore"
_INSIDE = frozenset({"_data", "_vectors"})
"""Attributes of a store in memory that no other store has."""


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edit that puts a shared store in the place of one in memory."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    if (request.get("class") or resolved(tree, call.func) or "").rpartition(".")[2] != STORE:
        return Refusal(f"`{tree.source(call.func)}` is not known to be a store in memory")
    if call.args:
        return Refusal(f"`{tree.source(call.args[0])}` would have to be set up in the database too")
    start, end = tree.extent(call)
    if tree.has_comment(start, end):
        return Refusal("a comment stands inside the call")
    if (refusal := _not_replaceable(tree, call)) is not None:
        return refusal
    return Change(
        (Edit(start, end, f"{context.name('shared_store')}()"),),
        needs=("shared_store",),
        widens=(of_store(STORE),),
        drops=((dotted(call.func) or "").partition(".")[0],),
    )


def _not_replaceable(tree: Tree, call: cst.Call) -> Refusal | None:
    """What the file does with this store that no stored one can do."""
    around = tree.parent(call)
    if isinstance(around, cst.WithItem | cst.Attribute):
        return Refusal(f"`{tree.source(around)}` does more than to build a store")
    if (comment := meant(tree, call)) is not None:
        return Refusal(f"it is meant to forget, says the comment `{comment}`")
    for attribute in walk(tree.module, cst.Attribute):
        if attribute.attr.value in _INSIDE:
            return Refusal(f"line {tree.line(attribute)} looks into `{tree.source(attribute)}`")
    for node in walk(tree.module, cst.Call):
        asked = {each.value for arg in node.args[1:] for each in walk(arg.value, cst.Name)}
        if dotted(node.func) == "isinstance" and STORE in asked:
            return Refusal(f"line {tree.line(node)} asks for a store in memory, which this is no more")
    return None
