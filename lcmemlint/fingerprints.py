"""What makes a finding the same finding after the code around it has moved.

A fingerprint speaks of the rule, the file, the function around the place, the text of the code there, and what is
faulty in it; not of line numbers, and not of the sentence that a later version may word otherwise. Findings that
are alike in all of that are counted from the top of the file, so that one more of them is one that is not known.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lcmemlint.facts import MODULE, FileFacts
from lcmemlint.findings import Finding
from lcmemlint.values import Span

LENGTH: Final = 40
OF_FILE: Final = 12
"""Digits, the first, that speak of the file; those after them are the same wherever the file is moved."""


def fingerprints(
    findings: Iterable[Finding], facts: Mapping[str, FileFacts], lines: Mapping[str, Sequence[str]]
) -> dict[Finding, str]:
    """A fingerprint for each of the findings of a whole project: `LENGTH` hexadecimal digits, no two the same."""
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[Finding, str] = {}
    for finding in sorted(dict.fromkeys(findings), key=lambda finding: finding.order):
        of = facts.get(finding.at.path)
        around = "" if of is None else enclosing(of, finding.at.span)
        text = _text(lines.get(finding.at.path, ()), finding.at.span)
        parts = (finding.code, around, finding.symbol, text)
        alike = (finding.at.path, *parts)
        seen[alike] += 1
        rest = "\0".join((*parts, str(seen[alike])))
        found[finding] = _digest(finding.at.path, OF_FILE) + _digest(rest, LENGTH - OF_FILE)
    return found


def _digest(text: str, length: int) -> str:
    """Hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:length]


def enclosing(facts: FileFacts, span: Span) -> str:
    """The qualified name of the function or class around a place; "" is the module."""
    place = (span.line, span.column)
    around = [
        (block.span.end_line - block.span.line, block.span.end_column - block.span.column, block.scope)
        for block in facts.blocks
        if block.scope != MODULE
        and (block.span.line, block.span.column) <= place < (block.span.end_line, block.span.end_column)
    ]
    return facts.scopes[min(around)[2]].qualname if around else ""


def _text(lines: Sequence[str], span: Span) -> str:
    """The first line of the place, whatever its indent and comment; formatters move what follows."""
    if not 0 < span.line <= len(lines):
        return ""
    return " ".join(re.split(r"\s#", lines[span.line - 1], maxsplit=1)[0].split())
