"""Dicts that held histories: whether anything still uses one, and the edit that takes its definition away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits, Emptied, Refusal
from lcmemlint.fixes.trees import Tree, dotted, uses, walk


def still_used(tree: Tree, emptied: Emptied) -> Refusal | None:
    """The refusal for a dict that other code of the file reads or writes: it would find nothing there any more."""
    node = other_use(tree, emptied.name)
    if node is None:
        return None
    written = tree.source(tree.statement(node)).splitlines()[0]
    return Refusal(f"`{emptied.name}` is also used on line {tree.line(node)} (`{_short(written)}`)")


def other_use(tree: Tree, name: str, *, besides: Iterable[tuple[int, int]] = ()) -> cst.CSTNode | None:
    """Where the file uses the dict, apart from its definitions and the stretches ``besides``."""
    known = tuple(besides)
    for node in _mentions(tree, name):
        if any(start <= tree.extent(node)[0] < end for start, end in known):
            continue
        if _definition(tree, node) is None and not isinstance(tree.parent(node), cst.NameItem):
            return node
    return None


def definitions(tree: Tree, name: str) -> Iterator[cst.SimpleStatementLine]:
    """The statements that make the dict."""
    for node in _mentions(tree, name):
        if (statement := _definition(tree, node)) is not None:
            yield statement


def removed(tree: Tree, name: str) -> Edits:
    """The edit that takes ``store = {}`` away, if it is a line of its own without any comment."""
    mentions = list(_mentions(tree, name))
    if len(mentions) != 1:
        return ()
    statement = _definition(tree, mentions[0])
    if statement is None or any(line.comment is not None for line in statement.leading_lines):
        return ()
    if (
        len(statement.body) != 1
        or any(True for _ in walk(statement, cst.Comment))
        or _is_alone(tree, statement)
    ):
        return ()
    if (
        f'"{name}"' in tree.text or f"'{name}'" in tree.text
    ):  # __all__, patch("module.store"), globals()["store"]
        return ()
    return (Edit(*tree.lines(statement), ""),)


def _mentions(tree: Tree, name: str) -> list[cst.CSTNode]:
    """All nodes that may mean the dict. For ``self.store`` these are all attributes of that name."""
    if "." not in name:
        return list(uses(tree, name))
    last = name.rpartition(".")[2]
    return [node for node in walk(tree.module, cst.Attribute) if node.attr.value == last]


def _definition(tree: Tree, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """The statement, when the node is what ``x = {}``, ``x: T = dict()`` or ``x = defaultdict(...)`` binds."""
    around = tree.parent(node)
    assign = tree.parent(around) if isinstance(around, cst.AssignTarget) else around
    if isinstance(assign, cst.Assign) and (len(assign.targets) != 1 or not _is_empty(assign.value)):
        return None
    if isinstance(assign, cst.AnnAssign) and (
        assign.target is not node or assign.value is None or not _is_empty(assign.value)
    ):
        return None
    if not isinstance(assign, cst.Assign | cst.AnnAssign):
        return None
    statement = tree.parent(assign)
    return statement if isinstance(statement, cst.SimpleStatementLine) else None


def _is_empty(value: cst.BaseExpression) -> bool:
    match value:
        case cst.Dict(elements=()):
            return True
        case cst.Call(func=func, args=()):
            return (dotted(func) or "").rpartition(".")[2] in (
                "dict",
                "defaultdict",
                "OrderedDict",
                "WeakValueDictionary",
            )
        case cst.Call(func=func):
            return (dotted(func) or "").rpartition(".")[2] == "defaultdict"
    return False


def _is_alone(tree: Tree, statement: cst.SimpleStatementLine) -> bool:
    """Whether the block would be empty without it."""
    block = tree.parent(statement)
    return isinstance(block, cst.IndentedBlock) and len(block.body) == 1


def _short(code: str) -> str:
    return code if len(code) <= 40 else f"{code[:37]}..."
