"""Lifecycles of savers: how they are opened, entered, set up and left; and the calls that they cannot serve."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

from lcmemlint.catalogue import load_catalogue
from lcmemlint.link import Project, link
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.scan import scan

HEAD = """
import asyncio
import os
import sqlite3
from contextlib import asynccontextmanager, contextmanager

import psycopg
from fastapi import FastAPI, Request
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.prebuilt import create_react_agent
from psycopg_pool import ConnectionPool

URL = os.environ["DATABASE_URL"]
app = FastAPI()
"""

ROUTE = """

@app.post("/ask")
def ask(thread_id: str, text: str):
    return agent.invoke({"messages": [text]}, {"configurable": {"thread_id": thread_id}})
"""

ASYNC_ROUTE = """

@app.post("/ask")
async def ask(thread_id: str, text: str):
    return await agent.ainvoke({"messages": [text]}, {"configurable": {"thread_id": thread_id}})
"""


def linked(text: str, others: Mapping[str, str] | None = None) -> Project:
    """The project of a file (and others, whose paths tell their role)."""
    catalogue = load_catalogue()
    files = {"app.py": HEAD + textwrap.dedent(text), **(others or {})}
    return link(
        {path: scan(content) for path, content in files.items()},
        catalogue=catalogue,
        modules=ModuleIndex(files, catalogue.packages),
        roles={path: "migration" if "migrations" in path else "app" for path in files},
    )


def lapses(text: str) -> list[str]:
    return [lapse.kind for lapse in linked(text).savers.lapses()]


@pytest.mark.parametrize(
    ("opening", "kinds"),
    [
        ("saver = PostgresSaver.from_conn_string(URL)", ["unentered"]),
        ("saver = PostgresSaver(conn='postgresql://localhost')", ["argument"]),
        ("saver = PostgresSaver(sync_connection=ConnectionPool(URL))", ["argument"]),
        ("saver = PostgresSaver(f'postgresql://{URL}')", ["argument"]),
        ("saver = SqliteSaver(sqlite3.connect('a.db'))", ["thread"]),
        ("saver = SqliteSaver(sqlite3.connect('a.db', check_same_thread=False))", []),
        ("saver = PostgresSaver(psycopg.connect(URL))", ["lone"]),
        ("saver = PostgresSaver(ConnectionPool(URL))", []),
        ("saver = PostgresSaver(**settings())", []),
        ("saver = PostgresSaver.from_conn_string(URL).__enter__()", []),
        ("saver = PostgresSaver.from_conn_string(URL)\nprint(saver.name())", ["unentered"]),
        ("saver = PostgresSaver.from_conn_string(URL)\nsaver.setup()", ["unentered"]),
        ("from langgraph.checkpoint.mongodb import MongoDBSaver\nsaver = MongoDBSaver(URL)", []),
    ],
)
def test_how_a_saver_is_opened(opening: str, kinds: list[str]) -> None:
    """
    Every way to open a saver at module level, given to a graph that a route runs.
    """
    graph = "\nagent = create_react_agent('m', [], checkpointer=saver)\n"

    assert lapses(opening + graph + ROUTE) == kinds


def test_a_saver_that_nothing_runs_is_nobodys_concern() -> None:
    """
    No route uses the graph.
    """
    text = "agent = create_react_agent('m', [], checkpointer=PostgresSaver.from_conn_string(URL))\n"

    assert lapses(text) == []


def test_a_with_that_returns_an_answer_is_no_escape() -> None:
    """
    What leaves the block is what the graph said, not the graph.
    """
    text = """
        @app.post("/ask")
        def ask(text: str):
            with PostgresSaver.from_conn_string(URL) as saver:
                agent = create_react_agent("m", [], checkpointer=saver)
                return agent.invoke({"messages": [text]})
    """

    assert lapses(text) == []


def test_a_generator_keeps_its_with_open() -> None:
    """
    A dependency that yields the graph closes the connection after the answer.
    """
    text = """
        from fastapi import Depends

        def opened():
            with PostgresSaver.from_conn_string(URL) as saver:
                agent = create_react_agent("m", [], checkpointer=saver)
                yield agent

        @app.post("/ask")
        def ask(text: str, agent=Depends(opened)):
            return agent.invoke({"messages": [text]})
    """

    assert lapses(text) == []


def test_an_attribute_set_inside_a_with_outlives_it() -> None:
    """
    `__init__` returns, the connection is closed, and the route uses the graph.
    """
    text = """
        class Bot:
            def __init__(self):
                with PostgresSaver.from_conn_string(URL) as saver:
                    saver.setup()
                    self.agent = create_react_agent("m", [], checkpointer=saver)

        bot = Bot()

        @app.post("/ask")
        def ask(text: str):
            return bot.agent.invoke({"messages": [text]})
    """

    assert lapses(text) == ["left"]


def test_a_script_leaves_its_with_when_it_ends() -> None:
    """
    Below `if __name__ == "__main__"` nothing outlives the block.
    """
    text = """
        if __name__ == "__main__":
            with PostgresSaver.from_conn_string(URL) as saver:
                agent = create_react_agent("m", [], checkpointer=saver)
                app.state.agent = agent
    """

    assert lapses(text) == []


def test_a_with_that_yields_keeps_what_it_opened() -> None:
    """
    A context manager of the project closes the connection with its own block.
    """
    text = """
        @contextmanager
        def opened():
            with PostgresSaver.from_conn_string(URL) as saver:
                yield create_react_agent("m", [], checkpointer=saver)

        class Bot:
            async def answer(self, text):
                with PostgresSaver.from_conn_string(URL) as saver:
                    self.agent = create_react_agent("m", [], checkpointer=saver)
                    yield self.agent.invoke({"messages": [text]})

        @app.post("/ask")
        def ask(text: str):
            with opened() as agent:
                return agent.invoke({"messages": [text]})
    """

    assert lapses(text) == []


def clashes(text: str) -> list[tuple[str, int]]:
    return [(clash.name, len(clash.calls)) for clash in linked(text).clashes()]


@pytest.mark.parametrize(
    ("saver", "found"),
    [
        ("PostgresSaver(ConnectionPool(URL))", [("PostgresSaver", 1)]),
        ("MemorySaver()", []),
        ("MemorySaver() if URL == 'x' else PostgresSaver(ConnectionPool(URL))", [("PostgresSaver", 1)]),
        ("AsyncPostgresSaver(pool()) if URL == 'x' else PostgresSaver(ConnectionPool(URL))", []),
        ("unknown() if URL == 'x' else PostgresSaver(ConnectionPool(URL))", []),
        ("None", []),
    ],
)
def test_savers_under_async_calls(saver: str, found: list[tuple[str, int]]) -> None:
    """
    One that serves both does not clash; a choice between both kinds, or with something unknown, is no proof.
    """
    text = f"agent = create_react_agent('m', [], checkpointer={saver})\n"

    assert clashes(text + ASYNC_ROUTE) == found


def test_a_branch_that_no_call_takes() -> None:
    """
    Every caller hands over None, so the sync saver is never built; with one address, it is.
    """
    text = """
        def opened(url=None):
            if url:
                return PostgresSaver(ConnectionPool(url))
            return MemorySaver()

        agent = create_react_agent("m", [], checkpointer=opened({}))
    """
    route = textwrap.indent(ASYNC_ROUTE, " " * 8)

    assert clashes(text.format(None) + route) == []
    assert clashes(text.format("URL") + route) == [("PostgresSaver", 1)]


def test_one_saver_clashes_once() -> None:
    """
    All calls that it cannot serve belong to one fault.
    """
    text = "agent = create_react_agent('m', [], checkpointer=PostgresSaver(ConnectionPool(URL)))\n"
    other = ASYNC_ROUTE.replace("/ask", "/state").replace("ask(", "state(").replace("ainvoke", "aget_state")

    assert clashes(text + ASYNC_ROUTE + other) == [("PostgresSaver", 2)]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ("SQLChatMessageHistory(session_id, connection=URL)", 1),
        ("SQLChatMessageHistory(session_id, connection=URL, async_mode=False)", 1),
        ("SQLChatMessageHistory(session_id, connection=URL, async_mode=True)", 0),
        ("SQLChatMessageHistory(session_id, connection=URL, async_mode=unknown())", 0),
        ("SQLChatMessageHistory(session_id, **unknown())", 0),
        ("unknown(session_id)", 0),
    ],
)
def test_histories_under_async_calls(history: str, found: int) -> None:
    """
    One that is sync by an argument of its own.
    """
    text = f"""
        from langchain_community.chat_message_histories import SQLChatMessageHistory
        from langchain_core.runnables.history import RunnableWithMessageHistory

        def history_of(session_id):
            return {history}

        chain = RunnableWithMessageHistory(model, history_of)
        broken = RunnableWithMessageHistory(model)

        @app.post("/ask")
        async def ask(text: str):
            await broken.ainvoke(text)
            await chain.ainvoke(text)
            return await chain.ainvoke(text)
    """

    assert [calls for _, calls in clashes(text)] == ([2] if found else [])


def test_an_async_saver_in_an_executor() -> None:
    """
    What is handed to a thread does not run on the loop.
    """
    text = """
        agent = create_react_agent("m", [])

        @app.on_event("startup")
        async def start():
            agent.checkpointer = AsyncPostgresSaver(await opened())

        @app.post("/ask")
        async def ask(text: str):
            loop = asyncio.get_running_loop()
            state = await asyncio.to_thread(agent.get_state, {})
            return await loop.run_in_executor(None, lambda: agent.invoke({"messages": [text]}))
    """

    assert clashes(text) == []


def never_set_up(text: str, others: Mapping[str, str] | None = None) -> list[str]:
    return [memory.name for memory in linked(text, others).savers.never_set_up()]


POOLED = (
    "saver = PostgresSaver(ConnectionPool(URL))\nagent = create_react_agent('m', [], checkpointer=saver)\n"
)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", ["PostgresSaver"]),
        ("saver.setup()\n", []),
        ("from elsewhere import thing\nthing.setup()\n", ["PostgresSaver"]),
        ("def prepare(x):\n    x.setup()\n", []),
        ("TABLES = 'CREATE TABLE checkpoint_blobs (id text)'\n", []),
        ("async def go():\n    await AsyncPostgresSaver(pool()).setup()\n", []),
        ("def go(app: FastAPI):\n    app.setup()\n", ["PostgresSaver"]),
        ("from langgraph.checkpoint.base import BaseCheckpointSaver\nBaseCheckpointSaver().setup()\n", []),
    ],
)
def test_who_sets_up(more: str, found: list[str]) -> None:
    """
    Its own `setup`, that of its twin, that of something unknown, or tables in the project's own words.
    """
    assert never_set_up(POOLED + more + ROUTE) == found


def test_a_migration_sets_up() -> None:
    """
    Migrations take no part otherwise.
    """
    others = {"migrations/0001.py": "from app import saver\n\ndef up():\n    saver.setup()\n"}

    assert never_set_up(POOLED + ROUTE, others) == []
    assert never_set_up(POOLED + ROUTE, {"migrations/0001.py": "x = 1\n"}) == ["PostgresSaver"]
    tables = "op.execute('create table checkpoint_writes (id text)')\n"
    assert never_set_up(POOLED + ROUTE, {"migrations/0001.py": tables}) == []


@pytest.mark.parametrize(
    ("keeping", "found"),
    [
        ("saver = PostgresSaver(ConnectionPool(URL))", ["ConnectionPool"]),
        ("saver = PostgresSaver(request.app.state.pool)", []),
        ("saver = request.app.state.saver = PostgresSaver(ConnectionPool(URL))", []),
        ("saver = PostgresSaver(psycopg.connect(URL))", ["connect"]),
        ("saver = SqliteSaver(sqlite3.connect('a.db', check_same_thread=False))", []),
    ],
)
def test_what_a_request_opens(keeping: str, found: list[str]) -> None:
    """
    What the request keeps for later requests is opened once; sqlite is a file.
    """
    text = f"""
        @app.post("/ask")
        def ask(request: Request, text: str):
            {keeping}
            agent = create_react_agent("m", [], checkpointer=saver)
            return agent.invoke({{"messages": [text]}})
    """

    assert [opening.name.rpartition(".")[2] for opening in linked(text).savers.opened_per_request()] == found
