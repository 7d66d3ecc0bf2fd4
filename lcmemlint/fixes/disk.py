"""Reads and writes the user's files: the only module of the linter that writes into the user's project.

Every file is written at once or not at all: into a temporary file beside it, which takes its place. A file that
is no longer what was linted is left alone.
"""

from __future__ import annotations

import codecs
import contextlib
import difflib
import io
import os
import re
import stat
import tempfile
import tokenize
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lcmemlint.fixes.outcomes import Fixed
from lcmemlint.notebooks import Notebook, read_notebook

NOTEBOOK: Final = ".ipynb"


def text_of(data: bytes) -> str:
    """The text of a Python file, without its byte order mark; raises ``ValueError`` if it is none."""
    return data[_bom(data) :].decode(_encoding(data))


def _notebook(data: bytes) -> Notebook:
    """The notebook that was linted; raises ``ValueError`` if it is none."""
    found = read_notebook(data)
    if isinstance(found, Notebook):
        return found
    raise ValueError(found.message)


def lines_of(text: str) -> list[str]:
    """The lines with their ends, as Python counts them: a form feed ends none."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)


class Disk:
    """The bytes and texts of the project's files as they were linted, and the way back to disk."""

    def __init__(self, root: Path, read: Callable[[str], bytes] | None) -> None:
        self._root = root
        self._read = read or (lambda path: (root / path).read_bytes())
        self._bytes: dict[str, bytes] = {}

    def text(self, path: str) -> str:
        """The text of a file, without its byte order mark."""
        if path not in self._bytes:
            try:
                self._bytes[path] = self._read(path)
            except LookupError as error:
                raise FileNotFoundError(f"{path} is not among the files that were linted") from error
        data = self._bytes[path]
        return _notebook(data).text if path.endswith(NOTEBOOK) else text_of(data)

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes of a file that was not linted, None where there is none."""
        target = self._root / path
        if not target.is_file():
            return None
        return self._bytes.setdefault(path, target.read_bytes())

    def old(self, path: str) -> bytes | None:
        """The bytes that were linted, None for a file that the run makes."""
        return self._bytes.get(path)

    def encoded(self, path: str, text: str) -> bytes:
        """A new text in the encoding that the file has."""
        old = self._bytes.get(path)
        if old is None:
            return text.encode("utf-8")
        if path.endswith(NOTEBOOK):
            return _notebook(old).rewritten(text).encode("utf-8")
        return old[: _bom(old)] + text.encode(_encoding(old))

    def diff(self, changed: Fixed) -> str:
        """The unified diff of one file."""
        path = changed.path
        before = [] if changed.old is None else self._lines(path, changed.old)
        name = "/dev/null" if changed.old is None else f"a/{path}"
        lines = difflib.unified_diff(before, self._lines(path, changed.new), name, f"b/{path}")
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
        )

    def _lines(self, path: str, data: bytes) -> list[str]:
        encoding = _encoding(self._bytes[path]) if path in self._bytes else "utf-8"
        return data[_bom(data) :].decode(encoding).splitlines(keepends=True)

    def check(self, path: str, new: bytes) -> Path:
        """The file to write; raises ``OSError`` when what stands there is not what was linted."""
        target = (self._root / path).resolve()
        old = self._bytes.get(path)
        now = target.read_bytes() if target.exists() else None
        if old is None and now is not None and now != new:
            raise OSError("a file with other content stands there already")
        if old is not None and now != old:
            raise OSError("it has changed since it was linted; run again")
        return target

    def write(self, path: str, new: bytes) -> None:
        """Put the new bytes in the place of the old ones, if those are still what was linted and may be written."""
        target = self.check(path, new)
        if _is_read_only(target):
            raise OSError("it is read-only; make it writable and run again")
        _replace(target, new, lambda: self.check(path, new))


def _is_read_only(target: Path) -> bool:
    """Whether somebody said that the file is not to be written; root may, and a new file could take its place."""
    return target.exists() and not (target.stat().st_mode & 0o222 and os.access(target, os.W_OK))


def _replace(target: Path, new: bytes, check: Callable[[], object]) -> None:
    """Write a file in one step, if ``check`` still holds just before; its mode and owner stay."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(new)
            temporary.flush()
            os.fsync(temporary.fileno())
        _take_after(name, target)
        check()
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _take_after(name: str, target: Path) -> None:
    """Give the temporary file the mode and owner of the file that it replaces, or those of a new file."""
    try:
        found = target.stat()
    except FileNotFoundError:
        os.chmod(name, 0o666 & ~_umask())
        return
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(OSError):  # only root gives files away
            os.chown(name, found.st_uid, found.st_gid)
    os.chmod(name, stat.S_IMODE(found.st_mode))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _bom(data: bytes) -> int:
    return len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0


def _encoding(data: bytes) -> str:
    """The encoding that a Python file names (PEP 263); raises ``ValueError`` for one that does not exist."""
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise ValueError(str(error.msg or error)) from error
    return "utf-8" if name == "utf-8-sig" else name
