"""Code that is unusual, and repaired all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HISTORY = "from langchain_core.chat_history import InMemoryChatMessageHistory\n"
MEMORY = "from langchain.memory import ConversationBufferMemory\n"
SAVER = "from langgraph.checkpoint.memory import MemorySaver\n"
SQLITE = "import sqlite3\nfrom langgraph.checkpoint.sqlite import SqliteSaver\n"
POSTGRES = "import os\nimport psycopg\nfrom langgraph.checkpoint.postgres import PostgresSaver\n"
HISTORIES = "InMemoryChatMessageHistory()"
MEMORIES = "ConversationBufferMemory()"
NEW = f"{HISTORY}\nstore = {{}}\n\n\ndef f(user, text):\n"
KEPT = f"    if user not in store:\n        h = {HISTORIES}\n        fill(h)\n        store[user] = h\n"


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (
            f"{KEPT}    else:\n        h = store[user]\n    return h\n",
            "    h = chat_history(user)\n    if not h.messages:\n        fill(h)\n    else:\n"
            "        pass\n    return h\n",
        ),
        (
            f"    if text == 'anew':\n        h = {HISTORIES}\n        fill(h)\n        store[user] = h\n"
            "    if user in store:\n"
            "        return store[user]\n    return None\n",
            "    if text == 'anew':\n        h = chat_history(user)\n        h.clear()\n        fill(h)\n"
            "    if chat_history(user).messages:\n        return chat_history(user)\n    return None\n",
        ),
        (
            f"    if text == 'peek':\n        return store[user]\n{KEPT}    return store[user]\n",
            "    if text == 'peek':\n        return chat_history(user)\n    h = chat_history(user)\n"
            "    if not h.messages:\n        fill(h)\n    return h\n",
        ),
        (
            f"    if text == 'anew':\n        h = {HISTORIES}\n        fill(h)\n        store[user] = h\n    else:\n"
            "        h = store[user]\n    return h\n",
            "    if text == 'anew':\n        h = chat_history(user)\n        h.clear()\n        fill(h)\n    else:\n"
            "        h = chat_history(user)\n    return h\n",
        ),
    ],
)
def test_dicts_of_filled_histories(fixed: Callable[..., str], body: str, after: str) -> None:
    assert fixed(NEW + body, HISTORIES, "history-factory", container_unused="yes").endswith(after)


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        (
            f"{POSTGRES}\nsaver = PostgresSaver(os.environ['URL'])\n",
            "PostgresSaver(os.environ['URL'])",
            "shared_checkpointer(url=os.environ['URL'])",
        ),
        (
            f"{POSTGRES}\nsaver = PostgresSaver(psycopg.connect(URL))\n",
            "PostgresSaver(psycopg.connect(URL))",
            "shared_checkpointer(url=URL)",
        ),
        (
            f"{SQLITE}\nsaver = SqliteSaver(conn, serde=Own())\n",
            "SqliteSaver(conn, serde=Own())",
            "saver = shared_checkpointer(serde=Own())\n",
        ),
        (
            f"{SQLITE}\nsaver = stack.enter_context(SqliteSaver.from_conn_string('a'))\n",
            "SqliteSaver.from_conn_string('a')",
            "saver = shared_checkpointer()\n",
        ),
        (
            f"{SQLITE}\n\nclass Bot:\n    def start(self, conn):\n        self.saver = SqliteSaver(conn)\n"
            "        self.saver.setup()\n        self.graph = build(self.saver)\n",
            "SqliteSaver(conn)",
            "        self.saver = shared_checkpointer()\n        self.graph",
        ),
        (
            f"{SAVER}from base import Saver\n\nsaver: Saver = MemorySaver()\n",
            "MemorySaver()",
            "saver: Saver = shared_checkpointer()\n",
        ),
        (
            f"{SAVER}\nsavers = {{}}\nsavers['a']: MemorySaver = MemorySaver()\n",
            "MemorySaver()",
            "savers['a']: BaseCheckpointSaver = shared_checkpointer()\n",
        ),
        (
            f"{SAVER}\n\n@dataclass\nclass Bot:\n    saver: MemorySaver = MemorySaver()\n",
            "MemorySaver()",
            "    saver: MemorySaver = shared_checkpointer()\n",
        ),
        (
            f"{SAVER}\nif (saver := MemorySaver()):\n    run(saver)\n",
            "MemorySaver()",
            "if (saver := shared_checkpointer()):\n",
        ),
    ],
)
def test_savers(fixed: Callable[..., str], text: str, code: str, expected: str) -> None:
    assert expected in fixed(text, code, "checkpointer")


def test_a_dict_in_a_defaultdict_of_another_name(fixed: Callable[..., str]) -> None:
    """
    Only items of the dict of histories become shared histories.
    """
    text = (
        f"from collections import defaultdict\n{HISTORY}\nkept = defaultdict(InMemoryChatMessageHistory)\n\n\n"
        "def f(user):\n    return kept[user].messages\n\n\ndef g(user):\n    x = defaultdict(dict)\n"
        "    x[user]['a'] = 1\n"
    )

    after = fixed(text, "defaultdict(InMemoryChatMessageHistory)", "history-factory", container_unused="yes")

    assert "return chat_history(user).messages\n" in after
    assert "    x = defaultdict(dict)\n    x[user]['a'] = 1\n" in after
    assert "kept" not in after


def test_memories_that_other_files_look_up_stay_in_their_dict(fixed: Callable[..., str]) -> None:
    text = (
        f"{MEMORY}\nstore = {{}}\n\n\ndef f(user):\n    if user not in store:\n        store[user] = {MEMORIES}\n"
        "    return store[user]\n"
    )

    after = fixed(text, MEMORIES, "history-factory", container_unused="no")

    assert "        store[user] = ConversationBufferMemory(chat_memory=chat_history(user))\n" in after
    assert "store = {}\n" in after


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("from shared_history import other\n", "other\n\nfrom shared_history import chat_history\n"),
        ("import os; ROOT = os.getcwd()\n", "from shared_history import chat_history\n"),
        (
            "from shared_history import chat_history\n\n\ndef g():\n    chat_history = 1\n    return chat_history\n",
            "shared_chat_history(user)",
        ),
        (
            "from shared_history import chat_history\n\n\ndef g(chat_history):\n    return chat_history\n",
            "shared_chat_history(user)",
        ),
    ],
)
def test_imports_that_a_file_has(fixed: Callable[..., str], head: str, expected: str) -> None:
    """
    Of other names of the generated module, on a line with other things, of a name that means something else below.
    """
    text = f"{MEMORY}{head}\n\ndef f(user):\n    return {MEMORIES}\n"

    assert expected in fixed(text, MEMORIES, "chat-memory", key="user")
