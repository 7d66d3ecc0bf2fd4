"""langgraph.json: what the LangGraph server runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec.structs import replace

from lcmemlint.deploy.assemble import Unit, workload
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import Range, Workload


def read_langgraph(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """langgraph.json: graphs get the server's checkpointer and store; ``http.app`` is ordinary server code.

    langgraph_api 0.16.7, source; ``langgraph dev`` (langgraph-cli 0.4.40, run) refuses a graph with a saver.
    """
    for path in paths:
        document = tree.json(path)
        graphs = document.get("graphs")
        if graphs.kind != "map":
            continue
        own_saver = document.at("checkpointer", "path")
        for name, node in graphs.pairs():
            target = node if node.kind == "text" else node.get("path")
            shown = graphs_key(document)
            yield _langgraph(
                tree, path, (name.text, target, shown), Range(0, "unbounded"), managed=not own_saver
            )
        http = document.at("http", "app")
        if http:
            name_text = posixpath.basename(http.text.partition(":")[0]).removesuffix(".py")
            yield _langgraph(tree, path, (name_text, http, http), Range(1, "unbounded"), managed=False)
        if own_saver:
            yield _langgraph(
                tree, path, ("checkpointer", own_saver, own_saver), Range(1, "unbounded"), managed=False
            )


def graphs_key(document: Node) -> Node:
    """The key ``graphs``."""
    return document.key("graphs")


def _langgraph(
    tree: Tree, path: str, what: tuple[str, Node, Node], instances: Range, *, managed: bool
) -> Workload:
    """One thing that the LangGraph server runs."""
    name, target, shown = what
    file, _, attribute = target.text.partition(":")
    folder = folder_of(path)
    clean = posixpath.normpath(file) if file else ""
    is_file = clean.endswith(".py")
    layout = Layout(folder)
    places = layout.places(clean) if is_file else layout.modules(clean)
    unit = Unit(
        name,
        "langgraph",
        tree.node_spot(path, shown),
        instances,
        context=folder,
        managed=managed,
        open_env=True,
        target=f"{clean}:{attribute}" if attribute else clean,
        places=places,
    )
    return replace(workload(unit), program="langgraph")
