"""Shell text → simple commands with the line of every word. Nothing is run, little is expanded.

A variable is replaced by what is known of it or by its ``${NAME:-default}``; what is not known becomes
``UNKNOWN`` inside the word, so that such a word never reads as a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

UNKNOWN = "\0"
"""Stands in a word for text that the files do not hold."""
CPUS = UNKNOWN + "cpu"
"""Stands for a number that is computed from the number of CPUs (``$(nproc)``)."""

MAX_EXPANSIONS = 20
MAX_SCRIPT = 300_000
"""Longer scripts are no start scripts."""

Lookup = Callable[[str], str | None]


class Word(Struct, frozen=True):
    """One word of a command and where it stands."""

    text: str
    path: str
    line: int
    quoted: bool = False


class Command(Struct, frozen=True):
    """A simple command; ``repeats`` is how often a ``for`` over written words runs it, ``loop`` that line."""

    words: tuple[Word, ...]
    background: bool = False
    repeats: int = 1
    loop: int = 0


_VARIABLE = re.compile(r"\$(?:\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|([A-Za-z_]\w*)|[0-9@*#?$!-])")
_NAMED = re.compile(r"!?([A-Za-z_]\w*)(?::?([-=+?])(.*))?\Z", re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)\Z", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)\s*(['\"\\]?)([A-Za-z_]\w*)['\"]?")
_OPERATORS = ("&&", "||", ";;", "|&", ">>", "<<<", ">&", "<&", "&>", ";", "&", "|", "(", ")", ">", "<")
_RESERVED = frozenset(
    [
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "{",
        "}",
        "!",
        "function",
        "select",
        "time",
    ]
)


_SUBSTITUTION = re.compile(r"\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|`[^`]*`")


def _substituted(match: re.Match[str]) -> str:
    """What stands for the output of a command."""
    return CPUS if "nproc" in match[0] else UNKNOWN


def expanded(text: str, lookup: Lookup, depth: int = 0) -> str:
    """The text with its variables replaced; ``UNKNOWN`` where nobody knows."""

    def one(match: re.Match[str]) -> str:
        inside = match[1] if match[1] is not None else match[2]
        named = _NAMED.match(inside) if inside else None
        if named is None or depth > MAX_EXPANSIONS:
            return UNKNOWN
        value = lookup(named[1])
        if named[2] == "+":
            return expanded(named[3], lookup, depth + 1) if value else ""
        if value:
            return value
        if named[2] in ("-", "="):
            return expanded(named[3], lookup, depth + 1)
        return UNKNOWN if value is None else ""

    return _VARIABLE.sub(one, text) if "$" in text else text


def commands(
    text: str,
    path: str,
    line: int = 1,
    *,
    lookup: Lookup | None = None,
    known: dict[str, str | None] | None = None,
) -> Iterator[Command]:
    """The simple commands of a script, in order; assignments go to ``known`` and feed what follows."""
    known = {} if known is None else known
    if len(text) > MAX_SCRIPT:
        return

    def find(name: str) -> str | None:
        return known[name] if name in known else (lookup(name) if lookup else None)

    loops: list[tuple[int, int, list[Command]]] = []
    for words, ender in _split(_Words(text, path, line, find)):
        while words and not words[0].quoted and words[0].text in _RESERVED:
            if words[0].text == "done" and loops:
                repeats, start, inner = loops.pop()
                yield from (replace(one, repeats=one.repeats * repeats, loop=start) for one in inner)
            words = words[1:]
        if not words:
            continue
        if words[0].text == "for" and len(words) > 3 and words[2].text == "in":
            loops.append((len(words) - 3, words[0].line, []))
            known[words[1].text] = UNKNOWN
            continue
        if words[0].text in ("export", "local", "readonly", "declare") or _is_assignments(words):
            known.update(_assigned(words))
            continue
        command = Command(words, background=ender == "&")
        if loops:
            loops[-1][2].append(command)
        else:
            yield command
    for _, _, inner in loops:
        yield from inner


def _is_assignments(words: tuple[Word, ...]) -> bool:
    """Whether the command does nothing but set variables."""
    return all(_ASSIGNMENT.match(word.text) for word in words)


def _assigned(words: tuple[Word, ...]) -> Iterator[tuple[str, str | None]]:
    """Names and values that the command sets."""
    for word in words:
        if match := _ASSIGNMENT.match(word.text):
            yield match[1], None if UNKNOWN in match[2] else match[2]


def _split(words: _Words) -> Iterator[tuple[tuple[Word, ...], str]]:
    """Words of each simple command, and the operator that ends it."""
    current: list[Word] = []
    skip_next = False
    for word in words:
        if word.quoted or word.text not in (*_OPERATORS, "\n"):
            if not skip_next:
                current.append(word)
            skip_next = False
        elif word.text in (">>", "<<<", ">&", "<&", "&>", ">", "<"):
            if current and current[-1].text.isdigit() and not current[-1].quoted:
                current.pop()
            skip_next = True
        else:
            yield tuple(current), word.text
            current, skip_next = [], False
    yield tuple(current), ""


class _Words:
    """Words and operators of shell text, with lines; here-documents and comments are left out."""

    def __init__(self, text: str, path: str, line: int, lookup: Lookup) -> None:
        self.text = text
        self.path = path
        self.line = line
        self.lookup = lookup
        self.position = 0
        self.heredocs: list[str] = []

    def __iter__(self) -> Iterator[Word]:
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == "\n":
                yield Word("\n", self.path, self.line)
                self.line += 1
                self.position += 1
                self.skip_heredocs()
            elif self.text.startswith(("\\\n", "\\\r\n"), self.position):
                self.position = self.text.index("\n", self.position) + 1
                self.line += 1
            elif character.isspace():
                self.position += 1
            elif character == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            elif match := (_HEREDOC.match(self.text, self.position) if character == "<" else None):
                self.heredocs.append(match[3])
                self.position = match.end()
            elif operator := self.operator():
                self.position += len(operator)
                yield Word(operator, self.path, self.line)
            else:
                yield self.word()

    def operator(self) -> str:
        """The operator that begins here, "" if none does."""
        if self.text[self.position] not in "&|;<>()":
            return ""
        return next((one for one in _OPERATORS if self.text.startswith(one, self.position)), "")

    def skip_heredocs(self) -> None:
        """Pass over the bodies of the here-documents that the last line began."""
        for mark in self.heredocs:
            end = re.compile(rf"^[ \t]*{mark}[ \t]*\r?$", re.MULTILINE).search(self.text, self.position)
            stop = end.end() if end else len(self.text)
            self.line += self.text.count("\n", self.position, stop)
            self.position = stop
        self.heredocs.clear()

    def word(self) -> Word:
        """The word that begins here."""
        start, quoted = self.line, False
        pieces: list[str] = []
        while self.position < len(self.text):
            character = self.text[self.position]
            if character.isspace() or character in ";&|()<>":
                break
            if character == "'":
                quoted = True
                pieces.append(self.until("'"))
            elif character == '"':
                quoted = True
                pieces.append(expanded(self.double(), self.lookup))
            elif character == "`":
                self.until("`")
                pieces.append(UNKNOWN)
            elif character == "\\":
                pieces.append(self.escaped())
            elif character == "$":
                pieces.append(self.dollar())
            else:
                pieces.append(character)
                self.position += 1
        return Word("".join(pieces), self.path, start, quoted)

    def until(self, quote: str) -> str:
        """What stands between this quote and the next; to the end of the text if there is none."""
        end = self.text.find(quote, self.position + 1)
        end = len(self.text) if end < 0 else end
        inside = self.text[self.position + 1 : end]
        self.line += inside.count("\n")
        self.position = end + 1
        return inside

    def double(self) -> str:
        """The inside of double quotes, escapes resolved, variables still there."""
        match = re.compile(r'"((?:[^"\\]|\\.)*)("|\Z)', re.DOTALL).match(self.text, self.position)
        inside = match[1] if match else self.text[self.position + 1 :]
        self.position = match.end() if match else len(self.text)
        self.line += inside.count("\n")
        inside = _SUBSTITUTION.sub(_substituted, inside)
        return re.sub(r"\\(?:\r?\n|([\"\\`]))", lambda found: found[1] or "", inside)

    def escaped(self) -> str:
        """The character after a backslash; nothing if that is the end of the line."""
        following = self.text[self.position + 1 : self.position + 2]
        self.position += 2
        if following == "\n":
            self.line += 1
            return ""
        return following

    def dollar(self) -> str:
        """The value of the variable or command that begins here."""
        if self.text.startswith("$(", self.position):
            start = self.position
            self.skip_parentheses()
            return CPUS if "nproc" in self.text[start : self.position] else UNKNOWN
        match = _VARIABLE.match(self.text, self.position)
        if match is None:
            self.position += 1
            return "$"
        self.position = match.end()
        self.line += match[0].count("\n")
        return expanded(match[0], self.lookup)

    def skip_parentheses(self) -> None:
        """Pass over ``$( … )`` with whatever is nested in it."""
        depth = 0
        while self.position < len(self.text):
            character = self.text[self.position]
            self.position += 1
            self.line += character == "\n"
            depth += (character == "(") - (character == ")")
            if depth == 0 and character == ")":
                return
