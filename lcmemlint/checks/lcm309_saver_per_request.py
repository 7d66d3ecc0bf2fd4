"""LCM309 saver-per-request: a pool, client or connection that every request opens for its saver or history."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project

_COST = {
    "pool": "so it pools nothing, and under load the database runs out of connections",
    "engine": "so its pool serves one request, and under load the database runs out of connections",
    "client": "so its pool serves one request, and under load the store runs out of connections",
    "connection": "so every request pays for connecting, and under load the database runs out of connections",
    "saver": "so every request pays for connecting, and under load the database runs out of connections",
}


def check(project: Project) -> Iterator[Finding]:
    for opening in project.savers.opened_per_request():
        yield Finding(
            code="LCM309",
            message=f"`{opening.name}` is opened on every request, {_COST[opening.kind]}",
            at=opening.at,
            severity="warning",
            confidence=opening.confidence,
            symbol=opening.name,
            help="open it once, when the server starts, and hand it to the code that answers requests",
            because=opening.trace,
            no_fix="where the server keeps what it opens is yours to say",
        )
