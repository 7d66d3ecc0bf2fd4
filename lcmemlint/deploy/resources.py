"""Kubernetes objects as the manifests hold them, with what an overlay changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from lcmemlint.deploy.nodes import NOTHING, Node
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import Spot

MAX_LISTS = 5
MAX_RESOURCES = 1000
"""Objects of one file."""

SCALED_KINDS = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "Rollout", "DeploymentConfig", "ReplicationController"}
)
WORKLOAD_KINDS = SCALED_KINDS | {"DaemonSet", "Pod"}


class Resource(Struct, frozen=True):
    """One object. ``replicas`` is the count that an overlay sets, with its line."""

    kind: str
    name: str
    namespace: str
    node: Node
    path: str
    replicas: tuple[Node, Spot] | None = None
    unset: bool = False
    """An overlay removes the count, so that an autoscaler decides."""
    patches: tuple[tuple[str, Node], ...] = ()
    """Strategic patches with their files, the last one wins."""

    def find(self, *keys: str | int) -> tuple[str, Node]:
        """The file and node of a setting, patches first."""
        for path, patch in reversed(self.patches):
            found = patch.at(*keys)
            if found:
                return path, found
        return self.path, self.node.at(*keys)

    @property
    def api(self) -> str:
        """The group of its API, without the version."""
        return self.node.get("apiVersion").text.partition("/")[0]


def resources_of(tree: Tree, path: str) -> Iterator[Resource]:
    """The objects of a manifest; those before a syntax error count."""
    documents = (tree.json(path),) if path.endswith(".json") else tree.yaml(path)
    yield from islice((one for node in documents for one in _resources(path, node, 0)), MAX_RESOURCES)


def _resources(path: str, node: Node, depth: int) -> Iterator[Resource]:
    """An object, or the items of a list of objects."""
    kind = node.get("kind").text
    if not kind or not node.get("apiVersion") or depth > MAX_LISTS:
        return
    if kind.endswith("List") and node.get("items").kind == "list":
        for item in node.get("items").items:
            yield from _resources(path, item, depth + 1)
        return
    metadata = node.get("metadata")
    yield Resource(kind, metadata.get("name").text, metadata.get("namespace").text, node, path)


def pod_path(kind: str) -> tuple[str, ...]:
    """Where the pod stands in an object of this kind."""
    return ("spec",) if kind == "Pod" else ("spec", "template", "spec")


def containers_of(resource: Resource) -> tuple[Node, ...]:
    """The containers of its pod, without those that only initialise."""
    return resource.node.at(*pod_path(resource.kind), "containers").items


def same_object(target: Node, resource: Resource) -> bool:
    """Whether a patch's target (kind, name, both optional) means this object."""
    kind, name = target.get("kind").text, target.get("name").text
    return kind in ("", resource.kind) and name in ("", resource.name)


def pod_labels(resource: Resource) -> dict[str, str]:
    """The labels that services select its pods by."""
    where = ("metadata",) if resource.kind == "Pod" else ("spec", "template", "metadata")
    labels = resource.node.at(*where, "labels")
    return {name.text: value.text for name, value in (labels or NOTHING).pairs()}
