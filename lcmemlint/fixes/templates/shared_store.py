"""A LangGraph store for all workers, hosts and restarts. Written by lcmemlint; edit it as you like.

``builder.compile(store=shared_store())`` may stand at module level and serves sync and async callers alike. Nothing
connects before the first use; then each process connects once, makes the tables if they are missing, and forked
workers (``gunicorn --preload``) connect for themselves.

One environment variable decides where it is kept:

    STORE_URL  postgresql://user:password@host/name or sqlite:///file.db
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from langgraph.store.base import BaseStore, Op, Result

# Set by platforms that run an app on several hosts, where a file on one of them is no shared memory.
MANY_HOSTS = {
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
    "ECS_CONTAINER_METADATA_URI_V4": "Amazon ECS",
    "K_SERVICE": "Cloud Run",
    "AWS_LAMBDA_FUNCTION_NAME": "AWS Lambda",
    "DYNO": "Heroku",
}


def shared_store() -> BaseStore:
    """A store for ``store=``."""
    url = os.environ.get("STORE_URL") or _url_for_development()
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme in ("postgresql", "postgres"):
        return _SharedStore("postgresql://" + url.partition("://")[2], _postgres_store)
    if scheme == "sqlite":
        return _SharedStore(url, _sqlite_store)
    raise ValueError(f"STORE_URL starts with {scheme!r}; known are postgresql and sqlite")


class _SharedStore(BaseStore):
    """LangGraph's own store of this process, opened at its first use; async callers use it in a thread."""

    def __init__(self, url: str, connect: Callable[[str], BaseStore]) -> None:
        self._url = url
        self._connect = connect

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """All reading and writing comes through here."""
        return _connected(self._url, self._connect).batch(ops)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """As ``batch``. LangGraph's own async stores belong to one event loop, so no module could hold one."""
        return await asyncio.to_thread(self.batch, [*ops])


_stores: dict[tuple[int, str], BaseStore] = {}
_failures: dict[tuple[int, str], tuple[float, Exception]] = {}
_connecting = threading.Lock()


def _connected(url: str, connect: Callable[[str], BaseStore]) -> BaseStore:
    """What ``connect(url)`` made, once per process: a forked worker must not share its parent's sockets."""
    key = (os.getpid(), url)
    if key not in _stores:
        asked = time.monotonic()
        with _connecting:
            failed, error = _failures.get(key, (asked, None))
            if error is not None and failed > asked:
                raise error  # somebody else has tried while this caller waited: do not wait once more
            if key not in _stores:
                try:
                    _stores[key] = connect(url)
                except Exception as error:
                    _failures[key] = (time.monotonic(), error)
                    raise
    return _stores[key]


def _forget_lock() -> None:
    """The parent's lock may be held by a thread that does not exist in the child."""
    global _connecting
    _connecting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


def _postgres_store(url: str) -> BaseStore:
    try:
        import psycopg
        from langgraph.store.postgres import PostgresStore
        from psycopg.rows import dict_row
        from psycopg_pool import ConnectionPool
    except ImportError as error:
        raise ImportError(
            "STORE_URL names Postgres:"
            f" pip install langgraph-checkpoint-postgres 'psycopg[binary,pool]' ({error})"
        ) from error

    options: dict[str, Any] = {
        "autocommit": True,  # setup() makes indexes concurrently, which no transaction allows
        "row_factory": dict_row,
        "prepare_threshold": None,  # prepared statements fail behind PgBouncer
        "connect_timeout": 4,
        "tcp_user_timeout": 8_000,
    }
    with psycopg.connect(url, **options) as connection:  # raises at once where a pool would wait
        _make_tables(lambda: PostgresStore(connection).setup(), psycopg.Error)  # type: ignore[arg-type, unused-ignore]
    check = ConnectionPool.check_connection
    pool = ConnectionPool(url, min_size=1, max_size=10, timeout=8, kwargs=options, check=check, open=True)
    atexit.register(_close, pool, os.getpid())
    return PostgresStore(pool)  # type: ignore[arg-type, unused-ignore]


def _close(pool: Any, pid: int) -> None:
    if pid == os.getpid():  # not in a forked child, which would end its parent's connections
        pool.close()


def _sqlite_store(url: str) -> BaseStore:
    try:
        from langgraph.store.sqlite import SqliteStore
    except ImportError as error:
        raise ImportError(
            f"STORE_URL names SQLite: pip install langgraph-checkpoint-sqlite ({error})"
        ) from error
    path = url.partition("://")[2][1:]  # as in SQLAlchemy: sqlite:///relative.db, sqlite:////absolute.db

    class Store(SqliteStore):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__(sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30))

    store = Store()
    _make_tables(store.setup, sqlite3.OperationalError)
    return store


def _make_tables(setup: Callable[[], object], collision: type[Exception]) -> None:
    """Make the tables if they are missing. Other workers may be doing the same: then try again."""
    for patience in range(40, 0, -1):
        try:
            setup()
            return
        except collision:
            if patience == 1:
                raise
            time.sleep(0.25)


def _url_for_development() -> str:
    """A file beside this module: good enough for one host, refused where there are several."""
    for variable, platform in MANY_HOSTS.items():
        if os.environ.get(variable):
            raise RuntimeError(
                f"set STORE_URL to a Postgres URL: on {platform} ({variable} is set)"
                " a file on local disk is not shared"
            )
    url = f"sqlite:///{Path(__file__).with_name('store.db')}"
    warnings.warn(f"STORE_URL is not set; the store is {url}, which other hosts cannot see", stacklevel=3)
    return url
