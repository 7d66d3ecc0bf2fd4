"""The long campaign: `python -m tests.fuzz --programs 200000 --files 20000 --seed 1 --jobs 2 --log fuzz.jsonl`.

Every case has a number, from which it can be made again: `python -m tests.fuzz --case grammar:4711`. The log gets a
line for each batch; a campaign that is started again with the same log goes on where it was cut off.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tests.fuzz.cases import KINDS

SECONDS: Final = 20
"""More than this for a small project is a hang."""
BATCH: Final = 500
GENERAL: Final = "general"
"""The programs of hypothesmith, of which a batch is a case."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases of one kind from one number on."""

    kind: str
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a batch came to. `seconds` are those of the processor."""

    kind: str
    first: int
    count: int
    seconds: float
    seen: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[str, str]] = field(default_factory=list)


def run(batch: Batch, folder: str) -> Done:
    """Examine a batch."""
    signal.signal(signal.SIGALRM, _hang)
    start = time.process_time()
    seen, broken = _general(batch) if batch.kind == GENERAL else _numbered(batch, folder)
    return Done(**asdict(batch), seconds=time.process_time() - start, seen=dict(seen), broken=broken)


def _numbered(batch: Batch, folder: str) -> tuple[Counter[str], list[tuple[str, str]]]:
    kind = KINDS[batch.kind]
    seen: Counter[str] = Counter()
    broken: list[tuple[str, str]] = []
    gc.disable()  # collecting after each of so many small projects costs as much as examining them
    for seed in range(batch.first, batch.first + batch.count):
        if not seed % 50:
            gc.collect()
        signal.alarm(SECONDS)
        try:
            seen += kind.examine(kind.make(seed, folder), seed)
        except Exception:
            broken.append((f"{batch.kind}:{seed}", traceback.format_exc(limit=-4)))
        finally:
            signal.alarm(0)
    gc.enable()
    seen["cases"] = batch.count
    return seen, broken


def _general(batch: Batch) -> tuple[Counter[str], list[tuple[str, str]]]:
    from tests.fuzz.general import campaign

    signal.alarm(SECONDS * batch.count)
    try:
        return campaign(batch.first, batch.count)
    finally:
        signal.alarm(0)


def _hang(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"still running after {SECONDS} s")


def batches(kind: str, first: int, count: int) -> Iterator[Batch]:
    """The cases of a campaign in batches."""
    for start in range(first, first + count, BATCH):
        yield Batch(kind, start, min(BATCH, first + count - start))


def logged(log: Path | None) -> list[Done]:
    """What earlier runs with this log did."""
    lines = log.read_text(encoding="utf-8").splitlines() if log is not None and log.exists() else []
    return [Done(**json.loads(line)) for line in lines]


def summary(done: Iterable[Done]) -> Iterator[str]:
    """A line for each kind, with the totals."""
    by_kind: dict[str, list[Done]] = defaultdict(list)
    for one in done:
        by_kind[one.kind].append(one)
    for kind, found in sorted(by_kind.items()):
        seen = sum((Counter(one.seen) for one in found), Counter[str]())
        total, seconds = seen.pop("cases"), sum(one.seconds for one in found)
        broken = sum(len(one.broken) for one in found)
        seeds = f"{min(one.first for one in found)} to {max(one.first + one.count - 1 for one in found)}"
        yield f"{kind}: {total} cases (seeds {seeds}) in {seconds:.0f} s, {broken} broken; {dict(sorted(seen.items()))}"


def campaign(options: argparse.Namespace) -> int:
    """Run what the log does not have yet."""
    earlier = logged(options.log)
    known = {(one.kind, one.first, one.count) for one in earlier}
    work: list[Batch] = [
        *batches("real", options.seed, options.files),
        *batches("pages", options.seed, options.programs // 10),
        *batches("manifests", options.seed, options.manifests),
        *batches("grammar", options.seed, options.programs - options.programs // 10),
        *batches(GENERAL, options.seed, options.general),
    ]
    work = [one for one in work if (one.kind, one.first, one.count) not in known]
    done = list(earlier)
    for one in _carried_out(work, options):
        done.append(one)
        if options.log is not None:
            with options.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(one)) + "\n")
        for case, why in one.broken:
            print(f"BROKEN {case}\n{why}", flush=True)
    print(*summary(done), sep="\n")
    return 1 if any(one.broken for one in done) else 0


def _carried_out(work: list[Batch], options: argparse.Namespace) -> Iterator[Done]:
    examined = partial(run, folder=options.folder)
    if options.jobs == 1:
        yield from map(examined, work)
        return
    with ProcessPoolExecutor(options.jobs) as pool:
        yield from pool.map(examined, work)


def again(case: str, folder: str) -> int:
    """One case again, with its text."""
    kind, _, number = case.partition(":")
    files = KINDS[kind].make(int(number), folder)
    for path, data in files.items():
        print(f"--- {path}\n{data.decode('utf-8', 'replace')}")
    print(dict(KINDS[kind].examine(files, int(number))))
    return 0


def main() -> int:
    """Run a campaign, or one case again."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    number: Any = partial(parser.add_argument, type=int)
    number(
        "--programs",
        default=2_000,
        help="programs of our domain, a tenth of them changed examples of the pages",
    )
    number("--files", default=500, help="real files, changed at random")
    number("--manifests", default=500, help="manifests and settings, spoilt")
    number(
        "--general",
        default=100 if find_spec("hypothesmith") else 0,
        help="programs of Python's whole grammar",
    )
    number("--seed", default=1)
    number("--jobs", default=os.cpu_count() or 1)
    parser.add_argument("--folder", default=next(path for path in sys.path if path.endswith("site-packages")))
    parser.add_argument("--log", type=Path)
    parser.add_argument("--case", help="such as grammar:4711")
    options = parser.parse_args()
    return again(options.case, options.folder) if options.case else campaign(options)


if __name__ == "__main__":
    sys.exit(main())
