"""Options that say what is analysed, and what counts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Check")


class Values:
    """What was typed."""

    paths: tuple[str, ...]
    strict: bool
    fail_on: str | None
    exit_zero: bool
    config: Path | None
    root: Path | None
    no_config: bool
    stdin_filename: Path | None
    watch: bool
    jobs: int
    cache_dir: Path | None
    no_cache: bool
    clear_cache: bool


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    click.Argument(["paths"], nargs=-1, metavar="[PATHS]..."),
    _option("--strict", is_flag=True, help="Show possible findings too."),
    _option(
        "--fail-on",
        type=click.Choice(["note", "warning", "error", "never"]),
        help="Exit 1 for findings of this severity and above.  [default: warning]",
    ),
    _option("--exit-zero", is_flag=True, help="The same as --fail-on never."),
    _option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read the settings from this file.",
    ),
    _option(
        "--root",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="FOLDER",
        help="Analyse this folder as the project, not the one that is found.",
    ),
    _option("--no-config", is_flag=True, help="Read no settings."),
    _option(
        "--stdin-filename",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="With PATHS `-`: the name of the file that comes in.",
    ),
    _option("--watch", is_flag=True, help="Report again whenever a file changes (needs `lcmemlint[watch]`)."),
    _option(
        "--jobs",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Processes that may read files at the same time; 0 is one a processor.  [default: 0]",
    ),
    _option(
        "--cache-dir",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Keep what runs find out here, not in your cache folder.",
    ),
    _option("--no-cache", is_flag=True, help="Neither use nor keep what runs find out."),
    _option("--clear-cache", is_flag=True, help="Delete what earlier runs kept, and do nothing else."),
)
