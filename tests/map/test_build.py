"""What a map shows of a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lcmemlint.map.fold import folded
from lcmemlint.map.model import LANES, Map, Node

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

CHAT = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()

@app.post("/chat")
def chat(text: str):
    memory = ConversationBufferMemory()
    return ConversationChain(llm=llm, memory=memory).invoke({"input": text})
"""

SAVER = """\
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import StateGraph

@asynccontextmanager
async def lifespan(app):
    async with AsyncPostgresSaver.from_conn_string("postgresql://db/chat") as saver:
        await saver.setup()
        app.state.graph = StateGraph(dict).compile(checkpointer=saver)
        yield

app = FastAPI(lifespan=lifespan)

@app.post("/chat/{thread}")
async def chat(request: Request, thread: str):
    return await request.app.state.graph.ainvoke({}, {"configurable": {"thread_id": thread}})
"""

Draw = Callable[[Mapping[str, str]], Map]


@pytest.fixture
def three(drawn: Draw) -> Map:
    """
    The example of the README.
    """
    folder = EXAMPLES / "fastapi_three_files"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return drawn({path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files})


def only(of: Map, lane: str) -> Node:
    """The one box of a lane."""
    (node,) = (node for node in of.nodes if node.lane == lane)
    return node


def way(of: Map) -> list[str]:
    """The labels along the arrows, from the first box, where there is one way only."""
    targets = {edge.source: edge.target for edge in of.edges}
    labels = {node.id: node.label for node in of.nodes}
    current: str | None = next(node.id for node in of.nodes if node.id not in targets.values())
    found = []
    while current is not None:
        found.append(labels[current])
        current = targets.get(current)
    return found


def test_the_way_from_processes_to_storage_is_drawn(three: Map) -> None:
    """
    Workload, entry point, functions and chain, memory, storage: in the order in which a request meets them.
    """
    assert way(three) == [
        "4 processes",
        "chat",
        "answer()",
        "RunnableWithMessageHistory",
        "get_session_history()",
        "InMemoryChatMessageHistory",
        "memory of each process",
    ]


def test_a_finding_marks_its_box_and_knows_its_way(three: Map) -> None:
    """
    The proof goes through the boxes of its steps and those between them.
    """
    memory = only(three, "memory")
    (number,) = memory.findings

    assert three.shown[number].finding.code == "LCM102"
    assert memory.severity == "error"
    assert set(three.shown[number].path) == {node.id for node in three.nodes}
    assert three.shown[number].stops[0].code == '@app.post("/chat")'


def test_a_manifest_finding_marks_the_workload(three: Map) -> None:
    """
    LCM401 stands at the line that asks for four processes.
    """
    workload = only(three, "workload")

    assert [three.shown[number].finding.code for number in workload.findings] == ["LCM401"]


def test_what_is_not_drawn_is_counted(three: Map) -> None:
    """
    A health check has nothing to do with memory.
    """
    assert three.remarks == ("1 of 2 entry points reach no memory and are not drawn.",)


def test_memory_of_one_request_is_kept_nowhere(drawn: Draw) -> None:
    """
    It is gone after the answer.
    """
    of = drawn({"app.py": CHAT})

    assert (only(of, "memory").life, only(of, "storage").label) == ("request", "nowhere")


def test_a_saver_that_is_opened_at_startup_is_reached_from_both_ways(drawn: Draw) -> None:
    """
    The lifespan builds it, requests use it.
    """
    of = drawn({"app.py": SAVER})
    saver = only(of, "memory")
    entries = {node.label: node.id for node in of.lane("entry")}

    assert (saver.life, only(of, "storage").label, only(of, "storage").detail) == ("shared", "Postgres", "db")
    assert set(entries) == {"chat", "lifespan"}
    assert (entries["lifespan"], saver.id) in {(edge.source, edge.target) for edge in of.edges}


def test_a_plain_dict_with_conversations_is_a_memory(drawn: Draw) -> None:
    """
    LCM105 is about no class of LangChain, and is drawn all the same.
    """
    of = drawn(
        {
            "app.py": "from fastapi import FastAPI\nfrom langchain_openai import ChatOpenAI\napp = FastAPI()\n"
            "chat_history = {}\nllm = ChatOpenAI()\n"
            '@app.post("/chat")\ndef chat(session_id: str, text: str):\n'
            "    messages = chat_history.setdefault(session_id, [])\n"
            '    messages.append({"role": "user", "content": text})\n'
            "    return llm.invoke(messages).content\n"
        }
    )

    assert (only(of, "memory").label, only(of, "memory").life) == ("chat_history", "process")


def test_a_project_without_langchain_says_so(drawn: Draw) -> None:
    """
    An empty map is no blank page.
    """
    of = drawn({"app.py": "import flask\n"})

    assert of.nodes == ()
    assert of.remarks == ("No file of this project names LangChain or LangGraph.",)


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_every_arrow_and_stop_ends_at_a_box(name: str, drawn: Draw) -> None:
    """
    Ids are those of boxes, boxes stand in lane order, and every finding of the examples has a box.
    """
    files = [
        path for path in (EXAMPLES / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    of = drawn(
        {path.relative_to(EXAMPLES / name).as_posix(): path.read_text(encoding="utf-8") for path in files}
    )
    ids = {node.id for node in of.nodes}

    assert {edge.source for edge in of.edges} | {edge.target for edge in of.edges} <= ids
    assert [LANES.index(node.lane) for node in of.nodes] == sorted(
        LANES.index(node.lane) for node in of.nodes
    )
    for one in of.shown:
        assert one.stops
        assert all(stop.node in ids for stop in one.stops)
        assert set(one.path) <= ids
    assert sorted(number for node in of.nodes for number in node.findings) == list(range(len(of.shown)))


def test_the_same_tree_gives_the_same_map(drawn: Draw) -> None:
    """
    Nothing depends on the order of a set.
    """
    assert drawn({"app.py": SAVER, "chat.py": CHAT}) == drawn({"app.py": SAVER, "chat.py": CHAT})


@pytest.mark.parametrize(("limit", "boxes"), [(17, 17), (16, 9), (8, 5), (4, 3), (1, 3)])
def test_a_map_with_fewer_boxes(drawn: Draw, limit: int, boxes: int) -> None:
    """
    Eight files with a route, a memory and one storage: folders become one box, then top folders, then everything.
    """
    files = {
        f"{top}/{folder}/{name}.py": CHAT
        for top in ("a", "b")
        for folder in ("c", "d")
        for name in ("e", "f")
    }
    assert len(folded(drawn(files), limit).nodes) == boxes
