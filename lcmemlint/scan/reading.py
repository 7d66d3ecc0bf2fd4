"""One text → its facts: guard, parse, positions, walk, comments."""

from __future__ import annotations

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
        return _unread(text, Problem(text.count("\n", 0, text.index("\0")) + 1, 0, "null byte"))
    problem = too_deep(text)
    if problem is not None:
        return _unread(text, problem)
    try:
        try:
            return _read(text)
        except RecursionError:
            return with_room(_read, text)
    except cst.ParserSyntaxError as error:
        return _unread(text, Problem(error.raw_line, error.raw_column, "syntax error"))
    except RecursionError:
        return _unread(text, Problem(0, 0, "nested too deeply to be read"))


def _read(text: str) -> FileFacts:
    module = cst.parse_module(text)
    positions = Positions(module)
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
