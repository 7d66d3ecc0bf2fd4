"""One text → its facts: guard, then the quick reader, then the one that reads everything.

Both give the same facts of a text that both can read; tests compare them.
"""

from __future__ import annotations

from lcmemlint.facts import FileFacts, Problem
from lcmemlint.scan import abstract
from lcmemlint.scan.draft import line_starts, place_of, unread
from lcmemlint.scan.nesting import too_deep


def read(text: str) -> FileFacts:
    """What the text says; one that cannot be read has empty tables and one problem that says why."""
    if "\0" in text:
        place = place_of(line_starts(text), text.index("\0"))
        return unread(text, Problem(*place, "is not text: it has a null byte"))
    problem = too_deep(text)
    if problem is not None:
        return unread(text, problem)
    found = abstract.read(text)
    if found is not None:
        return found
    from lcmemlint.scan import concrete  # LibCST takes longer to import than most projects to scan

    return concrete.read(text)
