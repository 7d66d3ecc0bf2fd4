"""Which drawn thing leads to which: the ways of request code, with what is only passed through left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lcmemlint.facts import MODULE
from lcmemlint.findings import Step
from lcmemlint.link.conversation import Holding
from lcmemlint.link.deployment import LinkedWorkload
from lcmemlint.link.entry import EntryPoint
from lcmemlint.link.memory import Memory
from lcmemlint.link.objects import FunctionOf, Instance, dotted_of
from lcmemlint.link.project import Project
from lcmemlint.link.ways import Place, Ways
from lcmemlint.map.model import Link, Node
from lcmemlint.values import Location

Served = tuple[str, Location]
"""A framework that runs a chain or graph, and where it is handed over."""
Key = Place | EntryPoint | Served | Memory | Holding | LinkedWorkload | Node
"""What a box stands for; a store is its own `Node`."""


class Arrows:
    """All arrows of a project, in the order found; ``onwards`` holds the same by source."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: dict[tuple[Key, Key], tuple[Link, str]] = {}
        self.onwards: dict[Key, dict[Key, None]] = {}
        self.entries = {point.function: point for point in project.reach.entries}
        self.held = {one.thing: one for one in project.conversations.holdings}
        self.memories = tuple(
            memory for memory in project.memories.all if memory.runs and not project.wiring.is_untaken(memory)
        )
        self._of_thing = {memory.thing: memory for memory in self.memories}
        self._built: dict[tuple[str, int], Instance] = {}
        self._table = Ways(project).table()
        self._on_request_path()
        self._builders()
        self._when_starting()
        self._workloads()

    @property
    def objects(self) -> tuple[Instance, ...]:
        """The chains, agents and graphs among what is drawn."""
        keys = dict.fromkeys(key for pair in self.found for key in pair)
        return tuple(key for key in keys if isinstance(key, Instance))

    def stores(self, memory: Key) -> tuple[Node, ...]:
        """Where a memory is kept."""
        return tuple(key for key in self.onwards.get(memory, ()) if isinstance(key, Node))

    def join(self, source: Key, target: Key, link: Link, text: str = "") -> None:
        """Draw an arrow, once."""
        if source != target and (source, target) not in self.found:
            self.found[source, target] = (link, text)
            self.onwards.setdefault(source, {})[target] = None

    def key(self, place: Place) -> Key | None:
        """What is drawn of a place; None for what is only passed through (lambdas, dicts, attributes)."""
        if isinstance(place, FunctionOf):
            if place in self.entries:
                return self.entries[place]
            kind = self.project.facts(place.path).scopes[place.scope].kind
            return None if kind == "lambda" or place.scope == MODULE else place
        if place in self.held:
            return self.held[place]
        if isinstance(place, Instance):
            if place in self._of_thing:
                return self._of_thing[place]
            if place.path and self._is_known(dotted_of(place) or ""):
                # One call is one box, also where what is called may be one of several.
                return self._built.setdefault((place.path, place.call), place)
        return None

    def _is_known(self, name: str) -> bool:
        """Whether calling it builds a chain, agent or graph; what must be compiled first is none yet."""
        catalogue = self.project.catalogue
        component, method = catalogue.component(name), catalogue.component_method(name)
        if component is not None:
            return component.method is None
        return method is not None and method[1] == method[0].method

    def _on_request_path(self) -> None:
        for place in self._table:
            source = None if place is None else self.key(place)
            if source is not None and place is not None:
                for target, text in self._next(place):
                    self.join(source, target, _link(target), text)
        for given in self.project.reach.served:
            served = (given.framework, given.at)
            thing = self.key(given.thing)
            for target, text in [(thing, "")] if thing is not None else self._next(given.thing):
                self.join(served, target, "runs", text)

    def _next(self, place: Place) -> Iterator[tuple[Key, str]]:
        """The drawn places that a place leads to, over those that are not drawn, and what happens there."""
        seen = {place}
        pending = [(target, came.text) for target, came in self._table.get(place, ())]
        for current, text in pending:
            if current in seen:
                continue
            seen.add(current)
            key = self.key(current)
            if key is not None:
                yield key, text
            else:
                pending.extend((target, text) for target, _ in self._table.get(current, ()))

    def _builders(self) -> None:
        """From functions to the memories that they build, and from memories to those that they wrap."""
        for memory in self.memories:
            function = self.project.memories.function_of(memory.thing.path, memory.scope)
            key = self.key(function)
            if key is not None:
                self.join(key, memory, "uses", "builds it")
            for inner in memory.delegates:
                kept = self._of_thing.get(inner) if isinstance(inner, Instance) else None
                if kept is not None:
                    self.join(memory, kept, "uses", "keeps its messages there")

    def _when_starting(self) -> None:
        """From where the server starts, over calls, to the functions that build a memory then."""
        evaluator, reach = self.project.evaluator, self.project.reach
        for point in reach.startup_entries:
            pending, seen = [point.function], {point.function}
            for function in pending:
                source: Key = point if function == point.function else function
                for memory in self.memories:
                    if self.project.memories.function_of(memory.thing.path, memory.scope) == function:
                        self.join(source, memory, "uses", "builds it")
                for scope in reach.scopes_run_by(function):
                    for number in evaluator.names[function.path].calls_of.get(scope, ()):
                        for edge in evaluator.edges.get((function.path, scope, number), {}).values():
                            if edge.callee not in seen and edge.callee not in reach.came:
                                seen.add(edge.callee)
                                pending.append(edge.callee)
                                self.join(source, edge.callee, "calls", "calls it")

    def _workloads(self) -> None:
        """From what runs the project to where its requests enter."""
        scaling = self.project.scaling
        served = ((given.framework, given.at) for given in self.project.reach.served)
        points = (*self.entries.values(), *self.project.reach.startup_entries)
        placed: list[tuple[Key, Location]] = [(one, one[1]) for one in served]
        placed += [(point, point.at) for point in points]
        for key, at in placed:
            for linked in scaling.around(at, (Step(at, ""),)):
                self.join(linked, key, "runs", linked.workload.at.text.strip())


def leading_to(onwards: dict[Key, dict[Key, None]], wanted: Iterable[Key]) -> set[Key]:
    """Everything from which an arrow, or several, lead to one of these; these too."""
    before: dict[Key, list[Key]] = {}
    for source, targets in onwards.items():
        for target in targets:
            before.setdefault(target, []).append(source)
    found = set(wanted)
    pending = list(found)
    for current in pending:
        for source in before.get(current, ()):
            if source not in found:
                found.add(source)
                pending.append(source)
    return found


def way(onwards: dict[Key, dict[Key, None]], start: Key, end: Key) -> tuple[Key, ...]:
    """A shortest way over arrows, both ends included; empty if there is none."""
    came: dict[Key, Key | None] = {start: None}
    pending = [start]
    for current in pending:
        if current == end:
            break
        for target in onwards.get(current, ()):
            if target not in came:
                came[target] = current
                pending.append(target)
    if end not in came:
        return ()
    found: list[Key] = []
    step: Key | None = end
    while step is not None:
        found.append(step)
        step = came[step]
    return tuple(found[::-1])


def _link(target: Key) -> Link:
    """What an arrow to such a box says."""
    return "calls" if isinstance(target, FunctionOf) else "uses"
