"""The hooks, run by pre-commit itself on real commits."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lcmemlint.sources import (
    MANIFEST_NAMES,
    MANIFEST_PREFIXES,
    MANIFEST_SUFFIXES,
    is_wanted,
)

HOOKS = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
REDIS = """\
from fastapi import FastAPI
from langchain_community.chat_message_histories import RedisChatMessageHistory
from langchain_core.runnables.history import RunnableWithMessageHistory

app = FastAPI()


def get_session_history(session_id: str) -> RedisChatMessageHistory:
    return RedisChatMessageHistory(session_id, url="redis://localhost:6379")


chain = RunnableWithMessageHistory(model, get_session_history)


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str) -> str:
    return chain.invoke({"input": text}, config={"configurable": {"session_id": session_id}})
"""
COMPOSE = """\
services:
  web:
    build: .
    command: uvicorn main:app --host 0.0.0.0
    ports: ["8000:8000"]
"""


@pytest.fixture
def project(
    tmp_path: Path,
    clone: Path,
    run: Callable[..., subprocess.CompletedProcess[str]],
    installed_or_skipped: Callable[[subprocess.CompletedProcess[str], str], None],
) -> Path:
    """A repository whose commits the hook looks at."""
    configure(tmp_path, clone)
    (tmp_path / "pyproject.toml").write_text("")
    run(tmp_path, "git", "init", "--quiet")
    pre_commit = [sys.executable, "-m", "pre_commit"]
    installed_or_skipped(run(tmp_path, *pre_commit, "install", "--install-hooks"), "pre-commit install")
    return tmp_path


def configure(project: Path, clone: Path, hook: str = "lcmemlint", *arguments: str) -> None:
    """Write the settings of pre-commit."""
    repo = {"repo": str(clone), "rev": "v0.1.0", "hooks": [{"id": hook, "args": list(arguments)}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repo]}))


@pytest.fixture
def commit(
    project: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> Callable[[dict[str, str]], subprocess.CompletedProcess[str]]:
    """Writes files and commits them; the hook is what git runs."""

    def commit(files: dict[str, str]) -> subprocess.CompletedProcess[str]:
        for name, text in files.items():
            (project / name).write_text(text)
        run(project, "git", "add", ".")
        return run(project, "git", "commit", "-m", "change")

    return commit


Commit = Callable[[dict[str, str]], "subprocess.CompletedProcess[str]"]


def test_commits_that_pass_and_commits_that_fail(
    commit: Commit, project: Path, clone: Path, store: str, route: str
) -> None:
    """
    A clean file passes; the route that makes it faulty does not, and the finding stands in the file that
    did not change; with an ignore it passes; once there are known faults, `--changed` looks at the new ones.
    """
    passed = commit({"store.py": store})
    assert passed.returncode == 0, passed.stderr

    failed = commit({"main.py": route})
    assert failed.returncode == 1
    assert "--> store.py:8:29" in failed.stdout + failed.stderr
    assert "main.py" not in committed(project)

    known = store.replace("History()\n", "History()  # lcmemlint: ignore[LCM102] one worker\n")
    assert commit({"store.py": known}).returncode == 0
    assert "main.py" in committed(project)


def test_a_commit_that_changes_only_a_manifest(commit: Commit) -> None:
    """
    Redis on this machine is fine until the app runs in a container.
    """
    passed = commit({"main.py": REDIS, "Dockerfile": "FROM python:3.12\nCOPY . .\n"})
    assert passed.returncode == 0, passed.stderr + passed.stdout

    failed = commit({"compose.yaml": COMPOSE})
    assert failed.returncode == 1
    assert "LCM403" in failed.stdout + failed.stderr


def test_only_new_faults_with_changed(
    commit: Commit, project: Path, clone: Path, store: str, route: str
) -> None:
    """
    What was wrong before this commit does not stop it; what it brings does, wherever it shows.
    """
    configure(project, clone, "lcmemlint", "--changed")
    (project / ".git" / "hooks" / "pre-commit").rename(project / "hook")
    assert commit({"store.py": store, "main.py": route}).returncode == 0
    (project / "hook").rename(project / ".git" / "hooks" / "pre-commit")

    assert commit({"main.py": f"{route}\n\n# a comment\n"}).returncode == 0
    failed = commit({"Dockerfile": 'FROM python\nCMD ["uvicorn", "main:app", "--workers", "4"]\n'})
    assert failed.returncode == 1
    assert "LCM401" in failed.stdout + failed.stderr


def test_the_hook_that_repairs(commit: Commit, project: Path, clone: Path, store: str, route: str) -> None:
    """
    The commit is stopped because files changed; when they are added, it passes.
    """
    configure(project, clone, "lcmemlint-fix")

    assert commit({"store.py": store, "main.py": route}).returncode == 1
    assert "chat_history(session_id)" in (project / "store.py").read_text()
    again = commit({})
    assert again.returncode == 0, again.stdout + again.stderr


def committed(project: Path) -> list[str]:
    """The files of the last commit's tree."""
    told = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"], cwd=project, capture_output=True, text=True, check=True
    )
    return told.stdout.splitlines()


NAMES = [
    *(f"x{suffix}" for suffix in (*MANIFEST_SUFFIXES, ".py", ".pyw", ".ipynb", ".PY", ".md", ".txt", ".rs", ".in")),
    *MANIFEST_NAMES,
    *(f"{prefix}x" for prefix in MANIFEST_PREFIXES),
    "Dockerfile", "Procfile", "Makefile", "dev-requirements.txt", "docs/reqs/a.txt", "README.rst", "notes.txt",
]  # fmt: skip


@pytest.mark.parametrize("hook", [0, 1])
def test_the_hooks_look_at_a_commit_when_the_linter_reads_a_file_of_it(hook: int) -> None:
    """
    Each kind of file, at the top and in a folder.
    """
    files = re.compile(yaml.safe_load(HOOKS.read_text())[hook]["files"])

    for name in NAMES:
        for path in (name, f"deep/down/{name}"):
            if path.endswith(".PY"):
                continue  # no Python module on any platform
            assert (files.search(path) is not None) == is_wanted(path), path
