"""LCM305 sync-async-mismatch: a saver or history of one kind under calls of the other kind."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, Step
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for clash in project.clashes():
        first, *rest = clash.calls
        yield Finding(
            code="LCM305",
            message=f"{clash.fault}",
            at=first.at,
            severity="error",
            confidence=clash.confidence,
            symbol=clash.name,
            help=clash.help,
            because=clash.trace,
            related=(
                Step(clash.built, f"`{clash.name}` is built here"),
                *(Step(call.at, f"`{call.written}` too") for call in rest),
            ),
            no_fix="which of the two sides to change is yours to say",
        )
