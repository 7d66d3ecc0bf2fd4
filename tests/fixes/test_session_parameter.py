"""``session-parameter``: handlers that know no session get a parameter, or say why not."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst
import pytest

CODE = "ConversationBufferMemory()"

ARTICLE = """\
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_openai import ChatOpenAI

llm = ChatOpenAI()


def handle_request(user_input):
    # Each request starts from nothing
    memory = ConversationBufferMemory()
    conversation = ConversationChain(llm=llm, memory=memory)
    return conversation.predict(input=user_input)
"""

ARTICLE_AFTER = """\
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_openai import ChatOpenAI

from shared_history import chat_history

llm = ChatOpenAI()


def handle_request(user_input, session_id):
    # Each request starts from nothing
    memory = ConversationBufferMemory(chat_memory=chat_history(session_id))
    conversation = ConversationChain(llm=llm, memory=memory)
    return conversation.predict(input=user_input)
"""


def test_the_articles_handler(fixed: Callable[..., str]) -> None:
    """
    It comes out as a senior engineer would have written it.
    """
    cst.parse_module(ARTICLE_AFTER)

    assert fixed(ARTICLE, CODE, "session-parameter") == ARTICLE_AFTER


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def handle():", "def handle(session_id):"),
        ("def handle() -> str:", "def handle(session_id: str) -> str:"),
        ("def handle(text: str):", "def handle(text: str, session_id: str):"),
        ("def handle(text, n=1):", "def handle(text, n=1, *, session_id):"),
        ("def handle(text, *, n=1):", "def handle(text, *, session_id, n=1):"),
        ("def handle(*parts):", "def handle(*parts, session_id):"),
        ("def handle(**options):", "def handle(session_id, **options):"),
        ("def handle(text, **options):", "def handle(text, session_id, **options):"),
        ("async def handle(text):", "async def handle(text, session_id):"),
        ("def handle(\n    text: str,\n):", "def handle(\n    text: str,\n    session_id: str,\n):"),
        (
            "def handle(\n    text: str,  # asked\n):",
            "def handle(\n    text: str,\n    session_id: str,  # asked\n):",
        ),
    ],
)
def test_signatures(fixed: Callable[..., str], before: str, after: str) -> None:
    """
    The parameter is required, stands behind the others, and is typed where they are.
    """
    head = "from langchain.memory import ConversationBufferMemory\n\n\n"

    changed = fixed(head + before + f"\n    return {CODE}\n", CODE, "session-parameter")

    assert (
        f"\n{after}\n    return ConversationBufferMemory(chat_memory=chat_history(session_id))\n" in changed
    )


def test_a_fastapi_route(fixed: Callable[..., str]) -> None:
    """
    A plain parameter of a route is a query parameter.
    """
    before = (
        "from fastapi import FastAPI\nfrom langchain.memory import ConversationBufferMemory\n\napp = FastAPI()\n\n\n"
        f'@app.post("/chat")\ndef chat(text: str) -> str:\n    return run({CODE}, text)\n'
    )

    assert "def chat(text: str, session_id: str) -> str:\n" in fixed(before, CODE, "session-parameter")


def test_the_parameters_name_can_be_chosen(fixed: Callable[..., str]) -> None:
    """
    A namespace goes before it.
    """
    after = fixed(ARTICLE, CODE, "session-parameter", name="chat_id", namespace="support")

    assert "def handle_request(user_input, chat_id):" in after
    assert 'chat_history("support", chat_id)' in after


@pytest.mark.parametrize(
    ("before", "params", "reason"),
    [
        (
            f"def handle(text):\n    return {CODE}\n",
            {"callers": "yes"},
            "the project calls `handle` elsewhere",
        ),
        (f"def handle(text):\n    return {CODE}\n\nhandle('x')\n", {}, "line 4 uses `handle`"),
        (f"def handle(text):\n    return {CODE}\n\nserve(fn=handle)\n", {}, "line 4 uses `handle`"),
        (f"def handle(text, session_id):\n    return {CODE}\n", {}, "already has a parameter `session_id`"),
        (f"def handle(text):\n    session_id = 1\n    return {CODE}\n", {}, "for something else"),
        (f"def handle(text, /):\n    return {CODE}\n", {}, "positional-only"),
        (f"def lambda_handler(event, context):\n    return {CODE}\n", {}, "given by its platform"),
        (f"def handler(event, context):\n    return {CODE}\n", {}, "given by its platform"),
        (f"async def chat(request):\n    return {CODE}\n", {}, "given by its platform"),
        (f"def handle(text):\n    return {CODE}\n", {"framework": "flask"}, "flask decides the arguments"),
        (
            f"async def handle(update, c):\n    return {CODE}\n",
            {"framework": "python-telegram-bot"},
            "decides",
        ),
        (f"@cl.on_message\ndef handle(text):\n    return {CODE}\n", {}, "`@cl.on_message` decides"),
        (f"@app.get('/x')\ndef handle(text):\n    return {CODE}\n", {}, "decides the arguments of `handle`"),
        (f"@tool\ndef handle(text):\n    return {CODE}\n", {}, "`@tool` decides"),
        (f"memory = {CODE}\n", {}, "not inside a function"),
        (f"handle = lambda text: {CODE}\n", {}, "not inside a function"),
    ],
)
def test_handlers_that_others_call_are_refused(
    refused: Callable[..., str], before: str, params: dict[str, str], reason: str
) -> None:
    """
    A new parameter would break whoever calls the handler: the project, a framework, a platform.
    """
    assert reason in refused(before, CODE, "session-parameter", **params)


def test_what_cannot_take_the_history_keeps_its_signature(refused: Callable[..., str]) -> None:
    """
    Both halves of the fix are made, or none.
    """
    before = "def handle(text):\n    return ConversationSummaryMemory(llm=llm)\n"

    assert "its summary" in refused(before, "ConversationSummaryMemory(llm=llm)", "session-parameter")
