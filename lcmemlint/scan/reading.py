"""One text → its facts: guard, parse, positions, walk, comments."""

from __future__ import annotations

import re
from bisect import bisect_right

import libcst as cst

from lcmemlint.facts import FACTS_VERSION, MODULE, Block, FileFacts, Ignore, Problem, Scope
from lcmemlint.scan.comments import MENTIONED, ignores_in
from lcmemlint.scan.expressions import Draft
from lcmemlint.scan.nesting import too_deep, with_room
from lcmemlint.scan.positions import Positions, line_starts
from lcmemlint.scan.visitor import visit_module
from lcmemlint.values import Span


def read(text: str) -> FileFacts:
    """What the text says; one that cannot be read has empty tables and one problem that says why."""
    if "\0" in text:
        return _unread(text, Problem(*_place(text, text.index("\0")), "is not text: it has a null byte"))
    problem = too_deep(text)
    if problem is not None:
        return _unread(text, problem)
    try:
        try:
            return _read(text)
        except RecursionError:
            return with_room(_read, text)
    except cst.ParserSyntaxError as error:
        return _unread(text, _syntax_problem(text, error))
    except UnicodeEncodeError as error:
        line, column = _place(text, error.start)
        return _unread(text, Problem(line, column, "is not text: it has half of a surrogate pair"))
    except RecursionError:
        return _unread(text, Problem(0, 0, "nested too deeply to be read"))


_REPORTED = re.compile(r"error at (\d+):(\d+)")
_LAST_TOKEN = re.compile(r"(?:\w+|\S)\s*\Z")


def _syntax_problem(text: str, error: cst.ParserSyntaxError) -> Problem:
    """Where the parser gave up. LibCST names the token *after* the one that it could not take."""
    reported = _REPORTED.search(error.message)
    if reported is None:
        return Problem(0, 0, f"syntax error: {error.message.removeprefix('tokenizer error: ')}")
    starts = line_starts(text)
    after = starts[min(int(reported[1]), len(starts)) - 1] + int(reported[2])
    last = _LAST_TOKEN.search(text, max(0, after - 1000), after)
    return Problem(*_place(text, after if last is None else last.start()), "syntax error")


def _place(text: str, offset: int) -> tuple[int, int]:
    starts = line_starts(text)
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1]


def _read(text: str) -> FileFacts:
    module = cst.parse_module(text)
    positions = Positions(module, text)
    draft = Draft(positions)
    whole = _whole(text)
    visit_module(draft, module, whole)
    ignores = _ignores(draft) if MENTIONED.search(text) else ()
    return FileFacts(
        FACTS_VERSION,
        _line_count(whole),
        tuple(draft.scopes),
        tuple(draft.blocks),
        tuple(draft.imports),
        tuple(draft.statements),
        tuple(draft.calls),
        ignores,
        (),
    )


def _whole(text: str) -> Span:
    starts = line_starts(text)
    return Span(1, 0, len(starts), len(text) - starts[-1])


def _line_count(whole: Span) -> int:
    return whole.end_line if whole.end_column else whole.end_line - 1


def _ignores(draft: Draft) -> tuple[Ignore, ...]:
    """Comments are the tokens that begin with `#`; so does some text in f-strings, which the draft knows."""
    positions = draft.positions
    found: list[Ignore] = []
    for index, token in enumerate(positions.tokens):
        if not token.startswith("#") or id(token) in draft.texts:
            continue
        line, column = positions.place(index)
        start = positions.line_start(line)
        found.extend(ignores_in(token, line, column, not positions.text[start : start + column].strip()))
    return tuple(found)


def _unread(text: str, problem: Problem) -> FileFacts:
    whole = _whole(text)
    return FileFacts(
        FACTS_VERSION,
        _line_count(whole),
        (Scope("module", "", "", -1, -1, whole),),
        (Block(MODULE, -1, "body", None, whole),),
        (),
        (),
        (),
        (),
        (problem,),
    )
