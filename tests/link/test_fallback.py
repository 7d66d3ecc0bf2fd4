"""When process memory silently takes the place of a store, in the words of the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

HEAD = """
import os
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.postgres import PostgresSaver

URL = os.getenv("DATABASE_URL")
stored = PostgresSaver(connect())
"""


def when(linked: Link, text: str) -> str:
    """When the `MemorySaver` of a module is chosen; empty if it is no fallback."""
    project = linked({"app.py": HEAD + text}).project
    (memory,) = [one for one in project.memories.all if one.name in ("MemorySaver", "InMemorySaver")]
    return project.fallback(memory)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("saver = MemorySaver()", ""),
        ("saver = stored or MemorySaver()", "when `stored` is missing"),
        ("saver = MemorySaver() or stored", ""),
        ("saver = None or MemorySaver()", ""),
        ("saver = os.getenv('SAVER') or MemorySaver()", "when `SAVER` is missing"),
        ("saver = os.environ['SAVER'] or MemorySaver()", "when `SAVER` is missing"),
        ("saver = made() or MemorySaver()", "when `made()` is not true"),
        ("saver = made[0]() or MemorySaver()", "when `it()` is not true"),
        ("saver = stored if URL else MemorySaver()", "when `URL` is missing"),
        ("saver = MemorySaver() if not URL else stored", "when `URL` is missing"),
        ("saver = MemorySaver() if URL else None", ""),
        ("saver = MemorySaver() if MODE == 'memory' else stored", ""),
        ("saver = stored if MODE == 'postgres' else MemorySaver()", "unless `MODE` names another"),
        ("saver = stored if MODE in ('a', 'b') else MemorySaver()", "unless `MODE` names another"),
        ("saver = stored if MODE != 'memory' else MemorySaver()", ""),
        ("graph = build(saver or MemorySaver())", "when `saver` is missing"),
        ("graph = builder.compile(checkpointer=stored if URL else MemorySaver())", "when `URL` is missing"),
    ],
)
def test_an_expression(text: str, expected: str, linked: Link) -> None:
    """
    A choice by what is missing is one that nobody is told of; a choice by name is not.
    """
    assert when(linked, f"{text}\n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("try:\n    saver = PostgresSaver(connect())\nexcept OSError:\n    saver = MemorySaver()",
         "when the stored one fails"),
        ("try:\n    saver = PostgresSaver(connect())\nexcept:\n    saver = MemorySaver()", "when the stored one fails"),
        ("try:\n    from pg import PostgresSaver\nexcept ImportError:\n    saver = MemorySaver()",
         "when a package is missing"),
        ("if URL:\n    saver = stored\nelse:\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if not URL:\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if URL is None:\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if URL == '':\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if URL is not None:\n    saver = stored\nelse:\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if URL and USER:\n    saver = stored\nelse:\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if not URL or not USER:\n    saver = MemorySaver()", "when `URL` is missing"),
        ("if not URL or DEBUG:\n    saver = MemorySaver()", ""),
        ("if MODE == 'memory':\n    saver = MemorySaver()", ""),
        ("if MODE == 'postgres':\n    saver = stored\nelse:\n    saver = MemorySaver()", "unless `MODE` names another"),
        ("for _ in range(2):\n    saver = MemorySaver()", ""),
        ("if not URL:\n    for _ in range(2):\n        saver = MemorySaver()", "when `URL` is missing"),
    ],
)  # fmt: skip
def test_a_branch(text: str, expected: str, linked: Link) -> None:
    """
    An `except`, and what runs because something is missing.
    """
    assert when(linked, f"{text}\n") == expected


FUNCTIONS = [
    ("def saver():\n    if URL:\n        return PostgresSaver(connect())\n    return MemorySaver()",
     "when `URL` is missing"),
    ("def saver():\n    try:\n        return PostgresSaver(connect())\n    except OSError:\n        pass\n"
     "    return MemorySaver()", "when the stored one fails"),
    ("def saver():\n    if MODE == 'postgres':\n        return PostgresSaver(connect())\n    return MemorySaver()",
     "unless `MODE` names another"),
    ("def saver():\n    while URL:\n        return PostgresSaver(connect())\n    return MemorySaver()", ""),
    ("def saver():\n    if MODE == 'memory':\n        return MemorySaver()\n    return PostgresSaver(connect())", ""),
    ("def saver():\n    return MemorySaver()\n\nchosen = stored or saver()", "when `stored` is missing"),
    ("def saver():\n    return MemorySaver()\n\nchosen = stored or saver()\nother = saver()", ""),
    ("def saver():\n    return MemorySaver()", ""),
    ("def inner():\n    return MemorySaver()\n\ndef outer():\n    return inner()\n\nchosen = stored or outer()",
     "when `stored` is missing"),
    ("class Bot:\n    def __init__(self):\n        self.saver = None\n    def get(self):\n"
     "        if self.saver is None:\n            self.saver = MemorySaver()\n        return self.saver", ""),
    ("kept = None\n\ndef saver():\n    global kept\n    if kept is None:\n        kept = MemorySaver()\n"
     "    return kept", ""),
    ("kept = PostgresSaver(connect())\n\ndef saver():\n    global kept\n"
     "    if kept is None:\n        kept = MemorySaver()\n"
     "    return kept", "when `kept` is missing"),
    ("def bot(saver=None):\n    if saver is None:\n        saver = MemorySaver()\n    return saver",
     "where no `saver` is given"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS)
def test_a_function(text: str, expected: str, linked: Link) -> None:
    """
    What stands behind the return of a stored one; a function is a fallback where all its callers make it one; the
    first use of something lazy is none.
    """
    assert when(linked, f"{text}\n") == expected


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        ("MemorySaver()", ""),
        ("PostgresSaver(connect())", "when a package is missing"),
        ("connect()", "when a package is missing"),
    ],
)
def test_two_spellings_of_one_class(tried: str, expected: str, linked: Link) -> None:
    """
    What is tried decides: where it is process memory as well, nothing takes its place.
    """
    text = (
        f"from langgraph.checkpoint.memory import InMemorySaver\ntry:\n    saver = {tried}\nexcept ImportError:\n"
        "    saver = InMemorySaver()\n"
    )
    project = linked({"app.py": HEAD + text}).project
    memory = max(project.memories.all, key=lambda one: one.at.span.line)

    assert project.fallback(memory) == expected
