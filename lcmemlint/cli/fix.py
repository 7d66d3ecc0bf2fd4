"""Repairs: `--fix` and `--diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import repairs_of, reported, run_of
from lcmemlint.cli.output import exit_code, plain, say, write

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.fixes.outcomes import FixResult, Note
    from lcmemlint.reports import Report
    from lcmemlint.run import Run


def run(options: Options) -> int:
    """Repair, or show the repair; then report what is left. The exit code."""
    run = run_of(options)
    report = reported(options, run)
    if not any(finding.fix is not None for finding in report.findings):
        return _nothing_to_fix(options, run, report)
    from lcmemlint.engine import bytes_of, relint
    from lcmemlint.fixes.run import fix_files

    job, analysis = run.job, run.analysis
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
    _warn_of_uncommitted(job.root, result)
    before, left = report, run_of(options)
    report = reported(options, left)
    write(options, report, lambda shown: repairs_of(left.job, left.analysis, shown))
    failed = _tell_fixes(before, result, "Fixed")
    return max(exit_code(options, report), failed)


def _warn_of_uncommitted(root: Path, result: FixResult) -> None:
    """Say which repaired files had changes that git cannot bring back."""
    from lcmemlint.adopt.git import uncommitted
    from lcmemlint.fixes.outcomes import Fixed
    from lcmemlint.report.text import shown_path

    olds = {one.path: one.old for one in result.outcomes if isinstance(one, Fixed) and one.old is not None}
    mixed = [shown_path(root, path, Path.cwd()) for path in uncommitted(root, olds)]
    if mixed:
        more = f" and {len(mixed) - 2} more" if len(mixed) > 2 else ""
        say(
            f"warning: {', '.join(mixed[:2])}{more} had uncommitted changes, which the repairs are now mixed with; "
            "commit or stash before --fix, so that either can be undone alone"
        )


def _nothing_to_fix(options: Options, run: Run, report: Report) -> int:
    """Report what stands, without a look at the codemods, which are slow to import."""
    if options.fix:
        write(options, report, lambda shown: repairs_of(run.job, run.analysis, shown))
    click.echo(f"{'Would fix' if options.diff else 'Fixed'} 0 findings.", err=True)
    return exit_code(options, report)


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
