"""Expressions of Python's `ast` → values. What an expression calls, binds or yields is noted in the draft.

Each reader takes the draft and one node; `READERS` says which reader is for which node type. A type without
a reader is UNKNOWN, and nothing inside it is looked at. Same order, same answers as in `concrete`.
"""

from __future__ import annotations

import ast
import sys
import typing
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from msgspec import structs

from lcmemlint.facts import Argument, Block, Call, Param, ParamKind, Scope
from lcmemlint.scan.abstract.places import Places, Unsure
from lcmemlint.scan.abstract.texts import Literal, Moved
from lcmemlint.scan.draft import (
    DEEPEST,
    NO_STATEMENT,
    Tables,
    flattened,
    is_number,
    is_text,
    merged,
    printable,
)
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
)

_DEEP: Final = DEEPEST // 2 - 2
"""Nodes inside each other from which on the two readers could cut off at different ones."""
_SURE_IN_TEXT: Final = sys.version_info >= (3, 12)
"""Whether `ast` knows where the expressions inside of an f-string stand."""


class Draft(Tables):
    """The tables of one file, and the places of its nodes.

    `literal` is the f-string that we are in, `moved` the expression in it, if `ast` may place that wrongly.
    """

    places: Places
    literal: Literal | None = None
    moved: Moved | None = None

    def value(self, node: ast.AST) -> Value:
        """What the expression is."""
        read = READERS.get(type(node))
        if read is None:
            return UNKNOWN
        self.depth += 1
        if self.depth > _DEEP:
            raise Unsure("depth")
        value = read(self, node)
        self.depth -= 1
        return value

    def span(self, node: Any) -> Span:
        """The span of an expression."""
        if self.moved is None:
            return self.places.span(node)
        start, end = self.moved.bounds(node)
        return Span(*self.places.place(start), *self.places.place(end))

    def bounds(self, node: Any) -> tuple[int, int]:
        """The same as indexes."""
        if self.moved is not None:
            return self.moved.bounds(node)
        return self.places.offset(*self.places.start(node)), self.places.offset(*self.places.end(node))


Display: TypeAlias = typing.Literal["list", "tuple", "set"]
Reader: TypeAlias = Callable[[Draft, Any], Value]


def _name(draft: Draft, node: ast.Name) -> Value:
    return Name(node.id)


def _constant(draft: Draft, node: ast.Constant) -> Value:
    value = node.value
    if isinstance(value, str):
        return Const(printable(value), draft.span(node))
    if value is None or isinstance(value, bool):
        return Const(value)
    return Const(value, draft.span(node)) if is_number(value) else UNKNOWN


def _attribute(draft: Draft, node: ast.Attribute) -> Value:
    names = [node.attr]
    base = node.value
    while isinstance(base, ast.Attribute):
        names.append(base.attr)
        base = base.value
    value = draft.value(base)
    if len(names) > DEEPEST:
        return UNKNOWN
    for name in reversed(names):
        value = AttrOf(value, name)
    return value


def _subscript(draft: Draft, node: ast.Subscript) -> Value:
    return ItemOf(draft.value(node.value), draft.value(node.slice))


def _slice(draft: Draft, node: ast.Slice) -> Value:
    for bound in (node.lower, node.upper, node.step):
        if bound is not None:
            draft.value(bound)
    return UNKNOWN


def _call(draft: Draft, node: ast.Call, awaited: bool = False) -> Value:
    function = draft.value(node.func)
    made = arguments(draft, _in_order(node.args, node.keywords))
    draft.calls.append(
        Call(draft.scope, draft.block, draft.statement, draft.span(node), function, made, awaited)
    )
    return CallOf(len(draft.calls) - 1)


def _in_order(given: list[ast.expr], keywords: list[ast.keyword]) -> list[ast.expr | ast.keyword]:
    """Arguments as they were written: `f(a=1, *b)` is allowed."""
    both: list[ast.expr | ast.keyword] = [*given, *keywords]
    if given and keywords and _place(given[-1]) > _place(keywords[0]):
        both.sort(key=_place)
    return both


def _place(node: ast.expr | ast.keyword) -> tuple[int, int]:
    return node.lineno, node.col_offset


def arguments(draft: Draft, nodes: Sequence[ast.expr | ast.keyword]) -> tuple[Argument, ...]:
    """The arguments of a call, or the bases and keywords of a class."""
    return tuple([_argument(draft, node) for node in nodes])


def _argument(draft: Draft, node: ast.expr | ast.keyword) -> Argument:
    if isinstance(node, ast.keyword):
        return Argument(node.arg or "**", draft.value(node.value))
    if isinstance(node, ast.Starred):
        return Argument("*", draft.value(node.value))
    return Argument(None, draft.value(node))


def _await(draft: Draft, node: ast.Await) -> Value:
    inner = node.value
    return _call(draft, inner, awaited=True) if isinstance(inner, ast.Call) else draft.value(inner)


def _yield(draft: Draft, node: ast.Yield | ast.YieldFrom) -> Value:
    slot = draft.reserve()
    return Combined("yield", yielded(draft, node, slot))


def yielded(draft: Draft, node: ast.Yield | ast.YieldFrom, slot: int) -> tuple[Value, ...]:
    """Write the `yield` statement, and return what is yielded; `yield from x` yields `*x`."""
    draft.generators.add(draft.scope)
    value: Value | None = None
    if isinstance(node, ast.YieldFrom):
        value = Starred(draft.value(node.value))
    elif node.value is not None:
        value = draft.value(node.value)
    draft.fill(slot, "yield", draft.span(node), (), value)
    return () if value is None else (value,)


def _walrus(draft: Draft, node: ast.NamedExpr) -> Value:
    slot = draft.reserve()
    value = draft.value(node.value)
    draft.fill(slot, "walrus", draft.span(node), (draft.value(node.target),), value)
    return value


def _if_expression(draft: Draft, node: ast.IfExp) -> Value:
    test = draft.value(node.test)
    body = draft.value(node.body)
    return OneOf("if", (body, draft.value(node.orelse)), test)


def _formatted(draft: Draft, node: Any) -> Value:
    """f-strings and t-strings, which have the same fields."""
    around = draft.literal, draft.moved
    if not _SURE_IN_TEXT:
        draft.literal = Literal(draft.places.text, *draft.bounds(node))
    parts = merged([_field(draft, part) for part in node.values])
    draft.literal, draft.moved = around
    return Joined(parts)


def _field(draft: Draft, part: Any) -> Value:
    if isinstance(part, ast.Constant):
        return Const(printable(str(part.value)))
    if draft.literal is not None:
        draft.moved = draft.literal.find(part.value)
    value = draft.value(part.value)
    for inner in () if part.format_spec is None else part.format_spec.values:
        _field(draft, inner)
    return value


# --- operations ---


def _binary(draft: Draft, node: ast.BinOp) -> Value:
    pending: list[ast.BinOp] = [node]
    while isinstance(pending[-1].left, ast.BinOp):
        pending.append(pending[-1].left)
    if len(pending) > _DEEP:
        raise Unsure("depth")
    value = draft.value(pending[-1].left)
    for operation in reversed(pending):
        right = draft.value(operation.right)
        symbol = _BINARY[type(operation.op)]
        is_joined = is_text(value) or is_text(right)
        if symbol == "+" and is_joined:
            value = Joined((*flattened([value]), *flattened([right])))
        elif symbol == "%" and is_joined:
            given = right.items if isinstance(right, Container) and right.kind == "tuple" else (right,)
            value = Joined((*flattened([value]), *given))
        else:
            value = Combined(symbol, (value, right))
    return value


def _unary(draft: Draft, node: ast.UnaryOp) -> Value:
    value = draft.value(node.operand)
    symbol = _UNARY[type(node.op)]
    if symbol not in "+-" or not isinstance(value, Const) or type(value.value) not in (int, float):
        return Combined(symbol, (value,))
    assert isinstance(value.value, (int, float))
    return Const(-value.value if symbol == "-" else value.value, draft.span(node))


def _boolean(draft: Draft, node: ast.BoolOp) -> Value:
    """`a or b or c` has three options; parentheses do not matter, since `or` is associative."""
    kind = type(node.op)
    operands: list[ast.expr] = []
    pending: list[ast.expr] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.BoolOp) and type(current.op) is kind:
            pending += reversed(current.values)
        else:
            operands.append(current)
    how: typing.Literal["or", "and"] = "or" if kind is ast.Or else "and"
    return OneOf(how, tuple([draft.value(operand) for operand in operands]))


def _comparison(draft: Draft, node: ast.Compare) -> Value:
    left = draft.value(node.left)
    made: list[Value] = []
    for operator, comparator in zip(node.ops, node.comparators, strict=True):
        right = draft.value(comparator)
        made.append(Combined(_COMPARISONS[type(operator)], (left, right)))
        left = right
    return made[0] if len(made) == 1 else OneOf("and", tuple(made))


# --- displays and comprehensions ---


def _display(kind: Display) -> Reader:
    def read(draft: Draft, node: Any) -> Value:
        return Container(kind, tuple([draft.value(element) for element in node.elts]))

    return read


def _starred(draft: Draft, node: ast.Starred) -> Value:
    return Starred(draft.value(node.value))


def _dict(draft: Draft, node: ast.Dict) -> Value:
    keys: list[Value | None] = []
    items: list[Value] = []
    for key, value in zip(node.keys, node.values, strict=True):
        keys.append(None if key is None else draft.value(key))
        items.append(draft.value(value))
    return Container("dict", tuple(items), tuple(keys))


def _comprehension(op: str) -> Reader:
    def read(draft: Draft, node: Any) -> Value:
        _generators(draft, node, draft.span(node))
        return Combined(op, (draft.value(node.elt),))

    return read


def _generator(draft: Draft, node: ast.GeneratorExp) -> Value:
    last = node.generators[-1]
    start, end = draft.places.inner(
        draft.bounds(node), draft.bounds(last.ifs[-1] if last.ifs else last.iter)[1]
    )
    _generators(draft, node, Span(*draft.places.place(start), *draft.places.place(end)))
    return Combined("genexp", (draft.value(node.elt),))


def _dict_comprehension(draft: Draft, node: ast.DictComp) -> Value:
    _generators(draft, node, draft.span(node))
    return Combined("dictcomp", (draft.value(node.key), draft.value(node.value)))


def _generators(draft: Draft, node: Any, span: Span) -> None:
    """A `for` statement for each generator, a `test` for each condition; they bear the comprehension's span."""
    for generator in node.generators:
        slot = draft.reserve()
        iterable = draft.value(generator.iter)
        draft.fill(slot, "for", span, (draft.value(generator.target),), iterable)
        for condition in generator.ifs:
            slot = draft.reserve()
            draft.fill(slot, "test", span, (), draft.value(condition))


# --- parameters and lambdas ---


def parameters(draft: Draft, node: ast.arguments) -> tuple[Param, ...]:
    """The parameters in the order written; defaults and annotations belong to the scope around."""
    placed = [*node.posonlyargs, *node.args]
    defaults: list[ast.expr | None] = [None] * (len(placed) - len(node.defaults))
    defaults += node.defaults
    groups: tuple[tuple[ParamKind, Sequence[ast.arg], Sequence[ast.expr | None]], ...] = (
        ("positional-only", node.posonlyargs, defaults),
        ("plain", node.args, defaults[len(node.posonlyargs) :]),
        ("*", () if node.vararg is None else (node.vararg,), (None,)),
        ("keyword-only", node.kwonlyargs, node.kw_defaults),
        ("**", () if node.kwarg is None else (node.kwarg,), (None,)),
    )
    return tuple(
        [
            _parameter(draft, kind, param, default)
            for kind, params, given in groups
            for param, default in zip(params, given, strict=False)
        ]
    )


def _parameter(draft: Draft, kind: ParamKind, node: ast.arg, default: ast.expr | None) -> Param:
    annotation = None if node.annotation is None else draft.value(node.annotation)
    value = None if default is None else draft.value(default)
    if draft.moved is not None:
        raise Unsure("f-string")
    return Param(node.arg, kind, value, annotation, draft.places.parameter(kind, node, default))


def _lambda(draft: Draft, node: ast.Lambda) -> Value:
    around = draft.scope, draft.block, draft.statement
    draft.statement = NO_STATEMENT
    params = parameters(draft, node.args)
    span = draft.span(node)
    index = len(draft.scopes)
    draft.scopes.append(
        Scope("lambda", "<lambda>", draft.qualname("<lambda>"), draft.scope, draft.block, span, params)
    )
    draft.scope, draft.block = index, len(draft.blocks)
    draft.blocks.append(Block(index, -1, "body", None, span))
    slot = draft.reserve()
    draft.statement = slot
    draft.fill(slot, "return", span, (), draft.value(node.body))
    if index in draft.generators:
        draft.scopes[index] = structs.replace(draft.scopes[index], is_generator=True)
    draft.scope, draft.block, draft.statement = around
    return Lambda(index)


# --- tables ---

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.LShift: "<<",
    ast.MatMult: "@",
    ast.Mod: "%",
    ast.Mult: "*",
    ast.Pow: "**",
    ast.RShift: ">>",
    ast.Sub: "-",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.Not: "not", ast.Invert: "~", ast.UAdd: "+", ast.USub: "-"}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.NotEq: "!=",
    ast.NotIn: "not in",
}
READERS: dict[type[ast.AST], Reader] = {
    ast.Attribute: _attribute,
    ast.Await: _await,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.DictComp: _dict_comprehension,
    ast.GeneratorExp: _generator,
    ast.IfExp: _if_expression,
    ast.JoinedStr: _formatted,
    ast.Lambda: _lambda,
    ast.List: _display("list"),
    ast.ListComp: _comprehension("listcomp"),
    ast.Name: _name,
    ast.NamedExpr: _walrus,
    ast.Set: _display("set"),
    ast.SetComp: _comprehension("setcomp"),
    ast.Slice: _slice,
    ast.Starred: _starred,
    ast.Subscript: _subscript,
    ast.Tuple: _display("tuple"),
    ast.UnaryOp: _unary,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    **({getattr(ast, "TemplateStr"): _formatted} if sys.version_info >= (3, 14) else {}),  # noqa: B009
}
