"""One project that is being edited: its job and analysis from one look to the next, and what was found.

Nothing here knows the protocol. A look is slow (it links the project) and runs in a thread; everything else is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from msgspec import Struct, structs

from lcmemlint.adopt.ignores import plan_ignores
from lcmemlint.config import Config
from lcmemlint.engine import (
    Analysis,
    FileProblem,
    Job,
    Report,
    analyse,
    bytes_of,
    lines_of,
    parses,
    prepare,
    relint,
    report,
    revised,
)
from lcmemlint.findings import Finding
from lcmemlint.fixes import Fixed, FixResult, fix_files
from lcmemlint.lsp.texts import Move, Text
from lcmemlint.report.physical import on_disk
from lcmemlint.report.text import View
from lcmemlint.sources import encode


class Settings(Struct, frozen=True):
    """What the command line says about the settings of all projects."""

    config_file: Path | None = None
    no_config: bool = False
    adjust: Callable[[Config], Config] = lambda config: config


@dataclass(frozen=True)
class Look:
    """What was found in the project with these buffers (by absolute path)."""

    job: Job
    analysis: Analysis
    report: Report
    buffers: Mapping[Path, str]
    stale: Mapping[str, str] = field(default_factory=dict)
    """The texts that were looked at in place of buffers that do not parse, by relative path."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What there is to show, with places in the buffers."""
        found = self.report.findings
        for path, text in self.stale.items():
            move = Move(Text(text), Text(self.buffers[self.job.root / path]))
            found = tuple(moved for one in found if (moved := move.finding(one, path)) is not None)
        return found

    @property
    def problems(self) -> tuple[FileProblem, ...]:
        """Files that cannot be read; not those that somebody is typing in."""
        return tuple(one for one in self.report.problems if self.job.root / one.path not in self.buffers)

    def text(self, path: str) -> Text:
        """The text of a file as it was looked at; empty if it cannot be read."""
        buffer = self.buffers.get(self.job.root / path)
        if buffer is None and path in self.job.notebooks:
            return Text(self.job.notebooks[path].raw)
        return Text(buffer if buffer is not None else "\n".join(lines_of(self.job, path)))

    def moved(self, path: Path, text: str) -> Look:
        """The same look after an edit of one buffer: findings keep their code, and go with it."""
        name = path.relative_to(self.job.root).as_posix()
        move = Move(self.text(name), Text(text))
        found = tuple(moved for one in self.findings if (moved := move.finding(one, name)) is not None)
        return replace(
            self,
            report=structs.replace(self.report, findings=found),
            buffers={**self.buffers, path: text},
            stale={},
        )

    def fixes(self, findings: tuple[Finding, ...], *, unsafe: bool) -> FixResult:
        """What repairing these findings would change; nothing is written. Slow: every repair is linted."""
        return fix_files(
            self.job.root,
            findings,
            unsafe=unsafe,
            relint=lambda texts: relint(self.job, self.analysis, texts),
            write=False,
            read=lambda path: bytes_of(self.job, path),
            files=self.job.tree.python,
            factory=self.job.config.factory,
            unsaved=self.job.files.unsaved,
        )

    def ignores(self, findings: tuple[Finding, ...]) -> tuple[Fixed, ...]:
        """The files with comments that hide these findings; none when no comment can. Slow, as `fixes`."""

        def analysed(job: Job) -> Analysis:
            return analyse(job, before=self.analysis)

        plan = plan_ignores(findings, self.report, self.job, self.analysis, analysed=analysed)
        return tuple(
            Fixed(path, old, new)
            for path, new in plan.texts.items()
            if isinstance(old := self.job.files.read(path), bytes)
        )


class Stale(Exception):
    """The buffers are others by now: nobody waits for the look that is on its way."""


class Watched:
    """A project below `root`, of which `folder` is shown."""

    def __init__(self, folder: Path, root: Path, settings: Settings) -> None:
        self.folder, self.root = folder, root
        self._settings = settings
        self._job: Job | None = None
        self._analysis: Analysis | None = None
        self._good: dict[str, str] = {}

    def look(
        self,
        buffers: Mapping[Path, str],
        *,
        anew: bool = False,
        is_stale: Callable[[], bool] = lambda: False,
    ) -> Look:
        """Analyse the project with these buffers; `anew` also asks the disk for files and settings.

        Raises `LcmemlintError` when the settings are wrong (the next look then begins anew), and `Stale` soon
        after `is_stale` says so.
        """

        def pause() -> None:
            if is_stale():
                raise Stale

        job, self._job = (None if anew else self._job), None
        stale = dict(self._unparsable(buffers))
        texts = {path: stale.get(self._name(path), text) for path, text in buffers.items()}
        unsaved = {path: encode(text) for path, text in texts.items()}
        job = self._prepared(unsaved) if job is None else revised(job, unsaved)
        self._job = job
        self._analysis = analysis = analyse(job, before=self._analysis, pause=pause)
        found, _ = on_disk(report(job, analysis), View(self.root))
        return Look(job, analysis, found, dict(buffers), stale)

    def _prepared(self, unsaved: Mapping[Path, bytes]) -> Job:
        settings = self._settings
        return prepare(
            [self.folder],
            root=self.root,
            config=Config() if settings.no_config else None,
            config_file=settings.config_file,
            adjust=settings.adjust,
            unsaved=unsaved,
        )

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _unparsable(self, buffers: Mapping[Path, str]) -> Mapping[str, str]:
        """The last text that did parse of each buffer that does not: half a word is no reason to forget a file."""
        good: dict[str, str] = {}
        stale: dict[str, str] = {}
        for path, text in buffers.items():
            name = self._name(path)
            if path.suffix not in (".py", ".pyw"):
                continue
            before = self._good.get(name)
            if text == before or parses(text):
                good[name] = text
            elif before is not None:
                good[name] = stale[name] = before
        self._good = good
        return stale
