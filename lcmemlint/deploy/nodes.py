"""A parsed document with places: what YAML, JSON and TOML have in common.

A node remembers where it stands. Questions never raise: what is not there, or is of another shape, is the
absent node ``NOTHING``, so that a reader can ask ``document.at("spec", "replicas").whole`` and be done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

MAX_DEPTH = 100
"""Documents nested deeper are not read; real manifests stay under 30."""
MAX_NODES = 500_000
MAX_MERGES = 200
"""Merge keys (``<<``) followed for one question, so that a web of aliases costs nothing."""

_WHOLE = re.compile(r"\+?([0-9][0-9_]{0,11})(?:\.0*)?\Z")


class Node(Struct, frozen=True):
    """A mapping, a list or a scalar; scalars are text. ``line`` counts from 1, ``column`` from 0."""

    kind: Literal["map", "list", "text", "nothing"]
    line: int = 0
    column: int = 0
    text: str = ""
    tag: str = ""
    """A custom YAML tag (``!Ref``), "" for the usual ones."""
    style: str = ""
    """How a scalar is written: "" plain, a quote, "|" or ">"."""
    entries: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything: absent and empty scalars are nothing."""
        return self.kind in ("map", "list") or (
            self.kind == "text" and (bool(self.style) or self.text not in ("", "~", "null", "Null", "NULL"))
        )

    def at(self, *path: str | int) -> Node:
        """The node at a path of keys and positions; ``NOTHING`` if there is none."""
        node = self
        for step in path:
            node = node.get(step) if isinstance(step, str) else node.item(step)
        return node

    def get(self, key: str) -> Node:
        """The value of a key: the last one written, then what ``<<`` merges in."""
        pending, seen = [self], 0
        while pending and seen < MAX_MERGES:
            node = pending.pop()
            seen += 1
            found = node.own(key)
            if found is not None:
                return found
            merged = node.own("<<")
            if merged is not None:
                pending.extend(reversed(merged.items) if merged.kind == "list" else [merged])
        return NOTHING

    def own(self, key: str) -> Node | None:
        """The value of a key that stands in this mapping itself, the last one if it is written twice."""
        return next((value for name, value in reversed(self.entries) if name.text == key), None)

    def key(self, key: str) -> Node:
        """The key itself, for its place."""
        return next((name for name, _ in reversed(self.entries) if name.text == key), NOTHING)

    def item(self, position: int) -> Node:
        """The item of a list at a position."""
        return self.items[position] if 0 <= position < len(self.items) else NOTHING

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Key and value of a mapping with merged keys, each key once, the last one written wins."""
        seen: set[str] = set()
        pending, visited = [self], 0
        while pending and visited < MAX_MERGES:
            node = pending.pop()
            visited += 1
            for name, value in _last_ones(node):
                if name.text == "<<":
                    pending.extend(reversed(value.items) if value.kind == "list" else [value])
                elif name.text not in seen:
                    seen.add(name.text)
                    yield name, value

    @property
    def whole(self) -> int | None:
        """A count, however it is quoted: ``3``, ``"3"``, ``3.0``, ``1_000``; ``010`` is ten."""
        return whole(self.text) if self.kind == "text" else None

    @property
    def is_true(self) -> bool:
        """Whether the scalar is one of the words for yes."""
        return self.kind == "text" and self.text.lower() in ("true", "yes", "on", "1")

    @property
    def texts(self) -> tuple[str, ...]:
        """The scalars of a list; a lone scalar is a list of one."""
        if self.kind == "text":
            return (self.text,) if self else ()
        return tuple(item.text for item in self.items if item.kind == "text")


NOTHING = Node("nothing")


def _last_ones(node: Node) -> Iterator[tuple[Node, Node]]:
    """The entries in the order written, without those that a later one replaces."""
    last = {name.text: index for index, (name, _) in enumerate(node.entries)}
    return (pair for index, pair in enumerate(node.entries) if last[pair[0].text] == index)


def whole(text: str) -> int | None:
    """A count written as text, None for anything else."""
    match = _WHOLE.match(text.strip())
    return int(match[1].replace("_", "")) if match else None


class TooDeep(Exception):
    """The document is nested deeper, or has more parts, than any manifest."""

    def __init__(self, line: int, message: str) -> None:
        """At this line."""
        super().__init__(message)
        self.line = line
