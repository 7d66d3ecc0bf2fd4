"""Graphs that go without their stored checkpointer when it fails or is not there, and nobody is told.

``except …: checkpointer = None``, and the ``else`` of ``if pool:``. The default of a parameter and the first value of a
name are none of this: they stand in no branch.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.findings import Step
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.fallback import Fallbacks
from lcmemlint.link.graphs import Graphs
from lcmemlint.link.memory import Memory
from lcmemlint.link.switches import is_development_block, is_production_block
from lcmemlint.values import Const, Location


class Omission(Struct, frozen=True):
    """A place where a graph is left without its stored checkpointer; ``when`` ends a sentence."""

    memory: Memory
    at: Location
    when: str
    trace: tuple[Step, ...]


def find_omissions(graphs: Graphs, fallbacks: Fallbacks) -> Iterator[Omission]:
    """Each place once, in order of place."""
    found: dict[Location, Omission] = {}
    for memory in graphs.memories.all:
        if memory.kind != "checkpointer" or not memory.on_request_path:
            continue
        for graph in graphs.memories.wrappers(memory.thing):
            sites = list(graphs.checkpointer_sites(graph))
            if any(_is_in_process(graphs, site) for site in sites):
                continue  # that one takes over, and is told
            for site in sites:
                when = _when_left_out(graphs.evaluator, fallbacks, site)
                if when:
                    at = Location(site.path, graphs.evaluator.files[site.path].statements[site.at].span)
                    trace = (*memory.trace[:-1], Step(at, f"`{memory.name}` is left out here"))
                    found.setdefault(at, Omission(memory, at, when, trace))
    yield from (found[at] for at in sorted(found))


def _is_in_process(graphs: Graphs, site: Site) -> bool:
    return any(
        memory.storage == "process"
        for thing in graphs.evaluator.at(site)
        for memory in graphs.memories.of(thing)
    )


def _when_left_out(evaluator: Evaluator, fallbacks: Fallbacks, site: Site) -> str:
    """When the branch runs that says None; empty if it is no branch, raises, or is for development."""
    if site.value != Const(None) or site.at < 0:
        return ""
    facts = evaluator.files[site.path]
    statement = facts.statements[site.at]
    if statement.kind not in ("assign", "return") or statement.value != site.value:
        return ""
    if is_development_block(evaluator, site.path, site.scope, statement.block) or _raises(evaluator, site):
        return ""
    return fallbacks.when_block(site.path, site.scope, statement.block)


def _raises(evaluator: Evaluator, site: Site) -> bool:
    """Whether the branch goes on to raise, always or in production."""
    facts = evaluator.files[site.path]
    block = facts.statements[site.at].block
    for other in facts.statements:
        around = evaluator.names[site.path].blocks_around(other.block)
        if other.kind != "raise" or other.scope != site.scope or block not in around:
            continue
        if other.block == block or is_production_block(evaluator, site.path, site.scope, other.block):
            return True
    return False
