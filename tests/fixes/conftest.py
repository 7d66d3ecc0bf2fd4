"""A project on disk, a hand-written lint over its texts, and a fix run over both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import pytest

from lcmemlint.config import Config
from lcmemlint.engine import analyse, prepare, relint, report
from lcmemlint.findings import Finding, FixRequest
from lcmemlint.fixes import FixResult, fix_files
from lcmemlint.values import Location, Span


@dataclass(frozen=True)
class Fault:
    """Wherever a file has this code, there is a finding that asks for this fix."""

    code: str
    kind: str
    params: tuple[tuple[str, str], ...] = ()
    unsafe: bool = False


class Project:
    """Files in a folder, and the faults that its lint knows."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.extra: Callable[[Mapping[str, str]], Sequence[Finding]] = lambda texts: ()
        self.linted: list[Mapping[str, str]] = []

    def write(self, **files: str) -> None:
        for path, text in files.items():
            self.put(path, text)

    def put(self, path: str, text: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def text(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def fault(self, code: str, kind: str, *, unsafe: bool = False, **params: str) -> None:
        named = tuple((name.rstrip("_"), value) for name, value in params.items())
        self.faults.append(Fault(code, kind, named, unsafe))

    def lint(self, texts: Mapping[str, str]) -> list[Finding]:
        self.linted.append(texts)
        disk = {
            path.relative_to(self.root).as_posix(): path.read_bytes().decode("utf-8-sig", "replace")
            for path in sorted(self.root.rglob("*.py"))
            if path.is_file()
        }
        merged = {**disk, **texts}
        found = [
            finding(path, span(text, at, at + len(fault.code)), fault)
            for path, text in sorted(merged.items())
            for fault in self.faults
            for at in occurrences(text, fault.code)
        ]
        return [*found, *self.extra(merged)]

    def fix(self, *, unsafe: bool = False, write: bool = True) -> FixResult:
        findings = self.lint({})
        return fix_files(self.root, findings, unsafe=unsafe, relint=self.lint, write=write)


def occurrences(text: str, code: str) -> list[int]:
    return [found.start() for found in re.finditer(rf"(?<![\w.]){re.escape(code)}", text)]


def finding(
    path: str, at: Span, fault: Fault | None = None, *, code: str = "LCM101", symbol: str = "it"
) -> Finding:
    request = None if fault is None else FixRequest(fault.kind, path, at, fault.params, fault.unsafe)
    return Finding(code, "is lost", Location(path, at), "error", "certain", symbol=symbol, fix=request)


def span(text: str, start: int, end: int) -> Span:
    def place(offset: int) -> tuple[int, int]:
        lines = re.split(r"\r\n|\r|\n", text[:offset])
        return len(lines), len(lines[-1])

    return Span(*place(start), *place(end))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


class Repaired:
    """A project that was linted by all rules and repaired: its texts, and what was not repaired and why."""

    def __init__(self, root: Path, *, unsafe: bool = True) -> None:
        job = prepare((str(root),), config=Config(), root=root)
        analysis = analyse(job)
        self.found = report(job, analysis).findings
        result = fix_files(
            root,
            self.found,
            unsafe=unsafe,
            relint=lambda texts: relint(job, analysis, texts),
            write=True,
            files=job.tree.python,
        )
        assert result.failed == ()
        self.texts = {each.path: each.new.decode() for each in result.changed}
        self.reasons = {each.finding.code: each.reason for each in result.refused}
        self.fixed = [each.code for each in result.fixed]


@pytest.fixture
def repaired(project: Project) -> Callable[..., Repaired]:
    """Lint files with all rules and repair them; a second run must change nothing."""

    def run(files: Mapping[str, str], *, unsafe: bool = True) -> Repaired:
        for path, text in files.items():
            project.put(path, text)
        project.put("pyproject.toml", "")
        done = Repaired(project.root, unsafe=unsafe)
        assert Repaired(project.root, unsafe=unsafe).texts == {}
        return done

    return run


@pytest.fixture
def fixed(project: Project) -> Callable[..., str]:
    """Fix one fault in one file and give back the file's new text; a second run must change nothing."""

    def run(before: str, code: str, kind: str, *, path: str = "app.py", **params: str) -> str:
        project.put(path, before)
        project.fault(code, kind, unsafe=kind == "session-parameter", **params)
        result = project.fix(unsafe=True)
        assert [refused.reason for refused in result.refused] == []
        assert result.failed == ()
        after = project.text(path)
        cst.parse_module(after)
        again = project.fix(unsafe=True)
        assert again.changed == ()
        assert again.diff == ""
        return after

    return run


@pytest.fixture
def refused(project: Project) -> Callable[..., str]:
    """Try to fix one fault in one file and give back why nothing was changed."""

    def run(
        before: str, code: str, kind: str, *, path: str = "app.py", unsafe: bool = True, **params: str
    ) -> str:
        project.put(path, before)
        project.fault(code, kind, unsafe=kind == "session-parameter", **params)
        result = project.fix(unsafe=unsafe)
        assert project.text(path) == before
        assert result.diff == ""
        assert result.fixed == ()
        assert sorted(file.name for file in project.root.rglob("*.py")) == [Path(path).name]
        return "; ".join(refused.reason for refused in result.refused)

    return run
