"""Dicts whose histories are filled when they are made, or replaced by fresh ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

HISTORY = "from langchain_core.chat_history import InMemoryChatMessageHistory\n"
MEMORY = "from langchain.memory import ConversationBufferMemory\n"
SHARED = "from shared_history import chat_history\n"
NEW = "InMemoryChatMessageHistory()"


def test_a_new_history_is_filled_where_it_has_no_messages(fixed: Callable[..., str]) -> None:
    before = (
        f"{HISTORY}\nstore = {{}}\n\n\ndef history_of(user) -> InMemoryChatMessageHistory:\n"
        '    """Of one user."""\n    if user not in store:\n        history = InMemoryChatMessageHistory()\n\n'
        "        # who we are\n        history.add_message(greeting())\n\n        store[user] = history\n"
        "    return store[user]\n"
    )

    after = fixed(before, NEW, "history-factory", container_unused="yes")

    assert after == (
        f"from langchain_core.chat_history import BaseChatMessageHistory\n\n{SHARED}\n\n"
        "def history_of(user) -> BaseChatMessageHistory:\n"
        '    """Of one user."""\n    history = chat_history(user)\n    if not history.messages:\n'
        "        # who we are\n        history.add_message(greeting())\n    return history\n"
    )


def test_the_known_conversation_first(fixed: Callable[..., str]) -> None:
    """
    Both branches keep what else they do; storing the same memory once more is not needed.
    """
    before = (
        f"{MEMORY}\nstore = {{}}\n\n\ndef answer(user, text):\n    if user in store:\n        print('known')\n"
        "        memory = store[user]\n    else:\n        memory = ConversationBufferMemory(k=3)\n"
        "        store[user] = memory\n        load(memory)\n    if text == 'forget':\n        memory.clear()\n"
        "        store[user] = memory\n    return run(memory, text)\n"
    )

    after = fixed(before, "ConversationBufferMemory(k=3)", "history-factory", container_unused="yes")

    assert after.endswith(
        "def answer(user, text):\n    memory = ConversationBufferMemory(k=3, chat_memory=chat_history(user))\n"
        "    if memory.chat_memory.messages:\n        print('known')\n    else:\n        load(memory)\n"
        "    if text == 'forget':\n        memory.clear()\n    return run(memory, text)\n"
    )
    assert "store" not in after


def test_a_fresh_history_in_the_place_of_the_old_one(fixed: Callable[..., str]) -> None:
    before = (
        f"{HISTORY}\nstore = {{}}\n\n\ndef forget(user):\n    if user in store:\n"
        "        history = InMemoryChatMessageHistory()  # anew\n        history.add_message(greeting())\n"
        "        store[user] = history\n        return True\n    return False\n"
    )

    after = fixed(before, NEW, "history-factory", container_unused="yes")

    assert after.endswith(
        "def forget(user):\n    if chat_history(user).messages:\n        history = chat_history(user)  # anew\n"
        "        history.clear()\n        history.add_message(greeting())\n        return True\n    return False\n"
    )


def test_line_ends_and_tabs_stay(project: Project) -> None:
    text = (
        f"{HISTORY}\nstore = {{}}\n\n\ndef history_of(user):\n\tif user not in store:\n"
        "\t\th = InMemoryChatMessageHistory()\n\t\tfill(h)\n\t\tstore[user] = h\n\treturn store[user]\n"
    )
    project.put("app.py", text.replace("\n", "\r\n"))
    project.fault(NEW, "history-factory", container_unused="yes")

    project.fix(unsafe=True)

    after = project.text("app.py")
    assert after.count("\n") == after.count("\r\n")
    assert after.endswith("\th = chat_history(user)\r\n\tif not h.messages:\r\n\t\tfill(h)\r\n\treturn h\r\n")


def test_it_is_unsafe(project: Project) -> None:
    """
    A user who is known without having said anything is new afterwards.
    """
    project.put(
        "app.py",
        f"{HISTORY}\nstore = {{}}\n\n\ndef history_of(user):\n    if user not in store:\n"
        "        h = InMemoryChatMessageHistory()\n        fill(h)\n        store[user] = h\n    return store[user]\n",
    )
    project.fault(NEW, "history-factory", container_unused="yes")

    result = project.fix()

    assert result.changed == ()
    assert "--unsafe-fixes" in result.refused[0].reason


def test_a_history_in_an_object_that_a_dict_keeps(fixed: Callable[..., str]) -> None:
    """
    The dict then keeps what is built around the shared history.
    """
    before = (
        f"{HISTORY}\n\ndef agent_for(session_id) -> Agent:\n    history = InMemoryChatMessageHistory()\n"
        "    return Agent(history)\n"
    )

    after = fixed(before, NEW, "history-factory", key="session_id")

    assert after.endswith("    history = chat_history(session_id)\n    return Agent(history)\n")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(
            "def f(user):\n    if user not in store:\n        h = InMemoryChatMessageHistory()\n        fill(h)\n"
            "        store[user] = h\n    return len(store)\n",
            "is also used on line",
            id="other-use",
        ),
        pytest.param(
            "def f(user, old):\n    h = InMemoryChatMessageHistory()\n    for m in old.messages[-3:]:\n"
            "        h.add_message(m)\n    store[user] = h\n",
            "reads a history while",
            id="reads-the-old-one-too-late",
        ),
        pytest.param(
            "def f(user):\n    if user not in store:\n        h = InMemoryChatMessageHistory()\n        fill(h)\n"
            "        store[user] = h  # kept\n    return store[user]\n",
            "a comment stands",
            id="comment",
        ),
    ],
)
def test_what_is_refused(refused: Callable[..., str], body: str, reason: str) -> None:
    assert reason in refused(
        f"{HISTORY}\nstore = {{}}\n\n\n{body}", NEW, "history-factory", container_unused="yes"
    )


def test_arguments_that_are_not_seen_may_name_a_history_already(refused: Callable[..., str]) -> None:
    """
    A memory that is filled before a dict keeps it is built around the shared history, if it has no other one.
    """
    code = "ConversationBufferMemory(**given)"
    before = (
        "from langchain.memory import ConversationBufferMemory\n\nstore = {}\n\n\ndef f(user, given):\n"
        f"    if user not in store:\n        m = {code}\n        fill(m)\n        store[user] = m\n"
        "    return store[user]\n"
    )

    assert "what `**given` holds is not known" in refused(
        before, code, "history-factory", container_unused="yes"
    )


def test_a_call_stays_on_its_line_however_long(fixed: Callable[..., str]) -> None:
    """
    A statement that becomes too long is wrapped as a whole.
    """
    code = f"ConversationBufferMemory(human_prefix='{'a' * 40}')"
    before = (
        "from langchain.memory import ConversationBufferMemory\n\nstore = {}\n\n\ndef f(user):\n"
        f"    if user not in store:\n        m = {code}\n        fill(m)\n        store[user] = m\n"
        "    return store[user]\n"
    )

    after = fixed(before, code, "history-factory", container_unused="yes")

    assert (
        "    m = ConversationBufferMemory(\n"
        f"        human_prefix='{'a' * 40}', chat_memory=chat_history(user)\n    )\n"
    ) in after


def test_what_a_dict_keeps_before_is_something_else(refused: Callable[..., str]) -> None:
    """
    The old value of the variable, which the new memory has nothing to do with.
    """
    before = (
        f"{HISTORY}\nstore = {{}}\n\n\ndef f(user, h):\n    if user not in store:\n        store[user] = h\n"
        f"        h = {NEW}\n        fill(h)\n    return store[user]\n"
    )

    assert "does more than to get or create" in refused(
        before, NEW, "history-factory", container_unused="yes"
    )
