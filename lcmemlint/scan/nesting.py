"""Texts nested so deeply that LibCST's native parser would overflow the stack, which kills the process.

It takes about a thousand brackets, or several thousand links of one expression. Python itself refuses more
than 200 nested brackets, so nothing that runs is lost. The parser's time grows with the square of the links, about
a second for 1,500 (measured with 1.8 on a slow core), so a text has a budget of them too. A cheap bound clears nearly
all texts; only the others are looked at closely.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from lcmemlint.facts import Problem

_Result = TypeVar("_Result")

_MOST_BRACKETS = 200
_MOST_LINKS = 1500
_MOST_ELIFS = 3000
_MOST_WORK = 8 * _MOST_LINKS**2
"""Squares of links of a whole text: some ten seconds."""
_SUSPECT_BRACKETS = 100

_BRACKETS = b"()[]{}"
_LINKS = b".+-*/%|&^~@<>"
_NOT_LINKS = bytes(byte for byte in range(256) if byte not in _LINKS + b")]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_WORD_LINKS = ("or", "and", "not", "else", "lambda", "elif", "await", "yield")

_NO_CODE = r"""
    \#[^\r\n]* | \\\r?\n
  | '''(?:[^\\']+|\\.|'(?!''))*(?:'''|\Z) | \"\"\"(?:[^\\"]+|\\.|"(?!""))*(?:\"\"\"|\Z)
  | '(?:[^\\'\n]+|\\.)*' | "(?:[^\\"\n]+|\\.)*"
"""
_COMMENT_OR_STRING = re.compile(_NO_CODE, re.VERBOSE | re.DOTALL)
_DEFINITION = re.compile(r"[\r\n][ \t]*(?:async[ \t]+)?(?:def|class)[ \t]")
"""A line that cannot stand inside an expression."""
_TOKEN = re.compile(
    _NO_CODE
    + r"""
  | (?P<open> [(\[{] ) | (?P<close> [)\]}] ) | (?P<next> [,;\r\n] )
  | (?P<elif> \belif\b ) | (?P<link> [-.+*/%|&^~@]|<<|>>|\b(?:or|and|not|else|lambda|await|yield)\b )
    """,
    re.VERBOSE | re.DOTALL,
)


def too_deep(text: str) -> Problem | None:
    """The place where the text becomes too deep to be parsed, or None."""
    if not _looks_deep(text):
        return None
    depths = [0]  # links in the current item of each open bracket
    links = elifs = work = 0
    closed = -1
    for found in _TOKEN.finditer(text):
        what = found.lastgroup
        if what == "link" or (
            what == "open" and closed >= 0 and not text[closed : found.start()].strip(" \t")
        ):
            depths[-1] += 1
            links += 1
        closed = -1
        if what == "open":
            depths.append(0)
        elif what == "close":
            closed = found.end()
            if len(depths) > 1:
                links -= depths[-1]
                work += depths.pop() ** 2
        elif what == "next" and (len(depths) == 1 or found[0] == ","):
            links -= depths[-1]
            work += depths[-1] ** 2
            depths[-1] = 0
        elif what == "elif":
            elifs += 1
        if (
            len(depths) - 1 > _MOST_BRACKETS
            or links > _MOST_LINKS
            or elifs > _MOST_ELIFS
            or work + links**2 > _MOST_WORK
        ):
            line = text.count("\n", 0, found.start()) + 1
            return Problem(
                line, found.start() - text.rfind("\n", 0, found.start()) - 1, "nested too deeply to be read"
            )
    return None


def _looks_deep(text: str) -> bool:
    return _looks_long(text) or _looks_bracketed(text)


def _looks_long(text: str) -> bool:
    """Whether there may be too many links in one expression, or in all of them together."""
    if _links_at_most(text) <= _MOST_LINKS:
        return False
    code = _COMMENT_OR_STRING.sub('"', text)
    counts = [_links_at_most(part) for part in _DEFINITION.split(code)]
    return (
        max(counts) > _MOST_LINKS
        or sum(count**2 for count in counts) > _MOST_WORK
        or code.count("elif") > _MOST_ELIFS
    )


def _links_at_most(text: str) -> int:
    signs = len(text.encode("ascii", "ignore").translate(None, _NOT_LINKS))
    return signs + sum(map(text.count, _WORD_LINKS))


def _looks_bracketed(text: str) -> bool:
    brackets = text.encode("ascii", "ignore").translate(None, _NOT_BRACKETS)
    for _ in range(_SUSPECT_BRACKETS):
        inner = brackets.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        if len(inner) == len(brackets):
            break
        brackets = inner
    return len(brackets) > _SUSPECT_BRACKETS


_ONE_AT_A_TIME = threading.Lock()  # the recursion limit belongs to the whole interpreter
_ROOM = 256 * 1024 * 1024
_FRAMES = 60_000


def with_room(work: Callable[[str], _Result], text: str) -> _Result:
    """`work(text)` on a stack that is large and the same wherever it is called from.

    Whether Python's recursion limit is reached depends on how deep the caller is, and facts must not.
    """
    results: list[_Result] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work(text))
        except Exception as error:
            errors.append(error)

    with _ONE_AT_A_TIME:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_ROOM)
        sys.setrecursionlimit(max(limit, _FRAMES))
        try:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        finally:
            sys.setrecursionlimit(limit)
            threading.stack_size(size)
    if errors:
        raise errors[0]
    return results[0]
