"""The generated modules when a store is away, falls silent, has few connections, or stands behind a pooler."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lcmemlint.fixes.generated import CHECKPOINTER, HISTORY
from tests.proof.conftest import LangChain
from tests.proof.stores import free_port, pgbouncer

WORK = """
import json, sys, threading, time, uuid, warnings
from concurrent.futures import ThreadPoolExecutor
warnings.simplefilter("ignore")
what, requests, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

if what == "history":
    from shared_history import chat_history
    def request(number):
        history = chat_history(f"{number % 20}")
        history.messages
        history.add_user_message(str(number))
    def kept():
        return sum(len(chat_history(str(user)).messages) for user in range(20))
else:
    from langgraph.graph import START, MessagesState, StateGraph
    from shared_checkpointer import shared_checkpointer
    builder = StateGraph(MessagesState)
    builder.add_node("listen", lambda state: {})
    builder.add_edge(START, "listen")
    graph = builder.compile(checkpointer=shared_checkpointer())
    def request(number):
        graph.invoke({"messages": [("human", str(number))]}, {"configurable": {"thread_id": str(number)}})
    def kept():
        configs = [{"configurable": {"thread_id": str(number)}} for number in range(requests)]
        return sum(len(graph.get_state(config).values["messages"]) for config in configs)

start = time.monotonic()
try:
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(request, number) for number in range(requests)]:
            done.result()
    print(json.dumps({"kept": kept()}))
except Exception as error:
    text = f"{type(error).__name__}: {error}"
    print(json.dumps({"error": text, "seconds": time.monotonic() - start}))
"""

Worked = Callable[..., Mapping[str, object]]


@pytest.fixture
def work(langchain: LangChain, tmp_path: Path) -> Worked:
    """A function that lets a process answer requests with a history or a graph, and gives back what it says."""
    for module in (HISTORY, CHECKPOINTER):
        (tmp_path / f"{module.stems[0]}.py").write_text(module.text())

    def run(what: str, url: str, requests: int = 1, threads: int = 1) -> Mapping[str, object]:
        if what == "graph" and langchain.version < ((1, 0) if url.startswith("redis") else (0, 3)):
            pytest.skip("this generation of LangGraph has no such saver")
        environment = {**os.environ, "CHAT_HISTORY_URL": url, "CHECKPOINT_URL": url}
        command = [langchain.python, "-c", WORK, what, str(requests), str(threads)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


REDIS = "redis://127.0.0.1:{}/0"
POSTGRES = "postgresql://app@127.0.0.1:{}/app"


@pytest.mark.parametrize("url", [REDIS, POSTGRES])
@pytest.mark.parametrize("what", ["history", "graph"])
def test_a_store_that_refuses(work: Worked, what: str, url: str) -> None:
    """
    An error at once, and the reason in it.
    """
    said = work(what, url.format(free_port()))

    assert "refused" in str(said["error"])
    assert float(str(said["seconds"])) < 5


@pytest.mark.parametrize(
    ("what", "url"),
    [
        ("history", POSTGRES),
        pytest.param("history", REDIS, marks=pytest.mark.proof),
        pytest.param("graph", POSTGRES, marks=pytest.mark.proof),
        pytest.param("graph", REDIS, marks=pytest.mark.proof),
    ],
)
def test_a_store_that_is_silent(work: Worked, silent: int, what: str, url: str) -> None:
    """
    An error within ten seconds, also for those who wait for the same connection.
    """
    said = work(what, url.format(silent), 8, 8)

    assert "time" in str(said["error"]).lower()
    assert float(str(said["seconds"])) < 10


@pytest.mark.parametrize("what", ["history", pytest.param("graph", marks=pytest.mark.proof)])
@pytest.mark.parametrize("store", ["redis", "postgres"])
def test_five_hundred_requests_open_few_connections(
    work: Worked, store_url: Callable[[str], str], langchain: LangChain, what: str, store: str
) -> None:
    """
    Forty threads, as many as FastAPI has, with twenty connections at most, and nothing lost.
    """
    url = store_url(store)
    before = connections_so_far(langchain, url)

    assert work(what, url, 500, 40) == {"kept": 500}
    assert connections_so_far(langchain, url) - before - 1 <= 20


REDIS_COUNT = (
    "import redis, sys; print(redis.Redis.from_url(sys.argv[1]).info('stats')['total_connections_received'])"
)
POSTGRES_COUNT = """
import psycopg, sys, time
time.sleep(1)  # sessions are counted a moment after they began
with psycopg.connect(sys.argv[1]) as connection:
    query = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    print(connection.execute(query).fetchone()[0])
"""


def connections_so_far(langchain: LangChain, url: str) -> int:
    """How many connections a store has seen; each question is one of them."""
    script = REDIS_COUNT if url.startswith("redis") else POSTGRES_COUNT
    done = subprocess.run([langchain.python, "-c", script, url], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize("what", ["history", "graph"])
def test_behind_a_pooler_in_transaction_mode(
    work: Worked, store_url: Callable[[str], str], what: str
) -> None:
    """
    No prepared statement is left on a connection that somebody else gets next.
    """
    with pgbouncer(store_url("postgres")) as url:
        assert work(what, url, 100, 8) == {"kept": 100}
