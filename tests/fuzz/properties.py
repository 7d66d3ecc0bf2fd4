"""What must hold for every program: no crash, the same findings in any order, and fixes that break nothing."""

from __future__ import annotations

import ast
import io
import tempfile
import tokenize
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from lcmemlint.config import Config
from lcmemlint.engine import Analysis, Job, analyse, prepare, prepare_place, relint, report
from lcmemlint.findings import Finding
from lcmemlint.fixes.outcomes import Failed, Fixed
from lcmemlint.fixes.run import fix_files
from lcmemlint.sources import decode
from tests.fuzz.memory import Memory

CONFIG = Config()
HONEST = frozenset({"cannot be parsed: LibCST does not give this text back as it is"})
"""Failures that are told and leave the file alone; form feeds in odd places are the common cause."""


class Broken(AssertionError):
    """A property that does not hold; the message says which."""


def examine(files: Mapping[str, bytes]) -> Counter[str]:
    """Analyse a project in two orders, fix it, and count what was seen (findings by code, fixes)."""
    job, analysis = _analysed(files)
    found = _told(job, analysis)
    if _told(*_analysed(dict(reversed(list(files.items()))))) != found:
        raise Broken("another order of files gives other findings")
    seen = Counter(one.code for one in analysis.findings)
    for one in analysis.findings:
        _check_place(one, files)
    if any(one.fix is not None for one in analysis.findings):
        seen["fixes"] += _fix(files)
    return seen


def _analysed(files: Mapping[str, bytes]) -> tuple[Job, Analysis]:
    job = prepare_place(Memory(files), config=CONFIG)
    analysis = analyse(job)
    if analysis.crashes:
        raise Broken(f"crash: {analysis.crashes[0]}")
    return job, analysis


def _told(job: Job, analysis: Analysis) -> list[str]:
    return [repr(one) for one in report(job, analysis).findings]


def _check_place(one: Finding, files: Mapping[str, bytes]) -> None:
    for at in (one.at, *(step.at for step in (*one.because, *one.related))):
        if at.path not in files:
            raise Broken(f"{one.code} names a file that is not there: {at.path}")
        lines = files[at.path].count(b"\n") + files[at.path].count(b"\r") + files[at.path].count(b"\x0c") + 1
        if not 1 <= at.span.line <= lines:
            raise Broken(f"{one.code} names line {at.span.line} of {lines}")


def _fix(files: Mapping[str, bytes]) -> int:
    """Fix in a folder; the number of fixes."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        root = Path(name)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        before, fixed = _fix_once(root)
        if not fixed:
            return 0
        after, again = _fix_once(root)
        if again:
            raise Broken(f"a second run fixes again: {sorted(again)}")
        new = Counter(one.code for one in after) - Counter(one.code for one in before)
        if new:
            raise Broken(f"a fix brings findings: {dict(new)}")
        for path, data in fixed.items():
            _check_fixed(path, files.get(path), data)
        return len(fixed)


def _fix_once(root: Path) -> tuple[list[Finding], dict[str, bytes]]:
    job = prepare([root], config=CONFIG, root=root)
    analysis = analyse(job)
    findings = report(job, analysis).findings
    result = fix_files(
        root,
        findings,
        unsafe=True,
        relint=lambda texts: relint(job, analysis, texts),
        write=True,
        read=lambda path: job.sources[path].data,
        files=job.tree.python,
    )
    failed = [one for one in result.outcomes if isinstance(one, Failed) and one.error not in HONEST]
    if failed:
        raise Broken(f"a fix failed: {failed[0]}")
    return list(findings), {one.path: one.new for one in result.outcomes if isinstance(one, Fixed)}


def _check_fixed(path: str, old: bytes | None, new: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if old is None:
            ast.parse(new)
            return
        try:
            ast.parse(old)
        except (SyntaxError, ValueError):
            pass  # newer syntax than this Python knows, which LibCST read
        else:
            ast.parse(new)
    before, after = decode(old)[0], decode(new)[0]
    lost = _comments(before) - _comments(after)
    if lost:
        raise Broken(f"{path}: comments are lost: {dict(lost)}")
    if old.count(b"\r\n") == old.count(b"\n") != 0 and new.count(b"\r\n") != new.count(b"\n"):
        raise Broken(f"{path}: newlines are mixed")
    if old[:3] == b"\xef\xbb\xbf" != new[:3]:
        raise Broken(f"{path}: the byte order mark is lost")


def _comments(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found[token.string] += 1
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found
