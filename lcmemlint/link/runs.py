"""Runs: every call that runs a graph, an agent or a chain with history, what built that, and with which configuration.

A *run* is ``graph.invoke(…)`` and its like. Its receiver is *built* by one or several calls (``builder.compile()``,
``create_agent(…)``, ``RunnableWithMessageHistory(…)``), which say whether it keeps threads. Its configuration says
whether a session is named. All answers are yes, no or unknown; a saver that is assigned later, that a platform brings
or that a parent graph lends makes them unknown. Nothing is computed before the first question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct

from lcmemlint.catalogue import Component
from lcmemlint.facts import Call, FileFacts
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    Collection,
    External,
    Fixed,
    FunctionOf,
    Given,
    Instance,
    Method,
    Object,
    Objects,
    Part,
    dotted_of,
)
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, has_stars, made_by
from lcmemlint.values import (
    AttrOf,
    Combined,
    Const,
    Container,
    Lambda,
    Location,
    Name,
    Starred,
    Value,
    dotted,
    walk,
)

Answer = Literal["yes", "no", "unknown"]

_DEEP = 6
_POSITIONAL = 2
"""Agent builders take a model and tools by position; what else stands there may be the checkpointer."""
_CONFIGS = ("RunnableConfig", "ensure_config")


class Built(Struct, frozen=True):
    """What a run runs: the object, the component and the call that built it; ``bound``: a config was bound to it."""

    thing: Object
    component: Component
    call: Call
    path: str
    bound: bool

    @property
    def at(self) -> Location:
        """The call that built it."""
        return Location(self.path, self.call.span)

    @property
    def name(self) -> str:
        """How people call what built it: ``compile``, ``create_agent``."""
        if self.component.method is not None:
            return self.component.method
        return (dotted(self.call.function) or self.component.names[0]).rsplit(".", 1)[-1]


class Exported(Struct, frozen=True):
    """A graph that a platform runs, under the ``name`` of its file; ``by_factory``: a function builds it there."""

    built: Built
    name: str
    by_factory: bool


class Run(Struct, frozen=True):
    """One call that runs something built; ``function`` is the code that makes it."""

    path: str
    call: Call
    function: FunctionOf
    built: tuple[Built, ...]

    @property
    def at(self) -> Location:
        """The call itself."""
        return Location(self.path, self.call.span)

    @property
    def receiver(self) -> str:
        """What is run, as it is written."""
        base = self.call.function.base if isinstance(self.call.function, AttrOf) else self.call.function
        return dotted(base) or self.built[0].name


class Runs:
    """Answers about all runs of one project."""

    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        memories: Memories,
        platform_graphs: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self._platform_names = platform_graphs

    # ------------------------------------------------------------------ runs

    @cached_property
    def all(self) -> tuple[Run, ...]:
        """All runs whose receiver is known whole, in order of place."""
        words = self.evaluator.catalogue.session.run
        found = []
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                if not isinstance(call.function, AttrOf) or call.function.name not in words:
                    continue
                built = self._built(Site(path, call.scope, call.function.base, call.statement))
                if built:
                    function = self.memories.function_of(path, call.scope)
                    found.append(Run(path, call, function, built))
        return tuple(sorted(found, key=lambda run: run.at))

    @cached_property
    def of_requests(self) -> tuple[Run, ...]:
        """Runs that answer a request, save those inside another run, which hands its configuration on."""
        return tuple(
            run for run in self.all if run.function in self.reach.came and run.function not in self._inside
        )

    def _built(self, site: Site) -> tuple[Built, ...]:
        """Everything that the receiver may be; empty when a part of that is not known."""
        found = []
        for thing in self.evaluator.at(site):
            if thing == Fixed(None) or self._is_builder(thing):
                continue
            one = self._built_of(thing)
            if one is None:
                return ()
            found.append(one)
        return tuple(found)

    def _built_of(self, thing: Object) -> Built | None:
        bound = False
        words = self.evaluator.catalogue.session.rebind
        while isinstance(thing, Instance) and isinstance(thing.of, Part) and thing.of.name in words:
            bound = True
            thing = thing.of.base
        made = made_by(self.evaluator, thing)
        if made is None or not isinstance(thing, Instance) or not _is_direct(thing, made[0]):
            return None
        component, call, path = made
        if component.lookalike or not (component.checkpointer_argument or component.history_argument):
            return None
        return Built(thing, component, call, path, bound)

    def _is_builder(self, thing: Object) -> bool:
        """Whether it is a graph before ``compile()``, which cannot be run: an older value of the same name."""
        if not isinstance(thing, Instance) or not isinstance(thing.of, External):
            return False
        component = self.evaluator.catalogue.component(thing.of.dotted)
        return component is not None and component.method is not None

    # ------------------------------------------------------------------ what runs inside another run

    @cached_property
    def _inside(self) -> frozenset[FunctionOf]:
        """Functions that graphs, agents and chains call: nodes, tools, lambdas, and what those call."""
        pending = [*self._handed_over(), *self._overridden()]
        seen: set[FunctionOf] = set()
        edges: dict[FunctionOf, list[FunctionOf]] = {}
        for (path, scope, _), table in self.evaluator.edges.items():
            caller = self.memories.function_of(path, scope)
            edges.setdefault(caller, []).extend(callee for callee, _ in table)
        while pending:
            function = pending.pop()
            if function not in seen and function not in self.reach.point:
                seen.add(function)
                pending.extend(edges.get(function, ()))
        return frozenset(seen)

    def _handed_over(self) -> Iterator[FunctionOf]:
        evaluator = self.evaluator
        for (path, _, number), table in evaluator.edges.items():
            passed = [callee for callee, was_passed in table if was_passed]
            if passed:
                call = evaluator.files[path].calls[number]
                things = evaluator.value(path, call.scope, call.function, call.statement)
                if any(self._is_ours(thing) for thing in things):
                    yield from passed
        for path, facts in evaluator.files.items():
            for number, scope in enumerate(facts.scopes):
                for decorator in scope.decorators:
                    things = evaluator.value(path, max(scope.parent, 0), decorator)
                    if any(self._is_ours(thing) for thing in things):
                        yield FunctionOf(path, number)
            for number, statement in enumerate(facts.statements):
                for part in _piped(statement.value):
                    for thing in evaluator.value(path, statement.scope, part, number):
                        yield from _function(thing)

    def _overridden(self) -> Iterator[FunctionOf]:
        """Methods of the project's own tools, runnables and chains."""
        for path, facts in self.evaluator.files.items():
            for number, scope in enumerate(facts.scopes):
                if scope.kind != "class" or not scope.bases:
                    continue
                bases = self.evaluator.external_bases(ClassOf(path, number))
                if any(self._is_ours(External(base)) for base in bases):
                    for child in self.evaluator.names[path].children.get(number, ()):
                        yield FunctionOf(path, child)

    def _is_ours(self, thing: Object) -> bool:
        name = dotted_of(thing) or ""
        return name.split(".", 1)[0] in self.evaluator.catalogue.packages and not name.startswith("langserve")

    # ------------------------------------------------------------------ what keeps threads

    def keeps_threads(self, built: Built) -> Answer:
        """Whether a graph or agent has a checkpointer of its own."""
        component, call = built.component, built.call
        if not component.checkpointer_argument or has_stars(call):
            return "unknown"
        if self._is_attached_later(built.thing, component.checkpointer_argument):
            return "unknown"
        if built.thing in self._platform_things or built.path in self._platform_unknown:
            return "unknown"
        saver = argument(call, (component.checkpointer_argument,), component.checkpointer_position)
        if saver is None:
            blind = component.checkpointer_position is None and len(_positional(call)) > _POSITIONAL
            return "unknown" if blind else "no"
        things = self.evaluator.value(built.path, call.scope, saver, call.statement)
        if things and all(thing in (Fixed(None), Fixed(False)) for thing in things):
            return "no"
        if things and all(isinstance(thing, Instance) and thing.path for thing in things):
            return "yes"
        return "unknown"

    def _is_attached_later(self, thing: Object, attribute: str) -> bool:
        return self._is_assigned_blindly or bool(
            self.evaluator.attributes.get((self.evaluator.shared_name(thing), attribute))
        )

    @cached_property
    def _is_assigned_blindly(self) -> bool:
        """Whether ``x.checkpointer = …`` stands somewhere and we cannot tell which graph ``x`` is."""
        return any(
            not holders or any(_is_vague(holder) for holder in holders)
            for path, facts in self.evaluator.files.items()
            for holders in self._given_a_saver(path, facts)
        )

    def _given_a_saver(self, path: str, facts: FileFacts) -> Iterator[Objects]:
        """What ``.checkpointer`` is assigned on in a file; nothing is known about the first argument of ``setattr``."""
        for number, statement in enumerate(facts.statements):
            for target in statement.targets:
                if isinstance(target, AttrOf) and target.name == "checkpointer":
                    yield self.evaluator.value(path, statement.scope, target.base, number)
        for call in facts.calls:
            names = [given.value for given in call.arguments[1:2]]
            if call.function == Name("setattr") and names == [Const("checkpointer")]:
                yield ()

    @cached_property
    def exported(self) -> tuple[Exported, ...]:
        """What the platform runs: the exported graphs, and what exported factories return."""
        found: dict[Object, Exported] = {}
        for path, name in sorted(self._platform_names):
            if path not in self.evaluator.files:
                continue
            for thing in self.evaluator.member_of_module(path, name):
                made: Iterable[Object] = (thing,)
                if isinstance(thing, FunctionOf):
                    made = self.evaluator.returned(thing)
                for one in made:
                    built = self._built_of(one)
                    if built is not None:
                        found.setdefault(built.thing, Exported(built, name, isinstance(thing, FunctionOf)))
        return tuple(found.values())

    @cached_property
    def _platform_things(self) -> frozenset[Object]:
        return frozenset(one.built.thing for one in self.exported)

    @cached_property
    def _platform_unknown(self) -> frozenset[str]:
        """Files that export a graph which we cannot follow."""
        return frozenset(
            path
            for path, name in self._platform_names
            if path in self.evaluator.files
            and all(_is_vague(thing) for thing in self.evaluator.member_of_module(path, name))
        )

    # ------------------------------------------------------------------ histories

    def needs_session(self, built: Built) -> bool:
        """Whether a chain with history surely asks for exactly one key, the session's id."""
        component, call = built.component, built.call
        if not component.history_argument or has_stars(call):
            return False
        if argument(call, ("history_factory_config",), None) is not None:
            return False
        factory = argument(call, (component.history_argument,), component.history_position)
        if factory is None:
            return False
        things = self.evaluator.value(built.path, call.scope, factory, call.statement)
        return all(self._takes_one(thing) for thing in things)

    def _takes_one(self, thing: Object) -> bool:
        """Whether a factory takes one argument; the wrapper calls one without any with nothing at all."""
        if not isinstance(thing, FunctionOf | Method):
            return False
        function = thing.function if isinstance(thing, Method) else thing
        params = self.evaluator.files[function.path].scopes[function.scope].params
        own = params[1:] if isinstance(thing, Method) else params
        return len(own) == 1 and own[0].kind not in ("*", "**")

    # ------------------------------------------------------------------ configurations

    def names(self, run: Run, key: str) -> Answer:
        """Whether the configuration of a run names ``key``."""
        config = argument(run.call, ("config",), 1)
        if config is None:
            return "unknown" if has_stars(run.call) else "no"
        return self._in_config(Site(run.path, run.call.scope, config, run.call.statement), key, 0)

    def place_of(self, run: Run, key: str) -> Location:
        """Where the configuration of a run names ``key``: the statement of that display, else the run itself."""
        config = argument(run.call, ("config",), 1)
        if config is not None:
            for site in self._naming(Site(run.path, run.call.scope, config, run.call.statement), key, 0):
                if site.at >= 0 and (site.path, site.at) != (run.path, run.call.statement):
                    return self.reach.place(site)
        return run.at

    def _naming(self, site: Site, key: str, depth: int) -> Iterator[Site]:
        """The displays that write ``key`` out, among what a configuration is made of."""
        for thing in self.evaluator.at(site) if depth < _DEEP else ():
            parts: list[tuple[Value | None, Site]] = []
            if isinstance(thing, Collection):
                parts = self.evaluator.contents(thing)
                if any(name == Const(key) for name, _ in parts):
                    yield self.evaluator.collections[thing.number]
                for stored in list(self.evaluator.items.get(thing, {}).values()):
                    if stored.constant == key:
                        yield stored.site
                    parts.append((Const(stored.constant), stored.site))
            elif isinstance(thing, Instance) and thing.path and _is_config(thing):
                call = self.evaluator.files[thing.path].calls[thing.call]
                for given in call.arguments:
                    inner = Site(thing.path, call.scope, _unstarred(given.value), call.statement)
                    parts.append((None if given.name == "**" else Const(given.name), inner))
            for name, inner in parts:
                if name is None or name == Const("configurable"):
                    yield from self._naming(inner, key, depth + 1)

    def _in_config(self, site: Site, key: str, depth: int) -> Answer:
        if depth > _DEEP:
            return "unknown"
        if isinstance(site.value, Container):
            return self._in_dict(self.evaluator.at(site)[0], site, key, depth)
        answers = []
        for thing in self.evaluator.at(site):
            if isinstance(thing, Collection):
                inner = self.evaluator.collections[thing.number]
                answers.append(self._in_dict(thing, inner, key, depth))
            elif isinstance(thing, Instance) and thing.path and _is_config(thing):
                answers.append(self._in_call(thing, key, depth))
            else:
                answers.append("no" if thing == Fixed(None) else "unknown")
        return _all(answers)

    def _in_dict(self, thing: Object, site: Site, key: str, depth: int) -> Answer:
        """A display, with what assignments put into it later."""
        if not isinstance(site.value, Container) or site.value.kind != "dict":
            return "unknown"
        answers: list[Answer] = []
        for name, item in zip(site.value.keys, site.value.items, strict=False):
            inner = Site(site.path, site.scope, _unstarred(item), site.at)
            answers.append(self._in_item(name, inner, key, depth))
        for stored in list(self.evaluator.items.get(thing, {}).values()):
            name = None if stored.constant is None else Const(stored.constant)
            answers.append(self._in_item(name, stored.site, key, depth) if name else "unknown")
        return _any(answers)

    def _in_item(self, name: Value | None, site: Site, key: str, depth: int) -> Answer:
        if name == Const(key):
            return "yes"
        if name is None or name == Const("configurable"):
            return self._in_config(site, key, depth + 1)
        return "no" if isinstance(name, Const) else "unknown"

    def _in_call(self, thing: Instance, key: str, depth: int) -> Answer:
        """``RunnableConfig(configurable={…}, **rest)``"""
        call = self.evaluator.files[thing.path].calls[thing.call]
        answers: list[Answer] = []
        for given in call.arguments:
            if given.name is None or given.name == "*":
                return "unknown"
            site = Site(thing.path, call.scope, _unstarred(given.value), call.statement)
            name = None if given.name == "**" else Const(given.name)
            answers.append(self._in_item(name, site, key, depth))
        return _any(answers)

    # ------------------------------------------------------------------ inputs

    def brings_history(self, run: Run) -> bool:
        """Whether the input may hold earlier messages: then a thread that is not kept loses nothing."""
        given = argument(run.call, ("input", "inputs"), 0)
        if given is None:
            return has_stars(run.call)
        site = Site(run.path, run.call.scope, given, run.call.statement)
        return any(self._is_many(inner) for inner in self._messages(site))

    def _messages(self, site: Site) -> Iterator[Site]:
        for thing in self.evaluator.at(site):
            if isinstance(thing, Collection):
                for name, inner in self.evaluator.contents(thing):
                    if name == Const("messages") or name is None:
                        yield inner

    def _is_many(self, site: Site) -> bool:
        """Whether a value is a list that is not written out here: loaded, sent by the client, put together."""
        if isinstance(site.value, Container):
            return any(isinstance(item, Starred) for item in site.value.items)
        things = self.evaluator.at(site)
        if not things:
            return True
        return any(self._is_list(thing) for thing in things)

    def _is_list(self, thing: Object) -> bool:
        if isinstance(thing, Collection):
            inner = self.evaluator.collections[thing.number]
            grows = bool(self.evaluator.items.get(thing))
            return grows or not isinstance(inner.value, Container) or self._is_many(inner)
        if isinstance(thing, Instance):
            return not (dotted_of(thing) or "").startswith("langchain")
        return _is_vague(thing)


def _is_direct(thing: Instance, component: Component) -> bool:
    """Whether the object is what the component builds, not what one of its methods gave."""
    if isinstance(thing.of, Part):
        return thing.of.name == component.method
    return component.method is None


def _function(thing: Object) -> Iterator[FunctionOf]:
    if isinstance(thing, FunctionOf):
        yield thing
    elif isinstance(thing, Method):
        yield thing.function


def _positional(call: Call) -> list[Value]:
    return [given.value for given in call.arguments if given.name is None]


def _piped(value: Value | None) -> Iterator[Value]:
    """The parts of ``a | b | c``."""
    if isinstance(value, Combined) and value.op == "|":
        for part in walk(value):
            if isinstance(part, Name | AttrOf | Lambda):
                yield part


def _is_vague(thing: Object) -> bool:
    """Whether we do not know what an object is."""
    return thing == UNCLEAR or isinstance(thing, Given | External | Part)


def _is_config(thing: Instance) -> bool:
    return (dotted_of(thing) or "").rsplit(".", 1)[-1] in _CONFIGS


def _unstarred(value: Value) -> Value:
    return value.value if isinstance(value, Starred) else value


def _all(answers: list[Answer]) -> Answer:
    """One answer for alternatives: they must agree."""
    return answers[0] if answers and len(set(answers)) == 1 else "unknown"


def _any(answers: list[Answer]) -> Answer:
    """One answer for parts: one yes is enough."""
    if "yes" in answers:
        return "yes"
    return "unknown" if "unknown" in answers else "no"
