"""What can be typed: one module a heading of `--help`, each with its options and the values they give."""

from __future__ import annotations

from typing import Any, Final

from lcmemlint.cli.options import adopt, check, choose, explain, fix, integrate, prove, report, repos


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
    """The command line, as typed: a value for each of the `OPTIONS`."""

    def __init__(self, **typed: Any) -> None:
        vars(self).update(typed)

    def over(self, **changed: Any) -> Options:
        """The same with some other values."""
        return Options(**{**vars(self), **changed})


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
