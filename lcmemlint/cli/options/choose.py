"""Options that choose rules and files."""

from __future__ import annotations

from functools import partial
from typing import Final

import click

from lcmemlint.cli.command import Option
from lcmemlint.cli.shell import complete_rules

_option = partial(Option, heading="Choose")


class Values:
    """What was typed."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    no_gitignore: bool


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option(
        "--select",
        multiple=True,
        metavar="CODES",
        shell_complete=complete_rules,
        help="Run only these rules: codes, prefixes or names, with commas.",
    ),
    _option(
        "--ignore",
        multiple=True,
        metavar="CODES",
        shell_complete=complete_rules,
        help="Leave these rules out.",
    ),
    _option(
        "--exclude",
        multiple=True,
        metavar="GLOB",
        help="Leave these files out, in the way of .gitignore.",
    ),
    _option("--no-gitignore", is_flag=True, help="Do not read .gitignore files."),
)
