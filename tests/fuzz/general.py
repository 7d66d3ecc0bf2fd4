"""Programs of Python's whole grammar, made by hypothesmith: syntax that nobody writes, in files of our domain."""

from __future__ import annotations

import random
import traceback
from collections import Counter

import hypothesmith
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.grammar import IMPORTS
from tests.fuzz.properties import examine


def campaign(number: int, count: int) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Examine `count` programs from this seed; what was seen, and the programs that broke."""
    seen: Counter[str] = Counter()
    broken: list[tuple[str, str]] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(hypothesmith.from_grammar())
    def one(text: str) -> None:
        whole = "\n".join([*random.Random(len(text)).sample(IMPORTS, 3), text])
        seen["cases"] += 1
        try:
            seen.update(examine({"app.py": whole.encode("utf-8", "replace")}))
        except Exception:
            broken.append((f"{number}: {whole!r}", traceback.format_exc(limit=-4)))

    one()
    return seen, broken
