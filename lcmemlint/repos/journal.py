"""What became of every repository, on the disk as soon as it is known: a run that is killed goes on where it was.

An SQLite database with a row a repository. A result counts as long as nothing has changed that it depends on: the
commit, the version of lcmemlint and the settings.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from lcmemlint import __version__
from lcmemlint.errors import UsageError
from lcmemlint.repos.results import RepositoryResult, Task

_APPLICATION: Final = 0x4C434D31
"""Marks the file as ours, in this form."""
_TABLES: Final = """
create table if not exists runs (number integer primary key);
create table if not exists results (
    repository text primary key, revision text, version text, settings text, time_limit real, run integer,
    status text, result text
) without rowid;
"""


class Journal:
    """The journal of one results file. A context manager; one run at a time may have it open."""

    def __init__(self, path: Path) -> None:
        """Raises `UsageError` if the file cannot be opened, is no journal, or is another run's just now."""
        self._path = path
        with self._told():
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise

    def _open(self) -> None:
        run = self._database.execute
        run("pragma locking_mode = exclusive")
        run("pragma journal_mode = wal")
        run("pragma synchronous = full")
        if run("pragma application_id").fetchone()[0] != _APPLICATION:
            if run("select count(*) from sqlite_master").fetchone()[0]:
                raise sqlite3.DatabaseError("not ours")
            run(f"pragma application_id = {_APPLICATION}")
        self._database.executescript(_TABLES)
        self._run = run("insert into runs default values").lastrowid

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def earlier(self, task: Task, *, retry: bool = False) -> RepositoryResult | None:
        """The result that a repository has already, None if something has changed or there is none.

        With `retry`, a failure is none. One for want of time counts unless there is more time now.
        """
        with self._told():
            found = self._database.execute(
                "select status, time_limit, result from results"
                " where repository = ? and revision = ? and version = ? and settings = ?",
                (task.repository, task.commit, __version__, task.settings.digest),
            ).fetchone()
            if found is None:
                return None
            status, limit, text = found
            has_more_time = task.time_limit is None or (limit is not None and task.time_limit > limit)
            if (retry and status != "scanned") or (status == "timeout" and has_more_time):
                return None
            self._database.execute(
                "update results set run = ? where repository = ?", (self._run, task.repository)
            )
        return replace(RepositoryResult.loads(text), is_reused=True)

    def record(self, task: Task, result: RepositoryResult) -> None:
        """Keep a result; when this returns, it is on the disk."""
        row = (
            task.repository,
            task.commit,
            __version__,
            task.settings.digest,
            task.time_limit,
            self._run,
            result.status,
            replace(result, sarif="").dumps(),
        )
        with self._told():
            self._database.execute("insert or replace into results values (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def results(self) -> Iterator[RepositoryResult]:
        """The results of this run so far, in order of the repositories' names."""
        with self._told():
            rows = self._database.execute(
                "select result from results where run = ? order by repository", (self._run,)
            )
            for (text,) in rows:
                yield RepositoryResult.loads(text)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Complaints of the database, as one line."""
        try:
            yield
        except sqlite3.OperationalError as error:
            why = "another run is writing to it" if "locked" in str(error) else f"cannot be used: {error}"
            raise UsageError(f"{self._path}: {why}") from error
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{self._path}: is not a journal of lcmemlint; remove it, or choose another output file"
            ) from error
