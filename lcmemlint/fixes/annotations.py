"""Annotations that name a class which the code gives up: they become the base class that the new object has."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits
from lcmemlint.fixes.trees import Tree, dotted, resolved, uses, walk

SAVER = ("langgraph.checkpoint.base", "BaseCheckpointSaver")
HISTORY = ("langchain_core.chat_history", "BaseChatMessageHistory")


def widened(
    tree: Tree, classes: frozenset[str], base: tuple[str, str], *, besides: cst.CSTNode | None = None
) -> tuple[Edits, tuple[tuple[str, str], ...]]:
    """The edits that put ``base`` (module, name) into annotations of these classes, and the import that they need.

    ``besides`` is an annotation that another edit takes away. Nothing is done where the base's name means
    something else in the file.
    """
    edits = tuple(Edit(*tree.extent(node), base[1]) for node in _annotated(tree, classes, besides))
    if not edits or not _is_free(tree, base):
        return (), ()
    return edits, (base,)


def _annotated(tree: Tree, classes: frozenset[str], besides: cst.CSTNode | None) -> Iterator[cst.CSTNode]:
    for annotation in walk(tree.module, cst.Annotation):
        if annotation is besides or _is_field(tree, annotation):
            continue
        inside: set[int] = set()
        for node in (*walk(annotation, cst.Attribute), *walk(annotation, cst.Name)):
            if id(node) in inside:
                continue
            if (resolved(tree, node) or "").rpartition(".")[2] in classes:
                inside |= {id(part) for part in walk(node, cst.Name)}
                yield node


def _is_field(tree: Tree, annotation: cst.Annotation) -> bool:
    """Whether a model or dataclass declares a field here: its annotation may be checked when it runs."""
    around = tree.parent(annotation)
    if not isinstance(around, cst.AnnAssign) or tree.function(annotation) is not None:
        return False
    return any(isinstance(each, cst.ClassDef) for each in tree.ancestors(annotation))


def _is_free(tree: Tree, base: tuple[str, str]) -> bool:
    """Whether the name means the base class in the file, or nothing."""
    module, name = base
    for node in uses(tree, name):
        found = next((each for each in tree.ancestors(node) if isinstance(each, cst.ImportFrom)), None)
        if found is None and resolved(tree, node) == f"{module}.{name}":
            continue
        if found is not None and dotted(found.module) == module:
            continue
        return False
    return True
