"""TOML with places: values from the parser, lines from a scan of headers and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lcmemlint import toml
from lcmemlint.deploy.nodes import MAX_DEPTH, NOTHING, Node

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?\Z")
_KEY = re.compile(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")
_BRACKET = re.compile(r"[\[\]{}]")
_BETWEEN = re.compile(r"[=,{}\[\]\n]")
MAX_DOTS = 1000
_MULTILINE = re.compile(r'"""|\'\'\'')


class TomlFault(Exception):
    """The text is not TOML."""

    def __init__(self, line: int, message: str) -> None:
        """At this line."""
        super().__init__(message)
        self.line = line


def toml_document(text: str) -> Node:
    """The document as nodes; raises ``TomlFault``."""
    if _is_too_deep(text):
        raise TomlFault(0, f"nested more than {MAX_DEPTH} levels deep")
    try:
        parsed = toml.loads(text)
    except toml.BadToml as error:
        found = re.search(r"line (\d+)", str(error))
        raise TomlFault(int(found[1]) if found else 0, f"not TOML: {str(error).splitlines()[0]}") from error
    except (RecursionError, ValueError) as error:
        raise TomlFault(0, "not TOML that can be read: nested too deeply or a value out of range") from error
    return _node(parsed, (), dict(_lines(text)), 0, 0)


def _is_too_deep(text: str) -> bool:
    """Whether brackets or dotted keys go so deep that the parser would take very long or end the process."""
    if any(piece.count(".") > MAX_DOTS for piece in _BETWEEN.split(text)):
        return True
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _parts(dotted: str) -> tuple[str, ...]:
    """The names of a dotted key without their quotes."""
    return tuple(match[1] or match[2] or match[3] or "" for match in _PART.finditer(dotted))


def _lines(text: str) -> Iterator[tuple[Path, tuple[int, int]]]:
    """The place of each header and of each key that begins a line."""
    table: Path = ()
    counts: dict[Path, int] = {}
    inside = ""
    for number, line in enumerate(text.split("\n"), 1):
        quotes = _MULTILINE.findall(line) if '"""' in line or "'''" in line else []
        if inside:
            inside = "" if inside in quotes else inside
            continue
        place = (number, len(line) - len(line.lstrip()))
        if header := _HEADER.match(line):
            table = _located(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                yield table, place
                table = (*table, counts[table])
            yield table, place
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
            for end in range(len(table) + 1, min(len(path), MAX_DEPTH) + 1):
                yield path[:end], place
            inside = quotes[0] if len(quotes) % 2 else ""


def _located(names: tuple[str, ...], counts: dict[Path, int]) -> Path:
    """A header's path with the positions of the arrays of tables it lies in."""
    path: Path = ()
    for index, name in enumerate(names):
        path = (*path, name)
        if index < len(names) - 1 and path in counts:
            path = (*path, counts[path])
    return path


def _node(value: object, path: Path, lines: dict[Path, tuple[int, int]], line: int, depth: int) -> Node:
    """A value as a node; what has no line of its own has that of its parent."""
    if depth > MAX_DEPTH:
        return NOTHING
    line, column = lines.get(path, (line, 0))
    if isinstance(value, dict):
        entries = []
        for name, inner in value.items():
            node = _node(inner, (*path, name), lines, line, depth + 1)
            entries.append((Node("text", node.line, node.column, text=name), node))
        return Node("map", line, column, entries=tuple(entries))
    if isinstance(value, list):
        items = tuple(
            _node(inner, (*path, index), lines, line, depth + 1) for index, inner in enumerate(value)
        )
        return Node("list", line, column, items=items)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Node("text", line, column, text=text, style='"' if isinstance(value, str) else "")
