"""Codemod ``local-history`` (unsafe): a history in a file on this host becomes ``chat_history(<key>)``.

The session id that the old history was given names the new one. The conversations in the old file stay there.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.annotations import of_history
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.keys import history_call
from lcmemlint.fixes.mutations import mutated_messages
from lcmemlint.fixes.scopes import all_parameters
from lcmemlint.fixes.seeding import seeded
from lcmemlint.fixes.trees import Tree, dotted, resolved, uses, walk

_SESSION = {"SQLChatMessageHistory": "session_id", "FileChatMessageHistory": ""}
"""The classes, and the argument that names the conversation, where one does."""

_PLACES = frozenset(
    {"connection", "connection_string", "async_mode", "engine_args", "file_path", "encoding", "ensure_ascii"}
)
"""Arguments that say where and how messages are written: the shared history knows that by itself."""


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that put a shared history in the place of one on this host."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    name = (request.get("class") or resolved(tree, call.func) or "").rpartition(".")[2]
    if name not in _SESSION:
        return Refusal(f"`{tree.source(call.func)}` is not known to be a chat history in a file")
    key = _key(tree, call, _SESSION[name])
    if key == "" and not _SESSION[name]:
        key = _ids(tree, call, request.get("ids").split(","))
    if isinstance(key, Refusal):
        return key
    history = history_call(tree, request, context, site=call, key=key)
    if isinstance(history, Refusal):
        return history
    if tree.has_comment(*tree.extent(call)):
        return Refusal("a comment stands inside the call")
    if (refusal := mutated_messages(tree) or seeded(tree, call) or _looked_into(tree, call)) is not None:
        return refusal
    head = (dotted(call.func) or "").partition(".")[0]
    return Change(
        (Edit(*tree.extent(call), history),),
        needs=("chat_history",),
        widens=(of_history(name),),
        drops=(head,),
        orphans=tuple(sorted({part.value for arg in call.args for part in walk(arg.value, cst.Name)})),
    )


def _key(tree: Tree, call: cst.Call, session: str) -> str | Refusal:
    """The session id as the call names it, empty when it names none."""
    key = ""
    for number, arg in enumerate(call.args):
        if arg.star:
            return Refusal(f"what `{tree.source(arg)}` holds is not known")
        keyword = arg.keyword.value if arg.keyword is not None else ""
        if session and (keyword == session or (not keyword and number == 0)):
            key = tree.source(arg.value)
        elif keyword and keyword not in _PLACES:
            return Refusal(f"`{tree.source(arg)}` has no counterpart in a shared history")
    return key


def _ids(tree: Tree, call: cst.Call, known: list[str]) -> str | Refusal:
    """The ids that choose the file, as a key: parameters of the function that the path is made of."""
    function = tree.function(call)
    if not isinstance(function, cst.FunctionDef):
        return ""
    given = [param.name.value for param in all_parameters(function)]
    used = _sources(function, {node.value for arg in call.args for node in walk(arg.value, cst.Name)})
    choosing = [name for name in given if name in used]
    unknown = next((name for name in choosing if name not in known), None)
    if unknown is not None:
        return Refusal(f"`{unknown}` helps to choose the file, and is not known to be the id of somebody")
    return ", ".join(choosing)


def _sources(function: cst.FunctionDef, names: set[str]) -> set[str]:
    """The names, and those that the function's own assignments make them of."""
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        for assign in walk(function.body, cst.Assign):
            if any(
                isinstance(each.target, cst.Name) and each.target.value == name for each in assign.targets
            ):
                new = {node.value for node in walk(assign.value, cst.Name)} - found
                found |= new
                waiting += new
    return found


def _looked_into(tree: Tree, call: cst.Call) -> Refusal | None:
    """The refusal for code that uses what only the old class has."""
    around = tree.parent(call)
    if not isinstance(around, cst.Assign) or len(around.targets) != 1:
        return None
    target = dotted(around.targets[0].target) or ""
    for node in uses(tree, target) if "." not in target else ():
        attribute = tree.parent(node)
        if not isinstance(attribute, cst.Attribute) or attribute.value is not node:
            continue
        if attribute.attr.value in (
            "file_path",
            "engine",
            "async_engine",
            "session_maker",
            "sql_model_class",
        ):
            return Refusal(
                f"line {tree.line(node)} looks into `{tree.source(attribute)}`, which a shared history does not have"
            )
    return None
