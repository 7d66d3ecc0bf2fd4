"""Whether what one process stores reaches another one: the one mode that runs the user's code.

Nothing of the project is run in this process: ``child.py`` is started twice with the project's own Python. The first
adds one message to a conversation of a new id; the second reads that conversation and one of another new id, and
deletes the first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from lcmemlint.errors import UsageError

Word = Literal["shared", "this host only", "not shared", "the id is not used", "could not tell"]

SECONDS: Final = 60
"""How long one process may take."""

_MOST_IDS: Final = 8


class Verdict(Struct, frozen=True):
    """What a probe found, in one word and one sentence."""

    target: str
    word: Word
    because: str

    @property
    def exit_code(self) -> int:
        """0: shared · 1: not shared by all · 2: not known."""
        return {"shared": 0, "could not tell": 2}.get(self.word, 1)


class _Unanswered(Exception):
    """A process ended without an answer; the text says what it said last."""


def checked(target: str) -> str:
    """The target, if it is written as one; raises ``UsageError``."""
    module, _, name = target.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise UsageError(f"--probe {target}: expected MODULE:NAME, as in app.history:get_session_history")
    return target


def probe(target: str, root: Path, *, python: str | None = None, seconds: float = SECONDS) -> Verdict:
    """What two processes find out about ``MODULE:NAME`` of the project at ``root``.

    The target is a function from ids to a chat history (or memory, or chain with a memory), a
    ``RunnableWithMessageHistory``, a compiled graph, or a function without parameters that makes one of these.
    ``python`` is by default that of the active or the project's own virtual environment. Raises ``UsageError``
    when the target is not written as one.
    """
    order = {
        "target": checked(target),
        "mark": f"lcmemlint-probe-{uuid.uuid4().hex}",
        # UUIDs: some back ends take no other id.
        "ids": [str(uuid.uuid4()) for _ in range(_MOST_IDS)],
        "others": [str(uuid.uuid4()) for _ in range(_MOST_IDS)],
        "folders": [str(folder) for folder in (root, root / "src") if folder.is_dir()],
    }
    command = [python or project_python(root), str(Path(__file__).with_name("child.py"))]
    try:
        written = _answer(command, {**order, "role": "write"}, root, seconds)
        if (early := _told_by_writing(target, written)) is not None:
            return early
        read = _answer(command, {**order, "role": "read"}, root, seconds)
    except _Unanswered as error:
        return Verdict(target, "could not tell", str(error))
    return _told_by_reading(target, written, read)


def project_python(root: Path) -> str:
    """The Python of the active virtual environment, else of the project's own, else the one that runs this."""
    folders = [root / ".venv", root / "venv"]
    if os.environ.get("VIRTUAL_ENV"):
        folders.insert(0, Path(os.environ["VIRTUAL_ENV"]))
    programs = [folder / inside for folder in folders for inside in ("bin/python", "Scripts/python.exe")]
    return next((str(program) for program in programs if program.is_file()), sys.executable)


def _told_by_writing(target: str, written: Mapping[str, object]) -> Verdict | None:
    """The verdict that needs no second process."""
    if "nothing" in written:
        return Verdict(target, "not shared", str(written["nothing"]))
    kind = written["kind"]
    if not written["was_empty"]:
        because = f"a conversation with a new id is not empty in {kind}; nothing was written to it"
        return Verdict(target, "the id is not used", because)
    if not written["seen"]:
        because = f"{kind} does not hold a message that the same process has just added"
        return Verdict(target, "could not tell", because)
    return None


def _told_by_reading(target: str, written: Mapping[str, object], read: Mapping[str, object]) -> Verdict:
    kind = written["kind"]
    if "nothing" in read:
        return Verdict(target, "not shared", str(read["nothing"]))
    if read["other"]:
        because = f"another process finds the message under another id too ({kind})"
        return Verdict(target, "the id is not used", because)
    if not read["seen"]:
        return Verdict(target, "not shared", f"another process does not find what one has stored ({kind})")
    if written["file"]:
        because = f"the message stands in the file {written['file']} ({kind}); other hosts need that disk"
        return Verdict(target, "this host only", because)
    return Verdict(target, "shared", f"another process finds what one has stored ({kind})")


def _answer(command: list[str], order: Mapping[str, object], root: Path, seconds: float) -> dict[str, object]:
    """What one process answers; raises ``_Unanswered``."""
    with tempfile.TemporaryDirectory(prefix="lcmemlint-") as folder:
        answer = Path(folder) / "answer.json"
        whole = [*command, json.dumps({**order, "answer": str(answer)})]
        try:
            done = subprocess.run(
                whole, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _Unanswered(f"no answer within {seconds:.0f} s") from error
        except OSError as error:
            raise _Unanswered(f"{command[0]}: {error.strerror or error}") from error
        if not answer.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise _Unanswered(said[-1].strip() if said else f"the process ended with code {done.returncode}")
        found: dict[str, object] = json.loads(answer.read_text(encoding="utf-8"))
        return found
