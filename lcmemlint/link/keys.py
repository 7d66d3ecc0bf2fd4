"""Session identity: which values select a conversation, and where those values come from.

A *sink* is a place where a value selects a conversation: ``thread_id`` in a ``configurable``, the session argument of a
history, the key under which a history is kept. Its *origins* are found by following the value backwards, through
names, calls and the arguments of all callers, until it is a literal, a fresh id, something that the request brings,
or not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from lcmemlint.catalogue import Component
from lcmemlint.facts import MODULE, Call, FileFacts, Param, Statement
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.escape import Escapes
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.names import Binding
from lcmemlint.link.objects import (
    ClassOf,
    Collection,
    External,
    Fixed,
    FunctionOf,
    Instance,
    Method,
    ModuleOf,
    Object,
    Objects,
    Part,
    dotted_of,
)
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, component_called, has_stars, made_by
from lcmemlint.records import record
from lcmemlint.values import (
    AttrOf,
    CallOf,
    Combined,
    Const,
    Container,
    ItemOf,
    Joined,
    Location,
    Name,
    OneOf,
    Value,
    walk,
)

OriginKind = Literal["constant", "none", "environment", "fresh", "process", "given", "unknown"]

_KEPT = "session key"
_BY_THREAD = frozenset(("checkpointer", "store"))
"""Kinds of memory whose conversations the thread id selects, under whatever key they are kept."""
_PROBES = frozenset(("get_tuple", "aget_tuple"))
"""What health checks ask a saver for, by an id that no user has."""
"""What is said of the key under which a memory is kept, whatever its name."""
_SAME_FOR_ALL = frozenset(("constant", "none", "environment"))
_DEEP = 64
_MANY = 32
_SAME = frozenset(
    ["hex", "strip", "lower", "upper", "encode", "decode", "title", "replace", "int", "bytes", "urn"]
)
"""Attributes and methods of text (or of a UUID) that keep what it identifies."""
_CASTS = frozenset(
    ("builtins.str", "builtins.int", "builtins.repr", "builtins.format", "typing.cast", "uuid.UUID")
)
_FIELD_CALLS = ("fastapi.", "pydantic.", "typer.", "starlette.", "sqlmodel.", "streamlit.", "gradio.")
_LOGGERS = ("logging.", "loguru.", "structlog.", "builtins.print", "rich.", "sys.")


@record
class Origin:
    """Where a value comes from. ``fallback``: only if something else gave nothing; ``is_global``: a module keeps it."""

    kind: OriginKind
    path: str
    scope: int
    statement: int
    at: Location
    text: str = ""
    fallback: bool = False
    call: int = -1
    is_global: bool = False


@record
class Sink:
    """A place where a value selects a conversation."""

    name: str
    site: Site
    at: Location
    confidence: Confidence
    trace: tuple[Step, ...]
    source: FunctionOf | Object


@record
class Constant:
    """A literal that selects a conversation."""

    name: str
    text: str
    at: Location
    is_fallback: bool
    confidence: Confidence
    trace: tuple[Step, ...]


class Keys:
    """All session keys of the project, found when built."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        words = evaluator.catalogue.session
        self._config_keys = frozenset(words.config_keys) & {"thread_id", "session_id", "conversation_id"}
        self._origins: dict[tuple[str, int, int, int], tuple[Origin, ...]] = {}
        self._open: set[tuple[str, int, int, int]] = set()
        self._escapes = Escapes(evaluator)
        self._kinds = self._kinds_built()
        self._receivers = self._read_receivers()
        found = [sink for sink in self._find() if sink is not None]
        self.sinks = sorted(_unique(found), key=lambda sink: (sink.at, sink.name))

    def _kinds_built(self) -> frozenset[str]:
        """Kinds of memory that the project's code builds anywhere; a wrapper over histories counts as ``history``."""
        found: set[str] = set()
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                for thing in self.evaluator.value(path, call.scope, call.function, call.statement):
                    component = component_called(self.evaluator, thing)
                    if component is not None:
                        found.add("history" if component.history_argument else component.kind)
                        if self._is_given_saver(component, call, path):
                            found.add("checkpointer")
        found.update(memory.kind for memory in self.memories.all)
        return frozenset(found)

    def _is_given_saver(self, component: Component, call: Call, path: str) -> bool:
        """Whether a graph or agent is built with a checkpointer of whatever class."""
        if component.checkpointer_argument is None:
            return False
        saver = argument(call, (component.checkpointer_argument,), component.checkpointer_position)
        if saver is None:
            return False
        return self.evaluator.value(path, call.scope, saver, call.statement) != (Fixed(None),)

    def _remembers(self, sink: Sink) -> bool:
        """Whether the project builds anything that the key of a sink selects."""
        if sink.name == "thread_id":
            return "checkpointer" in self._kinds
        return bool(self._kinds & {"history", "memory", "checkpointer"})

    # ------------------------------------------------------------------ sinks

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
                    if key in self._config_keys and statement.value:
                        yield self._sink(key, Site(path, statement.scope, statement.value, number))
        for memory in self.memories.all:
            if memory.component.delegate:
                yield from self._in_delegates(memory)
            stored = memory.fate.stored
            if stored is None or stored.key is None or stored.constant is not None:
                continue
            if memory.kind in _BY_THREAD:
                continue
            if memory.on_request_path and memory.fate.lifetime == "worker":
                yield self._sink(_KEPT, replace_value(stored.site, stored.key))

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
            if given.name is None or given.name in self._config_keys
        ]
        if any(component_called(self.evaluator, thing) for thing in self._called(memory.thing.path, inner)):
            return  # its session argument is a sink of its own
        for site in sites:
            if not self._is_told_apart(site, site.value, [other.value for other in sites]):
                yield self._sink("session_id", site, memory.thing)

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
                yield self._sink(component.session_argument, site, Instance(thing, path, number))

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
            wanted = ("thread_id",) if "thread_id" in named else tuple(self._config_keys)
            others = [item for key, item in named.items() if key in ("user_id", *self._config_keys)]
            for key in wanted:
                if key in named and not self._is_told_apart(one, named[key], others):
                    yield self._sink(key, replace_value(one, named[key]), carrier)

    def _sink(self, name: str, site: Site, carrier: Object | None = None) -> Sink | None:
        """A sink on the request path: in code that a request runs, or in an object that such code uses."""
        function = self.memories.function_of(site.path, site.scope)
        source: FunctionOf | Object = function
        if function not in self.reach.came:
            if carrier is None or carrier not in self.reach.used:
                return None
            source = carrier
        if carrier is not None and self._is_ignored(carrier):
            return None
        at = self._location(site)
        trace = (*self.reach.trace(source), Step(at, f"`{name}` selects the conversation here"))
        return Sink(name, site, at, self.reach.confidence(source), trace, source)

    def _is_told_apart(self, site: Site, value: Value, others: list[Value]) -> bool:
        """Whether another key of the same configuration comes from the request: the two together are the key."""
        rest = [other for other in others if other is not value]
        return any(
            origin.kind in ("given", "unknown")
            for other in rest
            for origin in self.origins(replace_value(site, other))
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

    def _location(self, site: Site) -> Location:
        value = site.value
        if isinstance(value, Const) and value.span is not None:
            return Location(site.path, value.span)
        if isinstance(value, CallOf):
            return Location(site.path, self.evaluator.files[site.path].calls[value.call].span)
        return self.reach.place(site)

    # ------------------------------------------------------------------ origins

    def origins(self, site: Site) -> tuple[Origin, ...]:
        """Where the value at a site may come from, each once; an empty answer means that it only comes from itself."""
        mark = (site.path, site.scope, id(site.value), site.at)
        known = self._origins.get(mark)
        if known is not None:
            return known
        if mark in self._open or len(self._open) > _DEEP:
            return ()
        self._open.add(mark)
        try:
            found = tuple(dict.fromkeys(self._find_origins(site)))[:_MANY]
        finally:
            self._open.discard(mark)
        self._origins[mark] = found
        return found

    def _find_origins(self, site: Site) -> Iterable[Origin]:
        match site.value:
            case Const(value=bool()) | Const(value=float()):
                return [self._origin("unknown", site)]
            case Const(value=None) | Const(value="") | Const(value=0):  # `.get("id", 0)`: nothing was sent
                return [self._origin("none", site)]
            case Const(value=constant):
                return [self._origin("constant", site, text=repr(constant))]
            case Joined(parts=parts) | Combined(op="+", parts=parts):
                return self._joined(site, parts)
            case OneOf(options=options):
                return _mixed([self.origins(replace_value(site, option)) for option in options])
            case CallOf(call=number):
                return self._of_call(site, number)
            case Name(id=name):
                return self._of_name(site, name)
            case AttrOf(base=base, name=name):
                return self._of_attribute(site, base, name)
            case ItemOf(base=base, key=key):
                return self._of_item(site, base, key)
        return [self._origin("unknown", site)]

    def _origin(self, kind: OriginKind, site: Site, *, text: str = "", fallback: bool = False) -> Origin:
        return Origin(kind, site.path, site.scope, site.at, self._location(site), text, fallback)

    def _joined(self, site: Site, parts: Iterable[Value]) -> Sequence[Origin]:
        groups = [self.origins(replace_value(site, part)) for part in parts]
        fresh = [group for group in groups if group and all(origin.kind == "fresh" for origin in group)]
        if fresh:
            return fresh[0]
        if all(origin.kind in ("constant", "none") for group in groups for origin in group):
            return [self._origin("constant", site, text="the same text")]
        deciding = [group for group in groups if any(origin.kind not in _SAME_FOR_ALL for origin in group)]
        if len(deciding) == 1 and len(groups) > 1:
            return deciding[0]  # the other parts are the same for everybody
        ours = [origin for group in groups for origin in group if origin.kind not in ("constant", "none")]
        if all(origin.kind == "process" for origin in ours):
            return ours
        return [self._origin("unknown", site)]

    def _of_call(self, site: Site, number: int) -> Sequence[Origin]:
        call = self.evaluator.files[site.path].calls[number]
        words = self.evaluator.catalogue.session
        if isinstance(call.function, AttrOf) and call.function.name == "get" and len(call.arguments) == 2:
            return self._of_get(site, call.function.base, call.arguments[1].value)
        if isinstance(call.function, AttrOf) and call.function.name in _SAME:
            return self.origins(Site(site.path, call.scope, call.function.base, call.statement))
        found: list[Origin] = []
        for thing in self.evaluator.value(site.path, call.scope, call.function, call.statement):
            name = dotted_of(thing) if isinstance(thing, External) else None
            if name in words.fresh:
                found.append(replace(self._origin("fresh", site, text=f"`{_last(name)}()`"), call=number))
            elif name in words.process:
                found.append(self._origin("process", site, text=f"`{_last(name)}()`"))
            elif name in ("os.getenv", "os.environ.get"):
                found.append(self._origin("environment", site))
            elif name in _CASTS and call.arguments:
                inner = self.origins(Site(site.path, call.scope, call.arguments[-1].value, call.statement))
                found.extend(replace(one, kind="unknown") if one.kind == "none" else one for one in inner)
            elif name is not None and name.startswith(_FIELD_CALLS):
                widget = name.startswith(("streamlit.", "gradio."))
                default = argument(call, ("value",), 1) if widget else argument(call, ("default",), 0)
                if default is not None:
                    found.extend(self.origins(Site(site.path, call.scope, default, call.statement)))
                found.append(self._origin("given", site))
            elif isinstance(thing, FunctionOf | Method):
                function = thing.function if isinstance(thing, Method) else thing
                found.extend(self._of_function(function))
            else:
                found.append(self._origin("unknown", site))
        return found or [self._origin("unknown", site)]

    def _of_get(self, site: Site, base: Value, default: Value) -> list[Origin]:
        for thing in self.evaluator.value(site.path, site.scope, base, site.at):
            if (dotted_of(thing) or "").startswith("os."):
                return [self._origin("environment", site)]
        return _mixed([[self._origin("given", site)], self.origins(replace_value(site, default))])

    def _of_function(self, function: FunctionOf) -> list[Origin]:
        facts = self.evaluator.files[function.path]
        groups = []
        for number in self.evaluator.names[function.path].statements_of.get(function.scope, ()):
            statement = facts.statements[number]
            if statement.kind == "return" and statement.value is not None:
                groups.append(self.origins(Site(function.path, function.scope, statement.value, number)))
        return _mixed(groups)

    def _of_name(self, site: Site, name: str) -> list[Origin]:
        table = self.evaluator.names[site.path]
        home, bindings = table.lookup(site.scope, name)
        if not bindings:
            return [self._origin("unknown", site)]
        reaching = table.reaching(bindings, home, site.at) if home == site.scope else bindings
        groups: list[Sequence[Origin]] = []
        if home == MODULE and any(self._counts_up(site.path, binding) for binding in bindings):
            return [self._origin("process", site, text=f"the counter `{name}`")]
        stand_ins = self._stand_ins(site.path, name, reaching)
        for binding in reaching:
            if self._never_happens(site.path, home, name, binding):
                continue
            if binding.kind == "param":
                groups.append(
                    self._of_param(
                        site.path, home, self.evaluator.files[site.path].scopes[home].params[binding.index]
                    )
                )
            elif binding.kind == "import":
                groups.append(self._of_import(site, binding.index))
            elif binding.kind == "statement" and not binding.path:
                statement = self.evaluator.files[site.path].statements[binding.index]
                if statement.kind in ("assign", "annotate", "walrus") and statement.value is not None:
                    found = self.origins(Site(site.path, statement.scope, statement.value, binding.index))
                    if home == MODULE != statement.scope and site.path not in self.reach.scripts:
                        found = tuple(replace(origin, is_global=origin.kind == "fresh") for origin in found)
                    groups.append(found)
                else:
                    groups.append([self._origin("unknown", site)])
            else:
                groups.append([self._origin("unknown", site)])
        kept = [[one for one in group if one.text not in stand_ins or not one.text] for group in groups]
        return _mixed(kept)

    def _stand_ins(self, path: str, name: str, reaching: Iterable[Binding]) -> frozenset[str]:
        """Literals that only say "none was sent": ``if key == "new": key = uuid4()`` binds the name again."""
        blocks = self.evaluator.files[path].blocks
        return frozenset(
            repr(literal)
            for binding in reaching
            if binding.kind == "statement" and blocks[binding.block].kind == "if"
            for literal in _literals_tested(blocks[binding.block].test, name)
        )

    def _never_happens(self, path: str, scope: int, name: str, binding: Binding) -> bool:
        """``if session_id is None: session_id = ...`` where every caller hands over something that is not None."""
        if binding.kind != "statement":
            return False
        block = self.evaluator.files[path].blocks[binding.block]
        missing = (Combined("is", (Name(name), Const(None))), Combined("not", (Name(name),)))
        if (
            block.kind != "if"
            or block.test not in missing
            or not self.evaluator.is_always_filled(path, scope, name)
        ):
            return False
        fills = self.evaluator.fills.get((path, scope, name), {}).values()
        return all(origin.kind != "none" for fill in fills for origin in self.origins(fill))

    def _counts_up(self, path: str, binding: Binding) -> bool:
        return (
            binding.kind == "statement"
            and self.evaluator.files[path].statements[binding.index].kind == "augment"
        )

    def _of_import(self, site: Site, index: int) -> list[Origin]:
        imported = self.evaluator.files[site.path].imports[index]
        target = self.evaluator.modules.find(site.path, imported.module)
        if imported.name is None or target not in self.evaluator.files or target is None:
            return [self._origin("unknown", site)]
        return self._of_name(Site(target, MODULE, Name(imported.name), -1), imported.name)

    def _of_param(self, path: str, scope: int, param: Param) -> list[Origin]:
        function = FunctionOf(path, scope)
        here = self.evaluator.files[path].scopes[scope]
        site = Site(path, max(here.parent, 0), Name(param.name), -1)
        at = Location(path, param.span)
        found: list[Origin] = []
        fills = list(self.evaluator.fills.get((path, scope, param.name), {}).values())
        for fill in fills:
            if self._runs(fill):
                found.extend(self.origins(fill))
        entered = function in self.reach.point
        if param.default is None:
            if entered or not fills:
                found.append(replace(self._origin("given", site), at=at))
            return found
        if entered or len(fills) < self._callers(function):
            default = self.origins(Site(path, max(here.parent, 0), param.default, -1))
            given = (
                [replace(self._origin("given", site), at=at)]
                if entered or not self._callers(function)
                else []
            )
            found.extend(_mixed([default, given]))
        return found

    def _callers(self, function: FunctionOf) -> int:
        return sum(not edge.passed for edge in self.evaluator.edges_to(function))

    def _runs(self, site: Site) -> bool:
        function = self.memories.function_of(site.path, site.scope)
        return function in self.reach.came or (function in self.reach.imported and function.scope != MODULE)

    def _of_attribute(self, site: Site, base: Value, name: str) -> Sequence[Origin]:
        if name in _SAME:
            return self.origins(replace_value(site, base))
        groups: list[Sequence[Origin]] = []
        for thing in self.evaluator.value(site.path, site.scope, base, site.at):
            if isinstance(thing, Instance) and isinstance(thing.of, ClassOf):
                groups.append(self._of_field(site, thing.of, name))
            elif isinstance(thing, ModuleOf):
                groups.append(self._of_name(Site(thing.path, MODULE, Name(name), -1), name))
            elif self.memories.session_state(thing) is not None:
                groups.append(self._of_session_state(site, thing, name))
            else:
                groups.append([self._origin("unknown", site)])
        return [origin for group in groups for origin in group] or [self._origin("unknown", site)]

    def _of_session_state(self, site: Site, holder: Object, name: str) -> list[Origin]:
        """What the session state keeps: a literal is one for everybody, a fresh id is one for each session."""
        stores = [
            s.site
            for s in list(self.evaluator.items.get(self.evaluator.shared_name(holder), {}).values())
            if s.constant == name
        ]
        groups = [self.origins(store) for store in stores]
        found = [
            replace(origin, kind="unknown") if origin.kind == "fresh" else origin
            for g in groups
            for origin in g
        ]
        return found or [self._origin("unknown", site)]

    def _of_field(self, site: Site, cls: ClassOf, name: str) -> list[Origin]:
        bases = self.evaluator.external_bases(cls)
        model = any(base.startswith(("pydantic", "sqlmodel", "msgspec")) for base in bases)
        if any("Settings" in base for base in bases):
            return [self._origin("unknown", site)]
        groups: list[Sequence[Origin]] = []
        for one in self.evaluator.project_bases(cls):
            facts = self.evaluator.files[one.path]
            for binding in self.evaluator.names[one.path].table.get((one.scope, name), ()):
                if binding.kind != "statement":
                    continue
                statement = facts.statements[binding.index]
                if model:
                    groups.append([self._origin("given", site)])
                if statement.value is not None:
                    groups.append(self.origins(Site(one.path, one.scope, statement.value, binding.index)))
        for stored in list(self.evaluator.attributes.get((cls, name), {}).values()):
            if self.evaluator.files[stored.path].scopes[stored.scope].kind != "class":
                groups.append(self.origins(stored))
        return _mixed(groups) or [self._origin("unknown", site)]

    def _of_item(self, site: Site, base: Value, key: Value) -> Sequence[Origin]:
        if not isinstance(key, Const):
            return [self._origin("unknown", site)]
        for thing in self.evaluator.value(site.path, site.scope, base, site.at):
            if isinstance(key.value, str) and self.memories.session_state(thing) is not None:
                return self._of_session_state(site, thing, key.value)
            if isinstance(thing, Collection):
                matching = [inner for written, inner in self.evaluator.contents(thing) if written == key]
                if matching and not self.evaluator.items.get(thing):
                    return self.origins(matching[-1])
        return [self._origin("unknown", site)]

    # ------------------------------------------------------------------ questions of the rules

    def constants(self, containers: Iterable[Object] = ()) -> Iterator[Constant]:
        """Literals that select a conversation on the request path, each place once.

        ``containers`` are dicts that hold conversations by key: there a literal counts as what stands in for a key.
        """
        told: set[Location] = set()
        for sink in self.sinks:
            if not self._remembers(sink) or self._is_registered(sink):
                continue
            missing = self._missing(sink)
            if missing is not None and missing.at not in told:
                told.add(missing.at)
                yield missing
            yield from self._literals(sink, told)
        for sink in (sink for thing in containers for sink in self._in_container(thing)):
            if not self._is_same_for_all(sink):
                yield from self._literals(sink, told)

    def _is_registered(self, sink: Sink) -> bool:
        """Whether it is kept under names of its own, whoever asks: in a registry of services."""
        return sink.name == _KEPT and self._is_same_for_all(sink)

    def _is_same_for_all(self, sink: Sink) -> bool:
        return all(origin.kind == "constant" for origin in self.origins(sink.site))

    def _literals(self, sink: Sink, told: set[Location]) -> Iterator[Constant]:
        for origin in self.origins(sink.site):
            if origin.kind == "constant" and origin.at not in told and self._on_path(origin):
                told.add(origin.at)
                trace = self._way_through(origin, sink)
                yield Constant(sink.name, origin.text, origin.at, origin.fallback, sink.confidence, trace)

    def _way_through(self, origin: Origin, sink: Sink) -> tuple[Step, ...]:
        """The proof for a literal: the way to the sink, or to the literal if that stands on another way."""
        if origin.at == sink.at:
            return sink.trace
        function = self._brought_by(origin)
        sure = Step(origin.at, f"it is {origin.text} here")
        if function is None or function not in self.reach.came or self.reach.passes(sink.source, function):
            return (*sink.trace, sure)
        return (
            *self.reach.trace(function),
            replace(sure, text=f"`{sink.name}` is {origin.text} here"),
            sink.trace[-1],
        )

    def _brought_by(self, origin: Origin) -> FunctionOf | None:
        """The function that holds a literal; for the default of a field, an entry point that takes its class."""
        if self.evaluator.files[origin.path].scopes[origin.scope].kind != "class":
            return self.memories.function_of(origin.path, origin.scope)
        cls = ClassOf(origin.path, origin.scope)
        for point in self.reach.entries:
            path, scope = point.function.path, point.function.scope
            for param in self.evaluator.files[path].scopes[scope].params:
                note = param.annotation
                if note is not None and cls in self.evaluator.value(path, max(scope, 0), note, -1):
                    return point.function
        return None

    def _missing(self, sink: Sink) -> Constant | None:
        """An optional id that goes straight into a sink: None (and "") is one conversation for all who send none.

        Measured with langgraph 1.2.22 and langchain-core 1.7.2: InMemorySaver, SqliteSaver and histories accept both.
        """
        if not isinstance(sink.site.value, Name | AttrOf) or sink.name not in ("thread_id", "session_id"):
            return None
        if self.memories.function_of(sink.site.path, sink.site.scope) not in self.reach.point:
            return None
        origins = self.origins(sink.site)
        if {origin.kind for origin in origins} != {"none", "given"} or any(
            self._is_tested(one) for one in origins
        ):
            return None
        if self._is_tested(self._origin("none", sink.site)):
            return None
        return Constant(sink.name, "None", sink.at, True, sink.confidence, sink.trace)

    def _is_tested(self, origin: Origin) -> bool:
        """Whether the function of an origin (or of a sink) looks at the value, or binds it again, anywhere."""
        facts = self.evaluator.files[origin.path]
        names = set(self._config_keys) | self._written_names(origin)
        for statement in facts.statements:
            if statement.value is None:
                continue
            if statement.kind in ("test", "assert"):
                tested = any(_name_of(part) in names for part in walk(statement.value))
            else:
                bound = statement.kind in ("assign", "annotate", "walrus") and not _in_class(facts, statement)
                plain = isinstance(statement.value, Const | Name | AttrOf)
                tested = (
                    bound and not plain and any(_name_of(target) in names for target in statement.targets)
                )
            if tested:
                return True
        return False

    def _written_names(self, origin: Origin) -> set[str]:
        facts = self.evaluator.files[origin.path]
        if origin.statement < 0:
            return set()
        value = facts.statements[origin.statement].value
        return {_name_of(value)} - {""} if value is not None else set()

    def _on_path(self, origin: Origin) -> bool:
        facts = self.evaluator.files[origin.path]
        if facts.scopes[origin.scope].kind in ("module", "class"):
            if origin.statement < 0 or origin.path in self.reach.servers:
                return True
            return not self.reach.in_main(origin.path, facts.statements[origin.statement].block)
        return bool(self.reach.runs(FunctionOf(origin.path, origin.scope)) - {"script"})

    def lost_fresh_id(self, sink: Sink) -> Origin | None:
        """The fresh id of a sink that the client neither sent nor gets back, else None."""
        if not self._remembers(sink):
            return None
        origins = self.origins(sink.site)
        if not origins or any(origin.kind != "fresh" for origin in origins):
            return None
        if any(not self._made_per_request(origin) or self._leaves(origin) for origin in origins):
            return None
        return origins[0]

    def process_ids(self, containers: Iterable[Object] = ()) -> Iterator[Constant]:
        """Ids that select a conversation and belong to the process: made at import, or of the pid, host or a counter.

        ``containers`` are dicts that hold conversations by key, beside the memories that we know.
        """
        told: set[Location] = set()
        kept = [sink for thing in containers for sink in self._in_container(thing)]
        for sink in (*(sink for sink in self.sinks if self._remembers(sink)), *kept):
            origins = self.origins(sink.site)
            ours = [origin for origin in origins if origin.kind == "process" or self._is_made_once(origin)]
            rest = [o for o in origins if o not in ours and o.kind not in ("constant", "none")]
            if any(origin.kind != "given" for origin in rest):
                continue
            for origin in ours:
                if origin.at not in told and self._on_path(origin):
                    told.add(origin.at)
                    step = (
                        () if origin.at == sink.at else (Step(origin.at, f"it is {origin.text}, made here"),)
                    )
                    yield Constant(
                        sink.name, origin.text, origin.at, bool(rest), sink.confidence, (*sink.trace, *step)
                    )

    def _in_container(self, thing: Object) -> Iterator[Sink]:
        for stored in list(self.evaluator.items.get(thing, {}).values()):
            if stored.key is not None and stored.constant is None:
                sink = self._sink(
                    _name_of(stored.key) or "session key", replace_value(stored.site, stored.key)
                )
                if sink is not None:
                    yield sink

    def _is_made_once(self, origin: Origin) -> bool:
        """Whether a fresh id is made while modules are imported or the server starts, or is kept in a global."""
        if origin.is_global:
            return True
        if origin.kind != "fresh" or self._made_per_request(origin):
            return False
        if self.evaluator.files[origin.path].scopes[origin.scope].kind in ("module", "class"):
            return True
        return bool(self.reach.runs(FunctionOf(origin.path, origin.scope)) & {"import", "startup"})

    def _leaves(self, origin: Origin) -> bool:
        if origin.call < 0 or self._in_loop(origin):
            return True
        return self._escapes.leaves(origin.path, origin.scope, CallOf(origin.call))

    def _in_loop(self, origin: Origin) -> bool:
        """An id for each of many inputs is no conversation's."""
        facts = self.evaluator.files[origin.path]
        blocks = self.evaluator.names[origin.path].blocks_around(facts.calls[origin.call].block)
        return any(facts.blocks[number].kind == "for" for number in blocks)

    def _made_per_request(self, origin: Origin) -> bool:
        if origin.is_global:
            return False
        kind = self.evaluator.files[origin.path].scopes[origin.scope].kind
        if kind in ("module", "class"):
            return origin.path in self.reach.scripts and kind == "module"
        return FunctionOf(origin.path, origin.scope) in self.reach.came and not self._is_kept_longer(origin)

    def _is_kept_longer(self, origin: Origin) -> bool:
        """Whether an attribute keeps the id, of an object that may outlive the request."""
        targets = self.evaluator.files[origin.path].statements[origin.statement].targets
        if origin.statement < 0 or not any(isinstance(target, AttrOf) for target in targets):
            return False
        cls = self.evaluator.class_around(origin.path, origin.scope)
        made = list(self.memories.made(cls)) if cls is not None else []
        return not made or any(self.memories.fate(one).lifetime != "request" for one in made)


def _name_of(value: Value) -> str:
    return value.id if isinstance(value, Name) else value.name if isinstance(value, AttrOf) else ""


def _in_class(facts: FileFacts, statement: Statement) -> bool:
    return facts.scopes[statement.scope].kind == "class"


def _literals_tested(test: Value | None, name: str) -> Iterator[object]:
    """The literals that a name is compared with, where being one of them is enough for the test to hold."""
    match test:
        case OneOf(how="or", options=options):
            for option in options:
                yield from _literals_tested(option, name)
        case (
            Combined(op="==", parts=(Name(id=tested), Const(value=literal)))
            | Combined(op="==", parts=(Const(value=literal), Name(id=tested)))
        ) if tested == name:
            yield literal
        case Combined(op="in", parts=(Name(id=tested), Container(items=items))) if tested == name:
            yield from (item.value for item in items if isinstance(item, Const))


def _configurable_key(target: Value) -> str:
    """``thread_id`` for ``config["configurable"]["thread_id"]``, else empty."""
    match target:
        case ItemOf(base=ItemOf(key=Const(value="configurable")), key=Const(value=str() as key)):
            return key
    return ""


def replace_value(site: Site, value: Value) -> Site:
    """The same place, another value."""
    return Site(site.path, site.scope, value, site.at)


def _last(name: str | None) -> str:
    return (name or "").rsplit(".", 1)[-1]


def _mixed(groups: Sequence[Sequence[Origin]]) -> list[Origin]:
    """Alternatives of one expression: beside anything else, a literal is only the fallback."""
    groups = [group for group in groups if group]
    if len(groups) > 1 and any(
        origin.kind not in ("constant", "none") for group in groups for origin in group
    ):
        groups = [
            [replace(origin, fallback=True) if origin.kind == "constant" else origin for origin in group]
            for group in groups
        ]
    return [origin for group in groups for origin in group]


def _unique(sinks: Iterable[Sink]) -> list[Sink]:
    found: dict[tuple[Location, str, int], Sink] = {}
    for sink in sinks:
        found.setdefault((sink.at, sink.name, id(sink.site.value)), sink)
    return list(found.values())


__all__ = ["Constant", "Keys", "Origin", "Part", "Sink"]
