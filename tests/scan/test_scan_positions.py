"""Positions, held against those of Python's own parser."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from lcmemlint.facts import FileFacts
from lcmemlint.scan import scan
from lcmemlint.scan.nesting import with_room
from lcmemlint.values import Span

STDLIB = Path(sysconfig.get_path("stdlib"))
SAMPLE = sorted(
    path for folder in (".", "asyncio", "json", "email") for path in STDLIB.glob(f"{folder}/*.py")
)[::5]


def python_spans(text: str, *types: type[ast.AST]) -> set[tuple[int, int, int, int]]:
    """The spans of all nodes of these types; `ast` counts bytes, we count letters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def letters(line: int, column: int) -> int:
        return len(lines[line - 1].encode()[:column].decode())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    return {
        (node.lineno, letters(node.lineno, node.col_offset), end, letters(end, node.end_col_offset or 0))
        for node in ast.walk(tree)
        if isinstance(node, (ast.stmt, ast.expr)) and isinstance(node, types)
        for end in (node.end_lineno or 0,)
    }


def ours(spans: Iterator[Span]) -> set[tuple[int, int, int, int]]:
    return {(span.line, span.column, span.end_line, span.end_column) for span in spans}


def check_against_python(text: str) -> None:
    facts = scan(text)

    assert facts.problems == ()
    assert python_spans(text, ast.Call) == ours(one.span for one in facts.calls)
    definitions = python_spans(text, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert {span[:2] for span in definitions} == {
        (one.span.line, one.span.column) for one in facts.scopes[1:]
    }
    statements = python_spans(
        text, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Assert
    )
    assert statements == ours(small_statements(facts))


def small_statements(facts: FileFacts) -> Iterator[Span]:
    kinds = {"assign", "augment", "annotate", "return", "raise", "assert"}
    for one in facts.statements:
        if one.kind in kinds and facts.scopes[one.scope].kind != "lambda":
            yield one.span


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_positions_are_those_of_python(path: Path) -> None:
    """
    Calls, definitions and small statements of the standard library, to the letter.
    """
    check_against_python(path.read_text(encoding="utf-8"))


ODD = [
    "f(a)(b).c(d)[e](g)\n",
    "(f)(a)\n((f(a)))\n",
    "x = f (\n  a\n)\n",
    "x = f \\\n (a)\n",
    "é = 'ü'; ñ(é)  # ß\n日本(語)\n",
    "x = '🙂'; f(x)\n",
    "if a:\n\tf(x)\n\tif b:\n\t        g(x)\n",
    "\x0cf(x)\n\x0c\ndef g():\n    \x0c\n    h()\n",
    "def f():\n  if a:\n      b()\n  # c\n  d()\n",
    "f(a)\r\ng(\r\n  b)\r\n",
    "f(a)\r\ng(b)\nh(c)\r\n",
    "f(a)",
    "def f():\n    g(a)",
    "def f():\n    g(a)\n    # end",
    "@a(1)\n# c\n@b\n\ndef f(): g()\n",
    "async   def f(): await g(h())\n",
    "x = f'{a(b)} {c(d)!r:>{e(g)}}' + h(i)\n",
    "x = f'''\n{a(b)}\n''' ; c(d)\n",
    "x = (lambda a: b(a))(c)\n",
    "f(*a(b), **c(d), e=g(h))\n",
    "f(x for x in g(y))\n",
    "x = [\n  # c\n  f(a),  # d\n\n  g(b)\n]\n",
    "return_ = 1\nif a: x = 1; y = f(x)\nelse: z = 2\n",
    "class A(B(c), d=E(f)):\n    g = h()\n",
    "print(a, end='')  # é\nprint(b)\n",
    "x: f(a) = g(b)\n",
    "with f(a) as b, (g(c)) as d: h(e)\n",
    "try:\n    f(a)\nexcept g(b) as c:\n    h(d)\nfinally:\n    i(e)\n",
    "try:\n    f()\nexcept (A) : g(); h()\ni()\n",
    "if f(a):\n\x0c    g(b)\n    \x0ch(c)\ni(d)\n",
    "match f(a):\n    case B(c=1) if g(c): h(d)\n",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_positions_in_odd_texts(text: str) -> None:
    """
    Any white space, any alphabet, any newline; also the blanks that LibCST forgets to write.
    """
    check_against_python(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("def f(a): pass\n", Span(1, 0, 1, 5)),
        ("async  def  f(a): pass\n", Span(1, 0, 1, 13)),
        ("@a\nclass B(C): pass\n", Span(2, 0, 2, 7)),
        ("x = (lambda: 1)\n", Span(1, 5, 1, 14)),
    ],
)
def test_a_scope_is_shown_by_its_first_words(text: str, span: Span) -> None:
    """
    A whole function underlined would be no place.
    """
    assert span == scan(text).scopes[1].span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("if  a.b :\n    pass\n", Span(1, 0, 1, 7)),
        ("if a: pass\n", Span(1, 0, 1, 4)),
        ("while (a): pass\n", Span(1, 0, 1, 9)),
        ("for a in b:  # c\n    pass\n", Span(1, 0, 1, 10)),
        ("with a as b, c: pass\n", Span(1, 0, 1, 14)),
        ("with (\n  a as b,\n): pass\n", Span(1, 0, 3, 1)),
        ("match a:\n    # b:\n    case 1: pass\n", Span(1, 0, 1, 7)),
        ("if lambda: a: pass\n", Span(1, 0, 1, 12)),
        ("if a[1:]: pass\n", Span(1, 0, 1, 8)),
    ],
)
def test_a_compound_statement_is_shown_by_its_header(text: str, span: Span) -> None:
    """
    From its keyword up to the colon.
    """
    assert span == scan(text).statements[0].span


def test_facts_do_not_depend_on_the_caller_or_the_stack() -> None:
    """
    The same text gives the same facts, from however deep it is asked.
    """
    text = "x = (" + " + ".join(f"f({at})" for at in range(400)) + ")\n"

    def deeper(levels: int) -> FileFacts:
        return scan(text) if levels == 0 else deeper(levels - 1)

    assert scan(text) == deeper(300) == with_room(scan, text)
