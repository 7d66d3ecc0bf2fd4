"""Carries out fixes on disk: the only module of the linter that writes into the user's project.

Texts are fixed and proven first (``rounds``); then every file is written at once or not at all: into a temporary
file beside it, which takes its place. A file that is no longer what was linted is left alone.
"""

from __future__ import annotations

import codecs
import contextlib
import difflib
import io
import os
import stat
import tempfile
import tokenize
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from lcmemlint.findings import Finding
from lcmemlint.fixes.generated import GENERATED
from lcmemlint.fixes.outcomes import Failed, Fixed, FixResult, Note, Outcome, Refused
from lcmemlint.fixes.rounds import Fixing
from lcmemlint.fixes.supply import Supply

_NOT_OURS = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env", "build", "dist"})


def fix_files(
    root: Path,
    findings: Sequence[Finding],
    *,
    unsafe: bool,
    relint: Callable[[Mapping[str, str]], Sequence[Finding]],
    write: bool,
    read: Callable[[str], bytes] | None = None,
    files: Iterable[str] | None = None,
    factory: str = "",
) -> FixResult:
    """Fix what can be fixed of ``findings``; write it if ``write``, else only tell what would change.

    ``relint`` lints the whole project with these texts (by path) in place of, or in addition to, the files on
    disk and returns all findings of a default run; texts have no byte order mark and the file's own newlines.
    ``read`` gives the bytes that were linted (by default those on disk); ``files`` are the project's Python
    files, relative to ``root`` with ``/`` (by default all below it). ``factory`` is the project's own
    ``module:function`` that takes the place of ``chat_history``.
    """
    disk = _Files(root, read)
    known = frozenset(files if files is not None else _python_files(root))
    fixing = Fixing(known, disk.text, relint, unsafe, Supply(factory))
    fixing.run(findings)
    outcomes: list[Outcome] = [*fixing.refused, *fixing.failed.values()]
    outcomes += _outcomes(disk, fixing, write=write)
    changed = [outcome for outcome in outcomes if isinstance(outcome, Fixed)]
    failed = {outcome.path for outcome in outcomes if isinstance(outcome, Failed)}
    return FixResult(
        outcomes=tuple(sorted(outcomes, key=_order)),
        diff="".join(disk.diff(each) for each in sorted(changed, key=lambda each: each.path)),
        fixed=tuple(each for each in fixing.fixed if each.fix is None or each.fix.path not in failed),
        notes=_notes(changed),
    )


def _order(outcome: Outcome) -> tuple[str, int, int, int, str]:
    if isinstance(outcome, Refused):
        at = outcome.finding.at
        return (outcome.path, 1, at.span.line, at.span.column, outcome.finding.code)
    return (outcome.path, 0 if isinstance(outcome, Fixed) else 2, 0, 0, "")


def _notes(changed: Iterable[Fixed]) -> tuple[Note, ...]:
    """What the generated modules need that this run makes."""
    made = {each.path.rpartition("/")[2].removesuffix(".py") for each in changed if each.old is None}
    found = [note for module in GENERATED if made & set(module.stems) for note in module.notes]
    return tuple(dict.fromkeys(found))


def _outcomes(disk: _Files, fixing: Fixing, *, write: bool) -> list[Outcome]:
    """Generated modules first: a file that imports one is written only when that one stands."""
    found: list[Outcome] = []
    lost = ""
    for path in sorted(fixing.texts, key=lambda path: (path not in fixing.created, path)):
        try:
            if lost:
                raise OSError(f"not written, because {lost} could not be written")
            new = disk.encoded(path, fixing.texts[path])
            if write:
                disk.write(path, new)
            else:
                disk.check(path, new)
            found.append(Fixed(path, disk.old(path), new))
        except (OSError, ValueError) as error:
            found.append(Failed(path, _reason(error)))
            if path in fixing.created:
                lost = path
    return found


def _reason(error: Exception) -> str:
    return (
        (error.strerror if isinstance(error, OSError) and error.strerror else None)
        or str(error)
        or type(error).__name__
    )


class _Files:
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
        return data[_bom(data) :].decode(_encoding(data))

    def old(self, path: str) -> bytes | None:
        """The bytes that were linted, None for a file that the run makes."""
        return self._bytes.get(path)

    def encoded(self, path: str, text: str) -> bytes:
        """A new text in the encoding that the file has."""
        old = self._bytes.get(path)
        if old is None:
            return text.encode("utf-8")
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
        """Put the new bytes in the place of the old ones, if those are still what was linted."""
        _replace(self.check(path, new), new)


def _replace(target: Path, new: bytes) -> None:
    """Write a file in one step; its mode stays."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(new)
            temporary.flush()
            os.fsync(temporary.fileno())
        os.chmod(name, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


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


def _python_files(root: Path) -> list[str]:
    """The project's Python files; hidden folders, environments and build output are not the project's."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _NOT_OURS
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        here = Path(folder).relative_to(root)
        found += [(here / name).as_posix() for name in sorted(names) if name.endswith(".py")]
    return found
