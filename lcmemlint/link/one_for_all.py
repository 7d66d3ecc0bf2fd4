"""One memory for everybody (LCM106): whether the chain around it can be built for each conversation instead.

It can where memory and chain are made at the top of one module and every function that uses them, in whatever file,
has the key of the conversation in scope.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lcmemlint.facts import FileFacts
from lcmemlint.findings import FixRequest
from lcmemlint.link.memory import Memory
from lcmemlint.link.objects import Instance
from lcmemlint.values import AttrOf, Name, Span, Value, walk

if TYPE_CHECKING:
    from lcmemlint.link.advice import Advice


def one_for_each(advice: Advice, memory: Memory) -> tuple[FixRequest | None, str]:
    """The request to build the chain for each conversation, or None and the reason."""
    if memory.kind != "memory" or memory.own_class is not None:
        return None, f"only you know which session `{memory.name}` should belong to"
    home, facts = memory.at.path, advice.evaluator.files[memory.at.path]
    if memory.scope != 0:
        builder = facts.scopes[memory.scope].name
        return None, f"`{builder}` builds it together with what all users share: build the memory apart first"
    chain = memory.thing if memory.implicit else _chain(advice, memory)
    if chain is None or chain.path != home:
        return None, "the one chain over it is not seen in the same module"
    chain_name = _target(facts, chain.call)
    if not chain_name:
        return None, f"what `{memory.name}` is given to has no plain name"
    memory_name = "" if memory.implicit else _target(facts, memory.thing.call)
    names = {chain_name} if memory_name in ("", chain_name) else {chain_name, memory_name}
    importers, reason = _importers(advice, home, names, chain_name)
    if reason:
        return None, reason
    uses: list[tuple[str, list[int], str]] = []
    for path, local in {home: names, **{other: {name} for other, name in importers.items()}}.items():
        for span, key in _uses(advice, path, local):
            if not key:
                return (
                    None,
                    f"no key of a conversation is in scope on line {span.line} of {path}, which uses `{chain_name}`",
                )
            uses.append((path, [span.line, span.column, span.end_line, span.end_column], key))
    import json

    params = {"chain": chain_name, "class": getattr(memory.thing.of, "dotted", ""), "uses": json.dumps(uses)}
    params |= {"implicit": "yes" if memory.implicit else "", "importers": json.dumps(importers)}
    params["memory"] = memory_name if memory_name != chain_name else ""
    pairs = tuple(sorted((name, value) for name, value in params.items() if value))
    return FixRequest("chain-for", home, memory.at.span, pairs, unsafe=True), ""


def _chain(advice: Advice, memory: Memory) -> Instance | None:
    """The one object at the top of a module that was given the memory."""
    made = {wrapper for wrapper in advice.memories.wrappers(memory.thing) if wrapper.call >= 0}
    return made.pop() if len(made) == 1 else None


def _target(facts: FileFacts, number: int) -> str:
    """The one name that the statement around a call of the module binds."""
    call = facts.calls[number]
    if call.scope != 0 or call.statement < 0:
        return ""
    targets = facts.statements[call.statement].targets
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], Name) else ""


def _importers(advice: Advice, home: str, names: set[str], chain: str) -> tuple[dict[str, str], str]:
    """What other files call the chain; a reason where they reach it, or the memory, in another way."""
    found: dict[str, str] = {}
    for path, facts in sorted(advice.evaluator.files.items()):
        if path == home:
            continue
        for imported in facts.imports:
            source = advice.evaluator.modules.find(path, imported.module)
            inner = advice.evaluator.modules.find(
                path, f"{imported.module}.{imported.name or ''}".rstrip(".")
            )
            if inner == home and _has_attribute(facts, names):
                return {}, f"{path} reaches `{chain}` through its module"
            if source != home or imported.name is None:
                continue
            if imported.name == "*":
                return {}, f"{path} imports everything from the module of `{chain}`"
            if imported.name == chain and found.setdefault(path, imported.local) != imported.local:
                return {}, f"{path} imports `{chain}` by two names"
            if imported.name in names - {chain}:
                return {}, f"{path} imports `{imported.name}`"
    return found, ""


def _has_attribute(facts: FileFacts, names: set[str]) -> bool:
    return any(
        isinstance(part, AttrOf) and part.name in names for value in _values(facts) for part in walk(value)
    )


def _values(facts: FileFacts) -> Iterator[Value]:
    for call in facts.calls:
        yield call.function
        yield from (given.value for given in call.arguments)
    yield from (statement.value for statement in facts.statements if statement.value is not None)


def _uses(advice: Advice, path: str, names: set[str]) -> Iterator[tuple[Span, str]]:
    """The calls in functions that mention the names, and the key in scope there."""
    for call in advice.evaluator.files[path].calls:
        values = (call.function, *(given.value for given in call.arguments))
        said = {part.id for value in values for part in walk(value) if isinstance(part, Name)}
        if call.scope and said & names:
            yield call.span, advice.key_at(path, call)
