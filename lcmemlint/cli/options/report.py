"""Options that say how findings are written, and where to."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from lcmemlint.cli.command import Option
from lcmemlint.errors import UsageError, did_you_mean
from lcmemlint.report.formats import COUNTED, FORMATS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_option = partial(Option, heading="Report")


class Output(Struct, frozen=True):
    """One `--format`: the name of a format, and the file that it goes to (None is standard output)."""

    format: str
    file: Path | None = None


def _output(value: str | Output) -> Output:
    """`sarif` or `sarif:report.sarif`, taken apart."""
    if isinstance(value, Output):
        return value
    name, _, file = value.partition(":")
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS) or f"; there are {', '.join(FORMATS)}"
        raise click.BadParameter(f"no format is called `{name}`{hint}")
    return Output(name, Path(file) if file else None)


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The formats that begin so, for shells."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(one.name, help=one.summary)
        for one in FORMATS.values()
        if one.name.startswith(incomplete)
    ]


class Values:
    """What was typed."""

    formats: tuple[Output, ...]
    output_file: Path | None
    statistics: bool
    no_suppressed: bool
    color: str
    hyperlinks: str

    @property
    def format(self) -> str:
        """The first format: that of outputs that are not findings."""
        return self.formats[0].format

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What is written, and where to. Raises `UsageError` if that cannot be."""
        bare = [one.format for one in self.formats if one.file is None]
        if self.output_file is not None and len(bare) != 1:
            raise UsageError("--output-file goes with one format; write --format NAME:FILE for several")
        documents = [name for name in bare if not FORMATS[name].lines]
        if len(bare) > 1 and documents:
            raise UsageError(
                f"{documents[0]} must not stand among other output; write --format {documents[0]}:FILE"
            )
        uncounted = [one.format for one in self.formats if self.statistics and one.format not in COUNTED]
        if uncounted:
            raise UsageError(
                f"--statistics goes with --format full, concise, grouped or json, not {uncounted[0]}"
            )
        found = tuple(Output(one.format, one.file or self.output_file) for one in self.formats)
        files = [one.file for one in found if one.file is not None]
        for file in files:
            if files.count(file) > 1:
                raise UsageError(f"two formats would be written to {file}")
        return found


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option(
        "--format",
        "formats",
        type=_output,
        shell_complete=_complete,
        multiple=True,
        default=("full",),
        metavar="NAME[:FILE]",
        help=f"How findings are written: {', '.join(FORMATS)}; several times for several.  [default: full]",
    ),
    _option(
        "--output-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the report here, not to standard output.",
    ),
    _option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them."),
    _option("--no-suppressed", is_flag=True, help="Leave what is silenced out of SARIF too."),
    _option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; auto means on a terminal without NO_COLOR.",
    ),
    _option(
        "--hyperlinks",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Places as links; auto means on a terminal that is known to show them.",
    ),
)
