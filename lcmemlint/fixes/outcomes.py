"""What a fix run reports. All of it is data; ``run`` makes it, the command line prints it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from lcmemlint.findings import Finding


class Fixed(Struct, frozen=True):
    """A file whose new bytes are proven (and written, when the run writes). ``old`` is None for a new file."""

    path: str
    old: bytes | None
    new: bytes


class Refused(Struct, frozen=True):
    """A finding that stays, and why."""

    path: str
    finding: Finding
    reason: str


class Failed(Struct, frozen=True):
    """A file that could not be read, parsed or written; nothing of it was changed."""

    path: str
    error: str


Outcome: TypeAlias = Fixed | Refused | Failed


class Note(Struct, frozen=True, order=True):
    """What the user must still do: a package to add, an environment variable to set."""

    kind: Literal["package", "variable", "remark"]
    name: str
    text: str


class FixResult(Struct, frozen=True):
    """Outcomes sorted by path; ``fixed`` are the findings that are gone; ``diff`` covers all changed files."""

    outcomes: tuple[Outcome, ...]
    diff: str
    fixed: tuple[Finding, ...]
    notes: tuple[Note, ...]

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The findings that stay."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Refused))

    @property
    def failed(self) -> tuple[Failed, ...]:
        """The files that could not be read, parsed or written."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Failed))

    @property
    def changed(self) -> tuple[Fixed, ...]:
        """The files with new bytes."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Fixed))
