"""Frozen values as JSON rows and back: how facts and findings travel between processes and lie on disk.

A value of one of our classes is ``[tag, field, …]``, a tuple is ``[0, item, …]``, anything else is itself. Nodes of
expressions, and findings, that stand in several places are written once and referred to: they have an identity.
Reading makes values of the classes listed here and nothing else, so a row cannot run code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from lcmemlint import facts, findings, values
from lcmemlint.values import UNKNOWN

Row: TypeAlias = Any
"""What ``json.loads`` gives: lists, strings, numbers, truth values, None."""

_TUPLE: Final = 0
_AGAIN: Final = 1
_UNKNOWN: Final = 2
_BIG: Final = 3
_FIRST: Final = 4
_LARGEST: Final = 2**63
"""Whole numbers from here on are written in hexadecimal: Python refuses to write thousands of decimal digits."""

_NODES: Final[tuple[type, ...]] = (
    values.Const,
    values.Name,
    values.AttrOf,
    values.ItemOf,
    values.CallOf,
    values.Joined,
    values.OneOf,
    values.Container,
    values.Lambda,
    values.Combined,
    values.Starred,
    findings.Finding,
)
_OTHERS: Final[tuple[type, ...]] = (
    values.Span,
    values.Location,
    facts.Param,
    facts.Argument,
    facts.Scope,
    facts.Block,
    facts.Import,
    facts.Call,
    facts.Statement,
    facts.Ignore,
    facts.Problem,
    facts.FileFacts,
    findings.Step,
    findings.FixRequest,
    findings.Silenced,
)
CLASSES: Final = (*_NODES, *_OTHERS)
"""The classes that rows may hold; their order is the format."""

_TAGS: Final = {cls: number for number, cls in enumerate(CLASSES, _FIRST)}
_FIELDS: Final[Mapping[type, tuple[str, ...]]] = {cls: cast(Any, cls).__match_args__ for cls in CLASSES}
_LAST_NODE: Final = _FIRST + len(_NODES) - 1
_PLAIN: Final = frozenset((str, int, float, bool, type(None)))


class BadRow(ValueError):
    """A row that stands for no value of ours."""


def dumps(thing: object) -> str:
    """A value as one line of JSON."""
    return json.dumps(_Writer().row(thing), separators=(",", ":"))


def loads(text: str) -> Any:
    """The value that ``dumps`` wrote. Raises ``BadRow`` for any other text."""
    try:
        return _reader()(json.loads(text))
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise BadRow(str(error)) from error


class _Writer:
    """Writes one value; ``nodes`` are the numbers of the expressions written so far, by identity."""

    def __init__(self) -> None:
        self.nodes: dict[int, int] = {}

    def row(self, thing: Any) -> Row:
        """The row of a value."""
        kind = type(thing)
        if kind in _PLAIN:
            is_big = kind is int and not -_LARGEST < thing < _LARGEST
            return [_BIG, hex(thing)] if is_big else thing
        if kind is tuple:
            return [_TUPLE, *[self.row(item) for item in thing]]
        if thing is UNKNOWN:
            return [_UNKNOWN]
        if id(thing) in self.nodes:
            return [_AGAIN, self.nodes[id(thing)]]
        tag = _TAGS[kind]
        row = [tag, *[self.row(getattr(thing, name)) for name in _FIELDS[kind]]]
        if tag <= _LAST_NODE:
            self.nodes[id(thing)] = len(self.nodes)
        return row


def _reader() -> Callable[[Row], Any]:
    """A function that reads the rows of one value."""
    nodes: list[Any] = []

    def read(row: Row) -> Any:
        if type(row) is not list:
            return row
        tag = row[0]
        if tag == _TUPLE:
            return tuple([item if type(item) is not list else read(item) for item in row[1:]])
        if tag == _UNKNOWN:
            return UNKNOWN
        if tag == _AGAIN:
            return nodes[row[1]]
        if tag == _BIG:
            return int(row[1], 16)
        if type(tag) is not int or tag < _FIRST:
            raise BadRow(f"no value has the tag {tag!r}")
        made = CLASSES[tag - _FIRST](*[item if type(item) is not list else read(item) for item in row[1:]])
        if tag <= _LAST_NODE:
            nodes.append(made)
        return made

    return read
