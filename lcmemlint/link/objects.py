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

from dataclasses import field
from typing import TypeAlias

from lcmemlint.records import record
from lcmemlint.values import Span


@record
class External:
    """Something that the project imports, by its dotted name."""

    dotted: str


@record
class ModuleOf:
    """A module of the project."""

    path: str


@record
class FunctionOf:
    """A function, method or lambda of the project; scope 0 is the module's own code."""

    path: str
    scope: int


@record
class ClassOf:
    """A class of the project."""

    path: str
    scope: int


@record
class Method:
    """A function bound to an instance or a class."""

    function: FunctionOf
    owner: Object


@record
class Instance:
    """What calling ``of`` gave at one call; without a path it is some instance, made who knows where."""

    of: Object
    path: str = ""
    call: int = -1
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:  # once, not at each look-up: chains of calls are long
        object.__setattr__(self, "_hash", hash((self.of, self.path, self.call)))

    def __hash__(self) -> int:
        return self._hash


@record
class Part:
    """An attribute of something that is not the project's."""

    base: Object
    name: str
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.base, self.name)))

    def __hash__(self) -> int:
        return self._hash


@record
class Collection:
    """A display of items; ``number`` counts into ``Evaluator.collections``."""

    path: str
    scope: int
    number: int


@record
class Fixed:
    """A literal; where it stands takes no part in comparison."""

    value: str | int | float | bool | None
    path: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False)


@record
class Given:
    """A parameter that no call in the project fills."""

    path: str
    scope: int
    name: str


@record
class Unclear:
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
