"""Options that ask something else than for findings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import click

from lcmemlint import __version__
from lcmemlint.cli.command import Option
from lcmemlint.cli.shell import SHELLS, complete_rules

_option = partial(Option, heading="Explain")


class Values:
    """What was typed."""

    explain: str | None
    list_rules: bool
    why: str | None
    show_facts: Path | None
    show_deployment: bool
    show_settings: bool
    show_files: bool
    config_schema: bool
    completion: str | None
    map: str | None
    map_format: str | None
    debug: bool


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Print the version and leave."""
    if value and not ctx.resilient_parsing:
        click.echo(f"lcmemlint {__version__}")
        ctx.exit()


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option("--explain", metavar="CODE", shell_complete=complete_rules, help="Show the page of a rule."),
    _option("--list-rules", is_flag=True, help="Show all rules, a line each."),
    _option("--why", metavar="FILE:LINE", help="Say what was decided about a place, and why."),
    _option(
        "--show-facts",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Show what was read out of a file.",
    ),
    _option(
        "--show-deployment",
        is_flag=True,
        help="Show what the manifests say: how many processes run which code.",
    ),
    _option(
        "--show-settings", is_flag=True, help="Show the settings that count here, and where they are from."
    ),
    _option("--show-files", is_flag=True, help="Show which files are looked at."),
    _option("--config-schema", is_flag=True, help="Print the JSON Schema of the settings."),
    _option(
        "--completion",
        type=click.Choice(SHELLS),
        help="Print the script that completes options in your shell; source it.",
    ),
    _option(
        "--map",
        metavar="FILE",
        help="Draw where memory lives: FILE ends in .html, .svg, .mmd (Mermaid) or .dot; - is standard output.",
    ),
    _option(
        "--map-format",
        type=click.Choice(["html", "svg", "mermaid", "dot"]),
        help="The format of --map, if the name of the file does not say it.",
    ),
    _option("--debug", is_flag=True, help="Show tracebacks of errors."),
    _option(
        "--version",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_version,
        help="Show the version.",
    ),
)
