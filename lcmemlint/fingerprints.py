"""What makes a finding the same finding after the code around it has moved.

A fingerprint speaks of the rule, the file, the function around the place, the text of the code there, and what is
faulty in it; not of line numbers, and not of the sentence that a later version may word otherwise. Findings that
are alike in all of that are counted from the top of the file, so that one more of them is one that is not known.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lcmemlint.facts import MODULE, FileFacts
from lcmemlint.findings import Finding
from lcmemlint.values import Span


def fingerprints(
    findings: Iterable[Finding], facts: Mapping[str, FileFacts], lines: Mapping[str, Sequence[str]]
) -> dict[Finding, str]:
    """A fingerprint for each of the findings of a whole project: 32 hexadecimal digits, no two the same."""
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[Finding, str] = {}
    for finding in sorted(dict.fromkeys(findings), key=lambda finding: finding.order):
        of = facts.get(finding.at.path)
        around = "" if of is None else enclosing(of, finding.at.span)
        text = _text(lines.get(finding.at.path, ()), finding.at.span)
        parts = (finding.code, finding.at.path, around, finding.symbol, text)
        seen[parts] += 1
        whole = "\0".join((*parts, str(seen[parts])))
        found[finding] = hashlib.sha256(whole.encode("utf-8", errors="surrogatepass")).hexdigest()[:32]
    return found


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
    """The first line of the place, whatever its indent; formatters move what follows."""
    if not 0 < span.line <= len(lines):
        return ""
    return " ".join(lines[span.line - 1].split())
