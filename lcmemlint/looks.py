"""A look at the bytes of each file: in this process, or in several where there are thousands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from lcmemlint.facts import Problem
from lcmemlint.files import Files
from lcmemlint.scan.skim import Skim, skim
from lcmemlint.sources import binary
from lcmemlint.store import digest
from lcmemlint.workers import no_garbage_collection, pool

Look: TypeAlias = "tuple[str, Skim] | Problem"
"""The digest of a file's bytes and what they mention, or why there are none."""

_PAYS: Final = 2000
"""Files from which a second process is quicker: a look takes half a millisecond, the process 100."""
_CHUNK: Final = 50


def look(files: Files, path: str) -> Look:
    """A look at one Python file; its bytes are let go, since most files have nothing to do with us."""
    data = files.read(path)
    if isinstance(data, Problem):
        return data
    return binary(data) or (digest(data), skim(data))


def looks_ahead(files: Files, paths: Sequence[str], jobs: int) -> Mapping[str, Look]:
    """Looks at all these files if several processes are quicker than one, else at none."""
    if jobs < 2 or len(paths) < _PAYS:
        return {}
    from concurrent.futures import BrokenExecutor

    chunks = [(files, paths[start : start + _CHUNK]) for start in range(0, len(paths), _CHUNK)]
    try:
        with pool(jobs) as workers, no_garbage_collection():
            found = [one for chunk in workers.map(_look_at, chunks) for one in chunk]
    except (BrokenExecutor, OSError, NotImplementedError):  # no processes to be had, or one was killed
        return {}
    return dict(zip(paths, found, strict=True))


def _look_at(chunk: tuple[Files, Sequence[str]]) -> list[Look]:
    files, paths = chunk
    with no_garbage_collection():
        return [look(files, path) for path in paths]
