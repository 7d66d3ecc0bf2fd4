"""The map as a Mermaid flowchart, for pages that draw Mermaid (GitHub, GitLab, MkDocs Material)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lcmemlint.map.arrange import columns
from lcmemlint.map.fold import folded
from lcmemlint.map.model import HEADINGS, LIVES, Life, Map, Node
from lcmemlint.report.characters import escape

BOXES: Final = 120
"""Boxes at most; renderers refuse more than 500 arrows and 50,000 characters unless they are told otherwise."""

_FILLS: Final[dict[Life, tuple[str, str]]] = {
    "request": ("#fbe4ec", "#b02a5b"),
    "process": ("#fdebdc", "#b34700"),
    "host": ("#ebe8fb", "#6d5bd0"),
    "shared": ("#dcf3ea", "#0a7a55"),
    "client": ("#dbf1f6", "#0a6f86"),
    "script": ("#eceef0", "#6a6f78"),
    "unknown": ("#eceef0", "#6a6f78"),
}


def render(of: Map) -> str:
    """The flowchart."""
    small = folded(of, BOXES)
    return "".join(f"{line}\n" for line in _lines(small))


def _lines(of: Map) -> Iterator[str]:
    yield "---"
    yield f"title: {_quoted(f'Where {of.title} keeps its conversations')}"
    yield "---"
    yield "flowchart LR"
    for number, column in enumerate(columns(of)):
        yield f'  subgraph c{number}["{HEADINGS[column.lane]}"]'
        for group in column.groups:
            for node in group.nodes:
                yield f'    {node.id}["{_label(node, of)}"]'
        yield "  end"
    for edge in of.edges:
        yield f"  {edge.source} --> {edge.target}"
    for life in of.lives:
        fill, stroke = _FILLS[life]
        yield f"  classDef {life} fill:{fill},stroke:{stroke},color:#1d2127"
        yield f"  class {','.join(node.id for node in of.nodes if node.life == life)} {life}"
    worst = [node.id for node in of.nodes if node.severity is not None]
    if worst:
        yield "  classDef finding stroke-width:3px,stroke:#b3261e"
        yield f"  class {','.join(worst)} finding"


def _label(node: Node, of: Map) -> str:
    """Name, place, life and findings of a box, a line each."""
    where = f"{node.at.path}:{node.at.span.line}" if node.at is not None and node.count == 1 else ""
    life = LIVES[node.life][0] if node.life and node.lane == "memory" else ""
    codes = ", ".join(dict.fromkeys(of.shown[number].finding.code for number in node.findings))
    parts = (node.label, node.detail, where, life, codes)
    return "<br>".join(_entities(part) for part in parts if part)


def _entities(text: str) -> str:
    """Text inside a quoted label: everything that Mermaid or Markdown could obey becomes an entity."""
    return "".join(
        letter if letter.isalnum() or letter in " .,:-/()_" else f"#{ord(letter)};" for letter in escape(text)
    )


def _quoted(text: str) -> str:
    """A YAML string."""
    inner = escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
