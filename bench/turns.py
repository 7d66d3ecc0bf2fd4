"""What a conversation's turn costs through the generated history, against a direct client written by hand.

`make bench-turns` runs it. Both sides run the same chain in the same process, turn by turn in alternation, against
servers that the run starts itself; a turn loads twenty messages, asks a model that costs nothing, and
stores two more. The ratio is the median of the turns of one side over that of the other.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg_pool
import redis
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, message_to_dict, messages_from_dict
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lcmemlint.fixes.generated import HISTORY  # noqa: E402
from tests.proof.stores import new_database, postgres_server, redis_server  # noqa: E402


class Direct(BaseChatMessageHistory):
    """A history that somebody wrote for one store and nothing else."""

    def __init__(self, name: str, load: Callable[[str], list[str]], store: Callable[[str, list[str]], None]):
        self.name, self.load, self.store = name, load, store

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        return messages_from_dict([json.loads(each) for each in self.load(self.name)])

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        self.store(self.name, [json.dumps(message_to_dict(each)) for each in messages])

    def clear(self) -> None:
        raise NotImplementedError


def direct_redis(url: str) -> Callable[[str], Direct]:
    client = redis.Redis.from_url(url)
    return lambda name: Direct(
        name,
        lambda key: client.lrange(key, 0, -1),  # type: ignore[arg-type,return-value]
        lambda key, rows: client.rpush(key, *rows),  # type: ignore[arg-type,return-value]
    )


def direct_postgres(url: str) -> Callable[[str], Direct]:
    pool = psycopg_pool.ConnectionPool(url, min_size=1, open=True, kwargs={"prepare_threshold": None})
    with pool.connection() as connection:
        connection.execute("CREATE TABLE direct (id bigserial PRIMARY KEY, name text, message text)")
        connection.execute("CREATE INDEX ON direct (name)")

    def load(name: str) -> list[str]:
        with pool.connection() as connection:
            rows = connection.execute("SELECT message FROM direct WHERE name = %s ORDER BY id", [name])
            return [row[0] for row in rows]

    def store(name: str, messages: list[str]) -> None:
        with pool.connection() as connection, connection.cursor() as cursor:
            rows = [(name, message) for message in messages]
            cursor.executemany("INSERT INTO direct (name, message) VALUES (%s, %s)", rows)

    return lambda name: Direct(name, load, store)


def direct_sqlite(url: str) -> Callable[[str], Direct]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)
    connection.execute("CREATE TABLE direct (id integer PRIMARY KEY, name text, message text)")
    connection.execute("CREATE INDEX by_name ON direct (name)")

    def load(name: str) -> list[str]:
        rows = connection.execute("SELECT message FROM direct WHERE name = ? ORDER BY id", [name])
        return [row[0] for row in rows]

    def store(name: str, messages: list[str]) -> None:
        with connection:
            rows = [(name, message) for message in messages]
            connection.executemany("INSERT INTO direct (name, message) VALUES (?, ?)", rows)

    return lambda name: Direct(name, load, store)


def turn(history: Callable[[str], Any]) -> Callable[[], float]:
    """A function that has one turn of a conversation of twenty messages, and tells the seconds that it took."""
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])
    chain = RunnableWithMessageHistory(
        prompt | FakeListChatModel(responses=["ok"]),
        history,
        input_messages_key="text",
        history_messages_key="history",
    )

    def run() -> float:
        name = uuid.uuid4().hex
        earlier = [HumanMessage(content="a question"), AIMessage(content="an answer")] * 10
        history(name).add_messages(earlier)
        start = time.perf_counter()
        chain.invoke({"text": "and now?"}, {"configurable": {"session_id": name}})
        return time.perf_counter() - start

    return run


def main() -> None:
    """Print one table row for each store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--turns", type=int, default=300)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        (folder / "shared_history.py").write_text(HISTORY.text(), encoding="utf-8")
        sys.path.insert(0, str(folder))
        generated = importlib.import_module("shared_history").chat_history
        stores = {
            "redis": (running.enter_context(redis_server()), direct_redis),
            "postgres": (new_database(running.enter_context(postgres_server()), "turns"), direct_postgres),
            "sqlite": (f"sqlite:///{folder / 'turns.db'}", direct_sqlite),
        }
        print("| store | generated, ms | direct, ms | ratio |")
        print("|---|---|---|---|")
        for name, (url, direct) in stores.items():
            os.environ["CHAT_HISTORY_URL"] = url
            ours, theirs = turn(generated), turn(direct(url))
            pairs = [(ours(), theirs()) for _ in range(chosen.turns)][chosen.turns // 10 :]
            one, other = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
            print(f"| {name} | {one:.2f} | {other:.2f} | {one / other:.2f} |", flush=True)


if __name__ == "__main__":
    main()
