"""Where the files of a project are: a folder of the disk, or whatever else can list and read them.

A place only lists and reads; which of its files matter is decided in `sources`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from lcmemlint.facts import Problem

Kind: TypeAlias = Literal["file", "folder", "link", "other"]

LARGEST: Final = 10 * 1024 * 1024
"""Bytes; a bigger Python file is data that somebody generated, and would hold up the whole run."""


class Place(Protocol):
    """The files below `root`; paths are relative to it and written with `/`, "" is the root itself."""

    @property
    def root(self) -> Path:
        """The folder that the paths are relative to; it need not be on the disk."""

    @property
    def outer(self) -> tuple[Path, ...]:
        """The folders of the disk around the root, up to the end of the repository that it is a part of."""

    def listing(self, folder: str) -> Iterable[tuple[str, Kind]]:
        """The names in a folder and what they are; nothing if it cannot be listed."""

    def leads_inside(self, path: str) -> bool:
        """Whether a link leads to a regular file below the root."""

    def has_file(self, path: str) -> bool:
        """Whether there is a regular file, or a link to one."""

    def size(self, path: str) -> int:
        """Bytes; 0 for a file that cannot be asked."""

    def read(self, path: str) -> bytes | Problem:
        """The bytes of a file, or why there are none. Never waits on a pipe or device."""


class Disk(Struct, frozen=True):
    """A folder of the disk."""

    root: Path

    @property
    def outer(self) -> tuple[Path, ...]:
        """The folders up to the repository's own; none if the root is a repository, or in none."""
        around = (self.root, *self.root.parents)
        depth = next((depth for depth, folder in enumerate(around) if (folder / ".git").exists()), 0)
        return around[1 : depth + 1]

    def listing(self, folder: str) -> list[tuple[str, Kind]]:
        """The names in a folder and what they are; nothing if it cannot be listed."""
        try:
            with os.scandir(self.root / folder) as entries:
                return [(entry.name, _kind(entry)) for entry in entries]
        except OSError:
            return []

    def leads_inside(self, path: str) -> bool:
        """Whether a link leads to a regular file below the root: one that leads out is a stranger's file."""
        full = self.root / path
        try:
            inside = os.path.realpath(self.root) + os.sep
            return stat.S_ISREG(full.stat().st_mode) and os.path.realpath(full).startswith(inside)
        except OSError:
            return False

    def has_file(self, path: str) -> bool:
        """Whether there is a regular file, or a link to one."""
        return (self.root / path).is_file()

    def size(self, path: str) -> int:
        """Bytes; 0 for a file that cannot be asked."""
        try:
            return (self.root / path).stat().st_size
        except OSError:
            return 0

    def read(self, path: str) -> bytes | Problem:
        """The bytes of a file, or why there are none. Never waits on a pipe or device."""
        full = self.root / path
        try:
            found = full.stat()
            if not stat.S_ISREG(found.st_mode):
                return Problem(0, 0, "is not a regular file, so it is not read")
            if found.st_size > LARGEST:
                return too_large(found.st_size)
            return full.read_bytes()
        except OSError as error:
            return Problem(0, 0, f"cannot be read: {error.strerror or error}")


def too_large(size: int) -> Problem:
    """The complaint about a file of so many bytes."""
    return Problem(
        0, 0, f"is {size / (1024 * 1024):.0f} MB, more than the {LARGEST >> 20} MB that are read; exclude it"
    )


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "link" if entry.is_symlink() else "other"
