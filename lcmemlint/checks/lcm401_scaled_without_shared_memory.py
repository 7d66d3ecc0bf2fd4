"""LCM401 scaled-without-shared-memory: several processes run an app whose conversations live in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import CONFIDENCES, Confidence, Finding, Step
from lcmemlint.link.project import Project
from lcmemlint.link.scaling import LOST_ELSEWHERE, Running, count_of, is_reported, location, severity_of

_SHOWN = 5


def check(project: Project) -> Iterator[Finding]:
    from lcmemlint.checks import CHECKS

    nowhere = {omission.at for omission in project.omissions()}  # kept by no process, so no other lacks it
    lost = [
        finding
        for one in CHECKS
        if one.code in LOST_ELSEWHERE
        for finding in project.findings(one.code, one.check)
        if finding.at not in nowhere
    ]
    for running in project.scaling.scaled(lost):
        workload = running.workload
        if running.is_bare_image:
            continue
        for spot in (workload.at, *workload.also):
            yield Finding(
                code="LCM401",
                message=_message(running),
                at=location(spot),
                severity=severity_of(running.linked, project.scaling.choice),
                confidence=_confidence(running),
                symbol=f"{workload.name} {workload.format}",
                help=_help(running),
                because=tuple(
                    Step(one.at, f"{one.code}: {one.message}") for one in running.findings[:_SHOWN]
                ),
                no_fix="move the conversations to a shared store first; the findings named above say how",
            )


def _message(running: Running) -> str:
    several = count_of(running.workload)
    may = "" if running.workload.verdict == "multi" else "may "
    return f"{several} {may}run `{running.linked.modules[0]}`, and each keeps conversations that the others do not have"


def _help(running: Running) -> str:
    shared = "keep the conversations in a store that all of them reach, or run one process"
    if running.workload.affinity and running.workload.processes.low < 2:
        return f"{shared}; sticky sessions help only while the instance lives, a deploy forgets everybody"
    return shared


def _confidence(running: Running) -> Confidence:
    if not is_reported(running.linked):
        return "possible"
    best = max((one.confidence for one in running.findings), key=CONFIDENCES.index)
    link: Confidence = "likely" if running.linked.quality in ("possible", None) else running.linked.quality
    return min(best, link, key=CONFIDENCES.index)
