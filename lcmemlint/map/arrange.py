"""Where boxes stand: columns from left to right, files in a column, boxes in a file.

Code stands in up to three columns, by how many calls its file is away from an entry point. Within a column, files are
ordered by the mean height of what leads to them (the barycentre heuristic of layered drawings), so that arrows
seldom cross.
"""

from __future__ import annotations

from msgspec import Struct

from lcmemlint.map.model import LANES, Lane, Map, Node

CODE_COLUMNS = 3


class Group(Struct, frozen=True):
    """The boxes of one file; the path is "" for what stands in none."""

    path: str
    nodes: tuple[Node, ...]


class Column(Struct, frozen=True):
    """The groups of one column, from top to bottom."""

    lane: Lane
    groups: tuple[Group, ...]


def columns(of: Map) -> tuple[Column, ...]:
    """All columns that are not empty, from left to right."""
    sources: dict[str, list[str]] = {}
    for edge in of.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    heights: dict[str, float] = {}
    found = []
    for lane in LANES:
        for nodes in _split(lane, of.lane(lane)):
            groups = _grouped(nodes)
            groups.sort(key=lambda group: (_mean(group, sources, heights), group.path))
            ordered = tuple(Group(group.path, _ordered(group, sources, heights)) for group in groups)
            placed = [node for group in ordered for node in group.nodes]
            heights.update({node.id: (at + 0.5) / len(placed) for at, node in enumerate(placed)})
            found.append(Column(lane, ordered))
    return tuple(found)


def _split(lane: Lane, nodes: tuple[Node, ...]) -> list[tuple[Node, ...]]:
    """One column, or several of code; a file stands where its shallowest function does."""
    if not nodes:
        return []
    if lane != "code":
        return [nodes]
    depths: dict[str, int] = {}
    for node in nodes:
        depths[node.group] = min(depths.get(node.group, node.depth), node.depth)
    levels = sorted(set(depths.values()))[:CODE_COLUMNS]
    columns = {level: number for number, level in enumerate(levels)}
    parts: list[list[Node]] = [[] for _ in levels]
    for node in nodes:
        parts[columns.get(depths[node.group], len(levels) - 1)].append(node)
    return [tuple(part) for part in parts]


def _grouped(nodes: tuple[Node, ...]) -> list[Group]:
    files: dict[str, list[Node]] = {}
    for node in nodes:
        files.setdefault(node.group, []).append(node)
    return [Group(path, tuple(inside)) for path, inside in files.items()]


def _ordered(group: Group, sources: dict[str, list[str]], heights: dict[str, float]) -> tuple[Node, ...]:
    return tuple(
        sorted(
            group.nodes,
            key=lambda node: (node.depth, _mean(Group("", (node,)), sources, heights), _line(node)),
        )
    )


def _mean(group: Group, sources: dict[str, list[str]], heights: dict[str, float]) -> float:
    known = [
        heights[source] for node in group.nodes for source in sources.get(node.id, ()) if source in heights
    ]
    return sum(known) / len(known) if known else 0.5


def _line(node: Node) -> tuple[int, int, str]:
    span = node.at.span if node.at is not None else None
    return (span.line, span.column, node.label) if span is not None else (0, 0, node.label)
