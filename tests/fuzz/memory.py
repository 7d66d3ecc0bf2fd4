"""A project that is in no file system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lcmemlint.facts import Problem
from lcmemlint.places import Kind


@dataclass(frozen=True, slots=True)
class Memory:
    """Files by path; what `lcmemlint.places.Place` asks for."""

    files: Mapping[str, bytes]
    root: Path = Path("/nowhere")
    outer: tuple[Path, ...] = ()

    def listing(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """The names in a folder, in the order of the mapping."""
        prefix = f"{folder}/" if folder else ""
        inner = (path[len(prefix) :] for path in self.files if path.startswith(prefix))
        names = dict.fromkeys((path.partition("/")[0], "/" in path) for path in inner)
        yield from ((name, "folder" if is_folder else "file") for name, is_folder in names)

    def leads_inside(self, path: str) -> bool:
        """There are no links."""
        return False

    def has_file(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self.files

    def size(self, path: str) -> int:
        """Bytes."""
        return len(self.files.get(path, b""))

    def read(self, path: str) -> bytes | Problem:
        """The bytes of a file."""
        found = self.files.get(path)
        return Problem(0, 0, "is not there") if found is None else found
