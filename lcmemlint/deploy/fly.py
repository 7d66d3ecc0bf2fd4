"""fly.toml: the Machines of each process group."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.containers import settings_of
from lcmemlint.deploy.dockerfile import Image
from lcmemlint.deploy.nodes import NOTHING, Node
from lcmemlint.deploy.platforms import OWN_DISK, beside, command_of, run_of
from lcmemlint.deploy.running import Running
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import ONE, Range, Setting, Spot, Workload


def read_fly(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """fly.toml: Machines of each process group; two, or one with a volume (fly.io documentation)."""
    for path in paths:
        document = tree.toml(path)
        if not (document.get("app") or document.get("http_service") or document.get("services")):
            continue
        env = tuple(settings_of(path, document.get("env")))
        groups = list(document.get("processes").pairs())
        for name, command in groups:
            run = command_of(tree, path, command, folder_of(path), env)
            if run is not None and run.python:
                yield workload(_fly_unit(tree, path, name.text, run, None, env))
        if not groups:
            image = beside(tree, folder_of(path), document.at("build", "dockerfile").text)
            run = run_of(tree, image, env)
            yield workload(_fly_unit(tree, path, "app", run, image, env))


def _fly_unit(
    tree: Tree, path: str, name: str, run: Running | None, image: Image | None, env: tuple[Setting, ...]
) -> Unit:
    """One process group."""
    document = tree.toml(path)
    service = _fly_service(document, name)
    mounts = document.get("mounts")
    instances, number = _fly_machines(tree, path, name, service)
    declared = (
        tree.node_spot(path, mounts if mounts else service) if mounts or service else tree.spot(path, 1)
    )
    disk = OWN_DISK if mounts else SEPARATE
    folder = folder_of(path)
    return Unit(
        name,
        "fly",
        declared,
        instances,
        number,
        disk,
        running=run,
        unseen=run is None,
        built=image,
        context=folder,
        env=(*(image.env if image else ()), *env),
        open_env=True,
    )


def _fly_service(document: Node, name: str) -> Node:
    """The service that leads to a process group."""
    services = [document.get("http_service"), *document.get("services").items]
    for service in services:
        if service and (not service.get("processes") or name in service.get("processes").texts):
            return service
    return NOTHING


def _fly_machines(tree: Tree, path: str, name: str, service: Node) -> tuple[Range, Spot | None]:
    """How many Machines a process group has."""
    for act in acts(tree):
        if act.kind == "fly-count":
            for word in act.names:
                group, _, count = word.rpartition("=")
                if count.isdigit() and group in ("", name) and len(count) < 6:
                    return Range(int(count), int(count)), act.at
    if tree.toml(path).get("mounts") or not service:
        return ONE, None
    least = service.get("min_machines_running")
    single = any(act.kind == "fly-deploy" and act.values.get("--ha") == "false" for act in acts(tree))
    low = least.whole or 0
    high = max(low, 1 if single else 2)
    return Range(low, high), tree.node_spot(path, least) if low >= 2 else None
