"""Azure: Container Apps and App Service in Bicep, Container Apps in YAML and ARM JSON.

Container Apps scale 0 to 10 when nothing is said (Azure documentation).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.deploy.assemble import HOST, SEPARATE, Unit, workload
from lcmemlint.deploy.aws import documents
from lcmemlint.deploy.containers import run_text
from lcmemlint.deploy.dockerfile import Image, environment, image_of, started
from lcmemlint.deploy.images import is_third_party, resolved
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import Node, whole
from lcmemlint.deploy.running import Context, Running
from lcmemlint.deploy.servers import target_of
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, joined
from lcmemlint.deploy.workload import ONE, Bound, Range, Spot, Workload

_RESOURCE = re.compile(r"^[ \t]*(resource|module)[ \t]+(\w+)[ \t]+'([^']*)'", re.MULTILINE)
_SKIP = re.compile(r"'''.*?(?:'''|\Z)|'(?:\\.|[^'\\\n])*'?|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"^[ \t]*(?:param|var)[ \t]+(\w+)(?:[ \t]+\w+)?[ \t]*=[ \t]*([^\n]+)", re.MULTILINE)
_SERVICE = re.compile(r"'azd-service-name'[ \t]*:[ \t]*'([\w-]+)'")
MAX_RESOURCES = 100


class Part(Struct, frozen=True):
    """A resource of a Bicep file: its text and where that begins."""

    name: str
    type: str
    text: str
    line: int

    def value(self, key: str) -> tuple[str, int] | None:
        """The text after ``key:`` and its line."""
        found = re.search(rf"^[ \t{{]*{key}[ \t]*:[ \t]*([^\n}}]+)", self.text, re.MULTILINE)
        if found is None:
            return None
        return found[1].strip(), self.line + self.text.count("\n", 0, found.start(1))


def read_bicep(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Container apps and web apps of Bicep files."""
    for path in paths:
        text = tree.text(path)
        parameters = dict(_PARAMETER.findall(text))
        for part in _parts(text):
            if part.type.startswith("Microsoft.App/containerApps@") or _is_app_module(part):
                yield workload(_container_app(tree, path, part, parameters))
            elif part.type.startswith("Microsoft.Web/sites@") and (unit := _web_app(tree, path, part)):
                yield workload(unit)


def _is_app_module(part: Part) -> bool:
    """Whether a module is a container app and says how far it scales."""
    named = "container-app" in part.type or "containerapp" in part.type.lower()
    return named and bool(re.search(r"(?:[mM]in|[mM]ax)Replicas|containerM(?:in|ax)Replicas", part.text))


def _parts(text: str) -> Iterator[Part]:
    """The resources and modules with the text between their braces."""
    for match in list(_RESOURCE.finditer(text))[:MAX_RESOURCES]:
        start = text.find("{", match.end())
        if start < 0 or "existing" in text[match.end() : start].split():
            continue
        end = _closing(text, start)
        line = text.count("\n", 0, match.start()) + 1
        yield Part(match[2], match[3], text[match.start() : end], line)


def _closing(text: str, start: int) -> int:
    """The position after the brace that closes the one at ``start``; strings and comments are passed over."""
    depth, position = 0, start
    for piece in re.compile(rf"{_SKIP.pattern}|[{{}}]", re.DOTALL).finditer(text, start):
        if piece[0] in "{}":
            depth += 1 if piece[0] == "{" else -1
            position = piece.end()
            if depth == 0:
                return position
    return len(text)


def _container_app(tree: Tree, path: str, part: Part, parameters: dict[str, str]) -> Unit:
    """A container app."""

    def of(*keys: str) -> tuple[Range, int] | None:
        found = next((value for key in keys if (value := part.value(key))), None)
        if found is None:
            return None
        count = whole(found[0]) if found[0] not in parameters else whole(parameters[found[0]])
        return (Range(0, "unknown") if count is None else Range(count, count)), found[1]

    least, most = of("minReplicas", "containerMinReplicas"), of("maxReplicas", "containerMaxReplicas")
    default = tables().platforms["container-apps"]
    low = least[0].low if least else default.low
    high: Bound = most[0].high if most else default.high
    line = least[1] if least and low >= 2 else most[1] if most else least[1] if least else None
    image = part.value("image")
    name = image[0].strip("'") if image else ""
    service = _SERVICE.search(part.text)
    sticky = part.value("affinity")
    scale = Range(low, high), tree.spot(path, line) if line else None
    return _app_unit(
        tree,
        part.name,
        tree.spot(path, part.line),
        scale,
        name,
        sticky=sticky is not None and "sticky" in sticky[0],
        own=_azd_image(tree, service[1]) if service else None,
    )


def _azd_image(tree: Tree, service: str) -> Image | None:
    """What ``azd deploy`` puts in the place of the image: the Dockerfile of that service in azure.yaml."""
    for path in ("azure.yaml", "azure.yml"):
        for document in tree.yaml(path) if path in tree.files else ():
            node = document.at("services", service)
            context = joined("", node.get("project").text or ".")
            if not node or context is None:
                continue
            file = joined(context, node.at("docker", "path").text or "Dockerfile")
            return image_of(tree, file, context=context) if file in tree.files and file else None
    return None


def _app_unit(
    tree: Tree,
    name: str,
    declared: Spot,
    scale: tuple[Range, Spot | None],
    image_name: str,
    *,
    sticky: bool,
    own: Image | None = None,
) -> Unit:
    """A container app with what its image runs; ``own`` is known to be this project's."""
    foreign = own is None and is_third_party(image_name, tree)
    image, confidence = (None, "certain") if foreign else resolved(image_name, tree)
    if own is not None:
        image, confidence = own, "likely"
    run = None
    if image is not None:
        run = started(image, Context(tree, image.layout, environment(image.env)))
    return Unit(
        name,
        "container-apps",
        declared,
        scale[0],
        scale[1],
        SEPARATE,
        running=run,
        unseen=run is None and not foreign,
        image=image_name or None,
        built=image,
        env=image.env if image else (),
        open_env=True,
        affinity=sticky,
        third_party=foreign,
        confidence="possible" if confidence == "possible" else "likely",
    )


def _web_app(tree: Tree, path: str, part: Part) -> Unit | None:
    """An App Service: its command line, and the switch by which its start script chooses several workers."""
    python = "python" in part.text.lower()
    command = part.value("appCommandLine")
    if not python:
        return None
    spot = tree.spot(path, part.line)
    run: Running | None = None
    if command and command[0].strip("'"):
        text = command[0].strip("'")
        run = run_text(tree, text, path, command[1], Context(tree, Layout("", "/home/site/wwwroot")))
    switch = re.search(
        r"PYTHON_ENABLE_GUNICORN_MULTIWORKERS'?\s*(?:,\s*value)?\s*:\s*'true'", part.text, re.IGNORECASE
    )
    if run is None:
        target, places = _conventional(tree)
        at = spot
        processes = ONE
        if switch:
            at = tree.spot(path, part.line + part.text.count("\n", 0, switch.start()))
            processes = Range(2, "cpu")
        run = Running("gunicorn", target, places, processes, at, (), said=bool(switch), http=True)
    sticky = part.value("clientAffinityEnabled")
    return Unit(
        part.name,
        "app-service",
        spot,
        ONE,
        None,
        HOST,
        running=run,
        open_env=True,
        affinity=sticky is not None and sticky[0] == "true",
        confidence="likely",
    )


def _conventional(tree: Tree) -> tuple[str | None, tuple[str, ...]]:
    """What App Service starts by itself: application.py or app.py, else a main.py that is there."""
    context = Context(tree, Layout(""))
    for name in ("application", "app", "main"):
        if tree.exists(f"{name}.py"):
            return target_of(f"{name}:app", context)
    return None, ()


def read_manifests(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Container apps as YAML (``az containerapp create --yaml``) and ARM JSON."""
    for path in paths:
        for document in documents(tree, path)[:1]:
            found = [document, *document.get("resources").items]
            for node in found:
                if node.get("type").text.lower() == "microsoft.app/containerapps":
                    yield workload(_manifest_unit(tree, path, node))


def _manifest_unit(tree: Tree, path: str, node: Node) -> Unit:
    """One container app."""
    scale = node.at("properties", "template", "scale")
    least, most = scale.get("minReplicas"), scale.get("maxReplicas")
    default = tables().platforms["container-apps"]
    low = least.whole if least.whole is not None else default.low
    high: Bound = most.whole if most.whole is not None else "unknown" if most else default.high
    shown = least if low >= 2 else most or least
    sticky = node.at("properties", "configuration", "ingress", "stickySessions", "affinity").text == "sticky"
    name = node.get("name").text or posixpath.basename(path)
    image = node.at("properties", "template", "containers", 0, "image").text
    bounds = Range(low, high), tree.node_spot(path, shown) if shown else None
    return _app_unit(tree, name, tree.node_spot(path, node.key("type")), bounds, image, sticky=sticky)
