"""LCM106 cross-user-memory: one memory for everybody, so users read each other's conversation."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("memory", "history"):
        if memory.storage != "process" or memory.fate.lifetime != "worker" or memory.fate.keyed:
            continue
        if not memory.on_request_path or not project.is_attached(memory):
            continue
        fix, reason = project.one_for_each(memory)
        yield Finding(
            code="LCM106",
            message=f"one `{memory.name}` serves every user of this worker, so users read each other's conversation",
            at=memory.at,
            severity="error",
            confidence=memory.confidence,
            symbol=memory.name,
            help=project.advice(memory),
            because=memory.trace,
            fix=fix,
            no_fix=reason,
        )
