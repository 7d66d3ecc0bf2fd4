"""LCM109 silent-memory-fallback: when the database is missing, process memory takes its place and nobody is told."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state("checkpointer", "history", "memory"):
        if not memory.on_request_path or memory.fate.lifetime == "script":
            continue
        when = project.fallback(memory)
        if not when or project.is_development_only(memory) or project.is_platform_managed(memory):
            continue
        yield Finding(
            code="LCM109",
            message=f"`{memory.name}` silently takes over {when}, and then another worker or a restart answers "
            "without the conversation",
            at=memory.at,
            severity="warning",
            confidence=memory.confidence,
            symbol=memory.name,
            help="let the start fail, or let an explicit development switch choose process memory",
            because=memory.trace,
            no_fix="whether the app may run without its database is yours to decide",
        )
    for omission in project.omissions():
        name = omission.memory.name
        yield Finding(
            code="LCM109",
            message=f"`{name}` is silently left out {omission.when}, and then nothing is remembered at all",
            at=omission.at,
            severity="warning",
            confidence="likely",
            symbol=name,
            help="let the start fail: a chat that forgets looks healthy to every monitor",
            because=omission.trace,
            no_fix="whether the app may run without its database is yours to decide",
        )
