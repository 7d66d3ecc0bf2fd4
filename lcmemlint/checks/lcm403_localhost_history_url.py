"""LCM403 localhost-history-url: the store is said to be this machine, and the app runs in a container."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import CONFIDENCES, Confidence, Finding, Step
from lcmemlint.link.project import Project

_KINDS = ("memory", "history", "checkpointer", "store")


def check(project: Project) -> Iterator[Finding]:
    for memory in project.state(*_KINDS):
        if not project.is_served(memory) or project.is_development_only(memory):
            continue
        if project.is_platform_managed(memory):
            continue
        address = project.address(memory)
        alone = project.alone(memory, address) if address is not None else None
        if address is None or alone is None:
            continue
        sure: Confidence = min("likely", memory.confidence, alone.quality, key=CONFIDENCES.index)
        yield Finding(
            code="LCM403",
            message=f"`{alone.host}` is the container of `{alone.workload.name}` itself, "
            f"so `{memory.name}` finds no store there that others share",
            at=alone.at or memory.at,
            severity="warning",
            confidence=sure,
            symbol=memory.name,
            help=f"set `{address.variables[0]}` to the address of the store for `{alone.workload.name}`"
            if address.variables
            else "read the address from an environment variable, and set it where the app is deployed",
            because=memory.trace,
            related=(Step(alone.declared, f"`{alone.workload.name}` runs in a container"),),
            no_fix="the address of your store is not known here",
        )
