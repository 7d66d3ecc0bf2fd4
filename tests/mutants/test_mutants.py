"""The runner itself: which faults it makes, and that a fault is noticed by exactly the tests that should."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

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
server = Server(mutants, lambda one: found.update({one.mutant.change.told: one.killer}), jobs=2, seconds=1)
code = pytest.main(["-q", "-s", "-p", "no:randomly", "-p", "no:cacheprovider", "test_calc.py"], plugins=[server])
print(json.dumps([code, found]), file=sys.stderr)
"""


def test_a_fault_is_noticed_by_the_tests_that_come_by(tmp_path: Path) -> None:
    """
    A wrong value, a table that another function reads, a cached result, and a loop without an end; what no test
    looks at, or comes by, survives.
    """
    (tmp_path / "calc.py").write_text(CODE)
    (tmp_path / "test_calc.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{RUN}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    code, found = json.loads(done.stderr.splitlines()[-1])

    assert code == 0, done.stdout
    assert found == {
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
