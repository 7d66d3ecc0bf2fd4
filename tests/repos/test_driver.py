"""Many repositories: one fails alone, what is done is kept, and who scans changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from lcmemlint import Repository, RepositoryResult, Settings, scan_repositories
from lcmemlint.config import Config, Overrides
from lcmemlint.errors import EngineError, UsageError
from lcmemlint.repos import driver, sarif_file
from lcmemlint.repos.child import Children
from lcmemlint.repos.git import commit_of
from lcmemlint.repos.results import Task
from tests.repos.forge import LEAKY, SCALED, Forge


def lines(results: Iterable[RepositoryResult]) -> list[str]:
    return sorted(line for result in results for line in result.lines().splitlines())


@pytest.fixture
def three(forge: Forge) -> list[Path]:
    """Two repositories with findings and one without."""
    return [
        forge.make("a", app_py=LEAKY),
        forge.make("b", app_py=LEAKY, Dockerfile=SCALED),
        forge.make("c", app_py="import flask\n"),
    ]


def test_every_engine_finds_the_same(three: list[Path]) -> None:
    """
    This process, processes of this machine, somebody's executor.
    """
    here = lines(scan_repositories(three))
    apart = lines(scan_repositories(three, jobs=2, time_limit=60))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        theirs = lines(scan_repositories(three, executor=pool))

    assert len(here) == 3
    assert here == apart == theirs


def test_a_result_tells_what_was_found(three: list[Path]) -> None:
    """
    Findings as in the JSON report, and what scales the code.
    """
    first, second, third = scan_repositories([Repository(str(path), name=path.name) for path in three])

    assert (first.repository, first.commit) == ("a", commit_of(three[0]))
    assert (first.rules, first.scaled_by) == ({"LCM106": 1}, "")
    assert (second.rules, second.scaled_by) == ({"LCM106": 1, "LCM401": 1}, "Dockerfile:3: 4 processes")
    assert (second.count("error"), second.fails) == (2, True)
    assert (third.status, third.findings, third.fails, third.files) == ("scanned", (), False, 1)
    assert RepositoryResult.loads(second.dumps()) == second


def test_every_repository_has_its_own_settings(forge: Forge) -> None:
    """
    What a run says lies on top of them, or takes their place.
    """
    folder = forge.make("a", app_py=LEAKY, lcmemlint_toml='ignore = ["LCM106"]\n')

    def rules(**settings: object) -> dict[str, int]:
        (result,) = scan_repositories([folder], settings=Settings(**settings))  # type: ignore[arg-type]
        return result.rules

    assert rules() == {}
    assert rules(config=Config()) == {"LCM106": 1}
    assert rules(config=Config(), overrides=Overrides(ignore=("LCM1",))) == {}


def test_the_baseline_of_a_repository_counts(forge: Forge) -> None:
    """
    It is a file of the commit, as the settings are that name it.
    """
    folder = forge.make("a", app_py=LEAKY, lcmemlint_toml='baseline = "known.json"\n')
    (finding,) = next(scan_repositories([folder], settings=Settings(config=Config()))).findings
    known = {key: finding[key] for key in ("path", "code", "fingerprint", "message")}
    assert "known.json: cannot be read" in next(scan_repositories([folder])).error

    (folder / "known.json").write_text(json.dumps({"lcmemlint-baseline": 1, "findings": [known]}))
    forge.commit(folder)

    result = next(scan_repositories([folder]))
    assert (result.status, result.rules, result.baselined) == ("scanned", {}, 1)


def test_broken_ones_cost_only_themselves(forge: Forge) -> None:
    """
    Each of them is told with a reason; the others are scanned.
    """
    folders = [
        forge.make("settings", app_py=LEAKY, lcmemlint_toml="selekt = []\n"),
        forge.root / "gone",
        forge.make("good", app_py=LEAKY),
        forge.hanging("hang"),
        forge.make("last", app_py=LEAKY),
    ]

    results = {Path(one.repository).name: one for one in scan_repositories(folders, jobs=2, time_limit=3)}

    assert results["good"].rules == results["last"].rules == {"LCM106": 1}
    assert (results["gone"].status, results["gone"].error) == ("failed", "no such folder")
    assert results["settings"].error.startswith("lcmemlint.toml:1: unknown key `selekt`")
    assert (results["hang"].status, results["hang"].error) == ("timeout", "took more than 3 seconds")


def test_a_process_that_dies_costs_one_repository(three: list[Path]) -> None:
    """
    It is replaced, and the next one is scanned.
    """
    task = Task("a", str(three[0]), commit_of(three[0]))
    with Children() as children:
        assert children.scan(task).rules == {"LCM106": 1}
        (child,) = children._idle
        os.kill(child._process.pid, signal.SIGSTOP)
        stopped = Task("a", str(three[0]), task.commit, time_limit=0.5)

        assert children.scan(stopped).status == "timeout"
        assert children.scan(task).rules == {"LCM106": 1}
        os.kill(children._idle[0]._process.pid, signal.SIGKILL)
        assert children.scan(task).error == "the process that scanned it ended with signal SIGKILL"
        assert children.scan(task).rules == {"LCM106": 1}


def test_a_strangers_modules_are_not_imported(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever scans in a folder of checkouts has files of theirs in the working directory.
    """
    folder = forge.make("a", app_py=LEAKY)
    for name in ("json", "libcst", "pickle", "lcmemlint", "sitecustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(folder)

    (result,) = scan_repositories(["."], time_limit=60)

    assert result.rules == {"LCM106": 1}


# --- the journal -----------------------------------------------------------------------------------------


def test_nothing_is_scanned_twice(three: list[Path], tmp_path: Path) -> None:
    """
    Only what has another commit, and everything when the settings are others.
    """
    journal = tmp_path / "journal"

    def reused(**more: object) -> list[bool]:
        found = scan_repositories(three, journal=journal, **more)  # type: ignore[arg-type]
        return [one.is_reused for one in found]

    first = lines(scan_repositories(three, journal=journal))
    assert lines(scan_repositories(three, journal=journal)) == first
    assert reused() == [True, True, True]
    assert reused(settings=Settings(overrides=Overrides(strict=True))) == [False, False, False]
    assert reused(settings=Settings(overrides=Overrides(strict=True))) == [True, True, True]
    Forge(tmp_path).commit(three[1])
    assert reused(settings=Settings(overrides=Overrides(strict=True))) == [True, False, True]


def test_a_failure_counts_until_somebody_asks_again(forge: Forge, tmp_path: Path) -> None:
    """
    One for want of time also counts, unless there is more of it now.
    """
    hang, settings = [forge.hanging("hang")], [forge.make("settings", lcmemlint_toml="selekt = []\n")]
    journal = tmp_path / "journal"

    def is_reused(limit: float, *, retry: bool = False) -> bool:
        (found,) = scan_repositories(hang, journal=journal, time_limit=limit, retry_failed=retry)
        return found.is_reused

    assert [is_reused(0.2), is_reused(0.2), is_reused(0.1), is_reused(0.3)] == [False, True, True, False]
    assert not is_reused(0.1, retry=True)
    found = [one for _ in range(2) for one in scan_repositories(settings, journal=journal)]
    assert [one.is_reused for one in found] == [False, True]
    assert not next(scan_repositories(settings, journal=journal, retry_failed=True)).is_reused


def test_a_killed_run_goes_on_where_it_was(forge: Forge, tmp_path: Path) -> None:
    """
    What was done is on the disk when it is told, whatever happens then.
    """
    folders = [forge.make("a", app_py=LEAKY), forge.hanging("hang"), forge.make("b", app_py=LEAKY)]
    code = (
        "import sys; from lcmemlint import scan_repositories\n"
        "for one in scan_repositories(sys.argv[2:], journal=sys.argv[1], time_limit=60): print(1, flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "journal"), *map(str, folders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        process.kill()

    found = {
        Path(one.repository).name: one
        for one in scan_repositories(folders, journal=tmp_path / "journal", time_limit=1)
    }

    assert found["a"].is_reused
    assert found["a"].rules == found["b"].rules == {"LCM106": 1}
    assert found["hang"].status == "timeout"


def test_a_journal_is_of_one_run_at_a_time(three: list[Path], tmp_path: Path) -> None:
    """
    And no other file is taken for one.
    """
    first = scan_repositories(three, journal=tmp_path / "journal")
    next(first)

    with pytest.raises(UsageError, match="another run is writing to it"):
        list(scan_repositories(three, journal=tmp_path / "journal"))
    assert len(list(first)) == 2
    (tmp_path / "other").write_text("not a database, but long enough to be looked at" * 10)
    with pytest.raises(UsageError, match="is not a journal of lcmemlint"):
        list(scan_repositories(three, journal=tmp_path / "other"))
    with pytest.raises(UsageError, match="cannot be used"):
        list(scan_repositories(three, journal=tmp_path / "gone" / "journal"))


# --- SARIF -----------------------------------------------------------------------------------------------


def test_every_repository_gets_its_sarif(three: list[Path], tmp_path: Path) -> None:
    """
    Those that lack one are scanned again for it.
    """
    journal, folder = tmp_path / "journal", tmp_path / "sarif"
    names = [Repository(str(path), name=path.name) for path in three]
    list(scan_repositories(names, journal=journal))

    assert [one.is_reused for one in scan_repositories(names, journal=journal, sarif=folder)] == [False] * 3
    assert sorted(file.name for file in folder.iterdir()) == ["a.sarif", "b.sarif", "c.sarif"]
    (folder / "b.sarif").unlink()
    again = scan_repositories(names, journal=journal, sarif=folder)
    assert [one.is_reused for one in again] == [True, False, True]
    assert '"uri": "app.py"' in (folder / "b.sarif").read_text()


def test_names_of_sarif_files_are_harmless(tmp_path: Path) -> None:
    """
    Whatever a repository is called, its file is in the folder, and is no other's.
    """
    names = ["a", "a/b", "a-b", "../a", "/etc/passwd", "..", "", "a b", "x" * 300, "é", "\udc80"]
    files = [sarif_file(tmp_path, name) for name in names]

    assert {file.parent for file in files} == {tmp_path}
    assert len(set(files)) == len(names)
    assert all(len(file.name) < 150 and not file.name.startswith(".") for file in files)


# --- executors of others ---------------------------------------------------------------------------------


class Lossy(Executor):
    """An executor that loses whatever it is given."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        future: Future[RepositoryResult] = Future()
        future.set_exception(ConnectionResetError("lost"))
        return future


def test_an_error_of_the_executor_is_that_of_one_repository(three: list[Path], tmp_path: Path) -> None:
    """
    It is told, and tried again the next time.
    """
    journal = tmp_path / "journal"

    found = list(scan_repositories(three, executor=Lossy(), journal=journal))

    assert [one.error for one in found] == ["ConnectionResetError: lost"] * 3
    assert [one.is_reused for one in scan_repositories(three, journal=journal)] == [False] * 3


def test_an_executor_that_is_gone_ends_the_run(three: list[Path]) -> None:
    """
    To call each of the others broken would be wrong.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(time.sleep, 0).result()
    with pytest.raises(EngineError, match=r"the workers are gone .* run again to go on"):
        list(scan_repositories(three, executor=pool))


def test_workers_of_another_version_are_refused(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Their findings would be others.
    """
    monkeypatch.setattr(driver, "__version__", "99.0")
    with pytest.raises(EngineError, match=r"a worker has lcmemlint .*, this is 99.0"):
        list(scan_repositories(three))


def test_a_repository_with_no_end_of_findings_is_streamed(three: list[Path]) -> None:
    """
    The first result is there before the last repository is looked at.
    """
    looked = []

    def every() -> Iterable[Path]:
        for path in three:
            looked.append(path)
            yield path

    first = next(iter(scan_repositories(every())))

    assert first.rules == {"LCM106": 1}
    assert looked == three[:1]
