"""What a map shows: nodes, edges, and the findings with the way through the map that proves each.

Nodes stand in *lanes*, read from left to right: what runs the project, where requests enter, the code they run
through, the memory, and where that is kept. Nothing here knows a format.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.findings import SEVERITIES, Finding, Severity
from lcmemlint.values import Location

Lane = Literal["workload", "entry", "code", "memory", "storage"]
Life = Literal["request", "process", "host", "shared", "client", "script", "unknown"]
"""How far a conversation gets: it dies with the answer, with the process, with the host's disk, or not at all."""
Link = Literal["runs", "calls", "uses", "kept"]

LANES: tuple[Lane, ...] = ("workload", "entry", "code", "memory", "storage")
HEADINGS: dict[Lane, str] = {
    "workload": "Runs as",
    "entry": "Requests enter",
    "code": "Code",
    "memory": "Memory",
    "storage": "Kept in",
}
LIVES: dict[Life, tuple[str, str]] = {
    "request": ("per request", "gone as soon as the request is answered"),
    "process": ("per process", "lost on a restart, unknown to other processes"),
    "host": ("per host", "in a file, unknown to other instances without that disk"),
    "shared": ("shared", "all processes and instances see it"),
    "client": ("with the client", "the browser or caller carries it"),
    "script": ("scripts only", "no server builds or uses it"),
    "unknown": ("unknown", "not written in the code"),
}
"""The words for a life, and what they mean; the shortest life first."""


class Node(Struct, frozen=True):
    """A box. ``group`` is the file it stands in; ``count`` is how many nodes a folded box stands for.

    ``depth`` orders boxes of the code lane: calls away from the nearest entry point.
    """

    id: str
    lane: Lane
    label: str
    detail: str = ""
    at: Location | None = None
    life: Life | None = None
    findings: tuple[int, ...] = ()
    severity: Severity | None = None
    depth: int = 0
    count: int = 1
    notes: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The file that the node stands in; the storage lane has none."""
        return self.at.path if self.at is not None and self.lane != "storage" else ""


class Edge(Struct, frozen=True):
    """An arrow between two nodes, by their ids; ``text`` says what happens there."""

    source: str
    target: str
    link: Link
    text: str = ""


class Stop(Struct, frozen=True):
    """One step of a finding's proof: the place, its line of code, and the node around it ("" if none)."""

    node: str
    at: Location
    text: str
    code: str = ""


class Shown(Struct, frozen=True):
    """A finding with the steps of its proof; ``path`` are the ids of all boxes that the proof goes through."""

    finding: Finding
    stops: tuple[Stop, ...]
    path: tuple[str, ...] = ()


class Map(Struct, frozen=True):
    """The whole picture. ``remarks`` say what was left out of it."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    shown: tuple[Shown, ...]
    remarks: tuple[str, ...] = ()

    def lane(self, lane: Lane) -> tuple[Node, ...]:
        """The nodes of one lane."""
        return tuple(node for node in self.nodes if node.lane == lane)

    @property
    def lives(self) -> tuple[Life, ...]:
        """The lives that occur, the shortest first: what a legend needs to explain."""
        present = {node.life for node in self.nodes}
        return tuple(life for life in LIVES if life in present)


def marked(nodes: tuple[Node, ...], shown: tuple[Shown, ...]) -> tuple[Node, ...]:
    """The nodes, each with the findings that stand in it and the worst of their severities."""
    found: dict[str, list[int]] = {}
    for number, one in enumerate(shown):
        site = next((stop.node for stop in one.stops[::-1] if stop.at == one.finding.at), "")
        if site:
            found.setdefault(site, []).append(number)
    return tuple(
        replace(node, findings=tuple(found[node.id]), severity=worst(shown, found[node.id]))
        if node.id in found
        else node
        for node in nodes
    )


def worst(shown: tuple[Shown, ...], numbers: list[int]) -> Severity:
    """The worst severity of some findings."""
    return max((shown[number].finding.severity for number in numbers), key=SEVERITIES.index)


def summary(of: Map) -> str:
    """What there is to see, in one line: `2 entry points, 1 memory, 3 findings`."""
    return ", ".join(
        (
            _count(len(of.lane("entry")), "entry point", "entry points"),
            _count(len(of.lane("memory")), "memory", "memories"),
            _count(len(of.shown), "finding", "findings"),
        )
    )


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
