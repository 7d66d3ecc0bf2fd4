"""Which project file an import may mean.

Python asks ``sys.path``; we have no interpreter, so we ask the folders. An absolute name is looked for in the
folders around the importing file, nearest first: a folder that is no package (where a script, an ASGI server or
``PYTHONPATH`` would stand) before one that is. A name that no such folder holds is looked for anywhere in the
project, and taken only if exactly one file answers. Folders that only look like an installed library
(``langchain/`` without ``__init__.py``) never hide the library.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable
from posixpath import dirname, join


class ModuleIndex:
    """All Python files of a project (paths relative to its root, with ``/``), and how they name each other."""

    def __init__(self, paths: Iterable[str], libraries: frozenset[str] = frozenset()) -> None:
        self._files = frozenset(paths)
        self._libraries = libraries
        self._folders: set[str] = {""}
        self._by_tail: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._files):
            stem = _stem(path)
            self._by_tail[stem.rsplit("/", 1)[-1]].append(path)
            folder = dirname(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = dirname(folder)
        self._found: dict[tuple[str, str], str | None] = {}
        self._bases: dict[str, tuple[str, ...]] = {}

    def covers(self, paths: Collection[str], libraries: frozenset[str]) -> bool:
        """Whether an index of these files would give the same answers."""
        return self._libraries == libraries and self._files == frozenset(paths)

    @property
    def paths(self) -> frozenset[str]:
        """Every file of the project."""
        return self._files

    def find(self, path: str, dotted: str) -> str | None:
        """The file that ``dotted`` (leading dots kept) names when imported in ``path``; None if it is not ours.

        A package answers with its ``__init__.py``; a namespace folder has no file and answers None.
        """
        last = dotted.rpartition(".")[2]
        own = last == _stem(path).rpartition("/")[2]  # `import redis` in redis.py never means that file
        key = (path if own else dirname(path), dotted)
        if key not in self._found:
            self._found[key] = (
                self._relative(path, dotted) if dotted.startswith(".") else self._absolute(path, dotted)
            )
        return self._found[key]

    def resolve(self, path: str, dotted: str) -> tuple[str, ...]:
        """All project files that importing ``dotted`` in ``path`` runs: the module and the packages around it."""
        found = self.find(path, dotted)
        if found is None and "." in dotted.strip("."):
            found = self.find(path, dotted.rsplit(".", 1)[0])
        if found is None:
            return ()
        ran = [found]
        folder = dirname(found)
        while folder:
            init = join(folder, "__init__.py")
            if init in self._files and init != found:
                ran.append(init)
            folder = dirname(folder)
        return tuple(ran)

    def is_folder(self, path: str, dotted: str) -> bool:
        """Whether ``dotted`` names a folder of the project that has no ``__init__.py`` (a namespace package)."""
        if dotted.startswith("."):
            base = self._climb(path, dotted)
            return (
                base is not None
                and join(base, dotted.lstrip(".").replace(".", "/")).rstrip("/") in self._folders
            )
        tail = dotted.replace(".", "/")
        if dotted.split(".", 1)[0] in self._libraries:
            return False
        return any(join(base, tail) in self._folders for base in self._around(path))

    def module_name(self, path: str) -> str:
        """A readable dotted name for a file (``app.services.chat``)."""
        stem = _stem(path)
        return stem.removeprefix("src/").replace("/", ".")

    def _climb(self, path: str, dotted: str) -> str | None:
        base = dirname(path)
        for _ in range(len(dotted) - len(dotted.lstrip(".")) - 1):
            if not base:
                return None
            base = dirname(base)
        return base

    def _relative(self, path: str, dotted: str) -> str | None:
        base = self._climb(path, dotted)
        if base is None:
            return None
        rest = dotted.lstrip(".").replace(".", "/")
        return self._file_at(join(base, rest) if rest else base)

    def _file_at(self, stem: str) -> str | None:
        for candidate in (f"{stem}/__init__.py" if stem else "__init__.py", f"{stem}.py"):
            if candidate in self._files:
                return candidate
        return None

    def _around(self, path: str) -> tuple[str, ...]:
        folder = dirname(path)
        if folder not in self._bases:
            roots: list[str] = []
            packages: list[str] = []
            current = folder
            while True:
                (packages if self._file_at_init(current) else roots).append(current)
                source = join(current, "src") if current else "src"
                if source in self._folders and not self._file_at_init(source):
                    roots.append(source)
                if not current:
                    break
                current = dirname(current)
            self._bases[folder] = (*roots, *packages)
        return self._bases[folder]

    def _file_at_init(self, folder: str) -> bool:
        return (f"{folder}/__init__.py" if folder else "__init__.py") in self._files

    def _absolute(self, path: str, dotted: str) -> str | None:
        tail = dotted.replace(".", "/")
        top = dotted.split(".", 1)[0]
        for base in self._around(path):
            stem = join(base, tail)
            found = self._file_at(stem)
            if found is None or found == path:
                continue
            if top in self._libraries and "/" in tail and not self._file_at_init(join(base, top)):
                continue
            return found
        if top in self._libraries or dotted in sys.stdlib_module_names:
            return None
        return self._only_one(tail)

    def _only_one(self, tail: str) -> str | None:
        """The one file whose path ends in ``tail``: monorepos put a package's root anywhere."""
        ending = f"/{tail}"
        matches = [
            path for path in self._by_tail.get(tail.rsplit("/", 1)[-1], ()) if _stem(path).endswith(ending)
        ]
        if "/" not in tail:  # a bare name: only what a path entry could hold, never a module inside a package
            matches = [
                path
                for path in matches
                if not path.endswith("/__init__.py") and not self._file_at_init(dirname(path))
            ]
        return matches[0] if len(matches) == 1 else None


def _stem(path: str) -> str:
    """The path without its ending; of a package its folder."""
    return path.removesuffix(".py").removesuffix("/__init__")
