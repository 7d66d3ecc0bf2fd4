"""The modules that fixes generate, where each stands, and how each file imports it.

One module for all files with one import root: beside the file, or in the innermost folder around all files
to fix. A module that is already there is used, also when the user has edited it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.resources import files as resources
from posixpath import dirname

from msgspec import Struct

from lcmemlint.fixes.layout import Layout, above, common_folder, upward
from lcmemlint.fixes.outcomes import Note


class Generated(Struct, frozen=True):
    """A module that fixes may need: what it defines for others, and what it is called.

    The second of ``stems`` is taken when the project has a module of the first name that is not ours.
    """

    names: tuple[str, ...]
    stems: tuple[str, str]
    notes: tuple[Note, ...]

    def text(self, users: Iterable[str] = ()) -> str:
        """The module; ``users`` are the texts that import it, whose generation of LangChain it follows."""
        template = resources("lcmemlint.fixes") / "templates" / f"{self.stems[0]}.py"
        text = template.read_text(encoding="utf-8")
        return text if _uses_classic(users) else text.replace("langchain_classic.", "langchain.")

    def is_ours(self, path: str, text: str) -> bool:
        """Whether a file is this module (edited or not)."""
        stem = path.rpartition("/")[2].removesuffix(".py")
        return stem in self.stems and all(_defines(text, name) for name in self.names)


class Placed(Struct, frozen=True):
    """How one file reaches a module: ``module`` is what stands behind ``from``; ``path`` is the module's file.

    ``path`` is empty when the user's own function takes the place of ours; ``function`` is then its name.
    """

    path: str
    module: str
    function: str = ""

    @property
    def stem(self) -> str:
        """The module's own name."""
        return self.module.rpartition(".")[2]


HISTORY = Generated(
    names=("chat_history",),
    stems=("shared_history", "shared_chat_history"),
    notes=(
        Note("package", "sqlalchemy", "for SQLite (development) and Postgres"),
        Note("package", "psycopg[binary]", "if CHAT_HISTORY_URL is a postgresql:// URL"),
        Note("package", "redis", "if CHAT_HISTORY_URL is a redis:// URL"),
        Note(
            "variable",
            "CHAT_HISTORY_URL",
            "redis://host:6379/0 or postgresql://user:password@host/database, the same for every worker and host",
        ),
    ),
)

CHECKPOINTER = Generated(
    names=("shared_checkpointer",),
    stems=("shared_checkpointer", "shared_langgraph_checkpointer"),
    notes=(
        Note("package", "langgraph-checkpoint-sqlite", "for SQLite (development)"),
        Note("package", "langgraph-checkpoint-postgres", "if CHECKPOINT_URL is a postgresql:// URL"),
        Note("package", "psycopg[binary,pool]", "if CHECKPOINT_URL is a postgresql:// URL"),
        Note("package", "langgraph-checkpoint-plainredis", "if CHECKPOINT_URL is a redis:// URL"),
        Note(
            "variable",
            "CHECKPOINT_URL",
            "postgresql://user:password@host/database or redis://host:6379/0, the same for every worker and host",
        ),
    ),
)

MEMORY = Generated(
    names=("SharedSummaryMemory", "SharedSummaryBufferMemory", "SharedTokenBufferMemory"),
    stems=("shared_memory", "shared_chat_memory"),
    notes=(),
)

STORE = Generated(
    names=("shared_store",),
    stems=("shared_store", "shared_langgraph_store"),
    notes=(
        Note("package", "langgraph-checkpoint-sqlite", "for SQLite (development)"),
        Note("package", "langgraph-checkpoint-postgres", "if STORE_URL is a postgresql:// URL"),
        Note("package", "psycopg[binary,pool]", "if STORE_URL is a postgresql:// URL"),
        Note(
            "variable",
            "STORE_URL",
            "postgresql://user:password@host/database, the same for every worker and host",
        ),
    ),
)

GENERATED: tuple[Generated, ...] = (HISTORY, CHECKPOINTER, MEMORY, STORE)


def generated(name: str) -> Generated:
    """The module that defines a function or class which a change needs."""
    return next(each for each in GENERATED if name in each.names)


def placed(modules: Mapping[str, str], layout: Layout, wanted: Generated = HISTORY) -> dict[str, Placed]:
    """How each of these files (with its dotted name, or ``""``) reaches the module.

    Files that do not share an import root get a module each.
    """
    by_root: dict[str, list[str]] = defaultdict(list)
    for path, name in sorted(modules.items()):
        by_root[layout.root(path, name)].append(path)
    found: dict[str, Placed] = {}
    for root, group in sorted(by_root.items()):
        module = _existing(root, group, layout, wanted) or _new(root, group, layout, wanted)
        for path in group:
            found[path] = Placed(module, _written(module, path, root, layout))
    return found


def _uses_classic(texts: Iterable[str]) -> bool:
    return any("langchain_classic" in text for text in texts)


def _defines(text: str, name: str) -> bool:
    return re.search(rf"^(?:(?:async[ \t]+)?def|class)[ \t]+{name}[ \t]*[(:]", text, re.MULTILINE) is not None


def _existing(root: str, group: list[str], layout: Layout, wanted: Generated) -> str | None:
    """The module that these files reach already; the nearest one, should there be several."""
    candidates = [
        path
        for path in layout.files
        if path.rpartition("/")[2].removesuffix(".py") in wanted.stems
        and root in above(path)
        and wanted.is_ours(path, layout.text(path))
    ]
    near = set(upward(common_folder(group)))
    return min(
        candidates, key=lambda path: (dirname(path) not in near, -len(dirname(path)), path), default=None
    )


def _new(root: str, group: list[str], layout: Layout, wanted: Generated) -> str:
    folder = common_folder(group)
    if root not in upward(folder):
        folder = root
    paths = [f"{folder}/{stem}.py".lstrip("/") for stem in wanted.stems]
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
