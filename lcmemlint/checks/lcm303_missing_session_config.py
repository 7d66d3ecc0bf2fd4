"""LCM303 missing-session-config: what keeps conversations is run without saying which one."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, Step
from lcmemlint.link.project import Project
from lcmemlint.link.runs import Run, Runs


def check(project: Project) -> Iterator[Finding]:
    for run in project.runs.of_requests:
        key = _needed(project.runs, run)
        if key is None or project.runs.names(run, key) != "no":
            continue
        fix, reason = project.session_config(run, key)
        yield Finding(
            code="LCM303",
            message=f"`{run.receiver}` is run without a `{key}`, so the request fails: "
            f"its configuration must name the conversation",
            at=run.at,
            severity="error",
            confidence=project.reach.confidence(run.function),
            symbol=run.receiver,
            help=f'pass `config={{"configurable": {{"{key}": …}}}}` with an id that the client sends again',
            because=project.reach.trace(run.function),
            related=tuple(Step(one.at, f"built here, with a memory for each `{key}`") for one in run.built),
            fix=fix,
            no_fix=reason,
        )


def _needed(runs: Runs, run: Run) -> str | None:
    """The key that everything which the run may run asks for."""
    if any(built.bound for built in run.built):
        return None
    if all(runs.needs_session(built) for built in run.built):
        return "session_id"
    if all(runs.keeps_threads(built) == "yes" for built in run.built):
        return "thread_id"
    return None
