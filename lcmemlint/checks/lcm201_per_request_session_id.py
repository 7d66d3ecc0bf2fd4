"""LCM201 per-request-session-id: an id made on the request path names a conversation that nobody can come back to."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for sink in project.keys.sinks:
        fresh = project.keys.lost_fresh_id(sink)
        if fresh is None:
            continue
        yield Finding(
            code="LCM201",
            message=f"`{sink.name}` is new on every request ({fresh.text}) and never goes back to the client, "
            "so no later request finds the conversation",
            at=fresh.at,
            severity="error",
            confidence=sink.confidence,
            symbol=sink.name,
            help=f"take `{sink.name}` from the request, or return the new one so that the client can send it again",
            because=sink.trace,
            fix=project.returned_id(fresh.at),
        )
