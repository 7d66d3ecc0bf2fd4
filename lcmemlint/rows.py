"""Facts as JSON and back: how they travel between processes and lie on disk.

Reading makes the types that facts are declared with and nothing else: other text is refused, and none is run.

The linker knows an expression by identity. What is the test of a block is also the value of a statement, and is one
object again after reading; displays that `:=` binds in the midst of an expression stand in two places as well, but
hardly anybody writes them, so that facts with such a display are not written.
"""

from __future__ import annotations

from functools import cache

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from lcmemlint.facts import FileFacts
from lcmemlint.values import Combined, Container, walk

_NONE = -1


class BadRow(ValueError):
    """A text that stands for no facts."""


class _Row(Struct, frozen=True, array_like=True):
    """Facts, and for each block the statement whose value is its test."""

    facts: FileFacts
    tests: tuple[int, ...]


def dumps(facts: FileFacts) -> bytes | None:
    """Facts as a line of JSON; None for the few that JSON does not hold as they are."""
    if _binds_display(facts):
        return None
    at = {id(statement.value): number for number, statement in enumerate(facts.statements)}
    tests = tuple([_NONE if block.test is None else at.get(id(block.test), _NONE) for block in facts.blocks])
    try:
        return msgspec.json.encode(_Row(facts, tests))
    except ValueError:  # half of a surrogate pair, or a number of thousands of digits
        return None


def loads(text: bytes) -> FileFacts:
    """The facts that ``dumps`` wrote. Raises ``BadRow`` for any other text."""
    try:
        row = _reader().decode(text)
        statements = row.facts.statements
        for block, number in zip(row.facts.blocks, row.tests, strict=True):
            if number != _NONE:
                force_setattr(block, "test", statements[number].value)
    except (ValueError, IndexError, RecursionError) as error:
        raise BadRow(str(error)) from error
    return row.facts


@cache
def _reader() -> msgspec.json.Decoder[_Row]:
    return msgspec.json.Decoder(_Row)


def _binds_display(facts: FileFacts) -> bool:
    return any(
        isinstance(part, (Container, Combined))
        for statement in facts.statements
        if statement.kind == "walrus" and statement.value is not None
        for part in walk(statement.value)
    )
