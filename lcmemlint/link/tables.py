"""Tables of messages that the project itself writes into SQLite: conversations on one machine's disk.

Two things must be seen in request code: an ``INSERT`` into a table whose columns are those of a message (who speaks,
and what) or of a turn (a question and its answer), and a ``SELECT`` from that table. Both are read from texts that
stand in the code; what opens the database tells that it is SQLite, and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.facts import MODULE
from lcmemlint.findings import Step
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories
from lcmemlint.link.objects import UNCLEAR, External, Fixed, FunctionOf, Instance, Object, Part, dotted_of
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import storage_of_url
from lcmemlint.values import AttrOf, Location

_OPENERS = frozenset(("sqlite3.connect", "aiosqlite.connect"))
_RUNS = frozenset(("execute", "executemany"))
_INSERT = r"(?i)\binsert\s+(?:or\s+\w+\s+)?into\s+[\"`]?(\w+)[\"`]?\s*\(([^)]*)\)"
_SELECT = r"(?is)\bselect\b.*?\bfrom\s+[\"`]?(\w+)"
_RATINGS = ("rating", "score", "feedback", "is_correct", "helpful")
"""Columns of a table about answers: feedback, evaluations, caches of questions."""


class Table(Struct, frozen=True):
    """A table of messages in a database that ``at`` names or opens."""

    name: str
    at: Location
    trace: tuple[Step, ...]


class _Query(Struct, frozen=True):
    """A text of SQL that a function of the request path runs on a database."""

    text: str
    function: FunctionOf
    at: Location
    opener: Instance


def find_tables(evaluator: Evaluator, reach: Reach, memories: Memories) -> Iterator[Table]:
    """One for each table and place that names its database, in order of place."""
    queries = list(_queries(evaluator, reach, memories))
    read = {found.lower() for query in queries for found in re.findall(_SELECT, query.text)}
    told: dict[tuple[str, str], Table] = {}
    for query in sorted(queries, key=lambda query: (query.opener.path, query.opener.call, query.at)):
        name = _table_of_messages(evaluator, query.text)
        if name.lower() not in read:
            continue
        at = _place(evaluator, query.opener)
        steps = (*reach.trace(query.function), Step(query.at, f"a message goes into `{name}` here"))
        told.setdefault((at.path, name.lower()), Table(name, at, (*steps, Step(at, "this is the file"))))
    yield from sorted(told.values(), key=lambda table: (table.at, table.name))


def _queries(evaluator: Evaluator, reach: Reach, memories: Memories) -> Iterator[_Query]:
    imports = (found for facts in evaluator.files.values() for found in facts.imports)
    if not any(found.module.split(".", 1)[0] in ("sqlite3", "aiosqlite") for found in imports):
        return
    for path, facts in evaluator.files.items():
        for call in facts.calls:
            function = memories.function_of(path, call.scope)
            if not isinstance(call.function, AttrOf) or call.function.name not in _RUNS or not call.arguments:
                continue
            if function not in reach.came or function.scope == MODULE:
                continue
            openers = {
                opener
                for thing in evaluator.value(path, call.scope, call.function.base, call.statement)
                if (opener := _opener(evaluator, thing)) is not None
            }
            for thing in evaluator.value(path, call.scope, call.arguments[0].value, call.statement):
                if isinstance(thing, Fixed) and isinstance(thing.value, str) and len(openers) == 1:
                    yield _Query(thing.value, function, Location(path, call.span), *openers)


def _opener(evaluator: Evaluator, thing: Object) -> Instance | None:
    """The call that opened the SQLite file which a connection or cursor belongs to."""
    while isinstance(thing, Instance | Part):
        if isinstance(thing, Instance) and isinstance(thing.of, External):
            is_file = thing.path and thing.of.dotted in _OPENERS and not _is_in_memory(evaluator, thing)
            return thing if is_file else None
        thing = thing.of if isinstance(thing, Instance) else thing.base
    return None


def _place(evaluator: Evaluator, opener: Instance) -> Location:
    """Where the file is named, if that is a literal (of a ``Path``, too); else where it is opened."""
    named: Object = opener
    for _ in range(2):
        if not isinstance(named, Instance) or not named.path:
            break
        call = evaluator.files[named.path].calls[named.call]
        things = [
            thing
            for given in call.arguments[:1]
            for thing in evaluator.value(named.path, call.scope, given.value, call.statement)
        ]
        for thing in things:
            if isinstance(thing, Fixed) and isinstance(thing.value, str) and thing.path and thing.span:
                return Location(thing.path, thing.span)
        named = next((thing for thing in things if dotted_of(thing) == "pathlib.Path"), UNCLEAR)
    return Location(opener.path, evaluator.files[opener.path].calls[opener.call].span)


def _is_in_memory(evaluator: Evaluator, opener: Instance) -> bool:
    call = evaluator.files[opener.path].calls[opener.call]
    return any(
        storage_of_url(evaluator, opener.path, call.scope, given.value, call.statement) == "process"
        for given in call.arguments[:1]
    )


def _table_of_messages(evaluator: Evaluator, text: str) -> str:
    """The name of the table that gets a message or a turn; empty for any other text."""
    words = evaluator.catalogue.session
    for name, listed in re.findall(_INSERT, text):
        columns = {column.strip().strip("\"`'").lower() for column in listed.split(",")}
        if columns & words.role_keys and columns & words.content_keys:
            return str(name)
        keyed = columns & {*words.key_names, *words.person_names}
        rated = any(column.startswith(_RATINGS) for column in columns)
        if columns & words.question_keys and columns & words.answer_keys and keyed and not rated:
            return str(name)
    return ""
