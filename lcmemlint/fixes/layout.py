"""Which folders a project's imports start from, told from the imports that the project already has.

An *import root* of a file is a folder that must be on ``sys.path`` when the file runs. ``from app.x import y``
in a file below ``src/`` names ``src`` when ``src/app/x.py`` exists. Evidence counts in this order: the file's
own imports, the imports of other files that lead to it, its packages (``__init__.py``), its own folder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from posixpath import dirname

_FROM = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)", re.MULTILINE)
_MAIN = re.compile(r"^if[ \t]+__name__[ \t]*==", re.MULTILINE)
_PLAIN = re.compile(r"^[ \t]*import[ \t]+([\w., \t]+)", re.MULTILINE)


class Layout:
    """The Python files of a project (paths relative to its root, with ``/``) and how they import each other."""

    def __init__(self, files: Iterable[str], text_of: Callable[[str], str]) -> None:
        self.files = frozenset(files)
        self._folders = frozenset(folder for path in self.files for folder in above(path))
        self._text_of = cache(text_of)

    def text(self, path: str) -> str:
        """The text of a file, empty when it cannot be read."""
        return self._text_of(path)

    def imports(self, path: str) -> Iterator[tuple[int, str, str]]:
        """(leading dots, module, imported names as written) of a file's imports."""
        text = self.text(path)
        for found in _FROM.finditer(text):
            yield (len(found[1]), found[2], found[3])
        for found in _PLAIN.finditer(text):
            for module in found[1].split(","):
                if module.strip():
                    yield (0, module.split()[0], "")

    def is_relative(self, path: str) -> bool:
        """Whether the file imports its siblings relatively."""
        return any(dots for dots, _, _ in self.imports(path))

    def root(self, path: str, module: str = "") -> str:
        """The import root of a file; ``""`` is the project root. ``module`` is its dotted name, where that is known."""
        stem = path.removesuffix(".py").removesuffix("/__init__")
        if module and f"/{stem}".endswith(f"/{module.replace('.', '/')}"):
            return stem[: len(stem) - len(module)].rstrip("/")
        votes = Counter(self._roots_by_own_imports(path))
        if not votes:
            votes = Counter(self._roots_by_importers(path))
        elif self._is_script(path) and not any(self._shares_folder(path, root) for root in votes):
            return self._default_root(path)
        if votes:
            most = max(votes.values())
            return max((root for root, count in votes.items() if count == most), key=len)
        return self._default_root(path)

    def _is_script(self, path: str) -> bool:
        """Whether Python may run the file itself, which puts its folder on ``sys.path`` and no other."""
        in_package = f"{dirname(path)}/__init__.py".lstrip("/") in self.files
        return not in_package and _MAIN.search(self.text(path)) is not None

    def _shares_folder(self, path: str, root: str) -> bool:
        """Whether the file imports, from this root, something of the very folder below it that the file is in.

        Other imports may be of a package of the project that is installed.
        """
        inside = path[len(root) :].strip("/")
        if "/" not in inside:
            return True
        top = inside.partition("/")[0]
        return any(not dots and module.partition(".")[0] == top for dots, module, _ in self.imports(path))

    def _default_root(self, path: str) -> str:
        folder = dirname(path)
        if folder.rpartition("/")[2] == "pages" and "streamlit" in self.text(path):
            return dirname(folder)  # Streamlit runs the main script, which stands beside `pages`
        while folder and f"{folder}/__init__.py" in self.files:
            folder = dirname(folder)
        is_top = folder == dirname(path)
        return dirname(folder) if is_top and folder and self._imports_siblings(path) else folder

    def _imports_siblings(self, path: str) -> bool:
        return any(dots and self.is_module(dirname(path), module) for dots, module, _ in self.imports(path))

    def _roots_by_own_imports(self, path: str) -> Iterator[str]:
        for dots, module, _ in self.imports(path):
            if not dots:
                yield from (root for root in above(path) if self._holds(root, module, path))
            elif self.is_module(dirname(path), module) and f"{dirname(path)}/__init__.py" in self.files:
                yield self._default_root(path)

    def _roots_by_importers(self, path: str) -> Iterator[str]:
        stem = dirname(path) if path.endswith("/__init__.py") else path.removesuffix(".py")
        names = {stem[len(root) :].strip("/").replace("/", "."): root for root in above(path) if stem != root}
        for other in sorted(self.files - {path}):
            for dots, module, imported in self.imports(other):
                if dots:
                    continue
                for name, root in names.items():
                    package, _, last = name.rpartition(".")
                    is_in_package = module == package and re.search(rf"\b{re.escape(last)}\b", imported)
                    if module == name or is_in_package:
                        yield root

    def _holds(self, root: str, module: str, importer: str) -> bool:
        """Whether the module is a file below that root (and not the importing file itself)."""
        path = "/".join(filter(None, (root, *module.split("."))))
        return f"{path}.py" in self.files - {importer} or path in self._folders

    def is_module(self, root: str, module: str) -> bool:
        """Whether a module is a file or a folder of the project below that root."""
        path = "/".join(filter(None, (root, *module.split(".")))) if module else root
        return f"{path}.py" in self.files or path in self._folders

    def is_local(self, root: str, module: str) -> bool:
        """Whether a module, as a file with this import root writes it, belongs to the project."""
        return module.startswith(".") or self.is_module(root, module)

    def importers(self, path: str, name: str) -> Iterator[str]:
        """The other files that import ``name`` from a module called like this file, or from any if it is a package."""
        stem = path.removesuffix(".py").rpartition("/")[2]
        for other in sorted(self.files - {path}):
            for _, module, imported in self.imports(other):
                if stem not in (module.rpartition(".")[2], "__init__"):
                    continue
                if imported.strip() == "*" or re.search(rf"\b{re.escape(name)}\b", imported):
                    yield other
                    break

    def users(self, path: str, name: str) -> Iterator[str]:
        """The other files that import ``name`` from this file, or say ``module.name``, in code or in a text."""
        yield from self.importers(path, name)
        stem = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        said = re.compile(rf"\b{re.escape(stem)}\.{re.escape(name)}\b")
        yield from (other for other in sorted(self.files - {path}) if said.search(self.text(other)))


def above(path: str) -> list[str]:
    """The folders around a file, innermost first, the project root (``""``) last."""
    return upward(dirname(path))


def upward(folder: str) -> list[str]:
    """The folder and those around it, the project root (``""``) last."""
    found = [folder]
    while folder:
        folder = dirname(folder)
        found.append(folder)
    return found


def common_folder(paths: Iterable[str]) -> str:
    """The innermost folder around all files."""
    shared: list[str] | None = None
    for path in paths:
        folders = above(path)
        shared = folders if shared is None else [folder for folder in shared if folder in folders]
    return shared[0] if shared else ""
