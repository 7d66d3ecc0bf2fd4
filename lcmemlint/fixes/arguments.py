"""Arguments of calls: found, added and taken away, in the layout that the call has."""

from __future__ import annotations

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits
from lcmemlint.fixes.trees import Tree


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """The argument that the call passes by this name."""
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def has_stars(call: cst.Call) -> bool:
    """Whether the call passes ``*args`` or ``**options``, which may hold anything."""
    return any(arg.star for arg in call.args)


def without_argument(tree: Tree, call: cst.Call, gone: cst.Arg) -> Edits:
    """The edit that takes an argument away, with the comma that it no longer needs; lines of its own go whole."""
    number = next(at for at, arg in enumerate(call.args) if arg is gone)
    start, end = tree.extent(gone)
    close = tree.extent(call)[1] - 1
    comma = _comma_after(tree, end, close)
    if (
        tree.starts_line(start)
        and comma is not None
        and not tree.text[comma + 1 : tree.line_end(comma)].strip()
    ):
        return (Edit(tree.line_start(start), tree.next_line(comma), ""),)
    if number + 1 < len(call.args):
        return (Edit(start, tree.extent(call.args[number + 1])[0], ""),)
    first = tree.extent(call.args[number - 1])[1] if number else start
    return (Edit(first, end if number else (comma + 1 if comma is not None else end), ""),)


def added_argument(tree: Tree, call: cst.Call, argument: str, *, wrap: bool = True) -> Edits:
    """Edits that put an argument last in a call; a call with one argument a line stays so."""
    close = tree.extent(call)[1] - 1
    if not call.args:
        return (_first_argument(tree, call, argument, close),)
    last = call.args[-1]
    start, end = tree.extent(last)
    comma = _comma_after(tree, end, close)
    is_alone = tree.starts_line(start) and tree.line_start(start) != tree.line_start(tree.extent(call)[0])
    if not is_alone:
        return _behind(tree, call, argument, end, comma) if wrap else (Edit(end, end, f", {argument}"),)
    break_ = tree.newline + tree.indent(start)
    if comma is not None:
        at = comma + 1 if tree.line_end(comma) > close else tree.line_end(comma)
        return (Edit(at, at, f"{break_}{argument},"),)
    if tree.line_end(end) > close:
        return (Edit(end, end, f",{break_}{argument}"),)
    at = tree.line_end(end)
    return (Edit(end, end, ","), Edit(at, at, break_ + argument))


def _behind(tree: Tree, call: cst.Call, argument: str, end: int, comma: int | None) -> Edits:
    """One more argument on the line of the last one; a line that gets too long becomes three."""
    start, stop = tree.line_start(end), tree.line_end(end)
    close = tree.extent(call)[1] - 1
    first = tree.extent(call.args[0])[0]
    is_long = stop - start + len(argument) + 2 > _width(tree)
    if not is_long or not start <= first <= close <= stop or tree.has_comment(start, close):
        return (Edit(end, end, f", {argument}"),)
    indent = tree.indent(start)
    open_ = tree.text.rindex("(", 0, first) + 1
    last = f", {argument}{tree.newline}{indent}"
    return (
        Edit(open_, first, f"{tree.newline}{indent}{tree.step}"),
        Edit(end, close if comma is not None else end, last),
    )


def wrapped(tree: Tree, code: str, indent: str) -> str:
    """``x = f(a, b)`` on one line, or on three where that line would be too long for the file."""
    open_ = code.find("(") + 1
    if "\n" in code or not open_ or not code.endswith(")") or len(indent) + len(code) <= _width(tree):
        return code
    inner = f"{tree.newline}{indent}{tree.step}{code[open_:-1]}{tree.newline}{indent}"
    return f"{code[:open_]}{inner})"


def _width(tree: Tree) -> int:
    """How long a line of the file may be: as long as its longest, and 100 in any case."""
    return max(100, *(len(line) for line in tree.text.splitlines()), 0)


def _first_argument(tree: Tree, call: cst.Call, argument: str, close: int) -> Edit:
    open_ = tree.text.index("(", tree.extent(call.func)[1])
    inside = tree.text[open_ + 1 : close]
    if not inside.strip():
        return Edit(open_ + 1, close, argument)
    indent = tree.indent(tree.extent(call)[0])
    end = open_ + 1 + len(inside.rstrip())
    return Edit(end, end, f"{tree.newline}{indent}{tree.step}{argument},")


def _comma_after(tree: Tree, start: int, close: int) -> int | None:
    """Where the trailing comma is: comments between are skipped."""
    at = start
    while at < close:
        if tree.text[at] == "#":
            at = tree.line_end(at)
        elif tree.text[at] == ",":
            return at
        else:
            at += 1
    return None
