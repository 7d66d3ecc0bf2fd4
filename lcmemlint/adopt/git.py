"""What git knows of a project, asked with its plumbing only: no filter, hook, pager or network is involved."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from lcmemlint.errors import UsageError

_FILE_MODES: Final = (b"100644", b"100755")
_OWN: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
"""What git tells its hooks; the project's own folder decides here."""


def base_of(root: Path, revision: str) -> str:
    """The commit from which the working tree is told apart: where it left `revision`, or that itself.

    Raises `UsageError` if there is no git, no repository or no such revision.
    """
    if _asked(root, "rev-parse", "--git-dir") is None:
        raise UsageError(f"{root}: is not in a git repository, so nothing is known of its changes")
    found = _asked(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found is None:
        raise UsageError(
            f"git knows no revision `{revision}` here; if this is a shallow clone, fetch more of it "
            "(fetch-depth: 0)"
        )
    commit = found.decode().strip()
    base = _asked(root, "merge-base", commit, "HEAD")
    return base.decode().strip() if base else commit


def files_of(root: Path, commit: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """The files below `root` as a commit has them: paths relative to it, and bytes. Links are left out."""
    listed = _asked(root, "ls-tree", "-r", "-z", commit, "--", ".") or b""
    found: list[tuple[str, bytes]] = []
    for row in listed.split(b"\0"):
        head, _, name = row.partition(b"\t")
        path = name.decode("utf-8", errors="replace")
        if (
            head[:6] in _FILE_MODES
            and wanted(path)
            and ".." not in path.split("/")
            and not path.startswith("/")
        ):
            found.append((path, head.split()[2]))
    contents = _asked(root, "cat-file", "--batch", stdin=b"".join(name + b"\n" for _, name in found))
    if contents is None:
        raise UsageError(f"git cannot read the files of {commit[:12]}; fetch them first")
    at = 0
    for path, _ in found:
        end = contents.index(b"\n", at)
        kind = contents[at:end].split()
        if len(kind) != 3:
            raise UsageError(f"git does not have {path} of {commit[:12]} at hand; fetch it first")
        size = int(kind[2])
        yield path, contents[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def uncommitted(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Those of the files (path relative to `root` → bytes) that the last commit has not, or has with other bytes.

    Nothing is known, and none is named, where there is no git, no repository or no commit. Git is asked once, for the
    names of blobs; how lines end is no difference.
    """
    if not files or not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return ()
    try:
        listed = _asked(root, "ls-tree", "-z", "HEAD", "--", *sorted(files))
    except UsageError:
        return ()
    if listed is None:
        return ()
    blobs = {}
    for row in listed.split(b"\0"):
        head, _, name = row.partition(b"\t")
        blobs[os.fsdecode(name)] = head.rpartition(b" ")[2].decode()
    return tuple(path for path, data in sorted(files.items()) if not _is_blob(blobs.get(path, ""), data))


def _is_blob(name: str, data: bytes) -> bool:
    """Whether git calls these bytes so, as they are or with the line ends that it may keep."""
    digest = hashlib.sha256 if len(name) == 64 else hashlib.sha1
    texts = (data, data.replace(b"\r\n", b"\n"))
    return name in {digest(b"blob %d\0" % len(text) + text).hexdigest() for text in texts}


def _asked(root: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """What git answers; None if it says no. Raises `UsageError` if there is no git."""
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    environment |= {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *arguments],
            cwd=root,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise UsageError(f"git cannot be run: {error.strerror or error}") from error
    return done.stdout if done.returncode == 0 else None
