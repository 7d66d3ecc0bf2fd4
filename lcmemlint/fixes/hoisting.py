"""Arguments that must not be built again and again: they get a name in front of the function that uses them."""

from __future__ import annotations

import re

import libcst as cst
from msgspec import Struct

from lcmemlint.fixes.edits import Edit, Refusal
from lcmemlint.fixes.trees import Tree, dotted, walk


class Hoisted(Struct, frozen=True):
    """An argument that becomes a name: the edit in the call, and the statement that makes it."""

    edit: Edit
    assignment: str


def hoisted(tree: Tree, call: cst.Call, *, besides: cst.Call) -> tuple[Hoisted, ...] | Refusal:
    """The arguments of a call that are calls themselves, apart from those that hold ``besides``."""
    taken = {node.value for node in walk(tree.module, cst.Name)}
    found: list[Hoisted] = []
    for arg in call.args:
        calls = list(walk(arg.value, cst.Call))
        if not calls or any(each is besides for each in calls):
            continue
        if arg.star:
            return Refusal(f"`{tree.source(arg)}` would be built for every conversation")
        start, end = tree.extent(arg.value)
        name = arg.keyword.value if arg.keyword is not None else _named(calls[0])
        if name in taken - ({name} if arg.keyword is not None and _only_keywords(tree, name) else set()):
            name = next(each for each in (f"shared_{name}", f"{name}_") if each not in taken)
        taken.add(name)
        found.append(Hoisted(Edit(start, end, name), f"{name} = {_dedented(tree, start, end)}"))
    return tuple(found)


def _only_keywords(tree: Tree, name: str) -> bool:
    """Whether the file says a name only where calls pass something by it, or as an attribute."""
    for node in walk(tree.module, cst.Name):
        around = tree.parent(node)
        is_keyword = isinstance(around, cst.Arg) and around.keyword is node
        is_attribute = isinstance(around, cst.Attribute) and around.attr is node
        if node.value == name and not is_keyword and not is_attribute:
            return False
    return True


def _named(call: cst.Call) -> str:
    """A name for what a call makes: `retriever` of `index.as_retriever()`, `chat_open_ai` of `ChatOpenAI()`."""
    last = (dotted(call.func) or "argument").rpartition(".")[2]
    if isinstance(call.func, cst.Attribute):
        last = call.func.attr.value
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower()
    return re.sub(r"^(as|get|load|make|create|build)_", "", snake)


def _dedented(tree: Tree, start: int, end: int) -> str:
    """An expression moved to the left margin, when all its lines are indented as its first one is."""
    first, *rest = tree.text[start:end].split(tree.newline)
    indent = tree.indent(start)
    if all(line.startswith(indent) or not line.strip() for line in rest):
        rest = [line[len(indent) :] for line in rest]
    return tree.newline.join([first, *rest])


def indented(tree: Tree, code: str) -> str:
    """Code one level further to the right; empty lines stay empty."""
    lines = code.split(tree.newline)
    return tree.newline.join(f"{tree.step}{line}" if line.strip() else line for line in lines)
