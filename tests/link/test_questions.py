"""Single questions to the linked project, each with the code that decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.link.requirements import is_version_manifest
from lcmemlint.link.scaling import count_of
from tests.deploy.test_cases import read, tree_of

if TYPE_CHECKING:
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
