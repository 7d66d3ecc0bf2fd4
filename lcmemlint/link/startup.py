"""The way from where a server starts to what it builds then: the proof for objects that no request mentions."""

from __future__ import annotations

from collections import deque

from lcmemlint.findings import Step
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import FunctionOf
from lcmemlint.link.reach import Reach
from lcmemlint.values import Location


def startup_trace(evaluator: Evaluator, reach: Reach, memories: Memories, memory: Memory) -> tuple[Step, ...]:
    """The shortest way from start-up code to a memory; empty when start-up code does not build it."""
    wanted = memories.function_of(memory.thing.path, memory.scope)
    if wanted not in reach.started:
        return ()
    ways: dict[FunctionOf, tuple[Step, ...]] = {}
    pending: deque[FunctionOf] = deque()
    for point in reach.startup_entries:
        if point.function not in ways:
            ways[point.function] = (Step(point.at, f"the server starts here ({point.framework})"),)
            pending.append(point.function)
    while pending and wanted not in ways:
        function = pending.popleft()
        for scope in reach.scopes_run_by(function):
            for number in evaluator.names[function.path].calls_of.get(scope, ()):
                call = evaluator.files[function.path].calls[number]
                for edge in evaluator.edges.get((function.path, scope, number), {}).values():
                    if edge.callee not in ways:
                        name = evaluator.files[edge.callee.path].scopes[edge.callee.scope].qualname
                        step = Step(Location(function.path, call.span), f"calls `{name}`")
                        ways[edge.callee] = (*ways[function], step)
                        pending.append(edge.callee)
    way = ways.get(wanted, ())
    return (*way, Step(memory.at, "built here")) if way else ()
