"""Scan many texts: in this process, in a pool of our own, or in any ``concurrent.futures`` executor.

A pool costs the start of its processes, so that few texts are scanned right here. Results come in the order of the
texts, whoever scanned them; a pool that breaks costs time, never a result.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lcmemlint import rows
from lcmemlint.facts import FileFacts
from lcmemlint.reports import Crash

if TYPE_CHECKING:
    from concurrent.futures import Executor

_PAYS: Final = 2_000_000
"""Characters to scan (about 60,000 lines) from which a pool of our own may be quicker than this process alone."""
_FEWEST: Final = 4
"""Processes from which it is. Of a line, scanning takes 14 µs, writing it as rows 7 and reading these 7, and that is
for this process to do: (14 + 7) / n + 7 is less than 14 from four on."""
_CHUNK: Final = 200_000
"""Characters that one task scans at least: small enough to share the work, large enough to be worth a message."""


def _untold(_done: int, _total: int) -> None:
    """Nobody listens."""


class Workers(Struct, frozen=True):
    """Who scans: `executor` if it is given, else up to `jobs` processes where that pays.

    `progress` hears how many of how many texts are scanned, now and then, in this process.
    """

    jobs: int = 1
    executor: Executor | None = None
    progress: Callable[[int, int], None] = _untold


HERE: Final = Workers()
"""This process alone."""


def crash_of(code: str, error: Exception) -> Crash:
    """What to tell about a bug of ours: where it happened, in our own files."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{'/'.join(Path(last.filename).parts[-3:])}:{last.lineno}"
    told = " ".join(f"{type(error).__name__}: {error}".split())
    return Crash(code, where, told, "".join(traceback.format_exception(error)))


def default_jobs() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def scan_all(texts: Mapping[str, str], workers: Workers = HERE) -> dict[str, FileFacts | Crash]:
    """The facts of every text, by its path and in the order given.

    An executor that was given stays open; its workers must be able to import lcmemlint.
    """
    if workers.executor is not None:
        return _shared_out(texts, workers.executor, workers.progress)
    if workers.jobs < _FEWEST or sum(map(len, texts.values())) < _PAYS:
        return _here(texts, workers.progress)
    from concurrent.futures import BrokenExecutor

    try:
        with pool(min(workers.jobs, len(texts))) as processes:
            return _shared_out(texts, processes, workers.progress)
    except (BrokenExecutor, OSError, NotImplementedError):  # no processes to be had, or one was killed
        return _here(texts, workers.progress)


def scan_one(path: str, text: str) -> FileFacts | Crash:
    """The facts of one text. A file that brings the visitor down costs only its own facts."""
    from lcmemlint.scan import scan

    try:
        return scan(text)
    except Exception as error:
        return crash_of(f"scan of {path}", error)


def _here(texts: Mapping[str, str], progress: Callable[[int, int], None]) -> dict[str, FileFacts | Crash]:
    found: dict[str, FileFacts | Crash] = {}
    with no_garbage_collection():
        for path, text in texts.items():
            progress(len(found), len(texts))
            found[path] = scan_one(path, text)
    return found


def _shared_out(
    texts: Mapping[str, str], executor: Executor, progress: Callable[[int, int], None]
) -> dict[str, FileFacts | Crash]:
    found: dict[str, FileFacts | Crash] = {}
    chunks = list(_chunks(texts))
    with no_garbage_collection():
        for chunk, results in zip(chunks, executor.map(scan_chunk, chunks), strict=True):
            progress(len(found), len(texts))
            for (path, _), result in zip(chunk, results, strict=True):
                found[path] = result if isinstance(result, Crash) else rows.loads(result)
    return found


def _chunks(texts: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], ...]]:
    chunk: list[tuple[str, str]] = []
    size = 0
    for path, text in texts.items():
        chunk.append((path, text))
        size += len(text)
        if size >= _CHUNK:
            yield tuple(chunk)
            chunk, size = [], 0
    if chunk:
        yield tuple(chunk)


def scan_chunk(chunk: Sequence[tuple[str, str]]) -> tuple[str | Crash, ...]:
    """What a worker does: (path, text) to the facts as JSON rows, which travel quicker than objects."""
    with no_garbage_collection():
        results = [scan_one(path, text) for path, text in chunk]
        return tuple(one if isinstance(one, Crash) else rows.dumps(one) for one in results)


def pool(jobs: int) -> Executor:
    """So many processes of our own."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A fork has everything imported, but may copy a lock that another thread holds.
    is_safe = sys.platform == "linux" and threading.active_count() == 1
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork" if is_safe else "spawn"))


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Trees are built and dropped by the thousand; collecting among them costs half as much again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
