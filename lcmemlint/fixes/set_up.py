"""Codemod ``setup-saver`` (unsafe: the database is then needed at this place): a saver's tables are made."""

from __future__ import annotations

from itertools import takewhile

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.trees import Tree, dotted, uses

_PLAIN = (cst.Call, cst.Arg, cst.Assign, cst.AnnAssign, cst.Return, cst.Await, cst.Expr)
"""What is computed whenever its statement is."""
_NAMES = {
    "checkpointer": ("saver", "checkpointer", "postgres_saver"),
    "store": ("store", "shared_store", "graph_store"),
}


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edit that calls ``setup()`` right after the saver is built."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    if "open=False" in tree.text:
        return Refusal("its pool is opened later: call `setup()` after that")
    function = tree.function(call)
    is_async = isinstance(function, cst.FunctionDef) and function.asynchronous is not None
    waits = "await " if request.get("await") == "yes" else ""
    if waits and not is_async:
        return Refusal("`setup()` must be awaited, and no event loop runs where the saver is built")
    ran = f"{waits}{{}}.{request.get('method') or 'setup'}()"
    around = tree.parent(call)
    if isinstance(around, cst.WithItem):
        return _in_with(tree, around, ran)
    statement = tree.statement(call)
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return Refusal("the saver is built inside another statement")
    start, end = tree.extent(statement)
    indent = tree.newline + tree.indent(start)
    if isinstance(around, cst.Assign) and len(around.targets) == 1:
        target = dotted(around.targets[0].target)
        if target is None:
            return Refusal("the saver has no plain name")
        at = tree.line_end(end)
        return Change((Edit(at, at, f"{indent}{ran.format(target)}"),))
    return _hoisted(tree, request, call, statement, ran)


def _hoisted(
    tree: Tree, request: FixRequest, call: cst.Call, statement: cst.SimpleStatementLine, ran: str
) -> Change | Refusal:
    """A saver that is built inside another call gets a name first."""
    inside = takewhile(lambda each: each is not statement, tree.ancestors(call))
    if not all(isinstance(each, _PLAIN) for each in inside):
        return Refusal("the saver is built where it may never be")
    wanted = _NAMES.get(request.get("of"), _NAMES["checkpointer"])
    name = next((each for each in wanted if not any(True for _ in uses(tree, each))), None)
    if name is None:
        return Refusal("the file already uses the names that the saver could have")
    if tree.has_comment(*tree.extent(call)):
        return Refusal("a comment stands inside the call")
    start = tree.extent(statement)[0]
    indent = tree.newline + tree.indent(start)
    above = f"{name} = {tree.source(call)}{indent}{ran.format(name)}{indent}"
    return Change((Edit(start, start, above), Edit(*tree.extent(call), name)))


def _in_with(tree: Tree, item: cst.WithItem, ran: str) -> Change | Refusal:
    node = tree.parent(item)
    target = dotted(item.asname.name) if item.asname is not None else None
    if not isinstance(node, cst.With) or target is None or not isinstance(node.body, cst.IndentedBlock):
        return Refusal("the `with` does not name its saver")
    start = tree.extent(node.body.body[0])[0]
    return Change((Edit(start, start, f"{ran.format(target)}{tree.newline}{tree.indent(start)}"),))
