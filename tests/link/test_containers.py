"""Plain dicts and lists of the worker in which conversations are kept, and all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

HEAD = """
import copy
from collections import deque
from fastapi import FastAPI
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
from pydantic import BaseModel
from elsewhere import anything

app = FastAPI()
model = ChatOpenAI()
prompt = ChatPromptTemplate.from_messages(anything)
"""
Held = list[tuple[str, bool, str]]


def held(linked: Link, above: str, lines: str) -> Held:
    """Name, whether there is one for each session, and content of every container that is found."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    handler = f"@app.post('/chat')\ndef chat(user_id: str, text: str, job_id: str):\n{body}"
    project = linked({"app.py": f"{HEAD}\n{above}\n\n\n{handler}"}).project
    return [(one.name, one.keyed, one.content) for one in project.conversations.holdings]


KEYED, COMMON = [("kept", True, "messages")], [("kept", False, "messages")]


@pytest.mark.parametrize(
    ("above", "lines", "expected"),
    [
        ("kept = {}", "kept.setdefault(user_id, []).append(HumanMessage(text))", KEYED),
        ("kept = {}", "kept[user_id] = kept.get(user_id, []) + [HumanMessage(text)]", KEYED),
        ("kept = {}", "if user_id not in kept:\n    kept[user_id] = []\nkept[user_id].append(HumanMessage(text))",
         KEYED),
        ("kept = []", "kept.append(HumanMessage(text))", COMMON),
        ("kept = deque(maxlen=9)", "kept.append(HumanMessage(text))", COMMON),
        ("kept = []", "kept.append({'role': 'user', 'content': text})", COMMON),
        ("kept = []", "kept.append({'question': text, 'answer': anything(text)})", COMMON),
        ("kept = []", "kept.append({'role': 'user'})", []),
        ("kept = []", "kept.append({'content': text})", []),
        ("kept = []", "kept.append({'name': text, 'price': 1})", []),
        ("kept = []", "kept.append(f'User: {text}')", COMMON),
        ("kept = []", "kept.append(f'Price: {text}')", []),
        ("kept = []", "kept.append(f'{text}: User')", []),
        ("kept = []", "kept.append(('human', text))", COMMON),
        ("kept = []", "kept.append(('first', text))", []),
        ("kept = []", "kept.append(('human', text, 1))", []),
        ("kept = []", "kept.append(['human', text])", []),
        ("kept = []", "line = f'User: {text}'\nkept.append(line)", COMMON),
        ("kept = []\n\ndef add(line):\n    kept.append(line)", "add(f'User: {text}')", COMMON),
        ("kept = {}", "kept.setdefault(user_id, {'messages': []})['messages'].append(text)", KEYED),
        ("kept = {}", "kept.setdefault(user_id, {'names': []})['names'].append(text)", []),
        ("kept = {}", "kept['messages'] = kept.get('messages', [])\nkept['messages'].append(text)", COMMON),
        ("chat_history = []", "chat_history.append(text)", [("chat_history", False, "messages")]),
        ("chat_history = {}", "chat_history.setdefault(user_id, []).append(text)",
         [("chat_history", True, "messages")]),
        ("chat_history = {}", "chat_history[user_id] = text", []),
        ("chatHistory = []", "chatHistory.append(text)", [("chatHistory", False, "messages")]),
        ("names = []", "names.append(text)", []),
        ("kept = []", "kept.append(text)\nreturn prompt.format(chat_history=kept)", COMMON),
        ("kept = []", "kept.append(text)\nreturn prompt.format(names=kept)", []),
        ("kept = []", "kept.append(text)\nreturn model.invoke({'chat_history': kept})", COMMON),
        ("kept = []", "kept.append(text)\nreturn model.invoke({'names': kept})", []),
        ("kept = []", "kept.append(model.invoke(kept).content)", COMMON),
        ("kept = []", "kept.append(model.invoke(text).content)", []),
        ("kept = []", "kept.append(model.invoke(text).content)\nfor one in kept:\n    anything(one)", COMMON),
        ("kept = []", "kept.append(model.invoke(text).content)\nreturn len(kept)", []),
        ("kept = None",
         "global kept\nkept = []\nkept.append(model.invoke(text).content)\nfor one in kept:\n    anything(one)", []),
    ],
)  # fmt: skip
def test_what_is_a_conversation(above: str, lines: str, expected: Held, linked: Link) -> None:
    """
    Messages, lines that name a speaker, what a model is handed as its history, and lists that are called so.
    """
    assert held(linked, above, lines) == expected


def test_a_list_that_is_begun_anew_is_told_once(linked: Link) -> None:
    """
    Where its name is first bound, be it by the first statement of a module.
    """
    store = "kept = []\n\n\ndef reset():\n    global kept\n    kept = []\n"
    handler = "@app.post('/chat')\ndef chat(text: str):\n    store.reset()\n    store.kept.append(HumanMessage(text))\n"
    project = linked({"store.py": store, "app.py": f"import store\n{HEAD}\n\n{handler}"}).project

    assert [(one.name, one.at.span.line) for one in project.conversations.holdings] == [("kept", 1)]


ADD = "append(HumanMessage(text))"


@pytest.mark.parametrize(
    ("above", "lines", "expected"),
    [
        ("kept = {}", f"kept.setdefault(job_id, []).{ADD}", []),
        ("kept = {}", f"kept.setdefault('all', []).{ADD}", COMMON),
        ("kept = {}", f"kept.setdefault(f'{{user_id}}-{{job_id}}', []).{ADD}", KEYED),
        ("kept = {}", f"key = f'job-{{job_id}}'\nkept.setdefault(key, []).{ADD}", []),
        ("kept = {}", f"kept.setdefault(str(user_id), []).{ADD}", KEYED),
        ("kept = {}", f"kept.setdefault(text.get('job_id'), []).{ADD}", []),
        ("kept = {}", f"kept.setdefault(text['user_id'], []).{ADD}", KEYED),
        ("kept = {}", f"kept.setdefault(text.user_id, []).{ADD}", KEYED),
    ],
)
def test_what_the_key_is_about(above: str, lines: str, expected: Held, linked: Link) -> None:
    """
    What is kept for a job or a file is about that.
    """
    assert held(linked, above, lines) == expected


@pytest.mark.parametrize(
    ("above", "lines", "expected"),
    [
        ("", f"kept = []\nkept.{ADD}", []),
        ("kept = [HumanMessage('x')]", "return model.invoke(kept)", []),
        ("kept = [HumanMessage('x')]", f"copy.copy(kept).{ADD}", []),
        ("kept = [HumanMessage('x')]", f"kept.copy().{ADD}", []),
        ("kept = [HumanMessage('x')]", f"list(kept).{ADD}", []),
        ("kept = [HumanMessage('x')]", f"(kept + []).{ADD}", []),
        ("kept = [HumanMessage('x')]", f"[*kept].{ADD}", []),
        ("kept = [HumanMessage('x')]", f"mine = kept\nmine.{ADD}", COMMON),
        ("kept = [HumanMessage('x')]", f"mine: list = kept\nmine.{ADD}", COMMON),
        ("kept = [HumanMessage('x')]", f"(mine := kept).{ADD}", COMMON),
        ("kept = [HumanMessage('x')]\nother = []", f"mine = kept if text else list(other)\nmine.{ADD}", COMMON),
        (f"kept = [HumanMessage('x')]\n\ndef add(where, text):\n    where.{ADD}", "add(kept, text)", COMMON),
        (f"kept = [HumanMessage('x')]\n\ndef add(where, text):\n    where.{ADD}", "add(list(kept), text)", []),
        (f"kept = []\n\ndef nobody(text):\n    kept.{ADD}", "return 1", []),
        ("class Chat(BaseModel):\n    kept: list = []", f"Chat().kept.{ADD}", []),
        ("class Chat(BaseModel):\n    def model_post_init(self, context):\n        self.kept = []\n\nbot = Chat()",
         f"bot.kept.{ADD}", []),
        ("kept = {}\nfor user_id in anything():\n    kept[user_id] = []", f"mine = kept[user_id]\nmine.{ADD}", KEYED),
        ("class Chat:\n    kept = []", f"Chat().kept.{ADD}", COMMON),
        ("class Chat:\n    def __init__(self):\n        self.kept = []\n\nbot = Chat()", f"bot.kept.{ADD}", COMMON),
        ("class Chat:\n    def __init__(self):\n        self.kept = []", f"Chat().kept.{ADD}", []),
        ("class Chat:\n    def __init__(self):\n        self.messages = []\n\nkept = {}",
         f"kept.setdefault(user_id, Chat()).messages.{ADD}", KEYED),
        ("class Chat:\n    def __init__(self):\n        self.names = []\n\nkept = {}",
         "kept.setdefault(user_id, Chat()).names.append(text)", []),
        ("class Chat:\n    def __init__(self):\n        self.inner = {'messages': []}\n\nkept = {}",
         f"kept.setdefault(user_id, Chat()).inner['messages'].{ADD}", KEYED),
        ("class Chat:\n    def __init__(self):\n        self.inner = {1: {2: {3: {'messages': []}}}}\n\nkept = {}",
         f"kept.setdefault(user_id, Chat()).inner[1][2][3]['messages'].{ADD}", KEYED),
    ],
)  # fmt: skip
def test_whose_container_it_is(above: str, lines: str, expected: Held, linked: Link) -> None:
    """
    The worker's, and written to itself: copies, lists of one request and fields of data are none.
    """
    assert held(linked, above, lines) == expected


@pytest.mark.parametrize(
    ("above", "lines", "expected"),
    [
        ("kept = {}", "kept[user_id] = create_react_agent(model, [])", [("kept", True, "chains")]),
        ("kept = {}", "if user_id not in kept:\n    kept[user_id] = create_react_agent(model, [])", []),
        ("kept = {}", "kept[text] = create_react_agent(model, [])", []),
        ("kept = {}", "kept[user_id] = model.invoke(text)", []),
    ],
)  # fmt: skip
def test_chains_by_session(above: str, lines: str, expected: Held, linked: Link) -> None:
    """
    One that a later request cannot make again; one that is made where it is missing is a cache.
    """
    assert held(linked, above, lines) == expected
