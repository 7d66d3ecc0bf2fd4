"""docker compose and Swarm stacks: services, their replicas, and what they run.

``deploy.replicas`` is 1 when absent; ``mode: global`` is one a node (compose specification, deploy).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.containers import Container, dotenv, merged, settings_of, words_of
from lcmemlint.deploy.dockerfile import Image, image_of
from lcmemlint.deploy.images import Built, build_in, build_of, is_third_party, resolved
from lcmemlint.deploy.layout import Mount
from lcmemlint.deploy.nodes import NOTHING, Node, whole
from lcmemlint.deploy.shell import expanded
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import ONE, Disk, Range, Setting, Spot, Workload
from lcmemlint.findings import Confidence

_OVERRIDE = re.compile(r"(.*compose)\.override\.(ya?ml)\Z")
MAX_EXTENDS = 5
MAX_SERVICES = 300


class Service(Struct, frozen=True):
    """A service with its layers: extended and base files first, the overriding file last."""

    name: str
    layers: tuple[tuple[str, Node], ...]
    key: Spot
    variables: dict[str, Setting]

    def find(self, *path: str) -> tuple[str, Node]:
        """The file and node of a setting, from the last layer that has it."""
        for where, node in reversed(self.layers):
            found = node.at(*path)
            if found:
                return where, found
        return self.key.path, NOTHING

    def lookup(self, name: str) -> str | None:
        """A variable of the ``.env`` file beside the project."""
        setting = self.variables.get(name)
        return setting.value if setting else None


def read(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The services of all compose files; an override file is merged, any other is an environment."""
    overridden = {base for path in paths if (base := _base_of(path, paths))}
    for path in paths:
        if path in overridden:
            continue
        units = [(service, _unit(tree, service)) for service in _services(tree, path, paths)]
        yield from (workload(unit) for unit in _joined_twins(units))


def _base_of(path: str, paths: tuple[str, ...]) -> str | None:
    """The file that an override file completes."""
    match = _OVERRIDE.match(path)
    if match is None:
        return None
    return next((one for one in (f"{match[1]}.yml", f"{match[1]}.yaml") if one in paths), None)


def _services(tree: Tree, path: str, paths: tuple[str, ...]) -> Iterator[Service]:
    """The services of one file; one without image and build is completed from the plain file beside it."""
    folder = folder_of(path)
    base = _base_of(path, paths)
    plain = base or next(
        (
            one
            for one in paths
            if folder_of(one) == folder and _is_plain(one) and one != path and not _is_plain(path)
        ),
        None,
    )
    variables = dotenv(tree, posixpath.join(folder, ".env"))
    below = dict(_nodes(tree, plain)) if plain else {}
    names = dict.fromkeys([*(below if base else ()), *(name for name, _ in _nodes(tree, path))])
    own = dict(_nodes(tree, path))
    for name in names:
        node = own.get(name, NOTHING)
        needs = base or not (node.get("image") or node.get("build") or node.get("extends"))
        layers: list[tuple[str, Node]] = []
        if plain and needs and name in below:
            layers = [*_extended(tree, plain, below[name], 0), (plain, below[name])]
        layers += [*_extended(tree, path, node, 0), (path, node)] if node else []
        if not any(layer.get("image") or layer.get("build") for _, layer in layers):
            continue
        first, holder = (path, node) if node else layers[0]
        yield Service(name, tuple(layers), _key(tree, first, name, holder), variables)


def _is_plain(path: str) -> bool:
    """Whether the file is the one that compose reads without being told."""
    return path.rpartition("/")[2] in (
        "compose.yaml",
        "compose.yml",
        "docker-compose.yml",
        "docker-compose.yaml",
    )


def _nodes(tree: Tree, path: str) -> list[tuple[str, Node]]:
    """Names and nodes of the services of a file."""
    key = f"services of {path}"
    if key not in tree.kept:
        services = (one for document in tree.yaml(path) for one in document.get("services").pairs())
        found = [(name.text, node) for name, node in islice(services, MAX_SERVICES) if node.kind == "map"]
        tree.kept[key] = found
    kept = tree.kept[key]
    return kept if isinstance(kept, list) else []


def _key(tree: Tree, path: str, name: str, node: Node) -> Spot:
    """The line of a service's name."""
    for document in tree.yaml(path):
        key = document.get("services").key(name)
        if key:
            return tree.node_spot(path, key)
    return tree.node_spot(path, node)


def _extended(tree: Tree, path: str, node: Node, depth: int) -> Iterator[tuple[str, Node]]:
    """The layers that ``extends`` brings, the deepest first."""
    extends = node.get("extends")
    if not extends or depth > MAX_EXTENDS:
        return
    name = extends.text or extends.get("service").text
    file = extends.get("file").text
    where = joined(folder_of(path), file) if file else path
    inner = dict(_nodes(tree, where)).get(name) if where in tree.files and where else None
    if inner is not None and where:
        yield from _extended(tree, where, inner, depth + 1)
        yield where, inner


def _unit(tree: Tree, service: Service) -> Unit:
    """One service as a unit."""
    path, image_node = service.find("image")
    image_name = expanded(image_node.text, service.lookup).replace("\0", "")
    build_path, build_node = service.find("build")
    built = build_in(tree, folder_of(build_path), build_node, service.name)
    image, confidence = _image(tree, built, build_node, image_name)
    foreign = not build_node and (
        is_third_party(image_name, tree) or _is_beside_build(tree, service, image_name)
    )
    container = _container(tree, service, None if foreign else image)
    instances, number = _instances(tree, service)
    run = None if foreign else container.run(tree, built.context if built else folder_of(path))
    network = service.find("network_mode")[1].text
    return Unit(
        service.name,
        "compose",
        service.key,
        instances,
        number,
        _disk(service, container, swarm=_is_swarm(tree, service)),
        running=run,
        unseen=run is None and not foreign,
        image=image_name or None,
        image_at=tree.node_spot(path, image_node) if image_node else None,
        built=None if foreign else image,
        context=built.context if built else None,
        env=container.all_env,
        affinity=_is_sticky(service),
        third_party=foreign,
        host_network=network == "host",
        confidence=confidence,
    )


def _is_beside_build(tree: Tree, service: Service, image: str) -> bool:
    """Whether it is an image that is not built here, with its own command, in a file that builds others."""
    if service.find("command")[1] or service.find("entrypoint")[1]:
        return False
    nodes = [node for _, node in _nodes(tree, service.key.path)]
    return any(node.get("build") for node in nodes) and bool(image) and build_of(image, tree) is None


def _image(tree: Tree, built: Built | None, build: Node, name: str) -> tuple[Image | None, Confidence]:
    """The image that a service builds or names."""
    if built is not None:
        inline = build.get("dockerfile_inline")
        if inline or built.dockerfile not in tree.files:
            return None, "likely"
        return image_of(tree, built.dockerfile, context=built.context, target=built.target), "certain"
    return resolved(name, tree)


def _container(tree: Tree, service: Service, image: Image | None) -> Container:
    """The container of a service."""
    settings: list[Setting] = []
    for path, layer in service.layers:
        for file in _env_files(layer.get("env_file")):
            where = joined(folder_of(path), file)
            settings += dotenv(tree, where).values() if where else ()
    for path, layer in service.layers:
        for one in settings_of(path, layer.get("environment"), service.lookup):
            passed = service.variables.get(one.name) if one.value is None else None
            settings.append(replace(one, value=passed.value) if passed else one)
    entry_path, entry = service.find("entrypoint")
    command_path, command = service.find("command")
    return Container(
        image,
        merged(settings),
        words_of(tree, entry_path, entry, service.lookup) if entry else None,
        words_of(tree, command_path, command, service.lookup) if command else None,
        service.find("working_dir")[1].text,
        tuple(_mounts(service)),
    )


def _env_files(node: Node) -> Iterator[str]:
    """The paths of ``env_file``: a text, a list of texts, or objects with a path."""
    yield from node.texts
    yield from (item.get("path").text for item in node.items if item.get("path"))


def _volumes(service: Service) -> Iterator[tuple[str, str]]:
    """Source and target of each volume; the source of a named volume is its name."""
    for _, layer in service.layers:
        for item in layer.get("volumes").items:
            if item.kind == "map":
                yield item.get("source").text, item.get("target").text
                continue
            source, colon, rest = expanded(item.text, service.lookup).partition(":")
            yield (source, rest.partition(":")[0]) if colon else ("", source)


def _mounts(service: Service) -> Iterator[Mount]:
    """Folders of the project that are mounted into the container."""
    folder = folder_of(service.key.path)
    for source, target in _volumes(service):
        if source.startswith((".", "..")) and target.startswith("/"):
            outside = joined(folder, source)
            if outside is not None:
                yield Mount(posixpath.normpath(target), outside)


def _instances(tree: Tree, service: Service) -> tuple[Range, Spot | None]:
    """How many containers, and where that is written; ``--scale`` on a command line wins."""
    for act in acts(tree):
        if act.kind == "compose" and service.name in act.sets:
            count, spot = act.sets[service.name]
            return Range(count, count), spot
    path, mode = service.find("deploy", "mode")
    if mode.text.startswith("global"):
        return Range(1, "unbounded"), tree.node_spot(path, mode)
    for keys in (("deploy", "replicas"), ("scale",)):
        path, node = service.find(*keys)
        if not node:
            continue
        number = whole(expanded(node.text, service.lookup))
        return (Range(number, number) if number is not None else Range(1, "unknown")), tree.node_spot(
            path, node
        )
    return ONE, None


def _is_swarm(tree: Tree, service: Service) -> bool:
    """Whether the file is for a Swarm of several hosts."""
    name = service.key.path.rpartition("/")[2]
    stack = any(act.kind == "stack" and name in str(act.values.values()) for act in acts(tree))
    return stack or "stack" in name or bool(service.find("deploy", "placement")[1])


def _disk(service: Service, container: Container, *, swarm: bool) -> Disk:
    """A volume over the working directory is one disk for all on a host, else each has its own layer."""
    cwd = container.layout("").cwd or "/"
    for _, target in _volumes(service):
        inside = posixpath.normpath(target) if target else ""
        if inside.startswith("/") and f"{cwd}/".startswith(f"{inside.rstrip('/')}/"):
            return Disk(None if swarm else True, True)
    return SEPARATE


def _is_sticky(service: Service) -> bool:
    """Whether a traefik label asks for sticky sessions."""
    for path, layer in service.layers:
        for one in settings_of(path, layer.get("labels")):
            if "sticky" in one.name.lower() and (one.value or "").lower() not in ("false", ""):
                return True
    return False


def _joined_twins(units: Iterable[tuple[Service, Unit]]) -> Iterator[Unit]:
    """Services that run the very same program from the very same build (blue and green) are one workload."""
    groups: dict[object, list[Unit]] = {}
    for service, unit in units:
        run, build = unit.running, service.find("build")[1]
        twin = run is not None and run.http and bool(build) and unit.built is not None
        key: object = service.name
        if twin and run is not None and unit.built is not None:
            arguments = tuple((name.text, value.text) for name, value in build.get("args").pairs())
            env = tuple((one.name, one.value) for one in unit.env if not (one.value or "").isdigit())
            key = (
                unit.context,
                unit.built.path,
                build.get("target").text,
                arguments,
                run.words,
                run.target,
                env,
            )
        groups.setdefault(key, []).append(unit)
    for group in groups.values():
        first = group[0]
        if len(group) > 1 and all(one.instances == ONE for one in group):
            yield replace(first, instances=Range(len(group), len(group)), number=first.declared)
        else:
            yield from group
