"""The map as a DOT graph, for Graphviz and what reads its language. Nothing is folded: files are clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lcmemlint.map.arrange import columns
from lcmemlint.map.model import LIVES, Life, Map, Node
from lcmemlint.report.characters import escape

_COLOURS: Final[dict[Life, str]] = {
    "request": "#b02a5b",
    "process": "#b34700",
    "host": "#6d5bd0",
    "shared": "#0a7a55",
    "client": "#0a6f86",
    "script": "#6a6f78",
    "unknown": "#6a6f78",
}
_SEVERITIES: Final = {"error": "#fbe3e1", "warning": "#fdf0d9", "note": "#e3eefa"}


def render(of: Map) -> str:
    """The graph."""
    return "".join(f"{line}\n" for line in _lines(of))


def _lines(of: Map) -> Iterator[str]:
    yield "digraph memory {"
    yield f"  label={quoted(f'Where {of.title} keeps its conversations')}; labelloc=t; rankdir=LR;"
    yield '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif", fontsize=11];'
    yield '  edge [color="#9aa1ac", fontname="sans-serif", fontsize=9];'
    number = 0
    for column in columns(of):
        for group in column.groups:
            if group.path:
                yield f"  subgraph cluster_{number} {{"
                yield f"    label={quoted(group.path)}; style=dashed; fontsize=9;"
                number += 1
            yield from (f"    {node.id} [{_attributes(node, of)}];" for node in group.nodes)
            if group.path:
                yield "  }"
    for edge in of.edges:
        yield f"  {edge.source} -> {edge.target} [tooltip={quoted(edge.text)}];"
    yield "}"


def _attributes(node: Node, of: Map) -> str:
    """Label and looks of one box."""
    codes = ", ".join(dict.fromkeys(of.shown[number].finding.code for number in node.findings))
    life = LIVES[node.life][0] if node.life and node.lane == "memory" else ""
    label = "\n".join(part for part in (node.label, node.detail, life, codes) if part)
    looks = [f"label={quoted(label)}"]
    if node.at is not None:
        looks.append(f"tooltip={quoted(f'{node.at.path}:{node.at.span.line}')}")
    if node.life is not None:
        looks.append(f'color="{_COLOURS[node.life]}", penwidth=2')
    if node.severity is not None:
        looks.append(f'fillcolor="{_SEVERITIES[node.severity]}"')
    return ", ".join(looks)


def quoted(text: str) -> str:
    """A DOT string: line breaks are kept, backslashes are no escapes of ours."""
    lines = [escape(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n")]
    return '"' + "\\n".join(lines) + '"'
