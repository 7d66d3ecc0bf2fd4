"""Session identity: which values select a conversation, and where those values come from.

A *sink* is a place where a value selects a conversation: ``thread_id`` in a ``configurable``, the session argument of a
history, the key under which a history is kept. Its *origins* are found by following the value backwards, through
names, calls and the arguments of all callers, until it is a literal, a fresh id, something that the request brings,
or not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.catalogue import Component
from lcmemlint.facts import Call, FileFacts, Statement
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.escape import Escapes
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories
from lcmemlint.link.objects import (
    ClassOf,
    Fixed,
    FunctionOf,
    Object,
)
from lcmemlint.link.origins import Origin, Origins, replace_value
from lcmemlint.link.reach import Reach
from lcmemlint.link.sinks import KEPT, Sink, SinkFinder
from lcmemlint.link.storage import argument, component_called
from lcmemlint.values import (
    AttrOf,
    CallOf,
    Const,
    Location,
    Name,
    Value,
    walk,
)


class Constant(Struct, frozen=True):
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
        self._escapes = Escapes(evaluator)
        self._kinds = self._kinds_built()
        self._origins = Origins(evaluator, reach, memories)
        self._finder = SinkFinder(evaluator, reach, memories, self._origins)
        self._config_keys = self._finder.config_keys
        self.sinks = self._finder.all()

    def origins(self, site: Site) -> tuple[Origin, ...]:
        """Where the value at a site may come from, each once; an empty answer means that it only comes from itself."""
        return self._origins.of(site)

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
        return sink.name == KEPT and self._is_same_for_all(sink)

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
        if self._is_tested(self._origins.origin("none", sink.site)):
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
                sink = self._finder.sink(
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
