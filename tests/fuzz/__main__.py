"""The long campaign: `python -m tests.fuzz --programs 200000 --files 20000 --seed 1 --jobs 2`.

Every case has a number, from which it can be made again: `python -m tests.fuzz --case grammar:4711`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from types import FrameType

from tests.fuzz.grammar import Writer
from tests.fuzz.mutate import mutated
from tests.fuzz.properties import examine

SECONDS = 20
"""More than this for a small project is a hang."""
BATCH = 200


@cache
def corpus(folder: str) -> tuple[Path, ...]:
    """The Python files below a folder, of a size that a mutation is worth."""
    return tuple(sorted(path for path in Path(folder).rglob("*.py") if 200 < path.stat().st_size < 40_000))


def made(case: str, folder: str) -> dict[str, bytes]:
    """The project of a case, `grammar:SEED` or `mutation:SEED`."""
    kind, _, number = case.partition(":")
    seed = int(number)
    if kind == "grammar":
        return Writer(seed).project()
    files = corpus(folder)
    return {"app.py": mutated(files[seed % len(files)].read_bytes(), seed)}


def run(cases: list[str], folder: str) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Examine a batch; what was seen, and which cases broke and how."""
    seen: Counter[str] = Counter()
    broken: list[tuple[str, str]] = []
    signal.signal(signal.SIGALRM, _hang)
    for case in cases:
        signal.alarm(SECONDS)
        try:
            seen += examine(made(case, folder))
        except Exception:
            broken.append((case, traceback.format_exc(limit=-4)))
        finally:
            signal.alarm(0)
    seen["cases"] += len(cases)
    return seen, broken


def _hang(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"still running after {SECONDS} s")


def batches(kind: str, first: int, count: int) -> Iterator[list[str]]:
    """The cases of a campaign in batches."""
    for start in range(first, first + count, BATCH):
        yield [f"{kind}:{seed}" for seed in range(start, min(start + BATCH, first + count))]


def main() -> int:
    """Run a campaign, or one case again."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--programs", type=int, default=2_000)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--folder", default=next(path for path in sys.path if path.endswith("site-packages")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--case")
    options = parser.parse_args()
    if options.case:
        project = made(options.case, options.folder)
        for path, data in project.items():
            print(f"--- {path}\n{data.decode('utf-8', 'replace')}")
        print(dict(examine(project)))
        return 0
    work = [
        *batches("grammar", options.seed, options.programs),
        *batches("mutation", options.seed, options.files),
    ]
    start, seen, broken = time.monotonic(), Counter[str](), 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for found, cases in pool.map(run, work, [options.folder] * len(work)):
            seen += found
            broken += len(cases)
            for case, why in cases:
                print(f"BROKEN {case}\n{why}", flush=True)
    print(f"{seen['cases']} cases in {time.monotonic() - start:.0f} s, {broken} broken")
    print(f"seen: {dict(sorted(seen.items()))}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
