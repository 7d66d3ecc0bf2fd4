"""What can be typed: one module a heading of `--help`, each with its options and the values they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lcmemlint.cli.options import adopt, check, choose, explain, fix, integrate, prove, report, repos


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Options(
    check.Values,
    choose.Values,
    adopt.Values,
    fix.Values,
    prove.Values,
    report.Values,
    repos.Values,
    integrate.Values,
    explain.Values,
):
    """The command line, as typed."""


OPTIONS: Final = (
    *check.OPTIONS,
    *choose.OPTIONS,
    *adopt.OPTIONS,
    *fix.OPTIONS,
    *prove.OPTIONS,
    *report.OPTIONS,
    *repos.OPTIONS,
    *integrate.OPTIONS,
    *explain.OPTIONS,
)
"""Every option, in the order of `--help`."""
