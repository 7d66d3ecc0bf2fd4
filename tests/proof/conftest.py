"""The LangChain that repaired apps run on, and the stores that keep their conversations."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.proof.running import Launcher
from tests.proof.stores import absent, new_database, postgres_server, redis_server

PYTHON = os.environ.get("LCMEMLINT_LANGCHAIN_PYTHON", sys.executable)
"""A Python with the generation of LangChain to prove, when the one that runs the tests has another."""


@dataclass(frozen=True)
class LangChain:
    """A Python that has LangChain; ``version`` is langchain-core's, as numbers."""

    python: str
    version: tuple[int, int]

    def has(self, module: str) -> bool:
        """Whether a module can be imported there."""
        return subprocess.run([self.python, "-c", f"import {module}"], capture_output=True).returncode == 0

    def source(self, text: str) -> str:
        """A text of the newest generation in the words of this one."""
        return text if self.version >= (1, 0) else text.replace("langchain_classic.", "langchain.")


@pytest.fixture(scope="session")
def langchain() -> LangChain:
    script = "import langchain_core, fastapi, flask, gunicorn, sqlalchemy; print(langchain_core.__version__)"
    done = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True)
    if done.returncode:
        absent(
            f"LangChain, FastAPI, Flask, gunicorn and SQLAlchemy in {PYTHON} ({done.stderr.splitlines()[-1]})"
        )
    major, minor, *_ = done.stdout.split(".")
    return LangChain(PYTHON, (int(major), int(minor)))


@pytest.fixture(scope="session")
def launcher(langchain: LangChain) -> Iterator[Launcher]:
    starting = Launcher(langchain.python)
    yield starting
    starting.close()


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A function from `sqlite`, `redis` or `postgres` to the URL of a store; servers start when they are needed."""
    servers: dict[str, str] = {}
    with ExitStack() as running:

        def url(kind: str) -> str:
            folder = tmp_path_factory.mktemp("store")
            if kind == "sqlite":
                return f"sqlite:///{folder / 'kept.db'}"
            if kind not in servers:
                starting = redis_server() if kind == "redis" else postgres_server()
                servers[kind] = running.enter_context(starting)
            # An empty database each, so that workers which start together make its tables together.
            return servers[kind] if kind == "redis" else new_database(servers[kind], folder.name)

        yield url


@pytest.fixture(scope="session")
def settings(store_url: Callable[[str], str]) -> Callable[[str], dict[str, str]]:
    """A function from the kind of a store to the environment of an app that keeps everything there."""

    def variables(kind: str) -> dict[str, str]:
        url = store_url(kind)
        return {"CHAT_HISTORY_URL": url, "CHECKPOINT_URL": url, "DATABASE_URL": url, "STORE_URL": url}

    return variables


@pytest.fixture(scope="session")
def apps() -> Path:
    """The broken apps, a folder each."""
    return Path(__file__).with_name("apps")
