"""Codemod ``session-config``: a run that names no conversation gets a configuration that does.

``chain.invoke(x)`` becomes ``chain.invoke(x, config={"configurable": {"session_id": session_id}})``; a literal
configuration that names other things gets one more entry.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.arguments import added_argument, has_stars, keyword
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Refusal
from lcmemlint.fixes.keys import nameable
from lcmemlint.fixes.trees import Tree


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that put the key into the configuration of a run."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    value = nameable(tree, request, context, site=call)
    if isinstance(value, Refusal):
        return value
    if has_stars(call):
        return Refusal("the call passes on what is not known here: it may already hold a configuration")
    name, quote = request.get("name"), tree.quote
    entry = f"{quote}{name}{quote}: {value}"
    given = keyword(call, "config") or _second(call)
    if given is None:
        written = f"{{{quote}configurable{quote}: {{{entry}}}}}"
        return Change(added_argument(tree, call, f"config={written}"))
    if not isinstance(given.value, cst.Dict):
        return Refusal(f"the configuration `{tree.source(given.value)}` is put together elsewhere")
    inner = _item(given.value, "configurable")
    if inner is None:
        return Change(_with_entry(tree, given.value, f"{quote}configurable{quote}: {{{entry}}}"))
    if not isinstance(inner, cst.Dict) or _item(inner, name) is not None:
        return Refusal(f"the configuration `{tree.source(given.value)}` says more than this fix understands")
    return Change(_with_entry(tree, inner, entry))


def _second(call: cst.Call) -> cst.Arg | None:
    """The second argument by position, which is the configuration of every run."""
    return call.args[1] if len(call.args) > 1 and call.args[1].keyword is None else None


def _item(node: cst.Dict, name: str) -> cst.BaseExpression | None:
    for element in node.elements:
        key = element.key if isinstance(element, cst.DictElement) else None
        if isinstance(key, cst.SimpleString) and key.evaluated_value == name:
            return element.value
    return None


def _with_entry(tree: Tree, node: cst.Dict, entry: str) -> Edits:
    """One more entry behind the last one, on a line of its own where that stands on one."""
    if not node.elements:
        at = tree.extent(node)[0] + 1
        return (Edit(at, at, entry),)
    last = node.elements[-1]
    start = tree.extent(last)[0]
    end = tree.extent(last.value)[1]
    is_alone = tree.starts_line(start) and tree.line_start(start) != tree.line_start(tree.extent(node)[0])
    gap = f",{tree.newline}{tree.indent(start)}" if is_alone else ", "
    return (Edit(end, end, f"{gap}{entry}"),)
