"""The project's own factory takes the place of the generated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcmemlint.fixes import fix_files

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

MEMORY = "ConversationBufferMemory()"
APP = (
    f"from langchain.memory import ConversationBufferMemory\n\n\ndef answer(user_id):\n    return {MEMORY}\n"
)


def test_nothing_is_generated(project: Project) -> None:
    """
    The file imports the function that the configuration names.
    """
    project.put("app/history.py", "def get_history(*ids): ...\n")
    project.put("app/chat.py", APP)
    project.fault(MEMORY, "chat-memory", key="user_id")

    result = fix_files(
        project.root,
        project.lint({}),
        unsafe=False,
        relint=project.lint,
        write=True,
        factory="app.history:get_history",
    )

    assert [each.path for each in result.changed] == ["app/chat.py"]
    assert result.notes == ()
    assert "from app.history import get_history\n" in project.text("app/chat.py")
    assert "ConversationBufferMemory(chat_memory=get_history(user_id))" in project.text("app/chat.py")


def test_the_factory_is_not_rewritten_into_itself(project: Project) -> None:
    """
    It would call itself for ever.
    """
    project.put("app/history.py", APP.replace("answer", "get_history"))
    project.fault(MEMORY, "chat-memory", key="user_id")

    result = fix_files(
        project.root,
        project.lint({}),
        unsafe=False,
        relint=project.lint,
        write=True,
        factory="app.history:get_history",
    )

    assert result.changed == ()
    assert "is the factory" in result.refused[0].reason
