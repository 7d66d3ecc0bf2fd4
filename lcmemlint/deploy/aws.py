"""AWS: CloudFormation and SAM templates (YAML, JSON, synthesised by CDK), ECS files, serverless.yml.

``DesiredCount`` absent is 1 for a new service; Lambda runs one request at a time an environment, in as many
environments as there are requests (AWS documentation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.containers import Container, settings_of, words_of
from lcmemlint.deploy.dockerfile import Image, image_of
from lcmemlint.deploy.images import is_third_party, resolved
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import NOTHING, Node
from lcmemlint.deploy.running import wider
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import ONE, Bound, Disk, Range, Setting, Spot, Workload

_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
MAX_REFERENCES = 10
MAX_PARTS = 100
MAX_RESOURCES = 1000
"""CloudFormation itself allows 500."""


class Template(Struct, frozen=True):
    """A template and where it stands."""

    tree: Tree
    path: str
    node: Node

    def of_type(self, *types: str) -> Iterator[tuple[str, Node]]:
        """Logical id and node of the resources of some types."""
        for name, node in islice(self.node.get("Resources").pairs(), MAX_RESOURCES):
            if node.get("Type").text in types:
                yield name.text, node

    def reference(self, node: Node) -> str:
        """The logical id that ``!Ref``, ``!GetAtt`` or their long forms name, "" for anything else."""
        if node.tag in ("!Ref", "!GetAtt"):
            return node.text.partition(".")[0] if node.kind == "text" else node.item(0).text
        return node.get("Ref").text or node.get("Fn::GetAtt").item(0).text

    def number(self, node: Node, depth: int = 0) -> tuple[Range, Node] | None:
        """A count and the node that holds it: itself, a parameter's default, or either branch of ``!If``."""
        if not node or depth > MAX_REFERENCES:
            return None
        if node.kind == "text" and not node.tag:
            count = node.whole
            return (Range(count, count) if count is not None else Range(0, "unknown")), node
        name = self.reference(node)
        default = self.node.at("Parameters", name, "Default") if name else NOTHING
        if default:
            return self.number(default, depth + 1)
        branches = node.items if node.tag == "!If" else node.get("Fn::If").items
        found = [one for branch in branches[1:3] if (one := self.number(branch, depth + 1))]
        if len(found) == 2:
            return wider(found[0][0], found[1][0]), found[0][1]
        return Range(0, "unknown"), node

    def text_of(self, node: Node) -> str:
        """The text of a scalar or of ``Fn::Sub``."""
        sub = node.get("Fn::Sub")
        return node.text or sub.text or sub.item(0).text

    def spot(self, node: Node) -> Spot:
        """The line of a node."""
        return self.tree.node_spot(self.path, node)


def documents(tree: Tree, path: str) -> tuple[Node, ...]:
    """The documents of a YAML or JSON file."""
    return (tree.json(path),) if path.endswith(".json") else tree.yaml(path)


def read_templates(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Services and functions of CloudFormation templates."""
    for path in paths:
        for node in documents(tree, path):
            template = Template(tree, path, node)
            for name, service in template.of_type("AWS::ECS::Service"):
                yield workload(_service(template, name, service))
            for name, service in template.of_type("AWS::AppRunner::Service"):
                yield workload(_app_runner(template, name, service))
            for name, function in template.of_type(*_FUNCTIONS):
                if unit := _function(template, name, function):
                    yield workload(unit)


def _service(template: Template, name: str, node: Node) -> Unit:
    """An ECS service."""
    properties = node.get("Properties")
    task = template.node.at("Resources", template.reference(properties.get("TaskDefinition")), "Properties")
    container = _own_container(template, task.get("ContainerDefinitions"))
    instances, number = _service_scale(template, name, properties)
    return _task_unit(
        template.tree,
        template.path,
        name,
        (node, container),
        (instances, number),
        template.text_of(container.get("Image")),
    )


def _own_container(template: Template, containers: Node) -> Node:
    """The container that is the app: the first that is not known software of somebody else."""
    for one in containers.items:
        if not is_third_party(template.text_of(one.get("Image") or one.get("image")), template.tree):
            return one
    return containers.item(0)


def _service_scale(template: Template, name: str, properties: Node) -> tuple[Range, Spot | None]:
    """Tasks of a service: a scalable target's bounds, else the desired count."""
    if properties.get("SchedulingStrategy").text == "DAEMON":
        return Range(1, "unbounded"), template.spot(properties.get("SchedulingStrategy"))
    targets = [
        node.get("Properties")
        for _, node in template.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
        if node.at("Properties", "ServiceNamespace").text == "ecs"
    ]
    mine = [one for one in targets if name in _all_text(one.get("ResourceId"))]
    services = list(template.of_type("AWS::ECS::Service"))
    target = mine[0] if mine else targets[0] if len(targets) == 1 and len(services) == 1 else None
    if target is not None:
        least = template.number(target.get("MinCapacity")) or (ONE, target)
        most = template.number(target.get("MaxCapacity")) or (Range(1, "unknown"), target)
        low = least[0].low
        return Range(low, most[0].high), template.spot(least[1] if low >= 2 else most[1])
    count = template.number(properties.get("DesiredCount"))
    return (count[0], template.spot(count[1])) if count else (ONE, None)


def _all_text(node: Node) -> str:
    """The scalars of a small expression in one text."""
    pending, texts = [node], [""]
    while pending and len(texts) < MAX_PARTS:
        current = pending.pop()
        texts.append(current.text)
        pending += [*current.items[:MAX_PARTS], *(value for _, value in current.entries[:MAX_PARTS])]
    return " ".join(texts)


def _task_unit(
    tree: Tree,
    path: str,
    name: str,
    nodes: tuple[Node, Node],
    scale: tuple[Range, Spot | None],
    image_name: str,
) -> Unit:
    """An ECS task: ``nodes`` are where it is declared and its container."""
    declared, container = nodes
    foreign = is_third_party(image_name, tree)
    image, confidence = (None, "certain") if foreign else resolved(image_name, tree)
    env = container.get("Environment") or container.get("environment")
    box = Container(
        image,
        tuple(settings_of(path, env)),
        words_of(tree, path, container.get("EntryPoint") or container.get("entryPoint")),
        words_of(tree, path, container.get("Command") or container.get("command")),
        container.get("WorkingDirectory").text or container.get("workingDirectory").text,
    )
    run = None if foreign else box.run(tree, image.context if image else "")
    return Unit(
        name,
        "ecs",
        tree.node_spot(path, declared),
        scale[0],
        scale[1],
        SEPARATE,
        running=run,
        unseen=run is None and not foreign,
        image=image_name or None,
        built=image,
        env=box.all_env,
        open_env=bool(container.get("Secrets") or container.get("secrets")),
        third_party=foreign,
        confidence=confidence,
    )


def _app_runner(template: Template, name: str, node: Node) -> Unit:
    """An App Runner service: 1 to 25 instances unless its configuration says otherwise."""
    configuration = template.node.at(
        "Resources", template.reference(node.at("Properties", "AutoScalingConfigurationArn")), "Properties"
    )
    default = tables().platforms["app-runner"]
    least, most = template.number(configuration.get("MinSize")), template.number(configuration.get("MaxSize"))
    instances = Range(least[0].low if least else default.low, most[0].high if most else default.high)
    shown = least if least and instances.low >= 2 else most
    scale = instances, template.spot(shown[1]) if shown else None
    image = template.text_of(
        node.at("Properties", "SourceConfiguration", "ImageRepository", "ImageIdentifier")
    )
    return _task_unit(template.tree, template.path, name, (node, NOTHING), scale, image)


def _function(template: Template, name: str, node: Node) -> Unit | None:
    """A Lambda function with the defaults of ``Globals``; None if it is not Python."""
    properties, shared = node.get("Properties"), template.node.at("Globals", "Function")

    def of(key: str) -> Node:
        return properties.get(key) or shared.get(key)

    runtime = template.text_of(of("Runtime"))
    if runtime and not runtime.startswith(("python", "provided")):
        return None
    folder = folder_of(template.path)
    code = of("CodeUri").text or node.at("Metadata", "aws:asset:path").text
    where = joined(folder, code) if code else folder
    env = tuple(settings_of(template.path, of("Environment").get("Variables")))
    image = _function_image(template, node, folder)
    handler = template.text_of(of("Handler"))
    if image is not None and not handler and image.command and image.command.words:
        handler = image.command.words[0].text
    target, places = handler_target(handler, where if where is not None else folder)
    instances, number = _concurrency(template, of)
    disk = Disk(True, True, network=True) if of("FileSystemConfigs") else SEPARATE
    return Unit(
        name,
        "lambda",
        template.spot(node.get("Type")),
        instances,
        number,
        disk,
        built=image,
        context=where,
        env=env,
        open_env=True,
        target=target,
        places=places,
    )


def _concurrency(template: Template, of: Callable[[str], Node]) -> tuple[Range, Spot | None]:
    """Environments of a function: provisioned ones stay up, reserved concurrency is the limit."""
    default = tables().platforms["lambda"]
    reserved = template.number(of("ReservedConcurrentExecutions"))
    provisioned = template.number(of("ProvisionedConcurrencyConfig").get("ProvisionedConcurrentExecutions"))
    low = provisioned[0].low if provisioned else default.low
    high: Bound = reserved[0].high if reserved else default.high
    shown = provisioned if low >= 2 else reserved or provisioned
    return Range(low, high), template.spot(shown[1]) if shown else None


def _function_image(template: Template, node: Node, folder: str) -> Image | None:
    """The image of a function that is packaged as one."""
    metadata = node.get("Metadata")
    if node.at("Properties", "PackageType").text != "Image" or not metadata.get("DockerContext"):
        return None
    context = joined(folder, metadata.get("DockerContext").text)
    path = joined(context or "", metadata.get("Dockerfile").text or "Dockerfile")
    if context is None or path is None or path not in template.tree.files:
        return None
    return image_of(template.tree, path, context=context)


def handler_target(handler: str, folder: str) -> tuple[str | None, tuple[str, ...]]:
    """``dir/mod.func`` → target and places."""
    module, _, function = handler.rpartition(".")
    if not module or "\0" in module:
        return None, ()
    path = module if "/" in module else module.replace(".", "/")
    layout = Layout(folder)
    places = (*layout.places(f"{path}.py"), *layout.modules(path.replace("/", ".")))
    return f"{module}:{function}", tuple(dict.fromkeys(places))


def read_ecs(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Inputs of ``aws ecs``: services with ``desiredCount``, task definitions without one."""
    found = [(path, node) for path in paths for node in documents(tree, path)[:1]]
    tasks = {
        node.get("family").text: (path, node) for path, node in found if node.get("containerDefinitions")
    }
    taken: set[str] = set()
    for path, node in found:
        if not node.get("desiredCount") and not node.get("serviceName"):
            continue
        family = node.get("taskDefinition").text.rpartition("/")[2].partition(":")[0]
        taken.add(family)
        where, task = tasks.get(family, (path, NOTHING))
        container = task.at("containerDefinitions", 0)
        count = node.get("desiredCount")
        known = Range(count.whole, count.whole) if count.whole is not None else ONE
        scale = known, tree.node_spot(path, count) if count else None
        name = node.get("serviceName").text or family
        if (tasks and where != path) or not tasks:
            yield workload(_ecs_unit(tree, (path, where), name, (node, container), scale))
    for family, (path, task) in tasks.items():
        if family not in taken and tree.text(path):
            scale = _commanded(tree)
            yield workload(
                _ecs_unit(tree, (path, path), family, (task, task.at("containerDefinitions", 0)), scale)
            )


def _ecs_unit(
    tree: Tree, paths: tuple[str, str], name: str, nodes: tuple[Node, Node], scale: tuple[Range, Spot | None]
) -> Unit:
    """A service of plain ECS files: declared in the first file, its container in the second."""
    from msgspec.structs import replace

    unit = _task_unit(tree, paths[1], name, nodes, scale, nodes[1].get("image").text)
    return replace(unit, declared=tree.node_spot(paths[0], nodes[0]))


def _commanded(tree: Tree) -> tuple[Range, Spot | None]:
    """The count that a command gives to the only service."""
    for act in acts(tree):
        count = act.number("--desired-count")
        if act.kind == "ecs" and count:
            return Range(count[0], count[0]), count[1]
    return ONE, None


def read_serverless(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Functions of serverless.yml; provisioned concurrency keeps environments up."""
    for path in paths:
        for document in tree.yaml(path)[:1]:
            runtime = document.at("provider", "runtime").text
            for name, node in document.get("functions").pairs():
                own = node.get("runtime").text or runtime
                if node.get("handler") and (own.startswith("python") or not own):
                    yield workload(_serverless_unit(tree, path, document, name.text, node))


def _serverless_unit(tree: Tree, path: str, document: Node, name: str, node: Node) -> Unit:
    """One function."""
    default = tables().platforms["lambda"]
    provisioned, reserved = node.get("provisionedConcurrency").whole, node.get("reservedConcurrency").whole
    instances = Range(provisioned or default.low, reserved if reserved is not None else default.high)
    target, places = handler_target(node.get("handler").text, folder_of(path))
    env: list[Setting] = [
        *settings_of(path, document.at("provider", "environment")),
        *settings_of(path, node.get("environment")),
    ]
    shown = tree.node_spot(path, node.key("handler"))
    counts = (node.get(key) for key in ("provisionedConcurrency", "reservedConcurrency"))
    also = tuple(tree.node_spot(path, count) for count in counts if (count.whole or 0) >= 2)
    return Unit(
        name,
        "serverless",
        shown,
        instances,
        shown if provisioned else None,
        also=also,
        context=folder_of(path),
        env=tuple(env),
        open_env=True,
        target=target,
        places=places,
    )
