"""Nomad jobs in HCL."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.deploy.assemble import Unit, workload
from lcmemlint.deploy.hcltext import Block
from lcmemlint.deploy.terraform import Bounds, Module, bounds_of, container_unit
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import ONE, Workload


def read_nomad(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Groups of Nomad jobs; ``count`` is 1 when absent (unverified)."""
    for path in paths:
        module = Module(tree, folder_of(path), (), {})
        for job in tree.hcl(path).blocks:
            if job.type != "job" or _is_batch(job):
                continue
            for group in job.within("group"):
                yield workload(_nomad_unit(module, path, job, group))


def _is_batch(job: Block) -> bool:
    """Whether a job runs to its end and serves nobody."""
    kind = job.attribute("type")
    return kind is not None and kind.value.strip('"') in ("batch", "sysbatch")


def _nomad_unit(module: Module, path: str, job: Block, group: Block) -> Unit:
    """One group: its count, or the bounds of its scaling."""
    count = module.number(path, group.attribute("count"))
    scale: Bounds = (count[0], count[1]) if count else (ONE, None)
    for scaling in group.within("scaling"):
        least = module.number(path, scaling.attribute("min"))
        scale = bounds_of(least, module.number(path, scaling.attribute("max")), ONE)
    image = module.text(group.find("task", "config", "image"))
    named = Block("group", (job.name, group.name), group.line)
    return container_unit(module, path, named, scale, image=image)
