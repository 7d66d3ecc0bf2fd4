"""A map with fewer boxes: those of one file become one, then those of one folder, until they are few enough.

What has a finding, and memory itself, stays unfolded as long as that is possible.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname

from msgspec.structs import replace

from lcmemlint.map.model import Map, Node, Shown, Stop, worst
from lcmemlint.values import NOWHERE, Location

Name = Callable[[Node], str]
"""The name of the box that a node goes into; "" if it stays."""


def folded(of: Map, limit: int) -> Map:
    """The map with at most ``limit`` boxes, if folding folders can do that."""
    for name in (_by_file, _by_folder, _by_top_folder, _everything):
        if len(of.nodes) <= limit:
            break
        of = _fold(of, name)
    return of


def _by_file(node: Node) -> str:
    return "" if node.lane not in ("entry", "code") or node.severity is not None else node.group


def _by_folder(node: Node) -> str:
    return "" if node.lane not in ("entry", "code", "memory") else f"{dirname(node.group)}/"


def _by_top_folder(node: Node) -> str:
    return "" if not node.group else f"{node.group.split('/', 1)[0]}/"


def _everything(node: Node) -> str:
    return "all files" if node.group else ""


def _fold(of: Map, name: Name) -> Map:
    inside: dict[tuple[str, ...], list[Node]] = {}
    for node in of.nodes:
        into = name(node)
        # Memories of one box live alike: a folded box has one colour.
        key = (node.lane, into, node.life or "") if into else (node.id,)
        inside.setdefault(key, []).append(node)
    boxes = {key: _merged(of, key, nodes) for key, nodes in inside.items()}
    new = {node.id: boxes[key].id for key, nodes in inside.items() for node in nodes}
    edges = {
        (new[edge.source], new[edge.target]): replace(edge, source=new[edge.source], target=new[edge.target])
        for edge in of.edges
        if new[edge.source] != new[edge.target]
    }
    return replace(
        of,
        nodes=tuple(boxes.values()),
        edges=tuple(edges.values()),
        shown=tuple(_moved(one, new) for one in of.shown),
    )


def _merged(of: Map, key: tuple[str, ...], nodes: list[Node]) -> Node:
    """One box for several; a box alone stays as it is."""
    if len(nodes) == 1:
        return nodes[0]
    numbers = sorted({number for node in nodes for number in node.findings})
    count = sum(node.count for node in nodes)
    noun = {"entry": "entry points", "memory": "memories", "workload": "workloads"}.get(
        nodes[0].lane, "functions"
    )
    return replace(
        nodes[0],
        label=key[1],
        detail=f"{count} {noun}",
        at=Location(key[1], NOWHERE),
        findings=tuple(numbers),
        severity=worst(of.shown, numbers) if numbers else None,
        depth=min(node.depth for node in nodes),
        count=count,
        notes=(),
    )


def _moved(one: Shown, new: dict[str, str]) -> Shown:
    stops = tuple(Stop(new.get(stop.node, ""), stop.at, stop.text, stop.code) for stop in one.stops)
    return replace(one, stops=stops, path=tuple(dict.fromkeys(new[id] for id in one.path)))
