"""Where the generated module ``shared_history.py`` stands, and how each file imports it.

One module for all files with one import root: beside the file, or in the innermost folder around all files
to fix. A module that is already there is used, also when the user has edited it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resources
from posixpath import dirname

from lcmemlint.fixes.layout import Layout, above, common_folder, upward
from lcmemlint.fixes.outcomes import Note

FUNCTION = "chat_history"
STEMS = ("shared_history", "shared_chat_history")
"""Names for the module; the second one when the project has a ``shared_history.py`` of its own."""

NOTES = (
    Note("package", "sqlalchemy", "for SQLite (development) and Postgres"),
    Note("package", "psycopg[binary]", "if CHAT_HISTORY_URL is a postgresql:// URL"),
    Note("package", "redis", "if CHAT_HISTORY_URL is a redis:// URL"),
    Note(
        "variable",
        "CHAT_HISTORY_URL",
        "redis://host:6379/0 or postgresql://user:password@host/database, the same for every worker and host",
    ),
)

_DEFINES = re.compile(rf"^(?:async[ \t]+)?def[ \t]+{FUNCTION}[ \t]*\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Placed:
    """How one file reaches the module: ``module`` is what stands behind ``from``; ``path`` is the module's file."""

    path: str
    module: str

    @property
    def stem(self) -> str:
        """The module's own name."""
        return self.path.rpartition("/")[2].removesuffix(".py")


def template() -> str:
    """The text of the module."""
    return (resources("lcmemlint.fixes") / "templates" / "shared_history.py").read_text(encoding="utf-8")


def is_ours(path: str, text: str) -> bool:
    """Whether a file is a module that this one generates (edited or not)."""
    stem = path.rpartition("/")[2].removesuffix(".py")
    return stem in STEMS and _DEFINES.search(text) is not None


def placed(modules: Mapping[str, str], layout: Layout) -> dict[str, Placed]:
    """How each of these files (with its dotted name, or ``""``) reaches the module.

    Files that do not share an import root get a module each.
    """
    by_root: dict[str, list[str]] = defaultdict(list)
    for path, name in sorted(modules.items()):
        by_root[layout.root(path, name)].append(path)
    found: dict[str, Placed] = {}
    for root, group in sorted(by_root.items()):
        module = _existing(root, group, layout) or _new(root, group, layout)
        for path in group:
            found[path] = Placed(module, _written(module, path, root, layout))
    return found


def _existing(root: str, group: list[str], layout: Layout) -> str | None:
    """The module that these files reach already; the nearest one, should there be several."""
    candidates = [
        path
        for path in layout.files
        if path.rpartition("/")[2].removesuffix(".py") in STEMS
        and root in above(path)
        and is_ours(path, layout.text(path))
    ]
    near = set(upward(common_folder(group)))
    return min(
        candidates, key=lambda path: (dirname(path) not in near, -len(dirname(path)), path), default=None
    )


def _new(root: str, group: list[str], layout: Layout) -> str:
    folder = common_folder(group)
    if root not in upward(folder):
        folder = root
    paths = [f"{folder}/{stem}.py".lstrip("/") for stem in STEMS]
    return next((path for path in paths if path not in layout.files), paths[-1])


def _written(module: str, path: str, root: str, layout: Layout) -> str:
    """The module as the file's own style writes it: ``.shared_history``, ``app.shared_history``, ``shared_history``."""
    inside = module.removesuffix(".py")
    package = dirname(path)
    if layout.is_relative(path) and package != root:
        folders = above(path)[: len(above(path)) - len(upward(root))]  # packages below the root only
        target = dirname(module)
        if target in folders or any(target.startswith(f"{folder}/") for folder in folders):
            base = next(folder for folder in folders if target == folder or target.startswith(f"{folder}/"))
            return "." * (folders.index(base) + 1) + inside[len(base) :].strip("/").replace("/", ".")
    return inside[len(root) :].strip("/").replace("/", ".")
