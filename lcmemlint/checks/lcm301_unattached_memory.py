"""LCM301 unattached-memory: memory that is built and that no chain, agent or graph uses."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("memory", "history"):
        if memory.implicit or project.is_attached(memory) or not project.is_live(memory):
            continue
        if project.is_written(memory) and memory.storage != "process":
            continue  # LCM302: a history that is kept somewhere and never loaded
        written = "only written to" if project.is_written(memory) else "never used"
        fix, reason = project.unattached_fix(memory)
        yield Finding(
            code="LCM301",
            message=f"`{memory.name}` is {written}: no chain, agent or graph reads it, so nothing is remembered",
            at=memory.at,
            severity="warning",
            confidence="likely",
            symbol=memory.name,
            help="pass it to the chain, agent or graph that answers (`memory=`), or delete it",
            because=memory.trace,
            fix=fix,
            no_fix=reason,
        )
