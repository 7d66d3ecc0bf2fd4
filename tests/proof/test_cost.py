"""A turn through the generated history, against a client that somebody wrote by hand for one store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.proof
def test_a_turn_costs_about_as_much_as_by_hand() -> None:
    """
    The bench measures some 1.0 to 1.2; the bound here only notices what has gone wrong on a busy machine too.
    """
    done = subprocess.run(
        [sys.executable, "bench/turns.py", "--turns", "60"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == ["redis", "postgres", "sqlite"]
    assert all(float(row[-1]) < 2 for row in rows), done.stdout
