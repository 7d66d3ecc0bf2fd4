"""Memories that summarise or cut become the generated classes, which keep what they know beside the messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

SUMMARY = "from langchain.memory import ConversationSummaryMemory\n\n\ndef answer(user_id, llm):\n"
TOKENS = SUMMARY.replace("SummaryMemory", "TokenBufferMemory")
BUFFER = SUMMARY.replace("SummaryMemory", "SummaryBufferMemory")


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        pytest.param(
            f"{SUMMARY}    return ConversationSummaryMemory(llm=llm)\n",
            "ConversationSummaryMemory(llm=llm)",
            "SharedSummaryMemory(\n        llm=llm, chat_memory=chat_history(user_id), "
            'shared_summary=chat_history(user_id, "summary")\n    )\n',
            id="summary",
        ),
        pytest.param(
            f"{TOKENS}    return ConversationTokenBufferMemory(llm=llm, max_token_limit=9)\n",
            "ConversationTokenBufferMemory(llm=llm, max_token_limit=9)",
            "SharedTokenBufferMemory(\n"
            "        llm=llm, max_token_limit=9, chat_memory=chat_history(user_id)\n    )\n",
            id="tokens",
        ),
        pytest.param(
            f"{BUFFER}    return ConversationSummaryBufferMemory(\n"
            "        llm=llm,\n        max_token_limit=9,\n    )\n",
            "ConversationSummaryBufferMemory(\n        llm=llm,\n        max_token_limit=9,\n    )",
            "SharedSummaryBufferMemory(\n        llm=llm,\n        max_token_limit=9,\n"
            "        chat_memory=chat_history(user_id),\n"
            '        shared_summary=chat_history(user_id, "summary"),\n    )\n',
            id="a-line-each",
        ),
    ],
)
def test_the_class_and_its_histories(fixed: Callable[..., str], before: str, code: str, after: str) -> None:
    """
    All other arguments stay; the imports stand in one group, and the old one goes.
    """
    new = fixed(before, code, "shared-memory", key="user_id")

    assert new.endswith(after)
    assert new.startswith("from shared_history import chat_history\nfrom shared_memory import Shared")
    assert "langchain" not in new


def test_in_a_dict_the_key_is_known(fixed: Callable[..., str]) -> None:
    """
    The dict stays: what it keeps reads the shared history each time.
    """
    before = (
        f"{SUMMARY}    if user_id not in memories:\n"
        "        memories[user_id] = ConversationSummaryMemory(llm=llm)\n"
    )

    after = fixed(before, "ConversationSummaryMemory(llm=llm)", "shared-memory", namespace="bot")

    assert 'shared_summary=chat_history("bot", user_id, "summary")' in after


@pytest.mark.parametrize("package", ["langchain", "langchain_classic"])
def test_the_module_follows_the_app(project: Project, package: str) -> None:
    """
    It imports the classes from where the app had them.
    """
    project.put(
        "app.py", f"{SUMMARY.replace('langchain', package)}    return ConversationSummaryMemory(llm=llm)\n"
    )
    project.fault("ConversationSummaryMemory(llm=llm)", "shared-memory", key="user_id")

    project.fix()

    assert f"from {package}.memory.chat_memory import BaseChatMemory\n" in project.text("shared_memory.py")
    assert ("langchain_classic" in project.text("shared_memory.py")) == (package == "langchain_classic")


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (
            "    memory = ConversationSummaryMemory(llm=llm)\n    return memory.buffer\n",
            "ConversationSummaryMemory(llm=llm)",
            "looks at `memory.buffer`",
        ),
        (
            "    return ConversationSummaryMemory(llm=llm, buffer='so far')\n",
            "ConversationSummaryMemory(llm=llm, buffer='so far')",
            "begins with a summary",
        ),
        (
            "    return ConversationSummaryMemory.from_messages(llm)\n",
            "ConversationSummaryMemory.from_messages(llm)",
            "not a buffer or window memory",
        ),
    ],
)
def test_a_summary_that_the_code_handles_is_refused(
    refused: Callable[..., str], body: str, code: str, reason: str
) -> None:
    """
    It is no attribute any more.
    """
    assert reason in refused(SUMMARY + body, code, "shared-memory", key="user_id")
