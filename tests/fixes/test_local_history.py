"""Histories in a file on one host become the shared history of the same session."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SQL = "from langchain_community.chat_message_histories import SQLChatMessageHistory\n"
FILE = "from langchain_community.chat_message_histories import FileChatMessageHistory\n"
SHARED = "from shared_history import chat_history\n"


def test_the_session_id_of_the_call_names_the_shared_history(fixed: Callable[..., str]) -> None:
    before = (
        f"{SQL}\n\ndef history_of(session_id: str) -> SQLChatMessageHistory:\n"
        '    return SQLChatMessageHistory(session_id, connection="sqlite:///chat.db")\n'
    )

    after = fixed(
        before, 'SQLChatMessageHistory(session_id, connection="sqlite:///chat.db")', "local-history"
    )

    assert after == (
        f"from langchain_core.chat_history import BaseChatMessageHistory\n\n{SHARED}\n\n"
        "def history_of(session_id: str) -> BaseChatMessageHistory:\n    return chat_history(session_id)\n"
    )


def test_the_path_of_the_file_goes(fixed: Callable[..., str]) -> None:
    """
    A path that was made for the file only is not made any more; what has an effect stays.
    """
    before = (
        f"{FILE}\n\ndef history_of(user_id, session_id):\n    FOLDER.mkdir()\n    own = FOLDER / user_id\n"
        '    path = own / f"{session_id}.json"\n    return FileChatMessageHistory(str(path))\n'
    )

    after = fixed(before, "FileChatMessageHistory(str(path))", "local-history", ids="session_id,user_id")

    assert after == (
        f"{SHARED}\n\ndef history_of(user_id, session_id):\n    FOLDER.mkdir()\n"
        "    return chat_history(user_id, session_id)\n"
    )


def test_what_has_nothing_to_do_with_the_file_may_be_anything(fixed: Callable[..., str]) -> None:
    """
    Another variable of the function is made of what is no id.
    """
    before = (
        f"{FILE}\n\ndef history_of(tenant, session_id):\n    label = tenant.upper()\n    log(label)\n"
        '    return FileChatMessageHistory(f"{session_id}.json")\n'
    )

    after = fixed(before, 'FileChatMessageHistory(f"{session_id}.json")', "local-history", ids="session_id")

    assert after.endswith("    log(label)\n    return chat_history(session_id)\n")


def test_whatever_chooses_the_file_must_be_an_id(refused: Callable[..., str]) -> None:
    """
    Two tenants whose users have the same ids would read each other's conversations.
    """
    code = "FileChatMessageHistory(f'{tenant}/{user_id}')"

    found = refused(
        f"{FILE}\n\ndef f(tenant, user_id):\n    return {code}\n", code, "local-history", ids="user_id"
    )

    assert "`tenant` helps to choose the file" in found


@pytest.mark.parametrize(
    ("call", "key", "reason"),
    [
        ('SQLChatMessageHistory("all", connection="sqlite:///a.db")', "", "the same for everyone"),
        ("SQLChatMessageHistory(session_id=s, table_name=t)", "", "has no counterpart"),
        ("SQLChatMessageHistory(**given)", "s", "is not known"),
        ("SQLChatMessageHistory()", "", "no session key"),
    ],
)
def test_what_is_refused(refused: Callable[..., str], call: str, key: str, reason: str) -> None:
    before = f"{SQL}\n\ndef history_of(s, t, given):\n    return {call}\n"

    assert reason in refused(before, call, "local-history", key=key)


@pytest.mark.parametrize(
    "attribute", ["file_path", "engine", "async_engine", "session_maker", "sql_model_class"]
)
def test_what_only_the_old_history_has(refused: Callable[..., str], attribute: str) -> None:
    """
    Code that uses it would break.
    """
    call = 'SQLChatMessageHistory(s, connection="sqlite:///a.db")'
    before = f"{SQL}\n\ndef show(s):\n    own = {call}\n    print(own.{attribute})\n    return own.messages\n"

    assert f"line 6 looks into `own.{attribute}`" in refused(before, call, "local-history")


@pytest.mark.parametrize(
    "argument",
    ["connection", "connection_string", "async_mode", "engine_args", "file_path", "encoding", "ensure_ascii"],
)
def test_how_the_old_history_wrote_does_not_matter(fixed: Callable[..., str], argument: str) -> None:
    """
    The shared history knows where and how by itself.
    """
    call = f"SQLChatMessageHistory(s, {argument}=x)"

    after = fixed(f"{SQL}\n\ndef history_of(s, x):\n    return {call}\n", call, "local-history")

    assert after.endswith("    return chat_history(s)\n")
