"""Places in source text, and the small expression language that facts are written in.

A ``Value`` says what an expression *is*, as far as one text can tell: names are kept as written and
resolved by the linker. The sum is closed; whatever has no shape of its own is ``Unknown``. As JSON, a value is a row
of its tag and its fields; tags and the order of fields are the format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct


class Span(Struct, frozen=True, order=True, array_like=True):
    """A stretch of source; lines count from 1, columns from 0 (code points), ends are exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE = Span(1, 0, 1, 0)
"""The span of a fact that has no place of its own (a whole file)."""


class Location(Struct, frozen=True, order=True):
    """A span in a file; ``path`` is relative to the project root and written with ``/``."""

    path: str
    span: Span


class Unknown(Enum):
    """An expression whose shape we do not follow. There is one, in facts that were written and read, too."""

    UNKNOWN = 0

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return self.name


class Const(Struct, frozen=True, array_like=True, tag=1):
    """A literal. Two equal literals are equal wherever they stand."""

    value: str | int | float | bool | None
    span: Span | None = None

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, Const) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)


class Name(Struct, frozen=True, array_like=True, tag=2):
    """A name as written; the linker decides what it means in its scope."""

    id: str


class AttrOf(Struct, frozen=True, array_like=True, tag=3):
    """``base.name``"""

    base: Value
    name: str


class ItemOf(Struct, frozen=True, array_like=True, tag=4):
    """``base[key]``"""

    base: Value
    key: Value


class CallOf(Struct, frozen=True, array_like=True, tag=5):
    """The result of a call; ``call`` counts into ``FileFacts.calls`` of the same file."""

    call: int


class Joined(Struct, frozen=True, array_like=True, tag=6):
    """Text put together: an f-string, ``+`` or ``%`` with text, ``str.format``, ``str.join``."""

    parts: tuple[Value, ...]


class OneOf(Struct, frozen=True, array_like=True, tag=7):
    """``a or b``, ``a and b``, ``a if test else b``: one of the options, in the order written."""

    how: Literal["or", "and", "if"]
    options: tuple[Value, ...]
    test: Value | None = None


class Container(Struct, frozen=True, array_like=True, tag=8):
    """A display of items; ``keys`` has one entry an item for dicts (None for ``**rest``), else it is empty."""

    kind: Literal["list", "tuple", "set", "dict"]
    items: tuple[Value, ...]
    keys: tuple[Value | None, ...] = ()


class Lambda(Struct, frozen=True, array_like=True, tag=9):
    """A lambda; ``scope`` counts into ``FileFacts.scopes`` of the same file."""

    scope: int


class Combined(Struct, frozen=True, array_like=True, tag=10):
    """Any other operation: comparisons (``"in"``), ``"not"``, ``"|"``, arithmetic, comprehensions, ``"yield"``."""

    op: str
    parts: tuple[Value, ...]


class Starred(Struct, frozen=True, array_like=True, tag=11):
    """``*value`` inside a display or a call."""

    value: Value


Value: TypeAlias = (
    Unknown
    | Const
    | Name
    | AttrOf
    | ItemOf
    | CallOf
    | Joined
    | OneOf
    | Container
    | Lambda
    | Combined
    | Starred
)

UNKNOWN: Final = Unknown.UNKNOWN


_PARTS: Final[Mapping[type, Callable[[Any], tuple[Value, ...]]]] = {
    AttrOf: lambda value: (value.base,),
    ItemOf: lambda value: (value.base, value.key),
    Joined: lambda value: value.parts,
    Combined: lambda value: value.parts,
    OneOf: lambda value: value.options if value.test is None else (value.test, *value.options),
    Container: lambda value: (*(key for key in value.keys if key is not None), *value.items),
    Starred: lambda value: (value.value,),
}


def parts_of(value: Value) -> tuple[Value, ...]:
    """The values directly inside a value; a call's own arguments are not inside ``CallOf``."""
    parts = _PARTS.get(type(value))
    return () if parts is None else parts(value)


def walk(value: Value) -> Iterator[Value]:
    """The value and all values inside it, outermost first, without entering calls or lambdas."""
    pending = [value]
    while pending:
        current = pending.pop()
        yield current
        parts = _PARTS.get(type(current))
        if parts is not None:
            pending.extend(reversed(parts(current)))


def dotted(value: Value) -> str | None:
    """``a.b.c`` for a plain attribute chain, else None: a call or subscript hides what the rest belongs to."""
    names: list[str] = []
    while isinstance(value, AttrOf):
        names.append(value.name)
        value = value.base
    if not isinstance(value, Name):
        return None
    return ".".join([value.id, *reversed(names)])
