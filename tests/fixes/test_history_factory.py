"""``history-factory``: get-or-create over a dict, in the shapes that people write, before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst
import pytest

if TYPE_CHECKING:
    from tests.fixes.conftest import Project, Repaired

NEW = "InMemoryChatMessageHistory()"
IMPORTS = "from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory\n"
IMPORTS_AFTER = (
    "from langchain_core.chat_history import BaseChatMessageHistory\n"
    "\nfrom shared_history import chat_history\n"
)
SIGNATURE = "\n\ndef get_history(session_id: str) -> BaseChatMessageHistory:\n"


def module(body: str, store: str = "\nstore = {}\n", signature: str = SIGNATURE) -> str:
    return IMPORTS + store + signature + body


PARTIAL = (
    "    if session_id not in store:\n        fresh = InMemoryChatMessageHistory()\n"
    "        store[session_id] = fresh\n    history = store[session_id]\n"
)


def test_a_name_that_only_one_way_binds_is_refused(refused: Callable[..., str]) -> None:
    """
    Later code of the function counts on it.
    """
    body = f"{PARTIAL}    log(fresh)\n    return history\n"

    assert "`fresh` is bound in only one of the ways" in refused(module(body), NEW, "history-factory")


def test_another_function_may_use_such_a_name(fixed: Callable[..., str]) -> None:
    """
    It is another variable there.
    """
    other = "\n\ndef other(fresh):\n    return fresh\n"
    body = f"{PARTIAL}    log(history)\n    return history\n{other}"

    assert "chat_history(session_id)" in fixed(module(body), NEW, "history-factory")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "    if session_id not in store:\n"
            "        store[session_id] = InMemoryChatMessageHistory()\n"
            "    return store[session_id]\n",
            id="not-in",
        ),
        pytest.param(
            "    if not session_id in store:\n"
            "        store[session_id] = InMemoryChatMessageHistory()\n"
            "    return store[session_id]\n",
            id="not-x-in",
        ),
        pytest.param(
            "    if session_id not in store.keys():\n"
            "        store[session_id] = InMemoryChatMessageHistory()\n"
            "    return store.get(session_id)\n",
            id="keys",
        ),
        pytest.param(
            "    return store.setdefault(session_id, InMemoryChatMessageHistory())\n", id="setdefault"
        ),
        pytest.param(
            "    history = store.setdefault(session_id, InMemoryChatMessageHistory())\n    return history\n",
            id="setdefault-and-name",
        ),
        pytest.param(
            "    store.setdefault(session_id, InMemoryChatMessageHistory())\n    return store[session_id]\n",
            id="setdefault-alone",
        ),
        pytest.param(
            "    try:\n        return store[session_id]\n    except KeyError:\n"
            "        store[session_id] = InMemoryChatMessageHistory()\n        return store[session_id]\n",
            id="key-error",
        ),
        pytest.param(
            "    try:\n        history = store[session_id]\n    except KeyError:\n"
            "        history = store[session_id] = InMemoryChatMessageHistory()\n    return history\n",
            id="key-error-and-name",
        ),
        pytest.param(
            "    history = store.get(session_id)\n    if history is None:\n"
            "        history = InMemoryChatMessageHistory()\n        store[session_id] = history\n"
            "    return history\n",
            id="get-is-none",
        ),
        pytest.param(
            "    history = store.get(session_id, None)\n    if not history:\n"
            "        history = InMemoryChatMessageHistory()\n        store[session_id] = history\n"
            "    return history\n",
            id="get-not",
        ),
        pytest.param(
            "    if (history := store.get(session_id)) is None:\n"
            "        history = store[session_id] = InMemoryChatMessageHistory()\n    return history\n",
            id="walrus",
        ),
        pytest.param(
            "    if session_id in store:\n        return store[session_id]\n"
            "    history = InMemoryChatMessageHistory()\n    store[session_id] = history\n    return history\n",
            id="early-return",
        ),
        pytest.param(
            "    if session_id in store:\n        history = store[session_id]\n    else:\n"
            "        history = InMemoryChatMessageHistory()\n        store[session_id] = history\n"
            "    return history\n",
            id="else",
        ),
        pytest.param(
            "    if session_id in store:\n        return store[session_id]\n    else:\n"
            "        store[session_id] = InMemoryChatMessageHistory()\n        return store[session_id]\n",
            id="two-returns",
        ),
        pytest.param(
            "    if store.get(session_id) is None:\n"
            "        store[session_id] = InMemoryChatMessageHistory()\n    return store[session_id]\n",
            id="get-in-the-test",
        ),
    ],
)
def test_every_shape_becomes_one_return(fixed: Callable[..., str], body: str) -> None:
    """
    The function stays with its signature, the dict and the unused import go.
    """
    expected = IMPORTS_AFTER + SIGNATURE + "    return chat_history(session_id)\n"
    cst.parse_module(expected)

    assert expected == fixed(module(body), NEW, "history-factory", container="store", container_unused="yes")


BODY = (
    "    if session_id not in store:\n"
    "        store[session_id] = InMemoryChatMessageHistory()\n"
    "    return store[session_id]\n"
)


@pytest.mark.parametrize(
    "definition",
    [
        "store: dict[str, BaseChatMessageHistory] = {}",
        "store = dict()",
        "store: Dict[str, InMemoryChatMessageHistory] = {}",
    ],
)
def test_the_definition_goes_with_what_only_it_used(fixed: Callable[..., str], definition: str) -> None:
    """
    The dict's own type hints may have needed an import; that goes as well.
    """
    before = "from typing import Dict\n\n" + module(BODY, f"\n{definition}\n")

    after = fixed(before, NEW, "history-factory", container_unused="yes")

    assert "store" not in after.replace("session_id", "")
    assert ("typing" in after) == ("Dict" not in definition)


def test_blank_lines_do_not_pile_up(fixed: Callable[..., str]) -> None:
    """
    Where the dict stood between two blank lines and two more, two stay.
    """
    before = IMPORTS + "\nllm = make()\n\n\nstore = {}\n" + SIGNATURE + BODY

    after = fixed(before, NEW, "history-factory", container_unused="yes")

    assert after == IMPORTS_AFTER + "\nllm = make()\n" + SIGNATURE + "    return chat_history(session_id)\n"


@pytest.mark.parametrize(
    "definition",
    [
        "# conversations by session\nstore = {}",
        "store = {}  # conversations by session",
        "store = {}; other = 1",
        'store = {}\n__all__ = ["store", "get_history"]',
    ],
)
def test_a_definition_with_a_comment_or_company_stays(fixed: Callable[..., str], definition: str) -> None:
    """
    What cannot go without losing something stays, unused.
    """
    after = fixed(module(BODY, f"\n{definition}\n"), NEW, "history-factory", container_unused="yes")

    assert definition in after
    assert "    return chat_history(session_id)\n" in after


@pytest.mark.parametrize("unused", ["", "maybe"])
def test_without_knowledge_of_other_files_the_definition_stays(
    fixed: Callable[..., str], unused: str
) -> None:
    """
    Only the linker can say that no other file imports the dict.
    """
    assert "store = {}\n" in fixed(module(BODY), NEW, "history-factory", container_unused=unused)


def test_a_name_that_another_file_imports_stays(project: Project, fixed: Callable[..., str]) -> None:
    """
    `from app import InMemoryChatMessageHistory` elsewhere keeps the import that the edit leaves unused here.
    """
    project.put("other.py", "from app import InMemoryChatMessageHistory\n")

    assert IMPORTS in fixed(module(BODY), NEW, "history-factory", container_unused="yes")


def test_docstring_decorators_and_comments_stay(fixed: Callable[..., str]) -> None:
    """
    Comments inside the get-or-create move above the line that takes its place.
    """
    before = (
        "# sessions of the support bot\n" + IMPORTS + "\nstore = {}\n"
        "\n\n@traced  # costs nothing\ndef get_history(session_id: str) -> BaseChatMessageHistory:\n"
        '    """The history of one session."""\n'
        "    # first time?\n"
        "    if session_id not in store:  # pragma: no cover\n"
        "        # then make one\n"
        f"        store[session_id] = {NEW}\n"
        "    return store[session_id]  # never None\n"
    )
    expected = (
        "# sessions of the support bot\n" + IMPORTS_AFTER + "\n\n@traced  # costs nothing\n"
        "def get_history(session_id: str) -> BaseChatMessageHistory:\n"
        '    """The history of one session."""\n'
        "    # first time?\n"
        "    # pragma: no cover\n"
        "    # then make one\n"
        "    return chat_history(session_id)  # never None\n"
    )
    cst.parse_module(expected)

    assert expected == fixed(before, NEW, "history-factory", container_unused="yes")


@pytest.mark.parametrize(
    ("signature", "body", "expected"),
    [
        pytest.param(
            "class Bot:\n    def history(self, session_id):\n",
            "        if session_id not in self.store:\n            self.store[session_id] = NEW\n"
            "        return self.store[session_id]\n",
            "        return chat_history(session_id)\n",
            id="method",
        ),
        pytest.param(
            "def get(user_id, chat_id):\n",
            "    if (user_id, chat_id) not in store:\n        store[(user_id, chat_id)] = NEW\n"
            "    return store[user_id, chat_id]\n",
            "    return chat_history(user_id, chat_id)\n",
            id="two-ids",
        ),
        pytest.param(
            "async def get(session_id):\n",
            "    if session_id not in store:\n        store[session_id] = NEW\n    return store[session_id]\n",
            "    return chat_history(session_id)\n",
            id="async",
        ),
        pytest.param(
            "def get(session_id):\n",
            "    log(session_id)\n    if session_id not in store:\n        store[session_id] = NEW\n"
            "    history = store[session_id]\n    return Chain(history)\n",
            "    log(session_id)\n    history = chat_history(session_id)\n    return Chain(history)\n",
            id="in-the-middle-of-a-handler",
        ),
        pytest.param(
            "def get(request):\n",
            "    if request.session_id not in store:\n        store[request.session_id] = NEW\n"
            "    store[request.session_id].add_user_message(request.text)\n"
            "    return llm.invoke(store[request.session_id].messages)\n",
            "    history = chat_history(request.session_id)\n    history.add_user_message(request.text)\n"
            "    return llm.invoke(history.messages)\n",
            id="read-by-key-afterwards",
        ),
        pytest.param(
            "def get(session_id):\n",
            "    with lock:\n        if session_id not in store:\n            store[session_id] = NEW\n"
            "        return store[session_id]\n",
            "    with lock:\n        return chat_history(session_id)\n",
            id="under-a-lock",
        ),
        pytest.param(
            "def get(session_id):\n",
            "    def inner(session_id):\n        if session_id not in store:\n            store[session_id] = NEW\n"
            "        return store[session_id]\n    return Chain(inner)\n",
            "    def inner(session_id):\n        return chat_history(session_id)\n    return Chain(inner)\n",
            id="nested-function",
        ),
        pytest.param(
            "def get(session_id):\n",
            '    key = f"chat:{session_id}"\n    if key not in store:\n        store[key] = NEW\n'
            "    return store[key]\n",
            '    key = f"chat:{session_id}"\n    return chat_history(key)\n',
            id="computed-key",
        ),
        pytest.param(
            "def get(session_id):\n",
            "    if 'chat:' + session_id not in store:\n        store[\"chat:\" + session_id] = NEW\n"
            "    return store['chat:'  +  session_id]\n",
            '    return chat_history("chat:" + session_id)\n',
            id="key-written-in-two-ways",
        ),
    ],
)
def test_places(fixed: Callable[..., str], signature: str, body: str, expected: str) -> None:
    """
    Methods, handlers, locks, several ids: the rest of the function is not touched.
    """
    head = "from langchain_core.chat_history import InMemoryChatMessageHistory\n\n\n"

    after = fixed(head + signature + body.replace("NEW", NEW), NEW, "history-factory")

    assert after == "from shared_history import chat_history\n\n\n" + signature + expected or after.endswith(
        "from shared_history import chat_history\n\n\n" + signature + expected
    )


def test_two_functions_over_one_dict(fixed: Callable[..., str]) -> None:
    """
    Both are rewritten together, and then the dict has no use left.
    """
    before = module(BODY) + "\n\ndef history_of(session_id):\n" + BODY

    after = fixed(before, NEW, "history-factory", container_unused="yes")

    assert after.count("    return chat_history(session_id)\n") == 2
    assert "store" not in after.replace("shared_history", "")


@pytest.mark.parametrize(
    "making",
    ["defaultdict(InMemoryChatMessageHistory)", "defaultdict(lambda: InMemoryChatMessageHistory())"],
)
def test_a_defaultdict(fixed: Callable[..., str], making: str) -> None:
    """
    Every read by key becomes a call.
    """
    before = "from collections import defaultdict\n\n" + module(
        "    return store[session_id]\n", f"\nstore = {making}\n"
    )

    after = fixed(before, making, "history-factory", container_unused="yes")

    assert after == IMPORTS_AFTER + SIGNATURE + "    return chat_history(session_id)\n"


def test_a_history_class_of_the_file_itself(fixed: Callable[..., str]) -> None:
    """
    A class that is nothing but a list of messages is replaced like the library's.
    """
    before = (
        (
            "from langchain_core.chat_history import BaseChatMessageHistory\n\n\n"
            "class Mine(BaseChatMessageHistory, BaseModel):\n"
            "    messages: list = Field(default_factory=list)\n\n"
            "    def add_messages(self, messages):\n        self.messages.extend(messages)\n\n"
            "    def clear(self):\n        self.messages = []\n"
        )
        + SIGNATURE
        + BODY.replace("InMemoryChatMessageHistory", "Mine")
    )

    assert "    return chat_history(session_id)\n" in fixed(before, "Mine()", "history-factory")


MEMORY = "from langchain.memory import ConversationBufferMemory\n"


def test_a_memory_is_built_around_the_shared_history(fixed: Callable[..., str]) -> None:
    """
    A buffer memory keeps nothing itself, so it needs no dict.
    """
    before = (
        MEMORY + "\nstore = {}\n\n\ndef get_memory(session_id):\n    if session_id not in store:\n"
        "        store[session_id] = ConversationBufferMemory(k=3)\n    return store[session_id]\n"
    )
    expected = (
        MEMORY + "\nfrom shared_history import chat_history\n\n\ndef get_memory(session_id):\n"
        "    return ConversationBufferMemory(k=3, chat_memory=chat_history(session_id))\n"
    )

    code = "ConversationBufferMemory(k=3)"
    assert expected == fixed(before, code, "history-factory", container_unused="yes")


@pytest.mark.parametrize(
    "rest",
    ["\n\ndef names():\n    return sorted(store)\n", "\n\ndef count():\n    return len(store)\n"],
)
def test_memories_in_a_dict_with_other_uses_stay_in_it(fixed: Callable[..., str], rest: str) -> None:
    """
    Then only `chat_memory=` is added.
    """
    before = (
        MEMORY + "\nstore = {}\n\n\ndef get_memory(session_id):\n    if session_id not in store:\n"
        "        store[session_id] = ConversationBufferMemory()\n    return store[session_id]\n" + rest
    )

    after = fixed(before, "ConversationBufferMemory()", "history-factory", container_unused="yes")

    assert (
        "        store[session_id] = ConversationBufferMemory(chat_memory=chat_history(session_id))\n"
        in after
    )
    assert "store = {}" in after


def test_a_memory_kept_with_other_things(fixed: Callable[..., str]) -> None:
    """
    A dict of chains and memories stays as it is.
    """
    before = (
        MEMORY + "\n\ndef get(session_id):\n    if session_id not in store:\n"
        "        memory = ConversationBufferMemory()\n"
        "        store[session_id] = Chain(llm, memory)\n    return store[session_id]\n"
    )

    after = fixed(before, "ConversationBufferMemory()", "history-factory", key="session_id")

    assert "        memory = ConversationBufferMemory(chat_memory=chat_history(session_id))\n" in after
    assert "        store[session_id] = Chain(llm, memory)\n" in after


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(
            "    if session_id not in store:\n        store[session_id] = NEW\n        log(session_id)\n"
            "    return store[session_id]\n",
            "does more than to get or create",
            id="logs-too",
        ),
        pytest.param(
            "    if session_id not in store:\n        store[session_id] = NEW\n"
            "        store[session_id].add_message(SYSTEM)\n    return store[session_id]\n",
            "does more than to get or create",
            id="seeded-with-a-message",
        ),
        pytest.param(
            "    if len(store) > 100:\n        store.clear()\n"
            "    if session_id not in store:\n        store[session_id] = NEW\n    return store[session_id]\n",
            "`store` is also used on line",
            id="bounded",
        ),
        pytest.param(
            "    store[session_id] = NEW\n    return store[session_id]\n", "does more than", id="always-new"
        ),
        pytest.param(
            "    if session_id in store:\n        store[session_id] = NEW\n    return store[session_id]\n",
            "does more than",
            id="the-wrong-way-round",
        ),
        pytest.param(
            "    if session_id not in store:\n        store[session_id] = NEW\n    return store[other]\n",
            "read elsewhere",
            id="another-key-is-returned",
        ),
        pytest.param(
            "    if session_id not in other:\n        store[session_id] = NEW\n    return store[session_id]\n",
            "does more than",
            id="another-dict-is-tested",
        ),
        pytest.param(
            "    if session_id not in store:\n        store[session_id] = NEW\n    return None\n",
            "read elsewhere",
            id="only-filled",
        ),
        pytest.param(
            "    if session_id not in store:\n        store[session_id] = cache.last = NEW\n"
            "    return store[session_id]\n",
            "does more than",
            id="kept-elsewhere-too",
        ),
        pytest.param("    return NEW\n", "is not kept in a dict by a key", id="no-dict"),
        pytest.param(
            '    if "all" not in store:\n        store["all"] = NEW\n    return store["all"]\n',
            "is the same for everyone",
            id="constant-key",
        ),
        pytest.param(
            "    if session_id not in stores()[0]:\n        stores()[0][session_id] = NEW\n"
            "    return stores()[0][session_id]\n",
            "has no plain name",
            id="no-plain-dict",
        ),
        pytest.param(
            "    if session_id not in store:\n        store[session_id] = NEW\n"
            "    history = store[session_id]\n    history.messages.pop(0)\n    return history\n",
            "changes `history.messages` in place",
            id="messages-popped",
        ),
    ],
)
def test_what_does_more_is_refused(refused: Callable[..., str], body: str, reason: str) -> None:
    """
    Whatever the dict does beyond get-or-create would be lost.
    """
    assert reason in refused(module(body.replace("NEW", NEW)), NEW, "history-factory", container_unused="yes")


@pytest.mark.parametrize(
    "rest",
    [
        "\n\ndef sessions():\n    return list(store)\n",
        "\n\nstore['admin'] = 1\n",
        "\n\nkeep(store)\n",
    ],
)
def test_other_uses_of_the_dict_are_refused(refused: Callable[..., str], rest: str) -> None:
    """
    Code that deletes or counts sessions would find an empty dict.
    """
    reason = refused(module(BODY) + rest, NEW, "history-factory", container_unused="yes")

    assert "`store` is also used on line" in reason


def test_uses_in_other_files_are_refused(refused: Callable[..., str]) -> None:
    """
    The linker knows them.
    """
    assert (
        refused(module(BODY), NEW, "history-factory", container_unused="no") == "other files use `store` too"
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("InMemoryChatMessageHistory(messages=old)", "is built with arguments"),
        ("Redis()", "is not known to be a plain chat history"),
        ("defaultdict(list)", "is not a plain chat history"),
        ("ConversationSummaryMemory(llm=llm)", "its summary lives in the Python object"),
    ],
)
def test_other_things_in_the_dict_are_refused(refused: Callable[..., str], code: str, reason: str) -> None:
    """
    Only plain histories in memory have the same meaning when they are shared.
    """
    assert reason in refused(module(BODY.replace(NEW, code)), code, "history-factory", container_unused="yes")


def test_a_container_that_is_not_the_linkers_is_refused(refused: Callable[..., str]) -> None:
    """
    When code and request disagree, nothing is done.
    """
    assert "not `cache`" in refused(module(BODY), NEW, "history-factory", container="cache")


def test_a_history_class_that_can_more_is_refused(refused: Callable[..., str]) -> None:
    """
    `get_summary` would be missing on the shared history.
    """
    before = (
        "class Mine(BaseChatMessageHistory):\n    def add_messages(self, messages):\n        ...\n\n"
        "    def get_summary(self):\n        ...\n"
        + SIGNATURE
        + BODY.replace("InMemoryChatMessageHistory", "Mine")
    )

    assert "is not known to be a plain chat history" in refused(before, "Mine()", "history-factory")


def test_an_optional_id_is_refused(refused: Callable[..., str]) -> None:
    """
    One history for all without an id was a leak; the shared one would raise.
    """
    before = module(BODY, signature="\n\ndef get_history(session_id: str | None = None):\n")

    assert "may be missing here" in refused(before, NEW, "history-factory", container_unused="yes")


DEFAULTS = (
    "from collections import defaultdict\n\nfrom fastapi import FastAPI\n"
    "from langchain_core.chat_history import InMemoryChatMessageHistory\nfrom models import model\n\n"
    "app = FastAPI()\nhistories = defaultdict(InMemoryChatMessageHistory)\n"
    "\n\n@app.post('/chat/{session_id}')\ndef chat(session_id: str, text: str) -> str:\n"
    "    history = histories[session_id]\n    history.add_user_message(text)\n"
    "    return model.invoke(history.messages).content\n"
)


def test_what_a_defaultdict_makes_is_found_and_mended(repaired: Callable[..., Repaired]) -> None:
    """
    The linter asks for the repair of the class that is handed over.
    """
    done = repaired({"app.py": DEFAULTS}, unsafe=False)

    assert "    history = chat_history(session_id)\n" in done.texts["app.py"]
    assert "defaultdict" not in done.texts["app.py"]


@pytest.mark.parametrize(
    ("more", "other"),
    [
        ("\n\n@app.get('/')\ndef count() -> int:\n    return len(histories)\n", ""),
        ("", "from app import histories\n\nprint(histories)\n"),
    ],
    ids=["counted", "imported"],
)
def test_a_defaultdict_with_other_uses_stays(
    repaired: Callable[..., Repaired], more: str, other: str
) -> None:
    """
    In the file or in another one.
    """
    done = repaired({"app.py": DEFAULTS + more, "other.py": other})

    assert done.texts == {}
    assert "histories" in done.reasons["LCM102"]


def test_the_base_class_may_be_imported_already(fixed: Callable[..., str]) -> None:
    """
    Other code that names it does not keep an annotation from becoming it.
    """
    other = "\n\ndef show(history: BaseChatMessageHistory) -> None:\n    print(history)\n"
    signature = SIGNATURE.replace("-> BaseChatMessageHistory", "-> InMemoryChatMessageHistory")

    after = fixed(module(BODY, signature=signature) + other, NEW, "history-factory", container_unused="yes")

    assert f"{SIGNATURE}    return chat_history(session_id)\n{other}" in after
    assert "InMemory" not in after


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_definition_whose_name_stands_in_a_text_stays(fixed: Callable[..., str], quote: str) -> None:
    """
    `__all__` and `patch` name it so.
    """
    names = f"\n__all__ = [{quote}store{quote}]\nstore = {{}}\n"

    assert "store = {}\n" in fixed(module(BODY, names), NEW, "history-factory", container_unused="yes")


@pytest.mark.parametrize("value", ["load()", "{'a': 1}"])
def test_a_dict_that_begins_with_something_is_refused(refused: Callable[..., str], value: str) -> None:
    """
    An annotation does not make it empty.
    """
    text = module(BODY, f"\nstore: dict = {value}\n")

    assert "is also used on line 3" in refused(text, NEW, "history-factory", container_unused="yes")


def test_a_key_that_is_only_in_scope_is_a_guess(project: Project) -> None:
    """
    The key that the code itself keeps a memory under needs no `--unsafe-fixes`.
    """
    head = "from langchain.memory import ConversationBufferMemory\n\nmemories = {}\n"
    code = "ConversationBufferMemory()"
    project.put(
        "own.py",
        f"{head}\n\ndef get(user_id):\n    if user_id not in memories:\n        memories[user_id] = {code}\n"
        "    return len(memories)\n",
    )
    project.put(
        "guessed.py", f"{head}\n\ndef get(user_id):\n    memories['all'] = {code}\n    return len(memories)\n"
    )
    project.fault(code, "history-factory", key="user_id")

    result = project.fix()

    assert [one.path for one in result.changed if one.old is not None] == ["own.py"]
    assert [one.reason for one in result.refused if one.path == "guessed.py"] == [
        "the key in scope is taken for that of the conversation: it needs --unsafe-fixes"
    ]


@pytest.mark.parametrize(
    "empty", ["dict()", "OrderedDict()", "WeakValueDictionary()", "weakref.WeakValueDictionary()"]
)
def test_every_empty_dict_goes(fixed: Callable[..., str], empty: str) -> None:
    """
    However it is made.
    """
    assert "store" not in fixed(
        module(BODY, f"\nstore = {empty}\n"), NEW, "history-factory", container_unused="yes"
    )


def test_a_memory_over_several_lines_stays_in_its_dict(fixed: Callable[..., str]) -> None:
    """
    It gets the shared history, and the code around it stays as it is.
    """
    code = "ConversationBufferMemory(\n            memory_key='past',\n        )"
    before = (
        "from langchain.memory import ConversationBufferMemory\n\nstore = {}\n\n\ndef get(user_id):\n"
        f"    if user_id not in store:\n        store[user_id] = {code}\n    return store[user_id]\n"
    )

    after = fixed(before, code, "history-factory", container_unused="yes")

    assert "    if user_id not in store:\n" in after
    assert "            memory_key='past',\n            chat_memory=chat_history(user_id),\n" in after
