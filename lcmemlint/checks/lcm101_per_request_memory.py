"""LCM101 per-request-memory: memory built while a request is being answered, so it starts empty."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("memory", "history"):
        if memory.storage != "process" or memory.fate.lifetime != "request" or not memory.on_request_path:
            continue
        if project.is_filled(memory) or project.is_scratch(memory) or not project.is_attached(memory):
            continue
        if project.is_beside_another(memory) or memory.thing in project.halves.never_saved:
            continue
        fix, reason = project.request_fix(memory)
        yield Finding(
            code="LCM101",
            message=f"`{memory.name}` is built on every request, so each answer starts without the conversation",
            at=memory.at,
            severity="error",
            confidence=memory.confidence,
            symbol=memory.name,
            help=project.advice(memory),
            because=memory.trace,
            fix=fix,
            no_fix=reason,
        )
