"""Which repositories there are: those that a file lists, or those below a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from lcmemlint.errors import UsageError
from lcmemlint.repos.git import is_repository
from lcmemlint.repos.results import Repository


def find_repositories(source: str) -> list[Repository]:
    """The repositories of a list (`-` is standard input), or those at and below a folder in order of their names.

    A list has a path a line, relative to the list's own folder, and after an `@` a revision; lines that begin with
    `#` are comments. Raises `UsageError` if there is nothing to scan.
    """
    path = Path(source)
    if source != "-" and path.is_dir():
        found = sorted(_below(path), key=lambda one: one.name)
        if not found:
            raise UsageError(f"{source}: there is no git repository in this folder")
        return found
    try:
        data = sys.stdin.buffer.read() if source == "-" else path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: is not a list of paths: byte {error.start} is not UTF-8") from error
    found = list(_listed(text.splitlines(), Path() if source == "-" else path.parent))
    if not found:
        raise UsageError(f"{source}: lists no repository; write one path a line")
    return found


def _listed(lines: Iterable[str], base: Path) -> Iterator[Repository]:
    """The repositories of a list, each once; one that stands there at several revisions is called by these too."""
    seen: set[str] = set()
    for line in map(str.strip, lines):
        if not line or line.startswith("#") or line in seen:
            continue
        path, _, revision = line.rpartition("@")
        if not path or not revision or (base / line).exists():
            path, revision = line, "HEAD"
        name = line if path in seen else path
        seen |= {line, path}
        yield Repository(str(base / path), revision, name)


def _below(folder: Path) -> Iterator[Repository]:
    """The repositories at a folder and below; what is inside a repository belongs to it."""
    if is_repository(folder):
        yield Repository(str(folder), name=folder.resolve().name)
        return
    pending = [""]
    while pending:
        path = pending.pop()
        for name in _folders(folder / path):
            inner = f"{path}/{name}" if path else name
            if is_repository(folder / inner):
                yield Repository(str(folder / inner), name=inner)
            else:
                pending.append(inner)


def _folders(folder: Path) -> list[str]:
    """The folders in a folder; links are not followed, since they may lead back."""
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if one.is_dir(follow_symlinks=False))
    except OSError:
        return []
