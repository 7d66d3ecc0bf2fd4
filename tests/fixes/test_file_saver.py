"""Savers over a SQLite file become the shared one, with what was opened for them alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lcmemlint.fixes.file_saver import class_of

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

SYNC = "from langgraph.checkpoint.sqlite import SqliteSaver\n"
ASYNC = "from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver\n"
SHARED = "from shared_checkpointer import shared_checkpointer\n"


def test_the_connection_of_the_saver_goes_with_it(fixed: Callable[..., str]) -> None:
    """
    The file that only the saver used is not opened any more, and `sqlite3` is not imported.
    """
    before = (
        f"import sqlite3\n\n{SYNC}from app import build\n\n"
        'connection = sqlite3.connect("threads.db", check_same_thread=False)\n'
        "saver = SqliteSaver(connection)\ngraph = build(saver)\n"
    )

    after = fixed(before, "SqliteSaver(connection)", "checkpointer")

    assert after == f"from app import build\n{SHARED}\nsaver = shared_checkpointer()\ngraph = build(saver)\n"


@pytest.mark.parametrize(
    "more",
    [
        'connection.execute("VACUUM")',
        "print(connection)",
        "__all__ = ['connection']",
        '__all__ = ["connection"]',
    ],
)
def test_a_connection_with_other_uses_stays(fixed: Callable[..., str], more: str) -> None:
    before = f'import sqlite3\n{SYNC}\nconnection = sqlite3.connect("a.db")\nsaver = SqliteSaver(conn=connection)\n'

    after = fixed(f"{before}{more}\n", "SqliteSaver(conn=connection)", "checkpointer")

    assert 'connection = sqlite3.connect("a.db")' in after
    assert "import sqlite3" in after
    assert "saver = shared_checkpointer()" in after


def test_the_comment_above_the_connection_stands_above_the_saver(fixed: Callable[..., str]) -> None:
    before = (
        f'import sqlite3\n{SYNC}from app import build\n\n# threads\nconnection = sqlite3.connect(\n    "a.db",\n)\n'
        "saver = SqliteSaver(connection)\n"
    )

    after = fixed(before, "SqliteSaver(connection)", "checkpointer")

    assert after == f"from app import build\n{SHARED}\n# threads\nsaver = shared_checkpointer()\n"


def test_a_with_goes_and_its_body_moves_out(fixed: Callable[..., str]) -> None:
    """
    A text of several lines, blank lines and comments of the body keep what is inside them.
    """
    before = (
        f'{ASYNC}\n\nasync def lifespan(app):\n    path = "a.db"\n'
        "    async with AsyncSqliteSaver.from_conn_string(path) as saver:  # threads\n"
        "        # the graph\n        await saver.setup()\n        app.state.graph = build(\n"
        '            saver,\n        )\n\n        app.state.help = """\n        as it is\n"""\n'
        "        yield\n    # done\n"
    )

    after = fixed(before, "AsyncSqliteSaver.from_conn_string(path)", "checkpointer")

    assert after == (
        f"{SHARED}\n\nasync def lifespan(app):\n"
        "    saver = shared_checkpointer()  # threads\n"
        "    # the graph\n    app.state.graph = build(\n"
        '        saver,\n    )\n\n    app.state.help = """\n        as it is\n"""\n    yield\n    # done\n'
    )


def test_a_line_that_hangs_to_the_left_of_its_block(fixed: Callable[..., str]) -> None:
    """
    Inside brackets it may; it moves to the level that the block has then.
    """
    before = (
        f"{SYNC}\n\ndef start(path):\n    with SqliteSaver.from_conn_string(path) as saver:\n"
        "        return build(\n      saver,\n)\n"
    )

    after = fixed(before, "SqliteSaver.from_conn_string(path)", "checkpointer")

    assert after.endswith("    saver = shared_checkpointer()\n    return build(\n    saver,\n)\n")


def test_a_saver_that_a_stack_enters(fixed: Callable[..., str]) -> None:
    before = (
        f"{ASYNC}\n\nasync def start(stack, path):\n"
        "    saver = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(path))\n"
        "    return build(saver)\n"
    )

    after = fixed(before, "AsyncSqliteSaver.from_conn_string(path)", "checkpointer")

    assert after.endswith("    saver = shared_checkpointer()\n    return build(saver)\n")


def test_an_annotation_of_the_class_becomes_the_base(fixed: Callable[..., str]) -> None:
    before = f"{SYNC}\n\ndef saver_of(connection) -> SqliteSaver:\n    return SqliteSaver(connection)\n"

    after = fixed(before, "SqliteSaver(connection)", "checkpointer")

    assert after == (
        f"from langgraph.checkpoint.base import BaseCheckpointSaver\n\n{SHARED}\n\n"
        "def saver_of(connection) -> BaseCheckpointSaver:\n    return shared_checkpointer()\n"
    )


def test_line_ends_and_tabs_stay(project: Project) -> None:
    """
    A file with CRLF and tabs has no other bytes than those of the edit.
    """
    project.put(
        "app.py",
        f"{ASYNC}\ndef run(path):\n\tasync def inner():\n\t\tasync with AsyncSqliteSaver.from_conn_string(path) as s:\n"
        "\t\t\tserve(s)\n\t\t\treturn 1\n".replace("\n", "\r\n").replace(
            "from langgraph", "from langgraph", 1
        ),
    )
    project.put("app.py", project.text("app.py").replace("\r\n", "\n").replace("\n", "\r\n"))
    project.fault("AsyncSqliteSaver.from_conn_string(path)", "checkpointer")

    project.fix(unsafe=True)

    after = project.text("app.py")
    assert after.count("\n") == after.count("\r\n")
    assert after.endswith("\t\ts = shared_checkpointer()\r\n\t\tserve(s)\r\n\t\treturn 1\r\n")


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        pytest.param(
            "def f(path):\n    return SqliteSaver.from_conn_string(path)\n",
            "SqliteSaver.from_conn_string(path)",
            "is not seen here",
            id="manager-that-leaves",
        ),
        pytest.param(
            "def f(path):\n    with open(path) as a, SqliteSaver.from_conn_string(path) as s:\n        run(s)\n",
            "SqliteSaver.from_conn_string(path)",
            "opens other things too",
            id="two-items",
        ),
        pytest.param(
            "saver = SqliteSaver(connection)\nsaver.conn.commit()\n",
            "SqliteSaver(connection)",
            "looks into `saver.conn`",
            id="connection-of-the-saver",
        ),
        pytest.param(
            "saver: SqliteSaver = SqliteSaver(connection)\nsaver.conn.commit()\n",
            "SqliteSaver(connection)",
            "looks into `saver.conn`",
            id="annotated",
        ),
        pytest.param(
            "with SqliteSaver.from_conn_string(\n    path,  # threads\n) as s:\n    run(s)\n",
            "SqliteSaver.from_conn_string(\n    path,  # threads\n)",
            "comment",
            id="comment-inside-the-with",
        ),
        pytest.param(
            "with (  # threads\n    SqliteSaver.from_conn_string(path)\n) as s:\n    run(s)\n",
            "SqliteSaver.from_conn_string(path)",
            "comments stand inside the `with`",
            id="comment-in-the-head",
        ),
        pytest.param(
            "saver = SqliteSaver(connection)\nif new:\n    saver.setup()\n",
            "SqliteSaver(connection)",
            "sets the saver up",
            id="setup-alone-in-a-block",
        ),
        pytest.param("saver = SqliteSaver(**given)\n", "SqliteSaver(**given)", "is not known", id="stars"),
        pytest.param(
            "threads = SqliteSaver(connection).list(None)\n",
            "SqliteSaver(connection)",
            "is taken from the saver at once",
            id="used-at-once",
        ),
    ],
)
def test_what_is_refused(refused: Callable[..., str], body: str, code: str, reason: str) -> None:
    assert reason in refused(f"{SYNC}\n{body}", code, "checkpointer")


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("langgraph.checkpoint.sqlite.SqliteSaver", "SqliteSaver"),
        ("langgraph.checkpoint.sqlite.SqliteSaver.from_conn_string", "SqliteSaver"),
        ("SqliteSaver.from_conn_string", "SqliteSaver"),
        ("SqliteSaver", "SqliteSaver"),
        ("from_conn_string", None),
        ("SqliteSaver.other", None),
        ("", None),
    ],
)
def test_the_class_behind_a_dotted_name(known: str, name: str | None) -> None:
    """
    Of the constructor and of what opens one.
    """
    assert class_of(known) == name


@pytest.mark.parametrize(
    ("made", "goes"),
    [
        ("sqlite3.connect(path)", True),
        ("sqlite3.connect(os.path.join(path, 'a.db'))", True),
        ("sqlite3.connect(str(path))", True),
        ("sqlite3.connect(os.fspath(path))", True),
        ("sqlite3.connect(opened(path))", False),
    ],
)
def test_what_is_opened_for_nothing_goes(fixed: Callable[..., str], made: str, goes: bool) -> None:
    """
    Unless opening it does more than to open it.
    """
    before = (
        f"import os\nimport sqlite3\n{SYNC}\n\ndef build(path):\n    connection = {made}\n"
        "    print(os.getcwd())\n    return SqliteSaver(connection)\n"
    )

    after = fixed(before, "SqliteSaver(connection)", "checkpointer")

    assert ("connection = " not in after) is goes
