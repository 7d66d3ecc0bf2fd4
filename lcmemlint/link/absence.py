"""Tests for something that may be absent: ``not x``, ``x is None``, ``x == ""`` and what is made of them."""

from __future__ import annotations

from lcmemlint.values import AttrOf, CallOf, Combined, Const, ItemOf, Name, OneOf, Value


def missing(test: Value) -> Value | None:
    """What is absent when the test holds: ``not x``, ``x is None``, ``not x or not y``."""
    match test:
        case Combined(op="not", parts=(inner,)):
            return present(inner)
        case Combined(op="is" | "==", parts=(left, Const(value=None | ""))):
            return left if _may_be_absent(left) else None
        case OneOf(how="or", options=options):
            found = [missing(option) for option in options]
            return found[0] if all(one is not None for one in found) else None
    return None


def present(test: Value) -> Value | None:
    """What is there when the test holds: ``x``, ``x is not None``, ``x and y``."""
    match test:
        case Combined(op="is not" | "!=", parts=(left, Const(value=None | ""))):
            return left if _may_be_absent(left) else None
        case Combined(op="not", parts=(inner,)):
            return missing(inner)
        case OneOf(how="and", options=options):
            found = [present(option) for option in options]
            return found[0] if all(one is not None for one in found) else None
        case Name() | AttrOf() | ItemOf() | CallOf():
            return test
    return None


def _may_be_absent(value: Value) -> bool:
    return isinstance(value, Name | AttrOf | ItemOf | CallOf)
