"""Options for projects that have findings already."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Adopt")


class Values:
    """What was typed."""

    baseline: Path | None
    write_baseline: bool
    since: str | None
    changed: bool
    add_ignores: str | None

    @property
    def revision(self) -> str | None:
        """The revision whose changes are asked about."""
        return "HEAD" if self.changed else self.since


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option(
        "--baseline",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Do not report the findings that this file knows.",
    ),
    _option("--write-baseline", is_flag=True, help="Write the findings of now into the baseline."),
    _option(
        "--since",
        metavar="REV",
        help="Report only what the changes since this git revision touch; all is analysed.",
    ),
    _option("--changed", is_flag=True, help="The same as --since HEAD: what is not committed yet."),
    _option(
        "--add-ignores",
        optional_value=True,
        metavar="[=REASON]",
        help="Put an ignore comment at every finding.",
    ),
)
