"""Places where values stand, and what sweeps note of them."""

from __future__ import annotations

from msgspec import Struct

from lcmemlint.link.objects import FunctionOf, Object
from lcmemlint.values import Value


class Site(Struct, frozen=True):
    """A value and where it stands; ``at`` is its statement (-1: none)."""

    path: str
    scope: int
    value: Value
    at: int


class Stored(Struct, frozen=True):
    """Something kept under ``key`` (None: no key, or one that only the run knows)."""

    key: Value | None
    site: Site
    constant: str | int | None


class Edge(Struct, frozen=True):
    """A call in the project of a function of the project; ``passed`` says it was handed over, not called."""

    path: str
    scope: int
    call: int
    callee: FunctionOf
    owner: Object | None
    passed: bool
