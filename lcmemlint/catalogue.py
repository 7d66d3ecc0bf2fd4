"""The catalogue: what the words of LangChain, of web frameworks and of session ids mean.

Four TOML tables under `rules/catalogue/` say it, and this module turns them into typed values:

- `components.toml`: memory components, and the chains, agents and graphs that memory is given to;
- `frameworks.toml`: entry points, the code that runs to answer a request, message, event or task;
- `session.toml`: where ids come from, which names carry a session key, which methods run, read or write;
- `versions.toml`: which modules came and went with which release.

Facts never depend on the catalogue, it is applied when facts are linked. A user may add components and
entry points of their own: they have the same form and are checked in the same way.
A row that is wrong in any way is a `CatalogueError`, never a row that is silently left out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, get_args

from lcmemlint import toml
from lcmemlint.errors import CatalogueError
from lcmemlint.records import record

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

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

Row: TypeAlias = Mapping[str, object]
Word = TypeVar("Word", bound=str)


@record
class Component:
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


@record
class Entry:
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


@record
class IdSource:
    """Functions that make an id; `source` is where their documentation was read."""

    id: str
    names: tuple[str, ...]
    source: str


@record
class Release:
    """A module that came with a release of a package (`since`) or went with one (`before`)."""

    module: str
    package: str
    source: str
    since: str | None = None
    before: str | None = None


@record
class SessionWords:
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


@record
class Catalogue:
    """Everything the linker asks about names; all questions are dictionary look-ups."""

    components: tuple[Component, ...]
    entries: tuple[Entry, ...]
    session: SessionWords
    releases: tuple[Release, ...]
    packages: frozenset[str]
    """Top-level packages of the memory components: files that name none of them hold none."""
    domain_modules: frozenset[str]
    """Every module a component can be imported from."""
    by_path: Mapping[str, Component]
    by_id: Mapping[str, Component]
    by_how: Mapping[How, tuple[Entry, ...]]
    by_call: Mapping[tuple[How, str], Entry]
    by_base: Mapping[str, tuple[Entry, ...]]
    libraries: frozenset[str]
    """Top-level packages that the tables speak of: a project's own file of that name never hides them."""

    def component(self, dotted: str) -> Component | None:
        """The component with this qualified path, else None."""
        return self.by_path.get(dotted)

    def component_method(self, dotted: str) -> tuple[Component, str] | None:
        """`(component, method)` for the path of a component's method, else None.

        `…PostgresSaver.from_conn_string` names no component, its class does.
        """
        path, _, method = dotted.rpartition(".")
        found = self.by_path.get(path)
        return None if found is None else (found, method)

    def entries_by_how(self, how: How) -> tuple[Entry, ...]:
        """All entry points that are declared in this way, in the order of the table."""
        return self.by_how.get(how, ())

    def entry(self, how: How, dotted: str) -> Entry | None:
        """The entry point for a function, or for `class.method` of its receiver, else None."""
        return self.by_call.get((how, dotted))

    def entries_by_base(self, dotted: str) -> tuple[Entry, ...]:
        """Entry points for methods of a class that has this base, by full name or by suffix."""
        return self.by_base.get(dotted, ()) or tuple(
            entry for entry in self.by_how.get("base-class", ()) if dotted.endswith(entry.base_suffixes)
        )


def rulebook_root() -> Traversable:
    """The folder of pages and tables: the shipped one first, else `rules/` of a checkout.

    A folder `rules` beside the package is ours only if it holds our tables: in `site-packages` it could
    be anybody's.
    """
    package = Path(__file__).parent
    shipped: Traversable = package / "rulebook"
    if not package.is_dir():  # in an archive
        from importlib.resources import files

        shipped = files("lcmemlint").joinpath("rulebook")
    if (shipped / "catalogue" / "components.toml").is_file():
        return shipped
    checkout = package.parent / "rules"
    if (checkout / "catalogue" / "components.toml").is_file():
        return checkout
    raise CatalogueError("the rulebook is missing: neither lcmemlint/rulebook nor rules/catalogue is there")


@record
class Parser:
    """What turns the shipped texts into tables. Each gives the same, so that one answer is remembered for all."""

    parse: Callable[[str], Row] = field(default=toml.loads, compare=False)


def load_catalogue(
    extra_components: Sequence[Row] = (), extra_entries: Sequence[Row] = (), parser: Parser | None = None
) -> Catalogue:
    """The shipped tables with the user's own rows; a row of the user that repeats an id replaces ours."""
    parser = parser or Parser()
    if not extra_components and not extra_entries:
        return _ours(parser)
    components, entries, session, releases = _shipped(parser)
    if extra_components:
        components = _merged(components, [_component(row) for row in _own(extra_components, "component")])
    if extra_entries:
        entries = _merged(entries, [_entry(row) for row in _own(extra_entries, "entry")])
    return _indexed(components, entries, session, releases)


@cache
def _ours(parser: Parser) -> Catalogue:
    """The shipped tables alone."""
    return _indexed(*_shipped(parser))


@cache
def _shipped(
    parser: Parser,
) -> tuple[tuple[Component, ...], tuple[Entry, ...], SessionWords, tuple[Release, ...]]:
    """The four shipped tables, read and checked once a process."""
    components = _rows(parser, "components.toml", "component")
    entries = _rows(parser, "frameworks.toml", "entry")
    releases = _rows(parser, "versions.toml", "release")
    return (
        _unique([_component(row) for row in components], "components.toml"),
        _unique([_entry(row) for row in entries], "frameworks.toml"),
        _session(_read(parser, "session.toml")),
        tuple(release for row in releases for release in _release(row)),
    )


def _release(row: Row) -> Iterator[Release]:
    """One checked row of `versions.toml`."""
    of = _Fields(row, f"versions.toml [[release]] {row.get('modules', '?')}")
    of.reject_unknown(frozenset({"modules", "package", "since", "before", "source"}))
    if not of.maybe_text("since") and not of.maybe_text("before"):
        raise CatalogueError(f"{of.where}: needs `since` or `before`")
    for module in of.modules("modules"):
        yield Release(
            module, of.text("package"), of.text("source"), of.maybe_text("since"), of.maybe_text("before")
        )


def _read(parser: Parser, name: str) -> Row:
    """One parsed table; its syntax errors are ours, so they say which file it is."""
    try:
        text = rulebook_root().joinpath("catalogue").joinpath(name).read_text(encoding="utf-8")
        return parser.parse(text)
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{name}: {error}") from error


def _rows(parser: Parser, name: str, key: str) -> list[Row]:
    """The rows `[[key]]` of a file that has nothing else in it."""
    table = _read(parser, name)
    for other in table:
        if other != key:
            raise CatalogueError(f"{name}: unknown table `{other}`, expected `[[{key}]]`")
    return _mappings(table.get(key, []), f"{name}: {key}")


def _mappings(value: object, where: str) -> list[Row]:
    """A list of tables, checked."""
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return list(value)
    raise CatalogueError(f"{where}: expected a list of tables")


def _own(rows: Sequence[Row], what: str) -> Iterator[Row]:
    """The user's rows; `source` may be left out, then it is their configuration."""
    for row in rows:
        if not isinstance(row, Mapping):
            raise CatalogueError(f"{what}: expected a table, found {row!r}")
        yield {"source": "your configuration", **row}


@record
class _Fields:
    """One row of a table, read field by field; every complaint names the row."""

    row: Row
    where: str

    def reject_unknown(self, known: Collection[str]) -> None:
        """Complain about the first field that is not in `known`."""
        for name in self.row:
            if name not in known:
                raise CatalogueError(f"{self.where}: unknown field `{name}`")

    def values(self, readers: Mapping[str, _Reader], required: Iterable[str]) -> dict[str, Any]:
        """All fields of the row, each checked by its reader."""
        self.reject_unknown(readers.keys())
        for name in required:
            if name not in self.row:
                raise CatalogueError(f"{self.where}: `{name}` is missing")
        return {name: readers[name](self, name) for name in self.row}

    def text(self, name: str) -> str:
        """A field that must be there and must say something."""
        value = self.maybe_text(name)
        if not value:
            raise CatalogueError(f"{self.where}: `{name}` is missing")
        return value

    def maybe_text(self, name: str) -> str | None:
        """A text field, None if it is absent."""
        value = self.row.get(name)
        if value is None or isinstance(value, str):
            return value
        raise CatalogueError(f"{self.where}: `{name}` must be a string")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, or one string; empty if it is absent."""
        value = self.row.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise CatalogueError(f"{self.where}: `{name}` must be a list of strings")

    def modules(self, name: str) -> tuple[str, ...]:
        """A list of dotted names in which `a{b,c}` stands for `ab` and `ac`."""
        found = tuple(full for text in self.texts(name) for full in _expanded(text))
        for full in found:
            if "{" in full or "}" in full:
                raise CatalogueError(f"{self.where}: `{name}` has nested or open braces: {full}")
        return found

    def maybe_whole(self, name: str) -> int | None:
        """A whole number that counts from zero, None if it is absent."""
        value = self.row.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise CatalogueError(f"{self.where}: `{name}` must be a whole number")

    def wholes(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers; empty if it is absent."""
        value = self.row.get(name, ())
        if isinstance(value, (list, tuple)) and all(type(item) is int and item >= 0 for item in value):
            return tuple(value)
        raise CatalogueError(f"{self.where}: `{name}` must be a list of whole numbers")

    def flag(self, name: str) -> bool:
        """A truth value, False if it is absent."""
        value = self.row.get(name, False)
        if isinstance(value, bool):
            return value
        raise CatalogueError(f"{self.where}: `{name}` must be true or false")

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A table of strings, in the order in which it was written."""
        value = self.row.get(name, {})
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return tuple(value.items())
        raise CatalogueError(f"{self.where}: `{name}` must be a table of strings")

    def choice(self, name: str, words: Sequence[Word]) -> Word:
        """One of a closed set of words."""
        value = self.maybe_choice(name, words)
        if value is None:
            raise CatalogueError(f"{self.where}: `{name}` is missing")
        return value

    def maybe_choice(self, name: str, words: Sequence[Word]) -> Word | None:
        """One of a closed set of words, None if it is absent."""
        value = self.row.get(name)
        if value is None:
            return None
        for word in words:
            if word == value:
                return word
        raise CatalogueError(f"{self.where}: `{name}` is {value!r}, expected one of: {', '.join(words)}")


KINDS: Final[tuple[ComponentKind, ...]] = get_args(ComponentKind)
STORAGES: Final[tuple[ComponentStorage, ...]] = get_args(ComponentStorage)
EXTRA_STATES: Final[tuple[ExtraState, ...]] = get_args(ExtraState)
APIS: Final[tuple[Api, ...]] = get_args(Api)
FIXES: Final[tuple[ComponentFix, ...]] = get_args(ComponentFix)
ENTRY_KINDS: Final[tuple[EntryKind, ...]] = get_args(EntryKind)
HOWS: Final[tuple[How, ...]] = get_args(How)
LIFETIMES: Final[tuple[EntryLifetime, ...]] = get_args(EntryLifetime)
ENTRY_STORAGES: Final[tuple[EntryStorage, ...]] = get_args(EntryStorage)

_Reader: TypeAlias = Callable[["_Fields", str], object]


def _word(words: Sequence[Word]) -> _Reader:
    return lambda of, name: of.choice(name, words)


COMPONENT_FIELDS: Final[Mapping[str, _Reader]] = {
    "id": _Fields.text,
    "kind": _word(KINDS),
    "names": _Fields.texts,
    "modules": _Fields.modules,
    "source": _Fields.text,
    "storage": _word(STORAGES),
    "abstract": _Fields.flag,
    "lookalike": _Fields.flag,
    "function": _Fields.flag,
    "delegate": _Fields.texts,
    "delegate_position": _Fields.maybe_whole,
    "default_storage": _word(STORAGES),
    "extra_state": _word(EXTRA_STATES),
    "url_argument": _Fields.texts,
    "url_position": _Fields.maybe_whole,
    "default_url": _Fields.maybe_text,
    "session_argument": _Fields.maybe_text,
    "session_position": _Fields.maybe_whole,
    "session_default": _Fields.maybe_text,
    "session_uuid": _Fields.flag,
    "api": _word(APIS),
    "sync_from_thread": _Fields.flag,
    "context_manager": _Fields.texts,
    "factories": _Fields.texts,
    "setup": _Fields.flag,
    "setup_methods": _Fields.texts,
    "setup_on_enter": _Fields.flag,
    "connection_argument": _Fields.maybe_text,
    "async_argument": _Fields.maybe_text,
    "needs_loop": _Fields.flag,
    "needs_redis_modules": _Fields.flag,
    "snapshot": _Fields.flag,
    "method": _Fields.maybe_text,
    "memory_argument": _Fields.maybe_text,
    "memory_position": _Fields.maybe_whole,
    "memory_ignored": _Fields.flag,
    "history_argument": _Fields.maybe_text,
    "history_position": _Fields.maybe_whole,
    "checkpointer_argument": _Fields.maybe_text,
    "checkpointer_position": _Fields.maybe_whole,
    "store_argument": _Fields.maybe_text,
    "store_position": _Fields.maybe_whole,
    "runs": _Fields.maybe_text,
    "runs_position": _Fields.maybe_whole,
    "implicit_memory": _Fields.maybe_text,
    "memory_key_argument": _Fields.maybe_text,
    "default_memory_key": _Fields.maybe_text,
    "keys": _Fields.pairs,
    "prompt_variables": _Fields.texts,
    "since": _Fields.maybe_text,
    "deprecated": _Fields.maybe_text,
    "replacement": _Fields.maybe_text,
    "fix": _word(FIXES),
}
ENTRY_FIELDS: Final[Mapping[str, _Reader]] = {
    "id": _Fields.text,
    "framework": _Fields.text,
    "kind": _word(ENTRY_KINDS),
    "how": _word(HOWS),
    "source": _Fields.text,
    "on": _Fields.modules,
    "names": _Fields.modules,
    "arguments": _Fields.texts,
    "positions": _Fields.wholes,
    "argument_is_call": _Fields.flag,
    "as_call": _Fields.flag,
    "bases": _Fields.modules,
    "base_suffixes": _Fields.texts,
    "methods": _Fields.texts,
    "modules": _Fields.modules,
    "patterns": _Fields.texts,
    "attributes": _Fields.texts,
    "lifetime": _word(LIFETIMES),
    "storage": _word(ENTRY_STORAGES),
    "workers_argument": _Fields.maybe_text,
}


def _component(row: Row) -> Component:
    """One checked row of `components.toml`."""
    of = _Fields(row, f"component {row.get('id', '?')}")
    found = Component(**of.values(COMPONENT_FIELDS, ("id", "kind", "names", "modules", "source")))
    if not found.names or not found.modules:
        raise CatalogueError(f"{of.where}: `names` and `modules` must not be empty")
    if found.setup and not found.setup_methods:
        return replace(found, setup_methods=("setup", "asetup"))
    return found


def _entry(row: Row) -> Entry:
    """One checked row of `frameworks.toml`."""
    of = _Fields(row, f"entry {row.get('id', '?')}")
    found = Entry(**of.values(ENTRY_FIELDS, ("id", "framework", "kind", "how", "source")))
    for name in _required(found.how):
        if not any(getattr(found, one) for one in name.split("|")):
            raise CatalogueError(f"{of.where}: how = {found.how!r} needs `{name.replace('|', '` or `')}`")
    return found


def _required(how: How) -> tuple[str, ...]:
    """Fields without which an entry of this form would match nothing; `a|b` is one of the two."""
    match how:
        case "decorator" | "dependency" | "server-launch":
            return ("names",)
        case "register" | "serve-object":
            return ("names", "arguments|positions")
        case "startup":
            return ("names|bases|patterns",)
        case "base-class":
            return ("bases|base_suffixes", "methods")
        case "script":
            return ("modules",)
        case "name":
            return ("patterns",)
        case "cached":
            return ("names", "lifetime")
        case "session-state":
            return ("names|attributes", "storage")


def _session(table: Row) -> SessionWords:
    """The checked words of `session.toml`."""
    sections = {
        "keys": (
            "config_keys",
            "names",
            "suffixes",
            "persons",
            "other_ids",
            "headers",
            "connection_attributes",
            "rooms",
            "neutral",
        ),
        "invoke": ("run_sync", "run_async", "state_sync", "state_async", "rebind"),
        "history": ("write", "read", "load", "clear", "asynchronous"),
        "conversation": (
            "messages",
            "role_keys",
            "content_keys",
            "question_keys",
            "answer_keys",
            "speakers",
            "names",
            "inner_names",
            "talk_words",
            "upkeep_words",
            "containers",
        ),
        "dev": ("variables", "values", "production_values"),
    }
    _Fields(table, "session.toml").reject_unknown(frozenset({"fresh", "process", "opener", *sections}))
    of: dict[str, _Fields] = {}
    for section, words in sections.items():
        value = table.get(section)
        if not isinstance(value, dict):
            raise CatalogueError(f"session.toml: `[{section}]` is missing")
        of[section] = _Fields(value, f"session.toml [{section}]")
        of[section].reject_unknown(frozenset({*words, "source"}))
        of[section].text("source")
        for word in words:
            if not of[section].texts(word):
                raise CatalogueError(f"session.toml [{section}]: `{word}` is missing")
    keys, invoke, history, dev = of["keys"], of["invoke"], of["history"], of["dev"]
    talk = of["conversation"]
    return SessionWords(
        fresh=_id_sources(table.get("fresh", []), "fresh"),
        process=_id_sources(table.get("process", []), "process"),
        openers=_id_sources(table.get("opener", []), "opener"),
        config_keys=keys.texts("config_keys"),
        key_names=keys.texts("names"),
        key_suffixes=keys.texts("suffixes"),
        person_names=keys.texts("persons"),
        other_ids=keys.texts("other_ids"),
        headers=keys.texts("headers"),
        connection_attributes=keys.texts("connection_attributes"),
        key_rooms=keys.texts("rooms"),
        neutral_words=frozenset(keys.texts("neutral")),
        run_sync=frozenset(invoke.texts("run_sync")),
        run_async=frozenset(invoke.texts("run_async")),
        state_sync=frozenset(invoke.texts("state_sync")),
        state_async=frozenset(invoke.texts("state_async")),
        rebind=frozenset(invoke.texts("rebind")),
        history_write=frozenset(history.texts("write")),
        history_read=frozenset(history.texts("read")),
        history_load=frozenset(history.texts("load")),
        history_clear=frozenset(history.texts("clear")),
        history_async=frozenset(history.texts("asynchronous")),
        messages=frozenset(talk.modules("messages")),
        role_keys=frozenset(talk.texts("role_keys")),
        content_keys=frozenset(talk.texts("content_keys")),
        question_keys=frozenset(talk.texts("question_keys")),
        answer_keys=frozenset(talk.texts("answer_keys")),
        speakers=frozenset(talk.texts("speakers")),
        conversation_names=frozenset(talk.texts("names")),
        inner_names=frozenset(talk.texts("inner_names")),
        talk_words=frozenset(talk.texts("talk_words")),
        upkeep_words=frozenset(talk.texts("upkeep_words")),
        containers=frozenset(talk.modules("containers")),
        dev_variables=dev.texts("variables"),
        dev_values=frozenset(dev.texts("values")),
        production_values=frozenset(dev.texts("production_values")),
    )


def _id_sources(value: object, section: str) -> Mapping[str, IdSource]:
    """Dotted function → row of `[[fresh]]` or `[[process]]`."""
    found: dict[str, IdSource] = {}
    for row in _mappings(value, f"session.toml: {section}"):
        of = _Fields(row, f"session.toml [[{section}]] {row.get('id', '?')}")
        of.reject_unknown(frozenset({"id", "names", "source"}))
        one = IdSource(id=of.text("id"), names=of.modules("names"), source=of.text("source"))
        for name in one.names:
            if name in found:
                raise CatalogueError(f"{of.where}: `{name}` is listed twice")
            found[name] = one
    return MappingProxyType(found)


def _expanded(text: str) -> Iterable[str]:
    """`a{b,c}d` → `abd`, `acd`; text without braces as it is."""
    before, _, rest = text.partition("{")
    choices, closed, after = rest.partition("}")
    if not closed:
        return (text,)
    return [before + choice + tail for choice in choices.split(",") for tail in _expanded(after)]


Named = TypeVar("Named", Component, Entry)


def _unique(rows: Sequence[Named], where: str) -> tuple[Named, ...]:
    """The rows as they are; two with one id are a mistake."""
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise CatalogueError(f"{where}: `{row.id}` is there twice")
        seen.add(row.id)
    return tuple(rows)


def _merged(ours: Sequence[Named], own: Sequence[Named]) -> tuple[Named, ...]:
    """The user's rows first, so that they win a path that both name; then ours without the replaced ones."""
    replaced = {row.id for row in _unique(own, "your configuration")}
    kept = list(own)
    kept.extend(row for row in ours if row.id not in replaced)
    return tuple(kept)


def _indexed(
    components: tuple[Component, ...],
    entries: tuple[Entry, ...],
    session: SessionWords,
    releases: tuple[Release, ...],
) -> Catalogue:
    """The catalogue with its look-up tables; the first row that names a path keeps it."""
    by_path: dict[str, Component] = {}
    by_how: dict[How, list[Entry]] = {}
    by_call: dict[tuple[How, str], Entry] = {}
    by_base: dict[str, list[Entry]] = {}
    for component in components:
        for path in component.paths:
            by_path.setdefault(path, component)
    for entry in entries:
        by_how.setdefault(entry.how, []).append(entry)
        for path in entry.paths:
            by_call.setdefault((entry.how, path), entry)
        for base in entry.bases:
            by_base.setdefault(base, []).append(entry)
    modules = frozenset(module for component in components for module in component.modules)
    packages = frozenset(module.partition(".")[0] for module in modules)
    spoken = {name.partition(".")[0] for _, name in by_call}
    spoken |= {module.partition(".")[0] for entry in entries for module in entry.modules}
    return Catalogue(
        components=components,
        entries=entries,
        session=session,
        releases=releases,
        packages=packages,
        domain_modules=modules,
        by_path=MappingProxyType(by_path),
        by_id=MappingProxyType({component.id: component for component in components}),
        by_how=MappingProxyType({how: tuple(found) for how, found in by_how.items()}),
        by_call=MappingProxyType(by_call),
        by_base=MappingProxyType({base: tuple(found) for base, found in by_base.items()}),
        libraries=packages | spoken,
    )
