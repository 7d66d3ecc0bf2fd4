"""LCM306 thread-without-checkpointer: a thread is named, and the graph that gets it keeps none."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, Step
from lcmemlint.link.project import Project
from lcmemlint.values import Location


def check(project: Project) -> Iterator[Finding]:
    runs = project.runs
    told: set[Location] = set()
    for run in runs.of_requests:
        built = run.built[0]
        if built.at in told or any(runs.keeps_threads(one) != "no" for one in run.built):
            continue
        if runs.names(run, "thread_id") != "yes":
            continue
        told.update(one.at for one in run.built)
        complete = runs.brings_history(run)
        lost = "is ignored" if complete else "keeps nothing, so every turn starts afresh"
        fix, reason = project.added_checkpointer(run, complete=complete)
        yield Finding(
            code="LCM306",
            message=f"the `thread_id` given to `{run.receiver}` {lost}: `{built.name}()` got no checkpointer",
            at=runs.place_of(run, "thread_id"),
            severity="warning",
            confidence="possible" if complete else project.reach.confidence(run.function),
            symbol=run.receiver,
            help=f"give `{built.name}()` a `checkpointer=` that all workers share, or drop the `thread_id`",
            because=(*project.reach.trace(run.function), Step(run.at, f"`{run.receiver}` runs here")),
            related=tuple(Step(one.at, "built here, without a checkpointer") for one in run.built),
            fix=fix,
            no_fix=reason,
        )
