"""The generated module itself, run for real where langchain-core and SQLAlchemy are installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lcmemlint.fixes.generated import HISTORY

NEEDED = ("langchain_core", "sqlalchemy")
needs_langchain = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED), reason="langchain-core and sqlalchemy"
)
LANGCHAIN_PYTHON = os.environ.get("LCMEMLINT_LANGCHAIN_PYTHON", sys.executable)
"""A Python with langchain-core, when the one that runs the tests has none."""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    path = tmp_path / "shared_history.py"
    path.write_text(HISTORY.text(), encoding="utf-8")
    monkeypatch.setenv("CHAT_HISTORY_URL", f"sqlite:///{tmp_path / 'test.db'}")
    for variable in ("KUBERNETES_SERVICE_HOST", "ECS_CONTAINER_METADATA_URI_V4", "K_SERVICE", "DYNO"):
        monkeypatch.delenv(variable, raising=False)
    spec = importlib.util.spec_from_file_location("shared_history", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    yield loaded
    for engine in loaded._connections.values():
        engine.dispose()


def message(text: str) -> Any:
    return importlib.import_module("langchain_core.messages").HumanMessage(content=text)


def texts(history: Any) -> list[str]:
    return [each.content for each in history.messages]


def test_it_is_plain_python_of_modest_length() -> None:
    """
    Whoever gets it into a repository must be able to read it; ASCII only, so that it suits every encoding.
    """
    text = HISTORY.text()

    compile(text, "shared_history.py", "exec")
    assert text.isascii()
    assert len(text.splitlines()) < 270
    assert max(map(len, text.splitlines())) <= 110
    assert "langchain_community import" not in text


@needs_langchain
def test_what_is_written_is_read_in_order(module: ModuleType) -> None:
    """
    By another object for the same conversation, and by no other conversation.
    """
    module.chat_history("ann").add_messages([message("1"), message("2")])
    module.chat_history("ann").add_user_message("3")
    module.chat_history("ann").add_ai_message("4")

    assert texts(module.chat_history("ann")) == ["1", "2", "3", "4"]
    assert texts(module.chat_history("bob")) == []


@needs_langchain
def test_more_messages_than_one_statement_takes(module: ModuleType) -> None:
    """
    They come in order, and all or none of them replace the old ones.
    """
    said = [str(number) for number in range(2500)]
    history = module.chat_history("long")

    history.add_messages([message(each) for each in said])
    assert texts(history) == said

    history.messages = [message(each) for each in reversed(said)]
    assert texts(history) == said[::-1]


@needs_langchain
def test_async_callers_get_the_same(module: ModuleType) -> None:
    """
    Sync and async share one conversation.
    """

    async def turn() -> list[str]:
        await module.chat_history("ann").aadd_messages([message("1")])
        return [each.content for each in await module.chat_history("ann").aget_messages()]

    assert asyncio.run(turn()) == ["1"]
    assert texts(module.chat_history("ann")) == ["1"]


@needs_langchain
def test_assigning_and_clearing(module: ModuleType) -> None:
    """
    `history.messages = …` replaces them, `clear` forgets them, a change of the copy does nothing.
    """
    history = module.chat_history("ann")
    history.add_messages([message("1"), message("2")])

    history.messages = history.messages[-1:]
    history.messages.append(message("lost"))
    assert texts(history) == ["2"]

    history.clear()
    assert texts(history) == []


@needs_langchain
def test_several_ids_never_meet(module: ModuleType) -> None:
    """
    ("a:b", "c") and ("a", "b:c") are two conversations; numbers and UUIDs are ids too.
    """
    module.chat_history("a:b", "c").add_messages([message("1")])
    module.chat_history(7, "x").add_messages([message("2")])

    assert texts(module.chat_history("a", "b:c")) == []
    assert texts(module.chat_history("7", "x")) == ["2"]


@needs_langchain
@pytest.mark.parametrize("ids", [(), ("",), (None,), ("ann", ""), ("ann", None)])
def test_an_empty_id_is_an_error(module: ModuleType, ids: tuple[object, ...]) -> None:
    """
    All who have no id would share one conversation.
    """
    with pytest.raises(ValueError, match="ids that are not empty"):
        module.chat_history(*ids)


@needs_langchain
def test_an_unknown_scheme_is_an_error(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The message names what is known.
    """
    monkeypatch.setenv("CHAT_HISTORY_URL", "mongodb://host/db")

    with pytest.raises(ValueError, match="'mongodb'; known are redis"):
        module.chat_history("ann")


@needs_langchain
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "postgresql://u:p@127.0.0.1:1/db"])
def test_a_missing_driver_says_what_to_install(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """
    `pip install redis`, `pip install 'psycopg[binary]'`.
    """
    monkeypatch.setenv("CHAT_HISTORY_URL", url)
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(ImportError, match="pip install"):
        module.chat_history("ann")


@needs_langchain
def test_without_a_url_development_works_and_warns(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    SQLite beside the module; the warning points at the caller.
    """
    monkeypatch.delenv("CHAT_HISTORY_URL")

    with pytest.warns(UserWarning, match="CHAT_HISTORY_URL is not set") as caught:
        history = module.chat_history("ann")

    history.add_messages([message("1")])
    assert caught[0].filename == __file__
    assert Path(str(module.__file__)).with_name("chat_history.db").exists()


@needs_langchain
@pytest.mark.parametrize(
    ("variable", "platform"),
    [
        ("KUBERNETES_SERVICE_HOST", "Kubernetes"),
        ("ECS_CONTAINER_METADATA_URI_V4", "Amazon ECS"),
        ("K_SERVICE", "Cloud Run"),
        ("AWS_LAMBDA_FUNCTION_NAME", "AWS Lambda"),
        ("DYNO", "Heroku"),
    ],
)
def test_without_a_url_many_hosts_are_an_error(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, variable: str, platform: str
) -> None:
    """
    Nobody should find out by losing conversations.
    """
    monkeypatch.delenv("CHAT_HISTORY_URL")
    monkeypatch.setenv(variable, "x")

    with pytest.raises(RuntimeError, match=f"on {platform}"):
        module.chat_history("ann")


@needs_langchain
def test_one_connection_a_process_and_one_a_child(module: ModuleType) -> None:
    """
    Threads share what was made once; a forked child makes its own, even when the lock was held.
    """
    threads = [threading.Thread(target=lambda: module.chat_history("ann").messages) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(module._connections) == 1

    script = (
        "import os, shared_history as s\n"
        "s.chat_history('ann').add_user_message('parent')\n"
        "s._connecting.acquire()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    s.chat_history('ann').add_user_message('child')\n"
        "    os._exit(0 if len(s._connections) == 2 else 1)\n"
        "_, status = os.waitpid(child, 0)\n"
        "assert status == 0, status\n"
        "assert len(s.chat_history('ann').messages) == 2\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=Path(str(module.__file__)).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@needs_langchain
def test_another_process_sees_the_conversation(module: ModuleType) -> None:
    """
    The whole point.
    """
    script = "import shared_history; shared_history.chat_history('ann').add_user_message('first request')"

    subprocess.run(
        [sys.executable, "-c", script], cwd=Path(str(module.__file__)).parent, timeout=60, check=True
    )

    assert texts(module.chat_history("ann")) == ["first request"]


@needs_langchain
def test_many_processes_at_once_make_one_table(module: ModuleType) -> None:
    """
    `create table` races between workers that start together.
    """
    script = "import shared_history; shared_history.chat_history('ann').add_user_message('x')"
    folder = Path(str(module.__file__)).parent

    started = [subprocess.Popen([sys.executable, "-c", script], cwd=folder) for _ in range(6)]

    assert [process.wait(60) for process in started] == [0] * 6
    assert len(module.chat_history("ann").messages) == 6


def test_it_is_strictly_typed(tmp_path: Path) -> None:
    """
    A project that runs `mypy --strict` gets no new errors.
    """
    python = LANGCHAIN_PYTHON
    probe = [python, "-c", "import langchain_core, sqlalchemy, mypy"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("mypy, langchain-core and sqlalchemy in one environment")
    (tmp_path / "shared_history.py").write_text(HISTORY.text(), encoding="utf-8")

    done = subprocess.run(
        [python, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "shared_history.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_it_is_formatted(tmp_path: Path) -> None:
    """
    As this project's own code is.
    """
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if ruff is None:
        pytest.skip("ruff")
    (tmp_path / "shared_history.py").write_text(HISTORY.text(), encoding="utf-8")

    done = subprocess.run(
        [ruff, "format", "--isolated", "--line-length", "110", "--check", "."],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
