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
            folder = _folder(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = _folder(folder)
        self._words = (
            {folder.rpartition("/")[2] for folder in self._folders} | self._by_tail.keys() | {"__init__"}
        )
        self._homes: dict[str, tuple[str, str]] = {}
        self._inits: dict[str, tuple[str, ...]] = {}
        self._ran: dict[tuple[str, str], tuple[str, ...]] = {}
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
        if (last and last not in self._words) or self._is_foreign(dotted):
            return None
        folder, own = self._home(path)
        key = (path if last == own else folder, dotted)  # `import redis` in redis.py never means that file
        if key not in self._found:
            self._found[key] = (
                self._relative(path, dotted) if dotted.startswith(".") else self._absolute(path, dotted)
            )
        return self._found[key]

    def resolve(self, path: str, dotted: str) -> tuple[str, ...]:
        """All project files that importing ``dotted`` in ``path`` runs: the module and the packages around it."""
        if self._is_foreign(dotted):
            return ()
        folder, own = self._home(path)
        key = (path if own in dotted else folder, dotted)
        ran = self._ran.get(key)
        if ran is None:
            ran = self._ran[key] = self._files_run(path, dotted)
        return ran

    def _is_foreign(self, dotted: str) -> bool:
        """Whether nothing in the project is called as the first word of an absolute name."""
        return dotted.partition(".")[0] not in self._words and not dotted.startswith(".")

    def _home(self, path: str) -> tuple[str, str]:
        """The folder of a file, and the name by which it is imported."""
        if path not in self._homes:
            self._homes[path] = _folder(path), _stem(path).rpartition("/")[2]
        return self._homes[path]

    def _files_run(self, path: str, dotted: str) -> tuple[str, ...]:
        found = self.find(path, dotted)
        if found is None and "." in dotted.strip("."):
            found = self.find(path, dotted.rsplit(".", 1)[0])
        if found is None:
            return ()
        return (found, *(init for init in self._packages(_folder(found)) if init != found))

    def _packages(self, folder: str) -> tuple[str, ...]:
        """The packages that a folder is, and that it lies in."""
        if not folder:
            return ()
        if folder not in self._inits:
            init = f"{folder}/__init__.py"
            around = self._packages(_folder(folder))
            self._inits[folder] = (init, *around) if init in self._files else around
        return self._inits[folder]

    def is_folder(self, path: str, dotted: str) -> bool:
        """Whether ``dotted`` names a folder of the project that has no ``__init__.py`` (a namespace package)."""
        if dotted.startswith("."):
            base = self._climb(path, dotted)
            return (
                base is not None
                and _below(base, dotted.lstrip(".").replace(".", "/")).rstrip("/") in self._folders
            )
        tail = dotted.replace(".", "/")
        if dotted.split(".", 1)[0] in self._libraries:
            return False
        return any(_below(base, tail) in self._folders for base in self._around(path))

    def module_name(self, path: str) -> str:
        """A readable dotted name for a file (``app.services.chat``)."""
        stem = _stem(path)
        return stem.removeprefix("src/").replace("/", ".")

    def _climb(self, path: str, dotted: str) -> str | None:
        base = _folder(path)
        for _ in range(len(dotted) - len(dotted.lstrip(".")) - 1):
            if not base:
                return None
            base = _folder(base)
        return base

    def _relative(self, path: str, dotted: str) -> str | None:
        base = self._climb(path, dotted)
        if base is None:
            return None
        rest = dotted.lstrip(".").replace(".", "/")
        return self._file_at(_below(base, rest) if rest else base)

    def _file_at(self, stem: str) -> str | None:
        for candidate in (f"{stem}/__init__.py" if stem else "__init__.py", f"{stem}.py"):
            if candidate in self._files:
                return candidate
        return None

    def _around(self, path: str) -> tuple[str, ...]:
        folder = _folder(path)
        if folder not in self._bases:
            roots: list[str] = []
            packages: list[str] = []
            current = folder
            while True:
                (packages if self._file_at_init(current) else roots).append(current)
                source = _below(current, "src") if current else "src"
                if source in self._folders and not self._file_at_init(source):
                    roots.append(source)
                if not current:
                    break
                current = _folder(current)
            self._bases[folder] = (*roots, *packages)
        return self._bases[folder]

    def _file_at_init(self, folder: str) -> bool:
        return (f"{folder}/__init__.py" if folder else "__init__.py") in self._files

    def _absolute(self, path: str, dotted: str) -> str | None:
        tail = dotted.replace(".", "/")
        top = dotted.split(".", 1)[0]
        for base in self._around(path):
            stem = _below(base, tail)
            found = self._file_at(stem)
            if found is None or found == path:
                continue
            if top in self._libraries and "/" in tail and not self._file_at_init(_below(base, top)):
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
                if not path.endswith("/__init__.py") and not self._file_at_init(_folder(path))
            ]
        return matches[0] if len(matches) == 1 else None


def _folder(path: str) -> str:
    """The folder of a path, "" for the root."""
    return path.rpartition("/")[0]


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _stem(path: str) -> str:
    """The path without its ending; of a package its folder."""
    return path.removesuffix(".py").removesuffix("/__init__")
