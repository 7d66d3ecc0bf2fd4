"""Graphs and agents, the savers that they are given, and the calls that run them.

A *graph* is what ``compile`` or an agent builder gave; ``with_config`` and the like keep it. Its *savers* are what its
checkpointer argument may be, and what is assigned to ``.checkpointer`` later. A *run* is a call that runs a graph or
reads or changes one of its threads. Code *runs on the loop* when it is a coroutine, or is called by one directly; what
is handed over (``asyncio.to_thread(graph.invoke)``, a callback) runs somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from lcmemlint.catalogue import Component
from lcmemlint.facts import MODULE, Call
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories
from lcmemlint.link.names import Binding
from lcmemlint.link.objects import UNCLEAR, External, Fixed, FunctionOf, Instance, Object, Part
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, has_stars, made_by
from lcmemlint.values import AttrOf, CallOf, Location, Name, OneOf, dotted

_DEEP = 6


class GraphCall(Struct, frozen=True):
    """A call that runs a graph, or reads or changes a thread of it."""

    graph: Instance
    written: str
    """What stands in the code: ``agent.ainvoke``."""
    is_async: bool
    function: FunctionOf
    at: Location


class Saver(Struct, frozen=True):
    """What a graph may be given as checkpointer. ``component`` is None for what is not known."""

    thing: Object
    component: Component | None
    name: str


class Graphs:
    """Answers about the graphs of the project; nothing is computed before the first question."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self._words = evaluator.catalogue.session

    @cached_property
    def runs(self) -> tuple[GraphCall, ...]:
        """All calls that run graphs, in order of place."""
        return tuple(sorted(self._find_runs(), key=lambda run: (run.at, run.written)))

    # ------------------------------------------------------------------ graphs

    def is_graph(self, thing: Object) -> bool:
        """Whether the object is a graph itself, not what running it gave."""
        return self._graph(thing) is not None

    def _graph(self, thing: Object) -> tuple[Call, Site | None] | None:
        """The call that made a graph, with the checkpointer that it was given."""
        current = thing
        while isinstance(current, Instance) and isinstance(current.of, Part):
            if current.of.name in self._words.run | self._words.state:
                return None
            current = current.of.base
        found = made_by(self.evaluator, thing)
        if found is None or not found[0].checkpointer_argument:
            return None
        component, call, path = found
        given = argument(call, (component.checkpointer_argument or "",), component.checkpointer_position)
        return call, None if given is None else Site(path, call.scope, given, call.statement)

    def savers(self, thing: Instance) -> list[Saver]:
        """What the graph's checkpointer may be: given when it was built, or assigned later."""
        found = self._graph(thing)
        if found is None:
            return []
        call, given = found
        sites = [] if given is None else [given]
        for graph in dict.fromkeys((thing, self._root(thing))):
            named = self.evaluator.shared_name(graph)
            sites += list(self.evaluator.attributes.get((named, "checkpointer"), {}).values())
        if has_stars(call) and not sites:
            return [Saver(UNCLEAR, None, "")]
        things = dict.fromkeys(thing for site in sites for thing in self._alternatives(site, 0))
        return [self.saver(one) for one in things if not (isinstance(one, Fixed) and one.value is None)]

    def _alternatives(self, site: Site, depth: int) -> Iterator[Object]:
        """Everything that a value may be, branch by branch, so that an unknown branch is not lost among known ones."""
        branches = self._branches(site) if depth < _DEEP else []
        if not branches:
            yield from self.evaluator.at(site) or (UNCLEAR,)
        for branch in branches:
            yield from self._alternatives(branch, depth + 1)

    def checkpointer_sites(self, thing: Object) -> Iterator[Site]:
        """The expressions, branch by branch, that a graph's checkpointer comes from."""
        found = self._graph(thing)
        pending = [(found[1], 0)] if found is not None and found[1] is not None else []
        while pending:
            site, depth = pending.pop(0)
            branches = self._branches(site) if depth < _DEEP else []
            if not branches:
                yield site
            pending.extend((branch, depth + 1) for branch in branches)

    def _branches(self, site: Site) -> list[Site]:
        """The options of a choice, the assignments of a name, the returns of a function; empty for all else."""
        path, evaluator = site.path, self.evaluator
        match site.value:
            case OneOf(options=options):
                return [Site(path, site.scope, option, site.at) for option in options]
            case Name(id=name):
                table = evaluator.names[path]
                home, bindings = table.lookup(site.scope, name)
                found = []
                for binding in table.reaching(bindings, home, site.at) if home == site.scope else bindings:
                    given = self._bound(site, home, binding)
                    if not given:
                        return []
                    found.extend(given)
                return found
            case CallOf(call=number):
                call = evaluator.files[path].calls[number]
                callees = evaluator.value(path, call.scope, call.function, call.statement)
                if len(callees) == 1 and isinstance(callees[0], FunctionOf):
                    return self._returns(callees[0])
        return []

    def _bound(self, site: Site, home: int, binding: Binding) -> list[Site]:
        """What a binding gives a name: the assigned value, or what calls and the default give a parameter."""
        facts = self.evaluator.files[site.path]
        if binding.kind == "param":
            param = facts.scopes[home].params[binding.index]
            given = list(self.evaluator.fills.get((site.path, home, param.name), {}).values())
            default = param.default
            return (
                given
                if default is None
                else [*given, Site(site.path, facts.scopes[home].parent, default, -1)]
            )
        if binding.kind != "statement" or binding.path or binding.index == site.at:
            return []
        statement = facts.statements[binding.index]
        if statement.kind != "assign" or statement.value is None:
            return []
        return [Site(site.path, statement.scope, statement.value, binding.index)]

    def _returns(self, function: FunctionOf) -> list[Site]:
        """What a function returns, one site a statement."""
        facts = self.evaluator.files[function.path]
        found = []
        for number in self.evaluator.names[function.path].statements_of.get(function.scope, ()):
            statement = facts.statements[number]
            if statement.kind not in ("return", "yield") or statement.value is None:
                continue
            if not self.is_never_taken(function.path, function.scope, statement.block):
                found.append(Site(function.path, function.scope, statement.value, number))
        return found

    def is_never_taken(self, path: str, scope: int, block: int) -> bool:
        """Whether a block stands under ``if parameter:`` and every call hands over None, False or nothing."""
        facts = self.evaluator.files[path]
        function = FunctionOf(path, scope)
        for number in self.evaluator.names[path].blocks_around(block):
            test = facts.blocks[number].test
            if (
                facts.blocks[number].kind != "if"
                or not isinstance(test, Name)
                or function in self.reach.point
            ):
                continue
            if not self.evaluator.fills.get((path, scope, test.id)):
                continue
            things = self.evaluator.value(path, scope, test)
            if things and all(isinstance(thing, Fixed) and not thing.value for thing in things):
                return True
        return False

    def _root(self, thing: Instance) -> Object:
        """The graph below ``with_config`` and the like."""
        current: Object = thing
        while isinstance(current, Instance) and isinstance(current.of, Part):
            inner = current.of.base
            if not isinstance(inner, Instance) or not self.is_graph(inner):
                break
            current = inner
        return current

    def saver(self, thing: Object) -> Saver:
        """An object as a saver: of the catalogue, or unknown."""
        if isinstance(thing, Instance) and thing.path and isinstance(thing.of, External):
            name = thing.of.dotted
            component = self.evaluator.catalogue.component(name)
            if component is None:
                method = self.evaluator.catalogue.component_method(name)
                if method is not None and method[1] in (*method[0].context_manager, *method[0].factories):
                    component = method[0]
            if component is not None and component.kind == "checkpointer" and not component.abstract:
                return Saver(thing, component, class_name(name))
        return Saver(thing, None, "")

    # ------------------------------------------------------------------ runs

    def _find_runs(self) -> Iterator[GraphCall]:
        words = self._words
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                function = call.function
                if not isinstance(function, AttrOf) or function.name not in words.run | words.state:
                    continue
                is_async = function.name in words.run_async | words.state_async
                written = f"{dotted(function.base) or '…'}.{function.name}"
                home = self.memories.function_of(path, call.scope)
                for thing in self.evaluator.value(path, call.scope, function.base, call.statement):
                    if isinstance(thing, Instance) and self.is_graph(thing):
                        yield GraphCall(thing, written, is_async, home, Location(path, call.span))

    @cached_property
    def _on_loop(self) -> frozenset[FunctionOf]:
        """All functions that an event loop runs on its own thread: coroutines, and what they call directly."""
        evaluator = self.evaluator
        callees: dict[FunctionOf, list[FunctionOf]] = {}
        for (path, scope, _), edges in evaluator.edges.items():
            caller = self.memories.function_of(path, scope)
            callees.setdefault(caller, []).extend(edge.callee for edge in edges.values() if not edge.passed)
        pending = [
            FunctionOf(path, number)
            for path, facts in evaluator.files.items()
            for number, scope in enumerate(facts.scopes)
            if scope.is_async and number != MODULE
        ]
        found = set(pending)
        while pending:
            for callee in callees.get(pending.pop(), ()):
                if callee not in found:
                    found.add(callee)
                    pending.append(callee)
        return frozenset(found)

    def runs_on_loop(self, function: FunctionOf) -> bool:
        """Whether the thread of an event loop runs the function."""
        return function in self._on_loop

    def is_live(self, function: FunctionOf) -> bool:
        """Whether a request or the start of the server runs the function."""
        return function in self.reach.came or function in self.reach.started


def class_name(path: str) -> str:
    """``langgraph.checkpoint.postgres.PostgresSaver.from_conn_string`` → ``PostgresSaver``."""
    return next((part for part in reversed(path.split(".")) if part[:1].isupper()), path)
