"""LCM402 platform-managed-persistence: the LangGraph server replaces the saver or store of an exported graph."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.link.project import Project


def check(project: Project) -> Iterator[Finding]:
    for one in project.replaced():
        built, memory = one.exported.built, one.memory
        refuses = one.kind == "checkpointer" and not one.exported.by_factory
        elsewhere = memory.at.span.line != built.at.span.line or memory.at.path != built.at.path
        yield Finding(
            code="LCM402",
            message=f"the LangGraph server brings its own {one.kind} and ignores `{memory.name}`"
            + ("; `langgraph dev` refuses to load the graph" if refuses else ""),
            at=built.at,
            severity="warning",
            confidence="certain",
            symbol=memory.name,
            help=f"build `{one.exported.name}` without `{one.argument}=`; langgraph.json exports it",
            related=(Step(memory.at, "built here"),) if elsewhere else (),
            fix=FixRequest(
                "drop-argument", built.at.path, built.at.span, (("argument", one.argument),), unsafe=True
            ),
        )
