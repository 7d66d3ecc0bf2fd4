"""A process beside this one that scans one repository after the other, and that can be ended when one hangs.

It is started once and kept warm, since most repositories take less time than importing the parser does. It is a
plain program with two pipes, not a `multiprocessing` process: workers of Dask, Celery or Airflow are daemons, which
may not have such children. Requests are pickled by us, answers are JSON: what has read a stranger's repository is
not asked to build objects here.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from lcmemlint.repos.results import RepositoryResult, Task
from lcmemlint.repos.scan import scan_here

_MOST = 500
"""Repositories after which a child is replaced, whatever it may have gathered."""
_GRACE = 5.0
"""Seconds that a child whose parent has vanished may take longer than its time limit."""
_PROGRAM = """
import sys
sys.path[:] = sys.argv[1].split(chr(10))
from lcmemlint.repos.child import serve
serve()
"""
# The working directory, which may be a stranger's, must not be on the path when anything is imported.


def scan_apart(task: Task) -> RepositoryResult:
    """What is found in a repository, scanned in a process of its own that ends with the time limit.

    For workers of others: the processes stay for the next call, and end with this one.
    """
    return _children(os.getpid()).scan(task)


@cache
def _children(_process: int) -> Children:
    """The children of this process; a fork makes its own."""
    return Children()


class Children:
    """Warm children, as many as are asked at the same time. A context manager that ends them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._is_closed = False

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_closed = True
            every = list(self._all)
        for child in every:
            child.end()

    def scan(self, task: Task) -> RepositoryResult:
        """What is found in a repository; asked from several threads, several are scanned at once."""
        child = self._taken()
        try:
            result = child.scan(task)
        finally:
            self._given_back(child)
        return result

    def _taken(self) -> _Child:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the processes have been ended")
            if self._idle:
                return self._idle.pop()
            child = _Child()
            self._all.add(child)
            return child

    def _given_back(self, child: _Child) -> None:
        with self._lock:
            if child.is_alive and child.scanned < _MOST and not self._is_closed:
                self._idle.append(child)
                return
            self._all.discard(child)
        child.end()


class _Child:
    """One process."""

    def __init__(self) -> None:
        path = [os.path.abspath(entry) for entry in sys.path]
        self.scanned = 0
        self._code: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "\n".join(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked once more."""
        return self._process.poll() is None

    def scan(self, task: Task) -> RepositoryResult:
        """Its answer, or what became of it."""
        if self.scanned == 0 and not self._line():
            return task.failed(f"the process that was to scan it ended with {_cause(self.end())}")
        self.scanned += 1
        with self._limited(task.time_limit) as is_late:
            answer = self._answer(task)
        if answer.endswith(b"\n"):
            return RepositoryResult.loads(answer)
        code = self.end()
        if is_late():
            return task.failed(f"took more than {task.time_limit:g} seconds", status="timeout")
        return task.failed(f"the process that scanned it ended with {_cause(code)}")

    @contextmanager
    def _limited(self, seconds: float | None) -> Iterator[Callable[[], bool]]:
        """End the process unless this block is left in time; what it gives says whether it was."""
        late = threading.Event()
        if seconds is None:
            yield late.is_set
            return

        def stop() -> None:
            late.set()
            self._kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            yield late.is_set
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                self.end()

    def _answer(self, task: Task) -> bytes:
        assert self._process.stdin is not None
        try:
            pickle.dump(task, self._process.stdin)
            self._process.stdin.flush()
        except OSError:
            return b""
        return self._line()

    def _line(self) -> bytes:
        """The next line that it writes; less than a line if it ends."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _kill(self) -> None:
        """End the process and whatever it has started."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def end(self) -> int:
        """Stop it if it still runs; its exit code."""
        if self._code is None:
            self._kill()
            self._code = self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    pipe and pipe.close()
        return self._code


def _cause(code: int) -> str:
    """`exit code 1`, `signal SIGSEGV`"""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def serve() -> None:
    """What a child does: say that it is ready, and answer requests until there are no more."""
    # Imported before the first clock runs: what this process needs is no fault of a repository.
    from lcmemlint import checks, engine  # noqa: F401
    from lcmemlint.scan import reading  # noqa: F401

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with suppress(OSError):  # where memory runs out, this process is the one to end, not the run
        Path("/proc/self/oom_score_adj").write_text("1000")
    answers.write(b"ready\n")
    answers.flush()
    with open(os.devnull, "wb") as nowhere:
        while (task := _request()) is not None:
            if task.time_limit is not None:
                # The parent ends this process in time; if it has vanished, this clock needs no parent and no GIL.
                faulthandler.dump_traceback_later(task.time_limit + _GRACE, exit=True, file=nowhere)
            result = scan_here(task)
            faulthandler.cancel_dump_traceback_later()
            answers.write(f"{result.dumps()}\n".encode("ascii"))
            answers.flush()


def _request() -> Task | None:
    """What is asked next; None when nobody will ask any more."""
    try:
        task = pickle.load(sys.stdin.buffer)
    except EOFError:
        return None
    assert isinstance(task, Task)
    return task
