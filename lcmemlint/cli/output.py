"""Where words go: complaints to standard error, results to standard output or a file; and in which colour."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.errors import UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.engine import Report


def say(message: str) -> None:
    """One line on standard error that says who is speaking."""
    from lcmemlint.report.characters import escape

    click.echo(f"lcmemlint: {escape(message)}", err=True)


def survive_encodings() -> None:
    """A terminal that cannot show a letter shows its escape; it is no reason to stop."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def has_colour(options: Options) -> bool:
    """Whether to paint."""
    if options.color != "auto":
        return options.color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or options.output_file is not None:
        return False
    return sys.stdout.isatty()


def put(options: Options, written: str) -> None:
    """Write a whole output to where it was asked for. Raises `UsageError` if a file cannot be written."""
    if options.output_file is None:
        click.echo(written, nl=False, color=True)
        return
    try:
        options.output_file.write_text(written, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{options.output_file}: cannot be written: {error.strerror or error}") from error


def write(options: Options, report: Report) -> None:
    """The report, in the format that was asked for, to where it was asked for."""
    from lcmemlint.report import json, text

    start = Path.cwd()
    style = text.Style(has_colour(options))
    if options.output_format == "json":
        written = json.render(report, start=start)
    elif options.output_format == "concise":
        written = text.concise(report, start=start, style=style)
    else:
        written = text.full(report, start=start, style=style)
    put(options, written)


def exit_code(options: Options, report: Report) -> int:
    """What the run ends with; complaints go to standard error."""
    from lcmemlint.report.text import shown_path

    for problem in report.problems:
        place = shown_path(report.root, problem.path, Path.cwd())
        if problem.line:
            place += f":{problem.line}:{problem.column + 1}"
        say(f"{place}: {problem.message}")
    for crash in report.crashes:
        lost = "its findings are missing" if crash.code.startswith("LCM") else "its facts are missing"
        say(f"{crash.code} crashed at {crash.place}: {crash.error}; {lost}; please report this bug of ours")
        if options.debug:
            click.echo(crash.trace, err=True, nl=False)
    if not report.is_trusted:
        return 2
    return 1 if report.fails else 0
