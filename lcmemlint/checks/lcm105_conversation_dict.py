"""LCM105 conversation-dict: conversations in a plain dict or list of this worker."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for held in project.conversations.holdings:
        if held.keyed:
            message = (
                f"`{held.name}` keeps the {held.content} of every session in this worker, so another worker or a "
                "restart answers without the conversation"
            )
        else:
            message = (
                f"one `{held.name}` collects the {held.content} of all users of this worker, so users read each "
                "other's conversation"
            )
        yield Finding(
            code="LCM105",
            message=message,
            at=held.at,
            severity="warning" if held.keyed else "error",
            confidence=held.confidence,
            symbol=held.name,
            help="keep the messages in a history that all workers share, keyed by the session: "
            "`chat_history(session_id)`",
            because=held.trace,
            no_fix="where the messages go, and under which key, is yours to say; see the page",
        )
