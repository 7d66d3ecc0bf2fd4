"""One text → facts: parse, positions, walk, comments; and where a broken text is broken."""

from __future__ import annotations

import re

import libcst as cst

from lcmemlint.facts import FileFacts, Ignore, Problem
from lcmemlint.scan.comments import MENTIONED, ignores_in
from lcmemlint.scan.concrete.expressions import Draft
from lcmemlint.scan.concrete.positions import Positions
from lcmemlint.scan.concrete.statements import visit_module
from lcmemlint.scan.draft import line_starts, place_of, unread, whole_of
from lcmemlint.scan.nesting import with_room


def read(text: str) -> FileFacts:
    """What the text says; one that cannot be read has empty tables and one problem that says why."""
    try:
        try:
            return _read(text)
        except RecursionError:
            return with_room(_read, text)
    except cst.ParserSyntaxError as error:
        return unread(text, _syntax_problem(text, error))
    except UnicodeEncodeError as error:
        line, column = place_of(line_starts(text), error.start)
        return unread(text, Problem(line, column, "is not text: it has half of a surrogate pair"))
    except RecursionError:
        return unread(text, Problem(0, 0, "nested too deeply to be read"))


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
    return Problem(*place_of(starts, after if last is None else last.start()), "syntax error")


def _read(text: str) -> FileFacts:
    module = cst.parse_module(text)
    draft = Draft(positions=Positions(module, text))
    whole = whole_of(text)
    visit_module(draft, module, whole)
    return draft.facts(whole, _ignores(draft) if MENTIONED.search(text) else ())


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
