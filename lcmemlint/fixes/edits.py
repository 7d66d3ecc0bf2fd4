"""Edits of text, and what a codemod answers: a change made of edits, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

if TYPE_CHECKING:
    from lcmemlint.fixes.trees import Tree


class Edit(Struct, frozen=True, order=True):
    """``text[start:end]`` becomes ``new``; offsets count code points, an insertion has ``start == end``."""

    start: int
    end: int
    new: str


Edits: TypeAlias = tuple[Edit, ...]


class Emptied(Struct, frozen=True):
    """A dict that a change no longer fills: its file must not use it otherwise, nor (if ``removable``) the project."""

    name: str
    removable: bool


class Widening(Struct, frozen=True, order=True):
    """Annotations of ``classes`` (last names) become ``base``, which is imported from ``module``."""

    classes: tuple[str, ...]
    module: str
    base: str


class Change(Struct, frozen=True):
    """Edits, at least one, that carry out one request.

    ``needs`` are functions of generated modules that the edited file must import, ``imports`` (module, name) of what
    else it must; ``widens`` are classes that annotations must not name any more; ``drops`` are imported names that
    the edits may leave unused, ``orphans`` other names that they may leave unread; ``emptied`` is the dict that is
    no longer filled. ``unsafe`` says what else changes, where the request itself is safe. ``elsewhere`` is what must
    change in other files along with it; those changes have no files beside them. ``closed`` are names of the file that
    change their meaning: no other file may use them, unless it changes along.
    """

    edits: Edits
    needs: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    widens: tuple[Widening, ...] = ()
    drops: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    emptied: Emptied | None = None
    unsafe: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        """Where the first edit begins."""
        return min(edit.start for edit in self.edits)

    @property
    def end(self) -> int:
        """Where the last edit ends."""
        return max(edit.end for edit in self.edits)

    def overlaps(self, other: Change) -> bool:
        """Whether the stretches of text between first and last edit meet; two insertions at one place do."""
        return self.start <= other.end and other.start <= self.end


class Elsewhere(Struct, frozen=True):
    """A change of another file of the project."""

    path: str
    change: Change


class Refusal(Struct, frozen=True):
    """Why a request is not carried out: a clause without a full stop, in the words of the user's own code."""

    reason: str


class Context(Struct, frozen=True):
    """What a codemod must know beyond its file.

    ``names`` are the local names of generated functions (``chat_history``); ``bound`` are names that another
    part of the same change brings into scope; ``opened`` gives another file of the project and its context, None
    if it cannot be parsed.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()
    opened: Callable[[str], tuple[Tree, Context] | None] = lambda path: None

    def name(self, function: str) -> str:
        """What the file calls this generated function."""
        return self.names.get(function, function)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, which must not overlap. Insertions at one place keep their order."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise ValueError(f"overlapping edits at {edit.start}")
        parts += (text[at : edit.start], edit.new)
        at = edit.end
    return "".join([*parts, text[at:]])


def moved(offset: int, edits: Iterable[Edit]) -> int | None:
    """Where the character at ``offset`` is after the edits; None when an edit replaced it."""
    shift = 0
    for edit in edits:
        if edit.start <= offset < edit.end:
            return None
        if edit.end <= offset:
            shift += len(edit.new) - (edit.end - edit.start)
    return offset + shift
