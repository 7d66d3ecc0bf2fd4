"""Which project file a path inside a container, or beside a manifest, may be."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.tree import joined

MAX_SUFFIXES = 6


class Mount(Struct, frozen=True):
    """A project file or folder (``outside``) and the absolute path it has in the container (``inside``)."""

    inside: str
    outside: str


class Layout(Struct, frozen=True):
    """Where a program starts. ``cwd`` is absolute in a container, else relative to ``context``."""

    context: str
    cwd: str = ""
    mounts: tuple[Mount, ...] = ()
    """The strongest first."""
    python_path: tuple[str, ...] = ()

    def moved(self, folder: str) -> Layout:
        """The same after ``cd folder``."""
        return replace(self, cwd=posixpath.normpath(posixpath.join(self.cwd, folder)))

    def mounted(self, *mounts: Mount) -> Layout:
        """The same with stronger mounts on top."""
        return replace(self, mounts=(*mounts, *self.mounts))

    def places(self, path: str) -> tuple[str, ...]:
        """The project paths that ``path`` may stand for, the best first; nobody looked whether they exist."""
        return tuple(dict.fromkeys(self._places(path)))

    def _places(self, path: str) -> Iterator[str]:
        absolute = posixpath.normpath(posixpath.join("/", self.cwd, path))
        for mount in self.mounts:
            if absolute == mount.inside:
                yield mount.outside
            elif absolute.startswith(mount.inside.rstrip("/") + "/"):
                rest = absolute[len(mount.inside.rstrip("/")) + 1 :]
                if found := joined(mount.outside, rest):
                    yield found
        for tail in self._tails(path, absolute):
            if found := joined(self.context, tail):
                yield found

    def _tails(self, path: str, absolute: str) -> Iterator[str]:
        """The path below the context, when no mount explains it."""
        if not posixpath.isabs(path):
            yield posixpath.join(self.cwd.lstrip("/"), path) if not self.cwd.startswith("/") else path
        parts = absolute.strip("/").split("/")
        for start in range(min(len(parts), MAX_SUFFIXES)):
            yield "/".join(parts[start:])

    def modules(self, dotted: str, *first: str) -> tuple[str, ...]:
        """The files that a module may be, looked up below ``first``, the working directory and PYTHONPATH."""
        relative = dotted.strip(".").replace(".", "/")
        if not relative:
            return ()
        folders = dict.fromkeys((*first, ".", *self.python_path, "src", "app"))
        files = (f"{relative}.py", f"{relative}/__init__.py")
        found = (
            place
            for folder in folders
            for name in files
            for place in self._places(posixpath.join(folder, name))
        )
        return tuple(dict.fromkeys(found))
