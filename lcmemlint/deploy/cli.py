"""Deploying commands in workflows, Cloud Build, scripts, Makefiles: ``gcloud run deploy`` and so on.

A server that a test job starts is no deployment; only the commands below count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from lcmemlint.deploy.filenames import is_script
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import Node, whole
from lcmemlint.deploy.running import Context
from lcmemlint.deploy.shell import UNKNOWN, Word, commands
from lcmemlint.deploy.start import unwrapped
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import Spot

MAX_STEPS = 5000


class Act(Struct, frozen=True):
    """One deploying command: what it does to which unit, with its options and their lines."""

    kind: str
    names: tuple[str, ...]
    options: Mapping[str, Spot]
    values: Mapping[str, str]
    at: Spot
    folder: str
    sets: Mapping[str, tuple[int, Spot]] = field(default_factory=dict)
    """``name=3`` pairs with their lines."""
    words: tuple[Word, ...] = ()

    def number(self, *names: str) -> tuple[int, Spot] | None:
        """The count that the first of some options gives."""
        for name in names:
            value = whole(self.values.get(name, ""))
            if value is not None:
                return value, self.options[name]
        return None


_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("gcloud", "run", "deploy"), "cloud-run"),
    (("gcloud", "run", "services", "update"), "cloud-run"),
    (("gcloud", "functions", "deploy"), "cloud-functions"),
    (("gcloud", "beta", "run", "deploy"), "cloud-run"),
    (("az", "containerapp", "create"), "container-apps"),
    (("az", "containerapp", "update"), "container-apps"),
    (("az", "containerapp", "up"), "container-apps"),
    (("kubectl", "scale"), "kubectl-scale"),
    (("oc", "scale"), "kubectl-scale"),
    (("kubectl", "autoscale"), "kubectl-autoscale"),
    (("helm", "upgrade"), "helm"),
    (("helm", "install"), "helm"),
    (("fly", "scale", "count"), "fly-count"),
    (("flyctl", "scale", "count"), "fly-count"),
    (("fly", "deploy"), "fly-deploy"),
    (("flyctl", "deploy"), "fly-deploy"),
    (("fly", "launch"), "fly-deploy"),
    (("aws", "ecs", "update-service"), "ecs"),
    (("aws", "ecs", "create-service"), "ecs"),
    (("heroku", "ps:scale"), "heroku"),
    (("docker", "compose"), "compose"),
    (("docker-compose",), "compose"),
    (("docker", "service", "scale"), "compose"),
    (("docker", "stack", "deploy"), "stack"),
    (("docker", "build"), "docker-build"),
    (("docker", "buildx", "build"), "docker-build"),
    (("podman", "build"), "docker-build"),
)

_SWITCHES = frozenset(
    {"-d", "--detach", "--build", "--wait", "--quiet", "-q", "--allow-unauthenticated", "--push"}
)
_SET = re.compile(r"([\w.-]+)=(\d+)\Z")


def acts(tree: Tree) -> tuple[Act, ...]:
    """The deploying commands of the whole tree, read once."""
    if "acts" not in tree.kept:
        tree.kept["acts"] = tuple(act for path in sorted(tree.files) for act in _of_file(tree, path))
    found = tree.kept["acts"]
    return found if isinstance(found, tuple) else ()


_HINTS = re.compile(
    rb"gcloud|containerapp|kubectl|\boc scale|helm|fly(?:ctl)? |aws ecs|ps:scale|docker|podman"
)


def is_workflow(path: str) -> bool:
    """Whether the path is that of a CI definition."""
    name = path.rpartition("/")[2].lower()
    return (
        "/workflows/" in f"/{path}"
        or name.startswith(
            ("cloudbuild", "azure-pipelines", ".gitlab-ci", "bitbucket-pipelines", "buildspec")
        )
        or path.startswith(".circleci/")
    )


def is_makefile(path: str) -> bool:
    """Whether the path is that of a Makefile."""
    name = path.rpartition("/")[2]
    return name in ("Makefile", "makefile", "GNUmakefile") or name.endswith(".mk")


def _of_file(tree: Tree, path: str) -> Iterator[Act]:
    """The deploying commands of one file."""
    if not (is_workflow(path) or is_script(path) or is_makefile(path)) or not _HINTS.search(tree.files[path]):
        return
    if is_script(path):
        yield from _of_text(tree, path, tree.text(path), 1)
    elif is_makefile(path):
        yield from _of_text(tree, path, make_script(tree.text(path)), 1)
    elif path.endswith((".yml", ".yaml")):
        for document in tree.yaml(path):
            yield from _of_steps(tree, path, document)


def _of_steps(tree: Tree, path: str, document: Node) -> Iterator[Act]:
    """The commands of a workflow: every ``run:``/``script:``, and the argument lists of Cloud Build."""
    pending, visited = [document], 0
    while pending and visited < MAX_STEPS:
        node = pending.pop()
        visited += 1
        pending.extend(node.items)
        for key, value in node.entries:
            if value.kind in ("map", "list"):
                pending.append(value)
            if key.text in ("run", "script", "inlineScript") and value.kind == "text":
                yield from _of_text(tree, path, value.text, value.line + (value.style in ("|", ">")))
            elif key.text in ("script", "commands", "before_script") and value.kind == "list":
                for item in value.items:
                    yield from _of_text(tree, path, item.text, item.line + (item.style in ("|", ">")))
            elif key.text == "args" and value.kind == "list":
                yield from _of_arguments(tree, path, node, value)
            elif key.text == "uses" and value.text.startswith("docker/build-push-action"):
                yield from _of_build_action(tree, path, node)


def _of_arguments(tree: Tree, path: str, step: Node, arguments: Node) -> Iterator[Act]:
    """A step of Cloud Build: the program is the entrypoint, or the last part of the builder's name."""
    program = step.get("entrypoint").text or step.get("name").text.rpartition("/")[2].partition(":")[0]
    program = "gcloud" if program == "cloud-sdk" else program
    words = [Word(program, path, arguments.line)]
    words += [Word(item.text, path, item.line) for item in arguments.items]
    if len(words) == 3 and words[1].text == "-c":
        block = arguments.items[1]
        yield from _of_text(tree, path, block.text, block.line + (block.style in ("|", ">")))
    elif act := _act(tree, tuple(words), folder=""):
        yield act


def _of_build_action(tree: Tree, path: str, step: Node) -> Iterator[Act]:
    """docker/build-push-action builds and names an image."""
    with_ = step.get("with")
    spot = tree.node_spot(path, step)
    tags = tuple(tag for tag in re.split(r"[\s,]+", with_.get("tags").text) if tag)
    values = {"-f": with_.get("file").text, "--target": with_.get("target").text}
    where = with_.get("context").text or "."
    yield Act("docker-build", tags, {}, {**values, "context": where}, spot, "")


def _of_text(tree: Tree, path: str, text: str, line: int) -> Iterator[Act]:
    """The deploying commands of shell text."""
    folder = folder_of(path) if is_script(path) or is_makefile(path) else ""
    context = Context(tree, Layout(folder))
    for command in commands(text, path, line):
        words, _ = unwrapped(command.words, context)
        if act := _act(tree, words, folder=folder):
            yield act


def _act(tree: Tree, words: tuple[Word, ...], *, folder: str) -> Act | None:
    """The command as an act, if it is a deploying one."""
    texts = tuple(word.text for word in words)
    for head, kind in _KINDS:
        if texts[: len(head)] == head:
            return _read(tree, kind, words, words[len(head) :], folder)
    return None


def _read(tree: Tree, kind: str, words: tuple[Word, ...], rest: tuple[Word, ...], folder: str) -> Act:
    """Options, plain words and ``name=3`` pairs of a command."""
    names: list[str] = []
    options: dict[str, Spot] = {}
    values: dict[str, str] = {}
    sets: dict[str, tuple[int, Spot]] = {}
    index = 0
    while index < len(rest):
        word = rest[index]
        spot = tree.spot(word.path, word.line)
        name, equals, value = word.text.partition("=")
        if word.text.startswith("-"):
            if not equals and word.text not in _SWITCHES and index + 1 < len(rest):
                following = rest[index + 1]
                if not following.text.startswith("-"):
                    index += 1
                    value, spot = following.text, tree.spot(following.path, following.line)
            options[name], values[name] = spot, value
            pairs = value if name in ("--scale", "--set", "--set-string") else ""
        else:
            names.append(word.text)
            pairs = word.text
        for pair in pairs.split(","):
            if match := _SET.match(pair):
                sets[match[1]] = (int(match[2]), spot)
        index += 1
    plain = tuple(name for name in names if UNKNOWN not in name)
    at = tree.spot(words[0].path, words[0].line)
    return Act(kind, plain, options, values, at, folder, sets, words)


def make_script(text: str) -> str:
    """The recipes of a Makefile as shell text, line by line; its own variables are put in."""
    known = dict(re.findall(r"^([A-Za-z_]\w*)[ \t]*[:?]?=[ \t]*([^\s#$]+)[ \t]*$", text, re.MULTILINE))
    lines = []
    for line in text.split("\n"):
        if not line.startswith("\t"):
            lines.append("")
            continue
        recipe = line[1:].lstrip().lstrip("@-+")
        lines.append(
            re.sub(r"\$[({](\w+)[)}]", lambda found: known.get(found[1], "${" + found[1] + "}"), recipe)
        )
    return "\n".join(lines).replace("$$", "$")
