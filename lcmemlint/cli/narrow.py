"""A report as a project wants to see it that has findings already: without the known ones, or what a change touches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.engine import Analysis, Job, Report


def narrowed(
    options: Options, job: Job, analysis: Analysis, report: Report, analysed: Callable[[Job], Analysis]
) -> Report:
    """The report without what the baseline knows and what the change does not touch, as far as that was asked for."""
    file = baseline_file(options, job)
    if file is not None:
        from lcmemlint.adopt.baseline import read_baseline, without_known

        report = without_known(report, read_baseline(file), job, analysis)
    if options.revision is not None:
        from lcmemlint.adopt.since import touched

        report = touched(report, job, options.revision, analysed)
    return report


def baseline_file(options: Options, job: Job) -> Path | None:
    """The baseline that the command line names, or the settings (there it is relative to the project)."""
    if options.baseline is not None:
        return options.baseline
    return job.root / job.config.baseline if job.config.baseline else None
