"""Findings: the whole pipeline for the paths and settings of the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.narrow import narrowed
from lcmemlint.cli.output import exit_code, plain, write
from lcmemlint.cli.progress import Progress

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.config import Overrides
    from lcmemlint.engine import Analysis, Job
    from lcmemlint.findings import Finding, Repair
    from lcmemlint.plans import Plan
    from lcmemlint.reports import Report
    from lcmemlint.run import Run
    from lcmemlint.store import Store


def run(options: Options) -> int:
    """Lint, and write the report; the exit code."""
    run = run_of(options)
    report = reported(options, run)
    write(options, report, lambda shown: repairs_of(run.job, run.analysis, shown))
    for one in report.gone:
        click.echo(plain(f"Fixed since the baseline: {one}"), err=True)
    return exit_code(options, report)


def lint(options: Options, paths: Sequence[str] | None = None) -> tuple[Job, Analysis, Report]:
    """The whole pipeline for `paths`, by default those of the command line."""
    run = run_of(options, paths)
    return run.job, run.analysis, reported(options, run)


def reported(options: Options, run: Run) -> Report:
    """What a run reports, less what the user does not want to hear again."""
    if options.baseline is None and options.revision is None and not run.plan.config.baseline:
        return run.report
    return narrowed(options, run.job, run.analysis, run.report, analysed(options))


def analysed(options: Options) -> Callable[[Job], Analysis]:
    """What analyses a job, with as many workers as were asked for."""

    def analysed(job: Job) -> Analysis:
        from lcmemlint.engine import analyse
        from lcmemlint.workers import Workers, default_jobs

        with Progress.on_terminal() as progress:
            return analyse(job, workers=Workers(options.jobs or default_jobs(), progress=progress.tell))

    return analysed


def run_of(options: Options, paths: Sequence[str] | None = None) -> Run:
    """One run over `paths`, by default those of the command line."""
    from lcmemlint.run import Run
    from lcmemlint.workers import default_jobs

    return Run(plan_of(options, paths), analysed(options), store_of(options), options.jobs or default_jobs())


def store_of(options: Options) -> Store | None:
    """Where runs keep what they find out."""
    from lcmemlint.store import Store, default_folder

    if options.no_cache:
        return None
    try:
        return Store(options.cache_dir or default_folder())
    except RuntimeError:  # a user without a home
        return None


def clear_cache(options: Options) -> int:
    """Delete what runs kept. The exit code."""
    from lcmemlint.store import Store, default_folder

    folder = options.cache_dir or default_folder()
    count = Store(folder).clear()
    click.echo(f"Deleted {count} entr{'y' if count == 1 else 'ies'} from {plain(str(folder))}.", err=True)
    return 0


def repairs_of(job: Job, analysis: Analysis, report: Report) -> Mapping[Finding, Repair]:
    """What the fixes of a report's findings would change."""
    from lcmemlint.engine import bytes_of, relint
    from lcmemlint.fixes.repairs import repairs

    return repairs(
        job.root,
        report.findings,
        relint=lambda texts: relint(job, analysis, texts),
        read=lambda path: bytes_of(job, path),
        files=job.tree.python,
        factory=job.config.factory,
    )


def job_of(options: Options, paths: Sequence[str] | None = None) -> Job:
    """The same with all files read."""
    from lcmemlint.engine import read

    return read(plan_of(options, paths), store_of(options))


def plan_of(options: Options, paths: Sequence[str] | None = None) -> Plan:
    """What there is to do for `paths`, by default those of the command line."""
    from lcmemlint.config import Config
    from lcmemlint.plans import plan

    paths = paths if paths is not None else options.paths or (".",)
    unsaved = {}
    if tuple(paths) == ("-",):
        name = options.stdin_filename or Path("stdin.py")
        unsaved, paths = {name: sys.stdin.buffer.read()}, (str(name),)
    return plan(
        paths,
        config=Config() if options.no_config else None,
        config_file=options.config,
        root=options.root,
        adjust=overrides_of(options).over,
        unsaved=unsaved,
    )


def overrides_of(options: Options) -> Overrides:
    """What the options put on top of the settings."""
    from lcmemlint.config import Overrides
    from lcmemlint.settings import FAIL_ON

    fail_on = "never" if options.exit_zero else options.fail_on
    return Overrides(
        select=_split(options.select),
        ignore=_split(options.ignore),
        extend_exclude=options.exclude,
        respect_gitignore=not options.no_gitignore,
        strict=options.strict,
        fail_on=next((word for word in FAIL_ON if word == fail_on), None),
    )


def _split(values: Sequence[str]) -> tuple[str, ...]:
    """`("LCM1,LCM203", "LCM301")` as one list."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
