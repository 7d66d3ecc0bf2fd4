"""What a codemod does not understand is refused, with words for the user, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

HISTORY = "from langchain_core.chat_history import InMemoryChatMessageHistory\n"
MEMORY = "from langchain.memory import ConversationBufferMemory\n"
SUMMARY = "from langchain.memory import ConversationSummaryMemory\n"
CHAIN = "from langchain.chains import ConversationChain\n"
SAVER = "from langgraph.checkpoint.memory import MemorySaver\n"
SQLITE = "import sqlite3\nfrom langgraph.checkpoint.sqlite import SqliteSaver\n"
POSTGRES = "import os\nimport psycopg\nfrom langgraph.checkpoint.postgres import PostgresSaver\n"
STORE = "from langgraph.store.memory import InMemoryStore\n"
FILE = "from langchain_community.chat_message_histories import FileChatMessageHistory\n"
KEPT = "    if user not in store:\n        h = {}\n        fill(h)\n        store[user] = h\n"


def case(name: str, text: str, code: str, reason: str, **params: str) -> object:
    return pytest.param(text, code, params, reason, id=name)


HISTORIES = "InMemoryChatMessageHistory()"
MEMORIES = "ConversationBufferMemory()"
NEW = f"{HISTORY}\nstore = {{}}\n\n\ndef f(user, text):\n"
NEW_MEMORY = f"{MEMORY}\nstore = {{}}\n\n\ndef f(user, text):\n"


@pytest.mark.parametrize(
    ("text", "code", "params", "reason"),
    [
        case(
            "filled-under-a-literal",
            NEW + KEPT.format(HISTORIES).replace("user", "'all'"),
            HISTORIES,
            "is the same for everyone",
        ),
        case(
            "kept-again-under-a-condition",
            f"{NEW}{KEPT.format(HISTORIES)}    if text:\n        store[user] = h\n    return h\n",
            HISTORIES,
            "keeps something else under `user`",
        ),
        case(
            "an-elif",
            f"{NEW}    if not text:\n        return None\n"
            + KEPT.format(HISTORIES).replace("    if", "    elif", 1)
            + "    return store[user]\n",
            HISTORIES,
            "is an `elif`",
        ),
        case(
            "nothing-fills-it",
            f"{NEW}    if user not in store:\n        h = {HISTORIES}\n        store[user] = h\n"
            "    else:\n        log('known')\n    return store[user]\n",
            HISTORIES,
            "nothing fills the new history",
        ),
        case(
            "a-memory-in-the-place-of-another",
            f"{NEW_MEMORY}    m = {MEMORIES}\n    for each in text:\n        m.save_context(*each)\n"
            "    store[user] = m\n    return store[user]\n",
            MEMORIES,
            "keeps more than messages",
        ),
        case(
            "a-comment-where-it-is-replaced",
            f"{NEW}    h = {HISTORIES}\n    fill(h)\n    store[user] = h  # anew\n    return h\n",
            HISTORIES,
            "a comment stands on a line that would go",
        ),
        case(
            "a-memory-read-where-its-name-is-not-bound",
            f"{NEW_MEMORY}    if text:\n        return store[user]\n{KEPT.format(MEMORIES)}    return store[user]\n",
            MEMORIES,
            "line 8 reads `store[user]` where `h` is not bound",
        ),
        case(
            "a-comment-where-it-is-read",
            f"{NEW}{KEPT.format(HISTORIES)}    else:\n        log(text)\n"
            "        h = store[user]  # known\n    return h\n",
            HISTORIES,
            "a comment stands on a line that would go",
        ),
        case(
            "a-comment-inside-the-call",
            f"{NEW_MEMORY}{KEPT.format('ConversationBufferMemory(  # fresh' + chr(10) + '        )')}"
            "    return store[user]\n",
            "ConversationBufferMemory(  # fresh\n        )",
            "a comment stands",
        ),
        case(
            "a-key-that-is-not-there",
            f"{HISTORY}\n\ndef f(user):\n    return Agent({HISTORIES})\n",
            HISTORIES,
            "`thread` is not bound at this place",
            key="thread",
        ),
        case(
            "filled-with-old-messages",
            f"{HISTORY}\n\ndef f(user):\n    h = {HISTORIES}\n    for each in old(user):\n"
            "        h.add_message(each)\n    return Agent(h)\n",
            HISTORIES,
            "add_message",
            key="user",
        ),
        case(
            "at-the-top-of-a-module",
            f"{HISTORY}\nhistory = {HISTORIES}\n",
            HISTORIES,
            "is not kept in a dict by a key",
        ),
        case(
            "a-memory-under-a-key-that-is-not-there",
            f"{MEMORY}\n\ndef f(user):\n    return Agent({MEMORIES})\n",
            MEMORIES,
            "`thread` is not bound at this place",
            key="thread",
        ),
        case(
            "a-memory-with-positional-arguments",
            f"{MEMORY}\n\ndef f(user):\n    return Agent(ConversationBufferMemory(x))\n",
            "ConversationBufferMemory(x)",
            "has positional arguments",
            key="user",
        ),
        case(
            "a-defaultdict-without-a-name",
            f"from collections import defaultdict\n{HISTORY}\nkept[0] = defaultdict(InMemoryChatMessageHistory)\n",
            "defaultdict(InMemoryChatMessageHistory)",
            "the dict has no plain name",
        ),
        case(
            "a-defaultdict-that-other-files-use",
            f"from collections import defaultdict\n{HISTORY}\nkept = defaultdict(InMemoryChatMessageHistory)\n",
            "defaultdict(InMemoryChatMessageHistory)",
            "other files use `kept` too",
            container_unused="no",
        ),
        case(
            "a-defaultdict-that-nothing-reads",
            f"from collections import defaultdict\n{HISTORY}\nkept = defaultdict(InMemoryChatMessageHistory)\n"
            "\n\ndef f(other, user):\n    return other[user]\n",
            "defaultdict(InMemoryChatMessageHistory)",
            "is never read by a key here",
        ),
        case(
            "a-defaultdict-under-a-literal",
            f"from collections import defaultdict\n{HISTORY}\nkept = defaultdict(InMemoryChatMessageHistory)\n"
            "\n\ndef f():\n    return kept['all'].messages\n",
            "defaultdict(InMemoryChatMessageHistory)",
            "is the same for everyone",
        ),
    ],
)
def test_histories(
    refused: Callable[..., str], text: str, code: str, params: dict[str, str], reason: str
) -> None:
    given = {"container_unused": "yes", **params}

    assert reason in refused(text, code, "history-factory", **given)


CHAINS = f"{CHAIN}{MEMORY}\nmemory = ConversationBufferMemory()\nchain = ConversationChain(llm=None, memory=memory)\n"
OVER = {"chain": "chain", "memory": "memory", "importers": "{}", "uses": "[]"}


@pytest.mark.parametrize(
    ("text", "code", "params", "reason"),
    [
        case("changed-in-place", f"{CHAINS}memory.messages.clear()\n", MEMORIES, "in place", **OVER),
        case(
            "an-importer-that-is-gone",
            CHAINS,
            MEMORIES,
            "other.py imports `chain`, and cannot be parsed",
            **{**OVER, "importers": '{"other.py": "chain"}'},
        ),
        case("a-memory-twice", f"{CHAINS}memory = None\n", MEMORIES, "`memory` is not built once", **OVER),
        case(
            "an-odd-group",
            CHAINS,
            MEMORIES,
            "cannot name a group of conversations",
            **{**OVER, "namespace": "o'clock"},
        ),
        case(
            "a-memory-of-unknown-arguments",
            CHAINS.replace(MEMORIES, "ConversationBufferMemory(**given)"),
            "ConversationBufferMemory(**given)",
            "what `**given` holds is not known",
            **OVER,
        ),
        case(
            "what-is-built-and-unpacked",
            CHAINS.replace("(llm=None, ", "(*parts(), "),
            MEMORIES,
            "`*parts()` would be built for every conversation",
            **OVER,
        ),
        case(
            "a-chain-of-unknown-arguments",
            f"{CHAIN}\nchain = ConversationChain(**given)\n",
            "ConversationChain(**given)",
            "what the chain is built with is not known",
            **{**OVER, "memory": "", "implicit": "yes"},
        ),
        case(
            "a-comment-about-the-memory",
            CHAINS.replace("memory = ", "# Of all.\nmemory = ", 1).replace("\nchain", "\nother = 1\nchain"),
            MEMORIES,
            "the comment above the memory speaks of it",
            **OVER,
        ),
        case(
            "a-key-that-is-not-bound",
            f"{CHAINS}\n\ndef f():\n    return chain.predict(input='')\n",
            MEMORIES,
            "`thread` is not bound",
            **{**OVER, "uses": json.dumps([["app.py", [8, 0, 9, 40], "thread"]])},
        ),
    ],
)
def test_chains(
    refused: Callable[..., str], text: str, code: str, params: dict[str, str], reason: str
) -> None:
    assert reason in refused(text, code, "chain-for", **params)


BUILDER = f"{MEMORY}\n\ndef build():\n    return ConversationBufferMemory()\n"


def calls(*spans: list[int], path: str = "app.py", key: str = "user") -> dict[str, str]:
    return {"callers": json.dumps([[path, span, key] for span in spans]), "then": "history-factory"}


@pytest.mark.parametrize(
    ("text", "code", "params", "reason"),
    [
        case("no-function", f"{MEMORY}\nmemory = {MEMORIES}\n", MEMORIES, "not inside a function", **calls()),
        case(
            "a-caller-that-is-gone",
            BUILDER,
            MEMORIES,
            "other.py calls `build`",
            **calls([1, 0, 1, 7], path="other.py"),
        ),
        case("a-call-that-is-gone", BUILDER, MEMORIES, "is not where it was", **calls([1, 0, 1, 7])),
        case("an-odd-group", BUILDER, MEMORIES, "cannot name a group", **calls(), namespace="o'clock"),
        case(
            "passed-on",
            f"{BUILDER}\n\ndef f(user, given):\n    return build(**given)\n",
            MEMORIES,
            "line 9 passes on what is not known here",
            **calls([9, 11, 9, 25]),
        ),
        case(
            "kept-somewhere",
            f"{BUILDER}\n\ndef f(user):\n    return build()\n",
            MEMORIES,
            "where line 9 keeps what it gets is not seen",
            **calls([9, 11, 9, 18]),
            keyed="yes",
        ),
        case(
            "without-a-key",
            f"{BUILDER}\n\ndef f():\n    return build()\n",
            MEMORIES,
            "`user` is not bound",
            **calls([9, 11, 9, 18]),
        ),
    ],
)
def test_keys_that_are_handed_down(
    refused: Callable[..., str], text: str, code: str, params: dict[str, str], reason: str
) -> None:
    assert reason in refused(text, code, "handed-key", **params)


IN_CLASS = "\n\nclass Bot:\n    def start(self):\n        self.saver = SqliteSaver(self.conn)\n"


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (SQLITE + IN_CLASS, "SqliteSaver(self.conn)", "is opened and closed by other code of the class"),
        (f"{SQLITE}\nSqliteSaver(conn).setup()\n", "SqliteSaver(conn)", "is taken from the saver at once"),
        (
            f"{SQLITE}\nwith SqliteSaver.from_conn_string('a.db'):\n    run()\n",
            "SqliteSaver.from_conn_string('a.db')",
            "the `with` does not name its saver",
        ),
        (
            f"{SQLITE}\nsaver = SqliteSaver(conn)\nwith saver:\n    run()\n",
            "SqliteSaver(conn)",
            "line 5 enters the saver elsewhere",
        ),
        (
            f"{SQLITE}{IN_CLASS}\n    def close(self):\n        self.saver.conn.close()\n".replace(
                "(self.conn)", "(conn)"
            ),
            "SqliteSaver(conn)",
            "looks into `self.saver.conn`",
        ),
        (
            f"{POSTGRES}\nsaver = PostgresSaver(settings['URL'])\n",
            "PostgresSaver(settings['URL'])",
            "is connected to is not seen here",
        ),
        (
            f"{SAVER}\nmemory = MemorySaver()\nwith memory:\n    run()\n",
            "MemorySaver()",
            "ends the saver with a `with` block",
        ),
    ],
)
def test_savers(refused: Callable[..., str], text: str, code: str, reason: str) -> None:
    assert reason in refused(text, code, "checkpointer")


@pytest.mark.parametrize(
    ("text", "code", "params", "reason"),
    [
        case("no-name", f"{MEMORY}\nkeep({MEMORIES})\n", MEMORIES, "the memory has no plain name"),
        case(
            "more-than-a-history",
            f"{CHAIN}{SUMMARY}\n\ndef f(user):\n    m = ConversationSummaryMemory()\n"
            "    return ConversationChain(llm=None)\n",
            "ConversationSummaryMemory()",
            "keeps more than a history",
            key="user",
        ),
        case(
            "a-key-that-is-not-bound",
            f"{CHAIN}{MEMORY}\n\ndef f():\n    m = {MEMORIES}\n    return ConversationChain(llm=None)\n",
            MEMORIES,
            "`user` is not bound",
            key="user",
        ),
        case(
            "unknown-arguments",
            f"{CHAIN}{MEMORY}\n\ndef f(user, o):\n    m = ConversationBufferMemory(**o)\n"
            "    return ConversationChain(llm=None)\n",
            "ConversationBufferMemory(**o)",
            "what `**o` holds is not known",
            key="user",
        ),
        case(
            "read-in-its-own-function",
            f"{MEMORY}\n\ndef f(user):\n    m = {MEMORIES}\n    print(m)\n    return user\n",
            MEMORIES,
            "line 6 reads `m`",
        ),
    ],
)
def test_memories_that_nothing_uses(
    refused: Callable[..., str], text: str, code: str, params: dict[str, str], reason: str
) -> None:
    assert reason in refused(text, code, "unattached-memory", **params)


SETUP = f"{POSTGRES}\n\ndef f(pool, savers):\n"


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (
            "    if pool: saver = PostgresSaver(pool)\n",
            "PostgresSaver(pool)",
            "is built inside another statement",
        ),
        ("    savers[0] = PostgresSaver(pool)\n", "PostgresSaver(pool)", "the saver has no plain name"),
        (
            "    return build(PostgresSaver(  # own\n        pool))\n",
            "PostgresSaver(  # own\n        pool)",
            "a comment stands inside",
        ),
        (
            "    with PostgresSaver(pool):\n        run()\n",
            "PostgresSaver(pool)",
            "the `with` does not name its saver",
        ),
    ],
)
def test_savers_that_are_set_up(refused: Callable[..., str], body: str, code: str, reason: str) -> None:
    assert reason in refused(SETUP + body, code, "setup-saver", of="checkpointer")


def test_a_saver_that_nothing_can_await(refused: Callable[..., str]) -> None:
    text = f"{SETUP}    saver = PostgresSaver(pool)\n"

    found = refused(text, "PostgresSaver(pool)", "setup-saver", of="checkpointer", await_="yes")

    assert found == "`setup()` must be awaited, and no event loop runs where the saver is built"


@pytest.mark.parametrize(
    ("text", "code", "kind", "params", "reason"),
    [
        (
            f"{SUMMARY}\nm = ConversationSummaryMemory(llm=llm)\n",
            "ConversationSummaryMemory(llm=llm)",
            "shared-memory",
            {"key": "user"},
            "`user` is not bound",
        ),
        (
            f"{SUMMARY}\n\ndef f(user):\n    return ConversationSummaryMemory(llm)\n",
            "ConversationSummaryMemory(llm)",
            "shared-memory",
            {"key": "user"},
            "has positional arguments",
        ),
        (
            f"{FILE}\nh = FileChatMessageHistory('a')\n",
            "FileChatMessageHistory('a')",
            "local-history",
            {"class": "app.OwnHistory"},
            "is not known to be a chat history in a file",
        ),
        (
            f"{FILE}\n\ndef f(user):\n    return FileChatMessageHistory(  # own\n        f'{{user}}.json')\n",
            "FileChatMessageHistory(  # own\n        f'{user}.json')",
            "local-history",
            {"ids": "user"},
            "a comment stands inside",
        ),
        (
            f"{FILE}\nh = FileChatMessageHistory(path)\n",
            "FileChatMessageHistory(path)",
            "local-history",
            {"ids": "user"},
            "no session key is known",
        ),
        (
            f"{STORE}\nstore = InMemoryStore()\n",
            "InMemoryStore()",
            "memory-store",
            {"class": "app.Own"},
            "is not known to be a store in memory",
        ),
        (
            f"{STORE}\nstore = InMemoryStore(  # facts\n)\n",
            "InMemoryStore(  # facts\n)",
            "memory-store",
            {},
            "a comment stands inside",
        ),
        (
            f"{STORE}\nInMemoryStore().put((), 'a', {{}})\n",
            "InMemoryStore()",
            "memory-store",
            {},
            "does more than to build a store",
        ),
    ],
)
def test_others(
    refused: Callable[..., str], text: str, code: str, kind: str, params: dict[str, str], reason: str
) -> None:
    assert reason in refused(text, code, kind, **params)
