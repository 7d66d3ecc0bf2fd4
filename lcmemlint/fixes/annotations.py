"""Annotations that name a class which the code gives up: they become the base class that the new object has."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits, Widening
from lcmemlint.fixes.trees import Tree, dotted, resolved, uses, walk


def of_saver(*classes: str) -> Widening:
    """Annotations of these savers name the base of all savers."""
    return Widening(tuple(sorted(classes)), "langgraph.checkpoint.base", "BaseCheckpointSaver")


def of_store(*classes: str) -> Widening:
    """Annotations of these stores name the base of all stores."""
    return Widening(tuple(sorted(classes)), "langgraph.store.base", "BaseStore")


def of_history(*classes: str) -> Widening:
    """Annotations of these histories name the base of all histories."""
    return Widening(tuple(sorted(classes)), "langchain_core.chat_history", "BaseChatMessageHistory")


def widened(tree: Tree, widening: Widening) -> Edits:
    """The edits of annotations. Nothing is done where the base's name means something else in the file."""
    if not _is_free(tree, widening.module, widening.base):
        return ()
    return tuple(Edit(*tree.extent(node), widening.base) for node in _annotated(tree, widening.classes))


def _annotated(tree: Tree, classes: tuple[str, ...]) -> Iterator[cst.CSTNode]:
    for annotation in walk(tree.module, cst.Annotation):
        if _is_field(tree, annotation):
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


def _is_free(tree: Tree, module: str, name: str) -> bool:
    """Whether the name means the base class in the file, or nothing."""
    for node in uses(tree, name):
        found = next((each for each in tree.ancestors(node) if isinstance(each, cst.ImportFrom)), None)
        if found is None and resolved(tree, node) == f"{module}.{name}":
            continue
        if found is not None and dotted(found.module) == module:
            continue
        return False
    return True
