"""Which files a project has, and what is in them: one walk that serves everything.

The project root is what is analysed, so it is found first (`project_root`); `walk` lists its Python files,
notebooks and candidate manifests in one go, honouring `.gitignore` and the excluded folders;
`decode` turns bytes into text as Python does.
"""

from __future__ import annotations

import codecs
import io
import os
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lcmemlint.config import SHARED, Config, has_table
from lcmemlint.errors import LcmemlintError, UsageError
from lcmemlint.facts import Problem
from lcmemlint.places import Disk, Kind, Place
from lcmemlint.settings import DEDICATED, Role

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDES: Final = frozenset(
    {
        ".bzr", ".direnv", ".eggs", ".git", ".hg", ".idea", ".ipynb_checkpoints", ".lcmemlint_cache",
        ".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn",
        ".terraform", ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__", "_build",
        "bower_components", "build", "buck-out", "dist", "env.bak", "node_modules", "site-packages", "venv",
        "venv.bak",
    }
)  # fmt: skip
"""Folders that hold no source of the project's own, by name."""

MANIFEST_SUFFIXES: Final = (
    ".bash", ".bicep", ".cfg", ".conf", ".containerfile", ".dockerfile", ".env", ".hcl", ".ini", ".j2", ".json",
    ".mk", ".nomad", ".service", ".sh", ".template", ".tf", ".tfvars", ".toml", ".tpl", ".yaml", ".yml",
)  # fmt: skip
MANIFEST_NAMES: Final = frozenset(
    {
        "containerfile", "dockerfile", "gnumakefile", "justfile", "kustomization", "makefile", "pdm.lock",
        "pipfile", "pipfile.lock", "poetry.lock", "procfile", "supervisord.conf", "uv.lock",
    }
)  # fmt: skip
MANIFEST_PREFIXES: Final = (
    "dockerfile.", "containerfile.", "procfile.", "requirements", "constraints", ".env",
)  # fmt: skip
REQUIREMENT_FOLDERS: Final = frozenset({"requirements", "reqs"})

TEST_FOLDERS: Final = frozenset({"test", "tests", "testing"})
SCRIPT_FOLDERS: Final = frozenset({"bin", "scripts"})
SCRIPT_NAMES: Final = frozenset({"setup.py", "noxfile.py", "tasks.py", "fabfile.py"})


class UnreadableText(LcmemlintError):
    """Bytes that are not the text they claim to be; the message has no path, the caller knows it."""


class Source(Struct, frozen=True):
    """One Python file, known by the digest of its bytes, which are read when they are asked for.

    `path` is relative to the root and written with `/`; `serves` says that the file may say itself how many
    processes run it.
    """

    path: str
    role: Role
    digest: str
    serves: bool
    read: Callable[[str], bytes | Problem]

    def __eq__(self, other: object) -> bool:
        return self._known == other._known if isinstance(other, Source) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._known)

    @property
    def _known(self) -> tuple[str, Role, str, bool]:
        return self.path, self.role, self.digest, self.serves

    @property
    def data(self) -> bytes:
        """The bytes; none if the file has gone since it was listed."""
        found = self.read(self.path)
        return b"" if isinstance(found, Problem) else found


class Tree(Struct, frozen=True):
    """The files of a project, all relative to `root`, sorted; none of them has been opened."""

    root: Path
    python: tuple[str, ...]
    notebooks: tuple[str, ...]
    manifests: tuple[str, ...]

    def has(self, path: str) -> bool:
        """Whether it is one of the files."""
        return path in self.python or path in self.notebooks or path in self.manifests

    def without(self, paths: Collection[str]) -> Tree:
        """The same tree less these files."""
        if not paths:
            return self
        python, notebooks, manifests = (
            tuple(path for path in kind if path not in paths)
            for kind in (self.python, self.notebooks, self.manifests)
        )
        return Tree(self.root, python, notebooks, manifests)


def project_root(paths: Sequence[Path]) -> Path:
    """The folder that is analysed when `paths` are asked for.

    From their common folder upwards: the nearest that is marked as ours (`lcmemlint.toml`,
    `[tool.lcmemlint]`) or as a repository (`.git`); else the nearest with a pyproject.toml; else itself.
    """
    folders = [path if path.is_dir() else path.parent for path in map(absolute, paths)]
    common = Path(os.path.commonpath(folders)) if folders else Path.cwd()
    line = (common, *common.parents)
    for folder in line:
        marked = (folder / DEDICATED).is_file() or (folder / ".git").exists()
        if marked or has_table(folder / SHARED):
            return folder
    return next((folder for folder in line if (folder / SHARED).is_file()), common)


def absolute(path: Path) -> Path:
    """Absolute without following symbolic links: the user's own spelling of a place stays."""
    return Path(os.path.abspath(path))


def relative(root: Path, path: Path) -> str:
    """`path` as the project knows it; "" is the root itself."""
    try:
        found = absolute(path).relative_to(root).as_posix()
    except ValueError:
        raise UsageError(f"{path}: is not inside the project root {root}; start in a common folder") from None
    return "" if found == "." else found


def walk(place: Place, config: Config, *, named: Sequence[str] = ()) -> Tree:
    """Every file of the project, and whatever `named` (relative paths) asks for by name.

    A file or folder that the user names is looked at even if it is excluded or ignored by git.
    """
    walker = _Walker(place, config)
    found = set(walker.under(""))
    for path in named:
        if place.has_file(path):
            found.add(path)
        elif path not in walker.seen:
            found.update(walker.under(path))
    ordered = sorted(found)
    return Tree(
        root=place.root,
        python=tuple(path for path in ordered if path.endswith((".py", ".pyw"))),
        notebooks=tuple(path for path in ordered if path.endswith(".ipynb")),
        manifests=tuple(path for path in ordered if looks_like_manifest(path)),
    )


def manifest_paths(root: Path, config: Config) -> tuple[str, ...]:
    """The files that may say how the app is deployed, from the same walk."""
    return walk(Disk(root), config).manifests


class _Walker:
    """Walks the folders of a place; `seen` are those it has been in."""

    def __init__(self, place: Place, config: Config) -> None:
        self.place = place
        self.names = DEFAULT_EXCLUDES if config.exclude is None else frozenset({".git"})
        own = [*(config.exclude or ()), *config.extend_exclude]
        self.own = _patterns(own) if own else None
        self.gitignore = config.respect_gitignore
        self.seen: set[str] = set()

    def under(self, start: str) -> Iterator[str]:
        """The paths of the files in a folder and below."""
        ignores: tuple[_Ignores, ...] = self._above() if self.gitignore and not start else ()
        pending = [(start, ignores)]
        while pending:
            folder, ignores = pending.pop()
            self.seen.add(folder)
            for path, kind, inner in self._entries(folder, ignores):
                if kind == "folder":
                    pending.append((path, inner))
                elif kind == "file" or (kind == "link" and self.place.leads_inside(path)):
                    yield path

    def _entries(
        self, folder: str, ignores: tuple[_Ignores, ...]
    ) -> Iterator[tuple[str, Kind, tuple[_Ignores, ...]]]:
        """What is in one folder and not excluded. A folder that cannot be listed is as good as empty."""
        prefix = f"{folder}/" if folder else ""
        entries = list(self.place.listing(folder))
        names = {name for name, _ in entries}
        if folder and not names.isdisjoint(("pyvenv.cfg", "CACHEDIR.TAG")):
            return  # a virtual environment or a cache, whatever it is called
        if self.gitignore and ".gitignore" in names:
            own = _ignores(self.place, f"{prefix}.gitignore", prefix)
            ignores = ignores if own is None else (own, *ignores)
        for name, kind in entries:
            is_folder = kind == "folder"
            path = prefix + name
            if not is_folder and not is_wanted(path):
                continue
            if is_folder and (name in self.names or name.endswith(".egg-info")):
                continue
            asked = f"{path}/" if is_folder else path
            if (self.own is not None and self.own.match_file(asked)) or _is_ignored(asked, ignores):
                continue
            if not _is_text(path):
                continue
            yield path, kind, ignores

    def _above(self) -> tuple[_Ignores, ...]:
        """The `.gitignore`s of the folders around the root, up to the repository's own.

        If they ignore the root itself, then whoever asks for it means it, and they do not count.
        """
        found: list[_Ignores] = []
        for folder in self.place.outer:
            inner = f"{self.place.root.relative_to(folder).as_posix()}/"
            own = _ignores(Disk(folder), ".gitignore", "", inner)
            if own is not None and own.spec.match_file(inner):
                return ()
            found.extend([] if own is None else [own])
        return tuple(found)


def _patterns(lines: Iterable[str]) -> GitIgnoreSpec:
    """Patterns in the way of `.gitignore`. Raises `ValueError` for a line that is none."""
    from pathspec import GitIgnoreSpec  # slow to import, and many projects have no such line

    return GitIgnoreSpec.from_lines(lines)


class _Ignores(Struct, frozen=True):
    """One `.gitignore`: paths lose `strip` and gain `add` before they are matched."""

    spec: GitIgnoreSpec
    strip: str
    add: str


def _ignores(place: Place, path: str, strip: str, add: str = "") -> _Ignores | None:
    """A `.gitignore`, None if it is not there or not readable; lines that are no patterns do not count."""
    data = place.read(path)
    if isinstance(data, Problem):
        return None
    lines = data.decode("utf-8", errors="replace").splitlines()
    try:
        return _Ignores(_patterns(lines), strip, add)
    except ValueError:
        return _Ignores(_patterns(_valid(lines)), strip, add)


def _valid(lines: Iterable[str]) -> Iterator[str]:
    """The lines that are patterns on their own."""
    for line in lines:
        try:
            _patterns([line])
        except ValueError:
            continue
        yield line


def _is_ignored(path: str, ignores: Iterable[_Ignores]) -> bool:
    """What the nearest `.gitignore` that has an opinion says."""
    for one in ignores:
        decided = one.spec.check_file(one.add + path[len(one.strip) :]).include
        if decided is not None:
            return decided
    return False


def _is_text(path: str) -> bool:
    """Whether the name can be printed; a name that is no UTF-8 can be in no import either."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_wanted(path: str) -> bool:
    """Whether a file of this name could matter at all."""
    return path.endswith((".py", ".pyw", ".ipynb")) or looks_like_manifest(path)


def looks_like_manifest(path: str) -> bool:
    """A file that may say how the app is built, configured or run, or with which versions."""
    folder, _, name = path.rpartition("/")
    name = name.lower()
    if name.endswith((".py", ".pyw", ".ipynb")):
        return False
    if name.endswith(MANIFEST_SUFFIXES) or name in MANIFEST_NAMES or name.startswith(MANIFEST_PREFIXES):
        return True
    return name.endswith((".txt", ".in")) and (
        "requirements" in name or folder.rpartition("/")[2].lower() in REQUIREMENT_FOLDERS
    )


def looks_like_test(path: str) -> bool:
    """A test, by folder or by name."""
    *folders, name = path.split("/")
    return (
        not TEST_FOLDERS.isdisjoint(folders)
        or name in ("conftest.py", "test.py", "tests.py")
        or (name.startswith("test_") and name.endswith(".py"))
        or name.endswith("_test.py")
    )


def looks_like_migration(path: str) -> bool:
    """A database migration (Alembic, Django)."""
    folders = path.split("/")[:-1]
    return "migrations" in folders or ("versions" in folders and "alembic" in folders)


def looks_like_script(path: str) -> bool:
    """A file that somebody runs by hand, by folder or by name."""
    *folders, name = path.split("/")
    return not SCRIPT_FOLDERS.isdisjoint(folders) or name in SCRIPT_NAMES


def looks_like_notebook(path: str) -> bool:
    """A notebook."""
    return path.endswith(".ipynb")


class RoleFinder(Struct, frozen=True):
    """Says what a file is for: the user's own word first, else a guess from its path."""

    own: tuple[tuple[GitIgnoreSpec, Role], ...]

    @classmethod
    def of(cls, config: Config) -> RoleFinder:
        """The one for these settings; of two patterns that match, the later wins."""
        pairs: list[tuple[str, Role]] = [(glob, "test") for glob in config.test_paths]
        pairs.extend(config.roles)
        return cls(tuple((_patterns([glob]), role) for glob, role in reversed(pairs)))

    def role(self, path: str) -> Role:
        """The role of one file."""
        for spec, role in self.own:
            if spec.match_file(path):
                return role
        if looks_like_notebook(path):
            return "notebook"
        if looks_like_test(path):
            return "test"
        if looks_like_migration(path):
            return "migration"
        return "script" if looks_like_script(path) else "app"


def decode(data: bytes) -> tuple[str, str, bool]:
    """The text, the name of its encoding, and whether it began with a byte order mark.

    As Python reads a source file (PEP 263), but newlines stay as they are. Raises `UnreadableText`.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        text = data[len(codecs.BOM_UTF8) if bom else 0 :].decode(encoding)
    except SyntaxError as error:
        raise UnreadableText(str(error.msg or error)) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableText(
            f"line {line} is not {encoding}; save the file as UTF-8 or name its encoding in the first line"
        ) from error
    except LookupError as error:
        raise UnreadableText(f"`{encoding}` is not a text encoding") from error
    return text, encoding, bom


def encode(text: str) -> bytes:
    """The bytes that `decode` makes this text of: in the encoding that its first lines name, else in UTF-8."""
    data = text.encode("utf-8", errors="surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data if encoding in ("utf-8", "utf-8-sig") else text.encode(encoding)
    except (SyntaxError, UnicodeEncodeError, LookupError):
        return data


def binary(data: bytes) -> Problem | None:
    """Why these bytes are no text whatever the encoding, None if they may be."""
    zero = data.find(b"\0")
    return None if zero < 0 else Problem(0, 0, f"is not text: it has a NUL byte at offset {zero}")


def text_of(data: bytes) -> str | Problem:
    """The text of a Python file, or why it is none."""
    problem = binary(data)
    if problem is not None:
        return problem
    try:
        return decode(data)[0]
    except UnreadableText as error:
        return Problem(0, 0, str(error))


def matches(globs: Iterable[str], path: str) -> bool:
    """Whether a path matches one of the patterns, in the way of `.gitignore`."""
    return _patterns(globs).match_file(path)


def roles_of(paths: Iterable[str], config: Config) -> Mapping[str, Role]:
    """The role of every path."""
    finder = RoleFinder.of(config)
    return {path: finder.role(path) for path in paths}
