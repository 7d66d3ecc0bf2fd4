"""One chat history for all workers, hosts and restarts. Written by lcmemlint; edit it as you like.

``chat_history(user_id)`` or ``chat_history(user_id, conversation_id)`` is that conversation, for sync and
async callers. It is cheap to call: each process connects once, at the first use, and forked workers
(``gunicorn --preload``) connect for themselves.

Two environment variables decide where conversations are kept:

    CHAT_HISTORY_URL  redis://host:6379/0, rediss://..., postgresql://user:password@host/name
                      or sqlite:///file.db
    CHAT_HISTORY_TTL  seconds after its last message that a conversation is forgotten
                      (Redis only; unset: never)
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, message_to_dict, messages_from_dict

# The layout of langchain_community's Redis and SQL histories: either reads what the other wrote.
REDIS_PREFIX = "message_store:"
SQL_TABLE = "message_store"

# Set by platforms that run an app on several hosts, where a file on one of them is no shared memory.
MANY_HOSTS = {
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
    "ECS_CONTAINER_METADATA_URI_V4": "Amazon ECS",
    "K_SERVICE": "Cloud Run",
    "AWS_LAMBDA_FUNCTION_NAME": "AWS Lambda",
    "DYNO": "Heroku",
}


def chat_history(*ids: object) -> BaseChatMessageHistory:
    """The history of one conversation, which one or more ids name. An id must not be empty."""
    if not ids or any(part is None or str(part) == "" for part in ids):
        raise ValueError(f"a conversation is named by ids that are not empty, not by {ids!r}")
    # Ids are quoted when there are several, so that ("a:b", "c") and ("a", "b:c") stay two conversations.
    name = str(ids[0]) if len(ids) == 1 else ":".join(quote(str(part), safe="") for part in ids)
    url = os.environ.get("CHAT_HISTORY_URL") or _url_for_development()
    scheme = url.partition(":")[0]
    if scheme in ("redis", "rediss", "unix"):
        return _RedisHistory(_connected(url, _redis_client), name)
    if scheme.partition("+")[0] in ("postgresql", "postgres", "sqlite"):
        return _SQLHistory(_connected(url, _sql_engine), name)
    raise ValueError(
        f"CHAT_HISTORY_URL starts with {scheme!r}; known are redis, rediss, unix, postgresql and sqlite"
    )


class _RedisHistory(BaseChatMessageHistory):
    """A list of messages under one key, the newest first."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._key = REDIS_PREFIX + name
        self._ttl = int(os.environ.get("CHAT_HISTORY_TTL") or 0)

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override, unused-ignore]
        """A copy of the messages; assign a list to replace them all."""
        return messages_from_dict(
            [json.loads(item) for item in reversed(self._client.lrange(self._key, 0, -1))]
        )

    @messages.setter
    def messages(self, messages: Sequence[BaseMessage]) -> None:
        self._write(messages, from_scratch=True)

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages, all in one step."""
        self._write(messages, from_scratch=False)

    def clear(self) -> None:
        """Forget the conversation."""
        self._client.delete(self._key)

    def _write(self, messages: Sequence[BaseMessage], *, from_scratch: bool) -> None:
        with self._client.pipeline(transaction=True) as pipe:
            if from_scratch:
                pipe.delete(self._key)
            if messages:
                pipe.lpush(self._key, *(json.dumps(message_to_dict(message)) for message in messages))
            if self._ttl:
                pipe.expire(self._key, self._ttl)
            pipe.execute()


class _SQLHistory(BaseChatMessageHistory):
    """Rows of one table, in the order in which they came."""

    def __init__(self, engine: Any, name: str) -> None:
        self._engine = engine
        self._name = name

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override, unused-ignore]
        """A copy of the messages; assign a list to replace them all."""
        select = f"SELECT message FROM {SQL_TABLE} WHERE session_id = ? ORDER BY id"
        with self._cursor() as cursor:
            self._run(cursor, select, [self._name])
            return messages_from_dict([json.loads(message) for (message,) in cursor.fetchall()])

    @messages.setter
    def messages(self, messages: Sequence[BaseMessage]) -> None:
        self._write(messages, from_scratch=True)

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages, all in one step."""
        self._write(messages, from_scratch=False)

    def clear(self) -> None:
        """Forget the conversation."""
        self._write([], from_scratch=True)

    def _write(self, messages: Sequence[BaseMessage], *, from_scratch: bool) -> None:
        steps: list[tuple[str, list[str]]] = []
        if from_scratch:
            steps.append((f"DELETE FROM {SQL_TABLE} WHERE session_id = ?", [self._name]))
        rows = [(self._name, json.dumps(message_to_dict(each))) for each in messages]
        for some in (rows[start : start + 1000] for start in range(0, len(rows), 1000)):
            values = ", ".join(["(?, ?)"] * len(some))
            insert = f"INSERT INTO {SQL_TABLE} (session_id, message) VALUES {values}"
            steps.append((insert, [part for row in some for part in row]))
        if len(steps) > 1:  # one statement is a transaction by itself
            steps = [("BEGIN", []), *steps, ("COMMIT", [])]
        with self._cursor() as cursor:
            for statement, parts in steps:
                self._run(cursor, statement, parts)

    def _run(self, cursor: Any, statement: str, values: list[str]) -> None:
        mark = "?" if self._engine.dialect.paramstyle == "qmark" else "%s"
        cursor.execute(statement.replace("?", mark), values)

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Any]:
        """A cursor of the driver itself: going through SQLAlchemy costs as much as the statements do."""
        with contextlib.closing(self._engine.raw_connection()) as connection:
            yield connection.cursor()


_connections: dict[tuple[int, str], Any] = {}
_failures: dict[tuple[int, str], tuple[float, Exception]] = {}
_connecting = threading.Lock()


def _connected(url: str, connect: Callable[[str], Any]) -> Any:
    """What ``connect(url)`` made, once per process: a forked worker must not share its parent's sockets."""
    key = (os.getpid(), url)
    if key not in _connections:
        asked = time.monotonic()
        with _connecting:
            failed, error = _failures.get(key, (asked, None))
            if error is not None and failed > asked:
                raise error  # somebody else has tried while this request waited: do not wait once more
            if key not in _connections:
                try:
                    _connections[key] = connect(url)
                except Exception as error:
                    _failures[key] = (time.monotonic(), error)
                    raise
    return _connections[key]


def _forget_lock() -> None:
    """The parent's lock may be held by a thread that does not exist in the child."""
    global _connecting
    _connecting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


def _redis_client(url: str) -> Any:
    try:
        import redis
    except ImportError as error:
        raise ImportError("CHAT_HISTORY_URL names Redis: pip install redis") from error
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=20,
        timeout=8,
        socket_connect_timeout=4,
        socket_timeout=8,
        health_check_interval=30,
    )
    return redis.Redis(connection_pool=pool)


def _sql_engine(url: str) -> Any:
    try:
        import sqlalchemy as sql
    except ImportError as error:
        raise ImportError("CHAT_HISTORY_URL names an SQL database: pip install sqlalchemy") from error
    if url.startswith(("postgres://", "postgresql://")):
        url = (
            "postgresql+psycopg://" + url.partition("://")[2]
        )  # psycopg 3; SQLAlchemy alone would take psycopg2
    limits: dict[str, Any] = {}
    if url.startswith("sqlite"):
        options: dict[str, Any] = {"timeout": 30}
    else:
        limits = {"pool_size": 10, "max_overflow": 5, "pool_timeout": 5}
        options = {"connect_timeout": 4, "tcp_user_timeout": 8_000}
    if url.startswith("postgresql+psycopg:"):
        options["prepare_threshold"] = None  # prepared statements fail behind PgBouncer
    try:
        engine = sql.create_engine(
            url, pool_pre_ping=True, isolation_level="AUTOCOMMIT", connect_args=options, **limits
        )
    except ImportError as error:
        raise ImportError(
            f"CHAT_HISTORY_URL needs a driver: pip install 'psycopg[binary]' ({error})"
        ) from error
    metadata = sql.MetaData()
    sql.Table(
        SQL_TABLE,
        metadata,
        sql.Column("id", sql.BigInteger().with_variant(sql.Integer(), "sqlite"), primary_key=True),
        sql.Column("session_id", sql.Text, index=True),
        sql.Column("message", sql.Text),
    )
    engine.connect().close()  # a database that is away is told from one where others are at work
    try:
        metadata.create_all(engine)
    except sql.exc.DBAPIError:  # another worker made the table in the same moment
        metadata.create_all(engine)
    return engine


def _url_for_development() -> str:
    """A file beside this module: good enough for one host, refused where there are several."""
    for variable, platform in MANY_HOSTS.items():
        if os.environ.get(variable):
            raise RuntimeError(
                f"set CHAT_HISTORY_URL to a Redis or Postgres URL: on {platform} ({variable} is set)"
                " a file on local disk is not shared"
            )
    url = f"sqlite:///{Path(__file__).with_name('chat_history.db')}"
    warnings.warn(
        f"CHAT_HISTORY_URL is not set; conversations go to {url}, which other hosts cannot see", stacklevel=3
    )
    return url
