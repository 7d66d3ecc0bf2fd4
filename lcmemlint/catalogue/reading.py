"""Rows of the catalogue as they are written in TOML, checked field by field.

A row that is wrong in any way is a `CatalogueError`, never a row that is silently left out. Ordinary runs read only
the user's own rows; `tools/catalogue.py` reads ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar, get_args

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint import toml
from lcmemlint.catalogue.types import (
    Api,
    Component,
    ComponentFix,
    ComponentKind,
    ComponentStorage,
    Entry,
    EntryKind,
    EntryLifetime,
    EntryStorage,
    ExtraState,
    How,
    IdSource,
    Release,
    Row,
    SessionWords,
    by_name,
)
from lcmemlint.errors import CatalogueError

_REQUIRED: Final[Mapping[How, tuple[str, ...]]] = {
    "decorator": ("names",),
    "dependency": ("names",),
    "server-launch": ("names",),
    "register": ("names", "arguments|positions"),
    "serve-object": ("names", "arguments|positions"),
    "startup": ("names|bases|patterns",),
    "base-class": ("bases|base_suffixes", "methods"),
    "script": ("modules",),
    "name": ("patterns",),
    "cached": ("names", "lifetime"),
    "session-state": ("names|attributes", "storage"),
}
"""Fields without which an entry of a form would match nothing; `a|b` is one of the two."""

Word = TypeVar("Word", bound=str)
Named = TypeVar("Named", Component, Entry)


def with_own_components(ours: Sequence[Component], rows: Iterable[Row]) -> tuple[Component, ...]:
    """The user's components, then ours that they do not replace."""
    return _merged(ours, [_component(_own(row, "component")) for row in rows])


def with_own_entries(ours: Sequence[Entry], rows: Iterable[Row]) -> tuple[Entry, ...]:
    """The user's entry points, then ours that they do not replace."""
    return _merged(ours, [_entry(_own(row, "entry")) for row in rows])


def read_components(text: str) -> tuple[Component, ...]:
    """The rows of `components.toml`."""
    return _unique(
        [_component(row) for row in _rows(text, "components.toml", "component")], "components.toml"
    )


def read_entries(text: str) -> tuple[Entry, ...]:
    """The rows of `frameworks.toml`."""
    return _unique([_entry(row) for row in _rows(text, "frameworks.toml", "entry")], "frameworks.toml")


def read_session(text: str) -> SessionWords:
    """The words of `session.toml`."""
    return _session(_parsed(text, "session.toml"))


def read_releases(text: str) -> tuple[Release, ...]:
    """The rows of `versions.toml`."""
    return tuple(one for row in _rows(text, "versions.toml", "release") for one in _release(row))


def _parsed(text: str, name: str) -> Row:
    """One table; its syntax errors are ours, so they say which file it is."""
    try:
        return toml.loads(text)
    except ValueError as error:
        raise CatalogueError(f"{name}: {error}") from error


def _rows(text: str, name: str, key: str) -> list[Row]:
    """The rows `[[key]]` of a file that has nothing else in it."""
    table = _parsed(text, name)
    for other in table:
        if other != key:
            raise CatalogueError(f"{name}: unknown table `{other}`, expected `[[{key}]]`")
    return _mappings(table.get(key, []), f"{name}: {key}")


def _own(row: Row, what: str) -> Row:
    """A row of the user; `source` may be left out, then it is their configuration."""
    if not isinstance(row, Mapping):
        raise CatalogueError(f"{what}: expected a table, found {row!r}")
    return {"source": "your configuration", **row}


def _mappings(value: object, where: str) -> list[Row]:
    """A list of tables, checked."""
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return list(value)
    raise CatalogueError(f"{where}: expected a list of tables")


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


class _Fields(Struct, frozen=True):
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
    for name in _REQUIRED[found.how]:
        if not any(getattr(found, one) for one in name.split("|")):
            raise CatalogueError(f"{of.where}: how = {found.how!r} needs `{name.replace('|', '` or `')}`")
    return found


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
    """Dotted function → row of `[[fresh]]`, `[[process]]` or `[[opener]]`."""
    found: dict[str, IdSource] = {}
    for row in _mappings(value, f"session.toml: {section}"):
        of = _Fields(row, f"session.toml [[{section}]] {row.get('id', '?')}")
        of.reject_unknown(frozenset({"id", "names", "source"}))
        one = IdSource(id=of.text("id"), names=of.modules("names"), source=of.text("source"))
        for name in one.names:
            if name in found:
                raise CatalogueError(f"{of.where}: `{name}` is listed twice")
            found[name] = one
    return by_name(*dict.fromkeys(found.values()))


def _expanded(text: str) -> Iterable[str]:
    """`a{b,c}d` → `abd`, `acd`; text without braces as it is."""
    before, _, rest = text.partition("{")
    choices, closed, after = rest.partition("}")
    if not closed:
        return (text,)
    return [before + choice + tail for choice in choices.split(",") for tail in _expanded(after)]
