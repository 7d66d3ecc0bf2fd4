"""LCM202 per-process-session-id: an id of this process names the conversation of everybody whom it serves."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    dicts = [held.thing for held in project.conversations.holdings if held.keyed]
    for made in project.keys.process_ids(dicts):
        if made.is_fallback:
            message = (
                f"`{made.name}` falls back to {made.text}, one for this process: users who send none share it"
            )
        else:
            message = (
                f"`{made.name}` is {made.text}, one for this process: its users share a conversation, "
                "and another worker or a restart does not find it"
            )
        yield Finding(
            code="LCM202",
            message=message,
            at=made.at,
            severity="warning" if made.is_fallback else "error",
            confidence=made.confidence,
            symbol=made.name,
            help=f"take `{made.name}` from the request, and refuse a request that has none",
            because=made.trace,
            no_fix="which value tells your users apart is yours to say",
        )
