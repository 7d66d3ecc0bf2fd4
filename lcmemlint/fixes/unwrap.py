"""Takes a ``with`` away: its body moves one level out, and an assignment stands where the header was."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits, Refusal
from lcmemlint.fixes.trees import Tree, walk


def unwrapped(tree: Tree, node: cst.With, header: str) -> Edits | Refusal:
    """The edits that put ``header`` (a statement) in the place of a ``with`` of one item, and move its body out."""
    if len(node.items) != 1:
        return Refusal("the `with` opens other things too")
    if not isinstance(node.body, cst.IndentedBlock):
        return Refusal("the `with` has its body on its own line")
    start, end = tree.extent(node)
    first = tree.extent(node.body.body[0])[0]
    head_end = _header_end(tree, node, first)
    inside = tree.comments(start, head_end)
    if len(inside) > 1 or (inside and "\n" in tree.text[start:head_end]):
        return Refusal("comments stand inside the `with`")
    comment = f"  {inside[0]}" if inside else ""
    outer, inner = tree.indent(start), tree.indent(first)
    edits = [Edit(start, head_end, header + comment)]
    for at in _lines(tree, head_end, end):
        found = tree.indent(at)
        if found.startswith(inner) and inner.startswith(outer):
            edits.append(Edit(at + len(outer), at + len(inner), ""))
        elif tree.text[at : tree.line_end(at)].strip() and found.startswith(outer) and found != outer:
            edits.append(Edit(at + len(outer), at + len(found), ""))  # a continuation that hangs to the left
    return tuple(edits)


def _header_end(tree: Tree, node: cst.With, first: int) -> int:
    """Where the line with the colon ends: the line before the first line of the body, comments of that included."""
    item = node.items[0]
    after = tree.extent(item.asname)[1] if item.asname is not None else tree.extent(item)[1]
    return tree.line_end(tree.text.index(":", after) if ":" in tree.text[after:first] else after)


def _lines(tree: Tree, start: int, end: int) -> Iterator[int]:
    """Where the lines of a stretch of text begin, without those inside a text of several lines."""
    texts = [
        tree.extent(node)
        for node in (*walk(tree.module, cst.SimpleString), *walk(tree.module, cst.FormattedString))
    ]
    at = tree.next_line(start)
    while at < end:
        if not any(begin < at < stop for begin, stop in texts):
            yield at
        at = tree.next_line(at)
