"""LCM102 process-local-history: history kept per session in this worker's memory."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("memory", "history"):
        if memory.storage != "process" or not memory.fate.keyed or not memory.on_request_path:
            continue
        if memory.fate.lifetime not in ("worker", "session"):
            continue
        fix, reason = project.request_fix(memory)
        yield Finding(
            code="LCM102",
            message=f"`{memory.name}` is kept in {project.where_kept(memory)}, so another worker or a restart "
            "answers without the conversation",
            at=memory.at,
            severity="warning",
            confidence=memory.confidence if memory.fate.lifetime == "worker" else "possible",
            symbol=memory.name,
            help=project.advice(memory),
            because=memory.trace,
            fix=fix,
            no_fix=reason,
        )
