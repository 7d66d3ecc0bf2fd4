"""What a value may be at run time, as far as the linker can tell. Frozen, hashable, ordered by place.

``External``    something that the project imports: ``langchain.memory.ConversationBufferMemory``, ``builtins.dict``
``ModuleOf``    a module of the project
``FunctionOf``  a function or lambda of the project; ``Method`` is one bound to an instance or class
``ClassOf``     a class of the project
``Instance``    what calling something gave: the call is its place. Without a place it is "some instance of"
``Part``        an attribute of something external: ``app.state``, ``builder.compile``
``Collection``  a dict, list, set or tuple display, at the statement where it stands
``Fixed``       a literal
``Given``       a parameter that no call in the project fills
``UNCLEAR``     anything else
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

from lcmemlint.values import Span


class External(Struct, frozen=True):
    """Something that the project imports, by its dotted name."""

    dotted: str


class ModuleOf(Struct, frozen=True):
    """A module of the project."""

    path: str


class FunctionOf(Struct, frozen=True):
    """A function, method or lambda of the project; scope 0 is the module's own code."""

    path: str
    scope: int


class ClassOf(Struct, frozen=True):
    """A class of the project."""

    path: str
    scope: int


class Method(Struct, frozen=True):
    """A function bound to an instance or a class."""

    function: FunctionOf
    owner: Object


class Instance(Struct, frozen=True, cache_hash=True):
    """What calling ``of`` gave at one call; without a path it is some instance, made who knows where."""

    of: Object
    path: str = ""
    call: int = -1


class Part(Struct, frozen=True, cache_hash=True):
    """An attribute of something that is not the project's."""

    base: Object
    name: str


class Collection(Struct, frozen=True):
    """A display of items; ``number`` counts into ``Evaluator.collections``."""

    path: str
    scope: int
    number: int


class Fixed(Struct, frozen=True):
    """A literal; where it stands takes no part in comparison."""

    value: str | int | float | bool | None
    path: str = ""
    span: Span | None = None

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, Fixed) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)


class Given(Struct, frozen=True):
    """A parameter that no call in the project fills."""

    path: str
    scope: int
    name: str


class Unclear(Struct, frozen=True):
    """Anything else."""


Object: TypeAlias = (
    External
    | ModuleOf
    | FunctionOf
    | ClassOf
    | Method
    | Instance
    | Part
    | Collection
    | Fixed
    | Given
    | Unclear
)

UNCLEAR = Unclear()
LONG = 120
"""Links of the longest chain of calls and attributes that is followed: a graph of 60 fluent calls."""
Objects: TypeAlias = tuple[Object, ...]
"""Distinct objects in the order found: a set that keeps runs reproducible."""


@lru_cache(maxsize=1 << 16)  # asked of the same objects again and again, and chains are long
def dotted_of(thing: Object) -> str | None:
    """The dotted name of the external class, function or attribute that ``thing`` is or came from.

    ``StateGraph(...)`` and ``StateGraph`` both answer ``langgraph.graph.StateGraph``; the result of
    ``builder.compile()`` answers ``langgraph.graph.StateGraph.compile``.
    """
    names: list[str] = []
    for _ in range(LONG):
        match thing:
            case External(dotted=dotted):
                return ".".join([dotted, *reversed(names)])
            case Part(base=base, name=name):
                names.append(name)
                thing = base
            case Instance(of=of):
                thing = of
            case _:
                return None
    return None


def made_at(callee: Object, path: str, call: int, *, links: int = LONG) -> Instance | None:
    """What calling something external gives. A call whose receiver came from that same call (``x = x.next()`` in a
    loop) gives what it gave before; None when the chain has more than that many links.
    """
    inner = callee
    for _ in range(links):
        match inner:
            case Instance(of=of, path=made_in, call=made_by):
                if (made_in, made_by) == (path, call):
                    return inner
                inner = of
            case Part(base=base):
                inner = base
            case _:
                return Instance(callee, path, call)
    return None


def part_of(base: Object, name: str) -> Part:
    """An attribute of something external; ``x.next.next`` is ``x.next``, or ``x = x.next`` would have no end."""
    inner = base
    while isinstance(inner, Part):
        if inner.name == name:
            return inner
        inner = inner.base
    return Part(base, name)


def class_of(thing: Object) -> ClassOf | None:
    """The project class that ``thing`` is an instance of."""
    if isinstance(thing, Instance) and isinstance(thing.of, ClassOf):
        return thing.of
    return None
