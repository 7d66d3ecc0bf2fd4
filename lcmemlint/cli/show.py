"""Looks inside: `--show-facts`, `--show-deployment` and `--why`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import plan_of, run_of
from lcmemlint.cli.output import exit_code, has_colour, plain, put, say
from lcmemlint.errors import UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options


def show_facts(options: Options) -> int:
    """Print what the scan reads out of one file."""
    from lcmemlint.places import Disk
    from lcmemlint.scan import scan
    from lcmemlint.sources import text_of

    file = options.show_facts or Path()
    data = Disk(file.absolute().parent).read(file.name)
    text = text_of(data) if isinstance(data, bytes) else data
    if not isinstance(text, str):
        raise UsageError(f"{file}: {text.message}")
    facts = scan(text)
    for part in facts.__struct_fields__:
        value = getattr(facts, part)
        rows = value if isinstance(value, tuple) else (value,)
        click.echo(f"{part} ({len(rows)})" if isinstance(value, tuple) else f"{part} {value}")
        for number, row in enumerate(rows if isinstance(value, tuple) else ()):
            click.echo(f"  {number:>4}  {plain(repr(row))}")
    for problem in facts.problems:
        say(f"{file}:{problem.line}:{problem.column + 1}: {problem.message}")
    return 2 if facts.problems else 0


def show_deployment(options: Options) -> int:
    """Print what runs the project, as far as its manifests say; the whole project, whatever the paths."""
    from lcmemlint.engine import read, show_deployment
    from lcmemlint.report.deployment import rows_as_json, rows_as_table
    from lcmemlint.report.text import Style, shown_path

    job = read(plan_of(options))
    start = Path.cwd()
    rows, problems = show_deployment(job)
    for problem in problems:
        say(f"{shown_path(job.root, problem.path, start)}: {problem.message}")
    if options.format == "json":
        put(options, rows_as_json(rows, root=job.root, start=start))
    else:
        put(options, rows_as_table(rows, root=job.root, start=start, style=Style(has_colour(options))))
    return 0


def why(options: Options) -> int:
    """Print every decision of the linker about one place."""
    from lcmemlint.sources import relative

    place = options.why or ""
    file, _, line = place.rpartition(":")
    if not file or not line.isdecimal() or int(line) < 1:
        raise UsageError(f"--why {place}: expected FILE:LINE, as in app/main.py:12")
    if not Path(file).is_file():
        raise UsageError(f"--why {place}: no such file")
    run = run_of(options, [file])
    job, analysis, report = run.job, run.analysis, run.report
    path = relative(job.root, Path(file))
    if analysis.project is None or path not in analysis.facts:
        click.echo(f"{plain(file)} was not analysed: neither it nor any file tied to it names LangChain.")
        return 0 if report.is_trusted else exit_code(options, report)
    from lcmemlint.link.why import explain_place

    for sentence in explain_place(analysis.project, path, int(line)):
        click.echo(plain(sentence))
    return 0 if report.is_trusted else exit_code(options, report)
