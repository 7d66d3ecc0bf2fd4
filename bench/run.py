"""Paired timings: lcmemlint and the linters that are installed, alternately on the same trees. `make bench` runs it.

Each figure is the median over whole processes; the ratios count, since all runs shared the machine. On a machine that
does other things as well, look at the seconds of processors rather than at those on the wall. Trees are built once, in
a folder for temporary files: linters leave out what git ignores. `BENCH_PEERS` names one more folder to look for
linters in, `BENCH_REPOSITORIES` a folder of checkouts for the row `repos`.
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
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final

import trees
from peers import Command, environment, ours, peers, versions

FOLDER: Final = Path(tempfile.gettempdir()) / "lcmemlint-bench"
OURS: Final = "lcmemlint"
DOUBLED: Final = (1000, 2000, 4000, 8000)
"""Files of the generated trees, each twice as many as the one before."""


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, seconds of processors, and megabytes at its peak."""

    wall: float
    cpu: float
    memory: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.memory, other.memory))


@dataclass(frozen=True)
class Row:
    """Something to be measured: the commands of each tool, one after the other, and what it should come to."""

    title: str
    commands: Mapping[str, Sequence[Command]]
    targets: Mapping[str, float] = field(default_factory=dict)
    """Tool → how many times its time ours may take."""
    seconds: float | None = None
    """How long ours may take."""
    before: Callable[[], None] = lambda: None
    """What is done before each run of ours."""
    runs: int | None = None
    """How often it is measured, unless as often as the others."""
    stdin: bytes = b""
    folder: Path = FOLDER
    """Where the commands run."""


def rows(folder: Path, repositories: Path | None, first: int) -> Mapping[str, Callable[[], Row]]:
    """What can be measured, by the word that asks for it; trees are built when they are needed."""
    return {
        "m-cold": lambda: cold(
            "M, 8,200 files of packages: cold", trees.large(folder), {"ruff": 2.0, "ast-grep": 1 / 3}
        ),
        "d-cold": lambda: cold(
            "D, 349 files of LangChain: cold",
            trees.dense(folder),
            {"semgrep": 1 / 2, "fixit": 1 / 8, "langdoctor": 1.5},
        ),
        "m-warm": lambda: warm("M: warm, unchanged", trees.large(folder), folder, {"ruff": 1 / 3}),
        "unchanged": lambda: warm(
            "app of 20 files: warm, unchanged", trees.app(folder), folder, {}, seconds=0.12
        ),
        "changed": lambda: changed("app of 20 files: one file changed", trees.app(folder), folder),
        "hook": lambda: hook("app of 20 files: --hook after an edit", trees.app(folder), folder),
        "explain": lambda: Row(
            "--explain LCM102",
            {OURS: [[sys.executable, "-m", "lcmemlint", "--explain", "LCM102"]]},
            seconds=0.1,
            folder=trees.app(folder),
        ),
        "repos": lambda: each(repositories, first),
        **{f"apps-{count}": lambda count=count: doubled(folder, count) for count in DOUBLED},
    }


def cold(title: str, tree: Path, targets: Mapping[str, float]) -> Row:
    """Runs without a cache."""
    return Row(title, {OURS: [ours(tree, "--no-cache")], **_others(tree, targets)}, targets)


def _others(tree: Path, tools: Mapping[str, float]) -> dict[str, Sequence[Command]]:
    return {tool: [command] for tool, command in peers(tree).items() if tool in tools}


def warm(
    title: str, tree: Path, folder: Path, targets: Mapping[str, float], *, seconds: float | None = None
) -> Row:
    """Runs over a tree that an earlier run has seen; others without their caches."""
    command = ours(tree, "--cache-dir", str(folder / "cache"))
    _age(tree)
    cost_of(command)
    return Row(title, {OURS: [command], **_others(tree, targets)}, targets, seconds)


def changed(title: str, tree: Path, folder: Path) -> Row:
    """Runs after an edit of one file."""
    row = warm(title, tree, folder, {})
    return Row(title, row.commands, seconds=0.25, before=lambda: _edit(tree / "shop" / "service_3.py"))


def hook(title: str, tree: Path, folder: Path) -> Row:
    """Runs that a coding agent starts after each of its edits."""
    warm(title, tree, folder, {})
    file = tree / "shop" / "service_3.py"
    command = [sys.executable, "-m", "lcmemlint", "--hook", "--no-config", "--root", str(tree)]
    call = f'{{"cwd": "{tree}", "tool_input": {{"file_path": "{file}"}}}}'
    return Row(
        title,
        {OURS: [[*command, "--cache-dir", str(folder / "cache")]]},
        seconds=0.25,
        before=lambda: _edit(file),
        stdin=call.encode(),
    )


def each(repositories: Path | None, first: int) -> Row:
    """Many repositories, one process each."""
    if repositories is None or not repositories.is_dir():
        raise SystemExit("repos: BENCH_REPOSITORIES, or --repositories, names a folder of checkouts")
    found = sorted(path for path in repositories.iterdir() if path.is_dir())[:first]
    targets = {"semgrep": 1 / 8, "langdoctor": 1 / 2}
    commands: dict[str, list[Command]] = {OURS: [ours(tree, "--no-cache") for tree in found]}
    for tree in found:
        for tool, command in peers(tree).items():
            if tool in targets:
                commands.setdefault(tool, []).append(command)
    return Row(f"{len(found)} repositories: cold, one process each", commands, targets, runs=1)


def doubled(folder: Path, count: int) -> Row:
    """So many generated files; the one before tells how much longer twice as many take."""
    return Row(
        f"{count:,} generated files: cold", {OURS: [ours(trees.apps(folder, count), "--no-cache")]}, runs=3
    )


def _edit(file: Path) -> None:
    file.write_text(f"{file.read_text()}# edited\n")
    _age(file)


def _age(path: Path) -> None:
    """Make it look as if nobody had touched the files for a while."""
    for file in path.rglob("*") if path.is_dir() else (path,):
        os.utime(file, ns=(0, time.time_ns() - 10**10))
    time.sleep(2.5)  # the time of change cannot be set


def cost_of(command: Sequence[str], stdin: bytes = b"", folder: Path = FOLDER) -> Cost:
    """What one run costs; its findings are not our concern, nor files that cannot be parsed; its crash would be."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=folder,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(stdin)
    process.stdin.close()
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1) and not (code == 2 and (stdin or b"syntax error" in told)):
        raise SystemExit(f"{command[0]} exited with {code}: {told.decode(errors='replace')[-300:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(row: Row, runs: int) -> Mapping[str, Cost]:
    """The median costs of each tool, all tools in turn, command by command: a busy machine is busy for each of them."""
    costs: dict[str, list[Cost]] = {tool: [] for tool in row.commands}
    for _ in range(row.runs or runs):
        row.before()
        whole = dict.fromkeys(row.commands, Cost(0, 0, 0))
        for turn in zip_longest(*row.commands.values()):
            for tool, command in zip(row.commands, turn, strict=True):
                if command is not None:
                    whole[tool] += cost_of(command, row.stdin, row.folder)
        for tool, of in whole.items():
            costs[tool].append(of)
    return {
        tool: Cost(
            *(statistics.median(getattr(one, name) for one in of) for name in ("wall", "cpu", "memory"))
        )
        for tool, of in costs.items()
    }


def shown(row: Row, found: Mapping[str, Cost], half: Cost | None) -> list[str]:
    """The lines of a table for one row: ours, then each other tool with what ours is of it."""
    mine = found[OURS]
    goal = "" if row.seconds is None else f"{row.seconds:.2f} s {_met(mine.wall, row.seconds)}"
    ratios = "| | "
    if half is not None:
        ratios = f"| {mine.wall / half.wall:.2f} | {mine.cpu / half.cpu:.2f} "
        goal = f"2.20 {_met(mine.cpu / half.cpu, 2.2)}"
    lines = [f"| {row.title} | {OURS} | {_figures(mine)} {ratios}| {goal} |"]
    for tool in found.keys() - {OURS}:
        cost, target = found[tool], row.targets[tool]
        wall, cpu = mine.wall / cost.wall, mine.cpu / cost.cpu
        lines.append(
            f"| | {tool} | {_figures(cost)} | {wall:.2f} | {cpu:.2f} | {target:.2f} {_met(wall, target)} |"
        )
    return lines


def _figures(cost: Cost) -> str:
    return f"{cost.wall:.2f} | {cost.cpu:.2f} | {cost.memory:.0f}"


def _met(figure: float, target: float) -> str:
    return "met" if figure <= target else "missed"


def main() -> None:
    """Print one table, a line for each row and tool."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", default="", help="what to measure, with commas; all of it by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the trees are built")
    parser.add_argument("--repositories", type=Path, default=os.environ.get("BENCH_REPOSITORIES"))
    parser.add_argument("--first", type=int, default=40, help="how many of the repositories")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    repositories = Path(given.repositories).absolute() if given.repositories else None
    known = rows(given.folder.absolute(), repositories, given.first)
    chosen = [name for name in given.rows.split(",") if name] or [
        name for name in known if name != "repos" or repositories is not None
    ]
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {versions()}\n"
    )
    print("| work | tool | s | CPU s | MB | ours of it, s | ours of it, CPU s | target |")
    print("|---|---|---|---|---|---|---|---|")
    half: Cost | None = None
    for name in chosen:
        row = known[name]()
        found = measure(row, given.runs)
        print("\n".join(shown(row, found, half)), flush=True)
        half = found[OURS] if name.startswith("apps-") else None


if __name__ == "__main__":
    main()
