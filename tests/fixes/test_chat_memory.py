"""``chat-memory``: what a buffer or window memory looks like before and after."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst
import pytest

HEAD = "from langchain.memory import ConversationBufferMemory\n"
HEAD_AFTER = HEAD + "\nfrom shared_history import chat_history\n"


def handler(body: str, signature: str = "def chat(user_id: str) -> str:") -> str:
    return f"\n\n{signature}\n{body}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "ConversationBufferMemory()",
            "ConversationBufferMemory(chat_memory=chat_history(user_id))",
            id="no-arguments",
        ),
        pytest.param(
            "ConversationBufferMemory( )",
            "ConversationBufferMemory(chat_memory=chat_history(user_id))",
            id="a-space-inside",
        ),
        pytest.param(
            "ConversationBufferMemory(return_messages=True)",
            "ConversationBufferMemory(return_messages=True, chat_memory=chat_history(user_id))",
            id="one-argument",
        ),
        pytest.param(
            "ConversationBufferMemory(return_messages=True,)",
            "ConversationBufferMemory(return_messages=True, chat_memory=chat_history(user_id),)",
            id="trailing-comma-in-a-line",
        ),
        pytest.param(
            "ConversationBufferMemory(return_messages=(True))",
            "ConversationBufferMemory(return_messages=(True), chat_memory=chat_history(user_id))",
            id="value-in-parentheses",
        ),
        pytest.param(
            'ConversationBufferMemory(\n        memory_key="chat",\n        return_messages=True,\n    )',
            'ConversationBufferMemory(\n        memory_key="chat",\n        return_messages=True,\n'
            "        chat_memory=chat_history(user_id),\n    )",
            id="one-argument-a-line",
        ),
        pytest.param(
            'ConversationBufferMemory(\n        memory_key="chat",\n        return_messages=True\n    )',
            'ConversationBufferMemory(\n        memory_key="chat",\n        return_messages=True,\n'
            "        chat_memory=chat_history(user_id)\n    )",
            id="one-argument-a-line-without-the-last-comma",
        ),
        pytest.param(
            'ConversationBufferMemory(memory_key="chat",\n                             k=3)',
            'ConversationBufferMemory(memory_key="chat",\n                             k=3,\n'
            "                             chat_memory=chat_history(user_id))",
            id="hanging-indent",
        ),
        pytest.param(
            'ConversationBufferMemory(\n        memory_key="chat", k=3\n    )',
            'ConversationBufferMemory(\n        memory_key="chat", k=3, chat_memory=chat_history(user_id)\n    )',
            id="all-arguments-in-one-line-of-their-own",
        ),
        pytest.param(
            "ConversationBufferMemory(\n        k=3,  # enough\n        # that is all\n    )",
            "ConversationBufferMemory(\n        k=3,  # enough\n        chat_memory=chat_history(user_id),\n"
            "        # that is all\n    )",
            id="comments-inside",
        ),
        pytest.param(
            "ConversationBufferMemory(\n        k=3  # enough, really\n    )",
            "ConversationBufferMemory(\n        k=3,  # enough, really\n"
            "        chat_memory=chat_history(user_id)\n    )",
            id="comment-behind-the-last-argument",
        ),
        pytest.param(
            "ConversationBufferMemory(\n        # defaults are fine\n    )",
            "ConversationBufferMemory(\n        # defaults are fine\n        chat_memory=chat_history(user_id),\n    )",
            id="nothing-but-a-comment-inside",
        ),
    ],
)
def test_the_call_keeps_its_layout(fixed: Callable[..., str], before: str, after: str) -> None:
    """
    The memory gets `chat_memory=` and nothing else: arguments, commas, line breaks and comments stay.
    """
    text = HEAD + handler(f"    memory = {before}\n    return run(memory)\n")
    expected = HEAD_AFTER + handler(f"    memory = {after}\n    return run(memory)\n")
    cst.parse_module(expected)

    assert expected == fixed(text, before, "chat-memory", key="user_id")


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from langchain.memory import ConversationBufferMemory as CBM", "CBM()"),
        ("import langchain.memory as m", "m.ConversationBufferMemory()"),
        ("import langchain.memory", "langchain.memory.ConversationBufferMemory()"),
        ("from langchain import memory as mem", "mem.ConversationBufferWindowMemory(k=4)"),
        (
            "from langchain_classic.memory import ConversationBufferWindowMemory",
            "ConversationBufferWindowMemory(k=4)",
        ),
    ],
)
def test_aliased_classes_are_known(fixed: Callable[..., str], imports: str, call: str) -> None:
    """
    The class is found by what it is, not by what the file calls it.
    """
    before = f"{imports}\n" + handler(f"    return {call}\n")

    after = fixed(before, call, "chat-memory", key="user_id")

    assert "chat_memory=chat_history(user_id))" in after
    assert after.startswith(f"{imports}\n\nfrom shared_history import chat_history\n")


@pytest.mark.parametrize(
    ("signature", "key", "namespace", "expected"),
    [
        ("def chat(request):", "request.session_id", "", "chat_history(request.session_id)"),
        ("def chat(user_id):", "user_id", "support", 'chat_history("support", user_id)'),
        ("def chat(user_id, chat_id):", "user_id, chat_id", "", "chat_history(user_id, chat_id)"),
        ("def chat(user_id, chat_id):", "(user_id, chat_id)", "", "chat_history(user_id, chat_id)"),
        ("def chat(user_id):", 'f"u-{user_id}"', "", 'chat_history(f"u-{user_id}")'),
        (
            "def chat(config):",
            'config["configurable"]["session_id"]',
            "",
            'chat_history(config["configurable"]["session_id"])',
        ),
    ],
)
def test_the_key_is_any_expression(
    fixed: Callable[..., str], signature: str, key: str, namespace: str, expected: str
) -> None:
    """
    Attributes, items, several ids and a namespace before them.
    """
    before = HEAD + handler("    return ConversationBufferMemory()\n", signature)

    after = fixed(before, "ConversationBufferMemory()", "chat-memory", key=key, namespace=namespace)

    assert f"ConversationBufferMemory(chat_memory={expected})" in after


def test_a_history_in_memory_that_was_passed_is_replaced(fixed: Callable[..., str]) -> None:
    """
    `chat_memory=ChatMessageHistory()` becomes the shared one, and its import goes when nothing else needs it.
    """
    before = (
        "from langchain.memory import ChatMessageHistory, ConversationBufferMemory\n"
        "\n\ndef chat(user_id):\n    return ConversationBufferMemory(chat_memory=ChatMessageHistory(), k=3)\n"
    )
    expected = (
        "from langchain.memory import ConversationBufferMemory\n"
        "\nfrom shared_history import chat_history\n"
        "\n\ndef chat(user_id):\n    return ConversationBufferMemory(chat_memory=chat_history(user_id), k=3)\n"
    )

    code = "ConversationBufferMemory(chat_memory=ChatMessageHistory(), k=3)"
    assert expected == fixed(before, code, "chat-memory", key="user_id")


def test_a_name_that_means_something_else_is_left_to_it(fixed: Callable[..., str]) -> None:
    """
    `chat_history` is a common variable; where a file has one, the import gets another name.
    """
    before = HEAD + handler("    chat_history = []\n    return ConversationBufferMemory()\n")

    after = fixed(before, "ConversationBufferMemory()", "chat-memory", key="user_id")

    assert "from shared_history import chat_history as shared_chat_history\n" in after
    assert "ConversationBufferMemory(chat_memory=shared_chat_history(user_id))" in after


def test_a_keyword_of_that_name_is_nothing_else(fixed: Callable[..., str]) -> None:
    """
    `chain(chat_history=...)` and `x.chat_history` bind nothing.
    """
    before = HEAD + handler(
        "    memory = ConversationBufferMemory()\n    return run(memory, chat_history=x.chat_history)\n"
    )

    assert "import chat_history\n" in fixed(
        before, "ConversationBufferMemory()", "chat-memory", key="user_id"
    )


def test_single_quotes_stay_single(fixed: Callable[..., str]) -> None:
    """
    A namespace is quoted as the file quotes its text.
    """
    before = HEAD + handler("    log('a', 'b')\n    return ConversationBufferMemory()\n")

    after = fixed(before, "ConversationBufferMemory()", "chat-memory", key="user_id", namespace="support")

    assert "chat_history('support', user_id)" in after


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("ConversationBufferMemory(**options)", "`**options`"),
        ("ConversationBufferMemory(*options)", "`*options`"),
        ("ConversationBufferMemory(history)", "positional arguments"),
        ("ConversationBufferMemory(chat_memory=history)", "`chat_memory=history` is already passed"),
        ("ConversationBufferMemory(chat_memory=ChatMessageHistory(messages=m))", "is already passed"),
        ("ConversationSummaryMemory(llm=llm)", "its summary lives in the Python object"),
        ("ConversationSummaryBufferMemory(llm=llm)", "its summary lives in the Python object"),
        ("ConversationTokenBufferMemory(llm=llm)", "the limit would be lost"),
        ("ConversationEntityMemory(llm=llm)", "an entity store"),
        ("ConversationKGMemory(llm=llm)", "a graph"),
        ("ConversationStringBufferMemory()", "takes no `chat_memory`"),
        ("CombinedMemory(memories=[])", "a history of its own"),
        ("InMemoryChatMessageHistory()", "outside a get-or-create"),
        ("MyMemory()", "`MyMemory` is not a buffer or window memory"),
        ("classes[0]()", "comes from is not known"),
    ],
)
def test_what_is_no_plain_buffer_is_refused(refused: Callable[..., str], call: str, reason: str) -> None:
    """
    Memories whose state is not only in `chat_memory`, and calls that hide their arguments.
    """
    before = "from langchain.memory import *\n" + handler(f"    return {call}\n")

    assert reason in refused(before, call, "chat-memory", key="user_id")


@pytest.mark.parametrize(
    ("signature", "body", "key", "reason"),
    [
        ("def chat(text):", "", "user_id", "`user_id` is not bound at this place"),
        ("def chat(text):", "", "", "no session key is known"),
        ("def chat(text):", "", "user_id +", "is not an expression"),
        ("def chat(text):", "", "*ids", "is not an expression"),
        ("def chat(text):", "", '"default"', "is the same for everyone"),
        ("def chat(user_id=None):", "", "user_id", "`user_id` may be missing here"),
        ('def chat(user_id=""):', "", "user_id", "`user_id` may be missing here"),
        ("def chat(user_id: str | None):", "", "user_id", "`user_id` may be missing here"),
        ("def chat(user_id: Optional[str] = Header(None)):", "", "user_id", "`user_id` may be missing here"),
        (
            "def chat(user_id: Optional[str] = Query(default=None)):",
            "",
            "user_id",
            "`user_id` may be missing here",
        ),
    ],
)
def test_a_key_that_may_not_be_there_is_refused(
    refused: Callable[..., str], signature: str, body: str, key: str, reason: str
) -> None:
    """
    The key must be bound, differ from user to user, and not be None.
    """
    before = HEAD + handler(f"{body}    return ConversationBufferMemory()\n", signature)

    assert reason in refused(before, "ConversationBufferMemory()", "chat-memory", key=key)


@pytest.mark.parametrize(
    "body",
    [
        "    if not user_id:\n        raise ValueError\n",
        "    user_id = user_id or new_id()\n",
        "    assert user_id is not None\n",
    ],
)
def test_an_optional_key_that_was_looked_at_is_taken(fixed: Callable[..., str], body: str) -> None:
    """
    Once the code has said what happens without an id, the id may name the conversation.
    """
    before = HEAD + handler(f"{body}    return ConversationBufferMemory()\n", "def chat(user_id=None):")

    assert "chat_history(user_id)" in fixed(
        before, "ConversationBufferMemory()", "chat-memory", key="user_id"
    )


def test_a_key_that_is_bound_later_is_refused(refused: Callable[..., str]) -> None:
    """
    A local variable means nothing before its assignment.
    """
    before = HEAD + handler(
        "    memory = ConversationBufferMemory()\n    user_id = who()\n    return memory\n", "def chat():"
    )

    assert (
        refused(before, "ConversationBufferMemory()", "chat-memory", key="user_id")
        == "`user_id` is not bound at this place"
    )


@pytest.mark.parametrize(
    ("before", "key"),
    [
        ("def chat(ids):\n    return [ConversationBufferMemory() for user_id in ids]\n", "user_id"),
        ("make = lambda user_id: ConversationBufferMemory()\n", "user_id"),
        (
            "def outer(user_id):\n    def inner():\n        return ConversationBufferMemory()\n    return inner\n",
            "user_id",
        ),
        ("def chat(ids):\n    for user_id in ids:\n        yield ConversationBufferMemory()\n", "user_id"),
        (
            "def chat(r):\n    with open(r) as user_id:\n        return ConversationBufferMemory()\n",
            "user_id",
        ),
        ("def chat():\n    if (user_id := who()):\n        return ConversationBufferMemory()\n", "user_id"),
        ("class Bot:\n    def chat(self):\n        return ConversationBufferMemory()\n", "self.user_id"),
        ("from flask import session\ndef chat():\n    return ConversationBufferMemory()\n", 'session["id"]'),
        (
            "def chat(r):\n    match r:\n        case {'id': user_id}:\n"
            "            return ConversationBufferMemory()\n",
            "user_id",
        ),
    ],
)
def test_names_are_found_in_every_scope(fixed: Callable[..., str], before: str, key: str) -> None:
    """
    Comprehensions, lambdas, closures, loops, `with`, walrus, methods, imports and captures bind names too.
    """
    after = fixed(HEAD + before, "ConversationBufferMemory()", "chat-memory", key=key)

    assert f"chat_memory=chat_history({key})" in after


@pytest.mark.parametrize(
    "change",
    [
        "memory.chat_memory.messages.append(x)",
        "del memory.chat_memory.messages[0]",
        "history.messages[0] = x",
    ],
)
def test_messages_changed_in_place_are_refused(refused: Callable[..., str], change: str) -> None:
    """
    A stored history gives out a copy of its messages: a change of the copy would be lost in silence.
    """
    before = HEAD + handler(f"    memory = ConversationBufferMemory()\n    {change}\n    return memory\n")

    assert "in place" in refused(before, "ConversationBufferMemory()", "chat-memory", key="user_id")


@pytest.mark.parametrize(
    "change", ["st.session_state.messages.append(x)", "state['messages'].append(x)", "self.messages.clear()"]
)
def test_other_lists_of_messages_do_not_matter(fixed: Callable[..., str], change: str) -> None:
    """
    Streamlit's, a graph's or an object's own list is no history.
    """
    before = HEAD + handler(f"    {change}\n    return ConversationBufferMemory()\n")

    assert "chat_memory=" in fixed(before, "ConversationBufferMemory()", "chat-memory", key="user_id")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "    memory = ConversationBufferMemory()\n    for m in load(user_id):\n"
            "        memory.chat_memory.add_message(m)\n    return memory\n",
            id="in-a-loop",
        ),
        pytest.param(
            "    if user_id not in store:\n        memory = ConversationBufferMemory()\n"
            "        store[user_id] = memory\n        load_chat_history(user_id)\n    return store[user_id]\n",
            id="where-it-is-created",
        ),
        pytest.param(
            "    if user_id not in store:\n        store[user_id] = ConversationBufferMemory()\n"
            "        await fill(store[user_id])\n    return store[user_id]\n",
            id="awaited",
        ),
    ],
)
def test_memories_that_are_filled_when_they_are_built_are_refused(
    refused: Callable[..., str], body: str
) -> None:
    """
    A shared history keeps its messages: filling it again with each new process would double them.
    """
    before = HEAD + handler(body, "async def chat(user_id):")

    assert "would get those twice" in refused(
        before, "ConversationBufferMemory()", "chat-memory", key="user_id"
    )


@pytest.mark.parametrize(
    "body",
    [
        "    memory = ConversationBufferMemory()\n    memory.save_context(a, b)\n    return memory\n",
        "    if user_id not in store:\n        store[user_id] = ConversationBufferMemory()\n"
        '        logger.info("new conversation")\n    return store[user_id]\n',
        "    for m in load(user_id):\n        log.add_message(m)\n    return ConversationBufferMemory()\n",
        "    memory = ConversationBufferMemory()\n    for m in run(memory):\n        print(m)\n",
    ],
)
def test_saving_a_turn_is_not_filling(fixed: Callable[..., str], body: str) -> None:
    """
    `save_context` after the answer is what memories are for.
    """
    after = fixed(HEAD + handler(body), "ConversationBufferMemory()", "chat-memory", key="user_id")

    assert "chat_memory=chat_history(user_id)" in after


def test_a_class_of_that_name_from_elsewhere_is_refused(refused: Callable[..., str]) -> None:
    """
    The project's own class may be anything.
    """
    before = "from app.memory import ConversationBufferMemory\n" + handler(
        "    return ConversationBufferMemory()\n"
    )

    assert "is not known" in refused(before, "ConversationBufferMemory()", "chat-memory", key="user_id")


def test_a_class_of_that_name_in_the_file_is_refused(refused: Callable[..., str]) -> None:
    """
    A name alone proves nothing.
    """
    before = "class ConversationBufferMemory:\n    pass\n" + handler(
        "    return ConversationBufferMemory()\n"
    )

    assert "is not known" in refused(before, "ConversationBufferMemory()", "chat-memory", key="user_id")


def test_the_linker_may_know_the_class(fixed: Callable[..., str]) -> None:
    """
    A re-export by the project is LangChain's class.
    """
    before = "from app.compat import Memory\n" + handler("    return Memory()\n")

    after = fixed(
        before, "Memory()", "chat-memory", key="user_id", class_="langchain.memory.ConversationBufferMemory"
    )

    assert "Memory(chat_memory=chat_history(user_id))" in after


def test_the_generated_import_is_not_doubled(fixed: Callable[..., str]) -> None:
    """
    Two sites in one file share one import.
    """
    before = (
        HEAD
        + handler("    return ConversationBufferMemory()\n")
        + handler("    return ConversationBufferMemory()\n")
    )

    after = fixed(before, "ConversationBufferMemory()", "chat-memory", key="user_id")

    assert after.count("import chat_history") == 1
    assert after.count("chat_memory=chat_history(user_id)") == 2


def test_a_place_that_has_changed_is_refused(refused: Callable[..., str]) -> None:
    """
    A request whose span is no call says so.
    """
    before = HEAD + handler("    memory = 1\n")

    assert (
        refused(before, "memory", "chat-memory", key="user_id") == "there is no call at this place any more"
    )


def test_an_unknown_kind_is_refused(refused: Callable[..., str]) -> None:
    """
    A request of a newer linter costs nothing.
    """
    assert refused("x()\n", "x()", "levitate") == "no fix of the kind `levitate` exists"


def test_an_unsafe_request_waits_for_permission(refused: Callable[..., str]) -> None:
    """
    Without --unsafe-fixes the reason says what is missing.
    """
    before = HEAD + handler("    return ConversationBufferMemory()\n", "def chat(text):")

    assert "--unsafe-fixes" in refused(
        before, "ConversationBufferMemory()", "session-parameter", unsafe=False
    )
