"""LCM302 half-wired-history: a conversation that is saved and never loaded, or loaded and never saved."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, Step
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for broken in project.halves.broken:
        memory = broken.memory
        if memory.storage == "process" and not project.is_attached(memory):
            continue  # LCM301
        if broken.missing == "load":
            message = (
                f"turns are saved in `{memory.name}` and nothing loads them, so the model never sees them"
            )
            help = "put the saved messages into the prompt, or drop the history"
        else:
            message = f"`{memory.name}` is loaded and no turn is ever saved in it, so it stays empty"
            help = "save each turn (`save_context`), or give the memory to the chain that answers"
        yield Finding(
            code="LCM302",
            message=message,
            at=broken.at,
            severity="warning",
            confidence="likely",
            symbol=memory.name,
            help=help,
            because=broken.trace,
            related=(Step(memory.at, "built here"),),
            no_fix="where the other half belongs is yours to say",
        )
