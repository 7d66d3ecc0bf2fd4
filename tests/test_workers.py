"""Scanning in other processes: the same facts, the same bytes, whoever does it and in whatever order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
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
from lcmemlint.values import UNKNOWN
from lcmemlint.workers import Workers, scan_all

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "fastapi_three_files"

TEXTS = {
    "a.py": "import langchain\nstore = {}\n\n\ndef f(x=1, *y: int, **z):\n    return store[x]  # noqa: LCM101\n",
    "b.py": "class A(B, metaclass=C):\n    x: int = [i async for i in g(*h, k=lambda: 0)]\n",
    "c.py": "def broken(:\n",
    "d.py": f"huge = 0x{'f' * 500}\nodd = '\\ud800', 1e999, -0.0, True, None\n",
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


def told(text: str) -> tuple[FileFacts, FileFacts]:
    """The facts of a text, and what they are after they were written and read."""
    facts = scan(text)
    written = rows.dumps(facts)
    assert written is not None
    return facts, rows.loads(written)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_rows_give_back_what_was_written(text: str) -> None:
    """
    Every kind of fact survives the way to another process.
    """
    facts, read = told(text)

    assert read == facts


def test_rows_give_back_the_facts_of_our_own_code() -> None:
    """
    Some thirty thousand lines that nobody wrote for this test.
    """
    found = [scan(path.read_text(encoding="utf-8")) for path in Path(rows.__file__).parent.rglob("*.py")]
    written = [(facts, text) for facts in found if (text := rows.dumps(facts)) is not None]

    assert len(written) > len(found) - 5 > 100
    assert all(rows.loads(text) == facts for facts, text in written)


@pytest.mark.parametrize(
    "number", ["0", "-0.0", "1e308", "-(2**63)", str(2**63), str(-(2**64) - 1), "9" * 4000]
)
def test_rows_keep_numbers(number: str) -> None:
    """
    Of any size, with their sign and their type.
    """
    facts, read = told(f"x = {number}\n")

    assert repr(read) == repr(facts)


@pytest.mark.parametrize(
    "text",
    [
        "if not (a or [1]):\n    pass\nelif [2]:\n    pass\nelse:\n    pass\n",
        "while f([]):\n    pass\nelse:\n    pass\n",
        "for x in [1]:\n    pass\nelse:\n    pass\n",
        "with f(), {}:\n    pass\n",
        "try:\n    pass\nexcept (A, B) as e:\n    pass\n",
        "match [f()]:\n    case [a]:\n        pass\n    case b if {}:\n        pass\n",
        "if x := a.b:\n    pass\n",
    ],
)
def test_rows_keep_identity_of_tests(text: str) -> None:
    """
    The linker knows an expression by identity: the test of a block is the value of a statement, and stays so.
    """
    for facts in told(text):
        tests = [block.test for block in facts.blocks if block.test is not None]

        assert tests
        assert all(any(test is one.value for one in facts.statements) for test in tests)


def test_what_is_unknown_is_one_thing() -> None:
    """
    The linker remembers answers by identity, so that a second unknown would be asked about again.
    """
    _, read = told("f(1j, 2j)\n")

    assert all(one.value is UNKNOWN for one in read.calls[0].arguments)


@pytest.mark.parametrize(
    "text", ["f(store := {})\n", "x = (y := a or [b for b in c])\n", f"x = 0x{'f' * 5000}\n"]
)
def test_facts_that_rows_cannot_hold_are_not_written(text: str) -> None:
    """
    A display in two places would become two, and Python refuses to write numbers of thousands of digits.
    """
    assert rows.dumps(scan(text)) is None
    assert scan_all({"a.py": text}, Workers(executor=ThreadPoolExecutor(1))) == {"a.py": scan(text)}


def _spoilt(text: bytes) -> Iterator[bytes]:
    yield from (text[:cut] for cut in range(0, len(text), 7))
    yield from (
        text[:at] + bytes((byte,)) + text[at + 1 :] for at in range(0, len(text), 3) for byte in b'0]",{'
    )


def test_rows_of_another_form_are_refused() -> None:
    """
    Whatever stands there, it makes facts or nothing: cut off, garbled, nested without end.
    """
    text = rows.dumps(scan(TEXTS["a.py"]))
    assert text is not None

    for bad in (
        b"",
        b"[",
        b"null",
        b"[[3],[]]",
        b"[" * 100_000,
        b'[{"a":' * 100_000,
        text.replace(b"[-1", b"[99", 1),
    ):
        with pytest.raises(rows.BadRow):
            rows.loads(bad)
    for bad in _spoilt(text):
        try:
            assert isinstance(rows.loads(bad), FileFacts)
        except rows.BadRow:
            continue


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
    assert started == [workers._FEWEST - 1]


class _Asleep(Executor):
    """A pool that begins with the first so many tasks, and with the others not before somebody asks."""

    def __init__(self, begun: int) -> None:
        self.begun = begun
        self.given: list[Future[object]] = []

    def submit(self, task: Callable[..., object], /, *given: object, **_: object) -> Future[object]:  # type: ignore[override]
        future: Future[object] = Future()
        if len(self.given) < self.begun:
            future.set_running_or_notify_cancel()
            future.set_result(task(*given))
        self.given.append(future)
        return future


@pytest.mark.parametrize("begun", range(len(TEXTS) + 1))
def test_this_process_scans_what_the_pool_has_not_begun_with(
    monkeypatch: pytest.MonkeyPatch, begun: int
) -> None:
    """
    Whoever scans which texts: the same facts in the same order, each scanned once, and every one told.
    """
    asleep, told = _Asleep(begun), list[int]()
    monkeypatch.setattr(workers, "_PAYS", 0)
    monkeypatch.setattr(workers, "_CHUNK", 1)
    monkeypatch.setattr(workers, "pool", lambda _: asleep)
    found = scan_all(TEXTS, Workers(2, progress=lambda done, total: told.append(done)))

    assert list(found.items()) == list(scan_all(TEXTS).items())
    assert [future.cancelled() for future in asleep.given] == [n >= begun for n in range(len(TEXTS))]
    assert told == list(range(len(TEXTS)))


class _Broken(Executor):
    """A pool whose processes were killed."""

    def submit(self, *_: object, **__: object) -> Future[object]:  # type: ignore[override]
        raise BrokenExecutor("killed")


def test_a_pool_that_breaks_costs_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A killed process (out of memory) costs time: its files are scanned here.
    """
    monkeypatch.setattr(workers, "_PAYS", 0)
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
