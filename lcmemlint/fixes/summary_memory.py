"""Codemod ``shared-memory``: a memory that summarises or cuts becomes the generated class of the same behaviour.

``chat_memory`` alone would lose the summary and the limit. The new class takes the same arguments, the
conversation's history, and for a summary a second history beside it.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.chat_memory import class_of, replaced_names, why_not, with_history
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.forgetting import begun_anew
from lcmemlint.fixes.keeping import slot_of
from lcmemlint.fixes.keys import history_call
from lcmemlint.fixes.mutations import mutated_messages
from lcmemlint.fixes.seeding import seeded
from lcmemlint.fixes.trees import Tree, dotted, walk

SHARED = {
    "ConversationSummaryMemory": "SharedSummaryMemory",
    "ConversationSummaryBufferMemory": "SharedSummaryBufferMemory",
    "ConversationTokenBufferMemory": "SharedTokenBufferMemory",
}
"""The class that takes the place of each."""

_STATE = frozenset({"buffer", "moving_summary_buffer"})


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that put the shared class and its histories in the place of LangChain's class."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    name = class_of(tree, call, request)
    new = SHARED.get(name)
    if new is None:
        return Refusal(why_not(name))
    kept = slot_of(tree, call)
    key = request.get("key") or (kept.key if kept is not None else "")
    history = history_call(tree, request, context, site=call, key=key)
    if isinstance(history, Refusal):
        return history
    refusal = mutated_messages(tree) or seeded(tree, call) or _has_state(tree, call)
    anew = begun_anew(tree, request, context, call, kept) if kept is not None else ()
    if refusal is not None:
        return refusal
    if isinstance(anew, Refusal):
        return anew
    if anew:
        return Refusal(
            f"line {tree.line(call)} begins a conversation anew, and an old summary would still be there"
        )
    values = history
    if new != "SharedTokenBufferMemory":
        values += f"{_gap(tree, call)}shared_summary={history[:-1]}, {tree.quote}summary{tree.quote})"
    added = with_history(tree, call, values)
    if isinstance(added, Refusal):
        return added
    drops = replaced_names(call) | {(dotted(call.func) or "").partition(".")[0]}
    return Change(
        (Edit(*tree.extent(call.func), context.name(new)), *added),
        needs=("chat_history", new),
        drops=tuple(sorted(drops)),
    )


def _has_state(tree: Tree, call: cst.Call) -> Refusal | None:
    """The refusal for a summary that the code itself gives, reads or changes: it is no attribute any more."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value in _STATE:
            return Refusal(f"`{tree.source(arg)}` begins with a summary of its own")
    around = tree.parent(call)
    targets = around.targets if isinstance(around, cst.Assign) else ()
    names = {(dotted(each.target) or "").rpartition(".")[2] for each in targets}
    for node in walk(tree.module, cst.Attribute):
        owner = (dotted(node.value) or "").rpartition(".")[2]
        if node.attr.value in _STATE and owner in names and owner:
            return Refusal(
                f"line {tree.line(node)} looks at `{tree.source(node)}`; the summary is stored elsewhere"
            )
    return None


def _gap(tree: Tree, call: cst.Call) -> str:
    """What parts two new arguments: a line each where the call has a line for each."""
    if call.args:
        start = tree.extent(call.args[-1])[0]
        if tree.starts_line(start) and tree.line_start(start) != tree.line_start(tree.extent(call)[0]):
            return f",{tree.newline}{tree.indent(start)}"
    return ", "
