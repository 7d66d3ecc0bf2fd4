"""LCM304 memory-key-mismatch: the history is written under a name that the prompt does not read."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding
from lcmemlint.link.project import Project
from lcmemlint.link.prompts import Mismatch


def check(project: Project) -> Iterator[Finding]:
    for mismatch in project.prompts.mismatches():
        fix, reason = project.renamed_key(mismatch)
        yield Finding(
            code="LCM304",
            message=_fault(mismatch),
            at=mismatch.at,
            severity="error" if mismatch.raises else "warning",
            confidence=mismatch.confidence,
            symbol=mismatch.name,
            help=_cure(mismatch),
            because=mismatch.trace,
            fix=fix,
            no_fix=reason,
        )


def _fault(mismatch: Mismatch) -> str:
    if mismatch.ignored:
        return f"`{mismatch.name}` never passes its memory to the prompt, so the model answers without the history"
    if mismatch.raises:
        wanted = ", ".join(f"`{name}`" for name in mismatch.expected) or "no such variable"
        return f"the history is written to `{mismatch.key}` and the prompt reads {wanted}: {mismatch.raises}"
    return (
        f"the history is written to `{mismatch.key}`, which the prompt does not have, so the model never sees it "
        "and no error says so"
    )


def _cure(mismatch: Mismatch) -> str:
    if mismatch.ignored:
        return (
            "use `ConversationalRetrievalChain`, or hand the memory to the inner chain: `chain_type_kwargs`"
        )
    if mismatch.expected:
        return f"use one name on both sides: `{mismatch.expected[0]}`"
    return f"put `{mismatch.key}` into the prompt"
