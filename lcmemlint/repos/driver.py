"""Many repositories: hand them out, take the results as they come, keep what is done."""

from __future__ import annotations

import os
import re
from asyncio import CancelledError as AsyncCancelledError
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from msgspec import Struct

from lcmemlint import __version__
from lcmemlint.errors import EngineError, RepositoryError, UsageError
from lcmemlint.repos.engines import IN_FLIGHT, Engine, engine
from lcmemlint.repos.git import commit_of
from lcmemlint.repos.journal import Journal
from lcmemlint.repos.results import Repository, RepositoryResult, Settings, Task

_OWN: Final = Settings()
"""Each repository's own settings."""


class Run(Struct, frozen=True):
    """How the repositories of a run are scanned, and what is kept of it; see `scan_repositories`."""

    settings: Settings = _OWN
    time_limit: float | None = None
    journal: Journal | None = None
    sarif: Path | None = None
    retry_failed: bool = False

    def results(self, repositories: Iterable[Repository], engine: Engine) -> Iterator[RepositoryResult]:
        """A result for every repository, as soon as there is one."""
        waiting: dict[Future[RepositoryResult], Task] = {}
        done: SimpleQueue[Future[RepositoryResult]] = SimpleQueue()
        for repository in repositories:
            task = self._task(repository)
            known = task if isinstance(task, RepositoryResult) else self._known(task)
            if known is not None:
                yield known
                continue
            assert isinstance(task, Task)
            future = _submitted(engine, task)
            waiting[future] = task
            future.add_done_callback(done.put)
            while len(waiting) >= engine.in_flight or not done.empty():
                ready = done.get()
                yield self._finished(waiting.pop(ready), ready)
        while waiting:
            ready = done.get()
            yield self._finished(waiting.pop(ready), ready)

    def _task(self, repository: Repository) -> Task | RepositoryResult:
        """What there is to do for a repository; a result if not even its commit is known."""
        path = os.path.abspath(repository.path)
        try:
            commit = commit_of(Path(path), repository.revision)
        except RepositoryError as error:
            return RepositoryResult(repository.shown, "", status="failed", error=str(error))
        return Task(
            repository.shown, path, commit, self.settings, self.time_limit, sarif=self.sarif is not None
        )

    def _known(self, task: Task) -> RepositoryResult | None:
        """What an earlier run has found, if that is all that is asked for."""
        if self.journal is None:
            return None
        found = self.journal.earlier(task, retry=self.retry_failed)
        if found is None or self.sarif is None or found.status != "scanned":
            return found
        return found if sarif_file(self.sarif, task.repository).is_file() else None

    def _finished(self, task: Task, future: Future[RepositoryResult]) -> RepositoryResult:
        """The result of a task, kept. Raises `EngineError` if nobody is left to scan the others."""
        try:
            result = future.result()
        except (BrokenExecutor, CancelledError, AsyncCancelledError) as error:
            raise _gone(error) from error
        except Exception as error:
            # Whatever the executor of others has met, it is about this task; the next run tries it again.
            return task.failed(" ".join(f"{type(error).__name__}: {error}".split()))
        if result.version != __version__:
            raise EngineError(
                f"a worker has lcmemlint {result.version}, this is {__version__}; install the same"
            )
        if self.sarif is not None and result.sarif:
            _write(sarif_file(self.sarif, task.repository), result.sarif)
        if self.journal is not None:
            self.journal.record(task, result)
        return result


def scan_repositories(
    repositories: Iterable[str | Path | Repository],
    *,
    settings: Settings = _OWN,
    executor: Executor | None = None,
    jobs: int = 1,
    time_limit: float | None = None,
    journal: str | Path | None = None,
    sarif: str | Path | None = None,
    retry_failed: bool = False,
    in_flight: int = IN_FLIGHT,
) -> Iterator[RepositoryResult]:
    """Scan git repositories, each at a commit and with its own settings, and yield what is found in each.

    Results come in the order in which they are ready, and every repository has one: what is broken, crashes or
    takes too long has a `status` and an `error`, and costs nothing else. Repositories are read through git; nothing
    is checked out, executed or fetched.

    Args:
        repositories: Checkouts or bare clones: paths (scanned at HEAD), or `Repository` for another revision.
        settings: What takes the place of the repositories' own settings, or lies on top of them.
        executor: Who scans: any `concurrent.futures.Executor`. Its workers must have lcmemlint in this version
            and see the repositories under the same absolute paths. It stays open.
        jobs: Without an executor: how many processes of this machine scan.
        time_limit: Seconds that one repository may take; None is no limit. With a limit, an executor or several
            jobs, every scan runs in a process apart, so that it can be ended.
        journal: A file that keeps results as they come. What it has for the same commit, version and settings is
            yielded from there (`is_reused`), also after this process was killed.
        sarif: A folder to which one SARIF file a repository is written; `sarif_file` tells their names.
        retry_failed: Scan again what failed in an earlier run of the journal.
        in_flight: How many tasks `executor` is given at the same time; also the number of results held in memory.

    Raises:
        UsageError: The journal or a SARIF file cannot be written.
        EngineError: The executor is broken. The journal has what was done; call again to go on.
    """
    with ExitStack() as stack:
        book = None if journal is None else stack.enter_context(Journal(Path(journal)))
        folder = None if sarif is None else Path(sarif)
        run = Run(settings, time_limit, book, folder, retry_failed)
        started = engine(executor, jobs=jobs, is_apart=time_limit is not None, in_flight=in_flight)
        every = (one if isinstance(one, Repository) else Repository(str(one)) for one in repositories)
        yield from run.results(every, stack.enter_context(started))


def sarif_file(folder: Path, repository: str) -> Path:
    """Where the SARIF of a repository is written: a name that any file system takes, no two the same."""
    plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", repository).strip("-.")[-100:]
    mark = "" if plain == repository else f"-{sha256(os.fsencode(repository)).hexdigest()[:8]}"
    return folder / f"{plain or 'repository'}{mark}.sarif"


def _submitted(engine: Engine, task: Task) -> Future[RepositoryResult]:
    try:
        return engine.executor.submit(engine.scan, task)
    except (BrokenExecutor, RuntimeError) as error:  # the latter: it has been shut down
        raise _gone(error) from error


def _gone(error: BaseException) -> EngineError:
    told = " ".join(f"{type(error).__name__} {error}".split())
    return EngineError(f"the workers are gone ({told}); run again to go on where this stopped")


def _write(file: Path, text: str) -> None:
    """Write a whole file or nothing. Raises `UsageError`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.new")
        new.write_text(text, encoding="utf-8", newline="\n")
        os.replace(new, file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror or error}") from error
