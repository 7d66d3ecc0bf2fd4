"""Every hostile input ends within a bound, costs only itself, and is told in a clear line."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.hostile import APP, HOSTILE

SECONDS = 30
"""Time for one run; an ordinary machine needs under one second for nearly all of them."""
BYTES = 2 << 30


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


@pytest.mark.skipif(sys.platform != "linux", reason="limits and odd file names are Linux's")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_input_costs_only_itself(name: str, tmp_path: Path) -> None:
    """
    The sound application beside it is still judged, and the run ends in time and within 2 GiB.
    """
    root = tmp_path / "project"
    root.mkdir()
    (root / "app.py").write_text(APP)
    HOSTILE[name].write(root)
    arguments = ["--no-config", "--root", str(root), "--format", "concise", str(root)]

    done = subprocess.run(
        [sys.executable, "-m", "lcmemlint", *arguments],
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=SECONDS,
        preexec_fn=_limited,  # no thread runs here
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )

    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2), done.stderr
    assert "app.py:7" in done.stdout
    assert HOSTILE[name].told in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert max(map(len, done.stderr.splitlines()), default=0) < 1000
