"""What a check reports: a finding, its proof, and the fix it asks for. All of it is data."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from lcmemlint.values import Location, Span

Severity = Literal["error", "warning", "note"]
Confidence = Literal["certain", "likely", "possible"]

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
"""From the mildest to the worst."""

CONFIDENCES: tuple[Confidence, ...] = ("possible", "likely", "certain")
"""From the weakest to the strongest."""


class Step(Struct, frozen=True, order=True):
    """One place in a proof, and what happens there (``request enters here``)."""

    at: Location
    text: str


class FixRequest(Struct, frozen=True):
    """An edit named as data, so that another process can carry it out.

    ``kind`` names the codemod, ``span`` the call or statement to rewrite in ``path``; ``params`` are the
    codemod's own (JSON-able) settings. ``unsafe`` requests need ``--unsafe-fixes``.
    """

    kind: str
    path: str
    span: Span
    params: tuple[tuple[str, str], ...] = ()
    unsafe: bool = False

    def get(self, name: str, default: str = "") -> str:
        """The setting called ``name``."""
        return dict(self.params).get(name, default)


class Finding(Struct, frozen=True):
    """One fault at one place. ``because`` runs from the entry point to the site.

    ``symbol`` names what is faulty (class or key), for baselines and for people; ``no_fix`` says why there
    is no fix when ``fix`` is None; ``related`` are places that belong to the story but not to the proof.
    """

    code: str
    message: str
    at: Location
    severity: Severity
    confidence: Confidence
    symbol: str = ""
    help: str = ""
    because: tuple[Step, ...] = ()
    related: tuple[Step, ...] = ()
    fix: FixRequest | None = None
    no_fix: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Reports are sorted by this: path, line, column, code, message."""
        return (self.at.path, self.at.span.line, self.at.span.column, self.code, self.message)


class Silenced(Struct, frozen=True):
    """A finding that is not shown because the user said so: by a comment beside it, or in the configuration.

    ``reason`` is what the comment gives as one, "" if it gives none.
    """

    finding: Finding
    by: Literal["comment", "configuration"]
    reason: str = ""


class Edit(Struct, frozen=True):
    """A stretch of a file that becomes ``new``. ``at`` is the start of a file that is not there for a new file."""

    at: Location
    new: str


class Repair(Struct, frozen=True):
    """What carrying out a finding's ``FixRequest`` changes, sorted by place; the request it answers is ``fix``."""

    fix: FixRequest
    edits: tuple[Edit, ...]
