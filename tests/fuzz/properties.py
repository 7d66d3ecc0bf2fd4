"""What must hold for every program: no crash, the same findings however it is asked, and fixes that break nothing."""

from __future__ import annotations

import ast
import io
import tempfile
import tokenize
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from lcmemlint import rows
from lcmemlint.config import Config
from lcmemlint.engine import Analysis, Job, analyse, bytes_of, prepare, prepare_place, relint, report
from lcmemlint.facts import Problem
from lcmemlint.findings import Finding
from lcmemlint.fixes.outcomes import Failed, Fixed, FixResult
from lcmemlint.fixes.run import fix_files
from lcmemlint.scan import abstract, concrete
from lcmemlint.sources import decode, text_of
from lcmemlint.suppress import UNUSED_IGNORE
from tests.fuzz.memory import Memory

CONFIG = Config()
HONEST = frozenset({"cannot be parsed: LibCST does not give this text back as it is"})
"""Failures that are told and leave the file alone; form feeds in odd places are the common cause."""
SHARE: Final = 20
UNRELATED: Final = b"import json\n\n\ndef unrelated(text):\n    return json.loads(text)\n"


class Broken(AssertionError):
    """A property that does not hold; the message says which."""


def examine(files: Mapping[str, bytes], seed: int | None = None, *, fix: bool = True) -> Counter[str]:
    """Analyse a project, fix it, analyse the result, and count what was seen (findings by code, fixes).

    Of the costly properties, `seed` chooses some, each for one program in twenty; without it, all are tried.
    """
    job, analysis = _analysed(files)
    found = report(job, analysis).findings
    seen = Counter(one.code for one in analysis.findings)
    seen["with findings"] = any(one.code != UNUSED_IGNORE for one in found)
    seen["parsed"] = bool(analysis.facts) and not analysis.problems
    for one in analysis.findings:
        _check_place(one, files)
    for number, check in enumerate(DEAR):
        if seed is None or seed % SHARE == number:
            seen[check.__name__.removeprefix("_").replace("_", " ")] = 1
            check(files, job, analysis, found)
    if fix and any(one.fix is not None for one in found):
        seen["fixes tried"] = 1
        seen["files fixed"] = _fix(files, job, analysis, found)
        if seen["files fixed"] and (seed is None or seed % SHARE == 9):
            seen["on the disk"] = 1
            _fix_on_disk(files)
    return seen


def _analysed(files: Mapping[str, bytes]) -> tuple[Job, Analysis]:
    job = prepare_place(Memory(files), config=CONFIG)
    analysis = analyse(job)
    if analysis.crashes:
        raise Broken(f"crash: {analysis.crashes[0]}")
    return job, analysis


def _check_place(one: Finding, files: Mapping[str, bytes]) -> None:
    for at in (one.at, *(step.at for step in (*one.because, *one.related))):
        if at.path not in files:
            raise Broken(f"{one.code} names a file that is not there: {at.path}")
        lines = files[at.path].count(b"\n") + files[at.path].count(b"\r") + files[at.path].count(b"\x0c") + 1
        if not 1 <= at.span.line <= lines:
            raise Broken(f"{one.code} names line {at.span.line} of {lines}")


# --- properties that cost another analysis ---


def _any_order(files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]) -> None:
    """The order in which a file system lists its files changes nothing."""
    _compare(_findings(dict(reversed(list(files.items())))), found, "another order of files")


def _both_readers(files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]) -> None:
    """Python's parser and LibCST give the same facts of a text that both can read."""
    for path in analysis.facts:
        text = text_of(files[path])
        quick = None if isinstance(text, Problem) else abstract.read(text)
        if quick is None or isinstance(text, Problem):
            continue
        slow = concrete.read(text)
        if quick != slow and not slow.problems:
            raise Broken(f"the two readers differ about {path}")


def _rows_give_facts_back(
    files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]
) -> None:
    """Facts come back from the cache as they went in."""
    for path, facts in analysis.facts.items():
        text = rows.dumps(facts)
        if text is not None and rows.loads(text) != facts:
            raise Broken(f"the cache changes the facts of {path}")


def _asked_for_one_file(
    files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]
) -> None:
    """A run for one file tells what a run for all tells of it."""
    for path in job.tree.python:
        asked = report(replace(job, asked=(path,)), analysis).findings
        _compare(asked, [one for one in found if one.at.path == path], f"asking for {path} alone")


def _unrelated_file(
    files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]
) -> None:
    """A file that has nothing to do with the others changes no finding."""
    _compare(_findings({**files, "zzz/unrelated.py": UNRELATED}), found, "an unrelated file")


def _parsing_all(files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]) -> None:
    """Files that are not parsed for want of a word of LangChain hold nothing that matters.

    Comments in them that hide nothing are not looked for, nor does LCM308 hear of a `setup()` in them.
    """
    word = min(job.catalogue.packages)
    everything = analyse(
        replace(job, skims={path: replace(one, words=(*one.words, word)) for path, one in job.skims.items()})
    )
    if not everything.problems and not analysis.problems:
        other = (UNUSED_IGNORE, "LCM308")
        told = [one for one in report(job, everything).findings if one.code not in other]
        _compare(told, [one for one in found if one.code not in other], "parsing every file")


DEAR: Final[tuple[Callable[[Mapping[str, bytes], Job, Analysis, Sequence[Finding]], None], ...]] = (
    _any_order,
    _both_readers,
    _rows_give_facts_back,
    _asked_for_one_file,
    _unrelated_file,
    _parsing_all,
)


def _findings(files: Mapping[str, bytes]) -> Sequence[Finding]:
    return report(*_analysed(files)).findings


def _compare(one: Sequence[Finding], other: Sequence[Finding], what: str) -> None:
    if list(map(repr, one)) != list(map(repr, other)):
        lost, new = set(map(repr, other)) - set(map(repr, one)), set(map(repr, one)) - set(map(repr, other))
        raise Broken(f"{what} changes findings: lost {sorted(lost)}, new {sorted(new)}")


# --- fixes ---


def _fix(files: Mapping[str, bytes], job: Job, analysis: Analysis, found: Sequence[Finding]) -> int:
    """Fix in memory, and analyse the result from the beginning; the number of files that changed."""
    fixed = _fixed(_fix_once(Path("/nowhere"), job, analysis, found, write=False))
    if not fixed:
        return 0
    after = {**files, **fixed}
    for path, data in fixed.items():
        _check_fixed(path, files.get(path), data)
    job, analysis = _analysed(after)
    left = report(job, analysis).findings
    new = _counted(left) - _counted(found)
    if new:
        raise Broken(f"a fix brings findings: {dict(new)}")
    if any(one.fix is not None for one in left):
        again = _fixed(_fix_once(Path("/nowhere"), job, analysis, left, write=False))
        if again:
            raise Broken(f"a second run fixes again: {sorted(again)}")
    return len(fixed)


def _counted(findings: Sequence[Finding]) -> Counter[str]:
    """Findings by code; a comment that a repair makes idle is no fault of the repair."""
    return Counter(one.code for one in findings if one.code != UNUSED_IGNORE)


def _fix_once(
    root: Path, job: Job, analysis: Analysis, findings: Sequence[Finding], *, write: bool
) -> FixResult:
    result = fix_files(
        root,
        findings,
        unsafe=True,
        relint=lambda texts: relint(job, analysis, texts),
        write=write,
        read=lambda path: bytes_of(job, path),
        files=job.tree.python,
        unsaved=frozenset(job.tree.python),
    )
    failed = [one for one in result.outcomes if isinstance(one, Failed) and one.error not in HONEST]
    if failed:
        raise Broken(f"a fix failed: {failed[0]}")
    return result


def _fixed(result: FixResult) -> dict[str, bytes]:
    return {one.path: one.new for one in result.outcomes if isinstance(one, Fixed)}


def _fix_on_disk(files: Mapping[str, bytes]) -> None:
    """What a fix says that it wrote is what stands there, and files that it does not name are as they were."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        root = Path(name)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        job = prepare([root], config=CONFIG, root=root)
        analysis = analyse(job)
        fixed = _fixed(_fix_once(root, job, analysis, report(job, analysis).findings, write=True))
        now = {
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
        }
        if now != {**files, **fixed}:
            raise Broken("the disk holds other files than the fix tells of")


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
    last = old.splitlines()[-1:]
    if old[-1:] not in b"\r\n" and new[-1:] in b"\r\n" and last == new.splitlines()[-1:]:
        raise Broken(f"{path}: a final newline is added")


def _comments(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found[token.string] += 1
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found
