"""Codemod ``returning-id``: an id that is made anew on every request comes from the request instead.

A parameter that names the conversation already takes its place. Without one, the handler takes an optional header and
sends the id back in the same (``session_header``): clients that know nothing of it stay as they are.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.keys import nameable
from lcmemlint.fixes.session_header import through_header
from lcmemlint.fixes.trees import Tree, dotted, walk


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that let the client name its conversation."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    whole = _whole(tree, call)
    drops = tuple(sorted({node.value for node in walk(whole, cst.Name)}))
    if request.get("key"):
        value = nameable(tree, request, context, site=call)
        if isinstance(value, Refusal):
            return value
        return Change((Edit(*tree.extent(whole), value),), drops=drops)
    made = (dotted(call.func) or "").rpartition(".")[2]
    is_text = whole is not call or not made.startswith(("uuid", "time"))
    return through_header(tree, whole, request.get("framework"), is_text=is_text)


def _whole(tree: Tree, call: cst.Call) -> cst.CSTNode:
    """``str(uuid4())`` and ``uuid4().hex`` around ``uuid4()``."""
    whole: cst.CSTNode = call
    for around in tree.ancestors(call):
        if isinstance(around, cst.Arg):
            continue
        is_text = isinstance(around, cst.Call) and dotted(around.func) == "str" and len(around.args) == 1
        if not is_text and not (isinstance(around, cst.Attribute) and around.attr.value == "hex"):
            break
        whole = around
    return whole
