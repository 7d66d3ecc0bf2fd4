"""Many repositories: `--repos`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lcmemlint.cli.lint import overrides_of
from lcmemlint.cli.output import has_colour, put_to, say
from lcmemlint.cli.progress import Progress
from lcmemlint.errors import UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.repos.engines import Engine
    from lcmemlint.repos.journal import Journal
    from lcmemlint.repos.results import RepositoryResult, Settings
    from lcmemlint.repos.summary import Row, Summary

_SUMMARIES: Final = (".html", ".csv")


def run(options: Options) -> int:
    """Lint every repository, write what is found as it comes, and the summary at the end; the exit code."""
    from lcmemlint.repos.driver import Run
    from lcmemlint.repos.find import find_repositories

    _reject_clashes(options)
    repositories = find_repositories(options.repos or "")
    tally = _Tally()
    with ExitStack() as stack:
        journal = stack.enter_context(_journal(options.output_file))
        plan = Run(
            _settings(options), options.time_limit or None, journal, options.sarif, options.retry_failed
        )
        results = plan.results(repositories, stack.enter_context(_engine(options)))
        write = stack.enter_context(_lines_to(options.output_file, journal))
        progress = stack.enter_context(Progress.on_terminal(label="Repositories"))
        for number, result in enumerate(results, 1):
            write(result.lines())
            tally.add(result)
            progress.tell(number, len(repositories))
    return _tell(options, tally)


class _Tally:
    """What is left of the results when their findings are written."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.crashes: list[str] = []
        self.fails = False
        self.reused = 0

    def add(self, result: RepositoryResult) -> None:
        """Count a result."""
        from lcmemlint.repos.summary import Row

        self.rows.append(Row.of(result))
        self.crashes += [f"{result.repository}: {crash}" for crash in result.crashes]
        self.fails |= result.fails
        self.reused += result.is_reused


def _tell(options: Options, tally: _Tally) -> int:
    """Write the summary to where it was asked for, complaints to standard error; the exit code."""
    from lcmemlint.report.text import Style
    from lcmemlint.repos.summary import Summary, as_table

    summary = Summary.of(tally.rows)
    for file in options.summary:
        put_to(file, _rendered(file, summary))
    for row in summary.lost:
        say(f"{row.repository}: not scanned: {row.error}")
    for crash in tally.crashes:
        say(f"{crash}; its findings are missing; please report this bug of ours")
    click.echo(as_table(summary, style=Style(has_colour(options))), nl=False, color=True)
    if tally.reused:
        click.echo(f"{tally.reused:,} were unchanged since the last run and not scanned again.")
    if summary.lost or tally.crashes:
        return 2
    return 1 if tally.fails else 0


def _rendered(file: Path, summary: Summary) -> str:
    """The summary in the form that the file's name asks for."""
    from lcmemlint.repos.page import as_page
    from lcmemlint.repos.summary import as_csv

    return as_page(summary) if file.suffix.lower() == ".html" else as_csv(summary)


def _settings(options: Options) -> Settings:
    """The settings that the command line takes for, and puts on top of, those of the repositories."""
    from lcmemlint.config import Config, load_config
    from lcmemlint.repos.results import Settings

    config = Config() if options.no_config else None
    if options.config is not None:
        config = load_config(Path.cwd(), file=options.config)
    return Settings(config, overrides_of(options))


@contextmanager
def _engine(options: Options) -> Iterator[Engine]:
    """Who scans: a Dask cluster, or processes of this machine; this process only if nothing is to be stopped."""
    from lcmemlint.repos.engines import IN_FLIGHT, engine
    from lcmemlint.workers import default_jobs

    if options.scheduler is None:
        with engine(jobs=options.jobs or default_jobs(), is_apart=options.time_limit > 0) as local:
            yield local
        return
    from lcmemlint.repos.cluster import dask_cluster

    with (
        dask_cluster(options.scheduler) as cluster,
        engine(cluster.executor, in_flight=max(IN_FLIGHT, 2 * cluster.threads)) as remote,
    ):
        yield remote


@contextmanager
def _journal(output: Path | None) -> Iterator[Journal | None]:
    """The journal beside the output file; none if nothing is kept."""
    from lcmemlint.repos.journal import Journal

    if output is None:
        yield None
        return
    with Journal(output.with_name(f"{output.name}.journal")) as journal:
        yield journal


@contextmanager
def _lines_to(output: Path | None, journal: Journal | None) -> Iterator[Callable[[str], None]]:
    """What writes lines to a file as they come; when all are there, they are put in order of the repositories."""
    if output is None or journal is None:
        yield lambda lines: None
        return
    try:
        with output.open("w", encoding="utf-8", newline="\n") as file:

            def write(lines: str) -> None:
                file.write(lines)
                file.flush()

            yield write
        ordered = output.with_name(f".{output.name}.new")
        with ordered.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(result.lines() for result in journal.results())
        os.replace(ordered, output)
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror or error}") from error


def _reject_clashes(options: Options) -> None:
    """Complain about options that cannot go with many repositories."""
    given = {
        "PATHS": options.paths,
        "--root": options.root,
        "--stdin-filename": options.stdin_filename,
        "--baseline": options.baseline,
        "--since and --changed": options.revision,
        "--format": any(one.format != "full" or one.file for one in options.formats),
    }
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} cannot go with --repos; findings go to --output-file as JSON lines")
    for file in options.summary:
        if file.suffix.lower() not in _SUMMARIES:
            raise UsageError(f"--summary {file}: the name must end in {' or '.join(_SUMMARIES)}")
