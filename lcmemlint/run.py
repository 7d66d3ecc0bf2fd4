"""One run from the paths to the report, which is worked out, or recalled if nothing has changed.

The pipeline itself, and all that it imports, is loaded when it is needed: a run over an unchanged tree needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcmemlint.plans import Plan, lines_in, plan
from lcmemlint.recall import Recall
from lcmemlint.reports import FileProblem, Report

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from lcmemlint.config import Config
    from lcmemlint.engine import Analysis, Job
    from lcmemlint.store import Store


def lint(
    paths: Sequence[str | Path] = (".",),
    *,
    config: Config | None = None,
    root: Path | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
    store: Store | None = None,
) -> Report:
    """The findings in `paths`, after the whole project around them was analysed.

    A function of the files and the settings: it may be called in a worker of a pool, and what it returns can be
    sent between processes. `executor` (any `concurrent.futures.Executor`) scans the files if it is given, else up
    to `jobs` processes do, where that pays. `store` keeps and recalls what runs find out; without one, nothing
    is kept.
    """

    def analysed(job: Job) -> Analysis:
        from lcmemlint.engine import analyse
        from lcmemlint.workers import Workers

        return analyse(job, workers=Workers(jobs, executor))

    return Run(plan(paths, config=config, root=root), analysed, store, jobs).report


class Run:
    """One run over a project. What it is asked for is worked out once, or recalled from an earlier run."""

    def __init__(
        self, plan: Plan, analysed: Callable[[Job], Analysis], store: Store | None = None, jobs: int = 1
    ) -> None:
        self.plan = plan
        self.store = store
        self.jobs = jobs
        self._analysed = analysed

    @cached_property
    def job(self) -> Job:
        """What there is to do, with all files read."""
        from lcmemlint.engine import read

        return read(self.plan, self.store, self.jobs)

    @cached_property
    def analysis(self) -> Analysis:
        """What the whole project says."""
        return self._analysed(self.job)

    @cached_property
    def report(self) -> Report:
        """What the user sees."""
        if self.store is None:
            return self._worked_out()
        recall = Recall(self.store, self.plan.files, self.plan.tree, self.plan.settings)
        known = recall.known()
        if known is not None:
            return _unpacked(self.plan, known)
        found = self._worked_out()
        if not found.crashes and not found.notebooks:
            recall.keep(_packed(found))
        return found

    def _worked_out(self) -> Report:
        from lcmemlint.engine import report
        from lcmemlint.workers import no_garbage_collection

        with no_garbage_collection():
            return report(self.job, self.analysis)


def _packed(found: Report) -> tuple[object, ...]:
    """A report without the lines of files, as rows can hold it."""
    return (
        found.findings,
        found.hidden,
        found.suppressed,
        tuple((one.path, one.line, one.column, one.message) for one in found.problems),
        found.files,
        found.is_trusted,
        tuple(found.lines),
        found.silenced,
        tuple(found.fingerprints.items()),
    )


def _unpacked(plan: Plan, packed: Sequence[Any]) -> Report:
    """The report that was packed, with the lines of its files, which are the same."""
    findings, hidden, suppressed, problems, files, is_trusted, shown, silenced, prints = packed
    return Report(
        root=plan.tree.root,
        findings=findings,
        hidden=hidden,
        suppressed=suppressed,
        problems=tuple(FileProblem(*one) for one in problems),
        files=files,
        fail_on=plan.config.fail_on,
        is_trusted=is_trusted,
        lines={path: lines_in(plan.files.read(path)) for path in shown if plan.tree.has(path)},
        silenced=silenced,
        fingerprints=dict(prints),
    )
