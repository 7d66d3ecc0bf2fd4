"""The kinds of cases. Each has a number, from which it can be made again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.fuzz.grammar import Writer
from tests.fuzz.manifests import examine_manifest, spoilt
from tests.fuzz.mutate import mutated
from tests.fuzz.pages import changed
from tests.fuzz.properties import examine

OURS: Final = (b"langchain", b"langgraph")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a case is made from its number and a folder of real files, and what is asked of it."""

    make: Callable[[int, str], Mapping[str, bytes]]
    examine: Callable[[Mapping[str, bytes], int], Counter[str]]


@cache
def corpus(folder: str) -> tuple[Path, ...]:
    """The Python files below a folder, of a size that a mutation is worth; those of our domain three times."""
    files = sorted(path for path in Path(folder).rglob("*.py") if _is_fit(path))
    ours = [path for path in files if any(word in path.read_bytes() for word in OURS)]
    return (*files, *ours, *ours)


def _is_fit(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and 200 < path.stat().st_size < 20_000


def _real(seed: int, folder: str) -> Mapping[str, bytes]:
    """A changed file, and up to three of those beside it as they are."""
    files = corpus(folder)
    path = files[seed * 7919 % len(files)]
    others = [one for one in sorted(path.parent.glob("*.py")) if one != path and _is_fit(one)][: seed % 4]
    return {
        path.name: mutated(path.read_bytes(), seed),
        **{one.name: one.read_bytes() for one in others},
    }


def _partly_fixed(files: Mapping[str, bytes], seed: int) -> Counter[str]:
    """A repair costs as much as ten analyses: one program in three is repaired."""
    return examine(files, seed, fix=seed % 3 == 0)


KINDS: Final[Mapping[str, Kind]] = {
    "grammar": Kind(lambda seed, folder: Writer(seed).project(), _partly_fixed),
    "pages": Kind(lambda seed, folder: changed(seed), examine),
    "real": Kind(_real, examine),
    "manifests": Kind(spoilt, examine_manifest),
}
