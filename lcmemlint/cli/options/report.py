"""Options that say how findings are written, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Report")


@dataclass(frozen=True, kw_only=True)
class Values:
    """What was typed."""

    output_format: str
    output_file: Path | None
    color: str


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option(
        "--format",
        "output_format",
        type=click.Choice(["full", "concise", "json"]),
        default="full",
        show_default=True,
        help="How findings are written.",
    ),
    _option(
        "--output-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the report here, not to standard output.",
    ),
    _option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; auto means on a terminal without NO_COLOR.",
    ),
)
