"""A few cases of the long campaign (`make fuzz`), the same ones each time."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.__main__ import Batch, logged, main, run
from tests.fuzz.cases import KINDS

ROOT = Path(__file__).resolve().parents[2]
CASES = {"grammar": 100, "pages": 40, "real": 30, "manifests": 100}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_every_kind(kind: str) -> None:
    """
    No crash, no hang, no broken property; and the linter had something to say.
    """
    done = run(Batch(kind, 1, CASES[kind]), str(ROOT / "examples"))

    assert done.broken == []
    assert done.seen["cases"] == CASES[kind]
    assert done.seen["with findings"] > 0


def test_programs_reach_rules_and_fixes() -> None:
    """
    Programs that the linter has nothing to say about would prove nothing.
    """
    seen: Counter[str] = Counter()
    for kind in ("grammar", "pages"):
        seen.update(run(Batch(kind, 1000, 60), "").seen)

    assert seen["parsed"] >= 105  # some examples are tests, which are not parsed
    assert seen["with findings"] >= 15
    assert seen["files fixed"] >= 5
    assert sum(name.startswith("LCM") for name in seen) >= 10


@pytest.mark.skipif(find_spec("hypothesmith") is None, reason="needs hypothesmith (the extra `fuzz`)")
def test_programs_of_the_whole_grammar() -> None:
    """
    Syntax that nobody writes.
    """
    done = run(Batch("general", 1, 10), "")

    assert done.broken == []
    assert done.seen["cases"] >= 5


def test_a_campaign_goes_on_where_it_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    What the log has is not done again, and counts.
    """
    log = tmp_path / "log.jsonl"
    sizes = ["--files", "0", "--manifests", "0", "--general", "0", "--jobs", "1", "--log", str(log)]

    monkeypatch.setattr("sys.argv", ["fuzz", "--programs", "10", *sizes])
    assert main() == 0
    whole = log.read_text()
    log.write_text(whole.splitlines(keepends=True)[0])
    assert main() == 0

    assert [(one.kind, one.first, one.count) for one in logged(log)] == [("pages", 1, 1), ("grammar", 1, 9)]
    assert log.read_text().splitlines()[0] == whole.splitlines()[0]
    assert "grammar: 9 cases" in capsys.readouterr().out
