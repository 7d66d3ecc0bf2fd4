"""`lcmemlint --repos`, as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repos.forge import LEAKY, SCALED, Forge

ROOT = Path(__file__).resolve().parents[2]


def lcmemlint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lcmemlint", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_an_organisation_is_scanned_in_one_run(forge: Forge) -> None:
    """
    Lines, summaries and SARIF are written; a second run scans nothing and writes the same.
    """
    forge.make("org/clean", app_py="import flask\n")
    commit = forge.git(forge.make("org/chat", app_py=LEAKY, Dockerfile=SCALED), "rev-parse", "HEAD")
    (forge.root / "org" / "broken" / ".git").mkdir(parents=True)
    command = [
        "--repos",
        "org",
        "--output-file",
        "out.jsonl",
        "--summary",
        "s.csv",
        "--summary",
        "s.html",
        "--sarif",
        "sarif",
        "--jobs",
        "2",
    ]

    first = lcmemlint(forge.root, *command)
    written = {
        path.name: path.read_bytes()
        for path in forge.root.rglob("*")
        if path.suffix in (".jsonl", ".html", ".csv", ".sarif")
    }
    again = lcmemlint(forge.root, *command)

    assert (first.returncode, again.returncode) == (2, 2)
    assert first.stdout.splitlines() == [
        "REPOSITORY  SCALED BY                  ERRORS  WARNINGS  NOTES  RULES",
        "chat        Dockerfile:3: 4 processes       2         0      0  LCM106 LCM401",
        "",
        "Scanned 2 of 3 repositories; found 2 findings in 1 repository, 1 of which surely runs as several processes.",
    ]
    assert first.stderr.startswith("lcmemlint: broken: not scanned: has no commit `HEAD`")
    assert again.stdout == first.stdout + "2 were unchanged since the last run and not scanned again.\n"
    rows = [json.loads(line) for line in written["out.jsonl"].splitlines()]
    assert [(one["repository"], one["commit"], one["finding"]["code"]) for one in rows] == [
        ("chat", commit, "LCM401"),
        ("chat", commit, "LCM106"),
    ]
    assert sorted(written) == ["chat.sarif", "clean.sarif", "out.jsonl", "s.csv", "s.html"]
    assert {name: (next(forge.root.rglob(name))).read_bytes() for name in written} == written


def test_the_exit_code_is_that_of_the_worst(forge: Forge) -> None:
    """
    0 nothing, 1 findings, 2 something was not scanned.
    """
    clean, chat = forge.make("clean", app_py="x = 1\n"), forge.make("chat", app_py=LEAKY)

    assert lcmemlint(forge.root, "--repos", str(clean), "--time-limit", "0", "--jobs", "1").returncode == 0
    assert lcmemlint(forge.root, "--repos", str(chat), "--time-limit", "0", "--jobs", "1").returncode == 1
    assert lcmemlint(forge.root, "--repos", str(chat), "--exit-zero").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--summary", "a.csv"], "--summary goes with --repos"),
        (["--retry-failed"], "--retry-failed goes with --repos"),
        (["--repos", ".", "app.py"], "PATHS cannot go with --repos"),
        (["--repos", ".", "--fix"], "--fix and --repos cannot go together"),
        (["--repos", ".", "--format", "json"], "--format cannot go with --repos"),
        (["--repos", ".", "--summary", "a.txt"], "--summary a.txt: the name must end in .html or .csv"),
        (["--repos", "gone.txt"], "gone.txt: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    """
    One line, exit 2.
    """
    run = lcmemlint(tmp_path, *arguments)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"lcmemlint: {told}")
    assert run.stderr.count("\n") == 1
