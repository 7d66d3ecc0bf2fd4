"""LangGraph threads for all workers, hosts and restarts. Written by lcmemlint; edit it as you like.

``builder.compile(checkpointer=shared_checkpointer())`` may stand at module level and serves ``invoke`` and
``ainvoke`` alike. Nothing connects before the first turn; then each process connects once, makes the tables
if they are missing, and forked workers (``gunicorn --preload``) connect for themselves.

Graphs that are given the same thread ids but must not share threads get a name each:
``shared_checkpointer("support")``, ``shared_checkpointer("sales")``.

Two environment variables decide where threads are kept:

    CHECKPOINT_URL  redis://host:6379/0, rediss://..., postgresql://user:password@host/name
                    or sqlite:///file.db
    CHECKPOINT_TTL  seconds after its last turn that a thread is forgotten (Redis only; unset: never)

Two turns of one thread at the same time are one turn too many for every saver: the later one wins.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import sqlite3
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from langgraph.checkpoint.base import BaseCheckpointSaver

# Set by platforms that run an app on several hosts, where a file on one of them is no shared memory.
MANY_HOSTS = {
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
    "ECS_CONTAINER_METADATA_URI_V4": "Amazon ECS",
    "K_SERVICE": "Cloud Run",
    "AWS_LAMBDA_FUNCTION_NAME": "AWS Lambda",
    "DYNO": "Heroku",
}


def shared_checkpointer(
    name: str = "", *, url: str | None = None, serde: Any = None
) -> BaseCheckpointSaver[Any]:
    """A saver for ``checkpointer=``. Savers with the same name see the same threads.

    ``url`` is the database of this saver, where it is another one than CHECKPOINT_URL says.
    """
    url = url or os.environ.get("CHECKPOINT_URL") or _url_for_development()
    scheme = url.partition(":")[0]
    if scheme in ("redis", "rediss", "unix"):
        saver = _redis_saver(url, serde)
    elif scheme.partition("+")[0] in ("postgresql", "postgres"):
        saver = _postgres_saver("postgresql://" + url.partition("://")[2], serde)
    elif scheme.partition("+")[0] == "sqlite":
        saver = _sqlite_saver(url, serde)
    else:
        raise ValueError(
            f"CHECKPOINT_URL starts with {scheme!r}; known are redis, rediss, unix, postgresql and sqlite"
        )
    saver.prefix = f"{name}:" if name else ""
    return saver


class _Shared(BaseCheckpointSaver[Any]):
    """Puts a saver's name before its thread ids, and lets async callers use the sync methods in a thread.

    LangGraph's own async savers belong to one event loop, so no module could hold one.
    """

    prefix = ""

    def get_tuple(self, config: Any) -> Any:
        """The checkpoint that a configuration names."""
        return self._shown(super().get_tuple(self._kept(config)))

    def list(self, config: Any, *, before: Any = None, **more: Any) -> Iterator[Any]:
        """The checkpoints of a thread, the newest first."""
        for found in super().list(self._kept(config), before=self._kept(before), **more):
            if found.config["configurable"]["thread_id"].startswith(self.prefix):
                yield self._shown(found)

    def put(self, config: Any, *args: Any, **more: Any) -> Any:
        """Keep a checkpoint."""
        return self._plain(super().put(self._kept(config), *args, **more))

    def put_writes(self, config: Any, *args: Any, **more: Any) -> None:
        """Keep what the tasks of a checkpoint wrote."""
        super().put_writes(self._kept(config), *args, **more)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        super().delete_thread(self._name(thread_id))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread."""
        names = self._name(source_thread_id), self._name(target_thread_id)
        super().copy_thread(*names)  # type: ignore[misc, unused-ignore]

    def prune(self, thread_ids: Any, **more: Any) -> None:
        """Thin out threads."""
        super().prune([self._name(each) for each in thread_ids], **more)  # type: ignore[misc, unused-ignore]

    def get_delta_channel_history(self, *, config: Any, **more: Any) -> Any:
        """What was written to channels since they were last kept whole."""
        kept = self._kept(config)
        return super().get_delta_channel_history(config=kept, **more)  # type: ignore[misc, unused-ignore]

    async def aget_tuple(self, *args: Any, **more: Any) -> Any:
        """As ``get_tuple``; so for the others below."""
        return await asyncio.to_thread(self.get_tuple, *args, **more)

    async def alist(self, *args: Any, **more: Any) -> AsyncIterator[Any]:
        for found in await asyncio.to_thread(lambda: [*self.list(*args, **more)]):
            yield found

    async def aput(self, *args: Any, **more: Any) -> Any:
        return await asyncio.to_thread(self.put, *args, **more)

    async def aput_writes(self, *args: Any, **more: Any) -> None:
        await asyncio.to_thread(self.put_writes, *args, **more)

    async def adelete_thread(self, *args: Any, **more: Any) -> None:
        await asyncio.to_thread(self.delete_thread, *args, **more)

    async def adelete_for_runs(self, *args: Any, **more: Any) -> None:
        forget = self.delete_for_runs  # type: ignore[attr-defined, unused-ignore]
        await asyncio.to_thread(forget, *args, **more)

    async def acopy_thread(self, *args: Any, **more: Any) -> None:
        await asyncio.to_thread(self.copy_thread, *args, **more)

    async def aprune(self, *args: Any, **more: Any) -> None:
        await asyncio.to_thread(self.prune, *args, **more)

    async def aget_delta_channel_history(self, *args: Any, **more: Any) -> Any:
        return await asyncio.to_thread(self.get_delta_channel_history, *args, **more)

    def _name(self, thread_id: Any) -> Any:
        return thread_id if str(thread_id).startswith(self.prefix) else f"{self.prefix}{thread_id}"

    def _kept(self, config: Any) -> Any:
        return self._with_thread(config, self._name)

    def _plain(self, config: Any) -> Any:
        return self._with_thread(config, lambda thread_id: str(thread_id).removeprefix(self.prefix))

    def _with_thread(self, config: Any, change: Callable[[Any], Any]) -> Any:
        settings = (config or {}).get("configurable", {})
        if not self.prefix or "thread_id" not in settings:
            return config
        return {**config, "configurable": {**settings, "thread_id": change(settings["thread_id"])}}

    def _shown(self, found: Any) -> Any:
        if found is None or not self.prefix:
            return found
        return found._replace(
            config=self._plain(found.config), parent_config=self._plain(found.parent_config)
        )


class _PerProcess:
    """An attribute that each process makes for itself: its parent's sockets and locks are of no use to a fork."""

    made: ClassVar[dict[tuple[int, str], Any]] = {}
    failed: ClassVar[dict[tuple[int, str], tuple[float, Exception]]] = {}
    making = threading.RLock()

    def __init__(self, key: str, make: Callable[[], Any]) -> None:
        self._key = key
        self._make = make

    def __get__(self, saver: Any, owner: Any = None) -> Any:
        key = (os.getpid(), self._key)
        if key not in self.made:
            asked = time.monotonic()
            with self.making:
                failed, error = self.failed.get(key, (asked, None))
                if error is not None and failed > asked:
                    raise error  # another thread has tried while this one waited: do not wait once more
                if key not in self.made:
                    try:
                        self.made[key] = self._make()
                    except Exception as error:
                        self.failed[key] = (time.monotonic(), error)
                        raise
        return self.made[key]

    def __set__(self, saver: Any, value: Any) -> None:
        """What the saver's own constructor would set is not wanted."""


def _forget_lock() -> None:
    """The parent's lock may be held by a thread that does not exist in the child."""
    _PerProcess.making = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


def _postgres_saver(url: str, serde: Any) -> _Shared:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import ConnectionPool
    except ImportError as error:
        raise ImportError(
            "CHECKPOINT_URL names Postgres:"
            f" pip install langgraph-checkpoint-postgres 'psycopg[binary,pool]' ({error})"
        ) from error

    options: dict[str, Any] = {
        "autocommit": True,  # setup() makes indexes concurrently, which no transaction allows
        "row_factory": dict_row,
        "prepare_threshold": None,  # prepared statements fail behind PgBouncer
        "connect_timeout": 4,
        "tcp_user_timeout": 8_000,
    }

    def connect() -> Any:
        _make_tables(url, options, PostgresSaver)
        check = ConnectionPool.check_connection
        pool = ConnectionPool(url, min_size=1, max_size=10, timeout=8, kwargs=options, check=check, open=True)
        atexit.register(_close, pool, os.getpid())
        return pool

    class Saver(_Shared, PostgresSaver):  # type: ignore[misc, unused-ignore]
        conn = _PerProcess(url, connect)  # type: ignore[assignment, unused-ignore]
        lock = _PerProcess("no lock", contextlib.nullcontext)  # type: ignore[assignment, unused-ignore]

    return Saver(None, serde=serde)  # type: ignore[arg-type, unused-ignore]


def _close(pool: Any, pid: int) -> None:
    if pid == os.getpid():  # not in a forked child, which would end its parent's connections
        pool.close()


def _make_tables(url: str, options: dict[str, Any], saver: Any) -> None:
    """Make the tables if they are missing. Other workers may be doing the same: then look again."""
    import psycopg

    with psycopg.connect(url, **options) as connection:  # raises at once where a pool would wait
        for patience in range(40, 0, -1):
            if _has_tables(connection, len(saver.MIGRATIONS)):
                return  # setup() would ask for rights that it does not need any more
            try:
                saver(connection).setup()
            except psycopg.errors.InsufficientPrivilege:
                raise
            except psycopg.Error:
                if patience == 1:
                    raise
                time.sleep(0.25)


def _has_tables(connection: Any, migrations: int) -> bool:
    if connection.execute("SELECT to_regclass('checkpoint_migrations') AS name").fetchone()["name"] is None:
        return False
    last = connection.execute("SELECT max(v) AS v FROM checkpoint_migrations").fetchone()["v"]
    return last is not None and int(last) >= migrations - 1


def _sqlite_saver(url: str, serde: Any) -> _Shared:
    try:
        from langgraph.checkpoint.sqlite import SqliteSaver
    except ImportError as error:
        raise ImportError(
            f"CHECKPOINT_URL names SQLite: pip install langgraph-checkpoint-sqlite ({error})"
        ) from error
    path = url.partition("://")[2][1:]  # as in SQLAlchemy: sqlite:///relative.db, sqlite:////absolute.db

    def connect() -> Any:
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
        for patience in range(40, 0, -1):
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError:  # another worker is doing the same; SQLite does not wait here
                if patience == 1:
                    raise
                time.sleep(0.25)
        return connection

    class Saver(_Shared, SqliteSaver):  # type: ignore[misc, unused-ignore]
        conn = _PerProcess(url, connect)  # type: ignore[assignment, unused-ignore]
        lock = _PerProcess(f"lock of {url}", threading.Lock)  # type: ignore[assignment, unused-ignore]

    return Saver(None, serde=serde)  # type: ignore[arg-type, unused-ignore]


def _redis_saver(url: str, serde: Any) -> _Shared:
    try:
        import redis
        from langgraph_checkpoint_plainredis import RedisSaver
    except ImportError as error:
        raise ImportError(
            f"CHECKPOINT_URL names Redis: pip install langgraph-checkpoint-plainredis ({error})"
        ) from error

    class Saver(_Shared, RedisSaver):  # type: ignore[misc, unused-ignore]
        pass

    # The client is fork-safe, and connects when it is used.
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=20,
        timeout=8,
        socket_connect_timeout=4,
        socket_timeout=8,
        health_check_interval=30,
    )
    return Saver(
        redis.Redis(connection_pool=pool), ttl=int(os.environ.get("CHECKPOINT_TTL") or 0) or None, serde=serde
    )


def _url_for_development() -> str:
    """A file beside this module: good enough for one host, refused where there are several."""
    for variable, platform in MANY_HOSTS.items():
        if os.environ.get(variable):
            raise RuntimeError(
                f"set CHECKPOINT_URL to a Postgres or Redis URL: on {platform} ({variable} is set)"
                " a file on local disk is not shared"
            )
    url = f"sqlite:///{Path(__file__).with_name('checkpoints.db')}"
    warnings.warn(
        f"CHECKPOINT_URL is not set; threads go to {url}, which other hosts cannot see", stacklevel=3
    )
    return url
