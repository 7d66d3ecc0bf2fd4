"""Terraform: counts in HCL, with variables, their files and locals put in.

What a resource does when it says nothing is taken from the documentation of the providers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.aws import handler_target
from lcmemlint.deploy.dockerfile import environment, started
from lcmemlint.deploy.hcltext import Attribute, Block
from lcmemlint.deploy.images import is_third_party, resolved
from lcmemlint.deploy.nodes import whole
from lcmemlint.deploy.running import Context, wider
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import ONE, Bound, Range, Setting, Spot, Workload

MAX_REFERENCES = 10
_REFERENCE = re.compile(r"(var|local)\.(\w+)\Z")
_CHOICE = re.compile(r"(.+?)\?(.+):(.+)\Z", re.DOTALL)
_WRAPPED = re.compile(r"(?:tonumber|tostring|max|min|coalesce)\s*\(\s*(.*?)\s*\)\Z", re.DOTALL)
_STRING = re.compile(r'"([^"]*)"\Z')
_ALWAYS = re.compile(r"(?:terraform|.*\.auto)\.tfvars\Z")
Bounds = tuple[Range, Spot | None]
Number = tuple[Range, Spot]


class Module(Struct, frozen=True):
    """The files of one folder: resources, variables, locals."""

    tree: Tree
    folder: str
    blocks: tuple[tuple[str, Block], ...]
    values: dict[str, tuple[str, Attribute]]

    def resources(self, *types: str) -> Iterator[tuple[str, Block]]:
        """The resources of some types with their files."""
        for path, block in self.blocks:
            if block.type == "resource" and block.labels[:1] and block.labels[0] in types:
                yield path, block

    def number(self, path: str, attribute: Attribute | None, depth: int = 0) -> Number | None:
        """A count and its line: a number, a variable's or local's, or either side of a condition."""
        if attribute is None or depth > MAX_REFERENCES:
            return None
        text = attribute.value.strip().strip('"')
        spot = self.tree.spot(path, attribute.line)
        count = whole(text)
        if count is not None:
            return Range(count, count), spot
        if wrapped := _WRAPPED.match(text):
            text = wrapped[1].split(",")[0].strip()
        if match := _REFERENCE.match(text):
            where = self.values.get(f"{match[1]}.{match[2]}")
            return self.number(where[0], where[1], depth + 1) if where else (Range(0, "unknown"), spot)
        if match := _CHOICE.match(text):
            sides = [
                self.number(path, Attribute("", side.strip(), attribute.line), depth + 1)
                for side in match.groups()[1:]
            ]
            if sides[0] and sides[1]:
                return wider(sides[0][0], sides[1][0]), spot
        return Range(0, "unknown"), spot

    def text(self, attribute: Attribute | None) -> str:
        """The text of a quoted attribute or of the variable that it names; "" if it is put together."""
        for _ in range(MAX_REFERENCES):
            if attribute is None:
                return ""
            value = attribute.value.strip()
            if match := _STRING.match(value):
                return match[1]
            match = _REFERENCE.match(value)
            attribute = self.values.get(f"{match[1]}.{match[2]}", ("", None))[1] if match else None
        return ""


def read(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The services of all modules (one folder each)."""
    folders = sorted({folder_of(path) for path in paths})
    for folder in folders:
        mine = [path for path in paths if folder_of(path) == folder]
        module = _module(tree, folder, mine)
        for types, unit_of in READERS:
            for path, block in module.resources(*types):
                unit = unit_of(module, path, block)
                if unit is not None:
                    yield workload(unit)


def _module(tree: Tree, folder: str, paths: list[str]) -> Module:
    """The parsed files of a folder; files of variables beat the defaults of variables."""
    blocks = tuple((path, block) for path in paths if path.endswith(".tf") for block in tree.hcl(path).blocks)
    values: dict[str, tuple[str, Attribute]] = {}
    for path, block in blocks:
        if block.type == "variable" and (default := block.attribute("default")):
            values[f"var.{block.name}"] = (path, default)
        if block.type == "locals":
            values.update({f"local.{one.name}": (path, one) for one in block.attributes})
    for path in paths:
        if path.endswith(".tfvars") and _ALWAYS.match(path.rpartition("/")[2]):
            values.update({f"var.{one.name}": (path, one) for one in tree.hcl(path).attributes})
    return Module(tree, folder, blocks, values)


def container_unit(
    module: Module,
    path: str,
    block: Block,
    scale: Bounds,
    *,
    image: str = "",
    affinity: bool = False,
    env: tuple[Setting, ...] = (),
) -> Unit:
    """A container service."""
    tree = module.tree
    foreign = is_third_party(image, tree)
    built, confidence = (None, "certain") if foreign else resolved(image, tree)
    run = None
    if built is not None:
        run = started(built, Context(tree, built.layout, environment((*built.env, *env))))
    return Unit(
        ".".join(block.labels),
        "terraform",
        tree.spot(path, block.line),
        scale[0],
        scale[1],
        SEPARATE,
        running=run,
        unseen=run is None and not foreign,
        image=image or None,
        built=built,
        env=(*(built.env if built else ()), *env),
        open_env=True,
        affinity=affinity,
        third_party=foreign,
        confidence="possible" if confidence == "possible" else "likely",
    )


def bounds_of(least: Number | None, most: Number | None, default: Range) -> Bounds:
    """A minimum and a maximum with the line of the one to show."""
    low = least[0].low if least else default.low
    high: Bound = most[0].high if most else default.high
    if least and low >= 2:
        return Range(low, high), least[1]
    shown = most or least
    return Range(low, high), shown[1] if shown else None


def _env(path: str, blocks: Iterator[Block]) -> tuple[Setting, ...]:
    """The variables of ``env { name value }`` blocks."""
    found = []
    for block in blocks:
        name, value = block.attribute("name"), block.attribute("value")
        if name is not None:
            match = _STRING.match(value.value.strip()) if value else None
            text = match[1] if match and "${" not in match[1] else None
            found.append(Setting(name.value.strip('"'), text, path, block.line))
    return tuple(found)


def _ecs(module: Module, path: str, block: Block) -> Unit:
    """aws_ecs_service; absent count is 0 in the provider, which nobody means, so it is not known."""
    count = module.number(path, block.attribute("desired_count"))
    strategy = block.attribute("scheduling_strategy")
    targets = list(module.resources("aws_appautoscaling_target"))
    mine = [one for one in targets if _mentions(one[1].attribute("resource_id"), block.name)]
    chosen = mine or (
        targets if len(targets) == 1 and len(list(module.resources("aws_ecs_service"))) == 1 else []
    )
    if chosen:
        where, target = chosen[0]
        least = module.number(where, target.attribute("min_capacity"))
        scale = bounds_of(least, module.number(where, target.attribute("max_capacity")), ONE)
    elif strategy is not None and "DAEMON" in strategy.value:
        scale = Range(1, "unbounded"), module.tree.spot(path, strategy.line)
    else:
        scale = (count[0], count[1]) if count else (Range(1, "unknown"), None)
    return container_unit(module, path, block, scale, image=_task_image(module, block))


def _mentions(attribute: Attribute | None, name: str) -> bool:
    """Whether an expression names a resource."""
    return attribute is not None and re.search(rf"\.{re.escape(name)}\b", attribute.value) is not None


def _task_image(module: Module, block: Block) -> str:
    """The image in the container definitions of the task that a service runs."""
    named = block.attribute("task_definition")
    for _, task in module.resources("aws_ecs_task_definition"):
        definitions = task.attribute("container_definitions")
        if _mentions(named, task.name) and definitions:
            found = re.search(r'"?image"?\s*[=:]\s*"([^"]*)"', definitions.value)
            return found[1] if found else ""
    return ""


def _cloud_run(module: Module, path: str, block: Block) -> Unit:
    """google_cloud_run_v2_service."""
    find = block.find
    default = tables().platforms["cloud-run"]
    manual = module.number(path, find("scaling", "manual_instance_count"))
    least = module.number(
        path, find("template", "scaling", "min_instance_count") or find("scaling", "min_instance_count")
    )
    most = module.number(
        path, find("template", "scaling", "max_instance_count") or find("scaling", "max_instance_count")
    )
    scale = (manual[0], manual[1]) if manual else bounds_of(least, most, default)
    sticky = find("template", "session_affinity")
    image = module.text(find("template", "containers", "image"))
    env = _env(path, block.within("template", "containers", "env"))
    return container_unit(
        module,
        path,
        block,
        scale,
        image=image,
        affinity=sticky is not None and sticky.value.strip() == "true",
        env=env,
    )


def _cloud_run_v1(module: Module, path: str, block: Block) -> Unit:
    """google_cloud_run_service: annotations in a map."""
    annotations = block.find("template", "metadata", "annotations")
    text = annotations.value if annotations else ""
    line = annotations.line if annotations else block.line

    def of(name: str) -> Number | None:
        found = re.search(rf'{name}"?\s*=\s*"?(\w[\w.]*)', text)
        return module.number(path, Attribute(name, found[1], line)) if found else None

    scale = bounds_of(of("minScale"), of("maxScale"), tables().platforms["cloud-run"])
    return container_unit(
        module, path, block, scale, image=module.text(block.find("template", "spec", "containers", "image"))
    )


def _container_app(module: Module, path: str, block: Block) -> Unit:
    """azurerm_container_app: 0 to 10."""
    least = module.number(path, block.find("template", "min_replicas"))
    most = module.number(path, block.find("template", "max_replicas"))
    scale = bounds_of(least, most, tables().platforms["container-apps"])
    sticky = any("sticky" in one.name for ingress in block.within("ingress") for one in ingress.attributes)
    image = module.text(block.find("template", "container", "image"))
    env = _env(path, block.within("template", "container", "env"))
    return container_unit(module, path, block, scale, image=image, affinity=sticky, env=env)


def _kubernetes(module: Module, path: str, block: Block) -> Unit:
    """kubernetes_deployment and its autoscaler, joined by name; 1 when absent (unverified)."""
    count = module.number(path, block.find("spec", "replicas"))
    scale: Bounds = (count[0], count[1]) if count else (ONE, None)
    scalers = ("kubernetes_horizontal_pod_autoscaler", "kubernetes_horizontal_pod_autoscaler_v1")
    for where, scaler in module.resources(*scalers, "kubernetes_horizontal_pod_autoscaler_v2"):
        target = scaler.find("spec", "scale_target_ref", "name")
        name = block.find("metadata", "name")
        same = target is not None and name is not None and target.value == name.value
        if same or _mentions(target, block.name):
            least = module.number(where, scaler.find("spec", "min_replicas"))
            scale = bounds_of(least, module.number(where, scaler.find("spec", "max_replicas")), ONE)
    image = module.text(block.find("spec", "template", "spec", "container", "image"))
    return container_unit(module, path, block, scale, image=image)


def _lambda(module: Module, path: str, block: Block) -> Unit | None:
    """aws_lambda_function; -1 (or nothing) is unreserved."""
    runtime = module.text(block.attribute("runtime"))
    if runtime and not runtime.startswith(("python", "provided")):
        return None
    default = tables().platforms["lambda"]
    reserved = block.attribute("reserved_concurrent_executions")
    most = module.number(path, reserved) if reserved and not reserved.value.strip().startswith("-") else None
    least: Number | None = None
    for where, one in module.resources("aws_lambda_provisioned_concurrency_config"):
        if _mentions(one.attribute("function_name"), block.name):
            least = module.number(where, one.attribute("provisioned_concurrent_executions"))
    instances, number = bounds_of(least, most, default)
    folder = _source_folder(module, block)
    target, places = handler_target(module.text(block.attribute("handler")), folder)
    return Unit(
        ".".join(block.labels),
        "terraform",
        module.tree.spot(path, block.line),
        instances,
        number,
        SEPARATE,
        context=folder,
        target=target,
        places=places,
        open_env=True,
        confidence="likely",
    )


def _source_folder(module: Module, block: Block) -> str:
    """The folder that the archive of a function is made of."""
    for path, data in module.blocks:
        if data.type == "data" and data.labels[:1] == ("archive_file",):
            source = data.attribute("source_dir")
            if _mentions(block.attribute("filename"), data.name) and source is not None:
                text = re.sub(r"\$\{path\.(?:module|root)\}/?", "", source.value.strip().strip('"'))
                where = joined(folder_of(path), text)
                if where is not None:
                    return where
    return module.folder


def _function(module: Module, path: str, block: Block) -> Unit:
    """google_cloudfunctions2_function: at most 100 instances."""
    default = tables().platforms["cloud-functions"]
    least = module.number(path, block.find("service_config", "min_instance_count"))
    most = module.number(path, block.find("service_config", "max_instance_count"))
    instances, number = bounds_of(least, most, default)
    entry = module.text(block.find("build_config", "entry_point"))
    return Unit(
        ".".join(block.labels),
        "terraform",
        module.tree.spot(path, block.line),
        instances,
        number,
        SEPARATE,
        target=f"main:{entry}" if entry else None,
        open_env=True,
        confidence="possible",
    )


def _app_runner(module: Module, path: str, block: Block) -> Unit:
    """aws_apprunner_service: 1 to 25 unless a configuration version says otherwise."""
    scale: Bounds = tables().platforms["app-runner"], None
    for where, one in module.resources("aws_apprunner_auto_scaling_configuration_version"):
        if _mentions(block.attribute("auto_scaling_configuration_arn"), one.name):
            least, most = (module.number(where, one.attribute(name)) for name in ("min_size", "max_size"))
            scale = bounds_of(least, most, tables().platforms["app-runner"])
    image = module.text(block.find("source_configuration", "image_repository", "image_identifier"))
    return container_unit(module, path, block, scale, image=image)


READERS: tuple[tuple[tuple[str, ...], Callable[[Module, str, Block], Unit | None]], ...] = (
    (("aws_ecs_service",), _ecs),
    (("google_cloud_run_v2_service",), _cloud_run),
    (("google_cloud_run_service",), _cloud_run_v1),
    (("azurerm_container_app",), _container_app),
    (
        (
            "kubernetes_deployment",
            "kubernetes_deployment_v1",
            "kubernetes_stateful_set",
            "kubernetes_stateful_set_v1",
        ),
        _kubernetes,
    ),
    (("aws_lambda_function",), _lambda),
    (("google_cloudfunctions2_function",), _function),
    (("aws_apprunner_service",), _app_runner),
)
