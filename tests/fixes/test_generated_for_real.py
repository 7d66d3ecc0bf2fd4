"""The generated saver and memories, run in interpreters that have LangGraph and LangChain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lcmemlint.fixes.generated import CHECKPOINTER, GENERATED, HISTORY, MEMORY, Generated
from tests.fixes.conftest import Project, Repaired

LANGCHAIN_PYTHON = os.environ.get("LCMEMLINT_LANGCHAIN_PYTHON", sys.executable)
"""A Python with langgraph, langgraph-checkpoint-sqlite, langchain and sqlalchemy, when this one has none."""

TURN = """
import asyncio, sys
from langchain_core.messages import AIMessage
from langgraph.graph import START, MessagesState, StateGraph
from shared_checkpointer import shared_checkpointer

def graph(name=""):
    builder = StateGraph(MessagesState)
    builder.add_node("n", lambda state: {"messages": [AIMessage(content="ok")]})
    builder.add_edge(START, "n")
    return builder.compile(checkpointer=shared_checkpointer(name))

def turn(graph, thread, is_async):
    config = {"configurable": {"thread_id": thread}}
    given = {"messages": [("human", "x")]}
    state = asyncio.run(graph.ainvoke(given, config)) if is_async else graph.invoke(given, config)
    return len(state["messages"])

one, sales = graph(), graph("sales")
print(turn(one, "ann", False), turn(one, "ann", True), turn(one, "bob", True), turn(sales, "ann", False))
"""

SUMMARISE = """
import uuid, warnings
warnings.simplefilter("ignore")
import shared_memory as ours
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from shared_history import chat_history

class Model(BaseChatModel):
    calls: int = 0
    _llm_type = "fake"

    def _generate(self, messages, stop=None, run_manager=None, **more):
        self.calls += 1
        text = " ".join(str(messages[-1].content).split()[-8:])
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])

    def get_num_tokens_from_messages(self, messages, *args, **more):
        return sum(len(str(each.content).split()) for each in messages)

def turns(make):
    model = Model()
    for number in range(8):
        make(model).save_context({"input": f"q{number} one two"}, {"output": f"a{number} three"})
    return model.calls, make(model).load_memory_variables({})["history"]

for name in ("Summary", "SummaryBuffer", "TokenBuffer"):
    limit = {} if name == "Summary" else {"max_token_limit": 12}
    kept = []
    def theirs(model):
        if not kept:
            kept.append(getattr(ours, f"Conversation{name}Memory")(llm=model, **limit))
        return kept[0]
    thread = uuid.uuid4().hex
    def shared(model):
        beside = {} if name == "TokenBuffer" else {"shared_summary": chat_history(thread, "summary")}
        cls = getattr(ours, f"Shared{name}Memory")
        return cls(llm=model, chat_memory=chat_history(thread), **beside, **limit)
    print(turns(theirs) == turns(shared))
"""


def has(module: str) -> bool:
    return subprocess.run([LANGCHAIN_PYTHON, "-c", f"import {module}"], capture_output=True).returncode == 0


def run(script: str, folder: Path) -> str:
    urls = dict.fromkeys(("CHECKPOINT_URL", "CHAT_HISTORY_URL"), f"sqlite:///{folder / 'kept.db'}")
    environment = {**os.environ, **urls, "PYTHONPATH": str(folder)}
    done = subprocess.run([LANGCHAIN_PYTHON, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", GENERATED, ids=lambda module: module.stems[0])
def test_it_is_plain_python_of_modest_length(module: Generated) -> None:
    """
    Whoever gets it into a repository must be able to read it; ASCII only, so that it suits every encoding.
    """
    text = module.text()

    compile(text, module.stems[0], "exec")
    assert text.isascii()
    assert len(text.splitlines()) < 350
    assert max(map(len, text.splitlines())) <= 120


def test_a_second_process_finds_the_threads(tmp_path: Path) -> None:
    """
    Sync and async; another thread and a saver of another name see nothing of it.
    """
    if not has("langgraph.checkpoint.sqlite"):
        pytest.skip("langgraph and langgraph-checkpoint-sqlite")
    (tmp_path / "shared_checkpointer.py").write_text(CHECKPOINTER.text(), encoding="utf-8")

    assert [run(TURN, tmp_path), run(TURN, tmp_path)] == ["2 4 2 2", "6 8 4 4"]


def test_shared_memories_do_what_theirs_do(tmp_path: Path) -> None:
    """
    As many calls of the model and the same memory, although the object is made anew for each turn.
    """
    classic = has("langchain_classic.memory")
    if not (classic or has("langchain.memory")) or not has("sqlalchemy"):
        pytest.skip("langchain and sqlalchemy")
    users = ("langchain_classic",) if classic else ()
    (tmp_path / "shared_history.py").write_text(HISTORY.text(), encoding="utf-8")
    (tmp_path / "shared_memory.py").write_text(MEMORY.text(users), encoding="utf-8")

    assert run(SUMMARISE, tmp_path) == "True\nTrue\nTrue"


PLATFORM = {
    "langgraph.json": '{"dependencies": ["."], "graphs": {"agent": "./src/agent.py:graph"}}',
    "src/__init__.py": "",
    "src/util.py": "def shout(text):\n    return text.upper()\n",
    "src/agent.py": """import os

from langgraph.graph import START, MessagesState, StateGraph

from src.util import shout

builder = StateGraph(MessagesState)
builder.add_node("answer", lambda state: {"messages": [("ai", shout("ok"))]})
builder.add_edge(START, "answer")
if os.environ.get("OWN_SERVER"):
    from langgraph.checkpoint.memory import MemorySaver

    graph = builder.compile(checkpointer=MemorySaver())
else:
    graph = builder.compile()
""",
    "main.py": """from fastapi import FastAPI

from src.agent import graph

app = FastAPI()


@app.post("/chat")
def chat(thread_id: str, text: str):
    return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
""",
}
"""A graph that a server of one's own runs, and LangGraph's server too."""

BY_PATH = """
import importlib.util, sys
sys.path = [path for path in sys.path if path != sys.argv[1]] + [sys.argv[1]]  # as `langgraph dev` does
spec = importlib.util.spec_from_file_location("__src__agent", sys.argv[1] + "/src/agent.py")
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
print(type(module.graph.checkpointer).__mro__[1].__module__)
"""


def test_a_file_that_langgraph_json_names_by_its_path(
    repaired: Callable[..., Repaired], project: Project
) -> None:
    """
    The generated module is imported by the name that both servers know it by.
    """
    if not has("langgraph.checkpoint.sqlite"):
        pytest.skip("langgraph and langgraph-checkpoint-sqlite")
    done = repaired(PLATFORM)
    environment = {**os.environ, "CHECKPOINT_URL": "sqlite://", "OWN_SERVER": "1"}
    command = [LANGCHAIN_PYTHON, "-c", BY_PATH, str(project.root)]

    started = subprocess.run(command, env=environment, cwd=project.root, capture_output=True, text=True)

    assert "from src.shared_checkpointer import shared_checkpointer\n" in done.texts["src/agent.py"]
    assert started.stdout == "src.shared_checkpointer\n", started.stderr
