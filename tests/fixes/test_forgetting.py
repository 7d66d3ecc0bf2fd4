"""Code that takes a conversation out of the dict clears the shared history instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAD = "from langchain_core.chat_history import InMemoryChatMessageHistory\n\nstore = {}\n"
GET = (
    "\n\ndef get(session_id):\n    if session_id not in store:\n"
    "        store[session_id] = InMemoryChatMessageHistory()\n    return store[session_id]\n"
)
MEMORY = "from langchain.memory import ConversationBufferMemory\n\nmemories = {}\n"
KEEP = (
    "\n\ndef get(user_id):\n    if user_id not in memories:\n        memories[user_id] = ConversationBufferMemory()\n"
    "    return memories[user_id]\n"
)


@pytest.mark.parametrize(
    "statement",
    [
        "    del store[sid]\n",
        "    store.pop(sid)\n",
        "    store.pop(sid, None)\n",
        "    if sid in store:\n        del store[sid]\n",
    ],
)
def test_it_is_cleared(fixed: Callable[..., str], statement: str) -> None:
    """
    Under the key that the code names; the dict goes.
    """
    before = f"{HEAD}{GET}\n\ndef forget(sid):\n{statement}    return 'ok'\n"

    after = fixed(
        before, "InMemoryChatMessageHistory()", "history-factory", namespace="bot", container_unused="yes"
    )

    assert "def forget(sid):\n    chat_history('bot', sid).clear()\n    return 'ok'\n" in after
    assert "store" not in after.replace("message_store", "")


def test_it_is_cleared_above_the_builder_too(fixed: Callable[..., str]) -> None:
    """
    Wherever it stands; what the builder itself takes out goes with the builder's own code.
    """
    before = f"{HEAD}\n\ndef forget(sid):\n    store.pop(sid, None)\n{GET}"

    after = fixed(before, "InMemoryChatMessageHistory()", "history-factory", container_unused="yes")

    assert "def forget(sid):\n    chat_history(sid).clear()\n" in after


def test_memories_in_a_dict_are_cleared_too(fixed: Callable[..., str]) -> None:
    """
    The memory is built anew around the shared history, so the dict has nothing left to forget.
    """
    before = f"{MEMORY}{KEEP}\n\ndef forget(sid):\n    memories.pop(sid, None)\n"

    after = fixed(before, "ConversationBufferMemory()", "history-factory", container_unused="yes")

    assert "    chat_history(sid).clear()\n" in after
    assert "memories" not in after


def test_a_dict_that_stays_and_forgets_is_refused(refused: Callable[..., str]) -> None:
    """
    Its conversation would come back out of the shared history.
    """
    before = f"{MEMORY}{KEEP}\n\ndef forget(sid):\n    del memories[sid]\n    return len(memories)\n"

    assert "line 13 forgets a conversation (`del memories[sid]`)" in refused(
        before, "ConversationBufferMemory()", "history-factory"
    )


def test_a_popped_value_that_is_used_is_refused(refused: Callable[..., str]) -> None:
    """
    What it gives back would be missing.
    """
    before = f"{HEAD}{GET}\n\ndef forget(sid):\n    return store.pop(sid)\n"

    assert "also used on line 11" in refused(before, "InMemoryChatMessageHistory()", "history-factory")


def test_a_conversation_without_a_key_of_its_own_is_not_cleared(refused: Callable[..., str]) -> None:
    """
    What is forgotten under a name that is the same for everyone is nobody's shared history.
    """
    before = f"{HEAD}{GET}\n\ndef forget():\n    del store['all']\n"

    assert "is the same for everyone" in refused(
        before, "InMemoryChatMessageHistory()", "history-factory", container_unused="yes"
    )


def test_what_the_builder_never_does_goes_with_it(fixed: Callable[..., str]) -> None:
    """
    A branch that no conversation takes.
    """
    before = (
        f"{HEAD}\n\ndef get(sid):\n    if sid in store:\n        return store[sid]\n    elif sid not in store:\n"
        "        store[sid] = InMemoryChatMessageHistory()\n        return store[sid]\n    else:\n"
        "        del store[sid]\n"
    )

    after = fixed(before, "InMemoryChatMessageHistory()", "history-factory", container_unused="yes")

    assert after.endswith("def get(sid):\n    return chat_history(sid)\n")


def test_two_statements_on_a_line_are_another_use(refused: Callable[..., str]) -> None:
    """
    A line is rewritten whole or not at all.
    """
    before = f"{HEAD}{GET}\n\ndef forget(sid):\n    del store[sid]; print(sid)\n"

    assert "also used on line 11" in refused(before, "InMemoryChatMessageHistory()", "history-factory")
