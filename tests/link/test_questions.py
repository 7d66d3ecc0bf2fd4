"""Single questions to the linked project, each with the code that decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.deploy.workload import Disk, Range, Spot, Workload
from lcmemlint.link.deployment import LinkedWorkload
from lcmemlint.link.evaluate.questions import Questions, Reading, Step
from lcmemlint.link.objects import Given
from lcmemlint.link.requirements import is_version_manifest
from lcmemlint.link.scaling import count_of, severity_of
from lcmemlint.link.storage import argument
from lcmemlint.values import Const
from tests.deploy.test_cases import read, tree_of

if TYPE_CHECKING:
    from lcmemlint.link.objects import Object
    from tests.link.conftest import Link

HEAD = """
import os
from langchain_community.chat_message_histories import RedisChatMessageHistory
from langchain_core.chat_history import BaseChatMessageHistory
from langgraph.checkpoint.memory import MemorySaver
from langgraph.store.memory import InMemoryStore
from elsewhere import anything, settings

"""


@pytest.mark.parametrize(
    ("test", "is_for_development"),
    [
        ("os.getenv('ENV') == 'development'", True),
        ("os.getenv('ENV') == 'dev'", True),
        ("os.getenv('ENV') == 'production'", False),
        ("os.getenv('ENV') != 'production'", True),
        ("os.getenv('ENV') != 'dev'", False),
        ("os.getenv('ENV') in ('dev', 'test')", True),
        ("os.getenv('ENV') not in ('prod', 'production')", True),
        ("not os.getenv('ENV') == 'production'", True),
        ("not os.getenv('ENV') != 'production'", False),
        ("os.getenv('COLOUR') == 'dev'", False),
        ("settings.environment == 'dev'", True),
        ("settings.DEBUG", True),
        ("not settings.DEBUG", False),
        ("settings.debug and settings.environment == 'dev'", True),
        ("settings.debug or settings.environment == 'production'", False),
        ("os.environ.get('DEBUG')", True),
        ("os.environ['DEBUG']", True),
        ("USE_IN_MEMORY", True),
        ("settings.IS_PRODUCTION", False),
        ("not settings.IS_PRODUCTION", True),
        ("settings.colour", False),
        ("anything()", False),
    ],
)
def test_an_explicit_switch_for_development(test: str, is_for_development: bool, linked: Link) -> None:
    """
    Somebody chose process memory, for a place that is named.
    """
    found = linked(
        {"app.py": f"{HEAD}if {test}:\n    saver = MemorySaver()\nelse:\n    saver = anything()\n"}
    )

    assert found.project.is_development_only(found.memory()) == is_for_development


@pytest.mark.parametrize(
    ("body", "storage"),
    [
        ("self.kept.append(message)", "process"),
        ("print(message)", "process"),
        ("open('chat.txt', 'a').write(message)", "host"),
        ("with open('chat.txt') as file:\n            file.write(message)", "host"),
        ("os.makedirs('chats')\n        open('chat.txt', 'a').write(message)", "host"),
        ("os.makedirs('chats')", "unknown"),
        ("open('chat.txt', 'a').write(message)\n        anything.send(message)", "unknown"),
        ("anything.send(message)", "unknown"),
        ("RedisChatMessageHistory('all').add_message(message)", "unknown"),
    ],
)
def test_what_a_class_of_the_project_keeps_its_messages_in(body: str, storage: str, linked: Link) -> None:
    """
    In the process if nothing in it reaches outside, on this host if it opens files and nothing else; another history
    that it hands messages to may be anywhere.
    """
    text = (
        f"{HEAD}class History(BaseChatMessageHistory):\n    def add_message(self, message):\n        {body}\n\n"
        "history = History()\n"
    )

    assert linked({"app.py": text}).memory("History").storage == storage


@pytest.mark.parametrize(
    ("method", "storage"),
    [("get", "unknown"), ("aget", "unknown"), ("search", "unknown"), ("asearch", "unknown"), ("batch", "unknown"),
     ("abatch", "unknown"), ("put", "process"), ("aput", "process")],
)  # fmt: skip
def test_a_store_that_answers_from_elsewhere(method: str, storage: str, linked: Link) -> None:
    """
    Whoever reads elsewhere does not live in the process; who only writes elsewhere as well does.
    """
    text = (
        f"{HEAD}class Store(InMemoryStore):\n    def {method}(self, *given):\n        return anything.call(*given)\n\n"
        "store = Store()\n"
    )

    assert linked({"app.py": text}).memory().storage == storage


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("requirements.txt", True),
        ("requirements-dev.txt", True),
        ("dev-requirements.in", True),
        ("constraints.txt", True),
        ("requirements/base.txt", True),
        ("backend/requirements/base.in", True),
        ("reqs/web.txt", True),
        ("requirements/notes.md", False),
        ("docs/base.txt", False),
        ("notes.txt", False),
        ("pyproject.toml", True),
        ("backend/uv.lock", True),
        ("Pipfile.lock", True),
        ("poetry.lock", True),
        ("package.json", False),
    ],
)
def test_files_that_say_which_versions_are_used(path: str, is_one: bool) -> None:
    """
    By their names and folders.
    """
    assert is_version_manifest(path) == is_one


SETTINGS = (
    "class Settings(BaseSettings):\n    redis_url: str = 'redis://localhost:6379'\n\nconf = Settings()\n"
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("'redis://localhost:6379'", ("literal", "localhost", ())),
        ("'redis://Store:6379'", ("literal", "store", ())),
        ("f'redis://localhost/{anything}'", ("literal", "localhost", ())),
        ("f'{anything}/0'", None),
        ("os.getenv('REDIS_URL', 'redis://localhost')", ("fallback", "localhost", ("REDIS_URL",))),
        ("os.environ.get('REDIS_URL', 'redis://localhost')", ("fallback", "localhost", ("REDIS_URL",))),
        ("os.getenv('REDIS_URL')", None),
        (
            "anything().environ.get('REDIS_URL', 'redis://localhost')",
            ("fallback", "localhost", ("REDIS_URL",)),
        ),
        ("os.getenv('REDIS_URL') or 'redis://localhost'", ("fallback", "localhost", ("REDIS_URL",))),
        ("conf.redis_url", ("fallback", "localhost", ("REDIS_URL",))),
        ("'redis://a' if anything else 'redis://b'", None),
        ("anything", None),
        ("anything()", None),
        ("os.getenv(anything, 'redis://localhost')", None),
    ],
)
def test_where_a_store_is_said_to_be(
    url: str, expected: tuple[str, str, tuple[str, ...]] | None, linked: Link
) -> None:
    """
    With the variables that replace the address.
    """
    found = linked(
        {
            "app.py": f"{HEAD}from pydantic_settings import BaseSettings\n\n{SETTINGS}\n"
            f"history = RedisChatMessageHistory('x', url={url})\n"
        }
    )
    address = found.project.address(found.memory())

    assert (None if address is None else (address.how, address.host, address.variables)) == expected


@pytest.mark.parametrize(
    ("command", "replicas", "words"),
    [
        ("uvicorn main:app", "1", "one process"),
        ("uvicorn main:app", "3", "3 instances"),
        ("gunicorn -w 4 main:app", "1", "4 processes"),
        ("gunicorn -w 4 main:app", "2", "2 instances with 4 processes each"),
        ("gunicorn -w $(nproc) main:app", "1", "one process for each CPU"),
        ("gunicorn -w $COUNT main:app", "1", "an unknown number of processes"),
        ("robyn app.py --fast", "1", "2 processes or more"),
    ],
)
def test_how_many_run(command: str, replicas: str, words: str) -> None:
    """
    Instances, processes, or both.
    """
    files = {
        "Dockerfile": f"FROM python:3.12\nWORKDIR /srv\nCOPY . .\nCMD {command}\n",
        "dep.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n"
        f"spec:\n  replicas: {replicas}\n  template: {{spec: {{containers: [{{name: api, image: chat}}]}}}}\n",
        "main.py": "<app>",
        "app.py": "<app>",
    }
    (found,) = [one for one in read(tree_of("tree", files)) if one.workload.name == "api"]

    assert count_of(found.workload) == words


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("f(1, 2)", ["1", "2"]),
        ("f(1, *rest)", ["1", "-"]),
        ("f(*rest, 2)", ["-", "-"]),
        ("f(x=1, y=2)", ["1", "2"]),
        ("f(1, y=2, **rest)", ["1", "2"]),
        ("f()", ["-", "-"]),
    ],
)
def test_arguments_of_a_call(call: str, expected: list[str], linked: Link) -> None:
    """
    By name or by position; behind a star nobody knows the positions.
    """
    (found,) = linked({"app.py": call}).evaluator.files["app.py"].calls
    given = [argument(found, (name,), position) for position, name in enumerate(("x", "y"))]

    assert [str(one.value) if isinstance(one, Const) else "-" for one in given] == expected


@pytest.mark.parametrize(
    ("processes", "affinity", "severity"),
    [(1, False, "error"), (1, True, "warning"), (2, True, "error"), (3, True, "error")],
)
def test_affinity_helps_between_instances_only(processes: int, affinity: bool, severity: str) -> None:
    """
    Workers of one instance share its address, so a request may meet any of them.
    """
    many = Workload(
        "api", "docker", Spot("Dockerfile", 1), Range(2, 2), Range(processes, processes), Disk(True, False),
        affinity=affinity,
    )  # fmt: skip

    assert severity_of(LinkedWorkload(many, ("app.py",), "", "certain")) == severity


@pytest.mark.parametrize(
    ("messages", "brings"),
    [
        ("[('user', text)]", False),
        ("[*earlier, ('user', text)]", True),
        ("anything(text)", True),
        ("turns", True),
        ("fixed", False),
        ("merged", True),
        ("HumanMessage(text)", False),
        ("settings.load()", True),
    ],
)
def test_whether_a_run_is_handed_earlier_messages(messages: str, brings: bool, linked: Link) -> None:
    """
    A list that is written out holds this turn's; one that grows, is unpacked or comes from elsewhere may hold more.
    """
    text = (
        f"{HEAD}from langgraph.prebuilt import create_react_agent\nfrom fastapi import FastAPI\n"
        "from langchain_core.messages import HumanMessage\n\napp = FastAPI()\n"
        "graph = create_react_agent('m', [])\n\n\n@app.post('/')\ndef chat(text: str, earlier: list):\n"
        "    turns = []\n    turns.append(('user', text))\n    fixed = [('user', text)]\n"
        f"    merged = [*earlier, text]\n    return graph.invoke({{'messages': {messages}}})\n"
    )
    runs = linked({"app.py": text}).project.runs

    assert [runs.brings_history(run) for run in runs.of_requests] == [brings]


@pytest.mark.parametrize(
    ("path", "storage"),
    [("':memory:'", "process"), ("'threads.db'", "host"), ("anything()", "host")],
)
@pytest.mark.parametrize("saver", ["SqliteSaver(sqlite3.connect({}))", "SqliteSaver.from_conn_string({})"])
def test_what_a_connection_opens(saver: str, path: str, storage: str, linked: Link) -> None:
    """
    A saver over a connection keeps threads where that leads.
    """
    text = (
        f"{HEAD}import sqlite3\nfrom langgraph.checkpoint.sqlite import SqliteSaver\n\n"
        f"saver = {saver.format(path)}\n"
    )

    assert linked({"app.py": text}).memory().storage == storage


@pytest.mark.parametrize(
    ("other", "is_filled"),
    [
        ("InMemoryChatMessageHistory()", False),
        ("RedisChatMessageHistory('x', url='redis://h')", True),
        ("kept[name]", True),
    ],
)
def test_a_history_beside_a_kept_one_is_its_empty_case(other: str, is_filled: bool, linked: Link) -> None:
    """
    The function gives either.
    """
    text = (
        f"{HEAD}from langchain_core.chat_history import InMemoryChatMessageHistory\n\nkept = {{}}\n\n\n"
        "def put(name):\n    kept[name] = FileHistory(name)\n\n\n"
        f"def history(name):\n    if anything(name):\n        return {other}\n    return InMemoryChatMessageHistory()\n"
    ).replace("FileHistory(name)", "RedisChatMessageHistory(name, url='redis://h')")
    found = linked({"app.py": text})
    last = max(
        (one for one in found.project.memories.all if one.name == "InMemoryChatMessageHistory"),
        key=lambda one: one.at,
    )

    assert found.project.is_filled(last) is is_filled


def test_a_lambda_on_the_way(linked: Link) -> None:
    """
    It has no name to be told.
    """
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()\nmake = lambda text: answer(text)\n\n\n"
        "@app.post('/')\ndef chat(text: str):\n    return make(text)\n\n\ndef answer(text):\n    return text\n"
    )

    assert [words for _, _, words in linked({"app.py": text}).route("app.py:answer")] == [
        "request enters `chat` here (fastapi)",
        "calls a lambda",
        "calls `answer`",
    ]


def test_when_functions_run(linked: Link) -> None:
    """
    In requests, at import, at start-up, in a script; never.
    """
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.on_event('startup')\ndef start():\n    both()\n\n\n"
        "@app.post('/')\ndef chat(text: str):\n    return both()\n\n\ndef both():\n    return 1\n\n\n"
        "def first():\n    return 2\n\n\ndef last():\n    return 3\n\n\nfirst()\n"
        "if __name__ == '__main__':\n    last()\n\n\ndef never():\n    return 4\n"
    )
    found = linked({"app.py": text})

    assert found.runs("app.py:start") == {"startup"}
    assert found.runs("app.py:both") == {"request", "startup"}
    assert found.runs("app.py:first") == {"import"}
    assert found.runs("app.py:last") == {"script"}
    assert found.runs("app.py:never") == set()


def test_what_a_running_chain_is_given_is_used(linked: Link) -> None:
    """
    By any method but those that run it: these are handed what one turn needs.
    """
    text = (
        f"{HEAD}from fastapi import FastAPI\nfrom langchain.agents import AgentExecutor\n"
        "from langchain.memory import ConversationBufferMemory\n\napp = FastAPI()\nagent = AgentExecutor()\n"
        "given, unused = ConversationBufferMemory(), ConversationBufferMemory()\nagent.{}(given)\n\n\n"
        "@app.post('/')\ndef chat(text: str):\n    return agent.invoke(text)\n"
    )

    def used(method: str) -> list[bool]:
        return [one.used for one in linked({"app.py": text.replace("{}", method)}).project.memories.all]

    assert used("add_memory") == [True, False]
    assert used("invoke") == [False, False]


def test_questions_that_lead_too_deep_are_answered_with_nothing() -> None:
    """
    Before Python gives up; the limit is far beyond what code nests.
    """
    questions = Questions()
    reached = 0

    def ask(number: int) -> list[Object]:
        nonlocal reached
        reached = number
        return list(questions.remember(number + 1, ask, number + 1))

    assert questions.remember(0, ask, 0) == ()
    assert reached == 80


def test_two_questions_that_turn_on_each_other_settle() -> None:
    """
    What one answers is what the other denies: neither is right, and the sweep must end.
    """
    questions = Questions()
    thing = Given("app.py", 0, "x")

    def one() -> list[Object]:
        return [] if questions.remember("other", other) else [thing]

    def other() -> list[Object]:
        return list(questions.remember("one", one))

    steps = [Step("app.py", Reading.CALLEE, 0)]
    rounds = 0
    while steps and rounds < 20:
        rounds += 1
        for step in steps:
            questions.answer(step, lambda _path, _number: questions.remember("one", one))
        steps = questions.outdated()

    assert 1 < rounds < 6


def test_a_part_of_a_memory_that_is_known_is_a_use_of_both(linked: Link) -> None:
    """
    Whoever writes into the history of a memory writes into the memory, too.
    """
    text = (
        f"{HEAD}from langchain.memory import ConversationBufferMemory\n\n"
        "history = RedisChatMessageHistory('x', url='redis://h')\n"
        "memory = ConversationBufferMemory(chat_memory=history)\nmemory.chat_memory.add_user_message('hello')\n"
    )
    found = linked({"app.py": text})

    for name in ("RedisChatMessageHistory", "ConversationBufferMemory"):
        mentions = found.project.wiring.uses.of(found.memory(name).thing)
        assert "written" in [mention.kind for mention in mentions]


@pytest.mark.parametrize(
    "call",
    [
        "dict(a=message)", "typing.cast(str, message)", "pydantic.BaseModel()", "pydantic_v1.BaseModel()",
        "dataclasses.asdict(message)", "datetime.datetime.now()", "uuid.uuid4()", "logging.info(message)",
        "threading.Lock()", "collections.deque()", "copy.copy(message)", "abc.abstractmethod(message)", "time.time()",
        "functools.partial(message)", "itertools.chain(message)", "loguru.logger.info(message)",
        "re.sub('a', 'b', message)", "enum.Enum('A', 'b')", "langchain_core.load.dumps(message)",
    ],
)  # fmt: skip
def test_what_keeps_nothing_outside_of_the_process(call: str, linked: Link) -> None:
    """
    A class of the project that calls only this keeps its messages in itself.
    """
    text = (
        f"{HEAD}import {call.partition('.')[0].partition('(')[0] if '.' in call else 'os'}\n\n\n"
        f"class History(BaseChatMessageHistory):\n    def add_message(self, message):\n        {call}\n\n\n"
        "history = History()\n"
    )

    assert linked({"app.py": text}).memory().storage == "process"


def test_how_long_a_dict_lives_by_where_it_is_made(linked: Link) -> None:
    """
    A memory in a dict that a script or nobody makes does not outlive it.
    """
    text = (
        f"{HEAD}\n\ndef keep():\n    kept = {{}}\n    kept['a'] = MemorySaver()\n    return kept\n\n\n"
        "if __name__ == '__main__':\n    keep()\n"
    )

    assert linked({"app.py": text}).fate() == "script"
    assert linked({"app.py": text.replace("if __name__ == '__main__':\n    keep()\n", "")}).fate() == "dead"


@pytest.mark.parametrize(
    ("address", "storage"),
    [
        ("sqlite:///chat.db", "host"), ("sqlite+aiosqlite:///chat", "host"), ("./chat", "host"), ("/data/chat", "host"),
        ("file:chat", "host"), ("chat.db", "host"), ("chat.sqlite", "host"), ("chat.sqlite3", "host"),
        ("chat.json", "host"), (":memory:", "process"), ("sqlite://", "process"), ("sqlite:///:memory:", "process"),
        ("postgresql://db/chat", "shared"), ("redis://h:6379/0", "shared"), ("chat", "unknown"), ("", "unknown"),
    ],
)  # fmt: skip
def test_where_an_address_leads(address: str, storage: str, linked: Link) -> None:
    """
    To a file on this host, into the process, to a server; what says neither is not known.
    """
    text = (
        "from langchain_community.chat_message_histories import SQLChatMessageHistory\n\n"
        f"history = SQLChatMessageHistory('a', connection={address!r})\n"
    )

    assert linked({"app.py": text}).memory().storage == storage
