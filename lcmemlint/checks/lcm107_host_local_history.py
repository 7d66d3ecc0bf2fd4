"""LCM107 host-local-history: conversations in a file on this machine's disk."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project

_KINDS = ("memory", "history", "checkpointer", "store")


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state(*_KINDS):
        if memory.storage != "host" or not project.is_served(memory) or project.is_development_only(memory):
            continue
        if project.is_platform_managed(memory):
            continue
        fix, reason = project.request_fix(memory)
        yield Finding(
            code="LCM107",
            message=f"`{memory.name}` keeps the conversations in a file on this machine, so another instance, "
            "or this one in a new container, answers without them",
            at=memory.at,
            severity="warning",
            confidence=memory.confidence,
            symbol=memory.name,
            help="use a database that all instances reach, or mount one durable disk into all of them",
            because=project.trace(memory),
            fix=fix,
            no_fix=reason,
        )
    for table in project.tables():
        yield Finding(
            code="LCM107",
            message=f"the table `{table.name}` keeps the conversations in a file on this machine, so another instance, "
            "or this one in a new container, answers without them",
            at=table.at,
            severity="warning",
            confidence="likely",
            symbol=table.name,
            help="use a database that all instances reach, or mount one durable disk into all of them",
            because=table.trace,
            no_fix="the queries are your own; which database the instances share is yours to choose",
        )
