"""The pages of the rules (`rules/lcm101-per-request-memory.md`), read into `Rule` and `Example`.

A page is TOML front matter between `+++` lines, `# name (CODE)`, one lead sentence, and the headings Why,
Bad, Fixed, Good, Limits, See also. It is what `--explain` prints and what the tests run:

- a line that holds only a file name in backquotes and a colon, then a fenced block, is one file;
- files that follow each other make one little project; a `###` heading, or a file name that repeats,
  begins the next one;
- `# expect: LCM101` ends the line where the finding must be (it is not part of the file); files that
  can hold no comment are spoken for in the front matter: `expect = ["langgraph.json:3 LCM402"]`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar, get_args

from msgspec import Struct

from lcmemlint import toml
from lcmemlint.catalogue import rulebook_root
from lcmemlint.errors import RulebookError, UsageError, did_you_mean
from lcmemlint.findings import Confidence, Severity

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

Word = TypeVar("Word", bound=str)

HEADINGS: Final = ("Why", "Bad", "Fixed", "Good", "Limits", "See also")
FIXES: Final = ("none", "safe", "unsafe", "sometimes")
STATUSES: Final = ("preview", "stable", "deprecated", "removed")
KEYS: Final = frozenset(
    {
        "code",
        "name",
        "group",
        "severity",
        "confidence",
        "fix",
        "since",
        "status",
        "replaces",
        "expect",
        "evidence",
    }
)
EVIDENCE_KEYS: Final = frozenset({"findings", "repositories", "of", "right", "wrong", "known-false-alarms"})

_FILE_NAME: Final = re.compile(r"(lcm\d{3})-([a-z0-9-]+)\.md")
_EXPECT: Final = r"[ \t]*(?:#|//)[ \t]*expect:[ \t]*(LCM\d+(?:[ \t]*,[ \t]*LCM\d+)*)[ \t]*$"
_NAMED_FILE: Final = r"`([^`\s]+)`:"
_FENCE: Final = r"(`{3,}|~{3,})[ \t]*([\w.+-]*)[ \t]*"


class Evidence(Struct, frozen=True):
    """What the rule found in public repositories that were labelled by hand beforehand.

    Findings at places that the labels leave open, or outside the parts that were labelled, are neither right nor wrong.
    """

    findings: int
    repositories: int
    """How many repositories have such findings."""
    of: int
    """How many repositories were read."""
    right: int
    wrong: int
    known_false_alarms: tuple[str, ...]
    """Kinds of code that the rule is known to report without a fault, a sentence each."""

    @property
    def not_judged(self) -> int:
        """Findings at places that the labels leave open."""
        return self.findings - self.right - self.wrong

    @property
    def precision(self) -> float | None:
        """The share of right findings among those that were judged; None if none was."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


class Rule(Struct, frozen=True):
    """One page. `summary` is its lead sentence, `body` everything after that, as Markdown."""

    code: str
    name: str
    group: str
    severity: Severity
    confidence: Confidence
    fix: str
    since: str
    status: str
    replaces: tuple[str, ...]
    summary: str
    body: str
    page: str
    """The file name of the page."""
    evidence: Evidence | None = None
    expect: tuple[tuple[str, int, str], ...] = ()
    """What the front matter expects of files that can hold no comment: path, line, code."""

    @property
    def is_fixable(self) -> bool:
        """Whether some findings of this rule can be repaired."""
        return self.fix != "none"


class Example(Struct, frozen=True):
    """A little project on a page, and the findings that it must have."""

    section: str
    title: str
    files: Mapping[str, str]
    expected: frozenset[tuple[str, int, str]]
    line: int
    """Where it begins, counted in the body of the rule."""


@cache
def names() -> Mapping[str, str]:
    """Code → name of every rule, from the file names of the pages: no page is opened."""
    return _names(rulebook_root())


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the codes."""
    return read_rules(rulebook_root())


def rule(code_or_name: str) -> Rule:
    """The rule with this code, name or former name."""
    root = rulebook_root()
    wanted = code_or_name.strip()
    for code, name in _names(root).items():
        if wanted.upper() == code or wanted.lower() == name:
            return _read(root, code, name)
    for one in rules():
        if wanted.lower() in one.replaces or wanted.upper() in one.replaces:
            return one
    # A code is a number: the nearest one is no better than any other.
    is_code = re.fullmatch(r"(?i)LCM\d*", wanted) is not None
    hint = "" if is_code else did_you_mean(wanted, _names(root).values())
    raise UsageError(f"no rule is called `{wanted}`{hint or '; --list-rules shows all rules'}")


def read_rules(root: Traversable) -> tuple[Rule, ...]:
    """Every page of a folder, in the order of the codes."""
    return tuple(_read(root, code, name) for code, name in _names(root).items())


def _names(root: Traversable) -> Mapping[str, str]:
    """Code → name, in the order of the codes."""
    found = sorted(match.groups() for entry in root.iterdir() if (match := _FILE_NAME.fullmatch(entry.name)))
    return MappingProxyType({code.upper(): name for code, name in found})


def _read(root: Traversable, code: str, name: str) -> Rule:
    """One page of the folder."""
    page = f"{code.lower()}-{name}.md"
    try:
        text = root.joinpath(page).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(f"{page}: cannot be read: {error}") from error
    found = parse_page(page, text)
    if (found.code, found.name) != (code, name):
        raise RulebookError(f"{page}: the front matter calls itself {found.code} {found.name}")
    return found


def parse_page(page: str, text: str) -> Rule:
    """The rule that one page describes; `page` is its file name, for complaints."""
    parts = re.fullmatch(r"\+\+\+\n(.*?\n)\+\+\+\n(.*)", text.replace("\r\n", "\n"), re.DOTALL)
    if parts is None:
        raise RulebookError(f"{page}:1: a page begins with TOML between two lines of `+++`")
    try:
        front = toml.loads(parts[1])
    except ValueError as error:
        raise RulebookError(f"{page}: front matter: {error}") from error
    title, summary, body = _lead(page, parts[2])
    of = _Front(page, front)
    of.reject_unknown()
    found = Rule(
        code=of.text("code"),
        name=of.text("name"),
        group=of.text("group"),
        severity=of.choice("severity", get_args(Severity)),
        confidence=of.choice("confidence", get_args(Confidence), "certain"),
        fix=of.choice("fix", FIXES, "none"),
        since=of.text("since"),
        status=of.choice("status", STATUSES, "preview"),
        replaces=of.texts("replaces"),
        summary=summary,
        body=body,
        page=page,
        evidence=of.evidence(),
        expect=tuple(of.expectations()),
    )
    if title != f"{found.name} ({found.code})":
        raise RulebookError(f"{page}: the title must be `# {found.name} ({found.code})`, not `# {title}`")
    return found


def _lead(page: str, text: str) -> tuple[str, str, str]:
    """Title, lead paragraph on one line, and the rest."""
    parts = re.match(r"\s*# (.+?)\n\s*\n(.+?)(?:\n[ \t]*\n|\Z)(.*)", text, re.DOTALL)
    if parts is None or parts[2].lstrip().startswith("#"):
        raise RulebookError(f"{page}: after the front matter come `# name (CODE)` and one lead sentence")
    return parts[1].strip(), " ".join(parts[2].split()), parts[3].strip("\n") + "\n"


class _Front(Struct, frozen=True):
    """The front matter, read key by key; every complaint names the page."""

    page: str
    values: Mapping[str, object]

    def reject_unknown(self, known: frozenset[str] = KEYS) -> None:
        """Complain about the first key that is not known."""
        for key in self.values:
            if key not in known:
                raise RulebookError(f"{self.page}: unknown key `{key}` in the front matter")

    def text(self, key: str) -> str:
        """A string that must be there."""
        value = self.values.get(key)
        if isinstance(value, str) and value:
            return value
        raise RulebookError(f"{self.page}: `{key}` must be a string that is not empty")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings (or one), empty if it is absent."""
        value = self.values.get(key, [])
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(item for item in value if item)
        raise RulebookError(f"{self.page}: `{key}` must be a list of strings")

    def count(self, key: str) -> int:
        """A number of things."""
        value = self.values.get(key)
        if isinstance(value, int) and value >= 0:
            return value
        raise RulebookError(f"{self.page}: `{key}` must be a number that is not negative")

    def evidence(self) -> Evidence | None:
        """The table `[evidence]`."""
        table = self.values.get("evidence")
        if table is None:
            return None
        if not isinstance(table, dict):
            raise RulebookError(f"{self.page}: `evidence` must be a table")
        of = _Front(self.page, table)
        of.reject_unknown(EVIDENCE_KEYS)
        return Evidence(
            findings=of.count("findings"),
            repositories=of.count("repositories"),
            of=of.count("of"),
            right=of.count("right"),
            wrong=of.count("wrong"),
            known_false_alarms=of.texts("known-false-alarms"),
        )

    def choice(self, key: str, words: Sequence[Word], default: Word | None = None) -> Word:
        """One of a closed list of words."""
        value = self.values.get(key, default)
        for word in words:
            if word == value:
                return word
        raise RulebookError(f"{self.page}: `{key}` is {value!r}, expected one of: {', '.join(words)}")

    def expectations(self) -> Iterator[tuple[str, int, str]]:
        """`expect = ["langgraph.json:3 LCM402"]` as path, line, code."""
        for item in self.texts("expect"):
            match = re.fullmatch(r"(\S+):(\d+) (LCM\d+)", item)
            if match is None:
                raise RulebookError(f"{self.page}: `expect` has {item!r}, expected `path:line CODE`")
            yield match[1], int(match[2]), match[3]


class _Block(Struct, frozen=True):
    """One fenced block of a page that has a file name."""

    section: str
    title: str
    unit: int
    file: str
    lines: tuple[str, ...]
    line: int


def examples(rule: Rule) -> tuple[Example, ...]:
    """The little projects of a page, in the order of the page."""
    projects: list[list[_Block]] = []
    for block in _blocks(rule):
        here = projects[-1] if projects else []
        if not here or here[0].unit != block.unit or block.file in {one.file for one in here}:
            projects.append([])
        projects[-1].append(block)
    return tuple(_example(rule, blocks) for blocks in projects)


def _example(rule: Rule, blocks: Sequence[_Block]) -> Example:
    """One project from its blocks."""
    files: dict[str, str] = {}
    expected: set[tuple[str, int, str]] = set()
    for block in blocks:
        lines: list[str] = []
        for number, line in enumerate(block.lines, 1):
            match = re.search(_EXPECT, line)
            lines.append(line[: match.start()] if match else line)
            codes = re.split(r"[ \t]*,[ \t]*", match[1]) if match else ()
            expected.update((block.file, number, code) for code in codes)
        files[block.file] = "".join(f"{line}\n" for line in lines)
    first = blocks[0]
    if first.section == "Bad":
        expected.update(one for one in rule.expect if one[0] in files)
    return Example(first.section, first.title, MappingProxyType(files), frozenset(expected), first.line)


def _blocks(rule: Rule) -> Iterator[_Block]:
    """The fenced blocks that are files; a block without a file name is only for reading."""
    section, title, unit, file = "", "", 0, ""
    lines = rule.body.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        fence = re.fullmatch(_FENCE, line)
        if fence is not None:
            start = at
            while at < len(lines) and lines[at].rstrip() != fence[1]:
                at += 1
            if at == len(lines):
                raise RulebookError(f"{rule.page}: the block in `{section}` that begins `{line}` has no end")
            if file:
                yield _Block(section, title, unit, file, tuple(lines[start:at]), start)
            file = ""
            at += 1
            continue
        if line.startswith(("## ", "### ")):
            unit += 1
            section, title = (line[3:].strip(), "") if line.startswith("## ") else (section, line[4:].strip())
        named = re.fullmatch(_NAMED_FILE, line.strip())
        if named is not None:
            file = named[1]
        elif line.strip():
            file = ""
            if not title and not line.startswith("#"):
                title = line.strip()
