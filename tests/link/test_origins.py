"""Where the key of a conversation comes from: sent, made anew, the same for all, or not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

HEAD = """
import itertools, os, time, uuid
from fastapi import FastAPI, Header, Request
from langchain_core.runnables.history import RunnableWithMessageHistory
from pydantic import BaseModel
from pydantic_settings import BaseSettings
from stores import history

chain = RunnableWithMessageHistory(model, history)
app = FastAPI()
"""


def origins(linked: Link, before: str, key: str, parameters: str = "user: str", **files: str) -> list[str]:
    """Where the key comes from, in a handler that runs a chain with it after some lines."""
    lines = "".join(f"    {line}\n" for line in before.splitlines())
    handler = (
        f"@app.post('/chat')\ndef chat({parameters}):\n{lines}"
        f"    return chain.invoke('x', config={{'configurable': {{'session_id': {key}}}}})\n"
    )
    found = linked(
        {"app.py": f"{HEAD}\n{files.pop('above', '')}\n{handler}", **{f"{k}.py": v for k, v in files.items()}}
    )
    return sorted(set(found.origins()["session_id"]))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("user", ["given"]),
        ("str(user)", ["given"]),
        ("user.strip().lower()", ["given"]),
        ("f'chat-{user}'", ["given"]),
        ("'chat-' + user", ["given"]),
        ("f'{MODE}-{user}'", ["given"]),
        ("'all'", ["constant 'all'"]),
        ("f'{MODE}-all'", ["constant the same text"]),
        ("7", ["constant 7"]),
        ("None", ["none"]),
        ("''", ["none"]),
        ("str(None)", ["unknown"]),
        ("True", ["unknown"]),
        ("1.5", ["unknown"]),
        ("[user]", ["unknown"]),
        ("-1", ["constant -1"]),
        ("nobody", ["unknown"]),
        ("str(uuid.uuid4())", ["fresh `uuid4()`"]),
        ("uuid.uuid4().hex", ["fresh `uuid4()`"]),
        ("uuid.uuid4().hex.upper()", ["fresh `uuid4()`"]),
        ("f'{user}-{uuid.uuid4()}'", ["fresh `uuid4()`"]),
        ("str(time.time())", ["fresh `time()`"]),
        ("str(os.getpid())", ["process `getpid()`"]),
        ("f'{os.getpid()}-{os.getpid()}'", ["process `getpid()`"]),
        ("f'{os.getpid()}-{nobody}'", ["unknown"]),
        ("os.getenv('THREAD')", ["environment"]),
        ("os.environ.get('THREAD')", ["environment"]),
        ("os.environ.get('THREAD', 'all')", ["environment"]),
        ("user or 'all'", ["constant 'all', as a fallback", "given"]),
        ("user or uuid.uuid4()", ["fresh `uuid4()`", "given"]),
        ("user if user else 'all'", ["constant 'all', as a fallback", "given"]),
        ("body.get('id', 'all')", ["constant 'all', as a fallback", "given"]),
        ("body.get('id')", ["unknown"]),
        ("body['id']", ["unknown"]),
        ("body[user]", ["unknown"]),
        ("make()", ["fresh `uuid4()`"]),
        ("MAKER.make()", ["fresh `uuid4()`"]),
        ("either(user)", ["constant 'all', as a fallback", "given"]),
        ("(lambda: user)()", ["given"]),
    ],
)
def test_an_expression(key: str, expected: list[str], linked: Link) -> None:
    """
    Parts that are the same for everybody do not count beside one that is not; what is new makes all new.
    """
    above = (
        "MODE = 'live'\n\ndef make():\n    return str(uuid.uuid4())\n\n"
        "class Maker:\n    def make(self):\n        return uuid.uuid4().hex\n\nMAKER = Maker()\n\n"
        "def either(one):\n    if one:\n        return one\n    return 'all'\n"
    )

    assert origins(linked, "", key, "user: str, body: dict", above=above) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("key = user", ["given"]),
        ("key: str = user", ["given"]),
        ("if (key := user):\n    pass", ["given"]),
        ("key = 'a'\nkey = user", ["given"]),
        ("key = 'a'\nif user:\n    key = user", ["constant 'a', as a fallback", "given"]),
        ("key = user\nif not key:\n    key = 'a'", ["constant 'a', as a fallback", "given"]),
        ("key = user\nif key == 'new':\n    key = uuid.uuid4()", ["fresh `uuid4()`", "given"]),
        ("for key in users:\n    pass", ["unknown"]),
        ("with open(user) as key:\n    pass", ["unknown"]),
        ("key, other = user, 1", ["unknown"]),
        ("key = 0\nkey += 1", ["unknown"]),
        ("import key", ["unknown"]),
        ("from config import THREAD as key", ["constant 'all'"]),
        ("from config import NOWHERE as key", ["unknown"]),
        ("from elsewhere import THREAD as key", ["unknown"]),
        ("box = {'id': user, 'other': 'a'}\nkey = box['id']", ["given"]),
        ("box = {'id': 'a'}\nbox['id'] = user\nkey = box['id']", ["unknown"]),
        ("box = {'id': 'a'}\nkey = box['gone']", ["unknown"]),
    ],
)
def test_a_name(before: str, expected: list[str], linked: Link) -> None:
    """
    All bindings that may hold where it is read.
    """
    assert origins(linked, before, "key", config="THREAD = 'all'\n") == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("key", ["given"]),
        ("key: str", ["given"]),
        ("key: str = 'all'", ["constant 'all', as a fallback", "given"]),
        ("key: str = None", ["given", "none"]),
        ("key: str = Header('all')", ["constant 'all', as a fallback", "given"]),
        ("key: str = Header(...)", ["given", "unknown"]),
        ("key: str = Header(default='all')", ["constant 'all', as a fallback", "given"]),
        ("key: str = Header(alias='x')", ["given"]),
    ],
)
def test_a_parameter_of_a_handler(parameters: str, expected: list[str], linked: Link) -> None:
    """
    What clients send, and the default if they send nothing.
    """
    assert origins(linked, "", "key", parameters) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("body.id", ["given"]),
        ("body.mode", ["constant 'all', as a fallback", "given"]),
        ("body.made", ["given"]),
        ("settings.thread", ["unknown"]),
        ("counter", ["process the counter `counter`"]),
        ("STARTED", ["fresh `uuid4()`"]),
    ],
)
def test_fields_and_names_of_a_module(key: str, expected: list[str], linked: Link) -> None:
    """
    Models come from the client, settings from the environment, counters from the process.
    """
    above = (
        "from pydantic import Field\n\nclass Body(BaseModel):\n    id: str\n    mode: str = 'all'\n"
        "    made: str = Field(default_factory=lambda: str(uuid.uuid4()))\n\n"
        "class Settings(BaseSettings):\n    thread: str = 'all'\n\nsettings = Settings()\ncounter = 0\n"
        "STARTED = str(uuid.uuid4())\n\ndef count():\n    global counter\n    counter += 1\n"
    )

    assert origins(linked, "", key, "body: Body", above=above) == expected


def test_a_configuration_that_is_filled_later(linked: Link) -> None:
    """
    `config["configurable"]["thread_id"] = …` selects as well as a display does.
    """
    project = linked(
        {
            "app.py": HEAD
            + "@app.post('/chat')\ndef chat(user: str):\n    config = {'configurable': {}}\n"
            + "    config['configurable']['session_id'] = user\n    return chain.invoke('x', config=config)\n"
        }
    )

    assert project.origins() == {"session_id": ["given"]}


def test_an_id_that_callers_hand_down(linked: Link) -> None:
    """
    Each caller's, through as many functions as it takes; the default counts where somebody leaves it out.
    """
    above = (
        "def ask(text, key=None):\n    return chain.invoke(text, config={'configurable': {'session_id': key}})\n\n"
        "@app.post('/one')\ndef one(user: str):\n    return ask('x', user)\n"
    )
    full, short = (
        linked({"app.py": HEAD + above}),
        linked({"app.py": f"{HEAD}{above}\n@app.post('/two')\ndef two():\n    return ask('x')\n"}),
    )

    assert full.origins()["session_id"] == ["given"]
    assert sorted(short.origins()["session_id"]) == ["given", "none"]


def test_a_configuration_in_a_variable(linked: Link) -> None:
    """
    Its dict may stand elsewhere; what is no dict says nothing.
    """
    handler = (
        "@app.post('/chat')\ndef chat(user: str):\n    own = {}\n"
        "    return chain.invoke('x', config={{'configurable': own}})\n"
    )

    def found(own: str) -> dict[str, list[str]]:
        return linked({"app.py": f"{HEAD}\n{handler.format(own)}"}).origins()

    assert found("{'session_id': user}") == {"session_id": ["given"]}
    assert found("settings()") == {}


def test_what_a_browser_session_keeps_as_an_id(linked: Link) -> None:
    """
    A literal is one for everybody; a new id is one for each session, which is not told.
    """
    page = (
        "import streamlit as st, uuid\nfrom langchain_core.runnables.history import RunnableWithMessageHistory\n"
        "from stores import history\nchain = RunnableWithMessageHistory(model, history)\n"
        "st.session_state.thread = {}\n"
        "st.write(chain.invoke('x', config={{'configurable': {{'session_id': st.session_state.thread}}}}))\n"
    )

    assert linked({"page.py": page.format("'all'")}).origins()["session_id"] == ["constant 'all'"]
    assert (
        linked({"page.py": page.format("str(uuid.uuid4())")}).origins()["session_id"][0].startswith("unknown")
    )


def test_nothing_beside_a_literal_makes_that_no_fallback(linked: Link) -> None:
    """
    It is one only beside a value that may be somebody's own.
    """
    assert origins(linked, "", "'all' if user else None") == ["constant 'all'", "none"]
    assert origins(linked, "", "user or 'all'") == ["constant 'all', as a fallback", "given"]
