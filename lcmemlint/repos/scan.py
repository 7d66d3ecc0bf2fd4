"""One repository at one commit, scanned in this process: a function of the commit and the settings alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lcmemlint.errors import LcmemlintError, RepositoryError
from lcmemlint.repos.git import Commit
from lcmemlint.repos.results import RepositoryResult, Task
from lcmemlint.workers import crash_of

if TYPE_CHECKING:
    from lcmemlint.engine import Analysis, FileProblem, Report
    from lcmemlint.report.text import View


def scan_here(task: Task) -> RepositoryResult:
    """What is found in a repository. Whatever goes wrong with it is told in the result, never raised."""
    started = time.monotonic()
    try:
        with Commit(Path(task.path), task.commit) as commit:
            result = _scanned(task, commit)
    except LcmemlintError as error:
        result = task.failed(str(error))
    except Exception as error:
        crash = crash_of("the scan", error)
        result = task.failed(f"crashed at {crash.place}: {crash.error}; please report this bug of ours")
    return replace(result, seconds=round(time.monotonic() - started, 3))


def _scanned(task: Task, commit: Commit) -> RepositoryResult:
    """The pipeline over one commit."""
    from lcmemlint.adopt.baseline import baseline_in, without_known
    from lcmemlint.engine import analyse, prepare_place, report
    from lcmemlint.report.json import finding_as_json
    from lcmemlint.report.masking import concealed
    from lcmemlint.report.text import View

    job = prepare_place(commit, config=task.settings.config, adjust=task.settings.over)
    if job.tree.python and not job.sources:
        raise RepositoryError(
            "none of its Python files can be read; if this is a partial clone, fetch all of it"
        )
    analysis = analyse(job)
    found = report(job, analysis)
    if baseline := job.config.baseline:
        found = without_known(found, baseline_in(commit, baseline, baseline), job, analysis)
    shown = concealed(found)
    view = View(shown.root)
    return RepositoryResult(
        task.repository,
        task.commit,
        findings=tuple(finding_as_json(shown, one, view) for one in shown.findings),
        problems=tuple(_place(one) for one in shown.problems),
        crashes=tuple(f"{one.code} crashed at {one.place}: {one.error}" for one in shown.crashes),
        files=shown.files,
        hidden=shown.hidden,
        suppressed=shown.suppressed,
        baselined=shown.baselined,
        scaled_by=_scaled_by(analysis),
        fails=shown.fails,
        sarif=_sarif(shown, view) if task.sarif else "",
    )


def _scaled_by(analysis: Analysis) -> str:
    """The first manifest that surely runs several processes of the code, and how many; "" if none does."""
    from lcmemlint.link.scaling import count_of

    scaling = None if analysis.project is None else analysis.project.scaling
    if scaling is None or scaling.choice == "single":
        return ""
    for linked, _ in scaling.deployed:
        if linked.workload.verdict == "multi":
            return f"{linked.workload.at.path}:{linked.workload.at.line}: {count_of(linked.workload)}"
    return "the settings" if scaling.choice == "multi" else ""


def _sarif(shown: Report, view: View) -> str:
    """The report as SARIF. What the fixes would change is left out: to work that out costs more than the scan."""
    from lcmemlint.report.sarif import render

    return render(shown, view)


def _place(problem: FileProblem) -> str:
    """`path: message`, with line and column where it has them."""
    place = f":{problem.line}:{problem.column + 1}" if problem.line else ""
    return f"{problem.path}{place}: {problem.message}"
