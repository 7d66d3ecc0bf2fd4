"""A beginning: `--init`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import job_of
from lcmemlint.cli.output import plain, say

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.engine import Job
    from lcmemlint.fixes.scaffold import Scaffold


def run(options: Options) -> int:
    """Write what is not there yet, and say what to do next. The exit code."""
    from lcmemlint.fixes.disk import Disk, text_of
    from lcmemlint.fixes.scaffold import scaffold
    from lcmemlint.report.text import shown_path

    job = job_of(options)
    made = scaffold(
        job.tree.python,
        lambda path: text_of(job.sources[path].data),
        tests=[path for path, source in job.sources.items() if source.role == "test"],
        factory=job.config.factory,
    )
    disk, failed = Disk(job.root, None), False
    for path, text in made.files.items():
        shown = shown_path(job.root, path, Path.cwd())
        if (job.root / path).exists():
            click.echo(plain(f"kept   {shown} (it is there already)"))
            continue
        try:
            disk.write(path, text.encode("utf-8"))
            click.echo(plain(f"wrote  {shown}"))
        except OSError as error:
            failed = True
            say(f"{shown}: cannot be written: {error.strerror or error}")
    _tell_next(job, made)
    return 2 if failed else 0


def _tell_next(job: Job, made: Scaffold) -> None:
    """What only the user can do."""
    packages = [note for note in made.notes if note.kind == "package"]
    click.echo("\nNext:")
    for note in packages:
        click.echo(plain(f"  pip install {shlex.quote(note.name)}  # {note.text}"))
    click.echo(plain(f"  pytest {made.test}"))
    for target in made.targets:
        module, _, function = target.partition(":")
        click.echo(
            plain(
                f"  from {module} import {function}  # in your code; `lcmemlint --fix` does it where it can"
            )
        )
    for note in made.notes:
        if note.kind == "variable":
            click.echo(plain(f"  set {note.name} where the app runs: {note.text}"))
