"""Reads a get-or-create over a dict by running it: once for a key that is there, once for one that is not.

Programs write the same thing in many shapes (``if key not in store``, ``try … except KeyError``, ``setdefault``,
``get`` and a test). Instead of a pattern for each shape, the statements are run on three abstract values: the OLD
history, the NEW one and None. A run of statements is a get-or-create when it ends with OLD for a known key
and with NEW, stored, for an unknown one. A statement that is not understood ends the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import libcst as cst
from msgspec import Struct

from lcmemlint.fixes.trees import unparenthesized

Thing = Literal["old", "new", "none"]


class Slot(Struct, frozen=True):
    """``container[key]`` and the constructor call that fills it, in normal form (see ``unparenthesized``)."""

    container: str
    key: str
    new: cst.Call


class Outcome(Struct, frozen=True):
    """How a run ends: it returns the history, or leaves it in the variables ``names``.

    ``partial`` are variables that only one of the two ways binds: nothing after the run may read them.
    """

    returns: bool
    names: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


class NotUnderstood(Exception):
    """A statement or expression that is no part of a get-or-create."""


class _Missing(Exception):
    """``KeyError`` in the program."""


@dataclass(slots=True)
class _State:
    held: Thing
    names: dict[str, Thing] = field(default_factory=dict)
    returned: Thing | None = None


def outcome(statements: Sequence[cst.BaseStatement], slot: Slot) -> Outcome | None:
    """How these statements end, None when they are no get-or-create of the slot."""
    try:
        present, absent = _run(statements, slot, "old"), _run(statements, slot, "none")
    except (NotUnderstood, _Missing):
        return None
    if present.held != "old" or absent.held != "new":
        return None
    if (present.returned is None) != (absent.returned is None):
        return None
    if present.returned is not None:
        return Outcome(True) if (present.returned, absent.returned) == ("old", "new") else None
    names = sorted(set(present.names) & set(absent.names))
    if any((present.names[name], absent.names[name]) != ("old", "new") for name in names):
        return None
    return Outcome(False, tuple(names), tuple(sorted(set(present.names) ^ set(absent.names))))


def _run(statements: Sequence[cst.BaseStatement], slot: Slot, held: Thing) -> _State:
    state = _State(held)
    _block(statements, slot, state)
    return state


def _block(
    statements: Sequence[cst.BaseStatement | cst.BaseSmallStatement], slot: Slot, state: _State
) -> None:
    for statement in statements:
        if state.returned is not None:
            return
        _statement(statement, slot, state)


def _statement(statement: cst.BaseStatement | cst.BaseSmallStatement, slot: Slot, state: _State) -> None:
    match statement:
        case cst.SimpleStatementLine(body=body):
            _block(body, slot, state)
        case cst.If(test=test, body=body, orelse=orelse):
            if _truth(test, slot, state):
                _block(body.body, slot, state)
            elif isinstance(orelse, cst.If):
                _statement(orelse, slot, state)
            elif orelse is not None:
                _block(orelse.body.body, slot, state)
        case cst.Try(body=body, handlers=[handler], orelse=orelse, finalbody=None) if _catches_key_error(
            handler
        ):
            try:
                _block(body.body, slot, state)
            except _Missing:
                _block(handler.body.body, slot, state)
            else:
                if orelse is not None:
                    _block(orelse.body.body, slot, state)
        case cst.Assign(targets=targets, value=value):
            thing = _value(value, slot, state)
            for target in targets:
                _bind(target.target, thing, slot, state)
        case cst.AnnAssign(target=target, value=value) if value is not None:
            _bind(target, _value(value, slot, state), slot, state)
        case cst.Return(value=value) if value is not None:
            state.returned = _value(value, slot, state)
        case cst.Expr(value=value) if isinstance(value, cst.Call):
            _value(value, slot, state)
        case cst.Pass():
            pass
        case _:
            raise NotUnderstood


def _bind(target: cst.BaseExpression, thing: Thing, slot: Slot, state: _State) -> None:
    if isinstance(target, cst.Name):
        state.names[target.value] = thing
    elif _is_item(target, slot):
        state.held = thing
    else:
        raise NotUnderstood


def _value(node: cst.BaseExpression, slot: Slot, state: _State) -> Thing:
    if node is slot.new:
        return "new"
    if _is_item(node, slot):
        return _held(state)
    match node:
        case cst.Name(value="None"):
            return "none"
        case cst.Name(value=name) if name in state.names:
            return state.names[name]
        case cst.NamedExpr(target=target, value=value):
            thing = _value(value, slot, state)
            _bind(target, thing, slot, state)
            return thing
        case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
            first = _value(left, slot, state)
            return first if first != "none" else _value(right, slot, state)
        case cst.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _truth(test, slot, state) else orelse, slot, state)
        case cst.Call():
            return _method(node, slot, state)
    raise NotUnderstood


def _method(node: cst.Call, slot: Slot, state: _State) -> Thing:
    """``container.get(key)``, ``container.setdefault(key, new)``."""
    func, args = node.func, node.args
    if not isinstance(func, cst.Attribute) or unparenthesized(func.value) != slot.container:
        raise NotUnderstood
    if not args or any(arg.star or arg.keyword for arg in args) or unparenthesized(args[0].value) != slot.key:
        raise NotUnderstood
    match func.attr.value, len(args):
        case "get", 1:
            return state.held
        case "get", 2:
            other = _value(args[1].value, slot, state)
            return state.held if state.held != "none" else other
        case "setdefault", 2:
            other = _value(args[1].value, slot, state)
            state.held = state.held if state.held != "none" else other
            return state.held
    raise NotUnderstood


def _truth(test: cst.BaseExpression, slot: Slot, state: _State) -> bool:
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return not _truth(inner, slot, state)
        case cst.Comparison(
            left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right)]
        ):
            return _comparison(left, operator, right, slot, state)
    return _value(test, slot, state) != "none"  # histories have no __len__: they are true


def _comparison(
    left: cst.BaseExpression, operator: cst.BaseCompOp, right: cst.BaseExpression, slot: Slot, state: _State
) -> bool:
    if isinstance(operator, cst.In | cst.NotIn):
        keys = unparenthesized(right).removesuffix(".keys()")
        if unparenthesized(left) != slot.key or keys != slot.container:
            raise NotUnderstood
        return (state.held == "none") == isinstance(operator, cst.NotIn)
    if (
        isinstance(operator, cst.Is | cst.IsNot | cst.Equal | cst.NotEqual)
        and unparenthesized(right) == "None"
    ):
        is_none = _value(left, slot, state) == "none"
        return is_none == isinstance(operator, cst.Is | cst.Equal)
    raise NotUnderstood


def _held(state: _State) -> Thing:
    if state.held == "none":
        raise _Missing
    return state.held


def _is_item(node: cst.BaseExpression, slot: Slot) -> bool:
    return item(node) == (slot.container, slot.key)


def item(node: cst.BaseExpression) -> tuple[str, str] | None:
    """(container, key) of ``container[key]``; ``container[a, b]`` and ``container[(a, b)]`` have the key ``a, b``."""
    if not isinstance(node, cst.Subscript) or not all(
        isinstance(each.slice, cst.Index) for each in node.slice
    ):
        return None
    keys = [each.slice.value for each in node.slice if isinstance(each.slice, cst.Index)]
    return (unparenthesized(node.value), ", ".join(unparenthesized(key) for key in keys))


def _catches_key_error(handler: cst.ExceptHandler) -> bool:
    return isinstance(handler.type, cst.Name) and handler.type.value == "KeyError" and handler.name is None
