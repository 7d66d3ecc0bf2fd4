"""Places where values stand, and what sweeps note of them."""

from __future__ import annotations

from lcmemlint.link.objects import FunctionOf, Object
from lcmemlint.records import record
from lcmemlint.values import Value


@record
class Site:
    """A value and where it stands; ``at`` is its statement (-1: none)."""

    path: str
    scope: int
    value: Value
    at: int


@record
class Stored:
    """Something kept under ``key`` (None: no key, or one that only the run knows)."""

    key: Value | None
    site: Site
    constant: str | int | None


@record
class Edge:
    """A call in the project of a function of the project; ``passed`` says it was handed over, not called."""

    path: str
    scope: int
    call: int
    callee: FunctionOf
    owner: Object | None
    passed: bool
