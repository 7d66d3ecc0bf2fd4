"""`--watch`: the report again whenever a file changes that the linter reads, until somebody interrupts."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lcmemlint.cli import lint
from lcmemlint.cli.lint import job_of
from lcmemlint.cli.output import say
from lcmemlint.errors import LcmemlintError, UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options

QUIET: Final = 200
"""Milliseconds without a further change: editors write a file in several steps."""


def run(options: Options) -> int:
    """Report, wait, report again; the exit code is that of the last report."""
    try:
        from watchfiles import watch
    except ImportError as error:
        raise UsageError("--watch needs a package: pip install 'lcmemlint[watch]'") from error
    root = job_of(options).root
    code = _report(options)
    # Ctrl-C ends the waiting, not the command.
    with contextlib.suppress(KeyboardInterrupt):
        _tell()
        for _ in watch(root, watch_filter=lambda _, path: _matters(root, path), debounce=QUIET):
            code = _report(options)
            _tell()
    return code


def _tell() -> None:
    """Say that this is not the end."""
    click.echo("Watching for changes; Ctrl-C ends.", err=True)


def _report(options: Options) -> int:
    """One report on a clean screen; settings that are being edited may be wrong for a while."""
    if sys.stdout.isatty():
        click.clear()
    try:
        return lint.run(options)
    except LcmemlintError as error:
        say(str(error))
        return 2


def _matters(root: Path, path: str) -> bool:
    """Whether the linter reads files of this name there."""
    from lcmemlint.sources import DEFAULT_EXCLUDES, is_wanted

    try:
        inside = Path(path).relative_to(root)
    except ValueError:
        return False
    return DEFAULT_EXCLUDES.isdisjoint(inside.parts[:-1]) and is_wanted(inside.as_posix())
