"""INI-like files (supervisor, systemd, uwsgi) with lines; keys may repeat, values may go on over lines."""

from __future__ import annotations

import re

from msgspec import Struct

MAX_VALUE = 10_000

_SECTION = re.compile(r"\s*\[([^\]\n]+)\]\s*\Z")


class Entry(Struct, frozen=True):
    """``key = value`` and the line of the key."""

    key: str
    value: str
    line: int


class Section(Struct, frozen=True):
    """A section in the order written."""

    name: str
    line: int
    entries: tuple[Entry, ...]

    def get(self, key: str) -> Entry | None:
        """The last entry of a key."""
        return next((one for one in reversed(self.entries) if one.key == key), None)

    def every(self, key: str) -> tuple[Entry, ...]:
        """All entries of a key."""
        return tuple(one for one in self.entries if one.key == key)


def ini_sections(text: str, *, inline_comments: bool = False) -> tuple[Section, ...]:
    """The sections; lines before the first header belong to a section called "".

    A line that ends in a backslash goes on (systemd); an indented line does too (supervisor).
    """
    sections: list[tuple[str, int, list[Entry]]] = [("", 1, [])]
    going_on = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split(" ;", 1)[0] if inline_comments else raw
        stripped = line.strip()
        entries = sections[-1][2]
        if going_on and entries:
            entries[-1] = _longer(entries[-1], stripped)
        elif not stripped or stripped[0] in "#;":
            continue
        elif header := _SECTION.match(line):
            sections.append((header[1].strip(), number, []))
            continue
        elif line[0] in " \t" and entries and "=" not in stripped.split(" ", 1)[0]:
            entries[-1] = _longer(entries[-1], stripped)
        else:
            key, _, value = stripped.partition("=")
            entries.append(Entry(key.strip(), value.strip(), number))
        going_on = stripped.endswith("\\")
    return tuple(Section(name, line, tuple(entries)) for name, line, entries in sections)


def _longer(entry: Entry, more: str) -> Entry:
    """An entry with the text of its next line; one that never ends is cut."""
    if len(entry.value) > MAX_VALUE:
        return entry
    return Entry(entry.key, f"{entry.value.removesuffix(chr(92)).rstrip()} {more}".strip(), entry.line)
