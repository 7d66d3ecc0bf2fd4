"""Texts that would overflow the stack of the native parser end with a problem."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lcmemlint.scan import scan
from lcmemlint.scan.nesting import too_deep

TOO_DEEP = {
    "parentheses": "x = " + "(" * 10_000 + "1" + ")" * 10_000,
    "unclosed": "x = [\n" * 10_000,
    "calls": "f(" * 10_000 + ")" * 10_000,
    "dicts": "{1: " * 10_000 + "1" + "}" * 10_000,
    "attributes": "a" + ".b" * 30_000,
    "calls of calls": "a" + "()" * 30_000,
    "items of items": "a" + "[0] " * 30_000,
    "methods of methods": "a" + ".b()" * 2_000,
    "many long chains": ("a" + ".b" * 1_200 + "\n") * 100,
    "minus": "-" * 30_000 + "1",
    "not": "not " * 30_000 + "1",
    "not, a line each": "x = (" + "not\n" * 30_000 + "1)",
    "or, a string each": "x = " + "''or" * 30_000 + "''",
    "and, a list each": "x = " + "[]and" * 30_000 + "[]",
    "strings between": "x = " + "a.b + '''\ndef f():\n''' + " * 10_000 + "1",
    "below a definition": "def f():\n    return a" + ".b" * 30_000,
    "lambdas": "lambda: " * 30_000 + "1",
    "powers": "a" + "**a" * 30_000,
    "elif": "if a:\n    b\n" + "elif c:\n    d\n" * 30_000,
    "over lines": "x = (" + "a +\n" * 30_000 + "a)",
    "continued lines": "x = " + "a + \\\n" * 30_000 + "a",
    "types": "def f(a: " + "A[" * 10_000 + "]" * 10_000 + "): pass",
}


@pytest.mark.parametrize("name", TOO_DEEP)
def test_too_deep_is_a_problem(name: str) -> None:
    """
    A crash of the interpreter would take the whole run with it. (In a process of its own, to see one.)
    """
    code = "import sys; from lcmemlint.scan import scan; print(scan(sys.stdin.read()).problems[0].message)"
    run = subprocess.run([sys.executable, "-c", code], input=TOO_DEEP[name], capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (0, "nested too deeply to be read\n")


DEEP_ENOUGH = {
    "as deep as Python allows": "x = " + "(" * 199 + "1" + ")" * 199,
    "dicts": "x = " + "{1: " * 150 + "1" + "}" * 150,
    "a long table": "x = [\n" + "    (a.b, -1, 'c', not d),\n" * 5_000 + "]",
    "a long file": "x = a.b.c + d.e - f.g\n" * 2_000,
    "a long string": "x = '''\n" + "(((((((((((((\n" * 500 + "'''",
    "a long comment": "# " + "[" * 1_000 + "\nx = 1",
    "rules of dashes": ("# " + "-" * 100 + "\n") * 100 + "x = 1",
    "a string of brackets": f"x = '{'(' * 1_000}'",
    "many functions": "def f(a, b):\n    return a.b + -b or not a.b.c(b)[0]\n\n\n" * 3_000,
    "many methods": "class A:\n" + "    async def f(a, b):\n        'a.b.c'\n        return a.b()\n" * 3_000,
    "many calls": "f(1)(2)\n" * 5_000,
    "many lists of calls": "x = [f(a), g(b)]\n" * 3_000,
    "long chains": ("a" + ".b()" * 300 + "\n") * 10,
    "many branches": "if a:\n    b\n" + "elif c:\n    d\n" * 800,
    "old newlines": "x = a.b.c\r" * 3_000,
}


@pytest.mark.parametrize("name", DEEP_ENOUGH)
def test_what_only_looks_deep_is_read(name: str) -> None:
    """
    Long is not deep; brackets in strings and comments are none.
    """
    text = DEEP_ENOUGH[name]

    assert too_deep(text) is None
    facts = scan(text)
    assert facts.problems == ()
    assert facts.statements


def test_the_place_is_told() -> None:
    """
    Where the last bracket too many opens.
    """
    problem = too_deep("a = 1\nx = " + "(" * 300)
    assert problem is not None
    assert (problem.line, problem.column) == (2, 204)
