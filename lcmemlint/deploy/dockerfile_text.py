"""Dockerfile text → instructions with lines: directives, continued lines, here-documents, both forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.deploy.shell import Word

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*\Z")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_][\w.]*)\1")
_EXEC = re.compile(r'"(?:[^"\\]|\\.)*"')


class Instruction(Struct, frozen=True):
    """``NAME arguments``; ``lines`` are the physical lines with their numbers, the first without the name."""

    name: str
    line: int
    lines: tuple[tuple[int, str], ...]
    body: str = ""
    """The text of its here-documents."""

    @property
    def text(self) -> str:
        """The arguments in one line."""
        return " ".join(text.strip() for _, text in self.lines).strip()

    def words(self, path: str) -> tuple[Word, ...] | None:
        """The argument vector of the exec form, each word with its line; None for the shell form."""
        if not self.text.startswith("["):
            return None
        try:
            values = json.loads(self.text)
        except ValueError:
            return None
        except RecursionError:
            return ()
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            return None
        numbers = [number for number, text in self.lines for _ in _EXEC.finditer(text)]
        numbers += [self.line] * (len(values) - len(numbers))
        return tuple(Word(value, path, number, True) for value, number in zip(values, numbers, strict=False))

    @property
    def script(self) -> tuple[str, int]:
        """The shell text with its line breaks kept, and the number of its first line."""
        first, last = self.lines[0][0], self.lines[-1][0]
        by_number = dict(self.lines)
        texts = [by_number.get(number, "") for number in range(first, last + 1)]
        return " \\\n".join(texts), first


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions in order."""
    lines = text.splitlines()
    escape, index = _escape(lines), 0
    while index < len(lines):
        stripped = lines[index].strip()
        if not stripped or stripped.startswith("#"):
            index += 1
            continue
        start, pieces = index, [(index + 1, lines[index].rstrip())]
        while pieces[-1][1].endswith(escape) and index + 1 < len(lines):
            index += 1
            if lines[index].strip() and not lines[index].lstrip().startswith("#"):
                pieces[-1] = (pieces[-1][0], pieces[-1][1][:-1])
                pieces.append((index + 1, lines[index].rstrip()))
        pieces[-1] = (pieces[-1][0], pieces[-1][1].removesuffix(escape))
        index += 1
        name, _, rest = pieces[0][1].strip().partition(" ") if " " in stripped else (stripped, "", "")
        if "\t" in name:
            name, _, rest = pieces[0][1].strip().partition("\t")
        pieces[0] = (start + 1, rest)
        body, index = _heredocs(name.upper(), pieces, lines, index)
        yield Instruction(name.upper(), start + 1, tuple(pieces), body)


def _escape(lines: list[str]) -> str:
    """The character that continues a line: a backslash unless a directive says otherwise."""
    for line in lines:
        match = _DIRECTIVE.match(line.strip())
        if match is None:
            return "\\"
        if match[1].lower() == "escape":
            return match[2]
    return "\\"


def _heredocs(name: str, pieces: list[tuple[int, str]], lines: list[str], index: int) -> tuple[str, int]:
    """The bodies of the here-documents of an instruction, and the index of the line after them."""
    if name not in ("RUN", "COPY", "ADD"):
        return "", index
    bodies: list[str] = []
    for _, mark in _HEREDOC.findall(" ".join(text for _, text in pieces)):
        while index < len(lines) and lines[index].strip() != mark:
            bodies.append(lines[index])
            index += 1
        index += 1
    return "\n".join(bodies), index
