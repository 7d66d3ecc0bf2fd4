"""Platform's numbers and container's program → one ``Workload`` with the line to show."""

from __future__ import annotations

import re

from msgspec import Struct

from lcmemlint.deploy.dockerfile import Image
from lcmemlint.deploy.running import Running
from lcmemlint.deploy.workload import ONE, Disk, Range, Rank, Setting, Spot, Workload
from lcmemlint.findings import Confidence

_WORDS = re.compile(r"[a-z0-9]+")
_DEVELOPMENT = frozenset(
    [
        "dev",
        "devel",
        "development",
        "local",
        "localhost",
        "test",
        "tests",
        "testing",
        "ci",
        "preview",
        "sandbox",
        "debug",
        "override",
        "e2e",
    ]
)
_PRODUCTION = frozenset(["prod", "production", "prd", "live"])
_ASIDE = frozenset(
    ["test", "tests", "fixtures", "example", "examples", "doc", "docs", "node_modules", "samples"]
)

SEPARATE = Disk(shared=False, durable=False)
"""Each instance has a writable layer of its own, gone when it is replaced."""
HOST = Disk(shared=True, durable=None)
"""One machine: every process sees the file; whether the machine lasts, the files do not say."""


class Unit(Struct, frozen=True):
    """What a platform's file says about one deployed unit; ``number`` is where its count is written."""

    name: str
    format: str
    declared: Spot
    instances: Range = ONE
    number: Spot | None = None
    disk: Disk = SEPARATE
    also: tuple[Spot, ...] = ()
    running: Running | None = None
    unseen: bool = False
    """There is a program, but the files do not show which: its processes are not known."""
    image: str | None = None
    image_at: Spot | None = None
    built: Image | None = None
    context: str | None = None
    env: tuple[Setting, ...] = ()
    open_env: bool = False
    affinity: bool = False
    managed: bool = False
    third_party: bool = False
    container: bool = True
    host_network: bool = False
    beside: tuple[str, ...] = ()
    confidence: Confidence = "certain"
    target: str | None = None
    places: tuple[str, ...] = ()


def workload(unit: Unit) -> Workload:
    """The unit as a workload."""
    run = unit.running
    processes = run.processes if run else Range(1, "unknown") if unit.unseen else ONE
    instances = unit.instances
    number = unit.number
    if run and run.copies > 1:
        instances, number = instances.times(run.copies), run.copies_at
    processes_at = run.at if run and run.said else None
    at = _shown(instances, number or unit.declared, processes, run.at if run else None, unit)
    built = unit.built
    context = unit.context if unit.context is not None else built.context if built else None
    return Workload(
        name=unit.name.replace("\0", "…"),
        format=unit.format,
        at=at,
        instances=instances,
        processes=processes,
        disk=_disk(unit.disk, instances),
        instances_at=number,
        processes_at=processes_at,
        also=tuple(sorted({*unit.also} - {at})),
        program=run.program if run else "",
        command=run.words if run else (),
        target=unit.target or (run.target if run else None),
        places=unit.places or (run.places if run else ()),
        context=context,
        image=unit.image,
        image_at=unit.image_at,
        recipe=built.path if built else None,
        env=unit.env,
        open_env=unit.open_env,
        affinity=unit.affinity,
        managed=unit.managed,
        broken=run.broken if run else False,
        third_party=unit.third_party or bool(run and not run.python),
        container=unit.container,
        host_network=unit.host_network,
        beside=unit.beside,
        rank=rank_of(at.path, unit.declared.path),
        confidence=unit.confidence,
    )


def _shown(instances: Range, where: Spot, processes: Range, process_at: Spot | None, unit: Unit) -> Spot:
    """The line to show: the number that makes it several; in one file the workers' line comes first."""
    if process_at is None:
        return where
    if processes.low >= 2 and (instances.low < 2 or process_at.path == where.path):
        return process_at
    if instances.can_be_several or not processes.can_be_several:
        return (
            where
            if unit.number is not None or instances.can_be_several or unit.format != "docker"
            else process_at
        )
    return process_at


def _disk(disk: Disk, instances: Range) -> Disk:
    """One instance trivially shares its disk with itself."""
    if isinstance(instances.high, int) and instances.high <= 1:
        return Disk(True, disk.durable, disk.network)
    return disk


def rank_of(*paths: str) -> Rank:
    """What the words of a path say about its environment; examples and tests count least."""
    parts = [part for path in paths for part in path.lower().split("/")[:-1]]
    if any(part in _ASIDE for part in parts):
        return "example"
    # A pipeline tests and deploys; its name says nothing about where to.
    names = [path.lower().replace(".gitlab-ci.", ".") for path in paths]
    words = {word for name in names for word in _WORDS.findall(name)}
    if words & _DEVELOPMENT:
        return "development"
    return "production" if words & _PRODUCTION else "plain"
