"""What `--init` would write, as texts; that it works as it stands is shown by the proofs."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from lcmemlint.fixes.scaffold import Scaffold, scaffold

CHAT = "from langchain_core.messages import HumanMessage\n"
GRAPH = "from langgraph.graph import StateGraph\n"


def scaffolded(files: Mapping[str, str], *, tests: tuple[str, ...] = (), factory: str = "") -> Scaffold:
    """The scaffold of a project of these texts; what is written can be parsed."""
    found = scaffold(files, files.__getitem__, tests=tests, factory=factory)
    for text in found.files.values():
        ast.parse(text)
    return found


def test_a_project_without_langchain_gets_a_history_at_its_root() -> None:
    """
    With the test that shows what it is worth, and the packages that it needs.
    """
    found = scaffolded({"app.py": "import os\n"})

    assert list(found.files) == ["shared_history.py", "tests/test_memory_survives_scaling.py"]
    assert found.targets == ("shared_history:chat_history",)
    assert 'TARGETS = ["shared_history:chat_history"]\n' in found.files[found.test]
    assert "FOLDER = Path(__file__).resolve().parents[1]  #" in found.files[found.test]
    assert "CHAT_HISTORY_URL" in [note.name for note in found.notes]


def test_modules_stand_beside_what_uses_langchain() -> None:
    """
    What only the tests import does not count; whoever uses LangGraph gets a checkpointer, too.
    """
    files = {
        "src/shop/chat.py": CHAT,
        "src/shop/__init__.py": "",
        "other/tool.py": "",
        "tests/test_a.py": GRAPH,
    }

    plain = scaffolded(files, tests=("tests/test_a.py",))
    both = scaffolded(files)

    assert plain.targets == ("shop.shared_history:chat_history",)
    assert 'parents[1] / "src"' in plain.files[plain.test]
    assert [target.partition(":")[2] for target in both.targets] == ["chat_history", "shared_checkpointer"]


def test_the_projects_own_factory_takes_the_place_of_a_history() -> None:
    """
    Imports start where its module is imported from; what else is needed stands there, where no user of LangChain does.
    """
    files = {"web/bot/history.py": "def of(key): ...\n", "web/bot/chat.py": GRAPH}

    found = scaffolded(files, factory="bot.history:of")

    assert found.targets == ("bot.history:of", "shared_checkpointer:shared_checkpointer")
    assert list(found.files) == ["web/shared_checkpointer.py", found.test]
    assert 'parents[1] / "web"' in found.files[found.test]


def test_long_targets_get_a_line_each() -> None:
    """
    As a formatter would write them; short ones stay on one line.
    """
    package = "conversation_service_for_customers"

    found = scaffolded(
        {f"{package}/__init__.py": "", f"{package}/graph.py": GRAPH, "main.py": f"import {package}.graph\n"}
    )

    assert (
        "TARGETS = [\n"
        f'    "{package}.shared_history:chat_history",\n'
        f'    "{package}.shared_checkpointer:shared_checkpointer",\n'
        "]\n"
    ) in found.files[found.test]


def test_the_folder_of_the_tests_is_the_one_that_is_there() -> None:
    """
    A project with a package `test` and none of the name `tests` keeps it.
    """
    files = {"app.py": CHAT, "test/__init__.py": "", "test/test_app.py": ""}

    assert scaffolded(files).test == "test/test_memory_survives_scaling.py"
    assert scaffolded({**files, "tests/__init__.py": ""}).test == "tests/test_memory_survives_scaling.py"
