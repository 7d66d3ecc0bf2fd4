"""Scan many texts: in this process, in a pool of our own, or in any ``concurrent.futures`` executor.

A pool costs the start of its processes, so that few texts are scanned right here. Results come in the order of the
texts, whoever scanned them; a pool that breaks costs time, never a result.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from lcmemlint import rows
from lcmemlint.facts import FileFacts
from lcmemlint.reports import Crash

if TYPE_CHECKING:
    from concurrent.futures import Executor

_PAYS: Final = 1_500_000
"""Characters to scan (about 45,000 lines) from which a pool of our own is quicker than this process alone. Of a line,
scanning takes 11 µs, sending its facts 1.4; a second process starts in 50 ms and is slower at first."""
_FEWEST: Final = 2
"""Processes that a pool needs, with this one, which scans as well."""
_CHUNK: Final = 50_000
"""Characters that one task scans at least: small enough to share the work, large enough to be worth a message."""

_Chunk: TypeAlias = tuple[tuple[str, str], ...]
"""Texts with their paths."""
_Sent: TypeAlias = "tuple[bytes | FileFacts | Crash, ...]"
"""What is found out about each of them."""


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
        with pool(min(workers.jobs, len(texts)) - 1) as processes:
            return _with_help(texts, processes, workers.progress)
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
    """The executor of somebody else does all of it."""
    chunks = list(_chunks(texts))
    with no_garbage_collection():
        return _collected(texts, chunks, executor.map(scan_chunk, chunks), progress)


def _with_help(
    texts: Mapping[str, str], processes: Executor, progress: Callable[[int, int], None]
) -> dict[str, FileFacts | Crash]:
    """Processes of our own begin with the first texts, and this one with the last, until they meet."""
    chunks = list(_chunks(texts))
    with no_garbage_collection():
        given = [processes.submit(scan_chunk, chunk) for chunk in chunks]
        own: dict[str, FileFacts | Crash] = {}
        while given and given[-1].cancel():
            given.pop()
            for path, text in chunks.pop():
                progress(len(own), len(texts))
                own[path] = scan_one(path, text)
        results = (one.result() for one in given)
        found = _collected(texts, chunks, results, lambda done, total: progress(len(own) + done, total))
    return {path: own[path] if path in own else found[path] for path in texts}


def _collected(
    texts: Mapping[str, str],
    chunks: Sequence[_Chunk],
    results: Iterable[_Sent],
    progress: Callable[[int, int], None],
) -> dict[str, FileFacts | Crash]:
    found: dict[str, FileFacts | Crash] = {}
    for chunk, answers in zip(chunks, results, strict=True):
        progress(len(found), len(texts))
        for (path, _), answer in zip(chunk, answers, strict=True):
            found[path] = rows.loads(answer) if isinstance(answer, bytes) else answer
    return found


def _chunks(texts: Mapping[str, str]) -> Iterator[_Chunk]:
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


def scan_chunk(chunk: _Chunk) -> _Sent:
    """What a worker does: (path, text) to the facts as JSON, which travels quicker than objects."""
    with no_garbage_collection():
        return tuple([_sent(scan_one(path, text)) for path, text in chunk])


def _sent(result: FileFacts | Crash) -> bytes | FileFacts | Crash:
    return result if isinstance(result, Crash) else rows.dumps(result) or result


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
