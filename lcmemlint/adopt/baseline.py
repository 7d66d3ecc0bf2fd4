"""A baseline: the findings that a project had when it took the linter up, so that only new ones are reported.

An entry stands for one finding, told by its fingerprint; a file that was moved takes its entries along. A finding
that is like one in the baseline but one more of its kind is new. What a stranger writes into a baseline can hide
findings, as an ignore comment can, and nothing else: entries are compared, never opened, run or matched as patterns.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.engine import Analysis, Job, Report
from lcmemlint.errors import UsageError
from lcmemlint.fingerprints import OF_FILE
from lcmemlint.places import Disk, Place

DEFAULT_NAME: Final = "lcmemlint-baseline.json"
_KEY: Final = "lcmemlint-baseline"
_VERSION: Final = 1


class Entry(Struct, frozen=True, order=True):
    """One known finding. `message` is for people; `fingerprint` decides."""

    path: str
    code: str
    fingerprint: str
    message: str

    @property
    def anywhere(self) -> tuple[str, str]:
        """What is left of it when its file is moved."""
        return self.code, self.fingerprint[OF_FILE:]


def read_baseline(file: Path) -> tuple[Entry, ...]:
    """The entries of a file; raises `UsageError` with one line that says what is wrong with it."""
    return baseline_in(Disk(file.absolute().parent), file.name, str(file))


def baseline_in(place: Place, path: str, file: str) -> tuple[Entry, ...]:
    """The entries of a file of a place, which complaints call `file`; raises `UsageError`."""
    data = place.read(path)
    if not isinstance(data, bytes):
        missing = "" if place.has_file(path) else "; --write-baseline makes it"
        raise UsageError(f"{file}: {data.message}{missing}")
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        at = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{file}{at}: is not JSON; delete it and run --write-baseline") from error
    if not isinstance(whole, dict) or _KEY not in whole:
        raise UsageError(f"{file}: is not a baseline of lcmemlint")
    if whole[_KEY] != _VERSION:
        raise UsageError(f"{file}: was written by a newer version; update lcmemlint, or write it again")
    rows = whole.get("findings")
    if not isinstance(rows, list):
        raise UsageError(f"{file}: `findings` must be a list; delete the file and run --write-baseline")
    return tuple(_entry(file, number, row) for number, row in enumerate(rows, 1))


def _entry(file: str, number: int, row: object) -> Entry:
    """One entry, checked."""
    if isinstance(row, dict):
        values = [row.get(key) for key in ("path", "code", "fingerprint", "message")]
        if all(isinstance(value, str) for value in values):
            return Entry(*map(str, values))
    raise UsageError(
        f"{file}: entry {number} must have the texts path, code, fingerprint and message; run --write-baseline"
    )


def written(entries: Iterable[Entry]) -> str:
    """The text of a baseline: a line an entry, sorted, so that two branches can be merged."""
    rows = [
        json.dumps(
            {"path": one.path, "code": one.code, "fingerprint": one.fingerprint, "message": one.message}
        )
        for one in sorted(set(entries))
    ]
    listed = "[\n" + "".join(f"    {row}{',' if row is not rows[-1] else ''}\n" for row in rows) + "  ]"
    return f'{{\n  "{_KEY}": {_VERSION},\n  "findings": {listed if rows else "[]"}\n}}\n'


def entries_of(report: Report, job: Job, analysis: Analysis, before: Sequence[Entry]) -> tuple[Entry, ...]:
    """The baseline of a report: its findings, and of `before` what this run did not look at."""
    found = [Entry(one.at.path, one.code, report.fingerprints[one], one.message) for one in report.findings]
    return (*found, *(entry for entry in before if not _was_looked_for(entry, job, analysis)))


def without_known(report: Report, entries: Sequence[Entry], job: Job, analysis: Analysis) -> Report:
    """The report without the findings of a baseline; it tells how many those are and which are gone."""
    there = frozenset(report.fingerprints.values())
    known = frozenset(entry.fingerprint for entry in entries)
    left = [entry for entry in entries if entry.fingerprint not in there]
    files = {*job.tree.python, *job.tree.notebooks, *job.tree.manifests, *job.sources}
    moved = Counter(entry.anywhere for entry in left if entry.path not in files)
    shown = []
    for finding in report.findings:
        mark = report.fingerprints[finding]
        anywhere = (finding.code, mark[OF_FILE:])
        if mark in known:
            continue
        if moved[anywhere]:
            moved[anywhere] -= 1
            left.remove(next(one for one in left if one.anywhere == anywhere and one.path not in files))
            continue
        shown.append(finding)
    gone = [entry for entry in left if _was_looked_for(entry, job, analysis)]
    return replace(
        report,
        findings=tuple(shown),
        baselined=len(report.findings) - len(shown),
        gone=tuple(f"{entry.path}: {entry.code} {entry.message}" for entry in sorted(set(gone))),
    )


def _was_looked_for(entry: Entry, job: Job, analysis: Analysis) -> bool:
    """Whether this run would have found it, were it still there."""
    unread = {problem.path for problem in (*job.problems, *analysis.problems)}
    return entry.code in analysis.ran and job.is_asked(entry.path) and entry.path not in unread
