"""Places where values stand, and what sweeps note of them."""

from __future__ import annotations

from dataclasses import dataclass

from lcmemlint.link.objects import FunctionOf, Object
from lcmemlint.values import Value


@dataclass(frozen=True, slots=True)
class Site:
    """A value and where it stands; ``at`` is its statement (-1: none)."""

    path: str
    scope: int
    value: Value
    at: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Something kept under ``key`` (None: no key, or one that only the run knows)."""

    key: Value | None
    site: Site
    constant: str | int | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A call in the project of a function of the project; ``passed`` says it was handed over, not called."""

    path: str
    scope: int
    call: int
    callee: FunctionOf
    owner: Object | None
    passed: bool
