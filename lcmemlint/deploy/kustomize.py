"""Kustomize: base and overlays evaluated as far as counts go. kustomize itself is never run.

A kustomization that no other one refers to is an environment; its files are not read by themselves.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.documents import yaml_documents
from lcmemlint.deploy.filenames import KUSTOMIZATIONS, is_kustomization
from lcmemlint.deploy.kubernetes import workloads
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.resources import Resource, resources_of, same_object
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import Spot, Workload

MAX_DEPTH = 10


def read(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The workloads of every environment."""
    below = {inner for path in paths for inner in _kustomizations(tree, path)}
    for path in paths:
        if path not in below:
            yield from workloads(tree, _built(tree, path, 0), "kustomize")


def owned(tree: Tree) -> frozenset[str]:
    """The manifests that some kustomization takes in: resources and patches."""
    if "kustomized" not in tree.kept:
        found: set[str] = set()
        for path in sorted(tree.files):
            if is_kustomization(path):
                found.add(path)
                for document in tree.yaml(path):
                    found.update(_files(tree, path, document))
        tree.kept["kustomized"] = frozenset(found)
    kept = tree.kept["kustomized"]
    return kept if isinstance(kept, frozenset) else frozenset()


def _files(tree: Tree, path: str, document: Node) -> Iterator[str]:
    """The files that a kustomization names."""
    folder = folder_of(path)
    names = [
        text for key in ("resources", "patchesStrategicMerge", "bases") for text in document.get(key).texts
    ]
    for key in ("patches", "patchesJson6902"):
        names += [item.get("path").text for item in document.get(key).items if item.get("path")]
    for name in names:
        where = joined(folder, name) if "\n" not in name else None
        if where and where in tree.files:
            yield where


def _kustomizations(tree: Tree, path: str) -> Iterator[str]:
    """The kustomizations that this one builds on."""
    for document in tree.yaml(path):
        for key in ("resources", "bases", "components"):
            for text in document.get(key).texts:
                where = joined(folder_of(path), text)
                for name in KUSTOMIZATIONS:
                    inner = posixpath.join(where, name) if where is not None else None
                    if inner and inner in tree.files and inner != path:
                        yield inner


class _Patch(Struct, frozen=True):
    """A patch with where it stands; ``shift`` is added to the lines of its nodes."""

    target: Node
    node: Node
    path: str
    shift: int = 0

    def spot(self, tree: Tree, node: Node) -> Spot:
        """The line of a part of the patch in its file."""
        return tree.spot(self.path, node.line + self.shift, node.column)


def _built(tree: Tree, path: str, depth: int) -> list[Resource]:
    """The objects of a kustomization with its changes."""
    if depth > MAX_DEPTH or not tree.may(100):
        return []
    found: list[Resource] = []
    for inner in _kustomizations(tree, path):
        found += _built(tree, inner, depth + 1)
    for document in tree.yaml(path):
        for text in document.get("resources").texts:
            where = joined(folder_of(path), text)
            if where and where in tree.files:
                found += resources_of(tree, where)
        for patch in _patches(tree, path, document):
            found = [changed for one in found for changed in _patched(tree, one, patch)]
        found = [_counted(tree, path, document, one) for one in found]
        found = [_renamed(document, one) for one in found]
    return found


def _renamed(document: Node, one: Resource) -> Resource:
    """The object with the prefix and suffix of the overlay."""
    name = f"{document.get('namePrefix').text}{one.name}{document.get('nameSuffix').text}"
    return replace(one, name=name) if name != one.name else one


def _counted(tree: Tree, path: str, document: Node, one: Resource) -> Resource:
    """The object with the count that ``replicas:`` of the overlay sets."""
    for item in document.get("replicas").items:
        if item.get("name").text == one.name and item.get("count"):
            count = item.get("count")
            return replace(one, replicas=(count, tree.node_spot(path, count)))
    return one


def _patches(tree: Tree, path: str, document: Node) -> Iterator[_Patch]:
    """All patches of a kustomization: files and inline texts, strategic and JSON."""
    folder = folder_of(path)
    for text in (*document.get("patchesStrategicMerge").items,):
        yield from _from(tree, folder, path, text, text, text)
    for key in ("patches", "patchesJson6902"):
        for item in document.get(key).items:
            yield from _from(tree, folder, path, item.get("target"), item.get("path"), item.get("patch"))


def _from(tree: Tree, folder: str, path: str, target: Node, file: Node, inline: Node) -> Iterator[_Patch]:
    """The patches of one entry: its file, else its block of text, whose lines count from the block."""
    where = joined(folder, file.text) if file and "\n" not in file.text else None
    if where and where in tree.files:
        for document in tree.yaml(where):
            yield _Patch(target, document, where)
    elif inline.style in ("|", ">"):
        documents, _ = yaml_documents(inline.text)
        for document in documents:
            yield _Patch(target, document, path, inline.line)


def _patched(tree: Tree, one: Resource, patch: _Patch) -> Iterator[Resource]:
    """The object after a patch; nothing if the patch deletes it."""
    if patch.node.kind == "list":
        yield _json_patched(tree, one, patch) if same_object(patch.target, one) else one
        return
    metadata = patch.node.get("metadata")
    aimed = patch.target.kind == "map" and same_object(patch.target, one)
    named = patch.node.get("kind").text == one.kind and metadata.get("name").text == one.name
    if not (named or aimed):
        yield one
        return
    if patch.node.get("$patch").text == "delete":
        return
    count = patch.node.at("spec", "replicas")
    if count:
        one = replace(one, replicas=(count, patch.spot(tree, count)))
    elif patch.node.get("spec").own("replicas") is not None:
        one = replace(one, replicas=None, unset=True)
    yield one if patch.shift else replace(one, patches=(*one.patches, (patch.path, patch.node)))


def _json_patched(tree: Tree, one: Resource, patch: _Patch) -> Resource:
    """The object after a JSON patch; ``remove`` has no value and leaves the count to an autoscaler."""
    for step in patch.node.items:
        if step.get("path").text != "/spec/replicas":
            continue
        if step.get("op").text == "remove":
            one = replace(one, replicas=None, unset=True)
        elif step.get("value"):
            one = replace(one, replicas=(step.get("value"), patch.spot(tree, step.get("value"))), unset=False)
    return one
