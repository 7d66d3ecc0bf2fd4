"""How long a memory lives, what keeps its content, and how its owner uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.link.memory import Memory
from lcmemlint.link.project import Project

if TYPE_CHECKING:
    from tests.link.conftest import Link, Linked

HEAD = """
import os, functools
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory, CombinedMemory
from langchain_community.chat_message_histories import (
    ChatMessageHistory, FileChatMessageHistory, RedisChatMessageHistory, SQLChatMessageHistory,
)
from elsewhere import anything

app = FastAPI()
"""


def in_handler(linked: Link, lines: str, above: str = "") -> Linked:
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return linked(
        {"app.py": f"{HEAD}\n{above}\n\n@app.post('/chat')\ndef chat(user: str, text: str):\n{body}"}
    )


@pytest.mark.parametrize(
    ("given", "storage"),
    [
        ("", "process"),
        ("chat_memory=ChatMessageHistory()", "process"),
        ("chat_memory=RedisChatMessageHistory(user, url='redis://h')", "shared"),
        ("chat_memory=FileChatMessageHistory('f')", "host"),
        ("chat_memory=anything(user)", "unknown"),
        ("chat_memory=None", "process"),
        ("**anything", "unknown"),
        ("chat_memory=RedisChatMessageHistory(user, url='redis://h') if text else ChatMessageHistory()", "unknown"),
        ("chat_memory=RedisChatMessageHistory(user, url='a') if text else RedisChatMessageHistory(user, url='b')",
         "shared"),
        ("chat_memory=FileChatMessageHistory('f') if text else FileChatMessageHistory('g')", "host"),
        ("chat_memory=RedisChatMessageHistory(user, url='a') if text else anything", "unknown"),
        ("chat_memory=SQLChatMessageHistory(user, connection='sqlite:///chat.db')", "host"),
        ("chat_memory=SQLChatMessageHistory(user, connection='sqlite://')", "process"),
        ("chat_memory=SQLChatMessageHistory(user, connection='sqlite:///:memory:')", "process"),
        ("chat_memory=SQLChatMessageHistory(user, connection='postgresql://h/chat')", "shared"),
        ("chat_memory=SQLChatMessageHistory(user, connection=f'postgresql://{text}/chat')", "shared"),
        ("chat_memory=SQLChatMessageHistory(user, connection='sqlite:///' + text)", "host"),
        ("chat_memory=SQLChatMessageHistory(user, connection=anything)", "unknown"),
        ("chat_memory=SQLChatMessageHistory(user, connection=os.getenv('URL', 'sqlite:///chat.db'))", "unknown"),
    ],
)  # fmt: skip
def test_what_keeps_the_content(given: str, storage: str, linked: Link) -> None:
    """
    Its history's store; several of one kind are one, of two kinds nobody knows.
    """
    found = in_handler(
        linked, f"memory = ConversationBufferMemory({given})\nreturn ConversationChain(memory=memory)"
    )

    assert found.memory("ConversationBufferMemory").storage == storage


@pytest.mark.parametrize(
    ("above", "lines", "fate"),
    [
        ("", "return ConversationChain(memory=ConversationBufferMemory())", "request"),
        ("memory = ConversationBufferMemory()", "return ConversationChain(memory=memory)", "worker"),
        ("kept = {}", "kept[user] = ConversationBufferMemory()\nreturn kept[user]", "worker, keyed"),
        ("kept = {}", "kept['all'] = ConversationBufferMemory()\nreturn kept['all']", "worker"),
        ("kept = []", "kept.append(ConversationBufferMemory())\nreturn kept[0]", "worker"),
        ("", "app.state[user] = ConversationBufferMemory()\nreturn app.state[user]", "worker, keyed"),
        ("", "kept = {}\nkept[user] = ConversationBufferMemory()\nreturn kept[user]", "request, keyed"),
        ("@functools.cache\ndef made():\n    return ConversationBufferMemory()", "return made()", "worker"),
        ("@functools.cache\ndef made(user):\n    return ConversationBufferMemory()", "return made(user)",
         "worker, keyed"),
        ("@functools.lru_cache(maxsize=9)\ndef made(user):\n    return ConversationBufferMemory()", "return made(user)",
         "worker, keyed"),
        ("if __name__ == '__main__':\n    anything()\n\ndef made(kept=[]):\n"
         "    kept.append(ConversationBufferMemory())\n    return kept[0]", "return made()", "worker"),
        ("class Bot:\n    memory = ConversationBufferMemory()", "return Bot().memory", "worker"),
        ("class Bot:\n    def __init__(self):\n        self.memory = ConversationBufferMemory()", "return Bot().memory",
         "request"),
        ("class Bot:\n    def __init__(self):\n        self.memory = ConversationBufferMemory()\n\nbot = Bot()",
         "return bot.memory", "worker"),
        ("class Bot:\n    def __init__(self):\n        self.kept = {}\n    def of(self, user):\n"
         "        self.kept[user] = ConversationBufferMemory()\n        return self.kept[user]\n\nbot = Bot()",
         "return bot.of(user)", "worker, keyed"),
        ("bots = {}\n\nclass Bot:\n    def __init__(self):\n        self.memory = ConversationBufferMemory()",
         "bots[user] = Bot()\nreturn bots[user].memory", "worker, keyed"),
        ("def made():\n    return ConversationBufferMemory()", "return made()", "request"),
        ("def made():\n    return ConversationBufferMemory()\n\nmemory = made()", "return memory", "worker"),
        ("memory = None\n\ndef made():\n    global memory\n    memory = ConversationBufferMemory()\n    return memory",
         "return made()", "worker"),
        ("def nobody():\n    return ConversationBufferMemory()", "return 1", "dead"),
        ("if __name__ == '__main__':\n    memory = ConversationBufferMemory()", "return 1", "script"),
    ],
)  # fmt: skip
def test_how_long_it_lives(above: str, lines: str, fate: str, linked: Link) -> None:
    """
    As long as the longest of what holds it; keyed, if one of these has a key that only the run knows.
    """
    assert in_handler(linked, lines, above).fate("ConversationBufferMemory") == fate


def told(linked: Link, lines: str, above: str = "") -> tuple[Project, Memory]:
    found = in_handler(linked, lines, above)
    return found.project, found.memory("ConversationBufferMemory")


MEMORY = "memory = ConversationBufferMemory()\n"
APART = f"{MEMORY}chain = ConversationChain(memory=memory)\n"
CHAIN = "chain = ConversationChain(memory=ConversationBufferMemory())\n"
RUN = "\nreturn ConversationChain(memory=memory).predict(input=text)"


@pytest.mark.parametrize(
    ("lines", "filled"),
    [
        (f"memory = ConversationBufferMemory(){RUN}", False),
        (MEMORY + f"memory.save_context(text, text){RUN}", True),
        (MEMORY + f"memory.chat_memory.add_user_message(text){RUN}", True),
        (MEMORY + f"memory.clear(){RUN}", False),
        (MEMORY + f"for one in text:\n    memory.chat_memory.add_user_message(one){RUN}", True),
        (MEMORY + f"while text:\n    memory.chat_memory.add_user_message(text){RUN}", True),
        (f"memory = ConversationBufferMemory(chat_memory=ChatMessageHistory(messages=text)){RUN}", True),
        (f"memory = ConversationBufferMemory(chat_memory=ChatMessageHistory()){RUN}", False),
        (APART + "chain.predict(input=text)\n"
         "memory.save_context(text, text)", False),
        (APART + "answer = chain(text)\n"
         "memory.save_context(text, answer)", False),
        (APART + "memory.save_context(text, text)\n"
         "return chain.predict(input=text)", True),
    ],
)  # fmt: skip
def test_whether_it_is_filled_before_it_is_used(lines: str, filled: bool, linked: Link) -> None:
    """
    Then the conversation comes from somewhere else; what is written after a run is lost.
    """
    project, memory = told(linked, lines)

    assert project.is_filled(memory) == filled


def test_a_helper_that_fills_it(linked: Link) -> None:
    """
    Wherever it is written to, if that is not behind its run.
    """
    project, memory = told(
        linked,
        MEMORY + f"fill(memory, text){RUN}",
        "def fill(where, text):\n    where.chat_memory.add_user_message(text)",
    )

    assert project.is_filled(memory)


@pytest.mark.parametrize(
    ("lines", "scratch"),
    [
        (f"memory = ConversationBufferMemory(){RUN}", False),
        (CHAIN + "for one in text:\n    chain.predict(input=one)", True),
        (CHAIN + "while text:\n    chain.predict(input=text)", True),
        (CHAIN + "if text:\n    chain.predict(input=text)", False),
        (CHAIN + "return [chain.predict(input=one) for one in text]",
         True),
        (CHAIN + "return {chain.predict(input=one) for one in text}",
         True),
        (CHAIN +
         "return {one: chain.predict(input=one) for one in text}", True),
        (CHAIN + "chain.predict(input=text)\n"
         "return [one for one in text]", False),
        ("for one in text:\n    chain = ConversationChain(memory=ConversationBufferMemory())\n"
         "    chain.predict(input=one)",
         False),
        ("for one in text:\n    chain = ConversationChain(memory=ConversationBufferMemory())\n    for two in one:\n"
         "        chain.predict(input=two)", True),
        (CHAIN + "for one in text:\n    chain.describe(input=one)",
         False),
    ],
)  # fmt: skip
def test_whether_it_serves_steps_of_one_run(lines: str, scratch: bool, linked: Link) -> None:
    """
    A chain that one request runs again and again remembers its own steps.
    """
    project, memory = told(linked, lines)

    assert project.is_scratch(memory) == scratch


@pytest.mark.parametrize(
    ("lines", "attached"),
    [
        ("memory = ConversationBufferMemory()\nreturn 1", False),
        ("memory = ConversationBufferMemory()\nmemory.save_context(text, text)", False),
        ("memory = ConversationBufferMemory()\nmemory.clear()", True),
        ("memory = ConversationBufferMemory()\nreturn memory", True),
        ("memory = ConversationBufferMemory()\nkeep(memory)", True),
        ("memory = ConversationBufferMemory()\nreturn memory.buffer", True),
        ("keep(ConversationBufferMemory())", True),
        ("ConversationBufferMemory()", False),
        ("ConversationBufferMemory().save_context(text, text)", True),
        ("app.memory = ConversationBufferMemory()", True),
        ("memory = ConversationBufferMemory() or text", True),
    ],
)
def test_whether_anything_has_it(lines: str, attached: bool, linked: Link) -> None:
    """
    What is only written to remembers for nobody.
    """
    project, memory = told(linked, lines)

    assert project.is_attached(memory) == attached


@pytest.mark.parametrize("more", ["from app import memory\n", "import os\n"])
def test_a_name_that_another_module_imports(more: str, linked: Link) -> None:
    """
    Somebody has it, though nobody here does.
    """
    found = linked({"app.py": f"{HEAD}\nmemory = ConversationBufferMemory()\n", "other.py": more})

    assert found.project.is_attached(found.memory()) == ("memory" in more)


@pytest.mark.parametrize(
    "verb", ["get", "post", "put", "delete", "patch", "websocket", "route", "api_route", "head", "options"]
)
def test_routes_of_an_app_that_is_not_known(verb: str, linked: Link) -> None:
    """
    Nothing else is written like this.
    """
    found = linked(
        {"app.py": f"def register(server):\n    @server.{verb}('/chat')\n    def chat(text):\n        pass\n"}
    )

    assert found.entries() == {"app.py:register.chat": "web framework"}


@pytest.mark.parametrize("decorator", ["@server.post", "@server.post()", "@server.post('chat')", "@server.on('/chat')",
                                       "@server.post(path)", "@post('/chat')"])  # fmt: skip
def test_decorators_that_are_no_routes(decorator: str, linked: Link) -> None:
    """
    A path is needed, and a verb of a server.
    """
    found = linked(
        {"app.py": f"def register(server, path):\n    {decorator}\n    def chat(text):\n        pass\n"}
    )

    assert found.entries() == {}


SELECT = "kept.execute('SELECT role, content FROM messages WHERE session_id = ?', (user,))"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("role, content", True),
        ("session_id, role, content", True),
        ('"role", "content"', True),
        ("role", False),
        ("content", False),
        ("session_id, question, answer", True),
        ("question, answer", False),
        ("session_id, question, answer, rating", False),
        ("session_id, question", False),
        ("name, price", False),
    ],
)
def test_tables_of_messages(columns: str, found: bool, linked: Link) -> None:
    """
    Who said what, or questions with answers of somebody; feedback is none.
    """
    lines = (
        "kept = sqlite3.connect('chat.db')\n"
        f"kept.execute('INSERT INTO messages ({columns}) VALUES (1)')\nreturn {SELECT}"
    )

    project = in_handler(linked, lines, "import sqlite3").project

    assert [table.name for table in project.tables()] == (["messages"] if found else [])


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("kept = sqlite3.connect('chat.db')\nkept.execute(INSERT)", []),
        (f"kept = sqlite3.connect(':memory:')\nkept.execute(INSERT)\n{SELECT}", []),
        (f"kept = sqlite3.connect('chat.db')\nkept.cursor().execute(INSERT)\n{SELECT}", ["messages"]),
        (f"kept = sqlite3.connect('chat.db')\nkept.executemany(INSERT)\n{SELECT}", ["messages"]),
        (f"kept = anything('chat.db')\nkept.execute(INSERT)\n{SELECT}", []),
        (f"kept = sqlite3.connect('chat.db')\nkept.execute(anything)\n{SELECT}", []),
        (f"kept = sqlite3.connect('chat.db')\nkept.execute()\n{SELECT}", []),
    ],
)
@pytest.mark.parametrize("module", ["sqlite3", "aiosqlite"])
def test_where_a_table_is(module: str, lines: str, names: list[str], linked: Link) -> None:
    """
    In a file, written and read by requests.
    """
    above = f"import {module}\nINSERT = 'insert or replace into messages (role, content) values (?, ?)'"

    project = in_handler(linked, lines.replace("sqlite3", module), above).project

    assert [table.name for table in project.tables()] == names
