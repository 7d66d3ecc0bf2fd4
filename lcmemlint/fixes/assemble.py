"""One file's changes put together: the edits, then what they leave unused, then the imports that they need.

Each stage is edits of text, so whatever no edit names is the same before and after by construction.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections import Counter
from collections.abc import Callable, Sequence

import libcst as cst
from libcst import matchers
from msgspec import Struct

from lcmemlint.fixes import containers
from lcmemlint.fixes.annotations import widened
from lcmemlint.fixes.edits import Change, Edit, Edits, Refusal, apply, moved
from lcmemlint.fixes.imports import added, dropped, joined
from lcmemlint.fixes.leftovers import unread
from lcmemlint.fixes.trees import Tree


class Assembled(Struct, frozen=True):
    """The new text of a file, and the stages of edits that led to it."""

    text: str
    stages: tuple[Edits, ...]

    def moved(self, offset: int) -> int | None:
        """Where the character at an offset of the old text is now; None when it was replaced."""
        at: int | None = offset
        for edits in self.stages:
            at = None if at is None else moved(at, edits)
        return at


def assembled(
    text: str,
    changes: Sequence[Change],
    *,
    lines: Callable[[frozenset[str]], Sequence[str]],
    is_local: Callable[[str], bool],
    is_free: Callable[[str], bool],
) -> Assembled | Refusal:
    """The text with all changes carried out.

    ``lines`` gives the import lines for the generated functions that the changes need; ``is_local`` tells the
    project's own modules; ``is_free`` whether no other file imports a name from this one.
    """
    building = _Building(text)
    building.edit(tuple(edit for change in changes for edit in change.edits))
    for emptied in dict.fromkeys(change.emptied for change in changes if change.emptied is not None):
        if (refusal := containers.still_used(building.tree, emptied)) is not None:
            return refusal
        if emptied.removable and is_free(emptied.name):
            building.edit(containers.removed(building.tree, emptied.name))
    imports = {each for change in changes for each in change.imports}
    for widening in sorted({each for change in changes for each in change.widens}):
        if edits := widened(building.tree, widening):
            building.edit(edits)
            imports.add((widening.module, widening.base))
    orphans = {name for change in changes for name in change.orphans}
    gone: set[str] = set()
    while edits := unread(building.tree, orphans, is_free):
        gone |= {name.value for edit in edits for name in _names(building, edit)}
        orphans |= gone
        building.edit(edits)
    names = gone | {name for change in changes for name in change.drops}
    while edits := dropped(building.tree, {name for name in names if is_free(name)}):
        building.edit(edits)
    for module, name in sorted(imports):
        building.edit(joined(building.tree, module, name, is_local=is_local))
    for line in lines(frozenset(need for change in changes for need in change.needs)):
        building.edit((added(building.tree, line, is_local=is_local),))
    if (error := syntax_error(building.text)) is not None and syntax_error(text) is None:
        return Refusal(f"the edited file would not parse ({error})")
    if (lost := lost_comment(text, building.text)) is not None:
        return Refusal(f"the comment `{lost}` would be lost")
    return Assembled(building.text, tuple(building.stages))


def _names(building: _Building, edit: Edit) -> list[cst.Name]:
    """The names in a stretch of text that an edit takes away."""
    tree = building.tree
    return [node for node in tree.walk(cst.Name) if edit.start <= tree.extent(node)[0] < edit.end]


class _Building:
    """A text on its way through the stages."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.stages: list[Edits] = []
        self._tree: Tree | None = None

    @property
    def tree(self) -> Tree:
        """The text as it is by now, parsed."""
        if self._tree is None or self._tree.text != self.text:
            self._tree = Tree(self.text)
        return self._tree

    def edit(self, edits: Edits) -> None:
        if edits:
            self.text = apply(self.text, edits)
            self.stages.append(edits)
            cst.parse_module(self.text)


def syntax_error(text: str) -> str | None:
    """What Python itself says against a text: it is stricter than LibCST (repeated keywords, order of parameters)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<fixed>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return None


def lost_comment(before: str, after: str) -> str | None:
    """A comment that the new text has fewer times than the old one."""
    missing = comments(before) - comments(after)
    return next(iter(missing), None)


def comments(text: str) -> Counter[str]:
    """The comments of a text, each with how often it stands there."""
    tokens = tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    try:
        return Counter(token.string.rstrip("\r") for token in tokens if token.type == tokenize.COMMENT)
    except (tokenize.TokenError, SyntaxError):  # syntax that is newer than this Python: f-strings over lines
        found = matchers.findall(cst.parse_module(text), matchers.Comment())
        return Counter(cst.ensure_type(comment, cst.Comment).value for comment in found)
