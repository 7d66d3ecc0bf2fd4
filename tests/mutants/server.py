"""A test session that is made once and forked for each mutant: imports, collection and warm caches cost nothing again.

mutmut and cosmic-ray start a test run for every mutant, which takes seconds before its first test; a fork that
exchanges the code of one function has its answer in a fraction of one.
"""

from __future__ import annotations

import ast
import gc
import json
import math
import os
import resource
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.operators import Change
from tests.mutants.patching import Living, Raised

SECONDS = 10
"""A test that takes this longer than ten times what it took without a fault hangs."""
MEMORY = 4 << 30
"""Bytes that a mutant may take."""


@dataclass(frozen=True)
class Mutant:
    """A fault in a file, with the tree of that file."""

    file: Path
    tree: ast.Module
    change: Change


@dataclass(frozen=True)
class Outcome:
    """What the tests said: the first that noticed the fault, or `""`; or why they could not be asked."""

    mutant: Mutant
    killer: str
    tests: int
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class _Running:
    """A child: how many tests it was given, when, and the end of the pipe with its answer."""

    mutant: Mutant
    tests: int
    start: float
    answer: int


class Server:
    """A plugin for pytest. ``told`` is called with each outcome as it is known, and gives mutants to try besides."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        told: Callable[[Outcome], Iterable[Mutant]],
        jobs: int = 1,
        seconds: int = SECONDS,
        files: Iterable[Path] = (),
    ) -> None:
        self._mutants = mutants
        self._files = sorted({str(file) for file in (*files, *(mutant.file for mutant in mutants))})
        self._limit = seconds
        self._told = told
        self._jobs = jobs
        self._lines: dict[str, dict[int, list[str]]] = {}
        self._seconds: dict[str, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once without a fault, then those that come by it for each."""
        self._learn(session.items)
        living = Living(frozenset(self._files))
        gc.collect()
        gc.freeze()
        items = {item.nodeid: item for item in session.items}
        waiting = deque(self._mutants)
        running: dict[int, _Running] = {}
        while waiting or running:
            if waiting and len(running) < self._jobs:
                mutant = waiting.popleft()
                chosen = [items[name] for name in self._tests(mutant)]
                if chosen:
                    running.update([self._start(mutant, chosen, living)])
                    continue
                outcome = Outcome(mutant, "", 0, 0.0)
            else:
                outcome = self._reap(running)
            waiting.extend(self._told(outcome))
        return True

    def _start(self, mutant: Mutant, chosen: Sequence[pytest.Item], living: Living) -> tuple[int, _Running]:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            limits = {item.nodeid: self._limit + 10 * self._seconds[item.nodeid] for item in chosen}
            _child(chosen, limits, living, mutant, write)
        os.close(write)
        return child, _Running(mutant, len(chosen), time.monotonic(), read)

    def _learn(self, items: Sequence[pytest.Item]) -> None:
        measured = coverage.Coverage(data_file=None, include=self._files, config_file=False)
        measured.start()
        for item, following in zip(items, [*items[1:], None], strict=True):
            measured.switch_context(item.nodeid)
            start = time.monotonic()
            reports = runtestprotocol(item, log=False, nextitem=following)
            self._seconds[item.nodeid] = time.monotonic() - start
            if any(report.failed for report in reports):
                told = "\n".join(report.longreprtext for report in reports if report.failed)
                pytest.exit(f"{item.nodeid} fails without any fault\n{told}", 2)
        measured.stop()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that nothing was passed is no mistake here
            data = measured.get_data()
        self._lines = {file: data.contexts_by_lineno(file) for file in data.measured_files()}

    def _tests(self, mutant: Mutant) -> list[str]:
        """The tests that come by, the quickest first; for a table, those that come by its module's functions."""
        lines = self._lines.get(str(mutant.file), {})
        names: set[str] = set()
        if mutant.change.place.owner is not None:
            names.update(*(lines.get(line, ()) for line in mutant.change.lines))
        elif any(isinstance(node, ast.FunctionDef) for node in ast.walk(mutant.tree)):
            names.update(*lines.values())
        else:
            names.update(self._seconds)
        names.discard("")
        return sorted(names, key=lambda name: (self._seconds[name], name))

    def _reap(self, running: dict[int, _Running]) -> Outcome:
        child, status = os.wait()
        one = running.pop(child)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with os.fdopen(one.answer) as pipe:
            answer = pipe.read()
        if answer:
            killer, error = json.loads(answer)
        elif os.WIFSIGNALED(status):
            killer, error = f"signal {os.WTERMSIG(status)}", ""
        else:
            killer, error = "", "ended without an answer"
        return Outcome(one.mutant, killer, one.tests, time.monotonic() - one.start, error)


def _child(
    items: Sequence[pytest.Item], limits: Mapping[str, float], living: Living, mutant: Mutant, write: int
) -> None:
    os.setpgid(0, 0)
    out = os.open(os.devnull, os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    killer = error = ""
    try:
        signal.alarm(SECONDS)  # a table may be a loop
        living.patch(mutant.file, mutant.tree, mutant.change)
        killer = _first_failure(items, limits)
    except Raised as raised:
        killer = f"{raised} on import"
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"
    os.write(write, json.dumps([killer, error]).encode())
    os._exit(0)


def _first_failure(items: Sequence[pytest.Item], limits: Mapping[str, float]) -> str:
    for item, following in zip(items, [*items[1:], None], strict=True):
        signal.alarm(math.ceil(limits[item.nodeid]))
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
            return item.nodeid
    return ""
