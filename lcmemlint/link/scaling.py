"""How many processes run the code of a finding, and what that makes of it.

Terms. The *code of a workload* is its modules and everything that these import, however far. A workload *runs* a
finding if its code holds the finding's entry point; a server also if it holds the site alone. Workloads of
development, tests and examples say nothing about production, and a platform that keeps the state itself has no
fault. Manifests are read when the first question comes that needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from posixpath import dirname
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.workload import Range, Spot, Workload
from lcmemlint.findings import Finding, Severity, Step
from lcmemlint.link.deployment import LinkedWorkload, link_workloads, seriousness
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.reach import Reach
from lcmemlint.values import Location, Span

Choice = Literal["auto", "single", "multi"]

LOST_ELSEWHERE = frozenset({"LCM102", "LCM103", "LCM104", "LCM105", "LCM106", "LCM107", "LCM109"})
"""Faults that several processes bring out. LCM101 forgets in one process as well, LCM108 in none of its answers."""
_JUDGED = frozenset({"LCM102", "LCM103", "LCM107"})
"""Warnings that become errors where several processes run."""
_WORKERS = frozenset({"celery", "rq", "arq", "dramatiq", "taskiq", "huey"})
"""Programs, and the frameworks of the tasks that they run; they import routes and answer none."""
_SHOWN = 3


class Running(Struct, frozen=True):
    """A workload that runs certain code; ``findings`` are in order of place."""

    linked: LinkedWorkload
    findings: tuple[Finding, ...]

    @property
    def workload(self) -> Workload:
        """What the manifest says."""
        return self.linked.workload

    @property
    def is_bare_image(self) -> bool:
        """Whether it is an image for Lambda that no function in the files uses.

        Such an image holds no number to change, and the findings in the code name its line already.
        """
        return self.workload.format == "lambda" and self.workload.at.path == self.workload.recipe


class Scaling:
    """Answers about the processes of one project; ``choice`` is what the user says about them."""

    def __init__(
        self,
        read: Callable[[], Iterable[Workload]],
        choice: Choice,
        evaluator: Evaluator,
        reach: Reach,
    ) -> None:
        self._read = read
        self.choice = choice
        self.evaluator = evaluator
        self.reach = reach

    @cached_property
    def linked(self) -> tuple[LinkedWorkload, ...]:
        """All workloads with their modules, in order of place."""
        workloads = tuple(self._read())
        if not workloads:
            return ()
        return link_workloads(workloads, self.evaluator.modules.paths, servers=self._servers())

    @cached_property
    def deployed(self) -> tuple[tuple[LinkedWorkload, frozenset[str]], ...]:
        """The workloads of real environments that run the project's code, the most serious first, with that code."""
        real = [one for one in self.linked if one.modules and one.workload.rank in ("production", "plain")]
        return tuple((one, self._code(one)) for one in sorted(real, key=seriousness))

    def around(self, at: Location, because: tuple[Step, ...]) -> Iterator[LinkedWorkload]:
        """The workloads that run what stands at a place, or the entry point of its proof."""
        return (one for one, code in self.deployed if self._runs(one, code, at, because))

    def scaled(self, findings: Iterable[Finding]) -> Iterator[Running]:
        """The workloads that may run several processes of what these findings are about."""
        found = [one for one in findings if one.code in LOST_ELSEWHERE]
        if not found or self.choice == "single":
            return
        for linked, code in self.deployed:
            if linked.workload.verdict in ("multi", "may-scale", "unknown"):
                lost = tuple(
                    one
                    for one in found
                    if self._runs(linked, code, one.at, one.because) and _loses(linked, one)
                )
                if lost:
                    yield Running(linked, lost)

    def judged(self, finding: Finding) -> Finding:
        """The finding with what the deployment makes of it: severity, lines that scale it, or that none is known."""
        if finding.code not in LOST_ELSEWHERE or self.choice == "single":
            return finding
        around = list(self.around(finding.at, finding.because))
        several = [one for one in around if is_reported(one) and _loses(one, finding)]
        severity: Severity = finding.severity
        if finding.code in _JUDGED and (
            self.choice == "multi" or any(severity_of(one, self.choice) == "error" for one in several)
        ):
            severity = "error"
        lines = [f"scaled by: {one.workload.at.text} ({count_of(one.workload)})" for one in several[:_SHOWN]]
        places = [location(one.workload.at) for one in several[:_SHOWN]]
        known = any(one.workload.verdict != "unknown" for one in around)
        unknown = "" if known or self.choice != "auto" or finding.code not in _JUDGED else _UNKNOWN
        return replace(
            finding,
            severity=severity,
            related=(*finding.related, *map(Step, places, lines)),
            help=f"{finding.help}{unknown}" if finding.help else "",
        )

    # ------------------------------------------------------------------ whose code

    def _runs(
        self, linked: LinkedWorkload, code: frozenset[str], at: Location, because: tuple[Step, ...]
    ) -> bool:
        """Whether the processes of a workload run what stands at a place: servers routes, and workers tasks."""
        if not because:
            return at.path in code
        is_worker = linked.workload.program in _WORKERS
        if because[0].at.path in code:
            return (because[0].at in self._tasks) == is_worker
        return at.path in code and not is_worker

    @cached_property
    def _tasks(self) -> frozenset[Location]:
        """The entry points that only the processes of a task queue run."""
        return frozenset(one.at for one in self.reach.entries if one.framework in _WORKERS)

    def _code(self, linked: LinkedWorkload) -> frozenset[str]:
        """The files that a workload's processes import, with those that a framework finds by their folder."""
        found: set[str] = set()
        pending = [path for module in linked.modules for path in self._started(linked, module)]
        while pending:
            path = pending.pop()
            if path in found:
                continue
            found.add(path)
            pending += self._imports.get(path, ())
        return frozenset(found)

    def _started(self, linked: LinkedWorkload, module: str) -> Iterator[str]:
        yield module
        folder, _, name = module.rpartition("/")
        if linked.workload.program == "streamlit":
            pages = f"{folder}/pages/" if folder else "pages/"
            yield from (path for path in self.evaluator.files if path.startswith(pages))
        if name in ("manage.py", "wsgi.py", "asgi.py") and module not in self.evaluator.files:
            # Django finds its apps through settings, by names in strings.
            home = folder if name == "manage.py" else dirname(folder)
            yield from (path for path in self.evaluator.files if not home or path.startswith(f"{home}/"))

    @cached_property
    def _imports(self) -> dict[str, tuple[str, ...]]:
        """The project files that each file imports, at any depth of its code."""
        modules = self.evaluator.modules
        table: dict[str, tuple[str, ...]] = {}
        for path, facts in self.evaluator.files.items():
            found: dict[str, None] = {}
            for one in facts.imports:
                found.update(dict.fromkeys(modules.resolve(path, one.module)))
                if one.name not in (None, "*"):
                    dot = "" if one.module.endswith(".") else "."
                    found.update(dict.fromkeys(modules.resolve(path, f"{one.module}{dot}{one.name}")))
            table[path] = tuple(found)
        return table

    def _servers(self) -> tuple[str, ...]:
        """The files that something must start: those with entry points that no other such file imports."""
        entries = {one.function.path for one in self.reach.entries} | set(self.reach.servers)
        inner: set[str] = set()
        for path in sorted(entries):
            seen = {path}
            pending = list(self._imports.get(path, ()))
            while pending:
                other = pending.pop()
                if other not in seen:
                    seen.add(other)
                    pending += self._imports.get(other, ())
            inner |= (seen & entries) - {path}
        return tuple(sorted(entries - inner)) or tuple(sorted(entries))


_UNKNOWN = "; no manifest tells how many processes run"


def is_reported(linked: LinkedWorkload) -> bool:
    """Whether its processes are worth a word by default: a mere guess counts only if several surely run."""
    verdict = linked.workload.verdict
    return verdict == "multi" or (verdict == "may-scale" and linked.quality != "possible")


def severity_of(linked: LinkedWorkload, choice: Choice = "auto") -> Severity:
    """An error where several processes surely run; stickiness helps between instances, never between workers."""
    workload = linked.workload
    if linked.quality == "possible":
        return "warning"
    if workload.verdict != "multi":
        return "error" if choice == "multi" else "warning"
    return "warning" if workload.affinity and workload.processes.low < 2 else "error"


def _loses(linked: LinkedWorkload, finding: Finding) -> bool:
    """Whether several processes lose it: workers of one host share its disk."""
    if finding.code != "LCM107":
        return True
    return linked.workload.instances.can_be_several and linked.workload.disk.shared is not True


def count_of(workload: Workload) -> str:
    """``3 instances``, ``up to 10 instances with 4 processes each``."""
    instances = _counted(workload.instances, "instance")
    processes = _counted(workload.processes, "process")
    if instances and processes:
        return f"{instances} with {processes} each"
    return instances or processes or "one process"


def _counted(both: Range, noun: str) -> str:
    """A range in words; nothing if it is one."""
    several = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    match both.high:
        case "unbounded":
            return f"{both.low} or more {several}" if both.low >= 2 else f"any number of {several}"
        case "cpu":
            return f"one {noun} for each CPU" if both.low < 2 else f"{both.low} {several} or more"
        case "unknown":
            return f"an unknown number of {several}"
        case int() as high if high >= 2:
            if both.low == high:
                return f"{high} {several}"
            return f"{both.low} to {high} {several}" if both.low >= 2 else f"up to {high} {several}"
    return ""


def location(spot: Spot) -> Location:
    """The place of a manifest's line."""
    return Location(spot.path, Span(spot.line, spot.column, spot.line, max(spot.end, spot.column + 1)))
