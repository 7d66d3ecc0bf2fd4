"""Every memory object of the project: what keeps it (storage), how long it lives, under which key.

An object's *fate* is decided by its *homes*: a name of a module, an attribute of an instance, an item of a dict, the
result of a cached function, an argument of another object. A home lives as long as what holds it, so fates are
followed outwards until something lives as long as the worker, the user's session or the request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.catalogue import Component
from lcmemlint.facts import MODULE
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.evaluate import Evaluator, Site, Stored
from lcmemlint.link.objects import (
    ClassOf,
    Collection,
    External,
    FunctionOf,
    Instance,
    ModuleOf,
    Object,
    Part,
    dotted_of,
)
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, has_stars, storage_of
from lcmemlint.values import UNKNOWN, CallOf, Location, dotted

Lifetime = Literal["request", "worker", "session", "script", "dead", "unknown"]
Storage = Literal["process", "host", "shared", "client", "unknown"]
MemoryKind = Literal["memory", "history", "checkpointer", "store"]

_RANK: dict[Lifetime, int] = {"worker": 5, "session": 4, "unknown": 3, "request": 2, "script": 1, "dead": 0}


class Fate(Struct, frozen=True):
    """How long something lives and what holds it; ``keyed``: one for each value of a key.

    ``how`` is said of an ``item`` of a container, and of ``user data``, the dict that a bot keeps for a user or chat.
    """

    lifetime: Lifetime
    keyed: bool = False
    stored: Stored | None = None
    holder: Object | None = None
    how: Literal["item", "user data", ""] = ""


Known: TypeAlias = Callable[[Object], Fate | None]
"""The fate of a holder as far as it is known; None: not yet."""


class Memory(Struct, frozen=True):
    """One memory, history, checkpointer or store that the code builds, at one call.

    ``by_factory``: the call keeps the class to build them with, as ``defaultdict(InMemoryChatMessageHistory)`` does.
    """

    thing: Instance
    name: str
    kind: MemoryKind
    component: Component
    storage: Storage
    fate: Fate
    at: Location
    scope: int
    runs: frozenset[str]
    used: bool
    confidence: Confidence
    trace: tuple[Step, ...]
    delegates: tuple[Object, ...]
    own_class: ClassOf | None
    implicit: bool = False
    by_factory: bool = False

    @property
    def on_request_path(self) -> bool:
        """Whether a request builds it or uses it."""
        return "request" in self.runs or self.used


class Memories:
    """All memory objects of the project, found when built."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._names: dict[Object, list[tuple[str, int, int]]] = defaultdict(list)
        self._attributes: dict[Object, list[tuple[Object, str, Site]]] = defaultdict(list)
        self._items: dict[Object, list[tuple[Object, Stored]]] = defaultdict(list)
        self._wraps: dict[Object, list[Instance]] = defaultdict(list)
        self._cached: dict[Object, list[tuple[FunctionOf, Lifetime]]] = defaultdict(list)
        self._made: dict[ClassOf, list[Instance]] = defaultdict(list)
        self._fates: dict[Object, Fate] = {}
        self._session_names = frozenset(
            name for entry in evaluator.catalogue.entries_by_how("session-state") for name in entry.names
        )
        self._index()
        self.all = sorted(self._find(), key=lambda memory: (memory.at, memory.name))
        self._by_thing: dict[Object, list[Memory]] = defaultdict(list)
        self._by_call: dict[tuple[str, int], list[Memory]] = defaultdict(list)
        for memory in self.all:
            self._by_thing[memory.thing].append(memory)
            self._by_call[memory.thing.path, memory.thing.call].append(memory)

    # ------------------------------------------------------------------ where objects are kept

    def _index(self) -> None:
        evaluator = self.evaluator
        for path, facts in evaluator.files.items():
            for (scope, _), bindings in evaluator.names[path].table.items():
                if scope != MODULE:
                    continue
                for binding in bindings:
                    if binding.kind == "statement" and facts.statements[binding.index].kind in (
                        "assign",
                        "annotate",
                        "with",
                        "walrus",
                    ):
                        for thing in evaluator.bound(path, MODULE, binding):
                            statement = facts.statements[binding.index]
                            self._names[thing].append((path, statement.scope, statement.block))
            for number in range(len(facts.calls)):
                self._index_call(path, number)
            self._index_cached(path)
        for (holder, name), sites in evaluator.attributes.items():
            for site in sites.values():
                for thing in evaluator.at(site):
                    self._attributes[thing].append((holder, name, site))
        for holder, stores in evaluator.items.items():
            for stored in stores.values():
                for thing in evaluator.at(stored.site):
                    self._items[thing].append((holder, stored))
        for number, site in enumerate(evaluator.collections):
            holder = Collection(site.path, site.scope, number)
            for key, inner in evaluator.contents(holder):
                for thing in evaluator.at(inner):
                    constant = key.value if key is not None and hasattr(key, "value") else None
                    self._items[thing].append(
                        (holder, Stored(key, inner, constant if isinstance(constant, str) else ""))
                    )

    def _index_call(self, path: str, number: int) -> None:
        call = self.evaluator.files[path].calls[number]
        self._index_factories(path, number)
        wrappers: list[Instance] = []
        for made in self.evaluator.result(path, number):
            if not isinstance(made, Instance) or made.call != number or made.path != path:
                continue
            if isinstance(made.of, ClassOf):
                self._made[made.of].append(made)
            elif not (isinstance(made.of, External) and made.of.dotted.startswith("builtins.")):
                wrappers.append(made)
        for given in call.arguments if wrappers else ():
            for thing in self._deep(Site(path, call.scope, given.value, call.statement)):
                self._wraps[thing] += wrappers

    def _index_factories(self, path: str, number: int) -> None:
        """``defaultdict(History)`` keeps what it makes."""
        evaluator = self.evaluator
        factories = evaluator.factories(path, number)
        if not factories or self._is_field(path, number):
            return
        call = evaluator.files[path].calls[number]
        for factory in factories:
            if not isinstance(factory, External | ClassOf):
                continue
            made = Instance(factory, path, number)
            site = Site(path, call.scope, CallOf(number), call.statement)
            for holder in evaluator.at(site):
                self._items[made].append((holder, Stored(UNKNOWN, site, None)))

    def _deep(self, site: Site) -> Iterator[Object]:
        for thing in self.evaluator.at(site):
            yield thing
            if isinstance(thing, Collection):
                for _, inner in self.evaluator.contents(thing):
                    yield from self.evaluator.at(inner)

    def _index_cached(self, path: str) -> None:
        facts = self.evaluator.files[path]
        for number, scope in enumerate(facts.scopes):
            for decorator in scope.decorators:
                function = (
                    facts.calls[decorator.call].function if isinstance(decorator, CallOf) else decorator
                )
                for thing in self.evaluator.value(path, max(scope.parent, 0), function):
                    entry = self.evaluator.catalogue.entry("cached", dotted_of(thing) or "")
                    if entry is None:
                        continue
                    lifetime: Lifetime = "session" if entry.lifetime == "session" else "worker"
                    for kept in self.evaluator.returned(FunctionOf(path, number)):
                        self._cached[kept].append((FunctionOf(path, number), lifetime))

    # ------------------------------------------------------------------ fates

    def function_of(self, path: str, scope: int) -> FunctionOf:
        """The function (or module) whose run executes ``scope``: class bodies run with what is around them."""
        scopes = self.evaluator.files[path].scopes
        while scope > 0 and scopes[scope].kind == "class":
            scope = scopes[scope].parent
        return FunctionOf(path, scope)

    def runs_at(self, path: str, scope: int, block: int) -> frozenset[str]:
        """When the code of a block runs."""
        function = self.function_of(path, scope)
        if function.scope != MODULE:
            return self.reach.runs(function)
        if path in self.reach.scripts:
            return frozenset(("request",))
        if self.reach.in_main(path, block) and path not in self.reach.servers:
            return frozenset(("script",))
        return frozenset(("import",))

    def base(self, thing: Instance) -> Lifetime:
        """How long the code that builds an object lets it live, if nothing else keeps it."""
        call = self.evaluator.files[thing.path].calls[thing.call]
        runs = self.runs_at(thing.path, call.scope, call.block)
        if "request" in runs:
            return "request"
        if runs & {"import", "startup"}:
            return "worker"
        return "script" if "script" in runs else "dead"

    def fate(self, thing: Object) -> Fate:
        """How long ``thing`` lives, by its longest-lived home."""
        if thing not in self._fates:
            self._settle(thing)
        return self._fates[thing]

    def _settle(self, thing: Object) -> None:
        """Find the fates of a thing and of all that holds it. Things may hold each other: raise until none rises."""
        found: dict[Object, Fate | None] = {thing: None}

        def known(holder: Object) -> Fate | None:
            return self._fates[holder] if holder in self._fates else found.setdefault(holder, None)

        rises = True
        while rises:
            size = len(found)
            rises = False
            for one in [*found][::-1]:  # holders are met after what they hold
                best = self._longest(one, known)
                if _height(best) > _height(found[one]):
                    found[one], rises = best, True
            rises = rises or len(found) > size
        for one in [*found]:  # all heights are known now: of equally long homes the first one counts
            self._fates[one] = self._longest(one, known) or Fate("unknown")

    def _longest(self, thing: Object, known: Known) -> Fate | None:
        """The longest-lived home, as far as the fates of the holders are known."""
        kept = self.session_state(thing) if isinstance(thing, Instance) else None
        if kept is not None:
            return kept
        homes = [home for home in self._homes(thing, known) if home is not None]
        if isinstance(thing, Instance) and thing.path:
            if not self._is_field(thing.path, thing.call):
                homes.append(Fate(self.base(thing)))
        elif isinstance(thing, Collection):
            homes.append(Fate(self._base_of_collection(thing)))
        return max(homes, key=_height, default=None)

    def _is_field(self, path: str, number: int) -> bool:
        return self.evaluator.containers.is_field(path, number)

    def _base_of_collection(self, thing: Collection) -> Lifetime:
        site = self.evaluator.collections[thing.number]
        facts = self.evaluator.files[site.path]
        block = facts.statements[site.at].block if site.at >= 0 else 0
        if facts.scopes[site.scope].kind == "class":
            return "worker"
        runs = self.runs_at(site.path, site.scope, block)
        if "request" in runs:
            return "request"
        return "worker" if runs & {"import", "startup"} else "script" if runs else "dead"

    def _homes(self, thing: Object, known: Known) -> Iterator[Fate | None]:
        for function, lifetime in self._cached.get(thing, ()):
            params = [
                p
                for p in self.evaluator.files[function.path].scopes[function.scope].params
                if p.name not in ("self", "cls")
                and not p.name.startswith("_")  # left out of Streamlit's cache key
            ]
            yield Fate(lifetime, keyed=bool(params), holder=function)
        for holder, stored in self._items.get(thing, ()):
            yield self._in_holder(holder, stored, known)
        for holder, name, site in self._attributes.get(thing, ()):
            yield from self._in_attribute(holder, name, site, known)
        for path, scope, block in self._names.get(thing, ()):
            yield self._in_name(path, scope, block)
        for wrapper in self._wraps.get(thing, ()):
            fate = known(wrapper)
            if fate is not None and fate.lifetime in ("worker", "session"):
                yield fate

    def _in_name(self, path: str, scope: int, block: int) -> Fate:
        if path in self.reach.scripts:
            return Fate("request")
        if scope == MODULE and self.reach.in_main(path, block) and path not in self.reach.servers:
            return Fate("script")
        return Fate("worker")

    def _in_holder(self, holder: Object, stored: Stored, known: Known) -> Fate | None:
        kept = self.session_state(holder)
        if kept is not None:
            return replace(kept, stored=stored)
        if isinstance(holder, External | Part):
            shared = self.evaluator.shared_name(holder)
            if isinstance(shared, External) and shared.dotted.startswith("*."):
                return Fate("worker", keyed=stored.constant is None, stored=stored, holder=holder)
            return Fate("unknown")
        around = known(holder)
        if around is None or around.keyed:
            return around
        keyed = stored.key is not None and stored.constant is None
        return Fate(around.lifetime, keyed=keyed, stored=stored, holder=holder, how="item")

    def _in_attribute(self, holder: Object, name: str, site: Site, known: Known) -> Iterator[Fate | None]:
        kept = self.session_state(holder)
        if kept is not None:
            yield kept
        elif isinstance(holder, ClassOf):
            is_field = isinstance(site.value, CallOf) and self._is_field(site.path, site.value.call)
            if self.evaluator.files[site.path].scopes[site.scope].kind == "class" and not is_field:
                yield Fate("worker", holder=holder)
                return
            for cls in (holder, *self.evaluator.subclasses(holder)):
                for made in self._made.get(cls, ()):
                    yield known(made)
        elif isinstance(holder, ModuleOf):
            yield Fate("worker")
        else:
            shared = self.evaluator.shared_name(holder)
            if isinstance(shared, External) and shared.dotted == "*.state":
                yield Fate("worker", holder=holder)
            elif isinstance(holder, Instance):
                yield known(holder)

    def session_state(self, holder: Object) -> Fate | None:
        """The fate of what frameworks keep for a user: per browser session, per chat, or in a cookie."""
        shared = self.evaluator.shared_name(holder)
        names = {dotted_of(holder) or "", shared.dotted if isinstance(shared, External) else ""}
        if names & self._session_names:
            return Fate("session", keyed=True, holder=holder)
        if names & {"*.user_data", "*.chat_data"}:
            return Fate("worker", keyed=True, holder=holder, how="user data")
        if names & {"*.session"}:
            return Fate("request", holder=holder)
        return None

    # ------------------------------------------------------------------ finding them

    def _find(self) -> Iterator[Memory]:
        for path, facts in self.evaluator.files.items():
            if self.reach.roles.get(path, "app") == "test":
                continue
            for number in range(len(facts.calls)):
                found = self._at_call(path, number)
                if found is not None:
                    yield found

    def _at_call(self, path: str, number: int) -> Memory | None:
        evaluator = self.evaluator
        call = evaluator.files[path].calls[number]
        called = evaluator.value(path, call.scope, call.function, call.statement)
        for callee in (*called, *evaluator.factories(path, number)):
            component, own = self._component(callee)
            if component is None or (component.abstract and own is None) or component.lookalike:
                continue
            if component.implicit_memory and own is None:
                inner = self._implicit(component, path, number, Instance(callee, path, number))
                if inner is not None:
                    return inner
            if component.kind not in ("memory", "history", "checkpointer", "store"):
                continue
            thing = Instance(callee, path, number)
            if component.context_manager and isinstance(callee, Part):
                continue
            storage, delegates = storage_of(evaluator, component, own, call, path)
            return self._memory(thing, component, own, storage, delegates)
        return None

    def _implicit(self, component: Component, path: str, number: int, thing: Instance) -> Memory | None:
        """The memory that a chain builds by itself because it was given none."""
        call = self.evaluator.files[path].calls[number]
        inner = self.evaluator.catalogue.by_id.get(component.implicit_memory or "")
        if inner is None or has_stars(call):
            return None
        if component.memory_argument and argument(
            call, (component.memory_argument,), component.memory_position
        ):
            return None
        return replace(
            self._memory(thing, inner, None, "process", ()), name=component.names[0], implicit=True
        )

    def _component(self, callee: Object) -> tuple[Component | None, ClassOf | None]:
        if isinstance(callee, External):
            found = self.evaluator.catalogue.component(callee.dotted)
            if found is None:
                method = self.evaluator.catalogue.component_method(callee.dotted)
                if method is not None and method[1] in (*method[0].context_manager, *method[0].factories):
                    found = method[0]
            return found, None
        if isinstance(callee, ClassOf):
            for base in self.evaluator.external_bases(callee):
                found = self.evaluator.catalogue.component(base)
                if found is not None:
                    return found, callee
        return None, None

    def _memory(
        self,
        thing: Instance,
        component: Component,
        own: ClassOf | None,
        storage: Storage,
        delegates: tuple[Object, ...],
    ) -> Memory:
        facts = self.evaluator.files[thing.path]
        call = facts.calls[thing.call]
        function = self.function_of(thing.path, call.scope)
        runs = self.runs_at(thing.path, call.scope, call.block)
        at = Location(thing.path, call.span)
        used = thing in self.reach.used
        source: FunctionOf | Object = function if "request" in runs else thing
        trace = self.reach.trace(source)
        steps = (*trace, Step(at, self.reach.built_text(thing))) if trace and trace[-1].at != at else trace
        is_factory = isinstance(thing.of, External) and thing.of not in self.evaluator.value(
            thing.path, call.scope, call.function, call.statement
        )
        written = dotted_of(thing) if is_factory else dotted(call.function)
        written = written or component.names[0]
        name = facts_name(written) if own is None else self.evaluator.files[own.path].scopes[own.scope].name
        if name in (*component.context_manager, *component.factories):
            name = component.names[0]
        return Memory(
            thing=thing,
            name=name,
            kind=component.kind,  # type: ignore[arg-type]
            component=component,
            storage=storage,
            fate=self.fate(thing),
            at=at,
            scope=call.scope,
            runs=runs,
            used=used,
            confidence=self.reach.confidence(source),
            trace=steps,
            delegates=delegates,
            own_class=own,
            by_factory=is_factory,
        )

    def of(self, thing: Object) -> Iterable[Memory]:
        """The memories that an object is."""
        return self._by_thing.get(thing, ())

    def built_at(self, path: str, call: int) -> Iterable[Memory]:
        """The memories that a call builds."""
        return self._by_call.get((path, call), ())

    def wrappers(self, thing: Object) -> Iterable[Instance]:
        """External objects that were given ``thing`` when they were built."""
        return self._wraps.get(thing, ())

    def made(self, cls: ClassOf) -> Iterable[Instance]:
        """The places where a class of the project is instantiated."""
        return self._made.get(cls, ())


def _height(fate: Fate | None) -> tuple[int, bool]:
    """Longer lives are higher; of two of a length, the keyed one is."""
    return (-1, False) if fate is None else (_RANK[fate.lifetime], fate.keyed)


def facts_name(written: str) -> str:
    """The last part of a dotted name: how people call the class."""
    return written.rsplit(".", 1)[-1]
