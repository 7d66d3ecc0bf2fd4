"""Kubernetes: Deployments and the like with the autoscalers, claims and services that belong to them.

``spec.replicas`` absent is 1; an autoscaler replaces it and is joined by its target, never by its own name
(Kubernetes API reference: HPA minReplicas 1; KEDA: 0 to 100).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.containers import Container, settings_of, words_of
from lcmemlint.deploy.images import is_third_party, resolved
from lcmemlint.deploy.nodes import NOTHING, Node
from lcmemlint.deploy.resources import (
    SCALED_KINDS,
    WORKLOAD_KINDS,
    Resource,
    containers_of,
    pod_labels,
    pod_path,
    resources_of,
)
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import ONE, Disk, Range, Setting, Spot, Workload

_SCALERS = {"HorizontalPodAutoscaler": "hpa", "ScaledObject": "keda", "HTTPScaledObject": "keda"}
_STICKY = ("nginx.ingress.kubernetes.io/affinity", "sticky", "stickiness.enabled=true", "affinity: cookie")


def read(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The workloads of all manifests that no kustomization and no chart owns."""
    from lcmemlint.deploy.helm import is_template
    from lcmemlint.deploy.kustomize import owned

    mine = owned(tree)
    found = [
        one
        for path in paths
        if path not in mine and not is_template(tree, path)
        for one in resources_of(tree, path)
    ]
    yield from workloads(tree, found, "kubernetes")


def workloads(tree: Tree, found: Iterable[Resource], format_: str) -> Iterator[Workload]:
    """The workloads of a set of objects that are applied together."""
    everything = tuple(found)
    group: dict[str, tuple[Resource, ...]] = {}
    for kind in {one.kind for one in everything}:
        group[kind] = tuple(one for one in everything if one.kind == kind)
    for resource in everything:
        if resource.kind in WORKLOAD_KINDS and containers_of(resource):
            yield workload(_unit(tree, resource, group, format_))


Group = Mapping[str, tuple[Resource, ...]]
"""The objects that are applied together, by kind."""


class _Scale(Struct, frozen=True):
    instances: Range
    number: Spot | None
    also: tuple[Spot, ...] = ()


def _unit(tree: Tree, resource: Resource, group: Group, format_: str) -> Unit:
    """One object as a unit."""
    node = _app_container(tree, resource)
    name = node.get("image").text
    foreign = is_third_party(name, tree)
    image, confidence = (None, "certain") if foreign else resolved(name, tree)
    env = (*_from_maps(tree, node, resource, group), *settings_of(resource.path, node.get("env")))
    container = Container(
        image,
        env,
        words_of(tree, resource.path, node.get("command")),
        words_of(tree, resource.path, node.get("args")),
        node.get("workingDir").text,
    )
    own_command = container.entrypoint is not None
    run = None if foreign else container.run(tree, image.context if image else "")
    scale = _scale(tree, resource, group)
    return Unit(
        resource.name,
        format_,
        tree.node_spot(resource.path, resource.node.key("kind")),
        scale.instances,
        scale.number,
        _disk(resource, node, container, group),
        also=scale.also,
        running=run,
        unseen=run is None and not foreign,
        image=name or None,
        image_at=tree.node_spot(resource.path, node.get("image")) if name else None,
        built=image,
        env=container.all_env,
        open_env=bool(node.get("envFrom").items),
        affinity=_is_sticky(resource, group),
        third_party=foreign,
        host_network=resource.node.at(*pod_path(resource.kind), "hostNetwork").is_true,
        beside=tuple(
            one.get("image").text for one in containers_of(resource) if one is not node and one.get("image")
        ),
        confidence="possible" if confidence == "possible" or (own_command and image is None) else confidence,
    )


def _app_container(tree: Tree, resource: Resource) -> Node:
    """The container that is the app: the first that is not known software of somebody else."""
    all_ = containers_of(resource)
    own = (one for one in all_ if not is_third_party(one.get("image").text, tree))
    return next(own, all_[0])


def _from_maps(tree: Tree, node: Node, resource: Resource, group: Group) -> Iterator[Setting]:
    """The variables that ConfigMaps of the same set bring in."""
    for source in node.get("envFrom").items:
        name = source.at("configMapRef", "name").text
        for one in group.get("ConfigMap", ()):
            if one.name == name and name:
                yield from settings_of(one.path, one.node.get("data"))


def _scale(tree: Tree, resource: Resource, group: Group) -> _Scale:
    """How many pods: the autoscaler's bounds, else the overlay's count, else the object's own."""
    if resource.kind == "DaemonSet":
        return _Scale(Range(1, "unbounded"), None)
    if resource.kind not in SCALED_KINDS:
        return _Scale(ONE, None)
    path, own = resource.find("spec", "replicas")
    own_spot = tree.node_spot(path, own) if own else None
    also = (own_spot,) if own_spot and (own.whole or 0) >= 2 else ()
    scaler = _scaler(resource, group)
    if scaler is not None:
        instances, spot = _bounds(tree, scaler)
        return _Scale(instances, spot, also)
    if resource.replicas is not None:
        node, spot = resource.replicas
        return _Scale(_number(node), spot)
    for act in acts(tree):
        count = act.number("--replicas")
        if (
            act.kind == "kubectl-scale"
            and count
            and resource.name in {n.rpartition("/")[2] for n in act.names}
        ):
            return _Scale(Range(count[0], count[0]), count[1], also)
    if resource.unset or own_spot is None:
        return _Scale(ONE if not resource.unset else Range(1, "unknown"), None)
    return _Scale(_number(own), own_spot)


def _number(node: Node) -> Range:
    """A count as a range; text that is no number is not known."""
    count = node.whole
    return Range(1, "unknown") if count is None else Range(count, count)


def _scaler(resource: Resource, group: Group) -> Resource | None:
    """The autoscaler whose target this is; of several the one that lies nearest."""
    found = [one for kind in _SCALERS for one in group.get(kind, ()) if _targets(one, resource)]
    return max(found, key=lambda one: len(posixpath.commonprefix([one.path, resource.path])), default=None)


def _targets(scaler: Resource, resource: Resource) -> bool:
    """Whether an autoscaler is for this object."""
    target = scaler.node.at("spec", "scaleTargetRef")
    kind = target.get("kind").text or "Deployment"
    spaces = {scaler.namespace, resource.namespace} - {""}
    return kind == resource.kind and target.get("name").text == resource.name and len(spaces) < 2


def _bounds(tree: Tree, scaler: Resource) -> tuple[Range, Spot]:
    """The bounds of an autoscaler and the line to show: the minimum from 2 on, else the maximum."""
    default = tables().platforms[_SCALERS[scaler.kind]]
    spec = scaler.node.get("spec")
    if scaler.kind == "HorizontalPodAutoscaler":
        least, most = spec.get("minReplicas"), spec.get("maxReplicas")
    elif scaler.kind == "ScaledObject":
        least, most = spec.get("minReplicaCount"), spec.get("maxReplicaCount")
    else:
        least, most = spec.at("replicas", "min"), spec.at("replicas", "max")
    low = least.whole if least.whole is not None else default.low
    number = most.whole
    high = number if number is not None else "unknown" if most else default.high
    shown = least if low >= 2 else most
    return Range(low, high), tree.node_spot(scaler.path, shown or scaler.node.key("kind"))


def _disk(resource: Resource, node: Node, container: Container, group: Group) -> Disk:
    """The disk below the working directory."""
    cwd = container.layout("").cwd or "/"
    for mount in node.get("volumeMounts").items:
        inside = posixpath.normpath(mount.get("mountPath").text or "/nowhere")
        if f"{cwd}/".startswith(f"{inside.rstrip('/')}/"):
            return _volume(resource, mount.get("name").text, group)
    return SEPARATE


def _volume(resource: Resource, name: str, group: Group) -> Disk:
    """What a volume of the pod is to several pods."""
    for template in resource.node.at("spec", "volumeClaimTemplates").items:
        if template.at("metadata", "name").text == name:
            return Disk(False, True)
    for volume in resource.node.at(*pod_path(resource.kind), "volumes").items:
        if volume.get("name").text != name:
            continue
        claim = volume.at("persistentVolumeClaim", "claimName").text
        if claim:
            return _claim(claim, group)
        if volume.get("nfs") or volume.get("csi") or volume.get("azureFile"):
            return Disk(True, True, network=True)
        if volume.get("hostPath"):
            return Disk(None, True)
    return SEPARATE


def _claim(name: str, group: Group) -> Disk:
    """A claim: for many writers it is one disk; for one writer several pods may not even start."""
    for one in group.get("PersistentVolumeClaim", ()):
        if one.name == name:
            many = "ReadWriteMany" in one.node.at("spec", "accessModes").texts
            return Disk(True, True, network=True) if many else Disk(None, True)
    return Disk(None, True)


def _is_sticky(resource: Resource, group: Group) -> bool:
    """Whether a Service or an Ingress in front of it keeps a client on one pod."""
    labels = pod_labels(resource)
    services = [one for one in group.get("Service", ()) if _selects(one, labels)]
    if any(one.node.at("spec", "sessionAffinity").text == "ClientIP" for one in services):
        return True
    names = {one.name for one in services}
    return any(_keeps(one, names) for kind in ("Ingress", "DestinationRule") for one in group.get(kind, ()))


def _selects(service: Resource, labels: dict[str, str]) -> bool:
    """Whether a Service selects pods with these labels."""
    selector = {
        name.text: value.text for name, value in (service.node.at("spec", "selector") or NOTHING).pairs()
    }
    return bool(selector) and selector.items() <= labels.items()


def _keeps(ingress: Resource, services: set[str]) -> bool:
    """Whether an Ingress (or an Istio rule) that leads to one of these services is sticky."""
    if ingress.node.at("spec", "trafficPolicy", "loadBalancer", "consistentHash"):
        return ingress.node.at("spec", "host").text.partition(".")[0] in services
    backends = {
        path.at("backend", "service", "name").text or path.at("backend", "serviceName").text
        for rule in ingress.node.at("spec", "rules").items
        for path in rule.at("http", "paths").items
    }
    if not backends & services:
        return False
    for name, value in ingress.node.at("metadata", "annotations").pairs():
        if name.text == _STICKY[0] and value.text == "cookie":
            return True
        if (_STICKY[1] in name.text.lower() and value.is_true) or _STICKY[2] in value.text:
            return True
    return False
