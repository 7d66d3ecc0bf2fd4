"""Do the tests notice faults? A random sample of small ones, put into the code one at a time.

`python -m tests.mutants --sample 225 --seed 1` prints the share that a test noticed and lists the others; every
outcome is a line of JSON in the log as soon as it is known, and a run with the same log goes on where it stopped.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pytest

from tests.mutants.operators import changes
from tests.mutants.server import Mutant, Outcome, Server

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
AREAS = ("checks", "fixes", "link")
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
TESTS = (
    "deploy/test_linking.py", "fixes", "link", "map/test_build.py", "test_catalogue.py", "test_deployment.py",
    "test_engine.py", "test_notebooks.py", "test_projects.py", "test_snapshots.py",
)  # fmt: skip
"""Those that look at the three areas; of what runs as another process, no fault would be seen, and the snapshots
see all that the tests of the pages do."""
NOT_FOR_FAULTS = ("fixes/test_generated_for_real.py", "fixes/test_shared_history_template.py")
"""They run copies of what is generated."""
OPTIONS = (
    "-q",
    "-s",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-o",
    "tmp_path_retention_policy=failed",
)


def files_of(area: str) -> list[Path]:
    """The modules of a folder, but for templates, which run elsewhere."""
    files = sorted((ROOT / "lcmemlint" / area).rglob("*.py"))
    return [file for file in files if file.parent.name != "templates"]


def mutants_of(area: str) -> list[Mutant]:
    """Every fault in the modules of a folder, by name and line."""
    return list(_mutants(files_of(area)))


def _mutants(files: Sequence[Path]) -> Iterator[Mutant]:
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        yield from (Mutant(file, tree, change) for change in changes(tree))


Row = dict[str, object]


def row(mutant: Mutant) -> Row:
    """A mutant in the log."""
    change = mutant.change
    return {
        "file": mutant.file.relative_to(ROOT).as_posix(),
        "line": change.line,
        "column": change.old.col_offset,
        "function": change.function,
        "change": change.told,
    }


def place(row: Row) -> tuple[object, ...]:
    """What tells a mutant from all others."""
    return row["file"], row["line"], row["column"], row["change"]


def meaning(row: Row) -> tuple[object, ...]:
    """What stays the same when lines move."""
    return row["file"], row["function"], row["change"]


def equivalents() -> dict[tuple[object, ...], str]:
    """The faults that change nothing, each with the reason."""
    text = EQUIVALENT.read_text(encoding="utf-8") if EQUIVALENT.exists() else ""
    return {meaning(one): one["because"] for one in tomllib.loads(text).get("mutant", [])}


def main() -> int:
    """Run; the exit code is 1 when too few are noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--area", action="append", choices=AREAS, help="default: all of them")
    parser.add_argument("--sample", type=int, default=225, help="how many in each area")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--log", type=Path, default=ROOT / "build" / "mutants.jsonl")
    parser.add_argument(
        "--again", type=Path, help="a log: only what survived there, as far as it is still written so"
    )
    parser.add_argument("--at-least", type=float, default=85, help="per cent")
    parser.add_argument("--tests", type=Path, nargs="+", default=[ROOT / "tests" / name for name in TESTS])
    given = parser.parse_args()

    areas = given.area or AREAS
    done = logged(given.log)
    if given.again is None:
        samples = [Sample(mutants_of(area), given.sample, f"{area}:{given.seed}", done) for area in areas]
    else:
        again = survivors(areas, given.again)
        samples = [Sample(again, len(again), str(given.seed), done)]
    pending = [one for sample in samples for one in sample.mutants if place(row(one)) not in done]
    given.log.parent.mkdir(parents=True, exist_ok=True)
    with given.log.open("a", encoding="utf-8") as log:

        def told(outcome: Outcome) -> list[Mutant]:
            found = {
                **row(outcome.mutant),
                "killer": outcome.killer,
                "error": outcome.error,
                "tests": outcome.tests,
                "seconds": round(outcome.seconds, 2),
            }
            done[place(found)] = found
            print(json.dumps(found), file=log, flush=True)
            (sample,) = (one for one in samples if outcome.mutant in one.mutants)
            return sample.instead() if outcome.error else []

        if pending:
            ignored = [f"--ignore={ROOT / 'tests' / name}" for name in NOT_FOR_FAULTS]
            tests = [str(path) for path in given.tests]
            files = [file for area in areas for file in files_of(area)] if given.again is None else []
            server = Server(pending, told, given.jobs, files=files)
            with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
                code = pytest.main(
                    [*OPTIONS, f"--basetemp={folder}/base", *ignored, *tests], plugins=[server]
                )
            if code:
                return int(code)
    return report([done[place(row(one))] for sample in samples for one in sample.mutants], given.at_least)


def logged(log: Path) -> dict[tuple[object, ...], Row]:
    """What earlier runs found out."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return {place(one): one for one in map(json.loads, lines)}


class Sample:
    """Mutants in an order by chance: the first ones, and one more for each that turned out to be none."""

    def __init__(
        self, every: Sequence[Mutant], number: int, seed: str, done: Mapping[tuple[object, ...], Row]
    ) -> None:
        self._others = iter(random.Random(seed).sample(every, len(every)))
        self.mutants = list(islice(self._others, number))
        for one in self.mutants:
            if done.get(place(row(one)), {}).get("error"):
                self.instead()

    def instead(self) -> list[Mutant]:
        """The next one, as a list that is empty when there is none."""
        following = list(islice(self._others, 1))
        self.mutants += following
        return following


def survivors(areas: Sequence[str], log: Path) -> list[Mutant]:
    """What no test noticed in an earlier run, or could not be asked about."""
    wanted = {meaning(one) for one in logged(log).values() if not one["killer"]}
    return [mutant for area in areas for mutant in mutants_of(area) if meaning(row(mutant)) in wanted]


def report(outcomes: Sequence[Row], least: float) -> int:
    """Print survivors and figures."""
    known = equivalents()
    figures = {area: Counter[str]() for area in sorted({area_of(one) for one in outcomes})}
    for one in sorted(outcomes, key=lambda one: (str(one["file"]), int(str(one["line"])))):
        word = word_for(one, known)
        figures[area_of(one)][word] += 1
        why = f"{one['tests']} tests pass there" if word == "survived" else one.get("error")
        if word in ("survived", "error"):
            print(f"{one['file']}:{one['line']}: {one['change']} ({why})")
    for area, words in figures.items():
        print(f"{area}: " + ", ".join(f"{number} {word}" for word, number in sorted(words.items())))
    total = sum(figures.values(), Counter[str]())
    share = 100 * total["noticed"] / max(1, total["noticed"] + total["survived"])
    print(
        f"{share:.1f} % of {total['noticed'] + total['survived']} noticed, {total['equivalent']} more are equivalent, "
        f"{total['error']} could not be tried"
    )
    return 0 if share >= least else 1


def word_for(row: Row, known: Container[tuple[object, ...]]) -> str:
    """What became of a mutant."""
    if row.get("error"):
        return "error"
    if row["killer"]:
        return "noticed"
    return "equivalent" if meaning(row) in known else "survived"


def area_of(row: Row) -> str:
    """The part of the package that a mutant is in."""
    return Path(str(row["file"])).parts[1]


if __name__ == "__main__":
    sys.exit(main())
