"""Cloud Run and Knative services: ``apiVersion: serving.knative.dev/v1``.

Minimum 0; the maximum is the region's quota (Cloud Run documentation); the smaller of two maxima holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.containers import Container, settings_of, words_of
from lcmemlint.deploy.dockerfile import Image, environment, image_of, started
from lcmemlint.deploy.images import is_third_party, python_dockerfiles, resolved
from lcmemlint.deploy.nodes import NOTHING, Node
from lcmemlint.deploy.resources import Resource, resources_of
from lcmemlint.deploy.running import Context
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, joined
from lcmemlint.deploy.workload import Bound, Range, Spot, Workload
from lcmemlint.findings import Confidence

_MINIMA = ("autoscaling.knative.dev/minScale", "autoscaling.knative.dev/min-scale")
_MAXIMA = ("autoscaling.knative.dev/maxScale", "autoscaling.knative.dev/max-scale")


def read(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The services of all files."""
    for path in paths:
        for resource in resources_of(tree, path):
            if resource.kind == "Service" and resource.api.startswith("serving.knative.dev"):
                yield workload(_unit(tree, resource))


def _annotation(node: Node, *names: str) -> Node:
    """The first of some annotations."""
    return next((value for name in names if (value := node.get(name))), NOTHING)


def _unit(tree: Tree, resource: Resource) -> Unit:
    """One service as a unit."""
    node, path = resource.node, resource.path
    service = node.at("metadata", "annotations")
    revision = node.at("spec", "template", "metadata", "annotations")
    container = node.at("spec", "template", "spec", "containers", 0)
    name = container.get("image").text
    foreign = is_third_party(name, tree)
    image, confidence = (None, "certain") if foreign else resolved(name, tree)
    box = Container(
        image,
        tuple(settings_of(path, container.get("env"))),
        words_of(tree, path, container.get("command")),
        words_of(tree, path, container.get("args")),
        container.get("workingDir").text,
    )
    run = None if foreign else box.run(tree, image.context if image else "")
    instances, number = _instances(tree, path, service, revision)
    return Unit(
        resource.name,
        "cloud-run",
        tree.node_spot(path, node.key("kind")),
        instances,
        number,
        running=run,
        unseen=run is None and not foreign,
        image=name or None,
        built=image,
        env=box.all_env,
        affinity=_annotation(revision, "run.googleapis.com/sessionAffinity").is_true,
        third_party=foreign,
        confidence=confidence,
    )


def _instances(tree: Tree, path: str, service: Node, revision: Node) -> tuple[Range, Spot | None]:
    """The bounds of the service and the line of the one to show."""
    manual = service.get("run.googleapis.com/manualInstanceCount")
    if service.get("run.googleapis.com/scalingMode").text == "manual" and manual.whole is not None:
        return Range(manual.whole, manual.whole), tree.node_spot(path, manual)
    default = tables().platforms["cloud-run"]
    minima = [
        one
        for one in (_annotation(service, "run.googleapis.com/minScale"), _annotation(revision, *_MINIMA))
        if one
    ]
    maxima = [
        one
        for one in (_annotation(service, "run.googleapis.com/maxScale"), _annotation(revision, *_MAXIMA))
        if one
    ]
    least = max(minima, key=lambda one: one.whole or 0, default=NOTHING)
    most = min((one for one in maxima if one.whole), key=lambda one: one.whole or 0, default=NOTHING)
    low = least.whole if least.whole is not None else default.low
    high: Bound = most.whole if most.whole is not None else "unknown" if maxima and not most else default.high
    shown = least if low >= 2 else most or least
    return Range(low, high), tree.node_spot(path, shown) if shown else None


def read_commands(tree: Tree) -> Iterator[Workload]:
    """The services that commands deploy: ``gcloud run deploy``, ``az containerapp``, ``gcloud functions``."""
    kinds = {
        "cloud-run": ("--min-instances", "--min"),
        "cloud-functions": ("--min-instances",),
        "container-apps": ("--min-replicas",),
    }
    for act in acts(tree):
        if act.kind not in kinds:
            continue
        least = act.number(*kinds[act.kind])
        most = act.number(*(name.replace("min", "max") for name in kinds[act.kind]))
        default = tables().platforms[act.kind]
        low = least[0] if least else default.low
        high: Bound = most[0] if most else default.high
        spot = least[1] if least and low >= 2 else most[1] if most else least[1] if least else None
        image, confidence = _image_of(tree, act.values, act.folder)
        run = None
        if image is not None:
            run = started(image, Context(tree, image.layout, environment(image.env)))
        name = act.values.get("--name") or act.values.get("-n") or (act.names[0] if act.names else "service")
        unit = Unit(
            name,
            act.kind,
            act.at,
            Range(low, high),
            spot,
            SEPARATE,
            running=run,
            unseen=run is None,
            image=act.values.get("--image"),
            built=image,
            env=image.env if image else (),
            open_env=True,
            affinity="--session-affinity" in act.options,
            confidence=confidence,
        )
        yield workload(unit)


def _image_of(tree: Tree, options: Mapping[str, str], folder: str) -> tuple[Image | None, Confidence]:
    """What ``--source`` or ``--image`` stands for."""
    if "--source" in options:
        where = joined(folder, options["--source"] or ".")
        path = joined(where or "", "Dockerfile")
        if where is not None and path in tree.files and path:
            return image_of(tree, path, context=where), "certain"
    if "--image" in options:
        return resolved(options["--image"], tree)
    own = python_dockerfiles(tree)
    return (image_of(tree, own[0]), "possible") if len(own) == 1 else (None, "possible")
