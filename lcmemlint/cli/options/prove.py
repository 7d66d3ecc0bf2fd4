"""Options that make a beginning, and that put it to the proof."""

from __future__ import annotations

from functools import partial
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Prove")


class Values:
    """What was typed."""

    init: bool
    probe: str | None


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option(
        "--init",
        is_flag=True,
        help="Write a shared history (for LangGraph a checkpointer too) and a test that it survives scaling.",
    ),
    _option(
        "--probe",
        metavar="MODULE:NAME",
        help="RUNS YOUR CODE: does what one process stores in this history factory, RunnableWithMessageHistory or"
        " compiled graph reach another? Adds one message under a new id, and deletes it.",
    ),
)
