"""`--map` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "fastapi_three_files"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--no-config", "--root", str(EXAMPLE), str(EXAMPLE), *arguments])


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.html", "<!doctype html>"),
        ("a.svg", "<svg "),
        ("a.mmd", "---\ntitle:"),
        ("a.dot", "digraph memory {"),
    ],
)
def test_the_file_is_written_in_the_format_of_its_name(tmp_path: Path, name: str, begins: str) -> None:
    """
    Findings are no failure of a drawing: the exit code is 0.
    """
    told = run("--map", str(tmp_path / name))

    assert told.exit_code == 0
    assert told.stderr.splitlines()[0] == f"Wrote {tmp_path / name}: 1 entry point, 1 memory, 2 findings."
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_a_map_can_go_to_standard_output() -> None:
    """
    Then a format must be named.
    """
    assert run("--map", "-", "--map-format", "dot").stdout.startswith("digraph memory {")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--map", "-"], "--map -: --map-format says which format: html, svg, mermaid, dot"),
        (["--map", "map.txt"], "--map map.txt: expected a name that ends in .html, .htm, .svg,"),
        (["--map-format", "svg"], "--map-format goes with --map"),
        (["--map", "a.html", "--fix"], "--map and --fix cannot go together"),
        (["--map", "missing/a.html"], "missing/a.html: cannot be written: No such file or directory"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    And nothing is written.
    """
    monkeypatch.chdir(tmp_path)
    told = run(*arguments)

    assert told.exit_code == 2
    assert told.stderr.startswith(f"lcmemlint: {complaint}")
    assert list(tmp_path.iterdir()) == []
