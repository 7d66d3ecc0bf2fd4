"""The wheel, built and run: it has the rulebook, and it works from another directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this working tree, built with what is installed: no network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel and nothing else of this project."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command of the wheel, run in another directory with this Python's other packages."""
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); "
        f"import lcmemlint; assert lcmemlint.__file__.startswith({str(installed)!r}); "
        f"from lcmemlint.cli import main; main({list(arguments)!r})"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-P", "-c", code] if sys.version_info >= (3, 11) else [sys.executable, "-c", code],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    """
    Pages, tables, schema, templates and the marker of types; no tests.
    """
    names = set(zipfile.ZipFile(wheel).namelist())

    assert "lcmemlint/py.typed" in names
    assert "lcmemlint/report/schema.json" in names
    assert "lcmemlint/agent_guide.md" in names
    tables = {
        f"lcmemlint/rulebook/catalogue/{path.name}" for path in (ROOT / "rules/catalogue").glob("*.toml")
    }
    pages = {f"lcmemlint/rulebook/{path.name}" for path in (ROOT / "rules").glob("lcm*.md")}
    assert tables
    assert pages
    assert tables | pages <= names
    assert not [name for name in names if name.startswith(("tests/", "rules/"))]


def test_the_console_script_is_declared(installed: Path) -> None:
    """
    `lcmemlint` is the command.
    """
    (entry,) = installed.glob("*.dist-info/entry_points.txt")

    assert "lcmemlint = lcmemlint.cli:process" in entry.read_text(encoding="utf-8")


def test_the_wheel_explains_and_lints_from_another_directory(installed: Path, tmp_path: Path) -> None:
    """
    The rulebook is found inside of the package; findings are found in a folder that knows nothing of us.
    """
    (tmp_path / "app.py").write_text(
        "from fastapi import FastAPI\n"
        "from langchain.chains import ConversationChain\n"
        "from langchain.memory import ConversationBufferMemory\n"
        "app = FastAPI()\n"
        "@app.post('/chat')\n"
        "def chat(user_id: str, text: str) -> str:\n"
        "    memory = ConversationBufferMemory()\n"
        "    return ConversationChain(llm=None, memory=memory).predict(input=text)\n",
        encoding="utf-8",
    )

    explained = run(installed, tmp_path, "--explain", "LCM101")
    linted = run(installed, tmp_path, "--format", "json")

    assert explained.returncode == 0, explained.stderr
    assert "per-request-memory" in explained.stdout
    assert linted.returncode == 1, linted.stderr
    assert [(one["code"], one["line"]) for one in json.loads(linted.stdout)["findings"]] == [("LCM101", 7)]
