"""LCM203 constant-session-id: a literal names everyone's conversation, always or when no id is sent."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, FixRequest
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    dicts = [held.thing for held in project.conversations.holdings if held.keyed]
    for constant in project.keys.constants(dicts):
        if constant.is_fallback:
            message = f"`{constant.name}` falls back to {constant.text}, so users who send none share one conversation"
        else:
            message = (
                f"`{constant.name}` is {constant.text} for everyone, so all users share one conversation"
            )
        yield Finding(
            code="LCM203",
            message=message,
            at=constant.at,
            severity="warning" if constant.is_fallback else "error",
            confidence=constant.confidence,
            symbol=constant.name,
            help=f"take `{constant.name}` from the request, and refuse a request that has none",
            because=constant.trace,
            fix=FixRequest("required-id", constant.at.path, constant.at.span, unsafe=True)
            if constant.is_fallback
            else None,
            no_fix="which value tells your users apart is yours to say",
        )
