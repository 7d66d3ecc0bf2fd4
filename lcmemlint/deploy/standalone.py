"""Dockerfiles and start scripts as workloads of their own, where no other manifest uses them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.dockerfile import Image, environment, image_of, started
from lcmemlint.deploy.filenames import is_script
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.running import Context, Running
from lcmemlint.deploy.servers import target_of
from lcmemlint.deploy.start import of_script
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import ONE, Disk, Workload


def read_dockerfiles(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """What the images start that nobody else starts."""
    for path in paths:
        image = image_of(tree, path)
        if image is None or path in tree.followed:
            continue
        unit = _of_lambda(tree, image) or _of_image(tree, image)
        if unit is not None:
            yield workload(unit)


def _of_image(tree: Tree, image: Image) -> Unit | None:
    """An image in one container; None if it starts nothing of Python."""
    run = started(image, Context(tree, image.layout, environment(image.env)))
    if run is None or not run.python:
        return None
    return Unit(
        _named(tree, run, image.path),
        "docker",
        run.at,
        running=run,
        built=image,
        env=image.env,
        open_env=True,
    )


def _named(tree: Tree, run: Running, path: str) -> str:
    """A name for something that has none: the app by its module, else what it runs, else where it stands."""
    attribute = (run.target or "").partition(":")[2]
    module = next((place for place in run.places if tree.exists(place)), None)
    if attribute and module is not None:
        return f"{module.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}:{attribute}"
    return run.target or posixpath.basename(folder_of(path)) or path


def _of_lambda(tree: Tree, image: Image) -> Unit | None:
    """An image on the Lambda base: CMD names a handler, environments come and go."""
    if not image.base.startswith(tables().images.lambda_bases) or image.command is None:
        return None
    words = image.command.words or ()
    handler = words[0].text if words else ""
    module, _, attribute = handler.rpartition(".")
    target, places = target_of(f"{module}:{attribute}", Context(tree, image.layout)) if module else (None, ())
    return Unit(
        handler or image.path,
        "lambda",
        tree.spot(image.path, image.command.line),
        tables().platforms["lambda"],
        None,
        SEPARATE,
        built=image,
        env=image.env,
        open_env=True,
        target=target,
        places=places,
    )


def read_scripts(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Start scripts that no Dockerfile and no manifest starts: servers on one host."""
    for path in paths:
        if path in tree.followed or not is_script(path):
            continue
        context = Context(tree, Layout(folder_of(path)), depth=1)
        run = of_script(tree.text(path), path, 1, context)
        if run is None or not run.http or path in tree.followed:
            continue
        disk = Disk(True, True)
        name = posixpath.basename(path)
        yield workload(
            Unit(name, "script", run.at, ONE, disk=disk, running=run, container=False, confidence="likely")
        )
