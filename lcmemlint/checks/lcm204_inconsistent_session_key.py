"""LCM204 inconsistent-session-key: two paths keep one conversation under two keys."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for clash in project.shapes.clashes:
        use, other = clash.use, clash.other
        yield Finding(
            code="LCM204",
            message=f"`{use.name}` is opened as `{use.shown}` here and as `{other.shown}` elsewhere, "
            "so each path knows only its own turns",
            at=clash.at,
            severity="warning",
            confidence=clash.confidence,
            symbol=use.shown,
            help="open the history in one function that all paths call",
            because=project.reach.trace(clash.function),
            related=(Step(other.place(use)[0], f"`{other.shown}` here"),),
            fix=FixRequest("same-key", clash.at.path, clash.at.span, (("key", other.shown),), unsafe=True),
        )
