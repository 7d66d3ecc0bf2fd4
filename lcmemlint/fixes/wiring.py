"""Codemods that mend one argument of one call: ``set-argument``, ``drop-argument``, ``add-checkpointer``."""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.arguments import added_argument, has_stars, keyword, without_argument
from lcmemlint.fixes.checkpointer import shared_call
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.trees import Tree, walk

_GONE = Refusal("there is no call at this place any more")


def set_argument(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edit that gives a literal argument another value, or adds it."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return _GONE
    name, text = request.get("argument"), request.get("text")
    value = f"{tree.quote}{text}{tree.quote}" if text else request.get("code")
    if has_stars(call):
        return Refusal(f"the call passes on what is not known here: it may already name `{name}`")
    if text and (read := _reads(tree, request.get("old"))) is not None:
        return Refusal(f"line {tree.line(read)} reads it under the old name (`{tree.source(read)}`)")
    given = keyword(call, name)
    if given is None:
        return Change(added_argument(tree, call, f"{name}={value}"))
    if not isinstance(given.value, cst.SimpleString) and not _is_constant(given.value):
        return Refusal(f"`{tree.source(given)}` is not a literal")
    return Change((Edit(*tree.extent(given.value), value),))


def drop_argument(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that take an argument away, and what was built for it alone."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return _GONE
    name = request.get("argument")
    given = keyword(call, name)
    if given is None:
        return Refusal(f"`{name}` is not passed by its name here")
    if tree.has_comment(*tree.extent(given)):
        return Refusal("a comment stands inside the argument")
    names = tuple(sorted({node.value for node in walk(given.value, cst.Name)}))
    made = {node.value for each in names for node in _bound_to(tree, each)}
    return Change(without_argument(tree, call, given), drops=tuple(sorted(made | set(names))), orphans=names)


def add_checkpointer(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edit that gives a graph the shared saver."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return _GONE
    if has_stars(call):
        return Refusal("the call passes on what is not known here: it may already name a checkpointer")
    given = keyword(call, "checkpointer")
    shared = shared_call(tree, request, context, [])
    if given is not None:
        return Refusal(f"`{tree.source(given)}` is given already")
    return Change(added_argument(tree, call, f"checkpointer={shared}"), needs=("shared_checkpointer",))


def _is_constant(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Name) and value.value in ("None", "True", "False")


def _reads(tree: Tree, key: str) -> cst.CSTNode | None:
    """Where the file takes a value out of a dict under this literal key."""
    for node in walk(tree.module, cst.Subscript):
        for element in node.slice:
            index = element.slice.value if isinstance(element.slice, cst.Index) else None
            if isinstance(index, cst.SimpleString) and index.evaluated_value == key:
                return node
    for call in walk(tree.module, cst.Call):
        first = call.args[0].value if call.args else None
        is_get = isinstance(call.func, cst.Attribute) and call.func.attr.value in ("get", "pop")
        if is_get and isinstance(first, cst.SimpleString) and first.evaluated_value == key:
            return call
    return None


def _bound_to(tree: Tree, name: str) -> list[cst.Name]:
    """The names in what a name is assigned: the classes that it is built with."""
    return [
        node
        for assign in walk(tree.module, cst.Assign)
        if any(isinstance(each.target, cst.Name) and each.target.value == name for each in assign.targets)
        for node in walk(assign.value, cst.Name)
    ]
