"""One run from the paths to the report, which is worked out, or recalled if nothing has changed.

The pipeline itself, and all that it imports, is loaded when it is needed: a run over an unchanged tree needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from lcmemlint.findings import Finding, Silenced
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
        known = recall.known(_Packed)
        if known is not None:
            return known.unpacked(self.plan)
        found = self._worked_out()
        if not found.crashes and not found.notebooks:
            recall.keep(_Packed.of(found))
        return found

    def _worked_out(self) -> Report:
        from lcmemlint.engine import report
        from lcmemlint.workers import no_garbage_collection

        with no_garbage_collection():
            return report(self.job, self.analysis)


class _Packed(Struct, frozen=True, array_like=True):
    """A report without the lines of files."""

    findings: tuple[Finding, ...]
    hidden: int
    suppressed: int
    problems: tuple[FileProblem, ...]
    files: int
    is_trusted: bool
    shown: tuple[str, ...]
    silenced: tuple[Silenced, ...]
    prints: tuple[tuple[Finding, str], ...]

    @classmethod
    def of(cls, found: Report) -> _Packed:
        """The report, packed."""
        return cls(
            found.findings,
            found.hidden,
            found.suppressed,
            found.problems,
            found.files,
            found.is_trusted,
            tuple(found.lines),
            found.silenced,
            tuple(found.fingerprints.items()),
        )

    def unpacked(self, plan: Plan) -> Report:
        """The report, with the lines of its files, which are the same."""
        return Report(
            root=plan.tree.root,
            findings=self.findings,
            hidden=self.hidden,
            suppressed=self.suppressed,
            problems=self.problems,
            files=self.files,
            fail_on=plan.config.fail_on,
            is_trusted=self.is_trusted,
            lines={path: lines_in(plan.files.read(path)) for path in self.shown if plan.tree.has(path)},
            silenced=self.silenced,
            fingerprints=dict(self.prints),
        )
