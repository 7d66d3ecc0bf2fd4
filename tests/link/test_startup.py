"""The way from the start of a server to a memory, where no request leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

APP = """
from contextlib import asynccontextmanager
from fastapi import FastAPI
from stores import built

@asynccontextmanager
async def lifespan(app):
    app.state.store = built()
    yield

app = FastAPI(lifespan=lifespan)
"""
STORES = """
from langgraph.store.memory import InMemoryStore

def inner():
    return InMemoryStore()

def built():
    return inner()
"""


def test_through_the_calls_of_the_lifespan(linked: Link) -> None:
    """
    From the function that the server runs when it starts to the place where it is built.
    """
    found = linked({"app.py": APP, "stores.py": STORES})
    memory = found.memory()

    assert memory.trace == ()
    assert [(step.at.path, step.at.span.line, step.text) for step in found.project.trace(memory)] == [
        ("app.py", 11, "the server starts here (fastapi)"),
        ("app.py", 8, "calls `built`"),
        ("stores.py", 8, "calls `inner`"),
        ("stores.py", 5, "built here"),
    ]


@pytest.mark.parametrize("app", ["from stores import built\n", "from stores import inner\nstore = inner()\n"])
def test_no_way_is_made_up(app: str, linked: Link) -> None:
    """
    What no start-up code builds has none.
    """
    found = linked({"app.py": app, "stores.py": STORES})

    assert found.project.trace(found.memory()) == ()
