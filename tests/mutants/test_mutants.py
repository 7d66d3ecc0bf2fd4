"""The runner itself: which faults it makes, and that a fault is noticed by exactly the tests that should."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.mutants.__main__ import Row, Sample, mutants_of, place, report, row
from tests.mutants.operators import changes

ROOT = Path(__file__).resolve().parents[2]


def faults(text: str) -> list[str]:
    return [change.told for change in changes(ast.parse(textwrap.dedent(text)))]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("return a == b", ["return a == b -> return None", "a == b -> a != b"]),
        ("return a < b", ["return a < b -> return None", "a < b -> a <= b", "a < b -> a >= b"]),
        ("return a and b", ["return a and b -> return None", "a and b -> a or b"]),
        ("return a + 1", ["return a + 1 -> return None", "a + 1 -> a - 1", "1 -> 2"]),
        ("return a in 'x'", ["return a in 'x' -> return None", "a in 'x' -> a not in 'x'", "'x' -> 'XXxXX'"]),
        ("a += b", ["a += b -> a -= b", "a += b -> pass"]),
        ("a(b=True)", ["a(b=True) -> pass", "a(… b=…) -> without", "True -> False"]),
        ("raise a", ["raise a -> pass"]),
        ("return", []),
        ("return None", []),
        ("return isinstance(a, str | b)", ["return isinstance(a, str | b) -> return None"]),
        ("assert a == 1, 'told'", []),
        ("a: Literal['x']", []),
        ("return 'three or four words'", ["return 'three or four words' -> return None"]),
    ],
)
def test_faults_of_a_statement(statement: str, expected: list[str]) -> None:
    """
    One operator each; texts for people and types are left alone.
    """
    assert faults(f"def f(a, b=1):\n    '''Doc.'''\n    {statement}\n") == expected


def test_a_condition_is_turned_round_once() -> None:
    """
    By the operator of its comparison, or by a `not`.
    """
    text = """
        def f(a):
            if a:
                return [b for b in a if b == c]
            while not a:
                continue
    """

    told = faults(text)

    assert "a -> not a" in told
    assert [one for one in told if one.startswith(("b == c", "not a"))] == ["b == c -> b != c", "not a -> a"]


def test_what_a_module_assigns_is_changed_but_not_its_classes() -> None:
    """
    Tables, and no fields, imports, or blocks for type checkers.
    """
    text = """
        from a import b
        NAMES = ("x",)
        if TYPE_CHECKING:
            OTHER = 1
        class C:
            field: int = 1
            def method(self):
                return 2
    """

    assert faults(text) == ["'x' -> 'XXxXX'", "return 2 -> return None", "2 -> 3"]


CODE = """\
from functools import cache

LIMIT = 3


@cache
def least(number):
    return min(number, LIMIT)


def unseen(number):
    return number == 7


def never(number):
    return -number


def count(number):
    while number > 1:
        number -= 1
    return number
"""
TESTS = """\
from calc import count, least, unseen


def test_least():
    assert least(5) == 3


def test_unseen():
    unseen(1)


def test_count():
    assert count(4) == 1
"""
RUN = """\
import ast, json, sys
from pathlib import Path
import pytest
from tests.mutants.operators import changes
from tests.mutants.server import Mutant, Server
file = Path("calc.py").resolve()
tree = ast.parse(file.read_text())
mutants = [Mutant(file, tree, change) for change in changes(tree)]
found = {}
def told(one):
    found[one.mutant.change.told] = one.error or one.killer
    return ()
server = Server(mutants, told, jobs=2, seconds=1)
code = pytest.main(["-q", "-s", "-p", "no:randomly", "-p", "no:cacheprovider", "test_calc.py"], plugins=[server])
print(json.dumps([code, found]), file=sys.stderr)
"""


def outcomes(folder: Path, code: str, tests: str) -> dict[str, str]:
    """Who noticed each fault, or why it could not be put in."""
    (folder / "calc.py").write_text(code)
    (folder / "test_calc.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{RUN}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    exit_code, found = json.loads(done.stderr.splitlines()[-1])
    assert exit_code == 0, done.stdout
    return dict(found)


def test_a_fault_is_noticed_by_the_tests_that_come_by(tmp_path: Path) -> None:
    """
    A wrong value, a table that another function reads, a cached result, and a loop without an end; what no test
    looks at, or comes by, survives.
    """
    assert outcomes(tmp_path, CODE, TESTS) == {
        "3 -> 4": "test_calc.py::test_least",
        "return min(number, LIMIT) -> return None": "test_calc.py::test_least",
        "return number == 7 -> return None": "",
        "number == 7 -> number != 7": "",
        "7 -> 8": "",
        "return -number -> return None": "",
        "number > 1 -> number >= 1": "test_calc.py::test_count",
        "number > 1 -> number <= 1": "test_calc.py::test_count",
        "1 -> 2": "test_calc.py::test_count",
        "number -= 1 -> number += 1": "signal 14",
        "number -= 1 -> pass": "signal 14",
        "return number -> return None": "test_calc.py::test_count",
    }


def test_a_fault_that_cannot_be_put_in_is_not_noticed(tmp_path: Path) -> None:
    """
    A living function cannot close over other names than before, which says nothing about its tests; nor does a
    table in a block. A table that raises is noticed by whoever imports it.
    """
    code = """
        TABLE = {8: 2}[8]
        try:
            INNER = 4
        except NameError:
            pass

        def maker(number):
            more = number
            def made():
                return more
            return made

        MADE = maker(6)
    """
    tests = """
        from calc import INNER, MADE, TABLE, maker

        def test_made():
            assert MADE() == maker(6)() == 6 and TABLE == 2 and INNER == 4
    """

    found = outcomes(tmp_path, textwrap.dedent(code), textwrap.dedent(tests))

    assert found == {
        "8 -> 9": "KeyError on import",
        "2 -> 3": "test_calc.py::test_made",
        "4 -> 5": "NotPut: is not imported, or its statement is inside another one",
        "more = number -> pass": "NotPut: made closes over other names",
        "return more -> return None": "test_calc.py::test_made",
        "return made -> return None": "test_calc.py::test_made",
        "6 -> 7": "test_calc.py::test_made",
    }


def test_a_function_may_lose_a_name_that_it_closes_over(tmp_path: Path) -> None:
    """
    As a constructor that no longer calls the one of its base.
    """
    code = """
        class Base:
            def __init__(self):
                self.ready = True

        class Derived(Base):
            def __init__(self):
                super().__init__()
    """
    tests = """
        from calc import Derived

        def test_derived():
            assert Derived().ready is True
    """

    found = outcomes(tmp_path, textwrap.dedent(code), textwrap.dedent(tests))

    assert set(found.values()) == {"test_calc.py::test_derived"}
    assert "super().__init__() -> pass" in found


def test_another_fault_is_drawn_for_one_that_cannot_be_put_in() -> None:
    """
    Also when an earlier run found it out; the order is that of the seed.
    """
    every = mutants_of("checks")
    plain = Sample(every, 12, "checks:1", {})
    failed: dict[tuple[object, ...], Row] = {
        place(row(one)): {"error": "NotPut"} for one in plain.mutants[1:3]
    }

    resumed = Sample(every, 10, "checks:1", failed)

    assert resumed.mutants == plain.mutants
    assert resumed.instead() == resumed.mutants[12:]
    assert Sample(every[:2], 2, "checks:1", {}).instead() == []


def test_only_what_was_tried_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A fault that could not be put in is neither noticed nor survived.
    """
    known = {"file": "lcmemlint/checks/a.py", "line": 1, "column": 0, "function": "f", "tests": 2}
    outcomes: list[Row] = [
        {**known, "change": "1 -> 2", "killer": "test", "error": ""},
        {**known, "change": "2 -> 3", "killer": "", "error": ""},
        {**known, "change": "3 -> 4", "killer": "", "error": "NotPut: because"},
    ]

    assert report(outcomes, 50) == 0
    assert report(outcomes, 51) == 1
    assert capsys.readouterr().out.splitlines()[:4] == [
        "lcmemlint/checks/a.py:1: 2 -> 3 (2 tests pass there)",
        "lcmemlint/checks/a.py:1: 3 -> 4 (NotPut: because)",
        "checks: 1 error, 1 noticed, 1 survived",
        "50.0 % of 2 noticed, 0 more are equivalent, 1 could not be tried",
    ]


def test_a_line_that_only_holds_constants(tmp_path: Path) -> None:
    """
    Python passes none of the lines of a folded tuple; the tests that come by the head of its statement are asked.
    """
    code = """
        def kind(word):
            if word in (
                "x",
                "y",
            ):
                return 1
            return 2
    """
    tests = """
        from calc import kind

        def test_kind():
            assert [kind("x"), kind("y"), kind("z")] == [1, 1, 2]
    """

    found = outcomes(tmp_path, textwrap.dedent(code), textwrap.dedent(tests))

    assert found["'y' -> 'XXyXX'"] == "test_calc.py::test_kind"
    assert set(found.values()) == {"test_calc.py::test_kind"}
