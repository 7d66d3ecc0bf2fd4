"""What the files of small platforms share: the image of a folder, a start command, a disk of one's own."""

from __future__ import annotations

from lcmemlint.deploy.containers import run_text
from lcmemlint.deploy.dockerfile import Image, environment, image_of, started
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.running import Context, Running
from lcmemlint.deploy.tree import Tree, joined
from lcmemlint.deploy.workload import Disk, Setting

OWN_DISK = Disk(False, True)


def beside(tree: Tree, folder: str, dockerfile: str = "") -> Image | None:
    """The image that a platform builds in a folder."""
    path = joined(folder, dockerfile or "Dockerfile")
    return image_of(tree, path, context=folder) if path and path in tree.files else None


def run_of(tree: Tree, image: Image | None, env: tuple[Setting, ...]) -> Running | None:
    """What an image starts with more variables."""
    if image is None:
        return None
    return started(image, Context(tree, image.layout, environment((*image.env, *env))))


def command_of(tree: Tree, path: str, node: Node, folder: str, env: tuple[Setting, ...]) -> Running | None:
    """What a start command in a platform's file runs."""
    if not node:
        return None
    line = node.line + (node.style in ("|", ">"))
    return run_text(tree, node.text, path, line, Context(tree, Layout(folder), environment(env)))
