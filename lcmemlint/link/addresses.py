"""Where the stores of conversations are said to be: the addresses that the code holds.

An address is *literal* (it stands in the code), a *default* (the class has it when none is given), or a *fallback* (an
environment variable, or a field of a settings class, replaces it). What comes from anywhere else is not an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from lcmemlint.facts import Call
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memory
from lcmemlint.link.objects import ClassOf, Fixed, Instance, Object, Part, dotted_of
from lcmemlint.link.storage import argument, has_stars
from lcmemlint.values import AttrOf, Const, Joined, Name, Value

_GETTERS = ("os.getenv", "os.environ.get", "decouple.config", "environ.get", "getenv")
_GIVEN = r"(?i)client|conn|engine|pool|session_maker|async_mode|host"
"""Arguments that take the place of an address."""
_HOST = r"[A-Za-z][\w+.-]*://(?:[^@/\s]*@)?(\[[^\]]*\]|[^:/?#,\s]*)"
_LOOPBACK = r"(?i)localhost|127(?:\.\d+){1,3}|\[?::1\]?|0\.0\.0\.0"


class Address(Struct, frozen=True):
    """One address; ``variables`` are those that replace it, for a fallback."""

    memory: Memory
    how: Literal["literal", "default", "fallback"]
    host: str
    variables: tuple[str, ...] = ()


def host_of(text: str) -> str:
    """The host of a URL in lower case, "" if there is none."""
    found = re.match(_HOST, text.strip())
    return found[1].lower() if found else ""


def is_loopback_host(host: str) -> bool:
    """Whether a host is the machine itself."""
    return re.fullmatch(_LOOPBACK, host) is not None


def address_of(evaluator: Evaluator, memory: Memory) -> Address | None:
    """The address of a store, if the code tells it whole."""
    path = memory.thing.path
    call = evaluator.files[path].calls[memory.thing.call]
    value = _given(memory, call)
    if value is None:
        default = memory.component.default_url
        others = any(re.search(_GIVEN, one.name or "") for one in call.arguments)
        if default is None or others or has_stars(call) or _is_factory(memory, call):
            return None
        return Address(memory, "default", host_of(default))
    if isinstance(value, Joined):
        first = value.parts[0] if value.parts else None
        text = first.value if isinstance(first, Const) else None
        return Address(memory, "literal", host_of(text)) if isinstance(text, str) and host_of(text) else None
    texts: list[str] = []
    variables: list[str] = []
    for thing in evaluator.value(path, call.scope, value, call.statement):
        for text, variable in _read(evaluator, thing):
            texts += [text] if text is not None else []
            variables += [variable] if variable else []
        if not any(True for _ in _read(evaluator, thing)):
            return None
    hosts = {host_of(text) for text in texts}
    if len(hosts) != 1 or "" in hosts:
        return None
    return Address(
        memory, "fallback" if variables else "literal", hosts.pop(), tuple(dict.fromkeys(variables))
    )


def _given(memory: Memory, call: Call) -> Value | None:
    component = memory.component
    position = 0 if _is_factory(memory, call) else component.url_position
    return argument(call, component.url_argument, position)


def _is_factory(memory: Memory, call: Call) -> bool:
    """Whether it is built by a class method such as ``from_conn_string``, whose first argument is the address."""
    methods = (*memory.component.context_manager, *memory.component.factories)
    return isinstance(call.function, AttrOf) and call.function.name in methods


def _read(evaluator: Evaluator, thing: Object) -> Iterator[tuple[str | None, str]]:
    """What one value gives: a text, and the variable that may replace it; nothing for what is not known."""
    if isinstance(thing, Fixed):
        if isinstance(thing.value, str):
            yield thing.value, _field(evaluator, thing)
        elif thing.value is None:
            yield None, ""
        return
    if not isinstance(thing, Instance) or not thing.path or isinstance(thing.of, ClassOf):
        return
    name = dotted_of(thing.of) or ""
    if name not in _GETTERS and not (isinstance(thing.of, Part) and name.endswith(_GETTERS)):
        return
    call = evaluator.files[thing.path].calls[thing.call]
    values = [one.value for one in call.arguments if one.name in (None, "default", "cast")]
    if not values or not isinstance(values[0], Const) or not isinstance(values[0].value, str):
        return
    variable = values[0].value
    if len(values) == 1:
        yield None, variable
        return
    for inner in evaluator.value(thing.path, call.scope, values[1], call.statement):
        if isinstance(inner, Fixed) and isinstance(inner.value, str):
            yield inner.value, variable


def _field(evaluator: Evaluator, thing: Fixed) -> str:
    """The variable behind a field of a settings class: pydantic takes the field's name."""
    facts = evaluator.files.get(thing.path)
    if facts is None or thing.span is None:
        return ""
    for statement in facts.statements:
        scope = facts.scopes[statement.scope]
        if statement.span.line == thing.span.line and scope.kind == "class" and scope.bases:
            for target in statement.targets:
                if isinstance(target, Name):
                    return target.id.upper()
    return ""
