"""Options for many repositories in one run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import click

from lcmemlint.cli.command import Option

_option = partial(Option, heading="Repositories")


class Values:
    """What was typed."""

    repos: str | None
    summary: tuple[Path, ...]
    sarif: Path | None
    time_limit: float
    scheduler: str | None
    retry_failed: bool


OPTIONS: Final[tuple[click.Parameter, ...]] = (
    _option(
        "--repos",
        metavar="FILE|FOLDER",
        help="Lint git repositories at a commit: those listed in FILE (`-` is standard input; a line is PATH or"
        " PATH@REV), or those below FOLDER. With --output-file, findings go there as JSON lines, and a run that"
        " was stopped goes on.",
    ),
    _option(
        "--summary",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        metavar="FILE",
        help="With --repos: write the summary of all repositories to FILE.html or FILE.csv.",
    ),
    _option(
        "--sarif",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="With --repos: write one SARIF file a repository into this folder.",
    ),
    _option(
        "--time-limit",
        type=click.FloatRange(min=0),
        default=300.0,
        metavar="SECONDS",
        help="With --repos: give up a repository after this time; 0 is never.  [default: 300]",
    ),
    _option(
        "--scheduler",
        metavar="ADDRESS",
        help="With --repos: scan on the Dask cluster at tcp://HOST:PORT (needs lcmemlint[dask]).",
    ),
    _option(
        "--retry-failed",
        is_flag=True,
        help="With --repos: scan again what failed in the run before.",
    ),
)
