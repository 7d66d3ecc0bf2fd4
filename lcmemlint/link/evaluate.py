"""Which objects a value may be: the heart of the linker.

Terms. A *value* is an expression of one file (``lcmemlint.values``); an *object* is what it may be at run time
(``lcmemlint.link.objects``). *Stores* are places that keep objects: attributes of instances, items of collections.
*Fills* are the arguments that the calls of the project hand to each parameter.

Algorithm. ``Evaluator.value`` follows names, attributes, items and calls on demand and remembers its answers. Names are
looked up in their scope, with those bindings that may reach the statement. Parameters and stores depend on calls and
assignments elsewhere, so ``solve`` sweeps all calls and assignments of the project, and then again those that asked
for something that was learnt later, until nothing new is learnt. A question that leads back to itself (recursion,
``self.x = f(self.x)``) is answered by what the sweep before found. Answers never depend on the order of files: sweeps
go by sorted path.
"""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lcmemlint.catalogue import Catalogue
from lcmemlint.facts import Call, FileFacts, Import, Param
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.link.names import Binding, FileNames
from lcmemlint.link.objects import (
    LONG,
    UNCLEAR,
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
    Objects,
    Part,
    dotted_of,
    made_at,
    part_of,
)
from lcmemlint.values import (
    UNKNOWN,
    AttrOf,
    CallOf,
    Combined,
    Const,
    Container,
    ItemOf,
    Joined,
    Lambda,
    Name,
    OneOf,
    Starred,
    Value,
    dotted,
)

_BUILTINS = frozenset(dir(builtins))
_ROUNDS = 10
_DEPTH = 80
_MANY = 24
_SHORT = 16
_NOTHING: Objects = ()

_SAME_FUNCTION = frozenset(
    [
        "delay",
        "apply_async",
        "s",
        "si",
        "remote",
        "aremote",
        "local",
        "map",
        "starmap",
        "submit",
        "invoke",
        "ainvoke",
        "run",
        "func",
        "fn",
        "coroutine",
        "send",
        "kiq",
        "defer",
    ]
)
"""Attributes of a decorated function (a task, a tool) whose call runs that function."""

_DICTS = frozenset(
    [
        "builtins.dict",
        "builtins.list",
        "builtins.set",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.deque",
        "cachetools.TTLCache",
        "cachetools.LRUCache",
        "cachetools.Cache",
        "cachetools.LFUCache",
        "cachetools.FIFOCache",
        "weakref.WeakValueDictionary",
        "multiprocessing.Manager.dict",
        "collections.UserDict",
        "queue.Queue",
        "asyncio.Queue",
        "cachetools.ttl.TTLCache",
        "expiringdict.ExpiringDict",
    ]
)
"""External classes that keep what is put into them."""

_FIELDS = frozenset(
    ("dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field", "sqlmodel.Field")
)
_HANDED_ON = frozenset(
    [
        "functools.partial",
        "functools.partialmethod",
        "asyncio.to_thread",
        "fastapi.concurrency.run_in_threadpool",
        "starlette.concurrency.run_in_threadpool",
        "fastapi.BackgroundTasks.add_task",
        "starlette.background.BackgroundTasks.add_task",
        "concurrent.futures.ThreadPoolExecutor.submit",
    ]
)
"""Calls that hand their other keywords on to the function that they are given."""

_KEPT_ARGUMENTS = frozenset(("memory", "chat_memory", "checkpointer", "store", "agent", "chain", "llm_chain"))
"""Keywords that chains, agents and memories keep under an attribute of the same name."""

_READERS = frozenset(
    ["get", "pop", "setdefault", "popleft", "popitem", "values", "items", "copy", "get_nowait", "__getitem__"]
)
_WRITERS = frozenset(
    ["append", "add", "appendleft", "insert", "extend", "update", "put", "put_nowait", "set", "__setitem__"]
)
_PASS_ON = frozenset(
    [
        "typing.cast",
        "typing_extensions.cast",
        "copy.copy",
        "copy.deepcopy",
        "asyncio.run",
        "asyncio.wait_for",
        "asyncio.shield",
        "asgiref.sync.sync_to_async",
        "asgiref.sync.async_to_sync",
        "functools.wraps",
        "contextlib.closing",
        "functools.partial",
        "functools.partialmethod",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "builtins.list",
        "builtins.tuple",
        "builtins.iter",
        "builtins.next",
        "builtins.reversed",
        "builtins.sorted",
        "weakref.proxy",
        "weakref.ref",
        "asyncio.get_event_loop.run_until_complete",
        "anyio.run",
        "contextlib.AsyncExitStack.enter_async_context",
        "contextlib.ExitStack.enter_context",
    ]
)
"""Calls whose result is, for our questions, their (first function or only) argument."""


@dataclass(frozen=True, slots=True)
class Site:
    """A value and where it stands; ``at`` is its statement (-1: none)."""

    path: str
    scope: int
    value: Value
    at: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Something kept under ``key`` (None: no key, or one that only the run knows)."""

    key: Value | None
    site: Site
    constant: str | int | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A call in the project of a function of the project; ``passed`` says it was handed over, not called."""

    path: str
    scope: int
    call: int
    callee: FunctionOf
    owner: Object | None
    passed: bool


@dataclass(frozen=True, slots=True, order=True)
class _Step:
    """One call or statement of a sweep, in the order of the sweep."""

    path: str
    is_call: bool
    number: int


class Evaluator:
    """Answers what values may be. Build it, call ``solve`` once, then ask."""

    def __init__(self, files: Mapping[str, FileFacts], modules: ModuleIndex, catalogue: Catalogue) -> None:
        self.files = dict(sorted(files.items()))
        self.modules = modules
        self.catalogue = catalogue
        self.names = {path: FileNames(facts) for path, facts in self.files.items()}
        self.collections: list[Site] = []
        self.fills: dict[tuple[str, int, str], dict[tuple[str, int, int], Site]] = defaultdict(dict)
        self.called_from: dict[FunctionOf, set[tuple[str, int]]] = defaultdict(set)
        self.filled_from: dict[tuple[str, int, str], set[tuple[str, int]]] = defaultdict(set)
        self.attributes: dict[tuple[Object, str], dict[tuple[str, int, int], Site]] = defaultdict(dict)
        self.items: dict[Object, dict[tuple[str, int, int, Hashable], Stored]] = defaultdict(dict)
        self.edges: dict[tuple[str, int, int], dict[tuple[FunctionOf, bool], Edge]] = defaultdict(dict)
        self.calls_on: dict[Object, dict[tuple[str, int], None]] = defaultdict(dict)
        self._edges_to: dict[FunctionOf, list[Edge]] = defaultdict(list)
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._known: dict[Hashable, Objects] = {}
        self._before: dict[Hashable, Objects] = {}
        self._open: set[Hashable] = set()
        self._asking: list[Hashable] = []
        self._is_open = True
        self._asked_by: dict[Hashable, set[Hashable]] = defaultdict(set)
        self._outdated: set[Hashable] = set()
        self._guessed: dict[Hashable, tuple[Objects, Callable[[], Iterable[Object]]]] = {}
        self._single_items: dict[int, Value] = {}
        self._beside: frozenset[str] = frozenset()
        self._returns: dict[FunctionOf, list[Site]] = {}
        self._subclasses: dict[ClassOf, list[ClassOf]] = {}
        dependency = frozenset(
            name for entry in catalogue.entries_by_how("dependency") for name in entry.names
        )
        self._dependency = dependency

    # ------------------------------------------------------------------ sweeping the project

    def solve(self, beside: frozenset[str] = frozenset()) -> None:
        """Learn what parameters, attributes and items hold, until nothing new is learnt (or for ten sweeps).

        ``beside`` are files that belong to no server (demos, evaluations): what they hand to other files counts not.
        A second call takes back what they handed over, and sweeps what depends on it.
        """
        if beside:
            self._beside = beside
            self._take_back(beside)
            steps = sorted(self._forget(self._outdated))
            self._outdated.clear()
        else:
            steps = self._first_steps()
        for _ in range(_ROUNDS):
            for step in steps:
                self._asking.append(step)
                if step.is_call:
                    self._read_call(step.path, step.number)
                else:
                    self._read_statement(step.path, step.number)
                self._asking.pop()
            wrong = self._wrong_guesses()
            self._note_subclasses()
            steps = sorted({*self._forget(self._outdated), *self._forget(wrong, is_guess=True)})
            self._outdated.clear()
            if not steps:
                break

    def _first_steps(self) -> list[_Step]:
        for path, facts in self.files.items():
            for number, scope in enumerate(facts.scopes):
                if scope.kind == "class":
                    self._read_class_body(path, number)
        self._note_subclasses()
        return [
            _Step(path, is_call, number)
            for path, facts in self.files.items()
            for is_call, table in ((False, facts.statements), (True, facts.calls))
            for number in range(len(table))
        ]

    def _take_back(self, beside: frozenset[str]) -> None:
        """Take back what files of ``beside`` handed to the others; all else that was learnt still holds."""
        for (path, scope, name), table in self.fills.items():
            if path in beside:
                continue
            for place in [place for place, site in table.items() if site.path in beside]:
                del table[place]
                self._learnt(("fills", path, scope, name))
        for (path, _, _), calls in self.filled_from.items():
            if path not in beside:
                calls.difference_update([call for call in calls if call[0] in beside])
        for function, calls in self.called_from.items():
            if function.path not in beside and any(call[0] in beside for call in calls):
                calls.difference_update([call for call in calls if call[0] in beside])
                self._learnt(("callers", function))

    def close(self) -> None:
        """Forget who asked what: no more sweeps will come. Note who calls whom."""
        self._is_open = False
        self._asked_by.clear()
        for table in self.edges.values():
            for edge in table.values():
                self._edges_to[edge.callee].append(edge)

    def edges_to(self, function: FunctionOf) -> Sequence[Edge]:
        """The calls of a function, and those that hand it over."""
        return self._edges_to.get(function, ())

    def _learnt(self, topic: Hashable) -> None:
        """Something new about a topic: whoever has asked for it before has an outdated answer."""
        self._outdated |= self._asked_by.pop(topic, frozenset())

    def _asks(self, topic: Hashable) -> None:
        """Note that the question (or the step of the sweep) that is being answered depends on a topic."""
        if self._asking and self._is_open:
            self._asked_by[topic].add(self._asking[-1])

    def _wrong_guesses(self) -> set[Hashable]:
        """Who was told a guess, in place of the answer to an open question, that was not what that came to."""
        wrong: set[Hashable] = set()
        guessed, self._guessed = self._guessed, {}
        for key, (answer, find) in guessed.items():
            if self._remember(key, find) != answer:
                wrong |= self._asked_by.get(key, frozenset())
        return wrong

    def _forget(self, outdated: set[Hashable], *, is_guess: bool = False) -> set[_Step]:
        """Forget answers and all that build on them; the answer is the steps of the sweep that asked for any of those.

        Only where a guess was wrong, the answers are the next guesses: else what a question once led to would
        keep itself alive in a circle.
        """
        forgotten = set(outdated)
        pending = list(outdated)
        while pending:
            for asker in self._asked_by.pop(pending.pop(), ()):
                if asker not in forgotten:
                    forgotten.add(asker)
                    pending.append(asker)
        for key in forgotten:
            answer = self._known.pop(key, None)
            if not is_guess:
                self._before.pop(key, None)
            elif answer is not None:
                self._before[key] = answer
        return {key for key in forgotten if isinstance(key, _Step)}

    def _note_subclasses(self) -> None:
        found: dict[ClassOf, list[ClassOf]] = defaultdict(list)
        for path, facts in self.files.items():
            for number, scope in enumerate(facts.scopes):
                if scope.kind != "class":
                    continue
                for parent in self.project_bases(ClassOf(path, number))[1:]:
                    found[parent].append(ClassOf(path, number))
        for cls in {**found, **self._subclasses}:
            if found.get(cls) != self._subclasses.get(cls):
                self._learnt(("subclasses", cls))
        self._subclasses = dict(found)

    def _read_class_body(self, path: str, scope: int) -> None:
        for number in self.names[path].statements_of.get(scope, ()):
            statement = self.files[path].statements[number]
            if statement.kind not in ("assign", "annotate") or statement.value is None:
                continue
            for target in statement.targets:
                if isinstance(target, Name):
                    site = Site(path, scope, statement.value, number)
                    self.attributes[ClassOf(path, scope), target.id][path, scope, number] = site

    def _read_statement(self, path: str, number: int) -> None:
        statement = self.files[path].statements[number]
        if statement.value is None or statement.kind not in (
            "assign",
            "annotate",
            "augment",
            "with",
            "for",
            "walrus",
        ):
            return
        for target in statement.targets:
            self._read_target(path, number, target, statement.value)

    def _read_target(self, path: str, number: int, target: Value, value: Value) -> None:
        statement = self.files[path].statements[number]
        scope = statement.scope
        site = Site(path, scope, value, number)
        match target:
            case AttrOf(base=base, name=name):
                for holder in self.value(path, scope, base, number):
                    self._keep_attribute(holder, name, site)
            case ItemOf(base=base, key=key):
                for holder in self.value(path, scope, base, number):
                    self._keep_item(holder, key, site)
            case Container(items=targets):
                parts = (
                    value.items if isinstance(value, Container) and len(value.items) == len(targets) else None
                )
                for position, inner in enumerate(targets):
                    if isinstance(inner, (AttrOf, ItemOf)):
                        part = parts[position] if parts else value
                        self._read_target(path, number, inner, part)

    def _keep_attribute(self, holder: Object, name: str, site: Site) -> None:
        key = (site.path, site.scope, site.at)
        if isinstance(holder, Instance) and isinstance(holder.of, ClassOf):
            self._note_attribute(holder.of, name, key, site)
        elif isinstance(holder, ClassOf | ModuleOf):
            self._note_attribute(holder, name, key, site)
        elif isinstance(holder, Instance | External | Part):
            shared = self.shared_name(holder)
            self._note_attribute(shared, name, key, site)
            self._note_item(shared, (*key, name), Stored(Const(name), site, name))

    def _note_attribute(self, holder: Object, name: str, key: tuple[str, int, int], site: Site) -> None:
        table = self.attributes[holder, name]
        known = table.get(key)
        table[key] = site
        if known is None or known.value is not site.value:
            self._learnt(("attribute", holder, name))

    def _note_item(self, holder: Object, place: tuple[str, int, int, Hashable], stored: Stored) -> None:
        table = self.items[holder]
        known = table.get(place)
        table[place] = stored
        if known is None or known.constant != stored.constant or known.site.value is not stored.site.value:
            self._learnt(("item", holder))

    def _keep_item(self, holder: Object, key: Value | None, site: Site) -> None:
        if isinstance(holder, Collection | Instance | External | Part | Given):
            constant: str | int | None = None
            if key is not None:
                found = self.value(site.path, site.scope, key, site.at)
                if len(found) == 1 and isinstance(found[0], Fixed) and isinstance(found[0].value, (str, int)):
                    constant = found[0].value
            place = (site.path, site.scope, site.at, id(key))
            self._note_item(self.shared_name(holder), place, Stored(key, site, constant))

    def shared_name(self, holder: Object) -> Object:
        """One object for what frameworks reach in several ways: ``app.state`` is ``request.app.state``."""
        if isinstance(holder, Part) and holder.name in (
            "state",
            "user_data",
            "chat_data",
            "bot_data",
            "session",
        ):
            return External(f"*.{holder.name}")
        name = dotted_of(holder)
        if name is not None and isinstance(holder, External | Part):
            return External(name)
        return holder

    def _read_call(self, path: str, number: int) -> None:
        call = self.files[path].calls[number]
        for callee in self.value(path, call.scope, call.function, call.statement):
            self._read_callee(path, number, call, callee)
        if isinstance(call.function, AttrOf):
            for holder in self.value(path, call.scope, call.function.base, call.statement):
                if isinstance(holder, Instance | Collection | External | Part):
                    self.calls_on[holder][path, number] = None
                    self._read_writer(path, call, holder, call.function.name)
        self._read_passed(path, number, call)

    def _read_writer(self, path: str, call: Call, holder: Object, method: str) -> None:
        values = [argument.value for argument in call.arguments]
        if (method == "setdefault" and len(values) == 2) or (
            method in ("set", "__setitem__")
            and len(values) >= 2
            and isinstance(holder, Instance | External | Part)
        ):
            self._keep_item(holder, values[0], Site(path, call.scope, values[1], call.statement))
        elif (
            method in _WRITERS and values and (isinstance(holder, Collection) or dotted_of(holder) in _DICTS)
        ):
            self._keep_item(holder, None, Site(path, call.scope, values[-1], call.statement))

    def _read_callee(self, path: str, number: int, call: Call, callee: Object) -> None:
        for function, owner in self.runs(callee):
            self._note_edge(path, number, call, function, owner, passed=False)
            self._fill(path, number, call, function, owner)
        if isinstance(callee, ClassOf):
            made = self.initializer(callee)
            if made is None:
                for argument in call.arguments:
                    if argument.name and argument.name.isidentifier():
                        site = Site(path, call.scope, argument.value, call.statement)
                        self._note_attribute(callee, argument.name, (path, call.scope, -2 - number), site)

    def hands_over(self, beside: frozenset[str]) -> bool:
        """Whether files of ``beside`` fill parameters of other files."""
        return any(
            site.path in beside and path not in beside
            for (path, _, _), table in self.fills.items()
            for site in table.values()
        )

    def _note_edge(
        self, path: str, number: int, call: Call, function: FunctionOf, owner: Object | None, *, passed: bool
    ) -> None:
        edge = Edge(path, call.scope, number, function, owner, passed)
        self.edges[path, call.scope, number].setdefault((function, passed), edge)

    def _read_passed(self, path: str, number: int, call: Call) -> None:
        """Functions handed over as arguments: callbacks, nodes of a graph, targets of a thread."""
        values = [(argument.name, argument.value) for argument in call.arguments]
        for position, (_, value) in enumerate(values):
            if isinstance(value, (Const, Joined)):
                continue
            for thing in self.value(path, call.scope, value, call.statement):
                for function, owner in self._callable(thing):
                    self._note_edge(path, number, call, function, owner, passed=True)
                    rest = [item for name, item in values[position + 1 :] if name is None]
                    keywords = [(name, item) for name, item in values if name not in (None, "*", "**")]
                    for name, item in keywords:
                        if name == "args" and isinstance(item, Container):
                            rest = list(item.items)
                    if _is_map(call):
                        rest = [self._element(item) for item in rest]
                    named = keywords if self._hands_on(path, call) else _keywords_in(call)
                    self._fill_values(path, call, function, owner, rest, named)

    def _hands_on(self, path: str, call: Call) -> bool:
        called = self.value(path, call.scope, call.function, call.statement)
        return any(dotted_of(thing) in _HANDED_ON for thing in called)

    def _element(self, value: Value) -> Value:
        """Any item of a value; one object for each, because answers are remembered by identity."""
        return self._single_items.setdefault(id(value), ItemOf(value, UNKNOWN))

    def _callable(self, thing: Object) -> Iterator[tuple[FunctionOf, Object | None]]:
        if isinstance(thing, FunctionOf):
            yield thing, None
        elif isinstance(thing, Method):
            yield thing.function, thing.owner

    def runs(self, callee: Object) -> Iterator[tuple[FunctionOf, Object | None]]:
        """The project functions that calling ``callee`` runs, each with the instance it is bound to."""
        match callee:
            case FunctionOf():
                yield callee, None
            case Method(function=function, owner=owner):
                yield function, owner
            case ClassOf():
                made = self.initializer(callee)
                if made is not None:
                    yield made, Instance(callee)
                after = self.member(callee, "__post_init__")
                if isinstance(after, FunctionOf):
                    yield after, Instance(callee)
            case Instance(of=ClassOf() as cls):
                for name in ("__call__",):
                    method = self.member(cls, name)
                    if isinstance(method, FunctionOf):
                        yield method, callee

    def initializer(self, cls: ClassOf) -> FunctionOf | None:
        """The ``__init__`` (or ``__new__``) that the project gives the class."""
        for name in ("__init__", "__new__"):
            made = self.member(cls, name)
            if isinstance(made, FunctionOf):
                return made
        return None

    def _fill(self, path: str, number: int, call: Call, function: FunctionOf, owner: Object | None) -> None:
        if path in self._beside and function.path not in self._beside:
            return
        if (path, number) not in self.called_from[function]:
            self.called_from[function].add((path, number))
            self._learnt(("callers", function))
        positional = [a.value for a in call.arguments if a.name is None]
        keywords = [(a.name, a.value) for a in call.arguments if a.name not in (None, "*", "**")]
        if any(a.name == "*" for a in call.arguments):
            positional = []
        named = [(name or "", value) for name, value in keywords]
        for filled in self._fill_values(path, call, function, owner, positional, named):
            places = self.filled_from[function.path, function.scope, filled]
            if (path, number) not in places:
                places.add((path, number))
                self._learnt(("callers", function))

    def _fill_values(
        self,
        path: str,
        call: Call,
        function: FunctionOf,
        owner: Object | None,
        positional: list[Value],
        keywords: list[tuple[str, Value]],
    ) -> list[str]:
        """Note what a call hands to each parameter; the answer names the parameters that it filled."""
        if path in self._beside and function.path not in self._beside:
            return []
        scope = self.files[function.path].scopes[function.scope]
        params = [param for param in scope.params if param.kind not in ("*", "**")]
        if owner is not None and self.is_method(function) and params:
            params = params[1:]
        known = {param.name for param in params}
        place = [param for param in params if param.kind != "keyword-only"]
        pairs = [(param.name, value) for param, value in zip(place, positional, strict=False)]
        pairs.extend((name, value) for name, value in keywords if name in known)
        for name, value in pairs:
            table = self.fills[function.path, function.scope, name]
            if (path, call.scope, id(value)) not in table:
                table[path, call.scope, id(value)] = Site(path, call.scope, value, call.statement)
                self._learnt(("fills", function.path, function.scope, name))
        return [name for name, _ in pairs]

    def is_always_filled(self, path: str, scope: int, name: str) -> bool:
        """Whether every call in the project hands over the parameter, so that its default is never taken."""
        self._asks(("callers", FunctionOf(path, scope)))
        callers = self.called_from.get(FunctionOf(path, scope))
        return bool(callers) and callers == self.filled_from.get((path, scope, name))

    # ------------------------------------------------------------------ values

    def at(self, site: Site) -> Objects:
        """What the value at a site may be."""
        return self.value(site.path, site.scope, site.value, site.at)

    def value(self, path: str, scope: int, value: Value, at: int = -1) -> Objects:
        """What ``value`` may be when statement ``at`` of ``path`` runs; an empty answer means nothing is known."""
        key = (path, scope, id(value), at)
        known = self._known.get(key)
        if known is None:
            return self._remember(key, lambda: self._evaluate(path, scope, value, at))
        if self._is_open and self._asking:
            self._asked_by[key].add(self._asking[-1])
        return known

    def _remember(self, key: Hashable, find: Callable[[], Iterable[Object]]) -> Objects:
        """The answer to a question, found once a round; one that meets itself gets its answer of the round before."""
        if self._asking and self._is_open:
            self._asked_by[key].add(self._asking[-1])
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._open or len(self._open) > _DEPTH:
            guess = self._before.get(key, _NOTHING)
            if self._is_open:
                self._guessed[key] = (guess, find)
            return guess
        self._open.add(key)
        self._asking.append(key)
        try:
            found = _distinct(find())
        finally:  # a check that raises must not spoil the answers to the others
            self._open.discard(key)
            self._asking.pop()
        self._known[key] = found
        return found

    def _evaluate(self, path: str, scope: int, value: Value, at: int) -> Iterable[Object]:
        match value:
            case Const():
                return (Fixed(value.value, path, value.span),)
            case Lambda():
                return (FunctionOf(path, value.scope),)
            case Name(id=name):
                return self.name(path, scope, name, at)
            case AttrOf(base=base, name=name):
                return self._attribute_of(path, scope, base, name, at, value)
            case ItemOf(base=base, key=key):
                return self._item_of(path, scope, base, key, at)
            case CallOf(call=number):
                return self.result(path, number)
            case OneOf(options=options):
                return [thing for option in options for thing in self.value(path, scope, option, at)]
            case Container():
                return (self._collection(path, scope, value, at),)
            case Combined(op=op, parts=parts):
                if op == "+":
                    return [thing for part in parts for thing in self.value(path, scope, part, at)]
                if op in ("|", "listcomp", "setcomp", "genexp", "dictcomp"):
                    return (self._collection(path, scope, value, at),)
                if op == "*":
                    found = [thing for part in parts for thing in self.value(path, scope, part, at)]
                    return [thing for thing in found if isinstance(thing, Collection)] or (UNCLEAR,)
                return (UNCLEAR,)
            case Starred(value=inner):
                return self.value(path, scope, inner, at)
        return (UNCLEAR,)

    def _collection(self, path: str, scope: int, value: Value, at: int) -> Collection:
        key = (path, scope, id(value))
        if key not in self._numbers:
            self._numbers[key] = len(self.collections)
            self.collections.append(Site(path, scope, value, at))
        return Collection(path, scope, self._numbers[key])

    def contents(self, thing: Collection) -> list[tuple[Value | None, Site]]:
        """What a collection is written with: key (None in lists) and value."""
        site = self.collections[thing.number]
        match site.value:
            case Container(items=items, keys=keys):
                pairs = zip(keys or (None,) * len(items), items, strict=False)
                return [(key, Site(site.path, site.scope, item, site.at)) for key, item in pairs]
            case Combined(parts=parts, op=op):
                chosen = parts[-1:] if op == "dictcomp" else parts
                return [(None, Site(site.path, site.scope, part, site.at)) for part in chosen]
        return []

    def name(self, path: str, scope: int, name: str, at: int = -1) -> list[Object]:
        """What a name may be in ``scope`` when statement ``at`` runs."""
        table = self.names[path]
        home, bindings = table.lookup(scope, name)
        if not bindings:
            return self._unbound(path, name)
        found: list[Object] = []
        for binding in table.reaching(bindings, home, at) if home == scope else bindings:
            found.extend(self.bound(path, home, binding))
        return found

    def _unbound(self, path: str, name: str) -> list[Object]:
        facts = self.files[path]
        for number in self.names[path].stars:
            imported = facts.imports[number]
            target = self.modules.find(path, imported.module)
            if target is not None and target in self.files:
                found = self.member_of_module(target, name)
                if found:
                    return list(found)
        if name in _BUILTINS:
            return [External(f"builtins.{name}")]
        outside = [facts.imports[n] for n in self.names[path].stars]
        for imported in outside:
            dotted_name = f"{imported.module}.{name}"
            if self.catalogue.component(dotted_name) is not None:
                return [External(dotted_name)]
        if outside and all(self.modules.find(path, imported.module) is None for imported in outside):
            return [External(f"{outside[-1].module}.{name}")]
        return [UNCLEAR]

    def bound(self, path: str, scope: int, binding: Binding) -> Iterable[Object]:
        """What one binding gives its name."""
        facts = self.files[path]
        match binding.kind:
            case "param":
                return self.param(path, scope, facts.scopes[scope].params[binding.index])
            case "import":
                return self.imported(path, facts.imports[binding.index])
            case "definition":
                return self._defined(path, binding.index)
        statement = facts.statements[binding.index]
        if statement.kind in ("except", "match", "delete") or statement.value is None:
            if statement.annotation is not None:
                return self.annotated(path, statement.scope, statement.annotation)
            return (UNCLEAR,)
        if statement.kind == "for":
            return self._elements(path, statement.scope, statement.value, binding)
        way = binding.path
        if not way:
            return self.value(path, statement.scope, statement.value, binding.index)
        return self._unpacked(path, statement.scope, statement.value, way, binding.index)

    def _defined(self, path: str, number: int) -> Iterable[Object]:
        scope = self.files[path].scopes[number]
        if scope.kind == "class":
            return (ClassOf(path, number),)
        found: list[Object] = [FunctionOf(path, number)]
        for decorator in scope.decorators:
            if isinstance(decorator, CallOf):
                for thing in self.result(path, decorator.call):
                    name = dotted_of(thing)
                    if name is not None and self.catalogue.component(name) is not None:
                        found.append(thing)
        return found

    def _elements(self, path: str, scope: int, value: Value, binding: Binding) -> list[Object]:
        found: list[Object] = []
        for holder in self.value(path, scope, value, binding.index):
            if isinstance(holder, Collection):
                for _, site in self.contents(holder):
                    if binding.path:
                        found.extend(self._unpacked(site.path, site.scope, site.value, binding.path, site.at))
                    else:
                        found.extend(self.at(site))
            found.extend(self.kept(holder, None))
        return found or [UNCLEAR]

    def _unpacked(self, path: str, scope: int, value: Value, way: tuple[int, ...], at: int) -> list[Object]:
        found: list[Object] = []
        for holder in self.value(path, scope, value, at):
            if not isinstance(holder, Collection):
                continue
            parts = self.contents(holder)
            if 0 <= way[0] < len(parts):
                site = parts[way[0]][1]
                if len(way) == 1:
                    found.extend(self.at(site))
                else:
                    found.extend(self._unpacked(site.path, site.scope, site.value, way[1:], site.at))
        return found or [UNCLEAR]

    def imported(self, path: str, imported: Import) -> Iterable[Object]:
        """What an imported name is: a module, a member of a project module, or something external."""
        if imported.name is None:
            wanted = imported.module if imported.renamed else imported.module.split(".", 1)[0]
            target = self.modules.find(path, wanted)
            return (ModuleOf(target),) if target in self.files else (External(wanted),)
        target = self.modules.find(path, imported.module)
        joined = (
            f"{imported.module}{imported.name}"
            if imported.module.endswith(".")
            else f"{imported.module}.{imported.name}"
        )
        if target is not None and target in self.files:
            found = self.member_of_module(target, imported.name)
            if found:
                return found
        deeper = self.modules.find(path, joined)
        if deeper is not None and deeper in self.files:
            return (ModuleOf(deeper),)
        if target is not None or imported.module.startswith("."):
            return (UNCLEAR,)
        return (External(joined),)

    def member_of_module(self, path: str, name: str) -> Objects:
        """What ``name`` is in a module of the project; empty when the module does not bind it."""
        return self._remember(("member", path, name), lambda: self._member_of_module(path, name))

    def _member_of_module(self, path: str, name: str) -> Iterable[Object]:
        bindings = self.names[path].table.get((0, name))
        if bindings:
            found = [thing for binding in bindings for thing in self.bound(path, 0, binding)]
            self._asks(("attribute", ModuleOf(path), name))
            for site in list(self.attributes.get((ModuleOf(path), name), {}).values()):
                found.extend(self.at(site))
            return found or (UNCLEAR,)
        for number in self.names[path].stars:
            module = self.files[path].imports[number].module
            target = self.modules.find(path, module)
            if target is not None and target in self.files and target != path:
                starred = self.member_of_module(target, name)
                if starred:
                    return starred
            elif target is None and self.catalogue.component(f"{module}.{name}") is not None:
                return (External(f"{module}.{name}"),)
        return _NOTHING

    # ------------------------------------------------------------------ parameters

    def is_method(self, function: FunctionOf) -> bool:
        """Whether the function takes its instance or class as first parameter."""
        facts = self.files[function.path]
        scope = facts.scopes[function.scope]
        if scope.parent < 0 or facts.scopes[scope.parent].kind != "class" or scope.kind != "function":
            return False
        return not any(isinstance(d, Name) and d.id == "staticmethod" for d in scope.decorators)

    def param(self, path: str, scope: int, param: Param) -> Objects:
        """What a parameter may hold: its instance, what calls hand over, its default, what its annotation promises."""
        return self._remember(("param", path, scope, param.name), lambda: self._param(path, scope, param))

    def _param(self, path: str, scope: int, param: Param) -> list[Object]:
        here = self.files[path].scopes[scope]
        function = FunctionOf(path, scope)
        if self.is_method(function) and here.params and here.params[0] is param:
            cls = ClassOf(path, here.parent)
            if any(isinstance(d, Name) and d.id == "classmethod" for d in here.decorators):
                return [cls]
            return [Instance(cls)]
        found: list[Object] = []
        nothing = Given(path, scope, param.name)
        self._asks(("fills", path, scope, param.name))
        for site in list(self.fills.get((path, scope, param.name), {}).values()):
            found.extend(
                thing for thing in self.at(site) if thing != nothing
            )  # recursion hands over nothing new
        if param.default is not None and not self.is_always_filled(path, scope, param.name):
            found.extend(self.value(path, max(here.parent, 0), param.default))
        known = [thing for thing in found if not isinstance(thing, Fixed | Given) and thing != UNCLEAR]
        if not known and param.annotation is not None:
            found.extend(self.annotated(path, max(here.parent, 0), param.annotation))
        return found or [nothing]

    def annotated(self, path: str, scope: int, annotation: Value) -> list[Object]:
        """Instances of the classes that an annotation names; ``Annotated[T, Depends(f)]`` gives what ``f`` returns."""
        match annotation:
            case Combined(op="|", parts=parts):
                return [thing for part in parts for thing in self.annotated(path, scope, part)]
            case ItemOf(base=base, key=key):
                outer = self.value(path, scope, base)
                name = dotted_of(outer[0]) if outer else None
                inner = key.items if isinstance(key, Container) else (key,)
                if name in ("typing.Annotated", "typing_extensions.Annotated"):
                    marks = [thing for mark in inner[1:] for thing in self.value(path, scope, mark)]
                    useful: list[Object] = [
                        t for t in marks if not isinstance(t, Fixed) and not self._is_marker(t)
                    ]
                    return useful or self.annotated(path, scope, inner[0])
                if name in ("typing.Optional", "typing.Union", "typing.Final", "typing.ClassVar"):
                    return [thing for part in inner for thing in self.annotated(path, scope, part)]
                return []
            case Const(value=str() as text):
                if text.isidentifier() and self._names_class(path, scope, text):
                    return self._instances(self.name(path, scope, text))
                return []
            case Name() | AttrOf():
                return self._instances(self.value(path, scope, annotation))
        return []

    def _instances(self, classes: Iterable[Object]) -> list[Object]:
        """Some instance of each class; of built-in types and typing's words nothing is known."""
        return [
            Instance(thing)
            for thing in classes
            if isinstance(thing, ClassOf)
            or (isinstance(thing, External) and not thing.dotted.startswith(("builtins.", "typing.")))
        ]

    def _names_class(self, path: str, scope: int, text: str) -> bool:
        return bool(self.names[path].lookup(scope, text)[1])

    def _is_marker(self, thing: Object) -> bool:
        name = dotted_of(thing)
        return name is not None and name.startswith(
            ("fastapi.", "starlette.", "pydantic.", "builtins.", "typing")
        )

    # ------------------------------------------------------------------ attributes and items

    def _attribute_of(
        self, path: str, scope: int, base: Value, name: str, at: int, whole: Value
    ) -> list[Object]:
        module = self._imported_module(path, scope, whole)
        if module is not None:
            return [module]
        if isinstance(base, CallOf) and self._is_super(path, base.call):
            return self._super_member(path, scope, name)
        found: list[Object] = []
        for thing in self.value(path, scope, base, at)[:_MANY]:
            found.extend(self.attribute(thing, name, path))
        return found

    def _imported_module(self, path: str, scope: int, whole: Value) -> Object | None:
        """``import a.b`` makes the chain ``a.b`` a module even where ``a`` is a folder without ``__init__``."""
        chain = dotted(whole) if self.names[path].dotted else None
        if chain is None or chain.split(".", 1)[0] not in self.names[path].dotted:
            return None
        for binding in self.names[path].lookup(scope, chain.split(".", 1)[0])[1]:
            if binding.kind != "import":
                return None
            imported = self.files[path].imports[binding.index]
            if (
                imported.name is None
                and not imported.renamed
                and (imported.module + ".").startswith(chain + ".")
            ):
                target = self.modules.find(path, chain)
                if target is not None and target in self.files:
                    return ModuleOf(target)
        return None

    def _is_super(self, path: str, number: int) -> bool:
        function = self.files[path].calls[number].function
        return isinstance(function, Name) and function.id == "super"

    def _super_member(self, path: str, scope: int, name: str) -> list[Object]:
        cls = self.class_around(path, scope)
        if cls is None:
            return [UNCLEAR]
        for parent in self.project_bases(cls)[1:]:
            found = self._own_member(parent, name)
            if isinstance(found, FunctionOf):
                return [Method(found, Instance(cls))]
        externals = self.external_bases(cls)
        return [Part(Instance(External(externals[0])), name)] if externals else [UNCLEAR]

    def class_around(self, path: str, scope: int) -> ClassOf | None:
        """The class whose method ``scope`` is, or stands in."""
        scopes = self.files[path].scopes
        while scope > 0:
            scope = scopes[scope].parent
            if scope >= 0 and scopes[scope].kind == "class":
                return ClassOf(path, scope)
        return None

    def attribute(self, thing: Object, name: str, path: str) -> Iterable[Object]:
        """What ``thing.name`` may be."""
        match thing:
            case External(dotted=prefix):
                longer = f"{prefix}.{name}"
                target = (
                    self.modules.find(path, longer)
                    if prefix.split(".", 1)[0] not in self.catalogue.packages
                    else None
                )
                if target is not None and target in self.files:
                    return (ModuleOf(target),)
                is_endless = prefix.count(".") > _SHORT  # `x = x.next` in a loop
                return self._external_attribute(thing, name) or (UNCLEAR if is_endless else External(longer),)
            case ModuleOf(path=module):
                found = self.member_of_module(module, name)
                if found:
                    return found
                below = self.modules.find(module, f".{name}") if module.endswith("__init__.py") else None
                return (ModuleOf(below),) if below in self.files else (UNCLEAR,)
            case ClassOf():
                return self._class_attribute(thing, name)
            case Instance(of=ClassOf() as cls):
                return self._instance_attribute(thing, cls, name)
            case Instance() | Part():
                return self._external_attribute(thing, name) or (part_of(thing, name),)
            case Collection() | Given():
                return (Part(thing, name),)
            case FunctionOf() | Method():
                return (thing,) if name in _SAME_FUNCTION else (UNCLEAR,)
        return (UNCLEAR,)

    def _external_attribute(self, thing: Object, name: str) -> list[Object]:
        stored = self._remember(("attribute of", thing, name), lambda: self._shared_attribute(thing, name))
        return list(stored) or self._handed_in(thing, name)

    def _shared_attribute(self, thing: Object, name: str) -> list[Object]:
        shared = self.shared_name(thing)
        self._asks(("attribute", shared, name))
        stored = self.attributes.get((shared, name), {})
        return [found for site in list(stored.values()) for found in self.at(site)]

    def _handed_in(self, thing: Object, name: str) -> list[Object]:
        """``chain.memory`` is what ``ConversationChain(memory=...)`` was given."""
        if not isinstance(thing, Instance) or not thing.path or name not in _KEPT_ARGUMENTS:
            return []
        call = self.files[thing.path].calls[thing.call]
        given = [argument.value for argument in call.arguments if argument.name == name]
        return [
            found for value in given for found in self.value(thing.path, call.scope, value, call.statement)
        ]

    def _own_member(self, cls: ClassOf, name: str) -> Object | None:
        for binding in self.names[cls.path].table.get((cls.scope, name), ()):
            if binding.kind == "definition" and self.files[cls.path].scopes[binding.index].kind == "function":
                return FunctionOf(cls.path, binding.index)
        return None

    def member(self, cls: ClassOf, name: str) -> Object | None:
        """The method of that name that the class or its bases in the project define."""
        for one in self.project_bases(cls):
            found = self._own_member(one, name)
            if found is not None:
                return found
        return None

    def _class_attribute(self, cls: ClassOf, name: str) -> list[Object]:
        method = self.member(cls, name)
        if isinstance(method, FunctionOf):
            return [Method(method, cls) if self._is_classmethod(method) else method]
        found = self._stored_attribute(cls, name)
        if found:
            return found
        for binding in self.names[cls.path].table.get((cls.scope, name), ()):
            found.extend(self.bound(cls.path, cls.scope, binding))
        return found or [UNCLEAR]

    def _is_classmethod(self, function: FunctionOf) -> bool:
        scope = self.files[function.path].scopes[function.scope]
        return any(isinstance(d, Name) and d.id == "classmethod" for d in scope.decorators)

    def _stored_attribute(self, cls: ClassOf, name: str) -> list[Object]:
        return list(self._remember(("stored", cls, name), lambda: self._all_stored(cls, name)))

    def _all_stored(self, cls: ClassOf, name: str) -> list[Object]:
        found: list[Object] = []
        for one in (*self.project_bases(cls), *self.subclasses(cls)):
            self._asks(("attribute", one, name))
            for site in list(self.attributes.get((one, name), {}).values()):
                found.extend(self.at(site))
        return found

    def _instance_attribute(self, thing: Instance, cls: ClassOf, name: str) -> list[Object]:
        methods = [self.member(cls, name)]
        if methods == [None]:
            methods = [self._own_member(one, name) for one in self.subclasses(cls)]
        found: list[Object] = []
        for method in methods:
            if not isinstance(method, FunctionOf):
                continue
            if self._is_property(method):
                found.extend(self.returned(method))
            elif self.is_method(method):
                found.append(Method(method, cls if self._is_classmethod(method) else thing))
            else:
                found.append(method)
        found.extend(self._stored_attribute(cls, name))
        if found:
            return found
        for classes in (self.project_bases(cls), self.subclasses(cls)):  # a base may leave it to those below
            for one in classes if all(thing == UNCLEAR for thing in found) else ():
                for binding in self.names[one.path].table.get((one.scope, name), ()):
                    found.extend(self.bound(one.path, one.scope, binding))
        externals = self.external_bases(cls)
        if not found and externals:
            found.append(Part(thing, name))
        return found or [UNCLEAR]

    def _is_property(self, function: FunctionOf) -> bool:
        for decorator in self.files[function.path].scopes[function.scope].decorators:
            written = dotted(decorator) or ""
            if written.rsplit(".", 1)[-1] in ("property", "cached_property"):
                return True
        return False

    def _bases(self, cls: ClassOf) -> Objects:
        """What the bases that a class is written with may be."""
        return self._remember(("bases", cls), lambda: self._find_bases(cls))

    def _find_bases(self, cls: ClassOf) -> Iterator[Object]:
        scope = self.files[cls.path].scopes[cls.scope]
        for base in scope.bases:
            if base.name is None:
                value = base.value.base if isinstance(base.value, ItemOf) else base.value
                yield from self.value(cls.path, scope.parent, value)

    def project_bases(self, cls: ClassOf) -> list[ClassOf]:
        """The class and its bases in the project, nearest first."""
        order: dict[ClassOf, None] = {}
        pending = [cls]
        while pending:
            one = pending.pop(0)
            if one in order:
                continue
            order[one] = None
            pending.extend(base for base in self._bases(one) if isinstance(base, ClassOf))
        return list(order)

    def external_bases(self, cls: ClassOf) -> list[str]:
        """Dotted names of the classes outside the project that the class derives from."""
        return [
            base.dotted
            for one in self.project_bases(cls)
            for base in self._bases(one)
            if isinstance(base, External)
        ]

    def subclasses(self, cls: ClassOf) -> list[ClassOf]:
        """Classes of the project that derive from ``cls``."""
        self._asks(("subclasses", cls))
        return self._subclasses.get(cls, [])

    def _item_of(self, path: str, scope: int, base: Value, key: Value, at: int) -> list[Object]:
        constant: str | int | None = None
        for thing in self.value(path, scope, key, at):
            if isinstance(thing, Fixed) and isinstance(thing.value, (str, int)):
                constant = thing.value
        found: list[Object] = []
        for holder in self.value(path, scope, base, at)[:_MANY]:
            found.extend(self.item(holder, constant))
        return found or [UNCLEAR]

    def item(self, holder: Object, constant: str | int | None) -> list[Object]:
        """What ``holder[key]`` may be; ``constant`` is the key if it is known."""
        found: list[Object] = []
        if isinstance(holder, Collection):
            for position, (key, site) in enumerate(self.contents(holder)):
                written = key.value if isinstance(key, Const) else (position if key is None else None)
                if constant is None or written is None or written == constant:
                    found.extend(self.at(site))
        found.extend(self.kept(holder, constant))
        found.extend(self._defaults(holder))
        return found

    def _defaults(self, holder: Object) -> list[Object]:
        """What ``defaultdict(factory)`` makes for a missing key."""
        if not (
            isinstance(holder, Instance) and holder.of == External("collections.defaultdict") and holder.path
        ):
            return []
        found: list[Object] = []
        for factory in self.factories(holder.path, holder.call):
            if isinstance(factory, External | ClassOf):
                found.append(Instance(factory, holder.path, holder.call))
            elif isinstance(factory, FunctionOf):
                found.extend(self.returned(factory))
        return found

    def factories(self, path: str, number: int) -> Objects:
        """What a call keeps to make values with: of ``defaultdict(f)``, and of ``field(default_factory=f)``."""
        call = self.files[path].calls[number]
        called = {dotted_of(thing) for thing in self.value(path, call.scope, call.function, call.statement)}
        given: list[Value] = []
        if "collections.defaultdict" in called:
            given = [argument.value for argument in call.arguments[:1] if argument.name is None]
        elif called & _FIELDS:
            given = [a.value for a in call.arguments if a.name in ("default_factory", "factory")]
        return _distinct(t for v in given for t in self.value(path, call.scope, v, call.statement))

    def _made_by_factory(self, path: str, number: int) -> Iterator[Object]:
        """What a field's factory makes, unless that is a plain container."""
        for factory in self.factories(path, number):
            if isinstance(factory, FunctionOf):
                yield from (
                    thing for thing in self.returned(factory) if isinstance(thing, Instance | ClassOf)
                )
            elif (
                isinstance(factory, ClassOf) or self.catalogue.component(dotted_of(factory) or "") is not None
            ):
                yield Instance(factory, path, number)

    def kept(self, holder: Object, constant: str | int | None) -> Objects:
        """What assignments anywhere in the project put into ``holder`` (under ``constant``, if given)."""
        shared = self.shared_name(holder)
        self._asks(("item", shared))
        if shared not in self.items:
            return _NOTHING
        return self._remember(("kept", shared, constant), lambda: self._kept(shared, constant))

    def _kept(self, shared: Object, constant: str | int | None) -> list[Object]:
        found: list[Object] = []
        self._asks(("item", shared))
        for stored in list(self.items[shared].values()):
            if constant is None or stored.constant is None or stored.constant == constant:
                found.extend(self.at(stored.site))
        return found

    # ------------------------------------------------------------------ calls

    def result(self, path: str, number: int) -> Objects:
        """What a call may give."""
        call = self.files[path].calls[number]
        found: list[Object] = []
        for callee in self.value(path, call.scope, call.function, call.statement)[:_MANY]:
            found.extend(self._result_of(path, number, call, callee))
        return _distinct(found) or (UNCLEAR,)

    def _result_of(self, path: str, number: int, call: Call, callee: Object) -> Iterable[Object]:
        match callee:
            case FunctionOf():
                return self.returned(callee) or (UNCLEAR,)
            case Method(function=function):
                return self.returned(function) or (UNCLEAR,)
            case ClassOf():
                return (Instance(callee, path, number),)
            case External(dotted=name) if name in _PASS_ON or name in self._dependency:
                return self._passed_on(path, number, call, name)
            case External(dotted=name) if name in _FIELDS:
                return tuple(self._made_by_factory(path, number)) or (Instance(callee, path, number),)
            case Part(base=base, name=method):
                return self._method_result(path, number, call, callee, base, method)
            case External(dotted=name):
                head, _, method = name.rpartition(".")
                if method in _READERS and self._keeps(External(head)):  # cl.user_session.get("chain")
                    return self._method_result(path, number, call, callee, External(head), method)
                return (Instance(callee, path, number),)
            case Instance(of=ClassOf() as cls):
                made = self.member(cls, "__call__")
                return self.returned(made) if isinstance(made, FunctionOf) else (UNCLEAR,)
            case Instance():
                return (self._made_at(Part(callee, "__call__"), path, number),)
        return (UNCLEAR,)

    def _passed_on(self, path: str, number: int, call: Call, name: str) -> Iterable[Object]:
        found: list[Object] = []
        for argument in call.arguments:
            for thing in self.value(path, call.scope, argument.value, call.statement):
                if name in self._dependency:
                    for function, _ in self._callable(thing):
                        found.extend(self.returned(function))
                    if isinstance(thing, ClassOf):
                        found.append(Instance(thing, path, number))
                elif not isinstance(thing, Fixed):
                    found.append(thing)
            if found and name not in ("typing.cast", "asyncio.get_event_loop.run_until_complete"):
                break
        return found or (UNCLEAR,)

    def _method_result(
        self, path: str, number: int, call: Call, callee: Part | External, base: Object, method: str
    ) -> Iterable[Object]:
        if method in _READERS and self._keeps(base):
            constant: str | int | None = None
            found: list[Object] = []
            for position, argument in enumerate(call.arguments):
                values = self.value(path, call.scope, argument.value, call.statement)
                if position == 0:
                    constant = next(
                        (v.value for v in values if isinstance(v, Fixed) and isinstance(v.value, (str, int))),
                        None,
                    )
                else:
                    found.extend(values)
            return [*self.item(base, constant), *found] or (UNCLEAR,)
        return (
            Instance(callee, path, number)
            if isinstance(callee, External)
            else self._made_at(callee, path, number),
        )

    def _keeps(self, holder: Object) -> bool:
        """Whether something is a container, or is used as one anywhere."""
        if isinstance(holder, Collection) or dotted_of(holder) in _DICTS:
            return True
        shared = self.shared_name(holder)
        self._asks(("item", shared))
        return bool(self.items.get(shared))

    def _made_at(self, callee: Part, path: str, number: int) -> Object:
        """The instance that a method of something external gives; of libraries that are not ours a few links do."""
        root: Object = callee
        for _ in range(LONG):
            if not isinstance(root, Part | Instance):
                break
            root = root.base if isinstance(root, Part) else root.of
        ours = isinstance(root, External) and root.dotted.split(".", 1)[0] in self.catalogue.packages
        return made_at(callee, path, number, links=LONG if ours else _SHORT) or UNCLEAR

    def returned(self, function: FunctionOf) -> Objects:
        """What calling the function gives: its returns, or what it yields."""
        if function not in self._returns:
            facts = self.files[function.path]
            self._returns[function] = [
                Site(function.path, function.scope, facts.statements[number].value or Const(None), number)
                for number in self.names[function.path].statements_of.get(function.scope, ())
                if facts.statements[number].kind in ("return", "yield")
            ]
        return self._remember(
            ("returned", function),
            lambda: [thing for site in self._returns[function] for thing in self.at(site)],
        )

    def component(self, thing: Object) -> str | None:
        """The dotted name of an external thing, for look-ups in the catalogue."""
        return dotted_of(thing)


def _keywords_in(call: Call) -> list[tuple[str, Value]]:
    """``kwargs={"key": value}``, as threads and tasks take it."""
    return [
        (key.value, item)
        for argument in call.arguments
        if argument.name == "kwargs" and isinstance(argument.value, Container)
        for key, item in zip(argument.value.keys, argument.value.items, strict=False)
        if isinstance(key, Const) and isinstance(key.value, str)
    ]


def _is_map(call: Call) -> bool:
    """``map(f, items)`` and ``pool.map(f, items)`` hand over one item after the other."""
    function = call.function
    name = (
        function.id if isinstance(function, Name) else function.name if isinstance(function, AttrOf) else ""
    )
    return name in ("map", "imap", "imap_unordered")


def _distinct(things: Iterable[Object]) -> Objects:
    found = dict.fromkeys(things)
    if len(found) > 1:
        found.pop(UNCLEAR, None)
    if len(found) > _MANY:
        found = dict.fromkeys(list(found)[:_MANY])
    return tuple(found)
