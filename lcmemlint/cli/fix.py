"""Repairs: `--fix` and `--diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import lint, repairs_of
from lcmemlint.cli.output import exit_code, plain, say, write

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.engine import Report
    from lcmemlint.fixes.outcomes import FixResult, Note


def run(options: Options) -> int:
    """Repair, or show the repair; then report what is left. The exit code."""
    from lcmemlint.engine import bytes_of, relint
    from lcmemlint.fixes.run import fix_files

    job, analysis, report = lint(options)
    result = fix_files(
        job.root,
        report.findings,
        unsafe=options.unsafe_fixes,
        relint=lambda texts: relint(job, analysis, texts),
        write=options.fix,
        read=lambda path: bytes_of(job, path),
        files=job.tree.python,
        factory=job.config.factory,
        add_packages=options.add_deps,
    )
    if options.diff:
        click.echo(result.diff, nl=False)
        failed = _tell_fixes(report, result, "Would fix")
        return max(exit_code(options, report), failed)
    job, analysis, left = lint(options)
    write(options, left, lambda shown: repairs_of(job, analysis, shown))
    failed = _tell_fixes(report, result, "Fixed")
    return max(exit_code(options, left), failed)


def _tell_fixes(report: Report, result: FixResult, done: str) -> int:
    """Say on standard error what was repaired, what not and why; 2 if a file could not be handled."""
    from lcmemlint.fixes.outcomes import Failed
    from lcmemlint.report.text import shown_path, spot

    start = Path.cwd()
    for one in result.refused:
        at = one.finding.at
        place = (
            f"{shown_path(report.root, at.path, start)}:{spot(report, at.path, at.span.line, at.span.column)}"
        )
        click.echo(plain(f"Not fixed: {place}: {one.finding.code}: {one.reason}"), err=True)
    failed = [one for one in result.outcomes if isinstance(one, Failed)]
    for failure in failed:
        say(f"{shown_path(report.root, failure.path, start)}: {failure.error}")
    number = len(result.fixed)
    click.echo(f"{done} {number} finding{'' if number == 1 else 's'}.", err=True)
    for note in result.notes:
        click.echo(plain(f"Still to do: {_task(note)}"), err=True)
    return 2 if failed else 0


def _task(note: Note) -> str:
    """What a note asks for."""
    if note.kind == "remark":
        return note.name
    return f"{'install the package' if note.kind == 'package' else 'set'} {note.name} ({note.text})"
