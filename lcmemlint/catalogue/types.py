"""What the catalogue says of names, as typed values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import product
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

ComponentKind: TypeAlias = Literal[
    "memory", "history", "checkpointer", "store", "kv", "cache", "wrapper", "other"
]
ComponentStorage: TypeAlias = Literal["process", "host", "shared", "delegated", "url", "none"]
ExtraState: TypeAlias = Literal["summary", "pruning", "entities", "graph", "vectors"]
Api: TypeAlias = Literal["sync", "async", "both"]
ComponentFix: TypeAlias = Literal["chat_memory", "history", "checkpointer", "shared-memory", "none"]

EntryKind: TypeAlias = Literal[
    "route",
    "websocket",
    "event",
    "task",
    "callback",
    "serverless",
    "rpc",
    "startup",
    "middleware",
    "script",
    "consumer",
    "dependency",
    "cache",
    "state",
    "launch",
]
How: TypeAlias = Literal[
    "decorator",
    "register",
    "serve-object",
    "base-class",
    "script",
    "name",
    "dependency",
    "startup",
    "cached",
    "session-state",
    "server-launch",
]
EntryLifetime: TypeAlias = Literal["request", "worker", "session"]
EntryStorage: TypeAlias = Literal["process", "shared", "client"]


_WILD = frozenset("*?[")

Row: TypeAlias = Mapping[str, object]
"""A row of a table as it is written."""


class Component(Struct, frozen=True):
    """A class or function that keeps conversation memory, or that is given it.

    The qualified paths are every module of `modules` joined with every name of `names`: some of those
    pairs exist in no release, which costs nothing, since no program can import them.
    """

    id: str
    kind: ComponentKind
    names: tuple[str, ...]
    modules: tuple[str, ...]
    source: str
    storage: ComponentStorage = "none"
    abstract: bool = False
    """A base class that users subclass; a call of it is never a memory."""
    lookalike: bool = False
    """Its name says memory, it holds no conversation: rules stay silent about it."""
    function: bool = False
    """A function; calling it does not build an instance of its name."""
    delegate: tuple[str, ...] = ()
    """Keyword arguments that decide the storage; the worst of them counts."""
    delegate_position: int | None = None
    default_storage: ComponentStorage | None = None
    """The storage when no delegate argument is given."""
    extra_state: ExtraState | None = None
    """What stays in the process (or stops working) although the delegate is shared."""
    url_argument: tuple[str, ...] = ()
    """Keyword arguments, over all releases, that carry the connection string, path or address."""
    url_position: int | None = None
    default_url: str | None = None
    """Where it connects when no address is given."""
    session_argument: str | None = None
    session_position: int | None = None
    session_default: str | None = None
    """The session key when none is given: every such user shares it."""
    session_uuid: bool = False
    """The session key must be the text of a UUID."""
    api: Api = "both"
    sync_from_thread: bool = False
    """An async one whose sync methods work too, though never from the thread of its own event loop."""
    context_manager: tuple[str, ...] = ()
    """Class methods that return a context manager, not the object."""
    factories: tuple[str, ...] = ()
    """Class methods that return the object itself (or an awaitable of it)."""
    setup: bool = False
    """It fails, or reads nothing, until one of `setup_methods` has run once."""
    setup_methods: tuple[str, ...] = ()
    setup_on_enter: bool = False
    """Entering it as a context manager runs its setup."""
    connection_argument: str | None = None
    """The constructor's first argument: an open connection, pool or client, never its address."""
    async_argument: str | None = None
    """The argument that makes it work async only; without it, it works sync only."""
    needs_loop: bool = False
    """The constructor needs a running event loop, so it cannot be built while a module is imported."""
    needs_redis_modules: bool = False
    snapshot: bool = False
    """Reads the messages once and overwrites: an object kept between requests loses other workers' turns."""
    method: str | None = None
    """The method of an instance that takes the arguments below (`StateGraph(...).compile`)."""
    memory_argument: str | None = None
    memory_position: int | None = None
    memory_ignored: bool = False
    """The memory argument is accepted and never used."""
    history_argument: str | None = None
    history_position: int | None = None
    checkpointer_argument: str | None = None
    checkpointer_position: int | None = None
    store_argument: str | None = None
    store_position: int | None = None
    runs: str | None = None
    """The argument whose chain, agent or graph this one runs (`agent=`, `runnable`)."""
    runs_position: int | None = None
    implicit_memory: str | None = None
    """Id of the component it builds by itself when no memory is given."""
    memory_key_argument: str | None = None
    default_memory_key: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    """Other arguments that name variables, with their defaults ("" is: no default)."""
    prompt_variables: tuple[str, ...] = ()
    """Variables of the prompt that is used when none is given."""
    since: str | None = None
    """Package and version that it was first seen in: ``langgraph 0.2``."""
    deprecated: str | None = None
    replacement: str | None = None
    fix: ComponentFix = "none"

    @property
    def paths(self) -> Iterator[str]:
        """Every dotted path by which a program may name it."""
        return (f"{module}.{name}" for module, name in product(self.modules, self.names))

    def is_at(self, dotted: str) -> bool:
        """Whether this is one of `paths`."""
        return any(_is_member(dotted, name, self.modules) for name in self.names)


class Entry(Struct, frozen=True):
    """One way in which a framework is handed the code that it runs.

    `how` says which of the fields below count:

    - decorator: `on` (classes of the receiver; empty: none) and `names` (methods, or dotted functions);
    - register, serve-object: the same, and the handler at `arguments` or `positions`;
    - base-class: `bases` or `base_suffixes`, and the `methods` that are run ("*": every public one);
    - script: `modules` whose import makes the importing file a script that is run per interaction;
    - name: `patterns` (fnmatch, case ignored) of functions which nobody in the project calls;
    - dependency: `names` of markers, the function they hold runs per request;
    - startup: any of the forms above (decorator, handler at `arguments` or `positions`, methods of
      `bases`, `patterns`), run once a worker;
    - cached: `names` of decorators, the result lives as long as `lifetime`;
    - session-state: `names` of objects and `attributes` of handler arguments that are kept per user;
    - server-launch: `on` and `names` of calls that start a server with the app at `arguments`/`positions`.
    """

    id: str
    framework: str
    kind: EntryKind
    how: How
    source: str
    on: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    argument_is_call: bool = False
    """The argument is the coroutine that a call returns: that call's function is the handler."""
    as_call: bool = False
    """The handler runs as if it were called here: it is server code only if the code around it is."""
    bases: tuple[str, ...] = ()
    base_suffixes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    lifetime: EntryLifetime | None = None
    storage: EntryStorage | None = None
    """Of session-state: process, shared (a server-side store) or client (a cookie)."""
    workers_argument: str | None = None
    """The argument of a launch that says how many processes it starts."""

    @property
    def paths(self) -> Iterator[str]:
        """Dotted names of the functions, or of the methods of each receiver class."""
        if not self.on:
            return iter(self.names)
        return (f"{receiver}.{name}" for receiver, name in product(self.on, self.names))

    def is_called(self, dotted: str) -> bool:
        """Whether this is one of `paths`."""
        if not self.on:
            return dotted in self.names
        return any(_is_member(dotted, name, self.on) for name in self.names)

    def fits(self, name: str) -> bool:
        """Whether a function of this name is meant by one of `patterns`."""
        return any(_fits(name.lower(), pattern.lower()) for pattern in self.patterns)


def _fits(name: str, pattern: str) -> bool:
    """What `fnmatchcase` says, which makes a regular expression of each pattern: nearly all have one star or none."""
    head, star, tail = pattern.partition("*")
    if not _WILD.isdisjoint(head) or not _WILD.isdisjoint(tail):
        return fnmatchcase(name, pattern)
    if not star:
        return name == pattern
    return len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)


def _is_member(dotted: str, name: str, owners: tuple[str, ...]) -> bool:
    """Whether a path is this name in one of the modules or classes."""
    return dotted.endswith(f".{name}") and dotted[: -len(name) - 1] in owners


class IdSource(Struct, frozen=True):
    """Functions that make an id; `source` is where their documentation was read."""

    id: str
    names: tuple[str, ...]
    source: str


def by_name(*sources: IdSource) -> Mapping[str, IdSource]:
    """Dotted function → its source."""
    return MappingProxyType({name: one for one in sources for name in one.names})


class Release(Struct, frozen=True):
    """A module that came with a release of a package (`since`) or went with one (`before`)."""

    module: str
    package: str
    source: str
    since: str | None = None
    before: str | None = None


class SessionWords(Struct, frozen=True):
    """Words of session identity: where ids come from, what carries them, what runs and remembers."""

    fresh: Mapping[str, IdSource]
    """Dotted function → source of ids that are new at every call."""
    process: Mapping[str, IdSource]
    """Dotted function → source of ids that are one per process, host or connection."""
    openers: Mapping[str, IdSource]
    """Dotted function or class → source of what opens a connection; the row's id says whether it is a pool."""
    config_keys: tuple[str, ...]
    """Keys of `configurable` that select a conversation."""
    key_names: tuple[str, ...]
    """Names that look like a session key, most specific first, in snake_case."""
    key_suffixes: tuple[str, ...]
    person_names: tuple[str, ...]
    """Names that stand for one person or device: a key in itself, though not of one conversation."""
    other_ids: tuple[str, ...]
    """Names of ids of other things (message, run, file), never a session key."""
    headers: tuple[str, ...]
    connection_attributes: tuple[str, ...]
    """Attributes that identify a connection, gone when the client reconnects."""
    key_rooms: tuple[str, ...]
    """Arguments that open another room of one store: prefix, table, collection."""
    neutral_words: frozenset[str]
    """Words in a key that name no purpose: two keys that differ by them only mean one conversation."""
    run_sync: frozenset[str]
    run_async: frozenset[str]
    state_sync: frozenset[str]
    state_async: frozenset[str]
    rebind: frozenset[str]
    """Methods that give the same chain, agent or graph with a configuration bound to it."""
    history_write: frozenset[str]
    history_read: frozenset[str]
    history_load: frozenset[str]
    """Those of `history_read` that give the whole past to a prompt."""
    history_clear: frozenset[str]
    history_async: frozenset[str]
    """Those of the history methods that are coroutines."""
    messages: frozenset[str]
    """Dotted classes of the messages of a conversation."""
    role_keys: frozenset[str]
    content_keys: frozenset[str]
    question_keys: frozenset[str]
    answer_keys: frozenset[str]
    speakers: frozenset[str]
    conversation_names: frozenset[str]
    """Names of containers that say by themselves that a conversation is inside."""
    inner_names: frozenset[str]
    """Names that say so inside the dict of a session, or among the inputs of a chain."""
    containers: frozenset[str]
    """Dotted classes of containers that keep what is put into them."""
    talk_words: frozenset[str]
    """Words in the names of functions that answer a message."""
    upkeep_words: frozenset[str]
    """Words in the names of functions that look after conversations: list, show, delete."""
    dev_variables: tuple[str, ...]
    """Environment variables that switch development on."""
    dev_values: frozenset[str]
    production_values: frozenset[str]

    @property
    def run(self) -> frozenset[str]:
        """Methods that run a chain, agent or graph, sync and async."""
        return self.run_sync | self.run_async

    @property
    def state(self) -> frozenset[str]:
        """Methods that read or change the saved state of a thread, sync and async."""
        return self.state_sync | self.state_async


class Catalogue(Struct, frozen=True):
    """Everything the linker asks about names; all questions are dictionary look-ups."""

    components: tuple[Component, ...]
    entries: tuple[Entry, ...]
    session: SessionWords
    releases: tuple[Release, ...]
    packages: frozenset[str]
    """Top-level packages of the memory components: files that name none of them hold none."""
    by_name: Mapping[str, tuple[Component, ...]]
    """Last word of a path → the components that have such a path: all paths would be thousands."""
    by_id: Mapping[str, Component]
    by_how: Mapping[How, tuple[Entry, ...]]
    by_call: Mapping[tuple[How, str], tuple[Entry, ...]]
    """The form and the last word of a call → the entry points that have such a call."""
    by_base: Mapping[str, tuple[Entry, ...]]
    libraries: frozenset[str]
    """Top-level packages that the tables speak of: a project's own file of that name never hides them."""

    def component(self, dotted: str) -> Component | None:
        """The component with this qualified path, the first of the table, else None."""
        found = self.by_name.get(dotted.rpartition(".")[2], ())
        return next((component for component in found if component.is_at(dotted)), None)

    def component_method(self, dotted: str) -> tuple[Component, str] | None:
        """`(component, method)` for the path of a component's method, else None.

        `…PostgresSaver.from_conn_string` names no component, its class does.
        """
        path, _, method = dotted.rpartition(".")
        found = self.component(path)
        return None if found is None else (found, method)

    def entries_by_how(self, how: How) -> tuple[Entry, ...]:
        """All entry points that are declared in this way, in the order of the table."""
        return self.by_how.get(how, ())

    def entry(self, how: How, dotted: str) -> Entry | None:
        """The entry point for a function, or for `class.method` of its receiver, the first of the table, else None."""
        found = self.by_call.get((how, dotted.rpartition(".")[2]), ())
        return next((entry for entry in found if entry.is_called(dotted)), None)

    def entries_by_base(self, dotted: str) -> tuple[Entry, ...]:
        """Entry points for methods of a class that has this base, by full name or by suffix."""
        return self.by_base.get(dotted, ()) or tuple(
            entry for entry in self.by_how.get("base-class", ()) if dotted.endswith(entry.base_suffixes)
        )
