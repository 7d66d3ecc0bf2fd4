"""Silence on request: comments in the code and per-file ignores, and the ignores that hide nothing.

A comment `# lcmemlint: ignore[LCM101] reason` speaks for

- the line it stands on;
- the statement that begins on that line, however many lines it has;
- the finding that ends on that line (formatters move a comment behind the closing bracket);
- when it is alone on its line: the first line of code below it.

`# lcmemlint: ignore-file[LCM101]` speaks for the whole file, `# noqa: LCM101` like `ignore`. Without codes,
each means every rule. A comment of ours that hides nothing is itself a finding, `LCM001`, unless one of the
rules that it names was not run: then nobody knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from lcmemlint.config import Config
from lcmemlint.facts import FileFacts, Ignore
from lcmemlint.findings import Finding, Silenced
from lcmemlint.sources import matches
from lcmemlint.values import Location, Span

UNUSED_IGNORE: Final = "LCM001"
OUR_PREFIX: Final = "LCM"


class Comments(Struct, frozen=True):
    """The ignore comments of one file, and its statements; of a manifest: the instructions over several lines."""

    ignores: tuple[Ignore, ...]
    statements: tuple[Span, ...] = ()


class Suppressed(Struct, frozen=True):
    """What is left, what was hidden, and the comments that hid nothing (as findings)."""

    kept: tuple[Finding, ...]
    hidden: tuple[Silenced, ...]
    unused: tuple[Finding, ...]


def suppress(
    findings: Iterable[Finding],
    facts: Mapping[str, FileFacts],
    *,
    config: Config,
    known: Mapping[str, str],
    ran: Collection[str],
    manifests: Mapping[str, Comments] = MappingProxyType({}),
) -> Suppressed:
    """Take out the findings that comments or per-file ignores hide.

    `known` maps code → name of every rule; `ran` are the codes whose checks ran to their end; `manifests`
    are the comments of files that are no Python.
    """
    per_file = [(glob, codes) for glob, codes in config.per_file_ignores]
    comments = {path: _comments(of) for path, of in facts.items() if of.ignores} | dict(manifests)
    ignores = {path: _Ignores(path, of, known) for path, of in comments.items()}
    kept: list[Finding] = []
    hidden: list[Silenced] = []
    for finding in findings:
        own = ignores.get(finding.at.path)
        # Asked first, so that a comment in a file with per-file ignores is not called unused.
        comment = None if own is None else own.hiding(finding)
        if comment is not None:
            hidden.append(Silenced(finding, "comment", comment.reason))
        elif _is_ignored_file(finding, per_file, known):
            hidden.append(Silenced(finding, "configuration"))
        else:
            kept.append(finding)
    unused = [one for path in sorted(ignores) for one in ignores[path].unused(ran)]
    return Suppressed(tuple(kept), tuple(hidden), tuple(unused))


def _is_ignored_file(
    finding: Finding, per_file: Iterable[tuple[str, tuple[str, ...]]], known: Mapping[str, str]
) -> bool:
    """Whether the configuration silences this code in this file."""
    return any(
        _names(codes, finding.code, known) and matches([glob], finding.at.path) for glob, codes in per_file
    )


def _names(codes: Sequence[str], code: str, known: Mapping[str, str]) -> bool:
    """Whether one of the codes, prefixes or rule names means this code."""
    return any(_means(written, code, known) for written in codes)


def _means(written: str, code: str, known: Mapping[str, str]) -> bool:
    """Whether `written` (code, prefix, rule name or `ALL`) means this code."""
    upper = written.upper()
    return upper == "ALL" or code.startswith(upper) or written.lower() == known.get(code)


def _comments(facts: FileFacts) -> Comments:
    """The comments of a Python file."""
    return Comments(facts.ignores, tuple(statement.span for statement in facts.statements))


class _Ignores:
    """The comments of one file; remembers which of their codes hid something."""

    def __init__(self, path: str, comments: Comments, known: Mapping[str, str]) -> None:
        self.path = path
        self.known = known
        self.statements = comments.statements
        self.whole_file = [one for one in comments.ignores if one.kind == "ignore-file"]
        self.by_line: dict[int, list[Ignore]] = {}
        for one in comments.ignores:
            if one.kind != "ignore-file":
                self.by_line.setdefault(one.line, []).append(one)
        self.used: set[tuple[Ignore, str]] = set()

    def hiding(self, finding: Finding) -> Ignore | None:
        """The first comment that hides the finding; notes all of them."""
        first: Ignore | None = None
        for ignore in (*self.whole_file, *self._at(finding.at.span)):
            if not ignore.codes:
                self.used.add((ignore, ""))
                first = first or ignore
            for written in ignore.codes:
                if _means(written, finding.code, self.known):
                    self.used.add((ignore, written))
                    first = first or ignore
        return first

    def _at(self, span: Span) -> list[Ignore]:
        """The comments that speak for a place."""
        first = self._statement_line(span)
        lines = {span.line, span.end_line, first}
        for start in (span.line, first):
            above = start - 1
            while any(one.alone for one in self.by_line.get(above, ())):
                lines.add(above)
                above -= 1
        return [one for line in sorted(lines) for one in self.by_line.get(line, ())]

    def _statement_line(self, span: Span) -> int:
        """The first line of the smallest statement around a place."""
        place = (span.line, span.column)
        around = [
            (one.end_line - one.line, one.end_column - one.column, one.line)
            for one in self.statements
            if (one.line, one.column) <= place < (one.end_line, one.end_column)
        ]
        return min(around)[2] if around else span.line

    def unused(self, ran: Collection[str]) -> Iterable[Finding]:
        """A finding for every comment that names something it did not hide."""
        comments = [one for ones in self.by_line.values() for one in ones] + self.whole_file
        for ignore in sorted(comments, key=lambda one: (one.line, one.column)):
            codes = [code for code in ignore.codes if ignore.kind != "noqa" or _is_ours(code)]
            if codes:
                message = self._unused_codes(ignore, codes, ran)
            elif ignore.codes or ignore.kind == "noqa" or (ignore, "") in self.used:
                message = ""  # a bare noqa may be meant for another linter
            else:
                message = "this comment hides no finding" if self._all_ran("", ran) else ""
            if message:
                yield self._finding(ignore, message)

    def _unused_codes(self, ignore: Ignore, codes: Sequence[str], ran: Collection[str]) -> str:
        """The sentence about the codes that hid nothing, "" if there are none."""
        unknown = [code for code in codes if not any(_means(code, one, self.known) for one in self.known)]
        idle = [
            code
            for code in codes
            if code not in unknown and (ignore, code) not in self.used and self._all_ran(code, ran)
        ]
        parts = [f"no rule is called {_listed(unknown)}"] if unknown else []
        parts += [f"this comment hides no finding of {_listed(idle)}"] if idle else []
        return ", and ".join(parts)

    def _all_ran(self, written: str, ran: Collection[str]) -> bool:
        """Whether every rule that is meant was run to its end; "" means all rules."""
        meant = [code for code in self.known if code != UNUSED_IGNORE and _means(written, code, self.known)]
        return all(code in ran for code in meant)

    def _finding(self, ignore: Ignore, message: str) -> Finding:
        """The finding about one comment."""
        return Finding(
            code=UNUSED_IGNORE,
            message=message,
            at=Location(self.path, Span(ignore.line, ignore.column, ignore.line, ignore.end_column)),
            severity="note",
            confidence="certain",
            symbol=",".join(ignore.codes),
            help="remove the comment, or the codes that hide nothing",
        )


def _is_ours(code: str) -> bool:
    """Whether a code in a `noqa`, which all linters share, is one of ours."""
    return code.upper().startswith(OUR_PREFIX)


def _listed(codes: Sequence[str]) -> str:
    """`a`, `b`"""
    return ", ".join(f"`{code}`" for code in codes)
