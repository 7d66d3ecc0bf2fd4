"""Paired timings: lcmemlint and the linters that are installed, alternately on the same trees. `make bench` runs it.

Each figure is the median over whole processes; the ratio to ours is what counts, since all runs shared the machine.
Trees are built once, in a folder for temporary files: linters leave out what git ignores. `BENCH_PEERS` names one more
folder to look for linters in.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trees
from peers import Command, environment, ours, peers

FOLDER: Final = Path(tempfile.gettempdir()) / "lcmemlint-bench"
OURS: Final = "lcmemlint"


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, seconds of processors, and megabytes at its peak."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Work:
    """Something to be measured: the commands by tool, and what is done before each run of ours."""

    name: str
    commands: Mapping[str, Command]
    before: Callable[[], None] = lambda: None


def works(folder: Path) -> Mapping[str, Callable[[], Work]]:
    """What can be measured, by the word that asks for it; trees are built when they are needed."""
    return {
        "dense": lambda: cold("dense: 349 files of LangChain, cold", trees.dense(folder)),
        "large": lambda: cold("large: packages, cold", trees.large(folder), "ruff", "ast-grep"),
        "warm": lambda: warm("large: packages, warm, unchanged", trees.large(folder), folder),
        "app": lambda: cold("app: 20 files, cold", trees.app(folder), "ruff", "langdoctor"),
        "unchanged": lambda: warm("app: 20 files, warm, unchanged", trees.app(folder), folder),
        "changed": lambda: changed("app: 20 files, warm, one changed", trees.app(folder), folder),
        **{
            f"apps{files}": lambda files=files: cold(
                f"{files:,} files of apps, cold", trees.apps(folder, files), ""
            )
            for files in (1000, 2000, 4000, 8000)
        },
    }


def cold(name: str, tree: Path, *tools: str) -> Work:
    """Runs without a cache; of the other tools all, or those named."""
    others = {tool: command for tool, command in peers(tree).items() if not tools or tool in tools}
    return Work(name, {OURS: ours(tree, "--no-cache"), **others})


def warm(name: str, tree: Path, folder: Path) -> Work:
    """Runs over a tree that an earlier run has seen; ruff without its cache for comparison."""
    command = ours(tree, "--cache-dir", str(folder / "cache"))
    _age(tree)
    cost_of(command)
    return Work(name, {OURS: command, **{t: c for t, c in peers(tree).items() if t == "ruff"}})


def changed(name: str, tree: Path, folder: Path) -> Work:
    """Runs after an edit of one file."""
    work = warm(name, tree, folder)
    file = tree / "shop" / "service_3.py"

    def edit() -> None:
        file.write_text(f"{file.read_text()}# edited\n")
        _age(file)

    return Work(name, work.commands, edit)


def _age(path: Path) -> None:
    """Make it look as if nobody had touched the files for a while."""
    for file in path.rglob("*") if path.is_dir() else (path,):
        os.utime(file, ns=(0, time.time_ns() - 10**10))
    time.sleep(2.5)  # the time of change cannot be set


def cost_of(command: Sequence[str]) -> Cost:
    """What one run costs; its findings are not our concern, its crash would be."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(), cwd=FOLDER
    )
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f"{command[0]} exited with {code}: {told.decode(errors='replace')[-300:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(work: Work, runs: int) -> Mapping[str, Cost]:
    """The median costs of each tool, all tools in turn."""
    costs: dict[str, list[Cost]] = {tool: [] for tool in work.commands}
    for _ in range(runs):
        for tool, command in work.commands.items():
            if tool == OURS:
                work.before()
            costs[tool].append(cost_of(command))
    return {
        tool: Cost(
            *(statistics.median(getattr(one, name) for one in of) for name in ("wall", "cpu", "memory"))
        )
        for tool, of in costs.items()
    }


def main() -> None:
    """Print one row of a table for each work and tool."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("works", nargs="*", help="what to measure; all of it by default")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    known = works(chosen.folder.absolute())
    unknown = [name for name in chosen.works if name not in known]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    print(
        f"{sys.version.split()[0]} on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {chosen.runs} runs\n"
    )
    print("| work | tool | s | CPU s | MB | × ours |\n|---|---|---|---|---|---|")
    for name in chosen.works or known:
        work = known[name]()
        found = measure(work, chosen.runs)
        for tool, cost in found.items():
            ratio = cost.wall / found[OURS].wall
            print(
                f"| {work.name} | {tool} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.memory:.0f} | {ratio:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
