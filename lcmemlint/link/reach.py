"""What runs per request, what once a worker, what only as a script; and which objects request code uses.

From each entry point a breadth-first walk follows calls and handed-over functions, so the way to every function is
the shortest one. Whatever value request code mentions is *used* by it: the objects it may be, the arguments they were
built from, the functions given to them (nodes of a graph, callbacks), and so on. Two smaller walks tell
which functions run while modules are imported or the server starts, and which only under ``__main__``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from lcmemlint.facts import MODULE
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.entry import EntryPoint, Served, servers
from lcmemlint.link.evaluate import Edge, Evaluator, Site
from lcmemlint.link.objects import (
    ClassOf,
    Collection,
    External,
    Fixed,
    FunctionOf,
    Given,
    Instance,
    Method,
    ModuleOf,
    Object,
    Part,
    dotted_of,
)
from lcmemlint.values import AttrOf, CallOf, ItemOf, Lambda, Location, Name, Value, walk

_PASSIVE = (Fixed, External, ModuleOf, ClassOf, Given)
"""What leads no further when request code uses it."""


class Came(Struct, frozen=True):
    """How the walk came to a function or object: from ``source``, at ``at``; ``text`` says what happens there."""

    source: FunctionOf | Object | None
    at: Location
    text: str


class Reach:
    """Answers who runs what. All of it is computed when built."""

    def __init__(
        self,
        evaluator: Evaluator,
        entries: Iterable[EntryPoint],
        served: Iterable[Served],
        roles: dict[str, str],
    ) -> None:
        self.evaluator = evaluator
        self.roles = roles
        self.served = tuple(served)
        self.entries = [point for point in entries if not point.startup]
        self.startup_entries = [point for point in entries if point.startup]
        self.scripts = frozenset(
            point.function.path for point in self.entries if point.function.scope == MODULE
        )
        self.servers = servers(evaluator)
        self.came: dict[FunctionOf, Came] = {}
        self.used: dict[Object, Came] = {}
        self.point: dict[FunctionOf, EntryPoint] = {}
        self._queue: deque[FunctionOf | Object] = deque()
        self._others: list[tuple[Site, Came]] = []
        self.imported = self._walk_plain(self._import_roots())
        self.started = self._walk_plain([point.function for point in self.startup_entries])
        self._walk_requests()
        self.scripted = self._walk_plain(self._main_roots(), main=True)

    # ------------------------------------------------------------------ request path

    def _walk_requests(self) -> None:
        threads: list[EntryPoint] = []
        talks: list[EntryPoint] = []
        rest: list[EntryPoint] = []
        for point in self.entries:
            self.point.setdefault(point.function, point)
            kind = threads if point.framework == "threading" else talks if self._talks(point) else rest
            kind.append(point)
        self._start(talks)  # first: a reader takes the chat route for a better proof than a shorter way
        for given in self.served:
            self._use(given.thing, Came(None, given.at, f"{given.framework} serves it from here"))
        self._drain()
        self._start(rest)
        self._drain()
        self._start(threads)  # after the rest: the route that starts the thread is the better proof
        self._drain()

    def _talks(self, point: EntryPoint) -> bool:
        """Whether an entry point is sure and answers messages, by its name: ``chat_stream``, not ``delete_chat``."""
        if point.confidence != "certain":
            return False
        scope = self.evaluator.files[point.function.path].scopes[point.function.scope]
        if point.function.scope == MODULE:
            return True
        words = self.evaluator.catalogue.session
        said = set(re.split(r"[_\W]+", re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", scope.qualname).lower()))
        return bool(said & words.talk_words) and not said & words.upkeep_words

    def _start(self, points: Iterable[EntryPoint]) -> None:
        for point in points:
            self._enter(point.function, Came(None, point.at, self._entry_text(point)))

    def _drain(self) -> None:
        while self._queue:
            current = self._queue.popleft()
            if isinstance(current, FunctionOf):
                self._visit_function(current)
            else:
                self._visit_object(current)
            if not self._queue:
                self._visit_others()

    def _visit_others(self) -> None:
        """What callers hand over that were not known to run when the callee was visited, and are now."""
        waiting, self._others = self._others, []
        for site, came in waiting:
            if self._is_live(site):
                self._use_at(site, came)
            else:
                self._others.append((site, came))

    def _entry_text(self, point: EntryPoint) -> str:
        if point.function.scope == MODULE:
            return f"{point.framework} runs this script for every interaction"
        name = self.evaluator.files[point.function.path].scopes[point.function.scope].qualname
        if point.framework == "any":
            return f"`{name}` looks like a handler by its name: requests enter here"
        noun = {
            "route": "request",
            "websocket": "message",
            "event": "message",
            "task": "task",
            "serverless": "event",
        }
        return f"{noun.get(point.kind, 'call')} enters `{name}` here ({point.framework})"

    def _enter(self, function: FunctionOf, came: Came) -> None:
        if function not in self.came and self.roles.get(function.path, "app") != "test":
            self.came[function] = came
            self._queue.append(function)

    def _use(self, thing: Object, came: Came) -> None:
        if isinstance(thing, _PASSIVE) or thing in self.used:
            return
        if isinstance(thing, FunctionOf):
            self._enter(thing, came)
            return
        if isinstance(thing, Method):
            self._enter(thing.function, came)
            self._use(thing.owner, came)
            return
        self.used[thing] = came
        self._queue.append(thing)

    def scopes_run_by(self, function: FunctionOf) -> Iterator[int]:
        """The function's scope and the class bodies that run with it."""
        yield function.scope
        for child in self.evaluator.names[function.path].children.get(function.scope, ()):
            if self.evaluator.files[function.path].scopes[child].kind == "class":
                yield child

    def _visit_function(self, function: FunctionOf) -> None:
        path = function.path
        facts = self.evaluator.files[path]
        for scope in self.scopes_run_by(function):
            for number in self.evaluator.names[path].calls_of.get(scope, ()):
                if function.scope == MODULE and facts.calls[number].statement < 0:
                    continue
                self._follow_call(function, path, number)
            for site in self.values_in(path, scope):
                self._follow_value(function, site)
        for param in facts.scopes[function.scope].params:
            for value in (param.default, param.annotation):
                if value is not None:
                    for part in walk(value):
                        if isinstance(part, CallOf):
                            self._follow_call(function, path, part.call)

    def _follow_call(self, function: FunctionOf, path: str, number: int) -> None:
        call = self.evaluator.files[path].calls[number]
        for edge in self._edges(path, call.scope, number):
            self._enter(edge.callee, Came(function, Location(path, call.span), self._edge_text(edge)))

    def _edges(self, path: str, scope: int, number: int) -> list[Edge]:
        return list(self.evaluator.edges.get((path, scope, number), {}).values())

    def _edge_text(self, edge: Edge) -> str:
        scope = self.evaluator.files[edge.callee.path].scopes[edge.callee.scope]
        name = "a lambda" if scope.kind == "lambda" else f"`{scope.qualname}`"
        return f"hands over {name}" if edge.passed else f"calls {name}"

    def values_in(self, path: str, scope: int) -> Iterator[Site]:
        """Every value that the statements and calls of a scope mention, call arguments included."""
        facts = self.evaluator.files[path]
        table = self.evaluator.names[path]
        for number in table.statements_of.get(scope, ()):
            statement = facts.statements[number]
            if statement.value is not None:
                yield Site(path, scope, statement.value, number)
            for target in statement.targets:
                if isinstance(target, (AttrOf, ItemOf)):
                    yield Site(path, scope, target, number)
        for number in table.calls_of.get(scope, ()):
            call = facts.calls[number]
            if isinstance(call.function, AttrOf):
                yield Site(path, scope, call.function.base, call.statement)
            else:
                yield Site(path, scope, call.function, call.statement)
            for argument in call.arguments:
                yield Site(path, scope, argument.value, call.statement)

    def _follow_value(self, function: FunctionOf, site: Site) -> None:
        for part in walk(site.value):
            if isinstance(part, Lambda):
                self._enter(
                    FunctionOf(site.path, part.scope),
                    Came(function, self._lambda_place(site.path, part.scope), "hands over a lambda"),
                )
            if not isinstance(part, (Name, AttrOf, ItemOf)):
                continue
            if isinstance(part, AttrOf):
                self._follow_property(function, site, part)
            used = Site(site.path, site.scope, part, site.at)
            given = self._handed_over(used)
            if given or any(self._is_new(thing) for thing in self.evaluator.at(used)):
                self._use_given(used, given, Came(function, self.place(site), f"uses `{_shown(part)}`"))

    def _lambda_place(self, path: str, scope: int) -> Location:
        return Location(path, self.evaluator.files[path].scopes[scope].span)

    def place(self, site: Site) -> Location:
        """Where the statement of a site stands; the definition of its scope if it has none."""
        facts = self.evaluator.files[site.path]
        if site.at >= 0:
            return Location(site.path, facts.statements[site.at].span)
        return Location(site.path, facts.scopes[site.scope].span)

    def _follow_property(self, function: FunctionOf, site: Site, part: AttrOf) -> None:
        for thing in self.evaluator.value(site.path, site.scope, part.base, site.at):
            if isinstance(thing, Instance) and isinstance(thing.of, ClassOf):
                method = self.evaluator.member(thing.of, part.name)
                if isinstance(method, FunctionOf) and self.evaluator.is_property(method):
                    self._enter(method, Came(function, self.place(site), f"reads `{_shown(part)}`"))

    # ------------------------------------------------------------------ objects that requests use

    def _visit_object(self, thing: Object) -> None:
        match thing:
            case Instance(of=of, path=path, call=number):
                if path:
                    self._visit_built(thing, path, number)
                if isinstance(of, Part):
                    self._use(of.base, self._onwards(thing))
                if self._is_builder(thing):
                    self._visit_calls_on(thing)
            case Collection():
                for _, site in self.evaluator.contents(thing):
                    for inner in self.evaluator.at(site):
                        self._use(inner, Came(thing, self.place(site), "kept here"))
                for stored in list(self.evaluator.items.get(thing, {}).values()):
                    for inner in self.evaluator.at(stored.site):
                        self._use(inner, Came(thing, self.place(stored.site), "kept here"))
            case Part(base=base):
                self._use(base, self._onwards(thing))

    def _onwards(self, thing: Object) -> Came:
        came = self.used[thing]
        if isinstance(thing, Instance) and thing.path:
            call = self.evaluator.files[thing.path].calls[thing.call]
            return Came(thing, Location(thing.path, call.span), self.built_text(thing))
        return Came(came.source, came.at, came.text)

    def built_text(self, thing: Instance) -> str:
        """What a step says where an object is built: the call as the user wrote it."""
        call = self.evaluator.files[thing.path].calls[thing.call]
        written = _shown(call.function)
        return f"`{written}({'…' if call.arguments else ''})` is built here"

    def _visit_built(self, thing: Instance, path: str, number: int) -> None:
        call = self.evaluator.files[path].calls[number]
        came = Came(thing, Location(path, call.span), self.built_text(thing))
        for argument in call.arguments:
            for part in walk(argument.value):
                if isinstance(part, (Name, AttrOf, ItemOf, CallOf, Lambda)):
                    self._use_at(Site(path, call.scope, part, call.statement), came)

    def _is_new(self, thing: Object) -> bool:
        return not isinstance(thing, _PASSIVE) and thing not in self.used and thing not in self.came

    def _use_at(self, site: Site, came: Came) -> None:
        self._use_given(site, self._handed_over(site), came)

    def _use_given(self, site: Site, given: list[Site], came: Came) -> None:
        """Use what a value may be; of a parameter, what callers hand over that run in the server, if any do."""
        live = [one for one in given if self._is_live(one)]
        self._others += [(one, came) for one in given if live and one not in live]
        for one in live or [site]:
            for inner in self.evaluator.at(one):
                self._use(inner, came)

    def _handed_over(self, site: Site) -> list[Site]:
        """What callers hand over, if the value is a parameter that nothing else gives a value."""
        if not isinstance(site.value, Name):
            return []
        home, bindings = self.evaluator.names[site.path].lookup(site.scope, site.value.id)
        if [binding.kind for binding in bindings] != ["param"]:
            return []
        return list(self.evaluator.fills.get((site.path, home, site.value.id), {}).values())

    def _is_live(self, site: Site) -> bool:
        """Whether a request, an import or the start of the server runs this code, as far as is known by now."""
        scopes = self.evaluator.files[site.path].scopes
        scope = site.scope
        while scope > 0 and scopes[scope].kind == "class":
            scope = scopes[scope].parent
        function = FunctionOf(site.path, scope)
        return function in self.came or function in self.imported or function in self.started

    def _is_builder(self, thing: Instance) -> bool:
        name = dotted_of(thing)
        return name is not None and name.split(".", 1)[0] in self.evaluator.catalogue.packages

    def _visit_calls_on(self, thing: Instance) -> None:
        words = self.evaluator.catalogue.session
        for path, number in list(self.evaluator.calls_on.get(thing, {})):
            call = self.evaluator.files[path].calls[number]
            if isinstance(call.function, AttrOf) and call.function.name in words.run | words.state:
                continue  # what others run it with is no part of it
            came = Came(thing, Location(path, call.span), "given to it here")
            for argument in call.arguments:
                self._use_at(Site(path, call.scope, argument.value, call.statement), came)

    # ------------------------------------------------------------------ import, start-up, scripts

    def _import_roots(self) -> list[FunctionOf]:
        return [
            FunctionOf(path, MODULE)
            for path in self.evaluator.files
            if path not in self.scripts and self.roles.get(path, "app") not in ("test", "notebook")
        ]

    def _main_roots(self) -> list[FunctionOf]:
        return [FunctionOf(path, MODULE) for path in self.evaluator.files if path not in self.servers]

    def in_main(self, path: str, block: int) -> bool:
        """Whether a block stands under ``if __name__ == "__main__"``."""
        blocks = self.evaluator.files[path].blocks
        while block >= 0:
            if blocks[block].kind == "main":
                return True
            block = blocks[block].parent
        return False

    def _walk_plain(self, roots: list[FunctionOf], *, main: bool = False) -> frozenset[FunctionOf]:
        seen = dict.fromkeys(roots)
        pending = list(roots)
        while pending:
            function = pending.pop()
            facts = self.evaluator.files[function.path]
            for scope in self.scopes_run_by(function):
                for number in self.evaluator.names[function.path].calls_of.get(scope, ()):
                    call = facts.calls[number]
                    if function.scope == MODULE and self._skipped(
                        function.path, call.block, call.statement, main
                    ):
                        continue
                    for edge in self._edges(function.path, call.scope, number):
                        if edge.callee not in seen and not edge.passed:
                            seen[edge.callee] = None
                            pending.append(edge.callee)
        return frozenset(seen)

    def _skipped(self, path: str, block: int, statement: int, main: bool) -> bool:
        under_main = self.in_main(path, block)
        if main:
            return not under_main
        return under_main and path not in self.servers

    # ------------------------------------------------------------------ proofs

    def trace(self, thing: FunctionOf | Object) -> tuple[Step, ...]:
        """The way from an entry point to a function that request code runs, or to an object that it uses."""
        steps: list[Step] = []
        current: FunctionOf | Object | None = thing
        while current is not None:  # ends: what a thing came from was there before it
            came = self.came.get(current) if isinstance(current, FunctionOf) else self.used.get(current)
            if came is None:
                break
            steps.append(Step(came.at, came.text))
            current = came.source
        ordered = steps[::-1]
        kept = [step for number, step in enumerate(ordered) if number == 0 or step != ordered[number - 1]]
        return tuple(kept)

    def passes(self, thing: FunctionOf | Object, function: FunctionOf) -> bool:
        """Whether the way of ``trace`` to a thing leads through a function."""
        current: FunctionOf | Object | None = thing
        while current is not None:
            if current == function:
                return True
            came = self.came.get(current) if isinstance(current, FunctionOf) else self.used.get(current)
            current = came.source if came is not None else None
        return False

    def confidence(self, thing: FunctionOf | Object) -> Confidence:
        """How sure the entry point of a trace is."""
        current: FunctionOf | Object | None = thing
        while current is not None:
            if isinstance(current, FunctionOf) and current in self.point:
                return self.point[current].confidence
            came = self.came.get(current) if isinstance(current, FunctionOf) else self.used.get(current)
            current = came.source if came is not None else None
        return "certain"

    def runs(self, function: FunctionOf) -> frozenset[str]:
        """When a function runs: any of ``request``, ``import``, ``startup``, ``script``; empty is never."""
        found = set()
        if function in self.came:
            found.add("request")
        if function in self.imported:
            found.add("import")
        if function in self.started:
            found.add("startup")
        if function in self.scripted:
            found.add("script")
        return frozenset(found)


def _shown(value: Value) -> str:
    match value:
        case Name(id=name):
            return name
        case AttrOf(base=base, name=name):
            return f"{_shown(base)}.{name}"
        case ItemOf(base=base):
            return f"{_shown(base)}[…]"
        case CallOf():
            return "…()"
    return "…"
