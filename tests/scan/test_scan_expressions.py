"""Expressions → values, one row a shape."""

from __future__ import annotations

import pytest

from lcmemlint.facts import FileFacts
from lcmemlint.scan import scan
from lcmemlint.values import (
    UNKNOWN,
    AttrOf,
    CallOf,
    Combined,
    Const,
    Container,
    ItemOf,
    Joined,
    Lambda,
    Name,
    OneOf,
    Span,
    Starred,
    Value,
    parts_of,
)

A, B, C, X, Y = (Name(letter) for letter in "abcxy")


def value_of(expression: str) -> Value | None:
    facts = scan(f"_ = {expression}\n")
    assert facts.problems == ()
    return facts.statements[0].value


SHAPES: list[tuple[str, Value]] = [
    ("a", A),
    ("(a)", A),
    ("True", Const(True)),
    ("False", Const(False)),
    ("None", Const(None)),
    ("...", UNKNOWN),
    ("a.b", AttrOf(A, "b")),
    ("a.b.c", AttrOf(AttrOf(A, "b"), "c")),
    ("a().b", AttrOf(CallOf(0), "b")),
    ("a[b]", ItemOf(A, B)),
    ("a['k']", ItemOf(A, Const("k"))),
    ("a[b, c]", ItemOf(A, Container("tuple", (B, C)))),
    ("a[b,]", ItemOf(A, Container("tuple", (B,)))),
    ("a[1:]", ItemOf(A, UNKNOWN)),
    ("a[*b]", ItemOf(A, Container("tuple", (Starred(B),)))),
    # numbers
    ("1", Const(1)),
    ("0x1F", Const(31)),
    ("1_000", Const(1000)),
    ("1.5", Const(1.5)),
    ("1e3", Const(1000.0)),
    ("-1", Const(-1)),
    ("+1", Const(1)),
    ("--1", Const(1)),
    ("~1", Combined("~", (Const(1),))),
    ("-a", Combined("-", (A,))),
    ("-True", Combined("-", (Const(True),))),
    ("1j", UNKNOWN),
    ("9" * 5000, UNKNOWN),
    # text
    ("'a'", Const("a")),
    ('"""a"""', Const("a")),
    ("''", Const("")),
    ('""""""', Const("")),
    (r"'\n\x41\u0042\N{BULLET}\101\''", Const("\nAB•A'")),
    (r"'\d'", Const("\\d")),
    (r"r'\n'", Const("\\n")),
    (r"'\ud800'", Const("\ufffd")),
    ("u'a'", Const("a")),
    ("b'a'", UNKNOWN),
    ("'a' 'b' r'\\c'", Const("ab\\c")),
    ("b'a' b'b'", UNKNOWN),
    ("'''a\r\nb'''", Const("a\nb")),
    ("f'a{b}'", Joined((Const("a"), B))),
    ("f''", Joined(())),
    ("f'{a!r:>{b}}'", Joined((A,))),
    ("f'{{a}}'", Joined((Const("{a}"),))),
    ("rf'\\n{a}'", Joined((Const("\\n"), A))),
    ("f'{a[\"b\"]}'", Joined((ItemOf(A, Const("b")),))),
    ("f'{f\"{a}\"}'", Joined((Joined((A,)),))),
    ("'a' f'{b}' 'c'", Joined((Const("a"), B, Const("c")))),
    ("'a' + b", Joined((Const("a"), B))),
    ("a + 'b' + c", Joined((A, Const("b"), C))),
    ("a + f'{b}' + c + 'd'", Joined((A, B, C, Const("d")))),
    ("'a' + 'b'", Joined((Const("a"), Const("b")))),
    ("'%s-%s' % (a, b)", Joined((Const("%s-%s"), A, B))),
    ("'%s' % a", Joined((Const("%s"), A))),
    ("'%(k)s' % {'k': a}", Joined((Const("%(k)s"), Container("dict", (A,), (Const("k"),))))),
    ("'a' * 3", Combined("*", (Const("a"), Const(3)))),
    ("'{}'.format(a)", CallOf(0)),
    ("','.join(a)", CallOf(0)),
    # operations
    ("a + b", Combined("+", (A, B))),
    ("a | b | c", Combined("|", (Combined("|", (A, B)), C))),
    ("a ** b ** c", Combined("**", (A, Combined("**", (B, C))))),
    ("a @ b", Combined("@", (A, B))),
    ("a // b", Combined("//", (A, B))),
    ("a == b", Combined("==", (A, B))),
    ("a not in b", Combined("not in", (A, B))),
    ("a is not None", Combined("is not", (A, Const(None)))),
    ("a < b <= c", OneOf("and", (Combined("<", (A, B)), Combined("<=", (B, C))))),
    ("not a", Combined("not", (A,))),
    ("a or b or c", OneOf("or", (A, B, C))),
    ("a or (b or c)", OneOf("or", (A, B, C))),
    ("a and b or c", OneOf("or", (OneOf("and", (A, B)), C))),
    ("a if b else c", OneOf("if", (A, C), B)),
    # displays
    ("[]", Container("list", ())),
    ("[a, *b]", Container("list", (A, Starred(B)))),
    ("()", Container("tuple", ())),
    ("a,", Container("tuple", (A,))),
    ("{a, b}", Container("set", (A, B))),
    ("{}", Container("dict", ())),
    ("{'k': a, **b}", Container("dict", (A, B), (Const("k"), None))),
    # comprehensions
    ("[a for x in b]", Combined("listcomp", (A,))),
    ("{a for x in b}", Combined("setcomp", (A,))),
    ("(a for x in b)", Combined("genexp", (A,))),
    ("{a: b for x in c}", Combined("dictcomp", (A, B))),
    ("a()", CallOf(0)),
    ("a(b())", CallOf(1)),
    ("(a := b)", B),
    ("lambda: a", Lambda(1)),
]


@pytest.mark.parametrize(("expression", "value"), SHAPES, ids=[shape[0][:30] for shape in SHAPES])
def test_what_an_expression_is(expression: str, value: Value) -> None:
    """
    Every shape that the value language knows is told; all else is unknown.
    """
    assert value == value_of(expression)


SYMBOLS = "+ - * / // % ** @ << >> & | ^ == != < <= > >= in is"


@pytest.mark.parametrize("symbol", SYMBOLS.split())
def test_every_operator_keeps_its_symbol(symbol: str) -> None:
    """
    An operation is named as it is written.
    """
    assert Combined(symbol, (A, B)) == value_of(f"a {symbol} b")


def test_constants_know_where_they_stand() -> None:
    """
    Text and numbers carry their span, parentheses excluded; implicit concatenation is one stretch.
    """
    facts = scan('f("a", (-1), "b"\n  "c")\n')

    spans = [
        argument.value.span for argument in facts.calls[0].arguments if isinstance(argument.value, Const)
    ]
    assert [Span(1, 2, 1, 5), Span(1, 8, 1, 10), Span(1, 13, 2, 5)] == spans


def calls(text: str) -> list[tuple[str, bool]]:
    return [
        (one.function.id if isinstance(one.function, Name) else "?", one.awaited) for one in scan(text).calls
    ]


def test_calls_stand_in_evaluation_order() -> None:
    """
    A call comes after the calls in its function and arguments.
    """
    assert calls("a(b(), k=c())\n") == [("b", False), ("c", False), ("a", False)]


@pytest.mark.parametrize(
    ("expression", "awaited"),
    [("await a()", True), ("(await a())", True), ("await (a())", True), ("a()", False), ("await a", None)],
)
def test_an_awaited_call_says_so(expression: str, awaited: bool | None) -> None:
    """
    `await` leaves the value as it is, and marks the call right under it.
    """
    expected = [] if awaited is None else [("a", awaited)]
    assert calls(f"async def f():\n    return {expression}\n") == expected


def test_await_of_an_argument_marks_only_that_call() -> None:
    """
    In `await a(b())` the inner call is not awaited.
    """
    assert calls("async def f():\n    await a(b())\n") == [("b", False), ("a", True)]


def test_arguments_are_named_as_written() -> None:
    """
    Positional, keyword, star and double star.
    """
    arguments = scan("f(a, k=b, *c, **x)\n").calls[0].arguments
    assert [(one.name, one.value) for one in arguments] == [(None, A), ("k", B), ("*", C), ("**", X)]


@pytest.mark.parametrize(
    "expression",
    [
        "f'{g():{h()}}'",
        "a[g():h()]",
        "{g(): h()}",
        "[g() for x in h()]",
        "[x for x in g() if h()]",
        "g() if a else h()",
        "lambda x=g(): h()",
        "a < g() < h()",
        "not g() or -h()",
        "(x := g()), *h()",
        "g(**h())",
        "g().a.b[h()]",
        "f'a' f'{g()}' f'{h()}'",
    ],
)
def test_no_call_is_overlooked(expression: str) -> None:
    """
    Wherever an expression can stand, its calls are noted.
    """
    assert {("g", False), ("h", False)} <= set(calls(f"_ = {expression}\n"))


def test_a_lambda_is_a_scope_that_returns() -> None:
    """
    Its body is one `return` statement; its parameters and their defaults are told like a function's.
    """
    facts = scan("def f():\n    g = lambda a, *b, c=1: h(a)\n")

    scope = facts.scopes[2]
    assert (scope.kind, scope.name, scope.qualname, scope.parent) == ("lambda", "<lambda>", "f.<lambda>", 1)
    assert [(one.name, one.kind) for one in scope.params] == [
        ("a", "plain"),
        ("b", "*"),
        ("c", "keyword-only"),
    ]
    inner = next(one for one in facts.statements if one.scope == 2)
    assert ("return", CallOf(0)) == (inner.kind, inner.value)
    assert facts.statements[facts.calls[0].statement] == inner
    assert facts.blocks[inner.block].parent == -1


def depth(value: Value) -> int:
    return 1 + max(map(depth, parts_of(value)), default=0)


def deepest(facts: FileFacts) -> int:
    values = [one.value for one in facts.statements] + [one.function for one in facts.calls]
    values += [argument.value for one in facts.calls for argument in one.arguments]
    return max(depth(value) for value in values if value is not None)


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("[" * 150 + "f()" + "]" * 150, 1),
        (" + ".join(["f()"] * 1000), 1000),
        ("f()" + ".a" * 1000, 1),
        ("f()" + ".a()" * 100, 101),
        ("f() if a else " * 300 + "b", 300),
        ("not " * 300 + "f()", 1),
    ],
)
def test_values_stay_shallow_and_calls_are_kept(expression: str, count: int) -> None:
    """
    Later stages follow values by recursion: a value that is too deep is unknown, but what it calls is noted.
    """
    facts = scan(f"_ = {expression}\n")

    assert facts.problems == ()
    assert count == len(facts.calls)
    assert deepest(facts) < 80


def test_a_long_builder_chain_is_followed_to_its_root() -> None:
    """
    `graph.a().b()…` is flat: each call knows the call it is made on.
    """
    facts = scan("_ = graph" + ".add(1)" * 150 + "\n")

    assert [AttrOf(Name("graph"), "add")] + [AttrOf(CallOf(at), "add") for at in range(149)] == [
        one.function for one in facts.calls
    ]


def test_long_text_is_one_constant() -> None:
    """
    A prompt of a thousand lines is still read, though LibCST nests each of them in the one before.
    """
    facts = scan("PROMPT = (\n" + '    "line\\n"\n' * 1000 + ")\n")

    assert Const("line\n" * 1000) == facts.statements[0].value
    assert Span(2, 4, 1001, 12) == getattr(facts.statements[0].value, "span", None)


def test_template_strings_are_text_put_together() -> None:
    """
    PEP 750; LibCST reads them since 1.8.
    """
    libcst = pytest.importorskip("libcst")
    if not hasattr(libcst, "TemplatedString"):
        pytest.skip("this LibCST has no template strings")
    assert Joined((Const("a"), X)) == value_of("t'a{x}'")
    assert value_of("(y)") == Y
