"""Where the generated module stands, and how files with different styles reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.fixes.generated import placed
from lcmemlint.fixes.layout import Layout

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

OURS = "def chat_history(*ids):\n    ...\n"


def layout(files: dict[str, str]) -> Layout:
    return Layout(files, lambda path: files.get(path, ""))


def where(files: dict[str, str], *paths: str, **modules: str) -> dict[str, tuple[str, str]]:
    wanted = {path: modules.get(path.replace("/", "_").removesuffix(".py"), "") for path in paths}
    return {path: (each.path, each.module) for path, each in placed(wanted, layout(files)).items()}


@pytest.mark.parametrize(
    ("files", "path", "module", "imported"),
    [
        pytest.param({"app.py": ""}, "app.py", "shared_history.py", "shared_history", id="flat-script"),
        pytest.param(
            {"bot/app.py": ""},
            "bot/app.py",
            "bot/shared_history.py",
            "shared_history",
            id="script-in-a-folder",
        ),
        pytest.param(
            {"app/__init__.py": "", "app/chat.py": ""},
            "app/chat.py",
            "app/shared_history.py",
            "app.shared_history",
            id="package",
        ),
        pytest.param(
            {"app/__init__.py": "", "app/chat.py": "from .models import M\n", "app/models.py": ""},
            "app/chat.py",
            "app/shared_history.py",
            ".shared_history",
            id="relative",
        ),
        pytest.param(
            {"app/__init__.py": "", "app/chat.py": "from app.models import M\n", "app/models.py": ""},
            "app/chat.py",
            "app/shared_history.py",
            "app.shared_history",
            id="absolute",
        ),
        pytest.param(
            {"src/app/__init__.py": "", "src/app/chat.py": ""},
            "src/app/chat.py",
            "src/app/shared_history.py",
            "app.shared_history",
            id="src-layout",
        ),
        pytest.param(
            {
                "src/flows/one.py": "from .state import S\n",
                "src/flows/state.py": "",
                "src/main.py": "from src.flows.one import graph\n",
            },
            "src/flows/one.py",
            "src/flows/shared_history.py",
            ".shared_history",
            id="relative-in-a-namespace-package",
        ),
        pytest.param(
            {"core/flows/one.py": "from .state import S\n", "core/flows/state.py": ""},
            "core/flows/one.py",
            "core/flows/shared_history.py",
            ".shared_history",
            id="relative-and-nobody-imports-it",
        ),
        pytest.param(
            {
                "lib/__init__.py": "",
                "examples/chat/server.py": "from lib import add\n\nif __name__ == '__main__':\n    run()\n",
            },
            "examples/chat/server.py",
            "examples/chat/shared_history.py",
            "shared_history",
            id="script-beside-an-installed-package",
        ),
        pytest.param(
            {"app/chat.py": "from app.models import M\n", "app/models.py": ""},
            "app/chat.py",
            "app/shared_history.py",
            "app.shared_history",
            id="namespace-package",
        ),
        pytest.param(
            {"app/chat.py": "", "main.py": "from app.chat import chat\n"},
            "app/chat.py",
            "app/shared_history.py",
            "app.shared_history",
            id="imported-by-another-file",
        ),
        pytest.param(
            {"app/chat.py": "", "main.py": "from app import chat\n"},
            "app/chat.py",
            "app/shared_history.py",
            "app.shared_history",
            id="imported-as-a-module",
        ),
        pytest.param(
            {"backend/chat.py": "import models\n", "backend/models.py": "", "backend/__init__.py": ""},
            "backend/chat.py",
            "backend/shared_history.py",
            "shared_history",
            id="flat-imports-in-a-package-folder",
        ),
        pytest.param(
            {"web/pages/chat.py": "import streamlit as st\n", "web/main.py": ""},
            "web/pages/chat.py",
            "web/pages/shared_history.py",
            "pages.shared_history",
            id="streamlit-page",
        ),
        pytest.param(
            {"a/b/__init__.py": "", "a/__init__.py": "", "a/b/c.py": "from ..x import y\n", "a/x.py": ""},
            "a/b/c.py",
            "a/b/shared_history.py",
            ".shared_history",
            id="relative-upwards",
        ),
        pytest.param(
            {
                "a/__init__.py": "",
                "a/shared_history.py": OURS,
                "a/b/__init__.py": "",
                "a/b/c.py": "from ..x import y\n",
            },
            "a/b/c.py",
            "a/shared_history.py",
            "..shared_history",
            id="existing-further-up",
        ),
        pytest.param(
            {
                "a/core/shared_history.py": OURS,
                "a/api/c.py": "from a.core import config\n",
                "a/core/config.py": "",
            },
            "a/api/c.py",
            "a/core/shared_history.py",
            "a.core.shared_history",
            id="existing-elsewhere",
        ),
        pytest.param(
            {
                "a/__init__.py": "",
                "a/core/__init__.py": "",
                "a/core/shared_history.py": OURS,
                "a/api/__init__.py": "",
                "a/api/c.py": "from . import d\n",
            },
            "a/api/c.py",
            "a/core/shared_history.py",
            "..core.shared_history",
            id="existing-in-a-sister-package",
        ),
        pytest.param(
            {"shared_history.py": "history = []\n", "app.py": ""},
            "app.py",
            "shared_chat_history.py",
            "shared_chat_history",
            id="the-name-is-taken",
        ),
        pytest.param(
            {"app.py": "", "old/shared_history.py": OURS},
            "app.py",
            "old/shared_history.py",
            "old.shared_history",
            id="existing-below",
        ),
        pytest.param(
            {"one/app.py": "", "two/shared_history.py": OURS},
            "one/app.py",
            "one/shared_history.py",
            "shared_history",
            id="existing-out-of-reach",
        ),
        pytest.param(
            {"app/__init__.py": "from .chat import chat\n", "app/chat.py": ""},
            "app/__init__.py",
            "app/shared_history.py",
            ".shared_history",
            id="in-the-package-itself",
        ),
    ],
)
def test_one_file(files: dict[str, str], path: str, module: str, imported: str) -> None:
    """
    Beside the file, or where a module stands already; imported in the file's own style.
    """
    assert where(files, path) == {path: (module, imported)}


def test_the_linker_may_know_the_name() -> None:
    """
    `uvicorn app.main:app` says what no import says.
    """
    found = placed({"app/main.py": "app.main"}, layout({"app/main.py": ""}))

    assert (found["app/main.py"].path, found["app/main.py"].module) == (
        "app/shared_history.py",
        "app.shared_history",
    )


def test_files_of_one_package_share_a_module() -> None:
    """
    It stands in the innermost folder around all of them.
    """
    files = {
        "app/__init__.py": "",
        "app/api/__init__.py": "",
        "app/api/chat.py": "from ..x import y\n",
        "app/bots/__init__.py": "",
        "app/bots/sales.py": "from app.api import chat\n",
        "app/x.py": "",
    }

    assert where(files, "app/api/chat.py", "app/bots/sales.py") == {
        "app/api/chat.py": ("app/shared_history.py", "..shared_history"),
        "app/bots/sales.py": ("app/shared_history.py", "app.shared_history"),
    }


def test_files_that_share_no_root_get_one_each() -> None:
    """
    Two services of one repository cannot import each other.
    """
    files = {"one/app.py": "", "two/app.py": ""}

    assert where(files, "one/app.py", "two/app.py") == {
        "one/app.py": ("one/shared_history.py", "shared_history"),
        "two/app.py": ("two/shared_history.py", "shared_history"),
    }


def test_a_second_run_uses_the_first_ones_module(project: Project) -> None:
    """
    Also when the user has edited it meanwhile.
    """
    chat = "from langchain.memory import ConversationBufferMemory\n\n\ndef chat(user_id):\n    return CODE\n"
    project.put("app/__init__.py", "")
    project.put("app/one.py", chat.replace("CODE", "ConversationBufferMemory()"))
    project.fault("ConversationBufferMemory()", "chat-memory", key="user_id")
    project.fix()
    edited = project.put("app/shared_history.py", project.text("app/shared_history.py") + "# mine\n")
    project.put("app/web/two.py", chat.replace("CODE", "ConversationBufferMemory()"))
    project.put("main.py", "import app.web.two\n")

    result = project.fix()

    assert [each.path for each in result.changed] == ["app/web/two.py"]
    assert "from app.shared_history import chat_history\n" in project.text("app/web/two.py")
    assert edited.read_text().endswith("# mine\n")
    assert result.notes == ()


def test_a_folder_called_like_a_package_does_not_make_it_local(project: Project) -> None:
    """
    `langchain` in `app/langchain/memory.py` is still the library: the project's own import stands in its own group.
    """
    chat = "from langchain.memory import ConversationBufferMemory\n\n\ndef chat(user_id):\n    return CODE\n"
    project.put("app/langchain/memory.py", chat.replace("CODE", "ConversationBufferMemory()"))
    project.put("main.py", "from app.langchain.memory import chat\n")
    project.fault("ConversationBufferMemory()", "chat-memory", key="user_id")

    project.fix()

    assert project.text("app/langchain/memory.py").startswith(
        "from langchain.memory import ConversationBufferMemory\n"
        "\nfrom app.langchain.shared_history import chat_history\n"
    )
