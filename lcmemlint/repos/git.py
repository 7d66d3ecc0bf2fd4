"""A commit of a git repository as a place that files are read from: no work tree, no checkout, nothing executed.

The repository may be anybody's. Only `rev-parse`, `ls-tree` and `cat-file` are run: they start no hook, filter,
pager or monitor. The two ways in which its own configuration could still start a program (a missing object that is
fetched, a transport helper) are closed by forbidding every protocol; the settings of the user and the machine are
not read, and objects are what their names say (no replacements). The repository is named outright, so that git asks
for no `safe.directory`.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from msgspec import Struct

from lcmemlint.errors import RepositoryError
from lcmemlint.facts import Problem
from lcmemlint.places import LARGEST, Kind, too_large

MOST_FILES: Final = 1_000_000
"""A tree with more is made to exhaust whoever lists it: a few objects can name each other billions of times."""
_LINKS: Final = 40
"""Links that are followed for one file, as Linux does."""
_LONGEST: Final = 4096
"""Bytes of a path that a link may lead to, as on Linux."""
_ANSWER: Final = 60.0
"""Seconds within which a repository names its commit."""
_OPTIONS: Final = (
    "--no-pager",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "core.fsmonitor=false",
    "-c", "protocol.allow=never",
)  # fmt: skip
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def is_repository(folder: Path) -> bool:
    """Whether a folder is a checkout or a bare clone."""
    if (folder / ".git").exists():
        return True
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def commit_of(folder: Path, revision: str = "HEAD") -> str:
    """The full name of the commit that a revision means. Raises `RepositoryError`."""
    if not folder.is_dir():
        raise RepositoryError("no such folder")
    if not is_repository(folder):
        raise RepositoryError("is not a git repository")
    if not revision or revision.startswith("-"):
        raise RepositoryError(f"`{revision}` is not a revision")
    command = _command(folder, "rev-parse", "--verify", f"{revision}^{{commit}}")
    try:
        told = subprocess.run(
            command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=_ANSWER
        )
    except subprocess.TimeoutExpired:
        raise RepositoryError(f"git names no commit within {_ANSWER:.0f} seconds") from None
    except OSError as error:
        raise _no_git(error) from error
    found = told.stdout.decode("ascii", errors="replace").strip()
    if told.returncode or not re.fullmatch(r"[0-9a-f]{40,64}", found):
        raise RepositoryError(f"has no commit `{revision}`: {_last_line(told.stderr)}")
    return found


class _Blob(Struct, frozen=True):
    """A file of the commit; a link is one whose text is the target."""

    name: str
    size: int
    is_link: bool


class Commit:
    """The files of one commit. A context manager, since a git process answers as long as it is open.

    Submodules are other repositories, and left out.
    """

    def __init__(self, folder: Path, commit: str) -> None:
        """Raises `RepositoryError` if the commit cannot be listed."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the commit
        self._files: dict[str, _Blob] = {}
        self._folders: dict[str, dict[str, Kind]] = {"": {}}
        try:
            for path, blob in self._listed(folder, commit):
                self._add(path, blob)
            self._git = self._started(folder, "cat-file", "--batch")
        except BaseException:
            self._errors.close()
            raise

    def __enter__(self) -> Commit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._git.kill()
        self._git.communicate()
        self._errors.close()

    # ------------------------------------------------------------------ what a place can do

    @property
    def root(self) -> Path:
        """Nowhere on the disk."""
        return Path(os.sep)

    @property
    def outer(self) -> tuple[Path, ...]:
        """Nothing is around a repository."""
        return ()

    def listing(self, folder: str) -> list[tuple[str, Kind]]:
        """The names in a folder and what they are."""
        return list(self._folders.get(folder, {}).items())

    def leads_inside(self, path: str) -> bool:
        """Whether a link leads to a file of the commit."""
        return self.has_file(path)

    def has_file(self, path: str) -> bool:
        """Whether there is a file, or a link to one."""
        return self._blob(path) is not None

    def size(self, path: str) -> int:
        """Bytes; 0 for a file that is not there."""
        blob = self._blob(path)
        return 0 if blob is None else blob.size

    def read(self, path: str) -> bytes | Problem:
        """The bytes of a file, or why there are none. Raises `RepositoryError` if git fails."""
        blob = self._blob(path)
        if blob is None:
            return Problem(0, 0, "cannot be read: no such file in the commit")
        if blob.size > LARGEST:
            return too_large(blob.size)
        data = self._bytes(blob)
        return Problem(0, 0, "cannot be read: this clone does not have its content") if data is None else data

    # ------------------------------------------------------------------ what git says

    def _started(self, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                _command(folder, *arguments),
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        except OSError as error:
            raise _no_git(error) from error

    def _listed(self, folder: Path, commit: str) -> Iterator[tuple[str, _Blob]]:
        """Every file and link of the commit."""
        git = self._started(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        try:
            for number, line in enumerate(_parts(_pipe(git.stdout))):
                if number >= MOST_FILES:
                    raise RepositoryError(f"has more than {MOST_FILES:,} files")
                about, _, path = line.partition(b"\t")
                mode, kind, name, size = about.split()
                if kind == b"blob":
                    length = int(size) if size.isdigit() else 0
                    yield os.fsdecode(path), _Blob(name.decode("ascii"), length, is_link=mode == b"120000")
            if git.wait():
                raise self._failed("ls-tree")
        finally:
            git.kill()
            git.communicate()

    def _add(self, path: str, blob: _Blob) -> None:
        """Note a file in its folder, and the folder in its own; a path that would climb is nobody's file."""
        if not {"", ".", ".."}.isdisjoint(path.split("/")):
            return
        self._files[path] = blob
        kind: Kind = "link" if blob.is_link else "file"
        while True:
            folder, _, name = path.rpartition("/")
            known = folder in self._folders
            self._folders.setdefault(folder, {})[name] = kind
            if known:
                return
            path, kind = folder, "folder"

    def _blob(self, path: str) -> _Blob | None:
        """The file at a path, through links that stay in the commit."""
        found = self._files.get(path)
        if found is not None and not found.is_link:
            return found
        pending = path.split("/")[::-1]
        at: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                if not at:
                    return None
                at.pop()
            elif part not in ("", "."):
                at.append(part)
            found = self._files.get("/".join(at))
            if found is not None and found.is_link:
                links += 1
                target = self._target(found)
                if links > _LINKS or target.startswith("/"):
                    return None
                at.pop()
                pending += target.split("/")[::-1]
        return self._files.get("/".join(at))

    def _target(self, link: _Blob) -> str:
        """Where a link leads; a text that is no path leads out."""
        data = self._bytes(link) if link.size <= _LONGEST else None
        return "/" if data is None else os.fsdecode(data)

    def _bytes(self, blob: _Blob) -> bytes | None:
        """The bytes of a blob; None if this clone does not have it."""
        try:
            question = _pipe(self._git.stdin)
            question.write(f"{blob.name}\n".encode("ascii"))
            question.flush()
            answer = _pipe(self._git.stdout)
            head = answer.readline().split()
            if head[1:] == [b"missing"]:
                return None
            if len(head) != 3 or head[1] != b"blob":
                raise self._failed(f"cat-file {blob.name}")
            data = answer.read(int(head[2]))
            answer.read(1)
        except OSError:
            raise self._failed("cat-file") from None
        return data

    def _failed(self, what: str) -> RepositoryError:
        """The complaint with git's own last words."""
        self._errors.seek(0)
        return RepositoryError(f"git {what} fails: {_last_line(self._errors.read())}")


def _command(folder: Path, *arguments: str) -> list[str]:
    inner = folder / ".git"
    return ["git", *_OPTIONS, f"--git-dir={(inner if inner.exists() else folder).absolute()}", *arguments]


def _environment() -> dict[str, str]:
    """The environment without what would lead git elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | _ENVIRONMENT


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """A stream of a process that was started with pipes."""
    assert stream is not None
    return stream


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between NUL bytes."""
    rest = b""
    while chunk := stream.read(1 << 16):
        *parts, rest = (rest + chunk).split(b"\0")
        yield from parts


def _last_line(told: bytes) -> str:
    lines = told.decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("fatal: ") if lines else "no reason given"


def _no_git(error: OSError) -> RepositoryError:
    return RepositoryError(f"git cannot be started: {error.strerror or error}; install git")
