"""`--init`: what it writes works as it stands, and what was there stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main
from tests.proof.conftest import LangChain

IN_MEMORY = """
from langchain_core.chat_history import InMemoryChatMessageHistory

store = {}

def chat_history(*ids):
    return store.setdefault(ids, InMemoryChatMessageHistory())
"""

IN_MEMORY_SAVER = """
from langgraph.checkpoint.memory import InMemorySaver

saver = InMemorySaver()

def shared_checkpointer(name=""):
    return saver
"""


def init(folder: Path, *options: str) -> Result:
    """The command in a project."""
    return CliRunner().invoke(main, ["--init", "--root", str(folder), *options, str(folder)])


def outcome(langchain: LangChain, folder: Path, *options: str) -> dict[str, int]:
    """How many of the project's tests passed and failed."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    command = [langchain.python, "-m", "pytest", "-q", "-p", "no:randomly", *options]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    summary = done.stdout.splitlines()[-1].split(" in ")[0] if done.stdout else done.stderr
    return {word: int(number) for number, word in (part.split() for part in summary.split(", "))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    return folder


def test_what_is_written_passes_and_can_fail(project: Path, langchain: LangChain, apps: Path) -> None:
    """
    The test passes with the generated modules, and fails with modules that keep everything in memory.
    """
    if langchain.version < (0, 3):
        pytest.skip("this generation of LangChain has no such graphs")
    shutil.copytree(apps / "graph_module_level", project / "bot")
    (project / "bot/__init__.py").touch()
    (project / "main.py").write_text("from bot.app import app\n")

    result = init(project)

    assert result.exit_code == 0, result.output
    assert outcome(langchain, project) == {"passed": 6}
    (project / "bot/shared_history.py").write_text(IN_MEMORY)
    (project / "bot/shared_checkpointer.py").write_text(IN_MEMORY_SAVER)
    assert outcome(langchain, project, "-k", "second_request") == {"failed": 2, "deselected": 4}


def test_a_project_with_nothing_in_it(project: Path, langchain: LangChain) -> None:
    """
    One gets a history to begin with; a checkpointer is for those who use LangGraph.
    """
    result = init(project)

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in project.rglob("*.py")) == [
        "shared_history.py",
        "test_memory_survives_scaling.py",
    ]
    assert outcome(langchain, project) == {"passed": 3}


def test_modules_stand_where_imports_reach_them(project: Path, langchain: LangChain) -> None:
    """
    Below `src`, in the package that uses LangChain; the test says where imports start.
    """
    package = project / "src/shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "chat.py").write_text(
        "from shop.model import llm\nfrom langchain_core.messages import HumanMessage\n"
    )
    (package / "model.py").write_text("llm = None\n")

    init(project)

    assert (package / "shared_history.py").is_file()
    test = (project / "tests/test_memory_survives_scaling.py").read_text()
    assert 'parents[1] / "src"' in test
    assert '["shop.shared_history:chat_history"]' in test
    assert outcome(langchain, project) == {"passed": 3}


def test_nothing_is_overwritten(project: Path) -> None:
    """
    A second run, or one after the user has edited what was written, changes no byte.
    """
    init(project)
    for path in project.rglob("*.py"):
        path.write_text(path.read_text() + "# mine\n")
    before = {path: path.read_bytes() for path in project.rglob("*.py")}

    result = init(project)

    assert result.exit_code == 0
    assert "kept   " in result.stdout
    assert "wrote  " not in result.stdout
    assert {path: path.read_bytes() for path in project.rglob("*.py")} == before


def test_the_projects_own_factory_is_tested(project: Path, langchain: LangChain) -> None:
    """
    `factory` in the settings: nothing is generated, and the test finds out what the factory is worth.
    """
    (project / "pyproject.toml").write_text('[tool.lcmemlint]\nfactory = "bot.history:chat_history"\n')
    (project / "bot").mkdir()
    (project / "bot/history.py").write_text(IN_MEMORY)

    init(project)

    assert not list(project.rglob("shared_history.py"))
    assert outcome(langchain, project, "-k", "second_request") == {"failed": 1, "deselected": 2}


def test_what_to_do_next_is_said(project: Path) -> None:
    """
    Packages, the test, the import and the variable.
    """
    said = init(project).stdout

    for piece in (
        "wrote  ",
        "pip install sqlalchemy",
        "pytest tests/test_memory_survives_scaling.py",
        "from shared_history import chat_history",
        "set CHAT_HISTORY_URL",
    ):
        assert piece in said
