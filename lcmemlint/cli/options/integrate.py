"""Options for programs that call: editors and coding agents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Editors and agents")


@dataclass(frozen=True, kw_only=True)
class Values:
    """What was typed."""

    lsp: bool


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option("--lsp", is_flag=True, help="Be a language server on standard input and output."),
)
