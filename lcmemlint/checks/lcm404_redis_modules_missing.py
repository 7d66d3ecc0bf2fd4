"""LCM404 redis-modules-missing: a saver or history needs search and JSON modules, the manifest starts a plain Redis."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, Step
from lcmemlint.link.project import Project

_KINDS = ("memory", "history", "checkpointer", "store")
_SHOWN = 3


def check(project: Project) -> Iterator[Finding]:
    needing = [
        memory
        for memory in project.state(*_KINDS)
        if memory.component.needs_redis_modules and project.is_served(memory)
        if not project.is_development_only(memory) and not project.is_platform_managed(memory)
    ]
    for plain in project.plain_redis(needing):
        names = ", ".join(dict.fromkeys(f"`{memory.name}`" for memory in plain.memories))
        verb = "fail" if "," in names else "fails"
        yield Finding(
            code="LCM404",
            message=f"`{plain.image}` has no search and JSON modules, so {names} {verb} at the first use",
            at=plain.at,
            severity="error",
            confidence="likely",
            symbol=plain.image,
            help="use `redis:8`, which has them built in, or `redis/redis-stack-server`",
            related=tuple(
                Step(memory.at, f"`{memory.name}` needs them") for memory in plain.memories[:_SHOWN]
            ),
            no_fix="another image is a decision about your data; see the page",
        )
