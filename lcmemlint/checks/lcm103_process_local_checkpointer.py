"""LCM103 process-local-checkpointer: a graph that server code runs keeps its threads in this worker's memory."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("checkpointer"):
        if memory.storage != "process" or not memory.on_request_path or memory.fate.lifetime == "script":
            continue
        if (
            project.is_development_only(memory)
            or project.is_platform_managed(memory)
            or project.is_replaced(memory)
            or project.fallback(memory)  # LCM109
        ):
            continue
        fix, reason = project.request_fix(memory)
        yield Finding(
            code="LCM103",
            message=f"`{memory.name}` keeps every thread in this process, so another worker or a restart "
            "answers without the conversation",
            at=memory.at,
            severity="warning",
            confidence=memory.confidence,
            symbol=memory.name,
            help=project.advice(memory),
            because=memory.trace,
            fix=fix,
            no_fix=reason,
        )
