"""Comments that silence findings, in a text that Python's `ast` has parsed: it drops them."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from lcmemlint.facts import Ignore
from lcmemlint.scan.abstract.places import Places, Unsure
from lcmemlint.scan.comments import MENTIONED, ignores_in, may_have_ignores


def ignores(text: str, tree: ast.Module, places: Places) -> tuple[Ignore, ...]:
    """The directives of all comments, in order of place."""
    if not may_have_ignores(text):
        return ()
    lines = sorted({places.place(found.start())[0] for found in MENTIONED.finditer(text)})
    strings = _strings(tree, places, lines)
    found: list[Ignore] = []
    for line in lines:
        start = places.offset(line, 0)
        end = min(
            (at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0), default=len(text)
        )
        for hash_at in _hashes(text, start, end):
            around = [(first, last) for first, last in strings if first <= hash_at < last]
            if not around:
                before = text[start:hash_at].strip()
                found.extend(ignores_in(text[hash_at:end], line, hash_at - start, not before))
                break
            if any("\n" in text[first:last] or "\r" in text[first:last] for first, last in around):
                return _by_tokens(text)  # between two lines of a string there may be comments
    return tuple(found)


def _hashes(text: str, start: int, end: int) -> Iterator[int]:
    at = text.find("#", start, end)
    while at >= 0:
        yield at
        at = text.find("#", at + 1, end)


def _strings(tree: ast.Module, places: Places, lines: list[int]) -> list[tuple[int, int]]:
    """Where literal text stands that is in one of these lines, as indexes of first and last character."""
    return [
        (places.offset(*places.start(node)), places.offset(*places.end(node)))
        for node in _nodes_in(tree, lines)
        if isinstance(node, ast.JoinedStr)
        or type(node).__name__ == "TemplateStr"
        or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))
    ]


def _nodes_in(tree: ast.Module, lines: list[int]) -> Iterator[ast.AST]:
    """The nodes that these lines may be part of."""
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None)
        if last is not None:
            decorators = getattr(node, "decorator_list", ())
            first = decorators[0].lineno if decorators else first
            at = bisect_left(lines, first)
            if at == len(lines) or lines[at] > last:
                continue
        yield node
        pending += ast.iter_child_nodes(node)


def _by_tokens(text: str) -> tuple[Ignore, ...]:
    found: list[Ignore] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                comment = token.string.rstrip("\r")
                found.extend(ignores_in(comment, line, column, not token.line[:column].strip()))
    except (tokenize.TokenError, SyntaxError) as error:
        raise Unsure(str(error)) from error
    return tuple(found)
