"""Where a value selects a conversation: a thread id, a session argument, the key under which a history is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from lcmemlint.facts import Call
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import (
    Collection,
    External,
    Fixed,
    FunctionOf,
    Instance,
    Object,
    Objects,
    dotted_of,
)
from lcmemlint.link.origins import Origins, replace_value
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, component_called, has_stars, made_by
from lcmemlint.values import (
    AttrOf,
    CallOf,
    Const,
    Container,
    ItemOf,
    Location,
    Name,
    Value,
    walk,
)

KEPT = "session key"
"""What is said of the key under which a memory is kept, whatever its name."""
_BY_THREAD = frozenset(("checkpointer", "store"))
"""Kinds of memory whose conversations the thread id selects, under whatever key they are kept."""
_PROBES = frozenset(("get_tuple", "aget_tuple"))
"""What health checks ask a saver for, by an id that no user has."""
CONFIG_KEYS = frozenset(("thread_id", "session_id", "conversation_id"))


class Sink(Struct, frozen=True):
    """A place where a value selects a conversation."""

    name: str
    site: Site
    at: Location
    confidence: Confidence
    trace: tuple[Step, ...]
    source: FunctionOf | Object


class SinkFinder:
    """Finds the sinks of the request path, in configurations, arguments and keys."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories, origins: Origins) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self._origins = origins
        self.config_keys = frozenset(evaluator.catalogue.session.config_keys) & CONFIG_KEYS
        self._receivers = self._read_receivers()

    def all(self) -> list[Sink]:
        """Every sink once, in order of place."""
        found = _unique(sink for sink in self._find() if sink is not None)
        return sorted(found, key=lambda sink: (sink.at, sink.name))

    def _find(self) -> Iterator[Sink | None]:
        for path, facts in self.evaluator.files.items():
            for number in range(len(facts.calls)):
                yield from self._in_call(path, number)
            for number, statement in enumerate(facts.statements):
                if statement.value is not None:
                    yield from self._in_value(Site(path, statement.scope, statement.value, number))
                for target in statement.targets:
                    if isinstance(target, ItemOf) and target.key == Const("configurable") and statement.value:
                        yield from self._in_configurable(Site(path, statement.scope, statement.value, number))
                    key = _configurable_key(target)
                    if key in self.config_keys and statement.value:
                        yield self.sink(key, Site(path, statement.scope, statement.value, number))
        for memory in self.memories.all:
            if memory.component.delegate:
                yield from self._in_delegates(memory)
            stored = memory.fate.stored
            if stored is None or stored.key is None or stored.constant is not None:
                continue
            if memory.kind in _BY_THREAD:
                continue
            if memory.on_request_path and memory.fate.lifetime == "worker":
                yield self.sink(KEPT, replace_value(stored.site, stored.key))

    def _in_delegates(self, memory: Memory) -> Iterator[Sink | None]:
        """``chat_memory=chat_history(key)``: what a memory's history is made from is the key, whoever makes it."""
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        value = argument(call, memory.component.delegate, memory.component.delegate_position)
        if not isinstance(value, CallOf) or memory.storage == "process":
            return
        inner = self.evaluator.files[memory.thing.path].calls[value.call]
        sites = [
            Site(memory.thing.path, inner.scope, given.value, inner.statement)
            for given in inner.arguments
            if given.name is None or given.name in self.config_keys
        ]
        if any(component_called(self.evaluator, thing) for thing in self._called(memory.thing.path, inner)):
            return  # its session argument is a sink of its own
        for site in sites:
            if not self._is_told_apart(site, site.value, [other.value for other in sites]):
                yield self.sink("session_id", site, memory.thing)

    def _called(self, path: str, call: Call) -> Objects:
        return self.evaluator.value(path, call.scope, call.function, call.statement)

    def _in_call(self, path: str, number: int) -> Iterator[Sink | None]:
        call = self.evaluator.files[path].calls[number]
        if isinstance(call.function, AttrOf) and call.function.name in _PROBES:
            return
        for given in call.arguments:
            site = Site(path, call.scope, given.value, call.statement)
            if given.name == "configurable":
                yield from self._in_configurable(site)
            yield from self._in_value(site)
        if isinstance(call.function, AttrOf) and call.function.name in self.evaluator.catalogue.session.run:
            config = argument(call, ("config",), 1)
            if isinstance(config, Container):
                config_site = Site(path, call.scope, config, call.statement)
                yield from self._in_configurable(config_site, self._carrier(config_site))
        for thing in self.evaluator.value(path, call.scope, call.function, call.statement):
            component = self.evaluator.catalogue.component(dotted_of(thing) or "")
            if component is None or component.session_argument is None or not isinstance(thing, External):
                continue
            value = argument(call, (component.session_argument,), component.session_position)
            if value is not None:
                site = Site(path, call.scope, value, call.statement)
                yield self.sink(component.session_argument, site, Instance(thing, path, number))

    def _in_value(self, site: Site) -> Iterator[Sink | None]:
        for part in walk(site.value):
            if isinstance(part, Container) and part.kind == "dict":
                for key, item in zip(part.keys, part.items, strict=False):
                    if key == Const("configurable"):
                        yield from self._in_configurable(
                            replace_value(site, item), self._carrier(replace_value(site, part))
                        )

    def _carrier(self, site: Site) -> Object | None:
        return next(iter(self.evaluator.at(site)), None)

    def _in_configurable(self, site: Site, carrier: Object | None = None) -> Iterator[Sink | None]:
        inner = [site]
        if not isinstance(site.value, Container):
            inner = [
                self.evaluator.collections[thing.number]
                for thing in self.evaluator.at(site)
                if isinstance(thing, Collection)
            ]
        for one in inner:
            if not isinstance(one.value, Container):
                continue
            named = {
                key.value: item
                for key, item in zip(one.value.keys, one.value.items, strict=False)
                if isinstance(key, Const)
            }
            wanted = ("thread_id",) if "thread_id" in named else tuple(self.config_keys)
            others = [item for key, item in named.items() if key in ("user_id", *self.config_keys)]
            for key in wanted:
                if key in named and not self._is_told_apart(one, named[key], others):
                    yield self.sink(key, replace_value(one, named[key]), carrier)

    def sink(self, name: str, site: Site, carrier: Object | None = None) -> Sink | None:
        """A sink on the request path: in code that a request runs, or in an object that such code uses."""
        function = self.memories.function_of(site.path, site.scope)
        source: FunctionOf | Object = function
        if function not in self.reach.came:
            if carrier is None or carrier not in self.reach.used:
                return None
            source = carrier
        if carrier is not None and self._is_ignored(carrier):
            return None
        at = self._origins.location(site)
        trace = (*self.reach.trace(source), Step(at, f"`{name}` selects the conversation here"))
        return Sink(name, site, at, self.reach.confidence(source), trace, source)

    def _is_told_apart(self, site: Site, value: Value, others: list[Value]) -> bool:
        """Whether another key of the same configuration comes from the request: the two together are the key."""
        rest = [other for other in others if other is not value]
        return any(
            origin.kind in ("given", "unknown")
            for other in rest
            for origin in self._origins.of(replace_value(site, other))
        )

    def _is_ignored(self, carrier: Object) -> bool:
        """Whether everything that a configuration is given to runs without a memory that the key selects."""
        receivers = self._receivers.get(carrier, [])
        if not receivers:
            return isinstance(carrier, Collection) and self._is_idle(carrier)
        return all(self._forgets(thing) for thing in receivers)

    def _is_idle(self, carrier: Collection) -> bool:
        """Whether a configuration is bound to a name that nothing mentions: what is left of code that is gone."""
        site = self.evaluator.collections[carrier.number]
        facts = self.evaluator.files[site.path]
        if site.at < 0:
            return False
        statement = facts.statements[site.at]
        names = {target.id for target in statement.targets if isinstance(target, Name)}
        if statement.value is not site.value or len(names) != len(statement.targets) or not names:
            return False
        if any(
            imported.name in names for other in self.evaluator.files.values() for imported in other.imports
        ):
            return False
        values = [one.value for one in facts.statements if one.value is not None]
        values += [target for one in facts.statements for target in one.targets if isinstance(target, ItemOf)]
        values += [given.value for call in facts.calls for given in call.arguments]
        values += [call.function for call in facts.calls]
        return not any(
            isinstance(part, Name) and part.id in names for value in values for part in walk(value)
        )

    def _forgets(self, thing: Object) -> bool:
        """A graph or agent built without checkpointer; a history wrapper whose factory ignores the key."""
        found = made_by(self.evaluator, thing)
        if found is None:
            return False
        component, call, path = found
        if component.history_argument:
            factory = argument(call, (component.history_argument,), component.history_position)
            return factory is not None and self._ignores_key(Site(path, call.scope, factory, call.statement))
        if not component.checkpointer_argument or has_stars(call):
            return False
        saver = argument(call, (component.checkpointer_argument,), component.checkpointer_position)
        if saver is not None:
            return self.evaluator.value(path, call.scope, saver, call.statement) == (Fixed(None),)
        return not self.evaluator.attributes.get((self.evaluator.shared_name(thing), "checkpointer"))

    def _ignores_key(self, site: Site) -> bool:
        factories = [thing for thing in self.evaluator.at(site) if isinstance(thing, FunctionOf)]
        return bool(factories) and all(not self._mentions_params(factory) for factory in factories)

    def _mentions_params(self, function: FunctionOf) -> bool:
        names = {param.name for param in self.evaluator.files[function.path].scopes[function.scope].params}
        for site in self.reach.values_in(function.path, function.scope):
            if any(isinstance(part, Name) and part.id in names for part in walk(site.value)):
                return True
        return False

    def _read_receivers(self) -> dict[Object, list[Object]]:
        """For each configuration, the chains, graphs and agents that are run with it."""
        found: dict[Object, list[Object]] = defaultdict(list)
        words = self.evaluator.catalogue.session
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                if not isinstance(call.function, AttrOf) or call.function.name not in words.run | words.state:
                    continue
                receivers = self.evaluator.value(path, call.scope, call.function.base, call.statement)
                for given in call.arguments:
                    for thing in self.evaluator.value(path, call.scope, given.value, call.statement):
                        if isinstance(thing, Collection):
                            found[thing].extend(receivers)
        return found


def _configurable_key(target: Value) -> str:
    """``thread_id`` for ``config["configurable"]["thread_id"]``, else empty."""
    match target:
        case ItemOf(base=ItemOf(key=Const(value="configurable")), key=Const(value=str() as key)):
            return key
    return ""


def _unique(sinks: Iterable[Sink]) -> list[Sink]:
    found: dict[tuple[Location, str, int], Sink] = {}
    for sink in sinks:
        found.setdefault((sink.at, sink.name, id(sink.site.value)), sink)
    return list(found.values())
