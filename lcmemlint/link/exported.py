"""Savers and stores of graphs that a platform runs: the LangGraph server puts its own in their place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct

from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import Instance, Object
from lcmemlint.link.reach import Reach
from lcmemlint.link.runs import Exported, Runs
from lcmemlint.link.storage import argument


class Replaced(Struct, frozen=True):
    """A saver or store that an exported graph is given, at the call that builds the graph."""

    exported: Exported
    kind: Literal["checkpointer", "store"]
    argument: str
    memory: Memory


class Platform:
    """Answers about the exported graphs of one project; nothing is computed before the first question."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories, runs: Runs) -> None:
        self._evaluator = evaluator
        self._reach = reach
        self._memories = memories
        self._runs = runs

    @cached_property
    def replaced(self) -> tuple[Replaced, ...]:
        """What exported graphs are given in vain, in order of place; not those that an own server runs too."""
        found = [
            one
            for exported in self._runs.exported
            if not self._is_run_here(exported.built.thing)
            for one in self._given(exported)
        ]
        return tuple(sorted(found, key=lambda one: (one.exported.built.at, one.kind)))

    def replaces(self, memory: Memory) -> bool:
        """Whether the platform puts its own in the place of this saver or store."""
        return any(one.memory.thing == memory.thing for one in self.replaced)

    def _is_run_here(self, graph: Object) -> bool:
        return graph in self._reach.used

    def _given(self, exported: Exported) -> Iterator[Replaced]:
        built = exported.built
        component = built.component
        for kind, name, position in (
            ("checkpointer", component.checkpointer_argument, component.checkpointer_position),
            ("store", component.store_argument, component.store_position),
        ):
            value = argument(built.call, (name,), position) if name else None
            if value is None or name is None:
                continue
            things = self._evaluator.value(built.path, built.call.scope, value, built.call.statement)
            found = [self._by_thing.get(thing) for thing in things]
            if found and all(one is not None for one in found) and found[0] is not None:
                yield Replaced(exported, "store" if kind == "store" else "checkpointer", name, found[0])

    @cached_property
    def _by_thing(self) -> dict[Object, Memory]:
        """The savers and stores of the project; what entering one gives is that one."""
        found: dict[Object, Memory] = {}
        for memory in self._memories.all:
            if memory.kind in ("checkpointer", "store"):
                found[memory.thing] = memory
                found[Instance(memory.thing, memory.thing.path, memory.thing.call)] = memory
        return found
