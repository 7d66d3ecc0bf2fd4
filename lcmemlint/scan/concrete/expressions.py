"""Expressions → values. What an expression calls, binds or yields is noted in the draft on the way.

Each reader takes the draft and one node; `READERS` says which reader is for which node type. A type without
a reader is UNKNOWN, and nothing inside it is looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import libcst as cst
from msgspec import field, structs

from lcmemlint.facts import Argument, Block, Call, Param, ParamKind, Scope
from lcmemlint.scan.concrete.positions import Positions
from lcmemlint.scan.draft import (
    DEEPEST,
    NO_STATEMENT,
    Tables,
    flattened,
    is_number,
    is_shallow,
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


class Draft(Tables):
    """The tables of one file, and where the nodes of its syntax tree stand.

    `texts` holds the ids of those tokens of f-strings that begin like a comment.
    """

    positions: Positions
    texts: set[int] = field(default_factory=set)

    def value(self, node: cst.CSTNode) -> Value:
        """What the expression is."""
        read = READERS.get(type(node))
        if read is None:
            return UNKNOWN
        self.depth += 1
        value = read(self, node)
        self.depth -= 1
        return value if self.depth < DEEPEST or is_shallow(value) else UNKNOWN


Reader: TypeAlias = Callable[[Draft, Any], Value]

_LITERALS = {"True": True, "False": False, "None": None}


def spelled(node: cst.Name) -> str:
    """A name as Python knows it: two spellings that NFKC makes one are one name (PEP 3131)."""
    text = node.value
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _name(draft: Draft, node: cst.Name) -> Value:
    text = spelled(node)
    return Const(_LITERALS[text]) if text in _LITERALS else Name(text)


def _attribute(draft: Draft, node: cst.Attribute) -> Value:
    names = [spelled(node.attr)]
    base = node.value
    while isinstance(base, cst.Attribute):
        names.append(spelled(base.attr))
        base = base.value
    value = draft.value(base)
    if len(names) > DEEPEST:
        return UNKNOWN
    for name in reversed(names):
        value = AttrOf(value, name)
    return value


def _subscript(draft: Draft, node: cst.Subscript) -> Value:
    base = draft.value(node.value)
    keys = [_key(draft, element.slice) for element in node.slice]
    if len(keys) == 1 and not isinstance(keys[0], Starred) and not isinstance(node.slice[0].comma, cst.Comma):
        return ItemOf(base, keys[0])
    return ItemOf(base, Container("tuple", tuple(keys)))


def _key(draft: Draft, node: cst.BaseSlice) -> Value:
    if isinstance(node, cst.Index):
        value = draft.value(node.value)
        return Starred(value) if node.star else value
    for bound in (node.lower, node.upper, node.step) if isinstance(node, cst.Slice) else ():
        if bound is not None:
            draft.value(bound)
    return UNKNOWN


def _call(draft: Draft, node: cst.Call, awaited: bool = False) -> Value:
    function = draft.value(node.func)
    made = arguments(draft, node.args)
    draft.calls.append(
        Call(draft.scope, draft.block, draft.statement, draft.positions.span(node), function, made, awaited)
    )
    return CallOf(len(draft.calls) - 1)


def arguments(draft: Draft, nodes: Sequence[cst.Arg]) -> tuple[Argument, ...]:
    """The arguments of a call, or the bases and keywords of a class."""
    return tuple(
        [
            Argument(
                spelled(node.keyword) if node.keyword is not None else node.star or None,
                draft.value(node.value),
            )
            for node in nodes
        ]
    )


def _await(draft: Draft, node: cst.Await) -> Value:
    inner = node.expression
    return _call(draft, inner, awaited=True) if isinstance(inner, cst.Call) else draft.value(inner)


def _yield(draft: Draft, node: cst.Yield) -> Value:
    slot = draft.reserve()
    return Combined("yield", yielded(draft, node, slot))


def yielded(draft: Draft, node: cst.Yield, slot: int) -> tuple[Value, ...]:
    """Write the `yield` statement, and return what is yielded; `yield from x` yields `*x`."""
    draft.generators.add(draft.scope)
    value: Value | None = None
    if isinstance(node.value, cst.From):
        value = Starred(draft.value(node.value.item))
    elif node.value is not None:
        value = draft.value(node.value)
    draft.fill(slot, "yield", draft.positions.span(node), (), value)
    return () if value is None else (value,)


def _walrus(draft: Draft, node: cst.NamedExpr) -> Value:
    slot = draft.reserve()
    value = draft.value(node.value)
    draft.fill(slot, "walrus", draft.positions.span(node), (draft.value(node.target),), value)
    return value


def _if_expression(draft: Draft, node: cst.IfExp) -> Value:
    test = draft.value(node.test)
    body = draft.value(node.body)
    return OneOf("if", (body, draft.value(node.orelse)), test)


# --- numbers and text ---


def _integer(draft: Draft, node: cst.Integer) -> Value:
    try:
        return Const(int(node.value, 0), draft.positions.span(node))
    except ValueError:  # more digits than Python likes to convert
        return UNKNOWN


def _float(draft: Draft, node: cst.Float) -> Value:
    value = float(node.value)
    return Const(value, draft.positions.span(node)) if is_number(value) else UNKNOWN


_ESCAPE = re.compile(
    r"\\(\r\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]+\}|.)", re.DOTALL
)
_SINGLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
_SINGLE |= {"\n": "", "\r": "", "\r\n": ""}


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    if escape in _SINGLE:
        return _SINGLE[escape]
    try:
        if escape[0] == "N" and len(escape) > 1:
            return unicodedata.lookup(escape[2:-1])
        if escape[0] in "xuU" and len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape[0] in "01234567":
            return chr(int(escape, 8))
    except (KeyError, ValueError, OverflowError):
        pass
    return found[0]


def plain_text(body: str, raw: bool) -> str:
    """What the inside of a string literal means; a lone surrogate, which no report can print, becomes U+FFFD."""
    if "\r" in body:
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    if raw or "\\" not in body:
        return body
    return printable(_ESCAPE.sub(_unescaped, body))


def _text_of(node: cst.SimpleString) -> str | None:
    """The text of a string literal; None for bytes."""
    literal = node.value
    start = 0
    while literal[start] not in "'\"":
        start += 1
    prefix = literal[:start].lower()
    if "b" in prefix:
        return None
    width = 3 if literal[start : start + 3] in ('"""', "'''") and len(literal) - start >= 6 else 1
    return plain_text(literal[start + width : -width], "r" in prefix)


def _string(draft: Draft, node: cst.SimpleString) -> Value:
    text = _text_of(node)
    return UNKNOWN if text is None else Const(text, draft.positions.span(node))


def _formatted(draft: Draft, node: Any) -> Value:
    """f-strings and t-strings, which have the same fields."""
    return Joined(merged(_pieces(draft, node.parts, "r" in node.start.lower())))


def _pieces(draft: Draft, parts: Sequence[Any], raw: bool) -> list[Value]:
    pieces: list[Value] = []
    for part in parts:
        if type(part) in _TEXTS:
            if part.value.startswith("#"):
                draft.texts.add(id(part.value))
            pieces.append(Const(plain_text(part.value, raw).replace("{{", "{").replace("}}", "}")))
            continue
        if part.equal is not None:  # `{x = }` shows itself
            pieces.append(Const(_written(part)))
        pieces.append(draft.value(part.expression))
        if part.format_spec:
            _pieces(draft, part.format_spec, raw)
    return pieces


def _written(part: Any) -> str:
    nodes = (part.whitespace_before_expression, part.expression, part.whitespace_after_expression, part.equal)
    return "".join([cst.Module([]).code_for_node(node) for node in nodes])


def _concatenated(draft: Draft, node: cst.ConcatenatedString) -> Value:
    pieces: list[Any] = [node.left]
    right: Any = node.right
    while isinstance(right, cst.ConcatenatedString):
        pieces.append(right.left)
        right = right.right
    pieces.append(right)
    if all(isinstance(piece, cst.SimpleString) for piece in pieces):
        texts = [_text_of(piece) for piece in pieces]
        known = [text for text in texts if text is not None]
        return Const("".join(known), draft.positions.span(node)) if len(known) == len(texts) else UNKNOWN
    return Joined(merged(flattened([_piece(draft, piece) for piece in pieces])))


def _piece(draft: Draft, node: cst.BaseExpression) -> Value:
    text = _text_of(node) if isinstance(node, cst.SimpleString) else None
    return draft.value(node) if text is None else Const(text)


# --- operations ---


def _binary(draft: Draft, node: cst.BinaryOperation) -> Value:
    pending: list[cst.BinaryOperation] = [node]
    while isinstance(pending[-1].left, cst.BinaryOperation):
        pending.append(pending[-1].left)
    value = draft.value(pending[-1].left)
    joining: list[Value] | None = None  # the parts of a long `"a" + b + "c"`, copied once only
    for operation in reversed(pending):
        right = draft.value(operation.right)
        symbol = _BINARY.get(type(operation.operator), "?")
        if symbol == "+" and (joining is not None or is_text(value) or is_text(right)):
            joining = list(flattened([value])) if joining is None else joining
            joining.extend(flattened([right]))
            continue
        if joining is not None:
            value, joining = Joined(tuple(joining)), None
        if symbol == "%" and (is_text(value) or is_text(right)):
            given = right.items if isinstance(right, Container) and right.kind == "tuple" else (right,)
            value = Joined((*flattened([value]), *given))
        else:
            value = Combined(symbol, (value, right))
    if joining is not None:
        return Joined(tuple(joining))
    return value if len(pending) <= DEEPEST or is_shallow(value) else UNKNOWN


def _unary(draft: Draft, node: cst.UnaryOperation) -> Value:
    value = draft.value(node.expression)
    operator = node.operator
    if isinstance(operator, cst.Not):
        return Combined("not", (value,))
    symbol = "-" if isinstance(operator, cst.Minus) else "+" if isinstance(operator, cst.Plus) else "~"
    if symbol == "~" or not isinstance(value, Const) or type(value.value) not in (int, float):
        return Combined(symbol, (value,))
    assert isinstance(value.value, (int, float))
    return Const(-value.value if symbol == "-" else value.value, draft.positions.span(node))


def _boolean(draft: Draft, node: cst.BooleanOperation) -> Value:
    """`a or b or c` has three options; parentheses do not matter, since `or` is associative."""
    kind = type(node.operator)
    operands: list[cst.BaseExpression] = []
    pending: list[cst.BaseExpression] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, cst.BooleanOperation) and type(current.operator) is kind:
            pending += (current.right, current.left)
        else:
            operands.append(current)
    how: Literal["or", "and"] = "or" if kind is cst.Or else "and"
    return OneOf(how, tuple([draft.value(operand) for operand in operands]))


def _comparison(draft: Draft, node: cst.Comparison) -> Value:
    left = draft.value(node.left)
    made: list[Value] = []
    for target in node.comparisons:
        right = draft.value(target.comparator)
        made.append(Combined(_COMPARISONS.get(type(target.operator), "?"), (left, right)))
        left = right
    return made[0] if len(made) == 1 else OneOf("and", tuple(made))


# --- displays and comprehensions ---


def _display(kind: Literal["list", "tuple", "set"]) -> Reader:
    def read(draft: Draft, node: Any) -> Value:
        return Container(kind, tuple([draft.value(element) for element in node.elements]))

    return read


def _element(draft: Draft, node: cst.Element) -> Value:
    return draft.value(node.value)


def _starred(draft: Draft, node: Any) -> Value:
    return Starred(draft.value(node.value))


def _dict(draft: Draft, node: cst.Dict) -> Value:
    keys: list[Value | None] = []
    items: list[Value] = []
    for element in node.elements:
        keys.append(draft.value(element.key) if isinstance(element, cst.DictElement) else None)
        items.append(draft.value(element.value))
    return Container("dict", tuple(items), tuple(keys))


def _comprehension(op: str) -> Reader:
    def read(draft: Draft, node: Any) -> Value:
        _generators(draft, node, draft.positions.span(node))
        return Combined(op, (draft.value(node.elt),))

    return read


def _dict_comprehension(draft: Draft, node: cst.DictComp) -> Value:
    _generators(draft, node, draft.positions.span(node))
    return Combined("dictcomp", (draft.value(node.key), draft.value(node.value)))


def _starred_dict_comprehension(draft: Draft, node: Any) -> Value:
    _generators(draft, node, draft.positions.span(node))
    return Combined("dictcomp", (Starred(draft.value(node.value)),))


def _generators(draft: Draft, node: Any, span: Span) -> None:
    """A `for` statement for each generator, a `test` for each condition; they bear the comprehension's span."""
    generator = node.for_in
    while generator is not None:
        slot = draft.reserve()
        iterable = draft.value(generator.iter)
        draft.fill(slot, "for", span, (draft.value(generator.target),), iterable)
        for condition in generator.ifs:
            slot = draft.reserve()
            draft.fill(slot, "test", span, (), draft.value(condition.test))
        generator = generator.inner_for_in


# --- parameters and lambdas ---


def parameters(draft: Draft, node: cst.Parameters) -> tuple[Param, ...]:
    """The parameters in the order written; defaults and annotations belong to the scope around."""
    star = node.star_arg if isinstance(node.star_arg, cst.Param) else None
    groups: tuple[tuple[ParamKind, Sequence[cst.Param]], ...] = (
        ("positional-only", node.posonly_params),
        ("plain", node.params),
        ("*", () if star is None else (star,)),
        ("keyword-only", node.kwonly_params),
        ("**", () if node.star_kwarg is None else (node.star_kwarg,)),
    )
    return tuple([_parameter(draft, kind, param) for kind, params in groups for param in params])


def _parameter(draft: Draft, kind: ParamKind, node: cst.Param) -> Param:
    annotation = None if node.annotation is None else draft.value(node.annotation.annotation)
    default = None if node.default is None else draft.value(node.default)
    return Param(spelled(node.name), kind, default, annotation, draft.positions.trimmed(node))


def _lambda(draft: Draft, node: cst.Lambda) -> Value:
    around = draft.scope, draft.block, draft.statement
    draft.statement = NO_STATEMENT
    params = parameters(draft, node.params)
    span = draft.positions.span(node)
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


def _present(*names: str) -> tuple[type[cst.CSTNode], ...]:
    """Those node types that this LibCST has; older ones lack the newest syntax."""
    return tuple(getattr(cst, name) for name in names if hasattr(cst, name))


_TEXTS = _present("FormattedStringText", "TemplatedStringText")

_BINARY: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.LeftShift: "<<",
    cst.MatrixMultiply: "@",
    cst.Modulo: "%",
    cst.Multiply: "*",
    cst.Power: "**",
    cst.RightShift: ">>",
    cst.Subtract: "-",
}
_COMPARISONS: dict[type[cst.CSTNode], str] = {
    cst.Equal: "==",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.Is: "is",
    cst.IsNot: "is not",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.NotEqual: "!=",
    cst.NotIn: "not in",
}
READERS: dict[type[cst.CSTNode], Reader] = {
    cst.Attribute: _attribute,
    cst.Await: _await,
    cst.BinaryOperation: _binary,
    cst.BooleanOperation: _boolean,
    cst.Call: _call,
    cst.Comparison: _comparison,
    cst.ConcatenatedString: _concatenated,
    cst.Dict: _dict,
    cst.DictComp: _dict_comprehension,
    cst.Element: _element,
    cst.Float: _float,
    cst.GeneratorExp: _comprehension("genexp"),
    cst.IfExp: _if_expression,
    cst.Integer: _integer,
    cst.Lambda: _lambda,
    cst.List: _display("list"),
    cst.ListComp: _comprehension("listcomp"),
    cst.Name: _name,
    cst.NamedExpr: _walrus,
    cst.Set: _display("set"),
    cst.SetComp: _comprehension("setcomp"),
    cst.SimpleString: _string,
    cst.StarredElement: _starred,
    cst.Subscript: _subscript,
    cst.Tuple: _display("tuple"),
    cst.UnaryOperation: _unary,
    cst.Yield: _yield,
    **dict.fromkeys(_present("FormattedString", "TemplatedString"), _formatted),
    **dict.fromkeys(_present("StarredDictComp"), _starred_dict_comprehension),
}
