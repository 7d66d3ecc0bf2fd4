"""Passwords that stand in addresses, made unreadable before anything is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from lcmemlint.findings import Finding, Silenced, Step

if TYPE_CHECKING:
    from lcmemlint.reports import Report

_USERINFO: Final = r"(?i)(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/@:'\"`{}]*:)(?P<secret>[^\s/'\"`]+)(?=@)"
_PARAMETER: Final = (
    r"(?i)(?P<head>[?&;](?:password|passwd|pwd|token|access_token|api_?key|secret|sslpassword)=)"
    r"(?P<secret>[^\s&;'\"`#]+)"
)
_NO_SECRET: Final = r"(?i)(?:\$?\{[^{}]*\}|\$\w+|%\w?|<[^<>]*>|\*+)+|password|passwd|pass|pwd"
_MASK: Final = "*"


def masked(text: str) -> str:
    """The text with `redis://user:secret@host` as `redis://user:******@host`; no character moves.

    What stands for a password (`{password}`, `$PASSWORD`, `password`) is no secret and stays.
    """
    if "://" not in text:
        return text
    return re.sub(_PARAMETER, _covered, re.sub(_USERINFO, _covered, text))


def _covered(match: re.Match[str]) -> str:
    """The match with its secret as asterisks."""
    secret = match["secret"]
    return match[0] if re.fullmatch(_NO_SECRET, secret) else match["head"] + _MASK * len(secret)


def concealed(report: Report) -> Report:
    """The report without the passwords in its sentences and lines of code."""
    return replace(
        report,
        findings=tuple(_finding(one) for one in report.findings),
        silenced=tuple(
            Silenced(_finding(one.finding), one.by, masked(one.reason)) for one in report.silenced
        ),
        problems=tuple(replace(one, message=masked(one.message)) for one in report.problems),
        lines={path: tuple(masked(line) for line in lines) for path, lines in report.lines.items()},
        fingerprints={_finding(finding): mark for finding, mark in report.fingerprints.items()},
    )


def _finding(finding: Finding) -> Finding:
    """The finding with all its sentences masked."""
    return replace(
        finding,
        message=masked(finding.message),
        help=masked(finding.help),
        no_fix=masked(finding.no_fix),
        because=_steps(finding.because),
        related=_steps(finding.related),
    )


def _steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with their sentences masked."""
    return tuple(Step(step.at, masked(step.text)) for step in steps)
