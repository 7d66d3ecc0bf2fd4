"""LCM308 setup-never-called: a saver or store whose tables or indexes nothing in the project creates."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, FixRequest
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for memory in project.savers.never_set_up():
        what = "indexes" if memory.component.needs_redis_modules else "tables"
        name, api = memory.component.names[0], memory.component.api
        call = "asetup()" if memory.component.needs_redis_modules and api == "async" else "setup()"
        waits = "yes" if api == "async" else ""
        params = (("await", waits), ("method", call.removesuffix("()")), ("of", memory.kind))
        yield Finding(
            code="LCM308",
            message=f"nothing calls `setup()` of `{name}`, so the first turn fails where its {what} do not exist yet",
            at=memory.at,
            severity="warning",
            confidence="likely",
            symbol=name,
            help=f"call `{'await ' if api == 'async' else ''}{memory.kind}.{call}` once, when the server starts "
            "or in a script of the release",
            because=memory.trace,
            fix=FixRequest("setup-saver", memory.at.path, memory.at.span, params, unsafe=True),
        )
