"""Who scans the repositories: this process, processes of this machine, or any `concurrent.futures` executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from msgspec import Struct

from lcmemlint.repos.child import Children, scan_apart
from lcmemlint.repos.results import RepositoryResult, Task
from lcmemlint.repos.scan import scan_here

P = ParamSpec("P")
T = TypeVar("T")

IN_FLIGHT: Final = 256
"""Repositories that an executor of others is given at the same time: enough to keep a cluster busy, few enough that
their results fit into memory."""


class Engine(Struct, frozen=True):
    """`executor` runs `scan`, which must reach its workers; no more than `in_flight` tasks are handed to it."""

    executor: Executor
    scan: Callable[[Task], RepositoryResult]
    in_flight: int


class Here(Executor):
    """An executor that does at once, in this thread, what is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future, which is done."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def engine(
    executor: Executor | None = None, *, jobs: int = 1, is_apart: bool = False, in_flight: int = IN_FLIGHT
) -> Iterator[Engine]:
    """The engine for these wishes; what it started is gone when the block is left.

    Without an executor: `jobs` processes of this machine, or this process if `jobs` is 1 and nothing needs to be
    scanned `is_apart` from it. An executor that was given stays open.
    """
    if executor is not None:
        yield Engine(executor, scan_apart, in_flight)
    elif jobs <= 1 and not is_apart:
        yield Engine(Here(), scan_here, 1)
    else:
        with ThreadPoolExecutor(jobs, "lcmemlint") as threads, Children() as children:
            try:
                yield Engine(threads, children.scan, jobs * 4)
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
