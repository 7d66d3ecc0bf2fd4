"""Comments that silence findings, read from one comment at a time, whatever language the comment stands in."""

from __future__ import annotations

import re
from typing import Literal

from lcmemlint.facts import Ignore

MENTIONED = re.compile(r"lcmemlint|noqa", re.IGNORECASE)
"""A comment without a match has no directive."""
_PARTS = ("lcmeml", "noqa")
"""Of each word what has no `i`: there are four letters that are the same, cases aside."""

_DIRECTIVE = r"""(?ix)
    \#\s*
    (?:
        lcmemlint \s*:\s* (?P<ours> ignore-file | ignore ) (?! [\w-] ) (?: \s* \[ (?P<codes> [^\]\#]* ) \] )?
      | noqa (?: \s*:\s* | \s+ (?= LCM ) ) (?P<noqa> [A-Z][A-Z0-9]* (?: [,\s]+ [A-Z]+[0-9]+ )* )
    )
    (?P<reason> [^\#]* )
    """
_CODE = r"(?i)[A-Z]+[0-9]*"
_NOT_REASON = " \t\r\n\f-–—:,;."


def may_have_ignores(text: str) -> bool:
    """Whether there may be a directive in a text; cheaper than to look for places, or at each of its comments."""
    lower = text.lower()
    return any(part in lower for part in _PARTS)


def ignores_in(comment: str, line: int, column: int, alone: bool) -> tuple[Ignore, ...]:
    """The directives of one comment, left to right; `comment` begins with its `#`.

    Several may share a comment (`# type: ignore  # noqa: LCM101`). A `noqa` without one of our codes is
    another tool's business. Codes are upper case whatever the comment says; a reason ends at the next `#`.
    """
    if MENTIONED.search(comment) is None:
        return ()
    return tuple(
        ignore
        for found in re.finditer(_DIRECTIVE, comment)
        if (ignore := _ignore(found, line, column, alone)) is not None
    )


def _ignore(found: re.Match[str], line: int, column: int, alone: bool) -> Ignore | None:
    written = found["noqa"] if found["ours"] is None else found["codes"]
    codes = tuple(code.upper() for code in re.findall(_CODE, written or ""))
    kind: Literal["ignore", "ignore-file", "noqa"] = "noqa"
    if found["ours"] is None:
        codes = tuple(code for code in codes if code.startswith("LCM"))
        if not codes:
            return None
    else:
        kind = "ignore-file" if found["ours"].lower() == "ignore-file" else "ignore"
    end = found.start() + len(found.group().rstrip())
    return Ignore(
        line=line,
        column=column + found.start(),
        end_column=column + end,
        alone=alone,
        kind=kind,
        codes=codes,
        reason=found["reason"].strip(_NOT_REASON),
    )
