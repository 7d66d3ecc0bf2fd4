"""Statements, blocks, scopes and imports."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lcmemlint.facts import FACTS_VERSION, Block, FileFacts
from lcmemlint.scan import scan
from lcmemlint.values import CallOf, Combined, Const, Container, ItemOf, Name, OneOf, Span, Starred, Value


def facts_of(text: str) -> FileFacts:
    facts = scan(dedent(text))
    assert facts.problems == ()
    return facts


def kinds(text: str) -> list[str]:
    return [one.kind for one in facts_of(text).statements]


def shown(value: Value | None) -> str:
    """A value in a few letters, so that tables stay readable."""
    match value:
        case None:
            return "-"
        case Name(id=name):
            return name
        case Const(value=constant):
            return repr(constant)
        case Container(items=items):
            return f"({' '.join(map(shown, items))})"
        case Starred(value=inner):
            return f"*{shown(inner)}"
        case CallOf(call=call):
            return f"call{call}"
        case ItemOf(base=base, key=key):
            return f"{shown(base)}[{shown(key)}]"
        case Combined(op=op, parts=parts):
            return f"({op} {' '.join(map(shown, parts))})"
    return type(value).__name__


STATEMENTS: list[tuple[str, list[str]]] = [
    ("a = b", ["assign a < b"]),
    ("a = b = c", ["assign a b < c"]),
    ("a, *b = c", ["assign (a *b) < c"]),
    ("a[0] = b", ["assign a[0] < b"]),
    ("a += b", ["augment a < b"]),
    ("a: b", ["annotate a < - : b"]),
    ("a: 'b' = c", ["annotate a < c : 'b'"]),
    ("type a[T] = b", ["assign a < b"]),
    ("a", ["expression < a"]),
    ("a()", ["expression < call0"]),
    ("pass", []),
    ("assert a, b", ["assert < a"]),
    ("raise", ["raise < -"]),
    ("raise a from b", ["raise < a"]),
    ("del a, b[0]", ["delete a b[0] < -"]),
    ("del a", ["delete a < -"]),
    ("global a, b", ["global a b < -"]),
    ("def f():\n  nonlocal a", ["global a < -"]),
    ("for a in b: break", ["for a < b", "break < -"]),
    ("for a, b in c: continue", ["for (a b) < c", "break < -"]),
    ("while a: b", ["test < a", "expression < b"]),
    ("with a: pass", ["with < a"]),
    ("with a as b, c as (x, y): pass", ["with b < a", "with (x y) < c"]),
    ("with (a as b, c): pass", ["with b < a", "with < c"]),
    ("async def f():\n  async with a as b: pass", ["with b < a"]),
    ("async def f():\n  async for a in b: pass", ["for a < b"]),
    ("try: a\nexcept b as c: x", ["expression < a", "except c < b", "expression < x"]),
    ("try: a\nexcept: x", ["expression < a", "except < -", "expression < x"]),
    ("try: a\nexcept* (b, c): x", ["expression < a", "except < (b c)", "expression < x"]),
    ("def f(): return", ["return < -"]),
    ("def f(): return a", ["return < a"]),
    ("def f(): yield", ["yield < -"]),
    ("def f(): yield a", ["yield < a"]),
    ("def f(): yield from a", ["yield < *a"]),
    ("def f(): a = yield b", ["assign a < (yield b)", "yield < b"]),
    ("if (a := b): pass", ["test < b", "walrus a < b"]),
    ("a = [b for c in x if y]", ["assign a < (listcomp b)", "for c < x", "test < y"]),
    ("a = {b: c for b in x for c in y}", ["assign a < (dictcomp b c)", "for b < x", "for c < y"]),
    ("a = 1; b = 2", ["assign a < 1", "assign b < 2"]),
    ("match a:\n  case b: pass", ["test < a", "match b < a"]),
    ("match a:\n  case 1: pass", ["test < a"]),
    ("match a:\n  case [b, *c] if x: pass", ["test < a", "match b c < a", "test < x"]),
    ("match a:\n  case {'k': b, **c} | D(b, k=c): pass", ["test < a", "match b c < a"]),
    ("match a:\n  case (b as c) | None: pass", ["test < a", "match b c < a"]),
    ("match a:\n  case _: pass", ["test < a"]),
    ("match a:\n  case x.y: pass", ["test < a"]),
    ("match = 1", ["assign match < 1"]),
]


@pytest.mark.parametrize(
    ("text", "expected"), STATEMENTS, ids=[row[0].replace("\n", "; ") for row in STATEMENTS]
)
def test_what_a_statement_does(text: str, expected: list[str]) -> None:
    """
    Kind, targets, value and annotation of each statement, in source order.
    """
    found = []
    for one in facts_of(text + "\n").statements:
        line = " ".join([one.kind, *map(shown, one.targets), "<", shown(one.value)])
        found.append(line if one.annotation is None else f"{line} : {shown(one.annotation)}")
    assert expected == found


def outline(facts: FileFacts, block: Block) -> str:
    """The kinds of a block and those around it, innermost first."""
    kinds: list[str] = [block.kind]
    while block.parent >= 0:
        block = facts.blocks[block.parent]
        kinds.append(block.kind)
    return " < ".join(kinds)


def test_where_statements_stand() -> None:
    """
    Each clause is a block of its own; `elif` is an `if` inside an `else`.
    """
    facts = facts_of(
        """
        if a:
            one
        elif b:
            two
        else:
            three
        while c:
            four
        else:
            five
        for d in e:
            six
        else:
            seven
        try:
            eight
        except f:
            nine
        else:
            ten
        finally:
            eleven
        with g, h:
            twelve
        match i:
            case 1:
                thirteen
        if __name__ == "__main__":
            fourteen
        elif j:
            fifteen
        if "__main__" == __name__: sixteen
        def k():
            if l:
                seventeen
        """
    )
    found = {
        shown(one.value): (outline(facts, facts.blocks[one.block]), shown(facts.blocks[one.block].test))
        for one in facts.statements
        if one.kind == "expression"
    }
    assert found == {
        "one": ("if < body", "a"),
        "two": ("if < else < body", "b"),
        "three": ("else < else < body", "b"),
        "four": ("while < body", "c"),
        "five": ("loop-else < body", "c"),
        "six": ("for < body", "e"),
        "seven": ("loop-else < body", "e"),
        "eight": ("try < body", "-"),
        "nine": ("except < body", "f"),
        "ten": ("try-else < body", "-"),
        "eleven": ("finally < body", "-"),
        "twelve": ("with < with < body", "h"),
        "thirteen": ("case < body", "i"),
        "fourteen": ("main < body", "(== __name__ '__main__')"),
        "fifteen": ("if < else < body", "j"),
        "sixteen": ("main < body", "(== '__main__' __name__)"),
        "seventeen": ("if < body", "l"),
    }


def test_the_test_of_an_elif_stands_in_the_else_before_it() -> None:
    """
    It is evaluated only when the first condition failed.
    """
    facts = facts_of("if a: pass\nelif b: pass\n")
    assert [facts.blocks[one.block].kind for one in facts.statements] == ["body", "else"]


def test_blocks_span_their_clause() -> None:
    """
    From the keyword to the end of the last statement; comments after it are not part.
    """
    facts = facts_of("if a:\n    b\n    # c\nelif d:\n    e\nelse:\n    f  # g\n\n")
    assert [
        ("if", Span(1, 0, 2, 5)),
        ("else", Span(4, 0, 7, 5)),
        ("if", Span(4, 0, 5, 5)),
        ("else", Span(6, 0, 7, 5)),
    ] == [(block.kind, block.span) for block in facts.blocks[1:]]


def test_scopes_are_named_like_in_python() -> None:
    """
    As `__qualname__`, without `<locals>`.
    """
    facts = facts_of(
        """
        class A:
            class B:
                def c(self): pass
            async def d(self):
                def e(): pass
        """
    )
    assert [one.qualname for one in facts.scopes] == ["", "A", "A.B", "A.B.c", "A.d", "A.d.e"]
    assert [one.name for one in facts.scopes if one.is_async] == ["d"]
    assert [one.parent for one in facts.scopes] == [-1, 0, 1, 2, 1, 4]


def test_a_definition_knows_the_block_it_stands_in() -> None:
    """
    A function that exists only under a condition.
    """
    facts = facts_of("if a:\n    def f(): pass\n")
    assert facts.blocks[facts.scopes[1].block].kind == "if"


def test_parameters() -> None:
    """
    Kinds, defaults, annotations, and spans that reach over all of them.
    """
    facts = scan("def f(a, /, b: int = 3, *c: x, d=y(1), **e,) -> z: pass\n")

    assert [
        (
            one.name,
            one.kind,
            shown(one.default),
            shown(one.annotation),
            (one.span.column, one.span.end_column),
        )
        for one in facts.scopes[1].params
    ] == [
        ("a", "positional-only", "-", "-", (6, 7)),
        ("b", "plain", "3", "int", (12, 22)),
        ("c", "*", "-", "x", (24, 29)),
        ("d", "keyword-only", "call0", "-", (31, 37)),
        ("e", "**", "-", "-", (39, 42)),
    ]
    assert shown(facts.scopes[1].returns) == "z"


def test_parameters_over_lines_with_comments() -> None:
    """
    A comma and a comment after a parameter are not part of it.
    """
    facts = scan("def f(\n    a: int  # one\n    ,\n    b=[1, 2],  # two\n): pass\n")
    assert [Span(2, 4, 2, 10), Span(4, 4, 4, 12)] == [one.span for one in facts.scopes[1].params]


def test_parameters_of_a_lambda_in_a_default() -> None:
    """
    Parameters nest.
    """
    facts = scan("def f(a=lambda b, c=1: b, d=2): pass\n")
    assert [Span(1, 15, 1, 16), Span(1, 18, 1, 21)] == [one.span for one in facts.scopes[1].params]
    assert [Span(1, 6, 1, 24), Span(1, 26, 1, 29)] == [one.span for one in facts.scopes[2].params]


def test_decorators_defaults_annotations_and_bases_belong_outside() -> None:
    """
    They are evaluated where the definition stands, by no statement.
    """
    facts = facts_of(
        """
        class A(b(), metaclass=c()):
            @d()
            def e(self, f=g(), h: i() = 1) -> j(): k()
        """
    )
    assert [(one.scope, one.block, one.statement) for one in facts.calls] == [(0, 0, -1)] * 2 + [
        (1, 1, -1)
    ] * 4 + [(2, 2, 0)]
    assert [one.name for one in facts.scopes[1].bases] == [None, "metaclass"]
    assert (CallOf(2),) == facts.scopes[2].decorators


def test_calls_know_their_statement() -> None:
    """
    Statements are numbered in source order, before what their expressions add.
    """
    facts = facts_of("a = b(c for c in d())\ne(f)\nif g(): h()\n")
    assert [one.kind for one in facts.statements] == ["assign", "for", "expression", "test", "expression"]
    assert [one.statement for one in facts.calls] == [0, 0, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "is_generator"),
    [
        ("def f(): yield", True),
        ("def f(): x = yield", True),
        ("def f(): yield from a", True),
        ("def f(): return (yield)", True),
        ("def f():\n  def g(): yield", False),
        ("def f(): return (x for x in a)", False),
        ("def f(): return lambda: (yield)", False),
    ],
)
def test_generators(text: str, is_generator: bool) -> None:
    """
    Only a `yield` of its own makes a function a generator.
    """
    assert is_generator == facts_of(text + "\n").scopes[1].is_generator


@pytest.mark.parametrize(
    ("body", "docstring"),
    [
        ('"a"', True),
        ('"a" "b"', True),
        ('"""a"""; b', True),
        ('f"a"', False),
        ('b"a"', False),
        ("a", False),
        ('a = "a"', False),
        ('"a" f"{b}"', False),
    ],
)
def test_docstrings(body: str, docstring: bool) -> None:
    """
    Plain text that comes first; the same holds for modules, classes and functions.
    """
    facts = facts_of(f"{body}\nclass A:\n    {body}\ndef f(): {body}\n")
    assert [docstring] * 3 == [one.docstring for one in facts.scopes]


IMPORTS: list[tuple[str, list[tuple[str, str | None, str, bool]]]] = [
    ("import a", [("a", None, "a", False)]),
    ("import a.b", [("a.b", None, "a", False)]),
    ("import a.b as c", [("a.b", None, "c", True)]),
    ("import a, b.c as d", [("a", None, "a", False), ("b.c", None, "d", True)]),
    ("from a import b", [("a", "b", "b", False)]),
    ("from .x import y as z", [(".x", "y", "z", True)]),
    ("from . import a", [(".", "a", "a", False)]),
    ("from ...a.b import c", [("...a.b", "c", "c", False)]),
    ("from a import *", [("a", "*", "*", False)]),
    ("from a import (\n  b,  # c\n  d as e,\n)", [("a", "b", "b", False), ("a", "d", "e", True)]),
]


@pytest.mark.parametrize(("text", "expected"), IMPORTS, ids=[row[0].replace("\n", "") for row in IMPORTS])
def test_imports(text: str, expected: list[tuple[str, str | None, str, bool]]) -> None:
    """
    What is imported, and what it is called here.
    """
    assert expected == [
        (one.module, one.name, one.local, one.renamed) for one in facts_of(text + "\n").imports
    ]


def test_imports_are_found_everywhere() -> None:
    """
    In functions, under `try`, and under `TYPE_CHECKING`.
    """
    facts = facts_of(
        """
        if TYPE_CHECKING:
            import a
        try: import b
        except ImportError: import c
        def f():
            from d import e
        """
    )
    assert [
        (one.local, facts.blocks[one.block].kind, facts.scopes[one.scope].qualname) for one in facts.imports
    ] == [("a", "if", ""), ("b", "try", ""), ("c", "except", ""), ("e", "body", "f")]


def test_type_parameters_may_call() -> None:
    """
    PEP 695 and 696: bounds and defaults are expressions.
    """
    facts = facts_of("def f[T: a() = b()](x: T): pass\nclass A[T = c()]: pass\ntype B[T: d()] = T\n")
    assert [shown(one.function) for one in facts.calls] == ["a", "b", "c", "d"]


def test_ternary_in_condition() -> None:
    """
    Values in tests are values like any other.
    """
    facts = facts_of("if a if b else c: pass\n")
    assert OneOf("if", (Name("a"), Name("c")), Name("b")) == facts.statements[0].value


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 0),
        ("\n", 1),
        ("a", 1),
        ("a\n", 1),
        ("a\n\n", 2),
        ("a\r\nb\r\n", 2),
        ("a\rb", 2),
        ("#", 1),
        ("\n\n#a", 3),
    ],
)
def test_odd_ends(text: str, lines: int) -> None:
    """
    Any newline style, with or without a last one.
    """
    facts = scan(text)
    assert (FACTS_VERSION, lines, ()) == (facts.version, facts.lines, facts.problems)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("def f(:\n", 1, 6),
        ("a\nb = = c\n", 2, 4),
        ("a\n\0\n", 2, 0),
        ("x = '\n", None, None),
        ("if a:\nb\n", 2, None),
        ("print 'a'\n", 1, None),
        ("  a\nb\n", 1, None),
        ("x = 5 5\n", 1, 6),
        ("x = é é\n", 1, 6),
        ("a\nx = (1\n", 2, None),
        ("x = $\n", 0, 0),
        ("def f():\n  x = 1\n y\n", 0, 0),
        ("a = '\ud800'\n", 1, 5),
    ],
)
def test_what_cannot_be_read_is_one_problem(text: str, line: int | None, column: int | None) -> None:
    """
    The tables are those of an empty module, and the place is told.
    """
    facts = scan(text)

    assert (len(facts.scopes), len(facts.blocks)) == (1, 1)
    assert (*facts.imports, *facts.statements, *facts.calls, *facts.ignores) == ()
    (problem,) = facts.problems
    assert problem.message
    assert line is None or line == problem.line
    assert column is None or column == problem.column
