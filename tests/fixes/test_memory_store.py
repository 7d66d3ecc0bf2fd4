"""A LangGraph store in memory becomes the generated one (LCM104)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fixes.conftest import Repaired

APP = (
    "from fastapi import FastAPI\nfrom langchain.agents import create_agent\n"
    "from langgraph.store.memory import InMemoryStore\n\napp = FastAPI()\nstore: InMemoryStore = InMemoryStore()\n"
    "agent = create_agent('openai:gpt', tools=[], store=store)\n"
    "\n\n@app.post('/chat/{user_id}')\ndef chat(user_id: str, text: str) -> str:\n"
    "    store.put(('facts', user_id), 'last', {'text': text})\n"
    "    return agent.invoke({'messages': text})['messages'][-1].content\n"
)


def test_the_store_is_shared(repaired: Callable[..., Repaired]) -> None:
    """
    One expression changes, its import, and the annotation that names the class.
    """
    done = repaired({"app.py": APP})

    assert done.fixed == ["LCM104"]
    assert "store: BaseStore = shared_store()\n" in done.texts["app.py"]
    assert "from langgraph.store.base import BaseStore\n" in done.texts["app.py"]
    assert "InMemoryStore" not in done.texts["app.py"]


def test_it_takes_unsafe_fixes(repaired: Callable[..., Repaired]) -> None:
    """
    The app then needs a database's package.
    """
    assert repaired({"app.py": APP}, unsafe=False).texts == {}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "= InMemoryStore()",
            "= InMemoryStore(index={'dims': 3, 'embed': embed})",
            "would have to be set up",
        ),
        ("= InMemoryStore()", "= InMemoryStore()  # temporary, on purpose", "it is meant to forget"),
        ("    store.put", "    print(len(store._data))\n    store.put", "looks into `store._data`"),
        (
            "    store.put",
            "    assert isinstance(store, InMemoryStore)\n    store.put",
            "asks for a store in memory",
        ),
        ("\nagent", "\nother = InMemoryStore()\nother.put(('a',), 'b', {})\nagent", "has several stores"),
    ],
)
def test_what_no_other_store_can_do_is_refused(
    repaired: Callable[..., Repaired], old: str, new: str, reason: str
) -> None:
    """
    The reason names the line.
    """
    done = repaired({"app.py": APP.replace(old, new, 1)})

    assert done.texts == {}
    assert reason in done.reasons["LCM104"]
