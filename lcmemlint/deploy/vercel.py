"""vercel.json with Python functions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from lcmemlint.deploy.assemble import Unit, workload
from lcmemlint.deploy.containers import settings_of
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import Workload


def read_vercel(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """vercel.json with Python functions: declared, or ``api/*.py`` beside it. Front ends alone are none."""
    for path in paths:
        document, folder = tree.json(path), folder_of(path)
        found = dict(_vercel_functions(tree, folder, document))
        for source, node in found.items():
            where = joined(folder, source)
            if where is None:
                continue
            attribute = "handler" if _has_handler(tree, where) else "app"
            yield workload(
                Unit(
                    source,
                    "vercel",
                    tree.node_spot(path, node),
                    tables().platforms["lambda"],
                    open_env=True,
                    context=folder,
                    target=f"{source}:{attribute}",
                    places=(where,),
                    env=tuple(settings_of(path, document.get("env"))),
                )
            )


def _has_handler(tree: Tree, path: str) -> bool:
    """Whether the module defines a ``handler``."""
    facts = tree.facts(path) if tree.exists(path) else None
    return facts is not None and any(scope.name == "handler" for scope in facts.scopes)


def _vercel_functions(tree: Tree, folder: str, document: Node) -> Iterator[tuple[str, Node]]:
    """Python functions and the node that shows them."""
    for build in document.get("builds").items:
        if build.get("use").text.startswith("@vercel/python"):
            yield build.get("src").text, build
    for name, _ in document.get("functions").pairs():
        if name.text.endswith(".py"):
            yield name.text, name
    prefix = posixpath.join(folder, "api") + "/"
    for path in sorted(tree.paths):
        if (
            path.startswith(prefix)
            and path.endswith(".py")
            and "/_" not in path
            and path.count("/") <= prefix.count("/") + 1
        ):
            source = path[len(folder) + 1 :] if folder else path
            node = _rewrite_to(document, source)
            if not document.get("builds"):
                yield source, node


def _rewrite_to(document: Node, source: str) -> Node:
    """The rewrite that leads to a function, else the document."""
    plain = "/" + source.removesuffix(".py")
    for key, field in (("rewrites", "destination"), ("routes", "dest")):
        for item in document.get(key).items:
            if re.match(rf"{re.escape(plain)}(?:\.py)?(?:$|[?/])", item.get(field).text):
                return item
    return document
