"""What a command turned out to run, and what is known where it runs."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import whole
from lcmemlint.deploy.shell import CPUS, UNKNOWN, Word
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import Bound, Range, Setting, Spot

MAX_FOLLOWED = 4
"""Files followed from a command into scripts and launchers."""

NOT_SAID = Range(1, "unknown")

OPEN: tuple[Bound, ...] = ("unknown", "unbounded", "cpu")
"""Upper bounds that are no number, the least definite first."""


class Running(Struct, frozen=True):
    """A program, its app and the number of its processes; ``at`` is the line that holds the number."""

    program: str
    target: str | None
    places: tuple[str, ...]
    processes: Range
    at: Spot
    words: tuple[str, ...]
    said: bool = False
    """The number is written down; otherwise it is a default and ``at`` the command."""
    http: bool = False
    python: bool = True
    """It runs this project's Python (not node, nginx or the like)."""
    broken: bool = False
    copies: int = 1
    copies_at: Spot | None = None


class Context(Struct, frozen=True):
    """Where a command runs: files, folders, variables, and the arguments that ``"$@"`` stands for."""

    tree: Tree
    layout: Layout
    env: Mapping[str, Setting] = field(default_factory=dict)
    arguments: tuple[Word, ...] = ()
    depth: int = 0

    def lookup(self, name: str) -> str | None:
        """The value of a variable; ``UNKNOWN`` if it is set to something that the files do not hold."""
        setting = self.env.get(name)
        if setting is None:
            return None
        return UNKNOWN if setting.value is None else setting.value

    def deeper(self) -> Context:
        """One file further on."""
        return replace(self, depth=self.depth + 1)

    def existing(self, places: tuple[str, ...]) -> str | None:
        """The first of some project paths that exists."""
        return next((place for place in places if self.tree.exists(place)), None)


def count(text: str) -> Range:
    """A number of processes as written; never below one."""
    number = whole(text)
    if number is not None:
        return Range(max(number, 1), max(number, 1))
    return Range(1, "cpu") if CPUS in text else NOT_SAID


def wider(left: Range, right: Range) -> Range:
    """The range that holds both."""
    for word in OPEN:
        if word in (left.high, right.high):
            return Range(min(left.low, right.low), word)
    highs = [high for high in (left.high, right.high) if isinstance(high, int)]
    return Range(min(left.low, right.low), max(highs))
