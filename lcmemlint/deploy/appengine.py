"""app.yaml of App Engine."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.containers import settings_of
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.platforms import beside, command_of, run_of
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import Bound, Range, Spot, Workload


def read_app_engine(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """app.yaml of App Engine, known by a Python (or custom) ``runtime:``; it scales by itself if not told."""
    for path in paths:
        for document in tree.yaml(path)[:1]:
            runtime = document.get("runtime").text
            if runtime.startswith("python") or runtime == "custom":
                yield workload(_app_engine_unit(tree, path, document))


def _app_engine_unit(tree: Tree, path: str, document: Node) -> Unit:
    """The service of an app.yaml."""
    folder = folder_of(path)
    env = tuple(settings_of(path, document.get("env_variables")))
    flexible = document.get("env").text in ("flex", "flexible") or document.get("vm").is_true
    image = beside(tree, folder) if document.get("runtime").text == "custom" else None
    run = command_of(tree, path, document.get("entrypoint"), folder, env) or run_of(tree, image, env)
    places = () if run else tuple(joined(folder, name) or name for name in ("main.py",))
    instances, number = _app_engine_instances(tree, path, document, flexible=flexible)
    return Unit(
        document.get("service").text or "default",
        "app-engine",
        tree.node_spot(path, document.key("runtime")),
        instances,
        number,
        SEPARATE,
        running=run,
        built=image,
        context=folder,
        env=env,
        affinity=document.at("network", "session_affinity").is_true,
        target=None if run else "main:app",
        places=places,
    )


def _app_engine_instances(
    tree: Tree, path: str, document: Node, *, flexible: bool
) -> tuple[Range, Spot | None]:
    """The instances of a service of App Engine."""
    manual = document.at("manual_scaling", "instances")
    if manual.whole is not None:
        return Range(manual.whole, manual.whole), tree.node_spot(path, manual)
    basic = document.at("basic_scaling", "max_instances")
    if basic.whole is not None:
        return Range(0, basic.whole), tree.node_spot(path, basic)
    default = tables().platforms["app-engine-flexible" if flexible else "app-engine"]
    scaling = document.get("automatic_scaling")
    least = scaling.get("min_num_instances") or scaling.get("min_instances")
    most = scaling.get("max_num_instances") or scaling.get("max_instances")
    low = least.whole if least.whole is not None else default.low
    high: Bound = most.whole if most.whole is not None else default.high
    shown = least if low >= 2 and least else most
    return Range(low, high), tree.node_spot(path, shown) if shown else None
