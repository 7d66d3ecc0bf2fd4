"""Options for programs that call: editors and coding agents."""

from __future__ import annotations

from functools import partial
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Editors and agents")


class Values:
    """What was typed."""

    lsp: bool
    hook: bool
    agent_guide: str | None


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option("--lsp", is_flag=True, help="Be a language server on standard input and output."),
    _option(
        "--hook",
        is_flag=True,
        help="Check the file that a coding agent has edited; its tool call comes on standard input.",
    ),
    _option(
        "--agent-guide",
        type=click.Choice(["agents", "skill"]),
        is_flag=False,
        flag_value="agents",
        metavar="[KIND]",
        help="Print a guide for coding agents: for AGENTS.md, or as a `skill`.",
    ),
)
