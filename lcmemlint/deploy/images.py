"""Image names: whose they are, and which Dockerfile of the project builds them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from lcmemlint.deploy.assemble import rank_of
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.dockerfile import Image, environment, image_of, started
from lcmemlint.deploy.filenames import is_compose, is_dockerfile
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.running import Context
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.findings import Confidence

_SPLIT = re.compile(r"[-_.]")


class Built(Struct, frozen=True):
    """A name that some file of the project gives to an image, and what it is built from."""

    name: str
    context: str
    dockerfile: str
    target: str = ""


def dockerfiles(tree: Tree) -> tuple[str, ...]:
    """The Dockerfiles of the project, sorted."""
    if "dockerfiles" not in tree.kept:
        tree.kept["dockerfiles"] = tuple(sorted(path for path in tree.files if is_dockerfile(path)))
    found = tree.kept["dockerfiles"]
    return found if isinstance(found, tuple) else ()


def plain_name(image: str) -> str:
    """The last path component of an image without tag and digest, in one spelling."""
    bare = without_tag(image).rpartition("/")[2]
    return _SPLIT.sub("-", bare.lower())


def without_tag(image: str) -> str:
    """The image without ``:tag`` and ``@digest``."""
    bare = image.partition("@")[0]
    head, _, last = bare.rpartition("/")
    return f"{head}/{last.partition(':')[0]}" if head else last.partition(":")[0]


def is_third_party(image: str, tree: Tree) -> bool:
    """Whether an image is somebody else's software; unsure ones count as the project's own.

    The order was measured on 78 images of 12 repositories: a word of server software first, then vendors,
    then names that the project builds.
    """
    words = tables().images
    if not image:
        return False
    bare = without_tag(image)
    *namespaces, last = bare.lower().split("/")
    if last in words.software or _SPLIT.split(last)[0] in words.software:
        return True
    if bare.lower().startswith(words.langgraph_bases):
        return False
    return any(one in words.vendors for one in namespaces) and build_of(image, tree) is None


def resolved(image: str, tree: Tree) -> tuple[Image | None, Confidence]:
    """The Dockerfile's image behind a name: built under it (likely), else the only one (possible)."""
    built = build_of(image, tree)
    if built is not None:
        return image_of(tree, built.dockerfile, context=built.context, target=built.target), "likely"
    name = plain_name(image)
    folders = [path for path in dockerfiles(tree) if plain_name(posixpath.basename(folder_of(path))) == name]
    if len(folders) == 1:
        return image_of(tree, folders[0]), "likely"
    own = python_dockerfiles(tree)
    if len(own) == 1:
        return image_of(tree, own[0]), "possible"
    return None, "possible"


def python_dockerfiles(tree: Tree) -> tuple[str, ...]:
    """The Dockerfiles that start Python; those of development and examples only if there are no others."""
    if "python dockerfiles" not in tree.kept:
        all_ = tuple(path for path in dockerfiles(tree) if _starts_python(tree, path))
        ranked = tuple(path for path in all_ if rank_of(path) in ("plain", "production"))
        tree.kept["python dockerfiles"] = ranked or all_
    found = tree.kept["python dockerfiles"]
    return found if isinstance(found, tuple) else ()


def _starts_python(tree: Tree, path: str) -> bool:
    """Whether the image runs the project's Python, as far as its Dockerfile shows."""
    image = image_of(tree, path)
    if image is None:
        return False
    run = started(image, Context(tree, image.layout, environment(image.env)))
    return run.python if run is not None else "python" in image.base


def build_of(image: str, tree: Tree) -> Built | None:
    """What an image is built from, if some file of the project builds one of that name."""
    name = plain_name(image)
    known = built_names(tree)
    if name in known:
        return known[name]
    ends = {built for key, built in known.items() if name.endswith(f"-{key}")}
    return next(iter(ends)) if len(ends) == 1 else None


def built_names(tree: Tree) -> dict[str, Built]:
    """Image name → build, from compose services and ``docker build -t``; the first of a name counts."""
    if "built" not in tree.kept:
        found: dict[str, Built] = {}
        for built in _builds(tree):
            found.setdefault(plain_name(built.name), built)
        tree.kept["built"] = found
    kept = tree.kept["built"]
    return kept if isinstance(kept, dict) else {}


def _builds(tree: Tree) -> Iterator[Built]:
    """The builds that files name, compose first."""
    for path in sorted(tree.files):
        if is_compose(path):
            for document in tree.yaml(path):
                for name, service in document.get("services").pairs():
                    if built := build_in(tree, folder_of(path), service.get("build"), name.text):
                        yield built
                        if image := service.get("image").text:
                            yield Built(image, built.context, built.dockerfile, built.target)
    for act in acts(tree):
        if act.kind == "docker-build":
            yield from _of_command(tree, act.names, act.values, act.folder)


def _of_command(
    tree: Tree, names: tuple[str, ...], values: Mapping[str, str], folder: str
) -> Iterator[Built]:
    """``docker build -t name -f file context``."""
    where = values.get("context") or (names[-1] if (names and "-t" in values) or "--tag" in values else ".")
    context = joined(folder, where)
    tags = [values[key] for key in ("-t", "--tag") if key in values] or list(
        names if "context" in values else ()
    )
    if context is None:
        return
    file = values.get("-f") or values.get("--file")
    dockerfile = joined(folder, file) if file else joined(context, "Dockerfile")
    if dockerfile is not None and dockerfile in tree.files:
        for tag in tags:
            yield Built(tag, context, dockerfile, values.get("--target", ""))


def build_in(tree: Tree, folder: str, build: Node, name: str) -> Built | None:
    """A compose ``build:``, a folder or a mapping; None if it leads out of the project."""
    if not build:
        return None
    where = build.text if build.kind == "text" else build.get("context").text or "."
    context = joined(folder, where)
    if context is None:
        return None
    file = build.get("dockerfile").text
    candidates = (
        [joined(context, file)] if file else [joined(context, one) for one in ("Dockerfile", "Containerfile")]
    )
    dockerfile = next((one for one in candidates if one is not None and one in tree.files), candidates[0])
    return Built(name, context, dockerfile or "", build.get("target").text)
