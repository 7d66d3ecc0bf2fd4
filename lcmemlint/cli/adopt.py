"""Ways into a project that has findings already: `--baseline`, `--since` and their kin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import analysed, job_of, lint
from lcmemlint.cli.narrow import baseline_file
from lcmemlint.cli.output import exit_code, plain, say
from lcmemlint.errors import UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options


def write_baseline(options: Options) -> int:
    """Write the findings into the baseline; the exit code is 0 unless something could not be read."""
    from lcmemlint.adopt.baseline import DEFAULT_NAME, entries_of, read_baseline, written
    from lcmemlint.engine import report
    from lcmemlint.report.masking import concealed

    job = job_of(options)
    named = baseline_file(options, job)
    file = named or job.root / DEFAULT_NAME
    before = read_baseline(file) if file.exists() else ()
    analysis = analysed(options)(job)
    found = report(job, analysis)
    entries = entries_of(concealed(found), job, analysis, before)
    try:
        file.write_text(written(entries), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror or error}") from error
    click.echo(plain(f"Wrote {_findings(len(set(entries)))} to {_shown(file)}."), err=True)
    if named is None:
        click.echo(
            f'Use it with --baseline {_shown(file)}, or with baseline = "{file.name}" in the settings.',
            err=True,
        )
    return 2 if exit_code(options, found) == 2 else 0


def add_ignores(options: Options) -> int:
    """Put comments at all findings; exit code 1 if some could get none."""
    from lcmemlint.adopt.ignores import add_ignores
    from lcmemlint.report.text import shown_path

    job, analysis, found = lint(options)
    added = add_ignores(found, job, analysis, options.add_ignores or "", analysed(options))
    for one in added.refused:
        place = f"{shown_path(job.root, one.at.path, Path.cwd())}:{one.at.span.line}:{one.at.span.column + 1}"
        click.echo(
            plain(f"No comment: {place}: {one.code}: none can stand there; use per-file-ignores"), err=True
        )
    for path, reason in added.failed:
        say(f"{shown_path(job.root, path, Path.cwd())}: {reason}")
    files = len({one.at.path for one in added.hidden})
    click.echo(
        f"Added ignores for {_findings(len(added.hidden))} in {files} file{'' if files == 1 else 's'}.",
        err=True,
    )
    if added.failed or exit_code(options, found) == 2:
        return 2
    return 1 if added.refused else 0


def _findings(number: int) -> str:
    """`1 finding`, `2 findings`"""
    return f"{number} finding{'' if number == 1 else 's'}"


def _shown(file: Path) -> str:
    """The file as one would type it here."""
    from lcmemlint.report.text import shown_path

    return shown_path(file.parent, file.name, Path.cwd())
