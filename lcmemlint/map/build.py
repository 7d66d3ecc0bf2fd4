"""From a linked project and its findings to the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from lcmemlint.findings import Finding, Step
from lcmemlint.link.conversation import Holding
from lcmemlint.link.deployment import LinkedWorkload
from lcmemlint.link.entry import EntryPoint
from lcmemlint.link.memory import Memory
from lcmemlint.link.objects import FunctionOf, Instance
from lcmemlint.link.project import Project
from lcmemlint.link.scaling import count_of
from lcmemlint.map import boxes
from lcmemlint.map.arrows import Arrows, Key, leading_to, way
from lcmemlint.map.model import LANES, Edge, Map, Node, Shown, Stop, marked
from lcmemlint.map.places import Places

LineOf = Callable[[str, int], str]
"""The line of code at (path, line)."""
Passed = tuple[tuple[Key | None, Step], ...]
"""The steps of a proof with the box around each."""


def draw(project: Project | None, findings: Sequence[Finding], *, line: LineOf, title: str) -> Map:
    """The map of a project with these findings; an empty one where nothing mentions LangChain."""
    if project is None:
        return Map(title, (), (), (), ("No file of this project names LangChain or LangGraph.",))
    arrows = Arrows(project)
    places = Places(project, arrows)
    proofs = [tuple(_passed(places, finding)) for finding in findings]
    ends: list[Key] = [*arrows.memories, *arrows.held.values()]
    stops = {key for proof in proofs for key, _ in proof if key is not None}
    _stores(project, arrows)
    paths = [tuple(_path(arrows, proof)) for proof in proofs]
    ends += [key for keys in ((*path, *stops) for path in paths) for key in keys]
    kept = leading_to(arrows.onwards, [*ends, *stops]) | _behind(arrows, ends)
    ids, nodes = _numbered(project, arrows, kept)
    edges = [
        Edge(ids[source], ids[target], link, text)
        for (source, target), (link, text) in arrows.found.items()
        if source in ids and target in ids
    ]
    shown = tuple(
        Shown(
            finding,
            tuple(
                Stop(ids.get(key, ""), step.at, step.text, line(step.at.path, step.at.span.line))
                for key, step in proof
            ),
            tuple(ids[key] for key in path),
        )
        for finding, proof, path in zip(findings, proofs, paths, strict=True)
    )
    return Map(
        title,
        marked(nodes, shown),
        tuple(sorted(edges, key=lambda edge: (_number(edge.source), _number(edge.target)))),
        shown,
        tuple(_remarks(project, arrows, kept)),
    )


def _number(id: str) -> int:
    return int(id.removeprefix("n"))


def _passed(places: Places, finding: Finding) -> Iterator[tuple[Key | None, Step]]:
    """The steps of the proof, the finding's own place among them, each with its box."""
    steps = list(finding.because)
    key = places.at(finding.at)
    own = Step(finding.at, "reported here")
    if isinstance(key, LinkedWorkload):
        steps.insert(0, Step(finding.at, f"{count_of(key.workload)}: `{key.workload.at.text.strip()}`"))
    elif all(step.at != finding.at for step in steps):
        steps.append(own)
    for step in steps:
        yield places.at(step.at), step


def _path(arrows: Arrows, proof: Passed) -> Iterator[Key]:
    """The boxes of a proof: its steps, what is between them, what runs them, and where the memory is kept.

    Arrows that lack are drawn.
    """
    keys = list(dict.fromkeys(key for key, _ in proof if key is not None))
    fan = isinstance(keys[0], LinkedWorkload) if keys else False  # its steps are many findings, not one way
    seen: dict[Key, None] = dict.fromkeys(keys[:1])
    for number, key in enumerate(keys[1:], 1):
        source = keys[0] if fan else keys[number - 1]
        between = way(arrows.onwards, source, key)
        if not between:
            text = next(step.text for other, step in proof if other == source)
            arrows.join(source, key, "uses", text)
        seen.update(dict.fromkeys((*between, key)))
    for key in [*seen]:
        if isinstance(key, EntryPoint):
            seen.update(dict.fromkeys(_running(arrows, key)))
        if isinstance(key, Memory | Holding):
            seen.update(dict.fromkeys(arrows.stores(key)))
    yield from seen


def _running(arrows: Arrows, entry: EntryPoint) -> Iterator[Key]:
    """What runs an entry point."""
    return (
        source for source, target in arrows.found if target == entry and isinstance(source, LinkedWorkload)
    )


def _stores(project: Project, arrows: Arrows) -> None:
    """From memories to where they are kept; one that wraps another is kept where that one is."""
    for memory in arrows.memories:
        inner = any(isinstance(key, Memory) for key in arrows.onwards.get(memory, ()))
        if not inner or (memory.storage == "process" and not memory.delegates):
            arrows.join(memory, boxes.storage_box(project, memory), "kept")
    for held in arrows.held.values():
        if not any(isinstance(key, Memory) for key in arrows.onwards.get(held, ())):
            arrows.join(held, boxes.storage_of_life("process"), "kept")


def _behind(arrows: Arrows, ends: Sequence[Key]) -> set[Key]:
    """The stores of the memories."""
    return {store for end in ends for store in arrows.stores(end)}


def _numbered(
    project: Project, arrows: Arrows, kept: set[Key]
) -> tuple[dict[Key | None, str], tuple[Node, ...]]:
    """Ids of what is drawn, and the boxes in their order: by lane, depth and place."""
    depths = _depths(arrows, kept)
    drawn = [(key, replace(_box(project, key), depth=depths[key])) for key in kept]
    drawn.sort(key=lambda one: _order(one[1]))
    ids: dict[Key | None, str] = {key: f"n{number}" for number, (key, _) in enumerate(drawn)}
    return ids, tuple(replace(node, id=ids[key]) for key, node in drawn)


def _order(node: Node) -> tuple[object, ...]:
    place = (node.at.path, node.at.span) if node.at is not None else ("", node.detail)
    return (LANES.index(node.lane), node.depth, *map(str, place[:1]), str(place[1:]), node.label)


def _depths(arrows: Arrows, kept: set[Key]) -> dict[Key, int]:
    """How many arrows each box is away from the nearest entry point."""
    pending: list[Key] = [key for key in kept if isinstance(key, EntryPoint | tuple)]
    found = dict.fromkeys(pending, 0)
    for current in pending:
        for target in arrows.onwards.get(current, ()):
            if target not in found and isinstance(target, FunctionOf | Instance):
                found[target] = found[current] + 1
                pending.append(target)
    last = max(found.values(), default=0)  # what no request runs stands beside the memory that it builds
    return {key: found.get(key, last) for key in kept}


def _box(project: Project, key: Key) -> Node:
    """The box of one thing."""
    match key:
        case Node():
            return key
        case LinkedWorkload():
            return boxes.workload_box(key)
        case EntryPoint():
            return boxes.entry_box(project, key)
        case Memory():
            return boxes.memory_box(project, key)
        case Holding():
            return boxes.holding_box(key)
        case FunctionOf():
            return boxes.function_box(project, key)
        case Instance():
            return boxes.object_box(project, key)
        case (str() as framework, at):
            return boxes.served_box(framework, at)
    raise AssertionError(f"{key!r} is never drawn")


def _remarks(project: Project, arrows: Arrows, kept: set[Key]) -> Iterator[str]:
    """What was left out."""
    idle = sum(not memory.runs for memory in project.memories.all)
    apart = sum(point not in kept for point in arrows.entries.values())
    if apart:
        yield f"{apart} of {len(arrows.entries)} entry points reach no memory and are not drawn."
    if idle:
        yield f"{idle} {'memory' if idle == 1 else 'memories'} in code that nothing runs: not drawn."
    if not arrows.memories and not arrows.held:
        yield "No conversation memory was found."
