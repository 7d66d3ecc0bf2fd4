"""Options that repair."""

from __future__ import annotations

from functools import partial
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Fix")


class Values:
    """What was typed."""

    fix: bool
    diff: bool
    unsafe_fixes: bool
    add_deps: bool


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option("--fix", is_flag=True, help="Repair what can be repaired safely."),
    _option("--diff", is_flag=True, help="Show what --fix would change."),
    _option(
        "--unsafe-fixes",
        is_flag=True,
        help="With --fix or --diff: also repairs that change an interface of the app.",
    ),
    _option(
        "--add-deps",
        is_flag=True,
        help="With --fix or --diff: add the packages that repairs need to pyproject.toml or requirements.txt.",
    ),
)
