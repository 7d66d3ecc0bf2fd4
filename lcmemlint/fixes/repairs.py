"""What the fix of each finding would change, one finding at a time, as edits that others can show or carry out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from lcmemlint.findings import Edit, Finding, Repair
from lcmemlint.fixes.disk import lines_of, text_of
from lcmemlint.fixes.outcomes import Fixed
from lcmemlint.fixes.run import fix_files
from lcmemlint.values import NOWHERE, Location, Span


def repairs(
    root: Path,
    findings: Iterable[Finding],
    *,
    relint: Callable[[Mapping[str, str]], Sequence[Finding]],
    read: Callable[[str], bytes],
    files: Iterable[str],
    factory: str = "",
) -> dict[Finding, Repair]:
    """The repairs that hold, each as if it were the only one; the parameters are those of ``fix_files``.

    Safe and unsafe ones: ``Repair.fix`` says which it is. Findings whose fix is refused are left out.
    """
    known = tuple(files)
    unchanged: list[Sequence[Finding]] = []

    def relint_once(texts: Mapping[str, str]) -> Sequence[Finding]:
        """The texts as they are would be linted anew for every finding."""
        if texts:
            return relint(texts)
        if not unchanged:
            unchanged.append(relint(texts))
        return unchanged[0]

    found: dict[Finding, Repair] = {}
    for finding in findings:
        if finding.fix is None:
            continue
        result = fix_files(
            root,
            [finding],
            unsafe=True,
            relint=relint_once,
            write=False,
            read=read,
            files=known,
            factory=factory,
        )
        if finding in result.fixed and not result.failed:
            found[finding] = Repair(finding.fix, tuple(_edits(result.changed)))
    return found


def _edits(changed: Iterable[Fixed]) -> Iterator[Edit]:
    """The edits of all files, sorted by place."""
    for one in sorted(changed, key=lambda one: one.path):
        new = text_of(one.new)
        if one.old is None:
            yield Edit(Location(one.path, NOWHERE), new)
        else:
            yield from changes(one.path, text_of(one.old), new)


def changes(path: str, old: str, new: str) -> Iterator[Edit]:
    """The edits that make ``new`` of ``old``: lines are compared, and of each stretch only what differs is given."""
    before, after = lines_of(old), lines_of(new)
    for tag, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _trimmed(path, first, "".join(before[first:last]), "".join(after[start:end]))


def _trimmed(path: str, first: int, old: str, new: str) -> Edit:
    """The edit of a stretch that begins with line ``first`` (from 0), less what both have at its ends."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, end = _place(old, head), _place(old, len(old) - tail)
    span = Span(first + 1 + start[0], start[1], first + 1 + end[0], end[1])
    return Edit(Location(path, span), new[head : len(new) - tail])


def _place(text: str, offset: int) -> tuple[int, int]:
    """How many lines end before an offset, and how many characters follow the last of their ends."""
    lines = lines_of(f"{text[:offset]}|")
    return len(lines) - 1, len(lines[-1]) - 1
