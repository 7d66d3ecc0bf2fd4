"""A few cases of the long campaign (`make fuzz`), the same ones each time, and the cases that once broke."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.grammar import Writer
from tests.fuzz.mutate import mutated
from tests.fuzz.properties import examine

ROOT = Path(__file__).resolve().parents[2]
REAL = sorted((ROOT / "examples").rglob("*.py")) + sorted(
    (ROOT / "lcmemlint" / "fixes" / "templates").rglob("*.py")
)


@pytest.mark.parametrize("seed", range(12))
def test_programs_of_the_grammar(seed: int) -> None:
    """
    Random handlers, factories, stores and graphs.
    """
    examine(Writer(seed).project())


@pytest.mark.parametrize("seed", range(10))
def test_real_files_that_were_changed_at_random(seed: int) -> None:
    """
    Lines lost, doubled, moved; words of our domain put in; bytes spoilt.
    """
    examine({"app.py": mutated(REAL[seed % len(REAL)].read_bytes(), seed)})


def test_the_grammar_reaches_findings_and_fixes() -> None:
    """
    Programs that the linter has nothing to say about would prove nothing.
    """
    seen = examine(Writer(2).project())
    for seed in range(3, 40):
        seen += examine(Writer(seed).project())
        if seen["fixes"] and len(seen) >= 5:
            return
    pytest.fail(f"only {dict(seen)}")
