"""railway.json and railway.toml."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.deploy.assemble import Unit, workload
from lcmemlint.deploy.platforms import beside, command_of, run_of
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import Range, Workload


def read_railway(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """railway.json and railway.toml: ``deploy.numReplicas`` (absent: 1, unverified), or a regional sum."""
    for path in paths:
        document = tree.toml(path) if path.endswith(".toml") else tree.json(path)
        deploy, folder = document.get("deploy"), folder_of(path)
        image = beside(tree, folder, document.at("build", "dockerfilePath").text)
        run = command_of(tree, path, deploy.get("startCommand"), folder, image.env if image else ())
        run = run or run_of(tree, image, ())
        if run is None or not run.python:
            continue
        regions = [node.get("numReplicas") for _, node in deploy.get("multiRegionConfig").pairs()]
        counts = [node for node in [*regions, deploy.get("numReplicas")] if node.whole is not None]
        wanted = [node for node in regions if node.whole is not None] or counts
        total = sum(node.whole or 0 for node in wanted) if wanted else 1
        number = tree.node_spot(path, wanted[0]) if wanted else None
        declared = tree.node_spot(path, deploy.get("startCommand") or deploy or document)
        yield workload(
            Unit(
                "railway",
                "railway",
                declared,
                Range(total, total),
                number,
                running=run,
                built=image,
                context=folder,
                env=image.env if image else (),
                open_env=True,
            )
        )
