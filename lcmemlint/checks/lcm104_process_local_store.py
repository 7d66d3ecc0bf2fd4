"""LCM104 process-local-store: what a graph knows about its users for good is in this worker's memory."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("store"):
        if memory.storage != "process" or not project.is_served(memory):
            continue
        if not project.is_long_term(memory) or project.is_development_only(memory):
            continue
        if project.is_platform_managed(memory):
            continue
        fix, reason = project.shared_store(memory)
        yield Finding(
            code="LCM104",
            message=f"`{memory.name}` keeps what the agent learned in this process, so another worker or a restart "
            "does not know it",
            at=memory.at,
            severity="warning",
            confidence=memory.confidence,
            symbol=memory.name,
            help="give the graph a store that all workers share (`PostgresStore`, `RedisStore`)",
            because=project.trace(memory),
            fix=fix,
            no_fix=reason,
        )
