"""Keys of conversations: as which texts two paths write them, and when they may be nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

HEAD = """
import os
from fastapi import FastAPI
from langchain_community.chat_message_histories import RedisChatMessageHistory
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.prebuilt import create_react_agent
from config import URL, settings
from elsewhere import anything

app = FastAPI()
KEY = "all"
"""
ROUTES = """

@app.post("/one")
def one(user_id: str, text: str):
    return RedisChatMessageHistory(user_id, url={url})


@app.post("/two")
def two(user_id: str, text: str):
{body}
    return RedisChatMessageHistory(key, url={url})
"""


def differing(linked: Link, body: str, url: str = "'redis://db'") -> list[str]:
    """The keys of the second route that differ from that of the first one."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    text = HEAD + ROUTES.format(body=lines, url=url)
    project = linked({"app.py": text, "config.py": "URL = load()\nsettings = load()\n"}).project
    return [clash.use.shown for clash in project.shapes.clashes]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("key = user_id", []),
        ("key = f'two:{user_id}'", ["two:{user_id}"]),
        ("key = 'two:' + user_id", ["two:{user_id}"]),
        ("key = str(user_id)", []),
        ("key = str(f'two:{user_id}')", ["two:{user_id}"]),
        ("key = f'two:{user_id}' if text else 'none'", ["two:{user_id}"]),
        ("key = f'two:{user_id}' if text else f'2:{user_id}'", ["two:{user_id}", "2:{user_id}"]),
        ("key = f'two:{user_id}' if text else anything(user_id)", []),
        ("key = anything(user_id)", []),
        ("key = f'two:{anything(user_id)}'", []),
        ("key = user_id\nif text:\n    key = f'two:{user_id}'", []),
        ("for key in anything:\n    print(key)", []),
        ("key = KEY", []),
        ("a = f'two:{user_id}'\nb = a\nc = b\nd = c\ne = d\nf = e\ng = f\nh = g\ni = h\nkey = i", []),
    ],
)
def test_two_paths_that_write_a_key_in_two_ways(body: str, told: list[str], linked: Link) -> None:
    """
    Only what is put together in sight is compared.
    """
    assert differing(linked, body) == told


@pytest.mark.parametrize(
    ("url", "is_compared"),
    [
        ("'redis://db'", True),
        ("URL", True),
        ("settings.url", True),
        ("os.environ['URL']", True),
        ("os.getenv('URL')", True),
        ("anything(text)", False),
        ("anything[text]", False),
        ("f'redis://{text}'", False),
        ("text", False),
    ],
)
def test_stores_that_are_the_same_place(url: str, is_compared: bool, linked: Link) -> None:
    """
    Equal texts are one place; what differs from call to call may be two.
    """
    assert bool(differing(linked, "key = f'two:{user_id}'", url)) is is_compared


@pytest.mark.parametrize(
    ("line", "is_missing"),
    [
        ("print(text)", True),
        ("if thread_id is None:\n        print(text)", False),
        ("assert thread_id", False),
        ("thread_id = thread_id or anything()", False),
        ("other: str", True),
    ],
)
def test_an_id_that_may_be_missing(line: str, is_missing: bool, linked: Link) -> None:
    """
    Then all who send none share the thread `None`, unless the code looks at it.
    """
    text = (
        f"{HEAD}\ngraph = create_react_agent('m', [], checkpointer=PostgresSaver(URL))\n\n\n@app.post('/chat')\n"
        f"def chat(text: str, thread_id: str = None):\n    {line}\n"
        "    return graph.invoke({'messages': [text]}, {'configurable': {'thread_id': thread_id}})\n"
    )
    found = [one.text for one in linked({"app.py": text}).project.keys.constants()]

    assert found == (["None"] if is_missing else [])
