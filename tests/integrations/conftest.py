"""The linter as users' tools install it: from a copy of its repository, with real pip and real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "lcmemlint",
    "rules",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    ".pre-commit-hooks.yaml",
    "action.yml",
)

STORE = """\
from langchain_core.chat_history import InMemoryChatMessageHistory

store = {}


def get_session_history(session_id: str) -> InMemoryChatMessageHistory:
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]
"""
ROUTE = """\
from fastapi import FastAPI
from langchain_core.runnables.history import RunnableWithMessageHistory

from store import get_session_history

app = FastAPI()
chain = RunnableWithMessageHistory(model, get_session_history)


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str) -> str:
    return chain.invoke({"input": text}, config={"configurable": {"session_id": session_id}})
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables for commands: nobody's settings of git, caches of their own, none of what runs these tests."""
    home = tmp_path_factory.mktemp("home")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PYTHON", "PRE_COMMIT"))
    }
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@example.org",
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="session")
def run(environment: dict[str, str]) -> Run:
    """Runs a command in a folder; `more` are variables on top."""

    def run(cwd: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cwd, env={**environment, **more}, capture_output=True, text=True, timeout=300
        )

    return run


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A repository with what is in this working tree, as somebody would clone it."""
    folder = tmp_path_factory.mktemp("clone")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "all"], ["tag", "v0.1.0"]):
        done = run(folder, "git", *command)
        assert done.returncode == 0, done.stderr
    return folder


def need(done: subprocess.CompletedProcess[str], what: str) -> None:
    """Skip when packages cannot be installed here; under CI that is a failure."""
    if done.returncode == 0:
        return
    told = done.stdout + done.stderr
    offline = (
        "Could not find a version",
        "No matching distribution",
        "NewConnectionError",
        "Connection error",
    )
    if os.environ.get("CI") != "true" and any(words in told for words in offline):
        pytest.skip(f"{what}: no package index is reachable")
    pytest.fail(f"{what}:\n{told}")


@pytest.fixture(scope="session")
def installed_or_skipped() -> Callable[[subprocess.CompletedProcess[str], str], None]:
    """`need`, for tests that install something."""
    return need


@pytest.fixture(scope="session")
def store() -> str:
    """A module that keeps conversations in a dict, which is no fault until a server uses it."""
    return STORE


@pytest.fixture(scope="session")
def route() -> str:
    """A route that uses it."""
    return ROUTE
