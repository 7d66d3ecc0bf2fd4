"""Scanning in other processes: the same facts, the same bytes, whoever does it and in whatever order."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from lcmemlint import lint, rows, workers
from lcmemlint.config import Config
from lcmemlint.engine import analyse, prepare, report
from lcmemlint.facts import FileFacts
from lcmemlint.report import json
from lcmemlint.report.text import View
from lcmemlint.reports import Crash
from lcmemlint.scan import scan
from lcmemlint.values import UNKNOWN, Container, Name
from lcmemlint.workers import Workers, scan_all

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "fastapi_three_files"

TEXTS = {
    "a.py": "import langchain\nstore = {}\n\n\ndef f(x=1, *y: int, **z):\n    return store[x]  # noqa: LCM101\n",
    "b.py": "class A(B, metaclass=C):\n    x: int = [i async for i in g(*h, k=lambda: 0)]\n",
    "c.py": "def broken(:\n",
    "d.py": f"huge = 0x{'f' * 5000}\nodd = '\\ud800', 1e999, -0.0, True, None\n",
    "e.py": "match f():\n    case {'a': b, **rest} if b:\n        pass\n",
}


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """An executor that a program around us brings along."""
    kind = ThreadPoolExecutor if request.param == "threads" else ProcessPoolExecutor
    with kind(2) as made:
        yield made


def shown(root: Path, workers: Workers) -> str:
    """The report as bytes go out."""
    job = prepare([root], config=Config(), root=root)
    return json.render(report(job, analyse(job, workers=workers)), View(root))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_rows_give_back_what_was_written(text: str) -> None:
    """
    Every kind of fact survives the way to another process.
    """
    facts = scan(text)

    assert rows.loads(rows.dumps(facts)) == facts


def test_rows_keep_identity_of_expressions() -> None:
    """
    The linker knows an expression by identity: one that stands in two places is still one, two equal ones are two.
    """
    shared = Name("x")
    read = rows.loads(rows.dumps((Container("list", (shared, Name("x"), UNKNOWN)), shared)))

    assert read[0].items[0] is read[1]
    assert read[0].items[1] is not read[1]
    assert read[0].items[2] is UNKNOWN


@pytest.mark.parametrize("text", ["", "[", "[99]", "[-1]", '["__import__"]', "[5]", "[1,7]", '[4,"a",1,2]'])
def test_rows_of_another_form_are_refused(text: str) -> None:
    """
    Whatever stands there, it makes one of our values or nothing.
    """
    with pytest.raises(rows.BadRow):
        rows.loads(text)


def test_facts_do_not_depend_on_who_scans(executor: Executor) -> None:
    """
    The same facts in the same order; the executor stays open.
    """
    here = scan_all(TEXTS)

    assert list(here) == list(TEXTS)
    assert list(scan_all(TEXTS, Workers(executor=executor)).items()) == list(here.items())
    assert executor.submit(int).result() == 0


def test_the_report_does_not_depend_on_workers_or_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Same bytes with one process and with two, and when the files come in another order.
    """
    alone = shown(EXAMPLE, Workers(1))
    monkeypatch.setattr(workers, "_PAYS", 0)
    monkeypatch.setattr(workers, "_FEWEST", 2)
    monkeypatch.setattr(workers, "_CHUNK", 1)
    in_order = workers.scan_all

    assert '"LCM102"' in alone
    assert shown(EXAMPLE, Workers(2)) == alone
    monkeypatch.setattr(
        "lcmemlint.engine.analysing.scan_all",
        lambda texts, who: in_order(dict(sorted(texts.items(), reverse=True)), who),
    )
    assert shown(EXAMPLE, Workers(2)) == alone


def test_a_pool_is_started_where_it_pays_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A few files are scanned before a second process would have started.
    """
    started: list[int] = []
    pool = workers.pool

    def noted(jobs: int) -> Executor:
        started.append(jobs)
        return pool(jobs)

    monkeypatch.setattr(workers, "pool", noted)

    scan_all(TEXTS, Workers(8))
    assert started == []
    monkeypatch.setattr(workers, "_PAYS", 6_000)
    large = {**TEXTS, "large.py": "x = 1\n" * 1_000}
    scan_all(large, Workers(workers._FEWEST - 1))
    assert started == []
    scan_all(large, Workers(workers._FEWEST))
    assert started == [workers._FEWEST]


class _Broken(Executor):
    """A pool whose processes were killed."""

    def submit(self, *_: object, **__: object) -> Future[object]:  # type: ignore[override]
        raise BrokenExecutor("killed")


def test_a_pool_that_breaks_costs_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A killed process (out of memory) costs time: its files are scanned here.
    """
    monkeypatch.setattr(workers, "_PAYS", 0)
    monkeypatch.setattr(workers, "_FEWEST", 2)
    monkeypatch.setattr(workers, "pool", lambda _: _Broken())

    assert scan_all(TEXTS, Workers(2)) == scan_all(TEXTS)


def test_a_file_that_brings_the_scan_down_costs_its_own_facts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Our own bug is told with its place.
    """
    monkeypatch.setattr("lcmemlint.scan.scan", lambda text: scan(text) if "A" in text else 1 / 0)
    with ThreadPoolExecutor(1) as executor:
        found = scan_all(TEXTS, Workers(executor=executor))

    assert isinstance(found["b.py"], FileFacts)
    crash = found["a.py"]
    assert isinstance(crash, Crash)
    assert crash.code == "scan of a.py"
    assert "ZeroDivisionError" in crash.error


def test_a_whole_run_fits_into_a_worker() -> None:
    """
    `lint` is a function of files and settings; its report travels between processes.
    """
    here = lint([EXAMPLE], config=Config(), root=EXAMPLE)
    with ProcessPoolExecutor(1) as pool:
        there = pool.submit(lint, [EXAMPLE], config=Config(), root=EXAMPLE).result()

    assert there == here
    assert pickle.loads(pickle.dumps(here)) == here
