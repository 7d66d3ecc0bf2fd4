"""Helm charts: values are read, templates only looked at as text to learn which value feeds what.

597 of 611 real templates were not YAML, all 43 values files were: so nothing is ever reported in a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.dockerfile import environment, started
from lcmemlint.deploy.images import is_third_party, resolved
from lcmemlint.deploy.nodes import NOTHING, Node
from lcmemlint.deploy.running import Context
from lcmemlint.deploy.shell import UNKNOWN, Word
from lcmemlint.deploy.start import running
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import ONE, Range, Spot, Workload

_VALUES = re.compile(r"values(?:[-_.].*)?\.ya?ml\Z|.*[-_.]values\.ya?ml\Z")
_COUNT = re.compile(
    r"^[ \t]*(replicas|minReplicas|maxReplicas|minReplicaCount|maxReplicaCount):([^\n#]+)",
    re.MULTILINE,
)
_USED = re.compile(r"\.Values\.([\w.]+)")
_HOLE = re.compile(r"\{\{.*?\}\}")
_DEFAULT = re.compile(r"\bdefault\s+(\d+)")
_KINDS = re.compile(r"kind:\s*(?:Deployment|StatefulSet|Rollout|HorizontalPodAutoscaler|ScaledObject)\b")
_COUNTS = ("replicaCount", "replicas")
_SCALERS = ("autoscaling", "hpa", "keda")
MAX_COMPONENTS = 40


class Component(Struct, frozen=True):
    """A part of a chart that is scaled by itself; ``path`` is its section of the values, () for the whole."""

    name: str
    path: tuple[str, ...]


def is_template(tree: Tree, path: str) -> bool:
    """Whether the file lies in the templates of a chart."""
    return any(path.startswith(f"{folder}/templates/" if folder else "templates/") for folder in charts(tree))


def charts(tree: Tree) -> tuple[str, ...]:
    """The folders of charts."""
    if "charts" not in tree.kept:
        found = tuple(
            sorted(folder_of(path) for path in tree.files if path.rpartition("/")[2] == "Chart.yaml")
        )
        tree.kept["charts"] = found
    kept = tree.kept["charts"]
    return kept if isinstance(kept, tuple) else ()


def read(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The workloads of each chart under each of its values files."""
    for path in paths:
        folder = folder_of(path)
        if folder.endswith("/charts") or "/charts/" in folder:
            continue
        chart = next(iter(tree.yaml(path)), NOTHING)
        files = _values_files(tree, folder)
        base = next((one for one in files if one.rpartition("/")[2] in ("values.yaml", "values.yml")), None)
        layers: list[tuple[str, ...]] = [(base,)] if base else []
        layers += [(base, one) if base else (one,) for one in files if one != base]
        for names in layers:
            yield from _environment(tree, folder, chart, names)


def _values_files(tree: Tree, folder: str) -> list[str]:
    """The values files of a chart: in its folder, or in a ``values``/``environments`` folder of it."""
    prefix = f"{folder}/" if folder else ""
    found = []
    for path in sorted(tree.files):
        if not path.startswith(prefix):
            continue
        inside = path[len(prefix) :]
        near = inside.count("/") <= 1 and not inside.startswith(("templates/", "charts/"))
        if near and _VALUES.match(inside.rpartition("/")[2]):
            found.append(path)
    return found


def _environment(tree: Tree, folder: str, chart: Node, files: tuple[str, ...]) -> Iterator[Workload]:
    """The components of a chart with one stack of values files."""
    layers = [(path, next(iter(tree.yaml(path)), NOTHING)) for path in files]
    values = _Values(tree, tuple(layers), _templates(tree, folder))
    own = files[-1]
    for component in values.components(chart):
        unit = _unit(tree, values, chart, component)
        if unit is None:
            continue
        changed = unit.number is not None and unit.number.path == own
        if len(files) == 1 or changed:
            yield workload(unit)


def _templates(tree: Tree, folder: str) -> tuple[str, ...]:
    """The text of the templates that make something that is scaled."""
    prefix = f"{folder}/templates/" if folder else "templates/"
    texts = (tree.text(path) for path in sorted(tree.files) if path.startswith(prefix))
    return tuple(text for text in texts if _KINDS.search(text))


class _Values(Struct, frozen=True):
    """A stack of values files, the last one wins, and the templates that use them."""

    tree: Tree
    layers: tuple[tuple[str, Node], ...]
    templates: tuple[str, ...]

    def find(self, *path: str) -> tuple[Node, Spot | None]:
        """The value at a path and its line."""
        for where, node in reversed(self.layers):
            found = node.at(*path)
            if found:
                return found, self.tree.node_spot(where, found)
        return NOTHING, None

    def uses(self) -> dict[str, list[tuple[str, ...]]]:
        """What templates count with: ``replicas`` → paths of values."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for text in self.templates:
            for name, right in _COUNT.findall(text):
                for used in _USED.findall(right):
                    found.setdefault(name, []).append(tuple(used.split(".")))
        return found

    def components(self, chart: Node) -> Iterator[Component]:
        """The chart itself, or its sections that have a count of their own."""
        foreign = {item.get("name").text for item in chart.get("dependencies").items}
        foreign |= {item.get("alias").text for item in chart.get("dependencies").items}
        prefixes = {path[:-1] for path in self.uses().get("replicas", [])}
        for _, node in self.layers:
            for name, value in node.pairs():
                if value.kind == "map" and any(value.get(one) for one in _COUNTS):
                    prefixes.add((name.text,))
                elif name.text in _COUNTS:
                    prefixes.add(())
        kept = sorted(prefix for prefix in prefixes if not prefix or prefix[0] not in foreign)
        for prefix in kept[:MAX_COMPONENTS]:
            yield Component(".".join(prefix), prefix)


def _unit(tree: Tree, values: _Values, chart: Node, component: Component) -> Unit | None:
    """One component as a unit; None if no template uses its count."""
    scale = _scale(values, component)
    if scale is None:
        return None
    instances, number = scale
    name = chart.get("name").text or "chart"
    image, repository = values.find(*component.path, "image")[0], ""
    repository = image.text or "/".join(
        t for t in (image.get("registry").text, image.get("repository").text) if t
    )
    foreign = is_third_party(repository, tree) or (
        bool(component.path) and is_third_party(component.name, tree)
    )
    built, confidence = (None, "certain") if foreign else resolved(repository or name, tree)
    run = None
    if built is not None:
        context = Context(tree, built.layout, environment(built.env))
        command = _command(values, component)
        run = running(command, context) if command else started(built, context)
        if run is not None and command:  # nothing is shown in a template
            run = replace(run, said=False)
    fallback = tree.spot(values.layers[-1][0], 1)
    full = f"{name}.{component.name}" if component.path else name
    return Unit(
        full,
        "helm",
        number or fallback,
        instances,
        number,
        SEPARATE,
        running=run,
        unseen=run is None and not foreign,
        image=repository or None,
        built=built,
        env=built.env if built else (),
        open_env=True,
        affinity=_is_sticky(values),
        third_party=foreign,
        confidence="possible" if confidence == "possible" else "likely",
    )


def _command(values: _Values, component: Component) -> tuple[Word, ...]:
    """The command that the component's template gives its container; () if it leaves the image's own."""
    for text in values.templates:
        for document in re.split(r"^---", text, flags=re.MULTILINE):
            used = [path for _, right in _COUNT.findall(document) for path in _paths(right)]
            if any(path[:-1] == component.path for path in used):
                words = [word for key in ("command", "args") for word in _listed(document, key)]
                if words and re.search(r"^[ \t-]*command:", document, re.MULTILINE):
                    return tuple(Word(_HOLE.sub(UNKNOWN, word), values.layers[0][0], 1) for word in words)
    return ()


def _paths(right: str) -> Iterator[tuple[str, ...]]:
    """The values that an expression uses."""
    return (tuple(used.split(".")) for used in _USED.findall(right))


def _listed(text: str, key: str) -> list[str]:
    """The words of a list under a key, as text: `- word` lines, or `["word", …]`."""
    found = re.search(
        rf"^[ \t-]*{key}:[ \t]*(?:\[([^\]\n]*)\]|\n((?:[ \t]*- [^\n|>]*(?:\n|\Z))+))", text, re.MULTILINE
    )
    if found is None:
        return []
    parts = found[1].split(",") if found[1] is not None else re.findall(r"- ([^\n]*)", found[2])
    return [part.strip().strip("\"'") for part in parts if part.strip()]


def _scale(values: _Values, component: Component) -> tuple[Range, Spot | None] | None:
    """The count: autoscaling if it is on, ``--set`` of a command, else the value that the template reads."""
    for name in _SCALERS:
        on, _ = values.find(*component.path, name, "enabled")
        if on.is_true:
            low, low_spot = _first(values, (*component.path, name), ("minReplicas", "minReplicaCount", "min"))
            high, high_spot = _first(
                values, (*component.path, name), ("maxReplicas", "maxReplicaCount", "max")
            )
            bounds = Range(low if low is not None else 1, high if high is not None else "unknown")
            return bounds, low_spot if bounds.low >= 2 else high_spot or low_spot
    uses = values.uses().get("replicas", [])
    wanted = [path for path in uses if path[:-1] == component.path] or [
        (*component.path, one) for one in _COUNTS
    ]
    for act in acts(values.tree):
        for path in wanted:
            if act.kind == "helm" and ".".join(path) in act.sets:
                return Range(act.sets[".".join(path)][0], act.sets[".".join(path)][0]), act.sets[
                    ".".join(path)
                ][1]
    for path in wanted:
        node, spot = values.find(*path)
        if node:
            count = node.whole
            return (Range(1, "unknown") if count is None else Range(count, count)), spot
    return (ONE, None) if uses else None


def _first(values: _Values, path: tuple[str, ...], names: tuple[str, ...]) -> tuple[int | None, Spot | None]:
    """The first of some values that is a count."""
    for name in names:
        node, spot = values.find(*path, name)
        if node.whole is not None:
            return node.whole, spot
    return None, None


def _is_sticky(values: _Values) -> bool:
    """Whether the values ask for sessions that stick."""
    if values.find("service", "sessionAffinity")[0].text == "ClientIP":
        return True
    annotations, _ = values.find("ingress", "annotations")
    return any(
        name.text.endswith("/affinity") and value.text == "cookie" for name, value in annotations.pairs()
    )
