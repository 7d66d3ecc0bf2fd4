"""The map: `--map`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import lint
from lcmemlint.cli.output import exit_code
from lcmemlint.errors import UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.engine import Analysis, Job, Report
    from lcmemlint.map.formats import Format
    from lcmemlint.map.model import Map


def run(options: Options) -> int:
    """Draw the map of the whole project with the findings of the paths; 0, or 2 if a run without it would give 2."""
    from lcmemlint.map.formats import render

    name = options.map or ""
    form = _format(name, options.map_format)
    job, analysis, report = lint(options)
    drawn = _drawn(job, analysis, report)
    written = render(drawn, form)
    if name == "-":
        click.echo(written, nl=False)
    else:
        try:
            Path(name).write_text(written, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{name}: cannot be written: {error.strerror or error}") from error
        _tell(name, drawn)
    code = exit_code(options, report)
    return code if code == 2 else 0


def _format(name: str, asked: str | None) -> Format:
    """The format: the one that was asked for, else that of the file's name."""
    from lcmemlint.map.formats import FORMATS, SUFFIXES, format_of

    found = next((one for one in FORMATS if one == asked), format_of(name))
    if found is not None:
        return found
    if name == "-":
        raise UsageError("--map -: --map-format says which format: " + ", ".join(FORMATS))
    raise UsageError(f"--map {name}: expected a name that ends in {', '.join(SUFFIXES)}, or --map-format")


def _drawn(job: Job, analysis: Analysis, report: Report) -> Map:
    """The map."""
    from lcmemlint.map.build import draw
    from lcmemlint.workers import no_garbage_collection

    def line(path: str, number: int) -> str:
        lines = report.lines.get(path, ())
        return lines[number - 1] if 0 < number <= len(lines) else ""

    with no_garbage_collection():
        return draw(analysis.project, report.findings, line=line, title=job.root.name or "this project")


def _tell(name: str, drawn: Map) -> None:
    """One line on standard error: what was drawn, and where it is."""
    from lcmemlint.map.model import summary
    from lcmemlint.report.characters import escape

    click.echo(escape(f"Wrote {name}: {summary(drawn)}."), err=True)
    for remark in drawn.remarks:
        click.echo(escape(remark), err=True)
