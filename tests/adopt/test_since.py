"""What a change touches, in real repositories: everything is analysed, and only the change's own part reported."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main

STORE = """\
from langchain_core.chat_history import InMemoryChatMessageHistory

store = {}


def get_session_history(session_id: str) -> InMemoryChatMessageHistory:
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]
"""
MAIN = """\
from fastapi import FastAPI

app = FastAPI()


@app.post("/ping")
def ping() -> str:
    return "pong"
"""
CHAT = """

from langchain_core.runnables.history import RunnableWithMessageHistory
from store import get_session_history

chain = RunnableWithMessageHistory(model, get_session_history)


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str) -> str:
    return chain.invoke({"input": text}, config={"configurable": {"session_id": session_id}})
"""
MANIFEST = 'FROM python:3.12\nCMD ["uvicorn", "main:app", "--workers", "1"]\n'


def git(folder: Path, *arguments: str) -> None:
    """Run git with a name of its own and without anybody's settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **own}
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean app under git; nothing of it is handled by a server yet."""
    for name, text in {
        "store.py": STORE,
        "main.py": MAIN,
        "Dockerfile": MANIFEST,
        "pyproject.toml": "",
    }.items():
        (tmp_path / name).write_text(text)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def found(*arguments: str) -> list[tuple[str, str]]:
    """Code and path of what is reported."""
    result = run("--format", "json", *arguments)
    assert result.exit_code < 2, result.stderr
    return [(one["code"], one["path"]) for one in json.loads(result.stdout)["findings"]]


def test_nothing_changed(repository: Path) -> None:
    """
    Whatever is wrong with the project, this change did not do it.
    """
    (repository / "main.py").write_text(MAIN + CHAT)
    git(repository, "commit", "-a", "-m", "faulty")

    assert found() == [("LCM102", "store.py")]
    assert found("--changed") == []
    assert "1 not touched by the change" in run("--changed").stdout


def test_a_fault_in_a_file_that_did_not_change(repository: Path) -> None:
    """
    The memory is where it was; now a route leads to it.
    """
    (repository / "main.py").write_text(MAIN + CHAT)

    assert found("--changed") == [("LCM102", "store.py")]
    assert found("--changed", "main.py") == []
    git(repository, "commit", "-a", "-m", "second")
    assert found("--changed") == []
    assert found("--since", "HEAD~1") == [("LCM102", "store.py")]


def test_a_fault_that_a_manifest_brings(repository: Path) -> None:
    """
    Only the number of workers changed.
    """
    (repository / "main.py").write_text(MAIN + CHAT)
    git(repository, "commit", "-a", "-m", "faulty")
    (repository / "Dockerfile").write_text(MANIFEST.replace('"1"', '"4"'))

    assert ("LCM401", "Dockerfile") in found("--changed")
    assert ("LCM102", "store.py") in found("--changed"), "its proof names the Dockerfile"


def test_a_fault_by_taking_away(repository: Path) -> None:
    """
    No line of any proof is new; what kept the finding away is gone.
    """
    (repository / "main.py").write_text(MAIN + CHAT)
    hidden = STORE.replace("History()\n", "History()  # lcmemlint: ignore[LCM102]\n")
    (repository / "store.py").write_text(f"# lcmemlint: ignore-file[LCM102]\n{STORE}")
    git(repository, "commit", "-a", "-m", "silent")
    assert found() == []
    (repository / "store.py").write_text(STORE)
    del hidden

    assert found("--changed") == []
    assert found("--since", "HEAD~1") == [("LCM102", "store.py")]


def test_lines_that_only_moved_are_not_touched(repository: Path) -> None:
    """
    Nor are lines that end otherwise.
    """
    (repository / "main.py").write_text(MAIN + CHAT)
    git(repository, "commit", "-a", "-m", "faulty")
    (repository / "store.py").write_bytes(b"import os\r\n" + STORE.replace("\n", "\r\n").encode())

    assert found("--changed") == []


def test_a_branch_is_told_apart_from_where_it_left(repository: Path) -> None:
    """
    What the other branch did meanwhile is not this one's doing.
    """
    git(repository, "checkout", "-b", "work")
    (repository / "README.md").write_text("x")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "work")
    git(repository, "checkout", "main")
    (repository / "main.py").write_text(MAIN + CHAT)
    git(repository, "commit", "-a", "-m", "faulty")
    git(repository, "checkout", "work")

    assert found("--since", "main") == []
    git(repository, "checkout", "main")
    assert found("--since", "work") == [("LCM102", "store.py")]


def test_a_project_below_the_repository(repository: Path) -> None:
    """
    Paths are those of the project; new files count, and files of other folders do not matter.
    """
    app = repository / "services" / "bot"
    app.mkdir(parents=True)
    for name in ("store.py", "Dockerfile"):
        (repository / name).rename(app / name)
    (app / "main.py").write_text(MAIN + CHAT)

    assert found("--root", "services/bot", "--changed", "services/bot") == [
        ("LCM102", "services/bot/store.py")
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--since", "nowhere"], "git knows no revision `nowhere` here"),
        (["--since", "--upload-pack=x"], "git knows no revision `--upload-pack=x` here"),
        (["--since", "HEAD", "--changed"], "--since and --changed cannot go together"),
        (["--changed", "--write-baseline"], "--write-baseline writes all findings"),
    ],
)
def test_revisions_that_cannot_be(arguments: list[str], told: str, repository: Path) -> None:
    """
    One line, exit 2.
    """
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"lcmemlint: {told}")


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    There is nothing to compare with.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert "is not in a git repository" in run("--changed").stderr
    monkeypatch.setenv("PATH", "")
    assert "git cannot be run" in run("--changed").stderr


def test_git_runs_nothing_of_the_repository(repository: Path) -> None:
    """
    Filters, hooks, pagers and monitors that a repository's settings name are not started.
    """
    trap = f"touch {repository / 'sprung'}; cat"
    for key in ("filter.x.smudge", "filter.x.clean", "core.fsmonitor", "core.pager", "diff.external"):
        git(repository, "config", key, trap)
    (repository / ".gitattributes").write_text("*.py filter=x diff=x\n")
    (repository / "main.py").write_text(MAIN + CHAT)

    assert found("--changed") == [("LCM102", "store.py")]
    assert not (repository / "sprung").exists()
