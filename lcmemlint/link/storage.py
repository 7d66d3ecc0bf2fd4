"""Where the content of a memory object is kept: in the process, on this host, or in a store that workers share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from lcmemlint.catalogue import Component
from lcmemlint.facts import Call
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.objects import (
    ClassOf,
    External,
    Fixed,
    FunctionOf,
    Instance,
    Method,
    Object,
    Part,
    dotted_of,
)
from lcmemlint.values import Const, Joined, Value

Storage = Literal["process", "host", "shared", "client", "unknown"]
_CALLS_DEEP = 4
_QUIET = (
    "builtins.",
    "typing.",
    "pydantic.",
    "pydantic_v1.",
    "dataclasses.",
    "datetime.",
    "uuid.",
    "logging.",
    "threading.",
    "collections.",
    "copy.",
    "abc.",
    "time.",
    "langchain",
    "langgraph",
    "functools.",
    "itertools.",
    "loguru.",
    "re.",
    "enum.",
)
"""Modules whose use in a history class does not mean that it stores anything outside the process."""

_OPENERS = frozenset(
    [
        "builtins.open",
        "sqlite3.connect",
        "aiosqlite.connect",
        "aiofiles.open",
        "pathlib.Path.open",
        "pathlib.Path.write_text",
        "pathlib.Path.read_text",
    ]
)
_FILES = (
    "builtins.open",
    "sqlite3.",
    "aiosqlite.",
    "aiofiles.",
    "pathlib.",
    "os.",
    "json.",
    "pickle.",
    "shutil.",
)
"""What a class that keeps its content on this host's disk calls."""
_READS = ("get", "aget", "search", "asearch", "batch", "abatch")
"""Methods by which a LangGraph store is read."""


def argument(call: Call, names: Iterable[str], position: int | None) -> Value | None:
    """The argument of a call by keyword, else by position (stars make positions unknown)."""
    wanted = tuple(names)
    for given in call.arguments:
        if given.name in wanted:
            return given.value
    positional = [given for given in call.arguments if given.name in (None, "*")]
    if position is None or position >= len(positional):
        return None
    known = all(given.name is None for given in positional[: position + 1])
    return positional[position].value if known else None


def has_stars(call: Call) -> bool:
    """Whether ``*args`` or ``**kwargs`` may hand over more than is written."""
    return any(given.name in ("*", "**") for given in call.arguments)


def made_by(evaluator: Evaluator, thing: Object) -> tuple[Component, Call, str] | None:
    """The component that built an object, with the call that carries its arguments; None when it is none of ours.

    ``builder.compile(...)`` answers with ``StateGraph``; ``agent.with_config(...)`` with what ``agent`` is.
    """
    for _ in range(8):
        if not isinstance(thing, Instance) or not thing.path:
            return None
        call = evaluator.files[thing.path].calls[thing.call]
        if isinstance(thing.of, External):
            component = evaluator.catalogue.component(thing.of.dotted)
            if component is None or (component.method is not None and not component.function):
                return None
            return component, call, thing.path
        if not isinstance(thing.of, Part):
            return None
        name, method = dotted_of(thing.of.base) or "", thing.of.name
        head = evaluator.catalogue.component(name) or evaluator.catalogue.component(_root(evaluator, name))
        if head is not None and head.method == method:
            return head, call, thing.path
        thing = thing.of.base
    return None


def component_called(evaluator: Evaluator, callee: Object) -> Component | None:
    """The component that calling ``callee`` builds or compiles: a class, its factory method, or ``builder.compile``."""
    if isinstance(callee, External):
        component = evaluator.catalogue.component(callee.dotted)
        if component is not None:
            return component
        method = evaluator.catalogue.component_method(callee.dotted)
        made = method is not None and method[1] in (*method[0].context_manager, *method[0].factories)
        return method[0] if method is not None and made else None
    if isinstance(callee, Part):
        head = evaluator.catalogue.component(_root(evaluator, dotted_of(callee.base) or ""))
        return head if head is not None and head.method == callee.name else None
    return None


def _root(evaluator: Evaluator, name: str) -> str:
    """The component at the start of a fluent chain: ``StateGraph.add_node.add_edge`` is a ``StateGraph``."""
    if name.partition(".")[0] not in evaluator.catalogue.packages:
        return name
    while "." in name and evaluator.catalogue.component(name) is None:
        name = name.rpartition(".")[0]
    return name


def storage_of(
    evaluator: Evaluator,
    component: Component,
    own: ClassOf | None,
    call: Call,
    path: str,
    *,
    around: tuple[Call, ...] = (),
) -> tuple[Storage, tuple[Object, ...]]:
    """The storage of what ``call`` builds, and the objects that it delegates to.

    ``around`` are the calls whose storage is being asked for already: what is given to itself adds nothing.
    """
    if own is not None and component.abstract:
        return _storage_of_class(evaluator, own), ()
    if own is not None and _has_outside_state(evaluator, own):
        return ("process" if _answers_from_process(evaluator, component, own) else "unknown"), ()
    match component.storage:
        case "host":
            return _of_file(evaluator, component, call, path), ()
        case "process" | "shared":
            return component.storage, ()
        case "delegated":
            return _delegated(evaluator, component, call, path, (*around, call))
        case "url":
            return _by_url(evaluator, component, call, path), ()
    return "unknown", ()


def _delegated(
    evaluator: Evaluator, component: Component, call: Call, path: str, around: tuple[Call, ...]
) -> tuple[Storage, tuple[Object, ...]]:
    given = [value for name in component.delegate if (value := argument(call, (name,), None)) is not None]
    if not given:
        value = argument(call, component.delegate, component.delegate_position)
        given = [value] if value is not None else []
    if not given:
        if has_stars(call):
            return "unknown", ()
        return _known(component.default_storage or "process"), ()
    things = tuple(
        thing
        for value in given
        for thing in evaluator.value(path, call.scope, value, call.statement)
        if not any(call_of(evaluator, thing) is one for one in around)
    )
    found = {storage_of_thing(evaluator, thing, around=around) for thing in things} or {"unknown"}
    if found == {"process"}:
        return "process", things
    if "unknown" in found or len(found) > 1:
        return ("shared" if found == {"shared"} else "unknown"), things
    return next(iter(found)), things


def _known(storage: str) -> Storage:
    return storage if storage in ("process", "host", "shared") else "unknown"  # type: ignore[return-value]


def call_of(evaluator: Evaluator, thing: Object) -> Call | None:
    """The call that made an object."""
    if not isinstance(thing, Instance) or not thing.path:
        return None
    return evaluator.files[thing.path].calls[thing.call]


def storage_of_thing(evaluator: Evaluator, thing: Object, *, around: tuple[Call, ...] = ()) -> Storage:
    """The storage of a history, saver or store object."""
    if isinstance(thing, Fixed) and thing.value is None:
        return "process"
    if not isinstance(thing, Instance) or not thing.path:
        return "unknown"
    call = evaluator.files[thing.path].calls[thing.call]
    if isinstance(thing.of, ClassOf):
        for base in evaluator.external_bases(thing.of):
            component = evaluator.catalogue.component(base)
            if component is not None:
                return storage_of(evaluator, component, thing.of, call, thing.path, around=around)[0]
        return "unknown"
    component = evaluator.catalogue.component(dotted_of(thing) or "")
    if component is None:
        return "unknown"
    return storage_of(evaluator, component, None, call, thing.path, around=around)[0]


def _by_url(evaluator: Evaluator, component: Component, call: Call, path: str) -> Storage:
    value = argument(call, component.url_argument, component.url_position)
    if value is None:
        return _known(component.default_storage or "unknown") if not has_stars(call) else "unknown"
    return storage_of_url(evaluator, path, call.scope, value, call.statement)


def _of_file(evaluator: Evaluator, component: Component, call: Call, path: str) -> Storage:
    """``host``, whatever the file is called; ``process`` for ``:memory:``, which is no file."""
    value = argument(call, component.url_argument, component.url_position)
    if value is None:
        return "host"
    opened = evaluator.value(path, call.scope, value, call.statement)
    for thing in opened:
        if isinstance(thing, Instance) and thing.path and (dotted_of(thing) or "").endswith(".connect"):
            inner = evaluator.files[thing.path].calls[thing.call]
            if inner.arguments:
                given = inner.arguments[0].value
                found = storage_of_url(evaluator, thing.path, inner.scope, given, inner.statement)
                return "process" if found == "process" else "host"
    known = storage_of_url(evaluator, path, call.scope, value, call.statement)
    return known if known in ("process", "shared") else "host"


def storage_of_url(evaluator: Evaluator, path: str, scope: int, value: Value, at: int) -> Storage:
    """``host`` for a literal SQLite file or path, ``shared`` for a literal server, else unknown."""
    if isinstance(value, Joined) and value.parts and isinstance(value.parts[0], Const):
        return _of_text(str(value.parts[0].value))
    found = {
        _of_text(thing.value) if isinstance(thing, Fixed) and isinstance(thing.value, str) else "unknown"
        for thing in evaluator.value(path, scope, value, at)
    }
    return found.pop() if len(found) == 1 else "unknown"


def _of_text(text: str) -> Storage:
    if text == ":memory:" or text in ("sqlite://", "sqlite:///:memory:"):
        return "process"
    if text.startswith(("sqlite:", "sqlite+", "./", "/", "file:")) or text.endswith(
        (".db", ".sqlite", ".sqlite3", ".json")
    ):
        return "host"
    if "://" in text:
        return "shared"
    return "unknown"


def _storage_of_class(evaluator: Evaluator, cls: ClassOf) -> Storage:
    """A user's own history or memory class: in the process if nothing in it reaches outside, on disk if only files."""
    outside = set(_outside(evaluator, cls))
    if not outside:
        return "process"
    on_disk = outside & _OPENERS and all(name.startswith(_FILES) for name in outside)
    return "host" if on_disk else "unknown"


def _has_outside_state(evaluator: Evaluator, cls: ClassOf) -> bool:
    return any(True for _ in _outside(evaluator, cls))


def _answers_from_process(evaluator: Evaluator, component: Component, cls: ClassOf) -> bool:
    """Whether a subclass of a store in the process reads from the process, though it may write elsewhere too."""
    if component.kind != "store" or component.storage != "process":
        return False
    return not any(evaluator.member(cls, name) is not None for name in _READS)


def _outside(evaluator: Evaluator, cls: ClassOf) -> Iterator[str]:
    """The dotted names of what the methods of a class call that may keep something outside of the process."""
    methods = [
        FunctionOf(one.path, child)
        for one in evaluator.project_bases(cls)
        for child in evaluator.names[one.path].children.get(one.scope, ())
    ]
    seen: set[FunctionOf] = set()
    for _ in range(_CALLS_DEEP):
        called: list[FunctionOf] = []
        for method in methods:
            if method in seen:
                continue
            seen.add(method)
            for thing in _called(evaluator, method):
                if isinstance(thing, FunctionOf | Method):
                    called.append(thing.function if isinstance(thing, Method) else thing)
                elif (name := dotted_of(thing)) is not None and _reaches_outside(evaluator, name):
                    yield name
        methods = called


def _called(evaluator: Evaluator, function: FunctionOf) -> Iterator[Object]:
    """Everything that a function calls, its decorators included (``@with_session`` opens a database)."""
    facts = evaluator.files[function.path]
    for number in evaluator.names[function.path].calls_of.get(function.scope, ()):
        call = facts.calls[number]
        yield from evaluator.value(function.path, call.scope, call.function, call.statement)
    scope = facts.scopes[function.scope]
    for decorator in scope.decorators:
        yield from evaluator.value(function.path, max(scope.parent, 0), decorator)


def _reaches_outside(evaluator: Evaluator, name: str) -> bool:
    component = evaluator.catalogue.component(name)
    if component is not None and component.storage in ("host", "shared", "url"):
        return True  # a history that hands everything to another one
    return name == "builtins.open" or not name.startswith(_QUIET)
