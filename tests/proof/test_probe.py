"""`--probe`, for each verdict with real processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from lcmemlint.cli import main
from lcmemlint.errors import UsageError
from lcmemlint.fixes.generated import CHECKPOINTER, HISTORY
from lcmemlint.probe import Verdict, probe, project_python
from tests.proof.conftest import LangChain

APP = """
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables.history import RunnableWithMessageHistory
from shared_history import chat_history

store = {}

def in_memory(session_id):
    return store.setdefault(session_id, InMemoryChatMessageHistory())

def shared(user_id, session_id):
    return chat_history(user_id, session_id)

async def shared_async(session_id):
    return chat_history(session_id)

def everybody(session_id):
    return chat_history("everybody")

def nobody():
    return chat_history("nobody")

class Forgetful(InMemoryChatMessageHistory):
    def add_messages(self, messages):
        pass

def forgetful(session_id):
    return Forgetful()

def failing(session_id):
    raise ConnectionError("the store is away")

def endless(session_id):
    while True:
        pass

chain = RunnableWithMessageHistory(FakeListChatModel(responses=["ok"]), chat_history) | (lambda message: message)
chain_in_memory = RunnableWithMessageHistory(FakeListChatModel(responses=["ok"]), in_memory)
"""

GRAPH = """
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from shared_checkpointer import shared_checkpointer

def build(saver):
    def costly(state):
        raise RuntimeError("a probe must not run nodes")
    builder = StateGraph(MessagesState)
    builder.add_node("costly", costly)
    builder.add_edge(START, "costly")
    return builder.compile(checkpointer=saver)

def build_shared():
    return build(shared_checkpointer())

async def build_async():
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    return build(AsyncSqliteSaver(await aiosqlite.connect("threads.db")))

graph = build_shared()
in_memory = build(InMemorySaver())
stateless = build(None)
"""


def also(*targets: str) -> list[object]:
    """Targets that only `make test-proof` asks about."""
    return [pytest.param(target, marks=pytest.mark.proof) for target in targets]


Asked = Callable[..., Verdict]


@pytest.fixture
def asked(
    langchain: LangChain,
    settings: Callable[[str], Mapping[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Asked:
    """A function from a target and the kind of a store to the verdict."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "graphs.py").write_text(GRAPH)
    for module in (HISTORY, CHECKPOINTER):
        (tmp_path / f"{module.stems[0]}.py").write_text(module.text())

    def ask(target: str, store: str = "sqlite", seconds: float = 60) -> Verdict:
        if target.startswith("graphs:") and langchain.version < (0, 3):
            pytest.skip("this generation of LangChain has no such graphs")
        for name, value in settings(store).items():
            monkeypatch.setenv(name, value)
        return probe(target, tmp_path, python=langchain.python, seconds=seconds)

    return ask


@pytest.mark.parametrize(
    ("target", "store"),
    [
        ("app:chain", "redis"),
        pytest.param("app:shared", "redis", marks=pytest.mark.proof),
        pytest.param("app:shared_async", "postgres", marks=pytest.mark.proof),
        ("graphs:graph", "postgres"),
    ],
)
def test_shared(asked: Asked, target: str, store: str) -> None:
    """
    Factories of several ids, async ones, chains, and graphs, of which no node is run.
    """
    verdict = asked(target, store)

    assert (verdict.word, verdict.exit_code) == ("shared", 0), verdict


@pytest.mark.parametrize("target", ["app:shared", *also("graphs:build_shared", "graphs:build_async")])
def test_this_host_only(asked: Asked, target: str) -> None:
    """
    The message was found in a file; the verdict names it.
    """
    if target.endswith("async"):
        pytest.importorskip("aiosqlite")
    verdict = asked(target)

    assert (verdict.word, verdict.exit_code) == ("this host only", 1), verdict
    assert ".db" in verdict.because


@pytest.mark.parametrize(
    "target", ["graphs:in_memory", "graphs:stateless", *also("app:in_memory", "app:chain_in_memory")]
)
def test_not_shared(asked: Asked, target: str) -> None:
    """
    Memory of the process, and a graph without a saver.
    """
    verdict = asked(target)

    assert (verdict.word, verdict.exit_code) == ("not shared", 1), verdict


@pytest.mark.parametrize("target", ["app:everybody", *also("app:nobody")])
def test_the_id_is_not_used(asked: Asked, target: str) -> None:
    """
    All have one conversation.
    """
    verdict = asked(target)

    assert (verdict.word, verdict.exit_code) == ("the id is not used", 1), verdict


def test_a_conversation_of_everybody_is_left_alone(asked: Asked, settings: object, tmp_path: Path) -> None:
    """
    Where a new id leads to what others have said, nothing is written, and above all nothing is deleted.
    """
    (tmp_path / "begun.py").write_text(
        "from langchain_core.chat_history import InMemoryChatMessageHistory\n"
        "from pathlib import Path\n"
        "class History(InMemoryChatMessageHistory):\n"
        "    def clear(self):\n"
        "        Path('deleted').touch()\n"
        "begun = History()\n"
        "begun.add_user_message('of somebody')\n"
        "def history(session_id):\n"
        "    return begun\n"
    )

    verdict = asked("begun:history")

    assert verdict.word == "the id is not used"
    assert "nothing was written" in verdict.because
    assert not (tmp_path / "deleted").exists()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("app:failing", "ConnectionError: the store is away"),
        ("app:missing", "AttributeError: module 'app' has no attribute 'missing'"),
        ("nowhere:history", "ModuleNotFoundError: No module named 'nowhere'"),
        ("app:store", "TypeError: dict is no history factory"),
        ("app:forgetful", "Forgetful does not hold a message that the same process has just added"),
    ],
)
def test_could_not_tell(asked: Asked, target: str, reason: str) -> None:
    """
    The last line of the error is the reason.
    """
    verdict = asked(target)

    assert (verdict.word, verdict.exit_code) == ("could not tell", 2)
    assert reason in verdict.because


def test_a_process_that_does_not_answer(asked: Asked) -> None:
    """
    It is ended.
    """
    verdict = asked("app:endless", seconds=5)

    assert (verdict.word, verdict.because) == ("could not tell", "no answer within 5 s")


def test_the_message_is_deleted(asked: Asked, tmp_path: Path) -> None:
    """
    A probe leaves nothing in the store.
    """
    file = asked("app:shared").because.partition("file ")[2].partition(" (")[0]

    assert Path(file).is_file()
    assert b"lcmemlint-probe-" not in Path(file).read_bytes()


@pytest.mark.parametrize("target", ["app", "app:", ":history", "app/history.py:f", "app:a b"])
def test_a_target_that_is_none(target: str, tmp_path: Path) -> None:
    """
    The complaint shows how one is written.
    """
    with pytest.raises(UsageError, match="expected MODULE:NAME, as in"):
        probe(target, tmp_path)


def test_the_projects_own_python_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The active environment first, then `.venv`: the one of lcmemlint has no LangChain.
    """
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    for name in (".venv", "active"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin/python").touch()

    assert project_python(tmp_path) == str(tmp_path / ".venv/bin/python")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert project_python(tmp_path) == str(tmp_path / "active/bin/python")


def test_the_command_says_that_it_runs_code(
    asked: Asked, langchain: LangChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    On standard error; the verdict goes to standard output, also as JSON.
    """
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(langchain.python)
    (tmp_path / ".venv/pyvenv.cfg").symlink_to(Path(langchain.python).parents[1] / "pyvenv.cfg")
    (tmp_path / ".venv/lib").symlink_to(Path(langchain.python).parents[1] / "lib")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    asked("app:failing")

    result = CliRunner().invoke(
        main, ["--root", str(tmp_path), "--probe", "app:in_memory", "--format", "json"]
    )

    assert result.exit_code == 1
    assert "runs your code: imports app:in_memory in two processes of" in result.stderr
    assert json.loads(result.stdout)["word"] == "not shared"
