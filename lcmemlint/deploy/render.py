"""render.yaml: the services of a blueprint."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.containers import settings_of
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.platforms import OWN_DISK, beside, command_of, run_of
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import ONE, Bound, Range, Spot, Workload


def read_render(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """render.yaml: absent ``numInstances`` is 1, ``scaling`` wins, a disk pins to one (documentation)."""
    for path in paths:
        for document in tree.yaml(path):
            for service in document.get("services").items:
                if (
                    service.get("type").text in ("web", "pserv", "worker")
                    and service.get("runtime").text != "static"
                ) and (unit := _render_unit(tree, path, service)):
                    yield workload(unit)


def _render_unit(tree: Tree, path: str, service: Node) -> Unit | None:
    """One service of a blueprint."""
    folder = joined(folder_of(path), service.get("rootDir").text)
    folder = folder_of(path) if folder is None else folder
    env = tuple(settings_of(path, service.get("envVars")))
    command = service.get("startCommand") or service.get("dockerCommand")
    runtime = service.get("runtime").text or service.get("env").text
    image = beside(tree, folder, service.get("dockerfilePath").text) if runtime == "docker" else None
    run = command_of(tree, path, command, folder, env) or run_of(tree, image, env)
    if (run is not None and not run.python) or runtime in ("node", "static", "go", "ruby", "rust", "elixir"):
        return None
    disk = OWN_DISK if service.get("disk") else SEPARATE
    instances, number = _render_instances(tree, path, service)
    declared = tree.node_spot(path, command or service)
    return Unit(
        service.get("name").text or "web",
        "render",
        declared,
        instances,
        number,
        disk,
        running=run,
        unseen=run is None,
        built=image,
        context=folder,
        env=env,
        open_env=True,
    )


def _render_instances(tree: Tree, path: str, service: Node) -> tuple[Range, Spot | None]:
    """How many instances of a service."""
    scaling, count = service.get("scaling"), service.get("numInstances")
    if service.get("disk"):
        return ONE, None
    if scaling:
        least, most = scaling.get("minInstances"), scaling.get("maxInstances")
        high: Bound = most.whole if most.whole is not None else "unknown"
        low = least.whole if least.whole is not None else 1
        return Range(low, high), tree.node_spot(path, least if low >= 2 else most or scaling)
    if count:
        known = count.whole
        return (Range(1, "unknown") if known is None else Range(known, known)), tree.node_spot(path, count)
    return ONE, None
