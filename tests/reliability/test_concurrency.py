"""Runs at once, runs that are killed, caches that fail: none of it changes what is reported, or loses a file."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from click.testing import CliRunner

from lcmemlint import store
from lcmemlint.cli import main
from lcmemlint.config import Config
from lcmemlint.reports import Report
from lcmemlint.run import lint
from lcmemlint.store import KINDS, TAG, Store
from tests.reliability.hostile import APP as GRAPH_APP
from tests.reliability.test_writes import APP as CHAIN_APP
from tests.users import folder_of_nobody, without_rights

ROOT: Final = Path(__file__).resolve().parents[2]
FILES: Final = {
    "api/chat.py": CHAIN_APP,
    "threads.py": GRAPH_APP,
    "other.py": "import json\n",
    "pyproject.toml": "",
}
LINT: Final = (sys.executable, "-m", "lcmemlint", "--no-config", "--format", "json")
OLD: Final = 1_000_000_000

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and signals")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with findings in two files, all of them old enough for the cache to trust their times."""
    return project(tmp_path / "project")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where a cache may be."""
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def _quick_ageing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_YOUNG", 0)


def project(root: Path) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (OLD, OLD))
    return root


def start(root: Path, *arguments: str, command: Sequence[str] = LINT, **more: Any) -> subprocess.Popen[bytes]:
    """The command, under way."""
    return subprocess.Popen(
        [*command, "--root", str(root), *arguments, str(root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def told(run: subprocess.Popen[bytes]) -> bytes:
    """What the command reports."""
    out, error = run.communicate(timeout=120)
    assert run.returncode == 1, error.decode()
    assert b"Traceback" not in error
    return out


def linted(root: Path, cache: Path | None) -> Report:
    """The report of a run in this process."""
    return lint([root], config=Config(), root=root, store=None if cache is None else Store(cache))


def texts(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


# --- at once ---


def test_ten_runs_at_once_on_one_tree_and_cache(root: Path, cache: Path) -> None:
    """
    All give the bytes of a lone run without a cache; so does a run with what they left.
    """
    lone = told(start(root, "--no-cache"))

    for _ in range(2):  # the second time, the cache is warm
        runs = [start(root, "--cache-dir", str(cache)) for _ in range(10)]
        assert [told(run) for run in runs] == [lone] * 10

    assert told(start(root, "--cache-dir", str(cache))) == lone
    assert [path for path in cache.rglob("*") if path.name.endswith(".tmp")] == []


def test_two_fixes_at_once(root: Path, tmp_path: Path) -> None:
    """
    The tree is what a lone repair makes of it: the slower run leaves files alone that are no longer what it linted.
    """
    alone = project(tmp_path / "alone")
    start(alone, "--no-cache", "--fix", "--unsafe-fixes").communicate(timeout=120)

    runs = [start(root, "--no-cache", "--fix", "--unsafe-fixes") for _ in range(2)]
    errors = [run.communicate(timeout=120)[1] for run in runs]

    assert all(run.returncode in (0, 2) for run in runs)
    assert all(b"Traceback" not in error for error in errors)
    assert texts(root) == texts(alone) != FILES


# --- killed ---


class Steps:
    """The functions of a module by which entries are written; `disturb` is called before the given one."""

    NAMES: Final = ("replace", "unlink", "utime")

    def __init__(self, at: int, disturb: Callable[[], None]) -> None:
        self.at = at
        self.count = 0
        self.disturb = disturb

    def step(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.disturb()

    def over(self, module: ModuleType) -> Any:
        """The module, with these functions counted."""
        counted = {name: self._counted(getattr(module, name)) for name in self.NAMES}
        named = {"__getattr__": lambda _, name: counted.get(name, getattr(module, name))}
        return type(module.__name__, (), named)()

    def open(self, path: Path, mode: str) -> Any:
        """A file; for one that is written, opening and both halves of its bytes are steps."""
        if mode == "xb":
            self.step()
        file = open(path, mode)  # noqa: SIM115
        return _Halves(file, self.step) if mode == "xb" else file

    def _counted(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            self.step()
            return real(*arguments)

        return call


class _Halves:
    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self._file = file
        self._step = step

    def __enter__(self) -> _Halves:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        self._file.write(data[: len(data) // 2])
        self._file.flush()
        self._step()
        self._file.write(data[len(data) // 2 :])


def disturbed(
    root: Path, cache: Path, at: int = 0, disturb: Callable[[], None] = lambda: None
) -> tuple[Report, int]:
    """A run whose cache is disturbed at a step, and how many steps there were."""
    steps = Steps(at, disturb)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "os", steps.over(os))
        patch.setattr(store, "open", steps.open, raising=False)
        return linted(root, cache), steps.count


def test_a_run_that_is_killed_at_any_step_leaves_a_cache_that_works(root: Path, tmp_path: Path) -> None:
    """
    As with `kill -9` before, between and after the writes of each entry.
    """
    lone = linted(root, None)
    _, count = disturbed(root, tmp_path / "whole")
    assert count >= 9  # facts, tree and report: opened, half written, put in place

    for at in range(1, count + 1):
        cache = tmp_path / f"cache{at}"
        child = os.fork()
        if child == 0:
            disturbed(root, cache, at, lambda: os._exit(137))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137
        assert linted(root, cache) == lone
        assert linted(root, cache) == lone, "from what the second run kept"


def test_runs_that_are_killed_while_others_go_on(root: Path, cache: Path) -> None:
    """
    At moments all over a run, while two others use the same cache.
    """
    lone = told(start(root, "--no-cache"))
    for moment in range(6):
        others = [start(root, "--cache-dir", str(cache)) for _ in range(2)]
        killed = start(root, "--cache-dir", str(cache))
        time.sleep(0.06 * moment)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=120)
        assert [told(run) for run in others] == [lone] * 2
        if moment % 2:
            shutil.rmtree(cache, ignore_errors=True)


# --- caches that fail ---


def test_a_disk_that_is_full_at_any_step_costs_nothing_but_time(root: Path, tmp_path: Path) -> None:
    """
    The report is the same, and once there is room again, so is the one from the cache.
    """

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    lone = linted(root, None)
    _, count = disturbed(root, tmp_path / "whole")

    for at in range(1, count + 1):
        cache = tmp_path / f"cache{at}"
        assert disturbed(root, cache, at, full)[0] == lone
        assert [path for path in cache.rglob("*") if path.name.endswith(".tmp")] == []
        assert linted(root, cache) == lone


def in_namespace(script: str, root: Path, cache: Path) -> subprocess.Popen[bytes]:
    """The command, with the file system that a script (which gets the cache folder as `$0`) prepares for it alone."""
    cache.mkdir(exist_ok=True)
    unshared = ["unshare", "--mount", "sh", "-c", f'{script} && exec "$@"', str(cache)]
    possible = (
        subprocess.run([*unshared, "true"], capture_output=True, check=False)
        if shutil.which("unshare")
        else None
    )
    if possible is None or possible.returncode:
        pytest.skip("file systems cannot be mounted here")
    return start(root, "--cache-dir", str(cache / "cache"), command=[*unshared, *LINT])


@pytest.mark.parametrize("size", ["4k", "12k", "20k", "28k"])
def test_a_cache_on_a_small_disk(size: str, root: Path, cache: Path) -> None:
    """
    A real file system, which is full after some of the entries.
    """
    run = in_namespace(f'mount -t tmpfs -o size={size} tmpfs "$0"', root, cache)

    assert told(run) == told(start(root, "--no-cache"))


def test_a_cache_on_a_disk_that_is_read_only(root: Path, cache: Path) -> None:
    """
    As in many containers.
    """
    run = in_namespace('mount -t tmpfs -o ro tmpfs "$0"', root, cache)

    assert told(run) == told(start(root, "--no-cache"))


@pytest.mark.parametrize(
    "home",
    [
        {"HOME": "/dev/null/home"},
        {"HOME": "/proc/home"},
        {"XDG_CACHE_HOME": "/dev/null/cache"},
        {"LCMEMLINT_CACHE_DIR": "/proc/cache"},
    ],
    ids=str,
)
def test_a_home_that_cannot_be_written(home: Mapping[str, str], root: Path) -> None:
    """
    Below a file, or where not even root may write: nothing is kept, and nothing is said about it.
    """
    mine = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    run = start(root, env={**mine, **home})
    out, error = run.communicate(timeout=120)

    assert (out, error, run.returncode) == (told(start(root, "--no-cache")), b"", 1)


def test_a_user_without_rights_and_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    As in many containers: nobody of that number is in the list of users, and the cache is somebody else's.
    """
    for name in ("HOME", "XDG_CACHE_HOME", "LCMEMLINT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    with folder_of_nobody() as folder:
        root = project(folder / "project")
        cache = folder / "cache"
        lone = linted(root, cache)
        (root / "other.py").write_text("import os\n")
        for path in (*cache.rglob("*"), cache):
            path.chmod(0o500 if path.is_dir() else 0o400)
        arguments = ["--no-config", "--root", str(root), "--format", "concise", str(root)]
        plain = CliRunner().invoke(main, ["--no-cache", *arguments])
        with without_rights():
            found = [
                CliRunner().invoke(main, [*more, *arguments]) for more in ([], ["--cache-dir", str(cache)])
            ]

    assert len(lone.findings) == 2
    for one in found:
        assert (one.stdout, one.stderr, one.exit_code) == (plain.stdout, "", 1)


def test_a_cache_of_another_version(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its entries are neither used nor harmed: both versions can share the folder.
    """
    lone = linted(root, None)
    with monkeypatch.context() as patch:
        patch.setattr(store, "__version__", "0.0.1")
        linted(root, cache)
    others = {path: path.read_bytes() for kind in KINDS for path in (cache / kind).rglob("*.json")}

    assert linted(root, cache) == lone
    found = {path: path.read_bytes() for kind in KINDS for path in (cache / kind).rglob("*.json")}
    assert found.items() > others.items()
    assert len(found) == 2 * len(others)


def test_a_cache_that_says_it_is_something_else(root: Path, cache: Path) -> None:
    """
    A layout that is not ours, or not yet ours, is left alone.
    """
    cache.mkdir()
    (cache / TAG).write_text(
        "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of lcmemlint, second layout.\n"
    )

    assert linted(root, cache) == linted(root, None)
    assert [path.name for path in cache.iterdir()] == [TAG]
