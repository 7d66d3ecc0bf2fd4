"""What a run tells the user: findings, complaints, and all that a format needs to show them. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from lcmemlint.findings import SEVERITIES, Finding, Severity, Silenced

if TYPE_CHECKING:
    from lcmemlint.notebooks import Notebook
    from lcmemlint.settings import FailOn


class FileProblem(Struct, frozen=True, order=True):
    """A file that could not be read whole. `line` is 0 when the whole file is meant; columns count from 0."""

    path: str
    line: int
    column: int
    message: str


class Crash(Struct, frozen=True):
    """Code of ours that raised: our own bug. What it would have found is missing, all else is there."""

    code: str
    place: str
    error: str
    trace: str


class Report(Struct, frozen=True):
    """What the user sees. `hidden` counts possible findings that only `strict` shows."""

    root: Path
    findings: tuple[Finding, ...]
    hidden: int = 0
    suppressed: int = 0
    problems: tuple[FileProblem, ...] = ()
    crashes: tuple[Crash, ...] = ()
    files: int = 0
    fail_on: FailOn = "warning"
    is_trusted: bool = True
    """False when a path that was asked for is missing or unreadable, or a check crashed."""
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The lines of the files that findings and their proofs speak of."""
    silenced: tuple[Silenced, ...] = ()
    """The findings that comments or the configuration hide, of the paths that were asked for."""
    fingerprints: Mapping[Finding, str] = field(default_factory=dict)
    """What tells each finding, shown or not, from all others when the code around it moves."""
    baselined: int = 0
    """How many findings a baseline takes out."""
    gone: tuple[str, ...] = ()
    """What a baseline names and is found no more, a sentence each."""
    untouched: int = 0
    """How many findings the change that was asked about does not touch."""

    notebooks: Mapping[str, Notebook] = field(default_factory=dict)
    """The notebooks among the files; places in them are places in their cells as one text."""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def fails(self) -> bool:
        """Whether a finding is at or over `fail_on`."""
        if self.fail_on == "never":
            return False
        bound = SEVERITIES.index(self.fail_on)
        return any(SEVERITIES.index(finding.severity) >= bound for finding in self.findings)
