"""LCM108 pruning-memory-on-shared-history: a memory whose own state stays behind while its messages are stored."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project

_WHAT = {
    "summary": "its summary stays in this worker, and the stored messages are never cut",
    "pruning": "it prunes a copy, the stored messages grow and all of them go into every prompt",
    "entities": "what it knows of entities stays in this worker",
    "graph": "its knowledge graph stays in this worker",
    "vectors": "its older turns stay in this worker",
}


def check(project: Project) -> Iterator[Finding]:
    for memory, extra in project.over_stored_history():
        yield Finding(
            code="LCM108",
            message=f"`{memory.name}` sits on a stored history, but {_WHAT[extra]}",
            at=memory.at,
            severity="warning",
            confidence=memory.confidence,
            symbol=memory.name,
            help="use `ConversationBufferWindowMemory(k=...)`, which cuts when it loads, or store the summary yourself",
            because=memory.trace,
            no_fix=f"no argument of `{memory.name}` moves this state into the store",
        )
