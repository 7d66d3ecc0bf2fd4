"""What a fix run reports. All of it is data; ``run`` makes it, the command line prints it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lcmemlint.findings import Finding
from lcmemlint.records import record


@record
class Fixed:
    """A file whose new bytes are proven (and written, when the run writes). ``old`` is None for a new file."""

    path: str
    old: bytes | None
    new: bytes


@record
class Refused:
    """A finding that stays, and why."""

    path: str
    finding: Finding
    reason: str


@record
class Failed:
    """A file that could not be read, parsed or written; nothing of it was changed."""

    path: str
    error: str


Outcome: TypeAlias = Fixed | Refused | Failed


@record(order=True)
class Note:
    """What the user must still do: a package to add, an environment variable to set."""

    kind: Literal["package", "variable", "remark"]
    name: str
    text: str


@record
class FixResult:
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
