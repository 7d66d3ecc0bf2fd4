"""Sync savers under async calls and the other way round, one clash for each saver.

A graph may have several savers (one per branch): it clashes when one of them cannot serve the call and none is
made for it. An async saver serves sync calls from any thread but that of its own event loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.catalogue import Component
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.graphs import GraphCall, Graphs, Saver
from lcmemlint.link.objects import External, Fixed, FunctionOf, Instance, Object
from lcmemlint.link.storage import argument, has_stars, made_by
from lcmemlint.link.versions import Versions
from lcmemlint.values import AttrOf, Location, dotted


class Clash(Struct, frozen=True):
    """A saver or history, and the calls that it cannot serve, in order of place."""

    name: str
    fault: str
    help: str
    built: Location
    calls: tuple[GraphCall, ...]
    confidence: Confidence
    trace: tuple[Step, ...]


def find_clashes(graphs: Graphs, versions: Versions) -> Iterator[Clash]:
    """All clashes in code that a request or the start of the server runs."""
    yield from _savers(graphs, versions)
    yield from _histories(graphs, versions)


def _savers(graphs: Graphs, versions: Versions) -> Iterator[Clash]:
    groups: dict[Saver, list[GraphCall]] = defaultdict(list)
    sure: dict[Saver, bool] = {}
    for run in graphs.runs:
        if not graphs.is_live(run.function):
            continue
        savers = graphs.savers(run.graph)
        wrong = [one for one in savers if one.component and _clashes(graphs, one.component, run)]
        others = [one for one in savers if one not in wrong]
        if not wrong or any(one.component is None or one.component.api != "both" for one in others):
            continue
        if run.at not in {other.at for other in groups[wrong[0]]}:
            groups[wrong[0]].append(run)
        sure[wrong[0]] = sure.get(wrong[0], True) and not others
    for saver, runs in groups.items():
        if isinstance(saver.thing, Instance) and saver.component is not None:
            confidence: Confidence = "certain" if sure[saver] else "likely"
            fault, cure = _told(saver.component, saver.name, runs[0], versions, graphs)
            yield _clash(graphs, saver.name, fault, cure, saver.thing, runs, confidence)


def _clashes(graphs: Graphs, component: Component, run: GraphCall) -> bool:
    if component.api == "sync":
        return run.is_async
    if component.api != "async" or run.is_async:
        return False
    return not component.sync_from_thread or graphs.runs_on_loop(run.function)


def _told(
    component: Component, name: str, run: GraphCall, versions: Versions, graphs: Graphs
) -> tuple[str, str]:
    """What happens, and what to write instead."""
    path = run.at.path
    if component.api == "sync":
        twin = graphs.evaluator.catalogue.by_id.get(component.id.replace(name, f"Async{name}"))
        usable = twin is not None and versions.has(path, twin) and not versions.is_sunset(path, twin)
        sync = run.written.rpartition(".")[2].removeprefix("a")
        other = f"run `{sync}` in a thread (`asyncio.to_thread`)"
        fault = f"`{name}` is sync only, so `{run.written}` raises NotImplementedError at the first request"
        return fault, f"open `Async{name}` when the server starts, or {other}" if usable else other
    if component.sync_from_thread:
        fault = (
            f"`{run.written}` blocks the event loop that `{name}` needs: it raises InvalidStateError or hangs"
        )
    else:
        fault = f"`{name}` is async only, so `{run.written}` raises NotImplementedError at the first request"
    head, _, method = run.written.rpartition(".")
    return fault, f"await `{head}.a{method}` instead"


def _clash(
    graphs: Graphs,
    name: str,
    fault: str,
    cure: str,
    thing: Instance,
    runs: list[GraphCall],
    confidence: Confidence,
) -> Clash:
    first = runs[0]
    reach = graphs.reach
    built = graphs.evaluator.files[thing.path].calls[thing.call].span
    trace = (*reach.trace(first.function), Step(first.at, f"`{first.written}` runs the graph here"))
    if reach.confidence(first.function) != "certain":
        confidence = reach.confidence(first.function)
    return Clash(name, fault, cure, Location(thing.path, built), tuple(runs), confidence, trace)


# ------------------------------------------------------------------ histories


def _histories(graphs: Graphs, versions: Versions) -> Iterator[Clash]:
    """``RunnableWithMessageHistory`` over a history that is sync or async by an argument of its constructor."""
    groups: dict[Instance, list[GraphCall]] = defaultdict(list)
    for run, history in _history_runs(graphs):
        if not versions.allows(run.at.path, "langchain-core", "0.2"):
            continue
        if run.at not in {other.at for other in groups[history]}:
            groups[history].append(run)
    for history, runs in groups.items():
        component = _component(graphs.evaluator, history)
        if component is None:
            continue
        name, flag = component.names[0], component.async_argument
        yield _clash(
            graphs,
            name,
            f"`{name}` is sync only without `{flag}=True`, so `{runs[0].written}` raises ValueError",
            f"pass `{flag}=True` with an async driver in the URL",
            history,
            runs,
            "certain",
        )


def _component(evaluator: Evaluator, thing: Object) -> Component | None:
    if isinstance(thing, Instance) and thing.path and isinstance(thing.of, External):
        return evaluator.catalogue.component(thing.of.dotted)
    return None


def _history_runs(graphs: Graphs) -> Iterator[tuple[GraphCall, Instance]]:
    evaluator, words = graphs.evaluator, graphs.evaluator.catalogue.session
    for path, facts in evaluator.files.items():
        for call in facts.calls:
            function = call.function
            if not isinstance(function, AttrOf) or function.name not in words.run_async:
                continue
            home = graphs.memories.function_of(path, call.scope)
            if not graphs.is_live(home):
                continue
            written = f"{dotted(function.base) or '…'}.{function.name}"
            for thing in evaluator.value(path, call.scope, function.base, call.statement):
                for history in _sync_histories(evaluator, thing):
                    yield GraphCall(history, written, True, home, Location(path, call.span)), history


def _sync_histories(evaluator: Evaluator, thing: Object) -> Iterator[Instance]:
    """The histories that the factory of a wrapper may give, if all of them are sync by their argument."""
    found = made_by(evaluator, thing)
    if found is None or not found[0].history_argument:
        return
    component, call, path = found
    factory = argument(call, (component.history_argument or "",), component.history_position)
    if factory is None:
        return
    for made in evaluator.at(Site(path, call.scope, factory, call.statement)):
        given = evaluator.returned(made) if isinstance(made, FunctionOf) else ()
        if given and all(_is_sync(evaluator, one) for one in given):
            yield from (one for one in given if isinstance(one, Instance))


def _is_sync(evaluator: Evaluator, thing: Object) -> bool:
    component = _component(evaluator, thing)
    if component is None or component.async_argument is None or not isinstance(thing, Instance):
        return False
    call = evaluator.files[thing.path].calls[thing.call]
    if has_stars(call):
        return False
    given = argument(call, (component.async_argument,), None)
    if given is None:
        return True
    return evaluator.value(thing.path, call.scope, given, call.statement) == (Fixed(False),)
