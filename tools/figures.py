"""Measures what a turn costs in each store, and writes `docs/figures/stores.json`. `make figures` runs it.

Each side runs in this process, turn by turn in alternation, against servers that the run starts itself; a turn loads a
conversation of twenty messages, asks a model that costs nothing, and stores two more.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "figures" / "stores.json"
sys.path.insert(0, str(ROOT))

from bench.turns import turn  # noqa: E402
from lcmemlint.fixes.generated import HISTORY  # noqa: E402
from tests.proof.stores import new_database, postgres_server, redis_server  # noqa: E402

PACKAGES = (
    "langchain-core",
    "langgraph",
    "langgraph-checkpoint-postgres",
    "langgraph-checkpoint-sqlite",
    "redis",
)


def graph_turn(saver: Any) -> Callable[[], float]:
    """A function that has one turn of a LangGraph thread of twenty messages, and tells the seconds that it took."""
    builder = StateGraph(MessagesState)
    builder.add_node("answer", lambda state: {"messages": [AIMessage(content="ok")]})
    builder.add_edge(START, "answer")
    graph = builder.compile(checkpointer=saver)
    earlier = [HumanMessage(content="a question"), AIMessage(content="an answer")] * 10

    def run() -> float:
        config: Any = {"configurable": {"thread_id": uuid.uuid4().hex}}
        graph.update_state(config, {"messages": earlier})
        start = time.perf_counter()
        graph.invoke({"messages": [HumanMessage(content="and now?")]}, config)
        return time.perf_counter() - start

    return run


def sides(running: ExitStack, folder: Path) -> Iterator[tuple[str, str, Callable[[], float]]]:
    """What is measured: kind, store, and a function that has one turn."""
    (folder / "shared_history.py").write_text(HISTORY.text(), encoding="utf-8")
    sys.path.insert(0, str(folder))
    generated = importlib.import_module("shared_history").chat_history
    postgres = running.enter_context(postgres_server())
    urls = {
        "SQLite": f"sqlite:///{folder / 'turns.db'}",
        "Redis": running.enter_context(redis_server()),
        "Postgres": new_database(postgres, "turns"),
    }
    kept: dict[str, InMemoryChatMessageHistory] = {}
    yield "history", "the process", turn(lambda name: kept.setdefault(name, InMemoryChatMessageHistory()))
    for store, url in urls.items():
        run = turn(generated)

        def here(run: Callable[[], float] = run, url: str = url) -> float:
            os.environ["CHAT_HISTORY_URL"] = url
            return run()

        yield "history", store, here
    yield "saver", "the process", graph_turn(InMemorySaver())
    sqlite = running.enter_context(SqliteSaver.from_conn_string(str(folder / "threads.db")))
    yield "saver", "SQLite", graph_turn(sqlite)
    saver = running.enter_context(PostgresSaver.from_conn_string(new_database(postgres, "threads")))
    saver.setup()
    yield "saver", "Postgres", graph_turn(saver)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--turns", type=int, default=200)
    turns = parser.parse_args().turns
    warnings.simplefilter("ignore")
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        found = list(sides(running, folder))
        times: list[list[float]] = [[] for _ in found]
        for _ in range(turns):
            for taken, (_, _, run) in zip(times, found, strict=True):
                taken.append(run() * 1000)
    rows = []
    for taken, (kind, store, _) in zip(times, found, strict=True):
        warm = sorted(taken[turns // 10 :])
        rows.append(
            {
                "kind": kind,
                "store": store,
                "median_ms": round(statistics.median(warm), 2),
                "p95_ms": round(warm[int(len(warm) * 0.95)], 2),
            }
        )
    whole = {
        "command": "make figures",
        "turns": turns,
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "rows": rows,
    }
    FIGURES.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
