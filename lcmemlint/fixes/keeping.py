"""What a statement that keeps something in a dict does to what was kept there: is it created, or replaced?

``store[key] = new()`` where the code has seen that nothing is there creates a conversation; where it asks nothing, it
begins the conversation anew. With a shared history the first needs no more, and the second must clear it.
"""

from __future__ import annotations

from typing import Literal

import libcst as cst
from msgspec import Struct

from lcmemlint.fixes.get_or_create import item
from lcmemlint.fixes.trees import Function, Tree, every, unparenthesized, walk


class Kept(Struct, frozen=True):
    """The statement that keeps what a call makes in a dict, the dict and its key as `unparenthesized` writes them."""

    statement: cst.BaseStatement
    container: str
    key: str


Keeping = Literal["creates", "replaces", "unknown"]
_Slot = tuple[str, str]


def filled(node: cst.CSTNode) -> tuple[str, str] | None:
    """(container, key) that ``container[key] = …`` or ``container.setdefault(key, …)`` fills."""
    match node:
        case cst.AssignTarget(target=cst.Subscript() as target):
            return item(target)
        case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value="setdefault")), args=[key, _]):
            return (unparenthesized(container), unparenthesized(key.value))
    return None


def slot_of(tree: Tree, call: cst.Call) -> Kept | None:
    """Where the code keeps what a call makes: in the same statement, or by the name that it gives it first."""
    statement = tree.statement(call)
    for node in every(statement):
        if (found := filled(node)) is not None:
            return Kept(statement, *found)
    assign, function = tree.parent(call), tree.function(call)
    if not isinstance(assign, cst.Assign) or function is None:
        return None
    names = {each.target.value for each in assign.targets if isinstance(each.target, cst.Name)}
    for later in walk(function.body, cst.Assign):
        if isinstance(later.value, cst.Name) and later.value.value in names:
            for target in later.targets:
                if (found := filled(target)) is not None:
                    return Kept(tree.statement(later), *found)
    return None


def keeping(tree: Tree, kept: Kept) -> Keeping:
    """What the statement does with the item of the dict that it sets."""
    statement, container, key = kept.statement, kept.container, kept.key
    if any(_is_setdefault(node) for node in every(statement)):
        return "creates"
    function = tree.function(statement)
    inside: cst.CSTNode = statement
    for around in tree.ancestors(statement):
        if around is function:
            break
        if isinstance(around, cst.If):
            asked = _asked(around.test, (container, key), function)
            if asked is not None:
                is_body = inside is around.body
                return (
                    "unknown"
                    if asked == "unknown"
                    else "creates"
                    if (asked == "absent") == is_body
                    else "replaces"
                )
        if (
            isinstance(around, cst.Try)
            and inside is not around.body
            and _mentions(around.body, (container, key))
        ):
            return "creates"
        inside = around
    return "replaces"


def _is_setdefault(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and filled(node) is not None


def _asked(
    test: cst.BaseExpression, slot: _Slot, function: Function | None
) -> Literal["absent", "known", "unknown"] | None:
    """What a condition asks about the item; None when it does not look at the dict."""
    names = _taken_from(function, slot)
    if not _mentions(test, slot[:1]) and not any(node.value in names for node in walk(test, cst.Name)):
        return None
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            asked = _asked(inner, slot, function)
            return {"known": "absent", "absent": "known"}.get(asked or "", "unknown")  # type: ignore[return-value]
        case cst.Comparison(
            left=left,
            comparisons=[cst.ComparisonTarget(operator=cst.In() | cst.NotIn() as operator, comparator=right)],
        ):
            if (unparenthesized(right), unparenthesized(left)) != slot:
                return "unknown"
            return "known" if isinstance(operator, cst.In) else "absent"
        case cst.Comparison(
            comparisons=[
                cst.ComparisonTarget(
                    operator=cst.Is() | cst.IsNot() as operator, comparator=cst.Name(value="None")
                )
            ]
        ):
            return "absent" if isinstance(operator, cst.Is) else "known"
        case cst.BooleanOperation() | cst.Comparison():
            return "unknown"
    is_kept = isinstance(test, cst.Name) and test.value in names
    return "known" if is_kept or _mentions(test, slot) else "unknown"


def _taken_from(function: Function | None, slot: _Slot) -> set[str]:
    """The variables of a function that hold what the dict gave."""
    if function is None:
        return set()
    found = set()
    for node in every(function.body):
        match node:
            case cst.Assign(targets=targets, value=value) if _mentions(value, slot):
                found |= {each.target.value for each in targets if isinstance(each.target, cst.Name)}
            case cst.NamedExpr(target=cst.Name(value=name), value=value) if _mentions(value, slot):
                found.add(name)
    return found


def _mentions(node: cst.CSTNode, wanted: tuple[str, ...]) -> bool:
    found = {unparenthesized(each) for each in every(node) if isinstance(each, cst.BaseExpression)}
    return found.issuperset(wanted)
