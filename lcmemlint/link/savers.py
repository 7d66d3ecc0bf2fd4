"""Lifecycles of savers and stores: how they are opened, entered, set up and left.

A *manager* is what ``from_conn_string()`` gives: it opens the connection when it is entered and closes it at the end of
its ``with``. A *connection* is what a constructor is given: a pool, an engine, a client or one lone connection. A saver
is *given* when a graph receives it. All answers are about savers that server code uses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct

from lcmemlint.facts import MODULE, FileFacts
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.graphs import Graphs, class_name
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import (
    Collection,
    External,
    Fixed,
    FunctionOf,
    Instance,
    Object,
    dotted_of,
)
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, has_stars
from lcmemlint.link.versions import Versions
from lcmemlint.values import AttrOf, Const, ItemOf, Joined, Location, Name, Value, walk

LapseKind = Literal["unentered", "left", "no-loop", "argument", "thread", "lone"]

_ENTER = ("enter_context", "enter_async_context")
_ENTERED = ("__enter__", "__aenter__")
_QUIET = ("print", "debug", "info", "warning", "setup", "asetup")
_TEXTS = ("os.getenv", "os.environ.get", "builtins.str", "decouple.config")
_TABLES = ("checkpoint_migrations", "checkpoint_blobs", "checkpoint_writes", "store_migrations")


class Lapse(Struct, frozen=True):
    """A saver that is opened in a way that cannot hold; ``where`` is the place that shows it."""

    kind: LapseKind
    memory: Memory
    name: str
    how: str
    where: Location
    confidence: Confidence


class Opening(Struct, frozen=True):
    """Something that is opened on every request, for a saver, a store or a history."""

    name: str
    kind: str
    owner: Memory
    at: Location
    confidence: Confidence
    trace: tuple[Step, ...]


class Savers:
    """Answers about the savers and stores of one project; ``dropped`` are files that take no other part: migrations."""

    def __init__(self, graphs: Graphs, versions: Versions, dropped: Iterable[FileFacts] = ()) -> None:
        self.graphs = graphs
        self._dropped = tuple(dropped)
        self.versions = versions
        self.evaluator: Evaluator = graphs.evaluator
        self.memories: Memories = graphs.memories
        self.reach: Reach = graphs.reach
        self._managed: dict[Object, list[tuple[str, int]]] = defaultdict(list)
        self._entered: set[Object] = set()
        self._given: dict[Object, list[tuple[Location, str]]] = defaultdict(list)

    @cached_property
    def _all(self) -> tuple[Memory, ...]:
        """Savers and stores of the catalogue that server code uses; finding them fills the tables."""
        found = tuple(
            memory
            for memory in self.memories.all
            if memory.kind in ("checkpointer", "store") and memory.own_class is None and self._is_used(memory)
        )
        if found:
            for path in self.evaluator.files:
                self._index(path)
            self._index_attributes()
        return found

    def _is_used(self, memory: Memory) -> bool:
        if not memory.on_request_path and "startup" not in memory.runs:
            return False
        block = self.evaluator.files[memory.thing.path].calls[memory.thing.call].block
        return not self.graphs.is_never_taken(memory.thing.path, memory.scope, block)

    def _index(self, path: str) -> None:
        facts = self.evaluator.files[path]
        for number, statement in enumerate(facts.statements):
            if statement.kind == "with" and statement.value is not None:
                for thing in self.evaluator.at(Site(path, statement.scope, statement.value, number)):
                    self._managed[thing].append((path, number))
                    self._entered.add(thing)
        for number, call in enumerate(facts.calls):
            if isinstance(call.function, AttrOf) and call.function.name in (*_ENTER, *_ENTERED):
                base = [call.function.base] if call.function.name in _ENTERED else []
                for value in (*base, *(given.value for given in call.arguments)):
                    self._entered.update(self.evaluator.value(path, call.scope, value, call.statement))
            self._index_given(path, number)

    def _index_given(self, path: str, number: int) -> None:
        """What a graph receives as checkpointer or store."""
        call = self.evaluator.files[path].calls[number]
        wanted = [given for given in call.arguments if given.name in ("checkpointer", "store")]
        positional = [given for given in call.arguments if given.name is None]
        if not wanted and not positional:
            return
        for made in self.evaluator.result(path, number):
            if not self.graphs.is_graph(made) or made != Instance(getattr(made, "of", made), path, number):
                continue
            for given in (*wanted, *positional):
                for thing in self.evaluator.value(path, call.scope, given.value, call.statement):
                    self._given[thing].append((Location(path, call.span), given.name or "checkpointer"))

    def _index_attributes(self) -> None:
        for (_, name), sites in self.evaluator.attributes.items():
            if name not in ("checkpointer", "store"):
                continue
            for site in sites.values():
                for thing in self.evaluator.at(site):
                    if site.at >= 0 and self._is_on_graph(site, name):
                        self._given[thing].append((self.reach.place(site), name))

    def _is_on_graph(self, site: Site, name: str) -> bool:
        for target in self.evaluator.files[site.path].statements[site.at].targets:
            if isinstance(target, AttrOf) and target.name == name:
                things = self.evaluator.value(site.path, site.scope, target.base, site.at)
                return any(self.graphs.is_graph(thing) for thing in things)
        return False

    # ------------------------------------------------------------------ lapses

    def lapses(self) -> Iterator[Lapse]:
        """One lapse for each saver at most, the worst first."""
        for memory in self._all:
            found = next(self._lapses_of(memory), None)
            if found is not None:
                yield found

    def _lapses_of(self, memory: Memory) -> Iterator[Lapse]:
        if self.is_manager(memory):
            if self.versions.allows(memory.at.path, "langgraph", "0.2"):
                yield from self._unentered(memory)
                yield from self._left(memory, memory.thing)
        else:
            yield from self._wrong_argument(memory)
            yield from self._without_loop(memory)
            for connection in self._connections(memory):
                yield from self._left(memory, connection)
                yield from self._lone(memory, connection)

    def is_manager(self, memory: Memory) -> bool:
        """Whether the call gives a context manager, not the saver."""
        name = dotted_of(memory.thing) or ""
        return name.rpartition(".")[2] in memory.component.context_manager

    def _lapse(
        self, kind: LapseKind, memory: Memory, how: str, where: Location, confidence: Confidence = "certain"
    ) -> Lapse:
        name = class_name(dotted_of(memory.thing) or memory.name)
        order = ("possible", "likely", "certain")
        return Lapse(kind, memory, name, how, where, min(confidence, memory.confidence, key=order.index))

    def _unentered(self, memory: Memory) -> Iterator[Lapse]:
        if memory.thing in self._entered:
            return
        for path, number in self.evaluator.calls_on.get(memory.thing, {}):
            call = self.evaluator.files[path].calls[number]
            if isinstance(call.function, AttrOf) and call.function.name in memory.component.setup_methods:
                method = f"`{call.function.name}` raises AttributeError"
                yield self._lapse("unentered", memory, method, Location(path, call.span))
        for where, name in self._given.get(memory.thing, ()):
            how = "the graph raises TypeError" if name == "checkpointer" else "its first use raises"
            yield self._lapse("unentered", memory, how, where)

    def hides_errors(self, lapse: Lapse) -> bool:
        """Whether an ``except Exception`` around the place that fails catches the error."""
        path, span = lapse.where.path, lapse.where.span
        facts = self.evaluator.files[path]
        call = next((call for call in facts.calls if call.span == span), None)
        return call is not None and any(
            self._is_swallowing(facts, number)
            for number in self.evaluator.names[path].blocks_around(call.block)
            if facts.blocks[number].kind == "try"
        )

    def _is_swallowing(self, facts: FileFacts, tried: int) -> bool:
        """Whether a handler of a ``try`` catches everything and does not raise again."""
        around, end = facts.blocks[tried].parent, facts.blocks[tried].span.end_line
        handlers = [
            number
            for number, block in enumerate(facts.blocks)
            if block.kind == "except" and block.parent == around and block.span.line >= end
        ]
        if not handlers:
            return False
        test = facts.blocks[handlers[0]].test
        broad = test is None or (isinstance(test, Name) and test.id in ("Exception", "BaseException"))
        return broad and not any(one.kind == "raise" and one.block == handlers[0] for one in facts.statements)

    def _wrong_argument(self, memory: Memory) -> Iterator[Lapse]:
        wanted = memory.component.connection_argument
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        if wanted is None or has_stars(call) or not self._is_class(memory.thing):
            return
        given = argument(call, (wanted,), 0)
        if given is None:
            yield self._lapse("argument", memory, f"without `{wanted}` it raises TypeError", memory.at)
        elif self._is_text(Site(memory.thing.path, call.scope, given, call.statement)):
            yield self._lapse("argument", memory, f"`{wanted}` is text, not an open connection", memory.at)

    def _is_class(self, thing: Instance) -> bool:
        return (
            isinstance(thing.of, External) and self.evaluator.catalogue.component(thing.of.dotted) is not None
        )

    def _is_text(self, site: Site) -> bool:
        if isinstance(site.value, Joined) or self._is_text_parameter(site):
            return True
        things = self.evaluator.at(site)
        return bool(things) and all(
            (isinstance(thing, Fixed) and isinstance(thing.value, str)) or dotted_of(thing) in _TEXTS
            for thing in things
        )

    def _is_text_parameter(self, site: Site) -> bool:
        """Whether the value is a parameter that is annotated as text."""
        if not isinstance(site.value, Name):
            return False
        for param in self.evaluator.files[site.path].scopes[site.scope].params:
            if param.name == site.value.id and param.annotation is not None:
                return any(part == Name("str") for part in walk(param.annotation))
        return False

    def _without_loop(self, memory: Memory) -> Iterator[Lapse]:
        if not memory.component.needs_loop or not self._is_class(memory.thing):
            return
        home = self.memories.function_of(memory.thing.path, memory.scope)
        if home in self._imported_plainly:
            yield self._lapse("no-loop", memory, "", memory.at)

    @cached_property
    def _imported_plainly(self) -> frozenset[FunctionOf]:
        """Module bodies, and the plain functions that they call: no event loop runs there."""
        found: set[FunctionOf] = set()
        pending = [
            FunctionOf(path, MODULE)
            for path in self.evaluator.files
            if path not in self.reach.scripts and self.reach.roles.get(path, "app") != "notebook"
        ]
        while pending:
            function = pending.pop()
            facts = self.evaluator.files[function.path]
            if function in found or facts.scopes[function.scope].is_async:
                continue
            found.add(function)
            for number in self.evaluator.names[function.path].calls_of.get(function.scope, ()):
                if self.reach.in_main(function.path, facts.calls[number].block):
                    continue
                edges = self.evaluator.edges.get((function.path, function.scope, number), {})
                pending.extend(edge.callee for edge in edges.values() if not edge.passed)
        return frozenset(found)

    def _connections(self, memory: Memory) -> Iterator[Instance]:
        """What a saver, store or history is given that opens connections."""
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        for given in call.arguments:
            for thing in self.evaluator.value(memory.thing.path, call.scope, given.value, call.statement):
                if isinstance(thing, Instance) and thing.path and self._opener(thing):
                    yield thing

    def _opener(self, thing: Instance) -> str:
        """The kind of connection that a call opens, empty if it opens none."""
        source = self.evaluator.catalogue.session.openers.get(dotted_of(thing) or "")
        return source.id if source is not None else ""

    def _lone(self, memory: Memory, connection: Instance) -> Iterator[Lapse]:
        call = self.evaluator.files[connection.path].calls[connection.call]
        kind, where = self._opener(connection), Location(connection.path, call.span)
        if not self._given.get(memory.thing):
            return
        if kind == "sqlite" and not has_stars(call):
            shared = argument(call, ("check_same_thread",), 4)
            if shared is None or shared == Const(True):
                yield self._lapse("thread", memory, "", where)
        elif kind == "connection" and self.memories.fate(connection).lifetime == "worker":
            yield self._lapse("lone", memory, "", where, "likely")

    # ------------------------------------------------------------------ used after its with

    def _left(self, memory: Memory, manager: Instance) -> Iterator[Lapse]:
        for path, number in self._managed.get(manager, ()):
            facts = self.evaluator.files[path]
            statement = facts.statements[number]
            home = self.memories.function_of(path, statement.scope)
            if facts.scopes[home.scope].is_generator or path in self.reach.scripts:
                continue
            if home.scope == MODULE and self.reach.in_main(path, statement.block):
                continue
            inside = self._inside(facts, path, number)
            for where in self._escapes(memory, path, home, inside):
                yield self._lapse("left", memory, "", where)

    def _inside(self, facts: FileFacts, path: str, number: int) -> list[int]:
        """The statements in the block of a ``with``, in order."""
        statement = facts.statements[number]
        found = []
        for other, candidate in enumerate(facts.statements):
            if candidate.scope != statement.scope or other <= number:
                continue
            for block in self.evaluator.names[path].blocks_around(candidate.block):
                one = facts.blocks[block]
                if (
                    one.kind == "with"
                    and one.test == statement.value
                    and one.span.line == statement.span.line
                ):
                    found.append(other)
                    break
        return found

    def _escapes(self, memory: Memory, path: str, home: FunctionOf, inside: list[int]) -> Iterator[Location]:
        """Statements that carry the saver, or a graph over it, out of the block."""
        facts = self.evaluator.files[path]
        if any(facts.statements[number].kind == "yield" for number in inside):
            return
        for number in inside:
            statement = facts.statements[number]
            if statement.value is None:
                continue
            site = Site(path, statement.scope, statement.value, number)
            if not self._holds(memory, site):
                continue
            outlives = statement.kind in ("assign", "annotate") and self._outlives(home, path, number, inside)
            if statement.kind == "return" or outlives:
                yield Location(path, statement.span)

    def _holds(self, memory: Memory, site: Site) -> bool:
        """Whether a value is the saver, or a graph over it that a request uses; also inside a tuple or dict."""
        pending, seen = list(self.evaluator.at(site)), 0
        while pending and seen < 24:
            thing = pending.pop()
            seen += 1
            if thing == memory.thing:
                return True
            if isinstance(thing, Instance) and any(
                saver.thing == memory.thing for saver in self.graphs.savers(thing)
            ):
                return True
            if isinstance(thing, Collection):
                pending.extend(
                    one for _, inner in self.evaluator.contents(thing) for one in self.evaluator.at(inner)
                )
        return False

    def _outlives(self, home: FunctionOf, path: str, number: int, inside: list[int]) -> bool:
        """Whether an assignment keeps the value for after the block: at module level, or in an attribute or global.

        Anything that runs after it in the block may be the server itself, so only log lines and the like may follow.
        """
        facts = self.evaluator.files[path]
        statement = facts.statements[number]
        names = self.evaluator.names[path]
        kept = any(
            isinstance(target, (AttrOf, ItemOf))
            or (isinstance(target, Name) and names.home(statement.scope, target.id) == MODULE)
            for target in statement.targets
        )
        if not kept or (home.scope == MODULE and not all(isinstance(t, Name) for t in statement.targets)):
            return False
        later = {one for one in inside if one > number}
        for call in facts.calls:
            if call.statement in later and call.scope == statement.scope:
                name = (
                    call.function.name
                    if isinstance(call.function, AttrOf)
                    else getattr(call.function, "id", "")
                )
                if name not in _QUIET:
                    return False
        return True

    # ------------------------------------------------------------------ setup

    def never_set_up(self) -> Iterator[Memory]:
        """Savers and stores that need tables or indexes which nothing in the project creates."""
        candidates = [memory for memory in self._all if memory.component.setup and self._needs_setup(memory)]
        if not candidates or self._makes_tables():
            return
        families = self._families_set_up()
        faulty = {id(lapse.memory) for lapse in self.lapses() if lapse.kind not in ("lone", "thread")}
        for memory in candidates:
            if families is not None and _family(memory) not in families and id(memory) not in faulty:
                yield memory

    def _needs_setup(self, memory: Memory) -> bool:
        if memory.component.setup_on_enter and (self.is_manager(memory) or memory.thing in self._entered):
            return False
        return bool(self._given.get(memory.thing))

    def _families_set_up(self) -> set[str] | None:
        """The classes whose ``setup`` somebody calls; None when somebody calls that of something unknown."""
        found: set[str] = set()
        methods = {name for memory in self._all for name in memory.component.setup_methods}
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                function = call.function
                if not isinstance(function, AttrOf) or function.name not in methods:
                    continue
                things = self.evaluator.value(path, call.scope, function.base, call.statement)
                known = [self._setting_up(thing) for thing in things]
                if not known or None in known:
                    return None
                found.update(name for name in known if name)
        return found

    def _setting_up(self, thing: Object) -> str | None:
        """The family of a saver or store, empty for an object of another kind, None for what is not known."""
        if not isinstance(thing, Instance | External | Fixed):
            return None
        name = dotted_of(thing)
        if name is None:
            return ""
        found = (
            self.evaluator.catalogue.component(name)
            or (self.evaluator.catalogue.component_method(name) or (None, ""))[0]
        )
        if found is None:
            return "" if name.split(".", 1)[0] not in self.evaluator.catalogue.packages else None
        if found.abstract:
            return None
        return _plain_name(found.names[0]) if found.kind in ("checkpointer", "store") else ""

    def _makes_tables(self) -> bool:
        """Whether a migration calls a ``setup``, or any text of the project names the tables."""
        for facts in self._dropped:
            for call in facts.calls:
                if isinstance(call.function, AttrOf) and call.function.name in ("setup", "asetup"):
                    return True
            if _names_tables(facts):
                return True
        return any(_names_tables(facts) for facts in self.evaluator.files.values())

    # ------------------------------------------------------------------ opened per request

    def opened_per_request(self) -> Iterator[Opening]:
        """Pools, engines, clients, connections and managers that every request opens anew."""
        seen: set[Location] = set()
        if not self._all and not any(memory.kind == "history" for memory in self.memories.all):
            return
        for memory in self.memories.all:
            if memory.kind == "memory" or memory.own_class is not None or self._is_only_set_up(memory):
                continue
            for thing, kind in self._opened(memory):
                call = self.evaluator.files[thing.path].calls[thing.call]
                at = Location(thing.path, call.span)
                home = self.memories.function_of(thing.path, call.scope)
                if at in seen or not self._is_per_request(thing, home):
                    continue
                seen.add(at)
                trace = (*self.reach.trace(home), Step(at, "opened here"))
                name = class_name(dotted_of(thing) or "")
                confidence = self.reach.confidence(home)
                yield Opening(
                    name, kind, memory, at, "likely" if confidence == "certain" else confidence, trace
                )

    def _is_only_set_up(self, memory: Memory) -> bool:
        """Whether a saver makes its tables, and serves no graph: that happens once, however it is written."""
        if memory.kind == "history" or self._given.get(memory.thing):
            return False
        functions = [
            self.evaluator.files[path].calls[number].function
            for path, number in self.evaluator.calls_on.get(memory.thing, {})
        ]
        methods = memory.component.setup_methods
        return bool(functions) and all(
            isinstance(function, AttrOf) and function.name in methods for function in functions
        )

    def _opened(self, memory: Memory) -> Iterator[tuple[Instance, str]]:
        if memory.kind != "history" and self.is_manager(memory):
            if memory.component.storage == "shared" and memory.thing in self._entered:
                yield memory.thing, "saver"
            return
        for connection in self._connections(memory):
            kind = self._opener(connection)
            if kind != "sqlite":
                yield connection, kind

    def _is_per_request(self, thing: Instance, home: FunctionOf) -> bool:
        if home not in self.reach.came or home in self.reach.started:
            return False
        if self._entry_kind(home) == "task":
            return False
        return self.memories.fate(thing).lifetime == "request"

    def _entry_kind(self, home: FunctionOf) -> str:
        """What kind of entry point the way to a function begins with."""
        current: FunctionOf | Object | None = home
        seen: set[object] = set()
        while current is not None and current not in seen:
            seen.add(current)
            if isinstance(current, FunctionOf) and current in self.reach.point:
                return self.reach.point[current].kind
            came = (
                self.reach.came.get(current)
                if isinstance(current, FunctionOf)
                else self.reach.used.get(current)
            )
            current = came.source if came is not None else None
        return ""


def _family(memory: Memory) -> str:
    return _plain_name(memory.component.names[0])


def _plain_name(name: str) -> str:
    """``AsyncShallowPostgresSaver`` keeps its rows where ``PostgresSaver`` does."""
    return name.replace("Async", "").replace("Shallow", "").replace("AIO", "").replace("PyMySQL", "MySQL")


def _names_tables(facts: FileFacts) -> bool:
    values: list[Value] = [one.value for one in facts.statements if one.value is not None]
    values += [given.value for call in facts.calls for given in call.arguments]
    return any(
        isinstance(part, Const)
        and isinstance(part.value, str)
        and any(name in part.value for name in _TABLES)
        for value in values
        for part in walk(value)
    )
