"""What earlier runs found out, kept on disk: a cache that may be lost, shared, killed or tampered with at any time.

Entries are text under a key that says everything they depend on, so that none is ever outdated, only unused. Each
begins with the digest of its text; whatever is not there whole counts as absent. Nothing in an entry is run, and no
entry names a file to be opened. A folder that cannot be written makes runs slower, and nothing else.

    facts/    what one text says, by the digest of its bytes
    trees/    which files a project had, their stat data, digests and skims
    reports/  what a whole run reported, by the state of the project and the settings
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, TypeAlias

from lcmemlint import __version__, rows
from lcmemlint.facts import FACTS_VERSION, FileFacts

Kind: TypeAlias = Literal["facts", "trees", "reports"]
Stat: TypeAlias = tuple[int, int, int, int]
"""Size, time of modification and of change (ns), inode: what changes when the bytes of a file do."""

KINDS: Final[tuple[Kind, ...]] = ("facts", "trees", "reports")
TAG: Final = "CACHEDIR.TAG"
_TAG_TEXT: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of lcmemlint; it may be deleted at any time.\n"
)
_LARGEST: Final = 256 * 1024 * 1024
_KEPT_FOR: Final = 30 * 24 * 3600
_DAY: Final = 24 * 3600
_YOUNG: Final = 2_000_000_000
"""Nanoseconds: a file changed as shortly before the run may change again within the resolution of its time stamp."""


def digest(*parts: bytes | str) -> str:
    """32 hexadecimal digits that stand for these parts, in this order."""
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", errors="surrogatepass") if isinstance(part, str) else part
        found.update(b"%d:" % len(data))
        found.update(data)
    return found.hexdigest()


def default_folder() -> Path:
    """Where caches of this user belong on this system; `LCMEMLINT_CACHE_DIR` is the user's own word."""
    own = os.environ.get("LCMEMLINT_CACHE_DIR")
    if own:
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser() / "lcmemlint" / "Cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/lcmemlint").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "lcmemlint"


class Store:
    """The cache in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_ready: bool | None = None
        self._made: set[Path] = set()
        self._scan_version = ""

    # ------------------------------------------------------------------ facts

    def facts(self, key: str) -> FileFacts | None:
        """The facts of a text, by the digest of its bytes."""
        found = self.get("facts", digest(self.scan_version, key))
        try:
            return None if found is None else rows.loads(found)
        except rows.BadRow:
            return None

    def keep_facts(self, key: str, facts: FileFacts) -> None:
        """Keep the facts of a text; not of a broken one, which another parser may understand."""
        text = None if facts.problems else rows.dumps(facts)
        if text is not None:
            self.put("facts", digest(self.scan_version, key), text)

    @property
    def scan_version(self) -> str:
        """Stands for the code that makes facts and skims, and for the Python whose parser it uses."""
        if not self._scan_version:
            here = Path(__file__).parent
            own = [
                here / "facts.py",
                here / "values.py",
                here / "rows.py",
                *sorted(here.glob("scan/**/*.py")),
            ]
            texts = [path.read_bytes() for path in own if path.is_file()]
            python = "{}.{}".format(*sys.version_info)
            self._scan_version = digest(__version__, str(FACTS_VERSION), python, *texts)
        return self._scan_version

    @property
    def version(self) -> str:
        """Stands for all code of ours, the rulebook and the parsers."""
        own = Path(__file__).parent
        folders = [own, *(folder for folder in (own / "rulebook", own.parent / "rules") if folder.is_dir())]
        libcst = importlib.util.find_spec("libcst")
        others = [Path(libcst.origin)] if libcst is not None and libcst.origin else []
        found = [(str(path), stat_of(path.parent, path.name)) for path in (*_code(folders), *others)]
        return digest(__version__, sys.version, *(repr(one) for one in found))

    # ------------------------------------------------------------------ entries

    def get(self, kind: Kind, key: str) -> bytes | None:
        """The text of an entry; None if it is not there, or not as it was written."""
        path = self._path(kind, key)
        try:
            data = _read(path)
            if data is None:
                return None
            if time.time() - os.stat(path).st_mtime > _DAY:
                os.utime(path)
        except OSError:
            return None
        sum_, _, text = data.partition(b"\n")
        if sum_ != hashlib.blake2b(text, digest_size=16).hexdigest().encode():
            return None
        return text

    def put(self, kind: Kind, key: str, text: bytes) -> None:
        """Write an entry, whole or not at all."""
        path = self._path(kind, key)
        if not self._prepare(path.parent):
            return
        sum_ = hashlib.blake2b(text, digest_size=16).hexdigest().encode()
        new = path.with_name(f".{os.getpid()}-{time.monotonic_ns()}.tmp")
        try:
            try:
                with open(new, "xb") as file:
                    file.write(sum_ + b"\n" + text)
                os.replace(new, path)
            except OSError:
                self._is_ready = False  # a full disk: one try is enough
                os.unlink(new)
        except OSError:
            pass

    def clear(self) -> int:
        """Delete all entries, and say how many there were. A folder that is not ours is left alone."""
        if not self._is_ours():
            return 0
        count = 0
        for path in self._entries():
            count += not path.name.startswith(".")
            _remove(path)
        for kind in KINDS:
            for folder in (*_children(self.folder / kind), self.folder / kind):
                _remove(folder)
        return count

    def _path(self, kind: Kind, key: str) -> Path:
        return self.folder / kind / key[:2] / f"{key}.json"

    def _prepare(self, folder: Path) -> bool:
        """Whether entries can be written to the folder, which is made if need be."""
        if self._is_ready is None:
            self._is_ready = self._make_ours()
        if self._is_ready and folder not in self._made:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError:
                self._is_ready = False
            self._made.add(folder)
        return self._is_ready

    def _make_ours(self) -> bool:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_ours():
                if any(self.folder.iterdir()):
                    return False  # somebody's folder: neither filled nor, one day, cleared
                (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
                (self.folder / TAG).write_text(_TAG_TEXT, encoding="utf-8")
            self._drop_unused()
        except OSError:
            return False
        return True

    def _is_ours(self) -> bool:
        try:
            return (self.folder / TAG).read_text(encoding="utf-8", errors="replace") == _TAG_TEXT
        except OSError:
            return False

    def _drop_unused(self) -> None:
        """Once a day, delete entries that nobody read for a month, and what killed runs left behind."""
        tag, now = self.folder / TAG, time.time()
        if now - tag.stat().st_mtime < _DAY:
            return
        os.utime(tag)
        for path in self._entries():
            try:
                age = now - path.lstat().st_mtime
            except OSError:
                continue
            if age > (_DAY if path.name.startswith(".") else _KEPT_FOR):
                _remove(path)

    def _entries(self) -> Iterable[Path]:
        for kind in KINDS:
            for folder in _children(self.folder / kind):
                yield from _children(folder)


def _code(folders: Iterable[Path]) -> list[Path]:
    """Modules, pages and tables below the folders."""
    return sorted(
        Path(where, name)
        for folder in folders
        for where, _, names in os.walk(folder)
        for name in names
        if name.endswith((".py", ".md", ".toml", ".json"))
    )


def _children(folder: Path) -> list[Path]:
    """What is in a folder; nothing if it is a link, which may lead anywhere."""
    try:
        return [] if folder.is_symlink() else sorted(folder.iterdir())
    except OSError:
        return []


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    except OSError:
        pass


def _read(path: Path) -> bytes | None:
    """The bytes of a regular file of ours; never waits on a pipe, never follows a link."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    )
    handle = os.open(path, flags)
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        return file.read() if stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST else None


# --- the state of files ---


def stat_of(root: Path, path: str) -> Stat | None:
    """The stat data of a file; None if it cannot be asked."""
    try:
        found = os.stat(os.path.join(root, path))
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def is_young(found: Stat, now: int) -> bool:
    """Whether a file was changed so shortly before `now` (ns) that its stat data may not show the next change."""
    return max(found[1], found[2]) > now - _YOUNG
