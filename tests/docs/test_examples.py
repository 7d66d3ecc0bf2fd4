"""Every example, command, table and picture on the pages of the site is right."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lcmemlint import lint, rulebook
from lcmemlint.catalogue import load_catalogue
from lcmemlint.cli.options import OPTIONS
from lcmemlint.config import load_config
from lcmemlint.rulebook import Example, Rule
from tools import pictures, tables

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```([\w.+-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEN_MINUTES = ROOT / "docs" / "first-ten-minutes.md"
PREPARED = ("python3 -m venv", ". .venv/", "pip install", "cp -r examples/", "cd ../bot")
"""Commands whose work the test environment has done: it has this lcmemlint and the packages."""


def blocks(*languages: str) -> list[tuple[str, str]]:
    """Page and text of all blocks in these languages."""
    return [
        (page.name, text)
        for page in PAGES
        for language, text in FENCE.findall(page.read_text(encoding="utf-8"))
        if language in languages
    ]


def projects() -> Iterator[tuple[str, Example]]:
    """The little projects of the pages, in the language of the rule pages."""
    for page in PAGES:
        body = page.read_text(encoding="utf-8")
        rule = Rule("", page.name, "", "note", "certain", "none", "", "", (), "", body, page.name)
        for example in rulebook.examples(rule):
            yield page.name, example


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that it shows."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


@pytest.mark.parametrize(("page", "text"), blocks("py", "python"))
def test_python_compiles(page: str, text: str) -> None:
    """
    Also what is only a few lines of it.
    """
    compile(ast.parse(text, page), page, "exec")


@pytest.mark.parametrize(
    ("page", "example"), list(projects()), ids=lambda value: str(getattr(value, "line", value))
)
def test_examples_have_the_findings_that_the_page_says(page: str, example: Example, tmp_path: Path) -> None:
    """
    Those of the page, and no others.
    """
    for name, text in {"pyproject.toml": "", **example.files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    found = {(one.at.path, one.at.span.line, one.code) for one in lint([tmp_path]).findings}

    assert found == example.expected


def test_there_are_examples() -> None:
    """
    The pages about proofs and other tools show code with findings and code without.
    """
    expected = [(page, bool(example.expected)) for page, example in projects()]

    assert {("proofs.md", True), ("proofs.md", False), ("comparison.md", True), ("stores.md", False)} <= set(
        expected
    )


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_settings_are_accepted(page: str, text: str, tmp_path: Path) -> None:
    """
    What a page shows of `pyproject.toml` is loaded without a complaint.
    """
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    config = load_config(tmp_path)
    load_catalogue(config.components, config.entry_points)


@pytest.mark.parametrize(("page", "text"), blocks("json", "yaml", "yml"))
def test_data_can_be_read(page: str, text: str) -> None:
    """
    YAML reads JSON, too.
    """
    assert yaml.safe_load(text) is not None


@pytest.mark.parametrize(("page", "text"), blocks("console", "sh", "bash", "shell"))
def test_commands_use_options_that_exist(page: str, text: str) -> None:
    """
    An option that was renamed is renamed on the pages.
    """
    known = {name for option in OPTIONS for name in option.opts} | {"--help"}
    typed = re.findall(r"(?:^|\s)lcmemlint ([^|>&;#\n]*)", text)

    for words in typed:
        options = {word.partition("=")[0] for word in shlex.split(words) if word.startswith("--")}
        assert options <= known, f"{page}: {options - known}"


@pytest.mark.parametrize(("page", "mark"), list(tables.TABLES), ids=lambda value: str(value))
def test_tables_are_those_of_their_sources(page: str, mark: str) -> None:
    """
    `python tools/tables.py` rewrites them.
    """
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")

    assert f"<!-- {mark} -->" in text
    assert tables.filled(text, mark, tables.TABLES[page, mark]()) == text


def test_figures_say_how_they_were_measured() -> None:
    """
    No figure without its command, its versions and its machine.
    """
    measured = json.loads((ROOT / "docs" / "figures" / "stores.json").read_text(encoding="utf-8"))

    assert {"command", "turns", "python", "processors", "load", "packages", "rows"} == measured.keys()
    assert all(0 < row["median_ms"] <= row["p95_ms"] for row in measured["rows"])


def test_pictures_show_what_the_command_prints() -> None:
    """
    `make pictures` draws them anew.
    """
    for name, picture in pictures.pictures().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == picture, name


def test_the_first_ten_minutes_are_as_written(tmp_path: Path) -> None:
    """
    Each command of the page prints what the page says, from the broken example to the proof.
    """
    if shutil.which("redis-server") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("redis-server is not installed")
    for name in ("langchain_core", "sqlalchemy", "redis"):
        pytest.importorskip(name)
    bot, tools = tmp_path / "bot", tmp_path / "bin"
    shutil.copytree(
        ROOT / "examples" / "fastapi_three_files", bot, ignore=shutil.ignore_patterns("__pycache__")
    )
    tools.mkdir()
    (tools / "lcmemlint").write_text(f'#!/bin/sh\nexec {sys.executable} -m lcmemlint "$@"\n')
    (tools / "lcmemlint").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "VIRTUAL_ENV": sys.prefix,
    }
    told = []
    for _, text in FENCE.findall(TEN_MINUTES.read_text(encoding="utf-8")):
        for command, shown in commands(text):
            if command.startswith(PREPARED):
                continue
            done = subprocess.run(
                ["sh", "-c", command], cwd=bot, env=environment, text=True, encoding="utf-8",
                capture_output=True, timeout=120,
            )  # fmt: skip
            errors = "".join(line for line in done.stderr.splitlines(True) if "runs your code:" not in line)
            told.append(command)
            assert done.stdout + errors == shown.rstrip("\n") + "\n" * bool(shown.strip()), command

    assert sum("--probe" in command for command in told) == 3
