"""Small faults that can be put into a module: what to replace by what, and where.

Left alone is what no test could or should notice: annotations, docstrings, type checking blocks, bodies of classes
(fields), default values, and texts for people (three words or more that are not Python).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

INVERSE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
REMOVABLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Delete, ast.Break, ast.Continue)
UNTOUCHED = (ast.Import, ast.ImportFrom, ast.Assert, ast.Global, ast.Nonlocal, ast.arguments)
UNREAD = frozenset({"annotation", "returns", "decorator_list", "bases", "type_params", "format_spec", "cls"})
"""Fields of syntax nodes that hold types or say what something is."""


@dataclass(frozen=True)
class Place:
    """Where the walk is: ``owner`` is the outermost function, None in the body of the module."""

    owner: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    statement: ast.stmt | None = None
    names: tuple[str, ...] = ()
    in_class: bool = False

    def inside(self, node: ast.AST) -> Place:
        """The place of what is below a node."""
        here = self
        if isinstance(node, ast.stmt):
            here = replace(here, statement=node)
        if isinstance(node, ast.ClassDef):
            return replace(here, names=(*here.names, node.name), in_class=here.owner is None)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return replace(here, names=(*here.names, node.name), owner=here.owner or node, in_class=False)
        return here


@dataclass(frozen=True)
class Change:
    """One fault: ``node`` takes the place of ``old`` in a field of ``holder``."""

    place: Place
    operator: str
    holder: ast.AST
    field: str
    index: int | None
    old: ast.expr | ast.stmt
    node: ast.AST

    @property
    def line(self) -> int:
        """Where it is, from 1."""
        return self.old.lineno

    @property
    def lines(self) -> range:
        """The lines that a run which meets the fault passes."""
        assert self.place.statement is not None
        if isinstance(self.old, ast.Break | ast.Continue) and self.place.owner is not None:
            # Python may jump without passing their line.
            return range(self.place.owner.lineno, (self.place.owner.end_lineno or 0) + 1)
        # A constant may be folded, and its line is none then; the head of a `match` or `try` is not above its cases.
        is_inside = (
            isinstance(self.place.statement, ast.Match | ast.Try) and self.old is not self.place.statement
        )
        first = self.old.lineno if is_inside else self.place.statement.lineno
        return range(first, (self.old.end_lineno or self.old.lineno) + 1)

    @property
    def function(self) -> str:
        """The qualified name of what it is in, empty in the body of the module."""
        return ".".join(self.place.names)

    @property
    def told(self) -> str:
        """`before -> after`, a line."""
        if isinstance(self.old, ast.Call) and isinstance(self.node, ast.Call):
            (dropped,) = (one for one in self.old.keywords if one not in self.node.keywords)
            return f"{ast.unparse(self.old.func)}(… {dropped.arg}=…) -> without"
        before, after = (" ".join(ast.unparse(node).split()) for node in (self.old, self.node))
        return f"{before} -> {after}"

    def apply(self) -> None:
        """Change the tree."""
        ast.copy_location(self.node, self.old)
        ast.fix_missing_locations(self.node)
        if self.index is None:
            setattr(self.holder, self.field, self.node)
        else:
            getattr(self.holder, self.field)[self.index] = self.node


def changes(tree: ast.Module) -> Iterator[Change]:
    """Every fault that the operators make of a module, in the order of the text."""
    return _below(tree, Place())


def _below(node: ast.AST, place: Place) -> Iterator[Change]:
    for field, value in ast.iter_fields(node):
        if field in UNREAD:
            continue
        listed = isinstance(value, list)
        for index, child in enumerate(value if listed else [value]):
            if not isinstance(child, ast.AST) or _is_exempt(child, node, place):
                continue
            inner = place.inside(child)
            if isinstance(child, ast.expr | ast.stmt) and (inner.owner is not None or _is_table(inner)):
                for operator, new in (*_negated(child, node, field), *_variants(child, inner)):
                    yield Change(inner, operator, node, field, index if listed else None, child, new)
            yield from _below(child, inner)


def _is_exempt(node: ast.AST, above: ast.AST, place: Place) -> bool:
    if isinstance(node, UNTOUCHED):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    if place.in_class and isinstance(node, ast.Assign | ast.AnnAssign):
        return True
    if isinstance(above, ast.Subscript) and node is above.slice and ast.unparse(above.value) == "Literal":
        return True
    return _is_union(node, above) or _is_prose(node)


def _is_union(node: ast.AST, above: ast.AST) -> bool:
    """`A | B` as the second argument of `isinstance`."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(above, ast.Call)
        and ast.unparse(above.func) == "isinstance"
    )


def _is_table(place: Place) -> bool:
    """A value that the body of a module assigns, unless that is a type."""
    if place.owner is not None or place.in_class:
        return False
    if isinstance(place.statement, ast.AnnAssign):
        return place.statement.value is not None and "TypeAlias" not in ast.unparse(
            place.statement.annotation
        )
    return isinstance(place.statement, ast.Assign) and ast.unparse(place.statement.targets[0]) != "__all__"


def _is_prose(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    else:
        return False
    if len([word for word in text.split() if word.strip("`.,;:()").isalpha()]) < 3:
        return False
    try:
        ast.parse(text.strip())
    except (SyntaxError, ValueError):
        return True
    return False


def _negated(node: ast.AST, above: ast.AST, field: str) -> Iterator[tuple[str, ast.AST]]:
    """A condition, the other way round, unless another operator does that already."""
    is_condition = (isinstance(above, ast.If | ast.While | ast.IfExp) and field == "test") or field == "ifs"
    if not is_condition or not isinstance(node, ast.expr):
        return
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return
    if not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        yield "negation", ast.UnaryOp(ast.Not(), node)


def _variants(node: ast.expr | ast.stmt, place: Place) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for index, op in enumerate(ops):
                for other in INVERSE[type(op)]:
                    yield "comparison", ast.Compare(left, _with(ops, index, other()), comparators)
        case ast.BoolOp(op=connective, values=values):
            yield "and/or", ast.BoolOp(ast.And() if isinstance(connective, ast.Or) else ast.Or(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "negation", operand
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            yield "arithmetic", ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.Constant(value=value):
            yield from (("constant", ast.Constant(other)) for other in _other_constants(value))
        case ast.Call(func=function, args=args, keywords=keywords):
            for index, keyword in enumerate(keywords):
                if keyword.arg is not None:
                    kept = [*keywords[:index], *keywords[index + 1 :]]
                    yield "keyword argument", ast.Call(function, args, kept)
        case ast.Return(value=value) if place.owner is not None and value is not None:
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield "return None", ast.Return(ast.Constant(None))
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in ARITHMETIC:
            yield "arithmetic", ast.AugAssign(target, ARITHMETIC[type(op)](), value)
    if place.owner is not None and isinstance(node, REMOVABLE):
        yield "statement", ast.Pass()


def _other_constants(value: object) -> Iterator[bool | int | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield f"XX{value}XX"


def _with(ops: Sequence[ast.cmpop], index: int, other: ast.cmpop) -> list[ast.cmpop]:
    return [*ops[:index], other, *ops[index + 1 :]]
