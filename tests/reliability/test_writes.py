"""A fix that is cut off at any step leaves every file as it was or as it should become."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main
from lcmemlint.fixes import disk

APP: Final = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_openai import ChatOpenAI

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()  # a note
    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
"""
STEPS: Final = ("mkstemp", "write", "fsync", "chmod", "replace")
"""How one file is written; a fix of the project writes two: the generated module, then the code that imports it."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork, modes and owners")


class Steps:
    """``os`` and ``tempfile`` as they are, but ``disturb`` is called before the given step."""

    def __init__(self, at: int, disturb: Callable[[], None]) -> None:
        self.at = at
        self.count = 0
        self.disturb = disturb

    def step(self) -> None:
        """Count a step."""
        self.count += 1
        if self.count == self.at:
            self.disturb()

    def over(self, module: ModuleType) -> Any:
        """The module, with its writing functions counted."""
        counted = {name: self._counted(getattr(module, name)) for name in STEPS if hasattr(module, name)}
        if hasattr(module, "fdopen"):
            counted |= {
                "write": module.write,
                "fdopen": lambda *a, **k: _File(module.fdopen(*a, **k), self.step),
            }
        return type(
            module.__name__, (), {"__getattr__": lambda _, name: counted.get(name, getattr(module, name))}
        )()

    def _counted(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            self.step()
            return real(*arguments, **more)

        return call


class _File:
    """A file of which half is on the disk when the step comes."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self._file = file
        self._step = step

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> None:
        """Write the data in two halves."""
        self._file.write(data[: len(data) // 2])
        self._file.flush()
        self._step()
        self._file.write(data[len(data) // 2 :])


def fix(root: Path, at: int = 0, disturb: Callable[[], None] = lambda: None) -> tuple[Result, int]:
    """Run ``--fix`` and count its steps."""
    steps = Steps(at, disturb)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "os", steps.over(os))
        patch.setattr(disk, "tempfile", steps.over(tempfile))
        done = CliRunner().invoke(main, ["--no-config", "--root", str(root), "--fix", str(root)])
    return done, steps.count


def texts(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in root.iterdir() if path.suffix == ".py"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that needs a generated module and an edit."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.py").chmod(0o640)
    return tmp_path


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a fix that nothing disturbs leaves."""
    root = tmp_path_factory.mktemp("whole")
    (root / "app.py").write_text(APP)
    _, steps = fix(root)
    assert steps == 2 * len(STEPS)
    return texts(root)


def check(root: Path, after: dict[str, str]) -> None:
    """Every file is old or new; code never names a module that is not there; a second run finishes the work."""
    found = texts(root)
    assert all(text in (after[name], APP) for name, text in found.items())
    assert found["app.py"] == APP or "shared_history.py" in found
    assert (root / "app.py").stat().st_mode & 0o777 == 0o640
    fix(root)
    assert texts(root) == after


@pytest.mark.parametrize("at", range(1, 2 * len(STEPS) + 1))
def test_a_fix_that_is_killed_loses_nothing(at: int, root: Path, after: dict[str, str]) -> None:
    """
    The process is gone at once, as with ``kill -9``: nothing can be tidied up.
    """
    child = os.fork()
    if child == 0:
        fix(root, at, lambda: os._exit(137))
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137
    check(root, after)


@pytest.mark.parametrize("at", range(1, 2 * len(STEPS) + 1))
def test_a_full_disk_is_told_and_loses_nothing(at: int, root: Path, after: dict[str, str]) -> None:
    """
    No temporary file stays behind either.
    """

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    done, _ = fix(root, at, full)

    assert done.exit_code == 2
    assert "No space left on device" in done.stderr
    assert {path.name for path in root.iterdir()} <= set(after)
    check(root, after)


@pytest.mark.parametrize("at", range(1, 2 * len(STEPS)))
def test_a_file_that_is_edited_during_the_run_is_not_overwritten(at: int, root: Path) -> None:
    """
    The editor saved after the scan, at the last moment before the new file takes its place.
    """
    edited = APP.replace("# a note", "# another note")

    def edit() -> None:
        (root / "app.py").write_text(edited)

    done, _ = fix(root, at, edit)

    assert (root / "app.py").read_text() == edited
    assert done.exit_code == 2
    assert "changed since it was linted" in done.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_stays(root: Path) -> None:
    """
    A run as root does not take the files of a user away.
    """
    os.chown(root / "app.py", 12345, 12346)

    fix(root)

    found = (root / "app.py").stat()
    assert (root / "app.py").read_text() != APP
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12346, 0o640)
