"""LCM306 thread-without-checkpointer: a thread is named, and the graph that gets it keeps none."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, Step
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    told = set()
    for run in project.runs.of_requests:
        if any(project.runs.keeps_threads(built) != "no" for built in run.built):
            continue
        if project.runs.names(run, "thread_id") != "yes" or run.built[0].at in told:
            continue
        told.update(built.at for built in run.built)
        built = run.built[0]
        lost = (
            "is ignored" if project.runs.brings_history(run) else "keeps nothing: every turn starts afresh"
        )
        yield Finding(
            code="LCM306",
            message=f"the `thread_id` given to `{run.receiver}` {lost}, because `{built.name}()` got no checkpointer",
            at=run.at,
            severity="warning",
            confidence="possible"
            if project.runs.brings_history(run)
            else project.reach.confidence(run.function),
            symbol=run.receiver,
            help=f"give `{built.name}()` a `checkpointer=` that all workers share, or drop the `thread_id`",
            because=project.reach.trace(run.function),
            related=tuple(Step(one.at, "built here, without a checkpointer") for one in run.built),
            no_fix="a checkpointer needs a database of your choice; see the page",
        )
