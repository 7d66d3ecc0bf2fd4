"""Conversations must survive a second process and a restart. Written by lcmemlint; edit it as you like.

Two interpreters stand for two workers or two pods: one takes the first request, the other one the next. They use the
stores that CHAT_HISTORY_URL and CHECKPOINT_URL name (in CI: those that production uses), else SQLite files in a
temporary folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1]  # where imports start

TARGETS = ["shared_history:chat_history"]
"""What keeps conversations: functions from an id to a history, or functions that make a LangGraph checkpointer."""

WORKER = """
import importlib, json, sys, warnings

warnings.simplefilter("ignore")
answers, sys.stdout = sys.stdout, sys.stderr


def converse(target, conversation, text):
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    if name.endswith("checkpointer"):
        from langgraph.graph import START, MessagesState, StateGraph

        builder = StateGraph(MessagesState)
        builder.add_node("listen", lambda state: {})
        builder.add_edge(START, "listen")
        graph = builder.compile(checkpointer=function())
        config = {"configurable": {"thread_id": conversation}}
        if text:
            graph.invoke({"messages": [("human", text)]}, config)
        return graph.get_state(config).values.get("messages", [])
    history = function(conversation)
    if text:
        history.add_user_message(text)
    return history.messages


for line in sys.stdin:
    print(json.dumps([message.content for message in converse(*json.loads(line))]), file=answers, flush=True)
"""


class Worker:
    """One process of the app, which knows nothing but what it has stored."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin without memories."""
        path = os.pathsep.join(filter(None, [str(FOLDER), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            cwd=FOLDER,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hears(self, target: str, conversation: str, text: str = "") -> list[str]:
        """All that was said in a conversation, after ``text`` was."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([target, conversation, text]), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, "the worker has died; its error is above"
        return list(json.loads(answer))

    def stop(self) -> None:
        """End as after a deployment."""
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Worker, Worker]]:
    with pytest.MonkeyPatch.context() as environment:
        for variable in ("CHAT_HISTORY_URL", "CHECKPOINT_URL"):
            if not os.environ.get(variable):
                file = tmp_path_factory.mktemp("memory") / "kept.db"
                environment.setenv(variable, f"sqlite:///{file}")
        started = Worker(), Worker()
        yield started
        for worker in started:
            worker.stop()


@pytest.fixture
def conversation() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("target", TARGETS)
def test_the_second_request_sees_the_first(
    workers: tuple[Worker, Worker], target: str, conversation: str
) -> None:
    first, second = workers
    first.hears(target, conversation, "first request")
    assert second.hears(target, conversation, "second request") == ["first request", "second request"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_restart_forgets_nothing(workers: tuple[Worker, Worker], target: str, conversation: str) -> None:
    worker, _ = workers
    worker.hears(target, conversation, "before the restart")
    worker.stop()
    worker.start()
    assert worker.hears(target, conversation) == ["before the restart"]


@pytest.mark.parametrize("target", TARGETS)
def test_another_user_sees_nothing(workers: tuple[Worker, Worker], target: str, conversation: str) -> None:
    workers[0].hears(target, conversation, "private")
    for worker in workers:
        assert worker.hears(target, str(uuid.uuid4())) == []
