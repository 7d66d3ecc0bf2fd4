"""`--fix` warns where its repairs and changes that are not committed get into one file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lcmemlint.adopt.git import uncommitted
from lcmemlint.cli import main
from tests.adopt.test_since import git
from tests.reliability.test_writes import APP


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two apps to repair and a file that needs none, all committed."""
    for name, text in {"app.py": APP, "api/bot.py": APP, "other.py": "x = 1\n", "pyproject.toml": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, newline="")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def warning(*arguments: str) -> str:
    """What a run warns of; the repairs are made all the same."""
    done = CliRunner().invoke(main, ["--no-cache", *(arguments or ("--fix",))])
    found = [line for line in done.stderr.splitlines() if "warning" in line]
    assert len(found) <= 1
    assert "Fixed 2 findings" in done.stderr or "--diff" in arguments
    return "".join(found)


def test_a_clean_tree_needs_no_warning(repository: Path) -> None:
    """
    Changes in files that are not repaired are none of its business.
    """
    (repository / "other.py").write_text("x = 2\n")
    (repository / "new.py").write_text("x = 3\n")

    assert warning() == ""


def test_changed_files_are_named(repository: Path) -> None:
    """
    Staged or not, and with what to do.
    """
    (repository / "app.py").write_text(APP + "\n\nx = 1\n")
    (repository / "api/bot.py").write_text(APP + "\n\nx = 2\n")
    git(repository, "add", "app.py")

    told = warning()

    assert "api/bot.py, app.py had uncommitted changes" in told
    assert "commit or stash before --fix" in told


def test_a_new_file_is_named(repository: Path) -> None:
    """
    Git could not bring it back.
    """
    (repository / "app.py").rename(repository / "moved.py")

    assert "warning: moved.py had uncommitted changes" in warning()


def test_a_diff_writes_nothing_and_warns_of_nothing(repository: Path) -> None:
    """
    There is nothing to undo.
    """
    (repository / "app.py").write_text(APP + "\n\nx = 1\n")

    assert warning("--diff") == ""


def test_line_ends_are_no_change(repository: Path) -> None:
    """
    Git may check files out with others than it keeps.
    """
    (repository / "app.py").write_text(APP, newline="\r\n")

    assert warning() == ""


def test_a_project_in_a_folder_of_the_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Paths count from the project, not from the repository.
    """
    (repository / "api/bot.py").write_text(APP + "\n\nx = 2\n")

    assert uncommitted(repository / "api", {"bot.py": APP.encode()}) == ()
    assert uncommitted(repository / "api", {"bot.py": b"x", "gone.py": b""}) == ("bot.py", "gone.py")


@pytest.mark.parametrize("objects", ["sha1", "sha256"])
def test_both_kinds_of_names(objects: str, tmp_path: Path) -> None:
    """
    Repositories with SHA-256 are rare, and as clean as others.
    """
    (tmp_path / "a.py").write_text(APP)
    git(tmp_path, "init", f"--object-format={objects}")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")

    assert uncommitted(tmp_path, {"a.py": APP.encode()}) == ()
    assert uncommitted(tmp_path, {"a.py": b""}) == ("a.py",)


def test_without_git_nothing_is_known(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    No repository, no commit, no program: no warning, and no program is looked for in vain.
    """
    started: list[list[str]] = []
    run = subprocess.run

    def noted(command: list[str], **more: Any) -> subprocess.CompletedProcess[bytes]:
        started.append(command)
        return run(command, **more)

    monkeypatch.setattr(subprocess, "run", noted)
    changed = {"app.py": b"changed"}

    assert uncommitted(tmp_path_factory.mktemp("bare"), changed) == ()
    assert uncommitted(repository, {}) == ()
    assert started == []
    assert uncommitted(repository, changed) == ("app.py",)
    assert len(started) == 1

    empty = tmp_path_factory.mktemp("empty")
    git(empty, "init")

    assert uncommitted(empty, changed) == ()
    monkeypatch.setenv("PATH", os.devnull)
    assert uncommitted(repository, changed) == ()
