"""A real Dask cluster on this machine: a scheduler and two worker processes, one of which is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lcmemlint import Repository, RepositoryResult, scan_repositories
from lcmemlint.errors import UsageError
from lcmemlint.repos.cluster import dask_cluster
from tests.repos.forge import LEAKY, Forge

pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of Dask

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def started(module: str, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask's command line, ended with the block."""
    folder.mkdir()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        f"distributed.cli.{module}",
        *arguments,
        "--no-dashboard",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def waited_for(is_there: Callable[[], bool]) -> None:
    """Return when something has happened. Fails after a minute."""
    for _ in range(600):
        if is_there():
            return
        time.sleep(0.1)
    raise AssertionError("nothing happened within a minute")


def test_a_lost_worker_and_a_hanging_repository_change_nothing(forge: Forge, tmp_path: Path) -> None:
    """
    The tasks of the killed worker go to the other one; the findings are those of this process.
    """
    folders = [forge.make(f"r{number}", app_py=f"# {number}\n{LEAKY}") for number in range(8)]
    names = [
        Repository(str(path), name=path.name) for path in (*folders[:3], forge.hanging("hang"), *folders[3:])
    ]
    expected = sorted(one.lines() for one in scan_repositories(names[:3] + names[4:]))
    file = tmp_path / "scheduler.json"
    with ExitStack() as stack:
        stack.enter_context(
            started(
                "dask_scheduler",
                tmp_path / "s",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--scheduler-file",
                str(file),
            )
        )
        waited_for(file.exists)
        workers = [
            stack.enter_context(
                started(
                    "dask_worker",
                    tmp_path / name,
                    "--scheduler-file",
                    str(file),
                    "--nthreads",
                    "1",
                    "--no-nanny",
                )
            )
            for name in ("a", "b")
        ]
        cluster = stack.enter_context(dask_cluster(address_in(file), patience=60))
        found: list[RepositoryResult] = []
        for one in scan_repositories(
            names, executor=cluster.executor, time_limit=5, journal=tmp_path / "journal", in_flight=8
        ):
            found.append(one)
            if len(found) == 2:
                workers[0].kill()
    again = list(scan_repositories(names, time_limit=5, journal=tmp_path / "journal"))

    assert {one.repository: one.status for one in found if one.status != "scanned"} == {"hang": "timeout"}
    assert sorted(one.lines() for one in found if one.status == "scanned") == expected
    assert all(one.is_reused for one in again)
    assert len(again) == len(found) == 9


def address_in(file: Path) -> str:
    return str(json.loads(file.read_text())["address"])


def test_a_scheduler_that_is_not_there_is_told() -> None:
    """
    In time, and in one line.
    """
    with (
        pytest.raises(UsageError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1"),
        dask_cluster("tcp://127.0.0.1:1", patience=0.5),
    ):
        pass
