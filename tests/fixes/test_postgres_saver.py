"""Savers over Postgres that are opened in a way that cannot hold keep their database in the shared saver."""

from __future__ import annotations

from collections.abc import Callable

import pytest

IMPORT = "from langgraph.checkpoint.postgres import PostgresSaver\n"
SHARED = "from shared_checkpointer import shared_checkpointer\n"


def test_a_with_that_the_saver_leaves(fixed: Callable[..., str]) -> None:
    before = (
        f"{IMPORT}\n\ndef build(url):\n    with PostgresSaver.from_conn_string(url) as saver:\n"
        "        saver.setup()\n        # the graph\n        return compile_(saver)\n"
    )

    after = fixed(before, "PostgresSaver.from_conn_string(url)", "checkpointer")

    assert after == (
        f"{SHARED}\n\ndef build(url):\n    saver = shared_checkpointer(url=url)\n"
        "    # the graph\n    return compile_(saver)\n"
    )


def test_a_manager_that_nothing_enters(fixed: Callable[..., str]) -> None:
    before = f'import os\n\n{IMPORT}\nsaver = PostgresSaver.from_conn_string(os.environ["URL"])  # kept\nrun(saver)\n'

    after = fixed(before, 'PostgresSaver.from_conn_string(os.environ["URL"])', "checkpointer", entered="no")

    assert after.endswith('saver = shared_checkpointer(url=os.environ["URL"])  # kept\nrun(saver)\n')


def test_one_connection_and_what_only_it_used_go(fixed: Callable[..., str]) -> None:
    before = (
        f"import psycopg\n{IMPORT}from psycopg.rows import dict_row\n\n"
        "connection = psycopg.connect(URL, autocommit=True, row_factory=dict_row)\n"
        "saver = PostgresSaver(connection)\nsaver.setup()\nrun(saver)\n"
    )

    after = fixed(before, "PostgresSaver(connection)", "checkpointer")

    assert after == f"{SHARED}\n\nsaver = shared_checkpointer(url=URL)\nrun(saver)\n"


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ("saver = PostgresSaver(pool)\n", "PostgresSaver(pool)", "is not seen here"),
        ("saver = PostgresSaver()\n", "PostgresSaver()", "is given no database"),
        (
            "saver = PostgresSaver(conn, pipe=p)\n",
            "PostgresSaver(conn, pipe=p)",
            "means something to a saver",
        ),
        (
            "manager = PostgresSaver.from_conn_string(url)\nwith manager as saver:\n    run(saver)\n",
            "PostgresSaver.from_conn_string(url)",
            "is not seen here",
        ),
    ],
)
def test_what_is_refused(refused: Callable[..., str], body: str, code: str, reason: str) -> None:
    assert reason in refused(f"{IMPORT}\n{body}", code, "checkpointer")
