"""Small projects of every kind, and what must be on their maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from lcmemlint.map.model import Map

CASES: list[tuple[str, dict[str, str], list[str]]] = [
    (
        "a graph that a platform runs",
        {
            "langgraph.json": ('{"dependencies": ["."], "graphs": {"chat": "./bot.py:graph"}}'),
            "bot.py": (
                "from langgraph.checkpoint.memory import MemorySaver\n"
                "from langgraph.graph import StateGraph\n"
                "\n"
                "graph = StateGraph(dict).compile(checkpointer=MemorySaver())\n"
            ),
        },
        [
            "memory: MemorySaver (shared)",
            "storage: the platform's database (shared)",
            "note: the platform puts its own in the place of it",
            "MemorySaver -> the platform's database",
        ],
    ),
    (
        "a page with session state",
        {
            "streamlit_app.py": (
                "import streamlit as st\n"
                "from langchain.chains import ConversationChain\n"
                "from langchain.memory import ConversationBufferMemory\n"
                "\n"
                "if 'memory' not in st.session_state:\n"
                "    st.session_state.memory = ConversationBufferMemory()\n"
                "chain = ConversationChain(llm=llm, memory=st.session_state.memory)\n"
                "if text := st.chat_input():\n"
                "    st.write(chain.predict(input=text))\n"
            ),
        },
        [
            "entry: streamlit_app.py",
            "memory: ConversationBufferMemory (process)",
            "storage: browser session (process)",
            "note: one for each key, kept in the browser session of one worker",
            "ConversationBufferMemory -> browser session",
        ],
    ),
    (
        "a chain that a framework serves",
        {
            "server.py": (
                "from fastapi import FastAPI\n"
                "from langserve import add_routes\n"
                "from langchain_core.runnables.history import RunnableWithMessageHistory\n"
                "from langchain_core.chat_history import InMemoryChatMessageHistory\n"
                "\n"
                "store = {}\n"
                "\n"
                "def history(session_id):\n"
                "    return store.setdefault(session_id, InMemoryChatMessageHistory())\n"
                "\n"
                "app = FastAPI()\n"
                "add_routes(app, RunnableWithMessageHistory(model, history), path='/chat')\n"
            ),
        },
        [
            "entry: served by langserve",
            "served by langserve -> RunnableWithMessageHistory",
            "RunnableWithMessageHistory -> history()",
            "history() -> InMemoryChatMessageHistory",
        ],
    ),
    (
        "a script",
        {
            "cli.py": (
                "from langchain.chains import ConversationChain\n"
                "from langchain.memory import ConversationBufferMemory\n"
                "\n"
                "def main():\n"
                "    chain = ConversationChain(llm=llm, memory=ConversationBufferMemory())\n"
                "    while True:\n"
                "        print(chain.predict(input=input()))\n"
                "\n"
                "if __name__ == '__main__':\n"
                "    main()\n"
            ),
        },
        [
            "code: main()",
            "memory: ConversationBufferMemory (script)",
            "storage: memory of the script (script)",
            "main() -> ConversationBufferMemory",
            "note: scripts only: no server builds or uses it",
        ],
    ),
    (
        "a memory that nothing runs",
        {
            "app.py": (
                "from fastapi import FastAPI\n"
                "from langchain.memory import ConversationBufferMemory\n"
                "\n"
                "app = FastAPI()\n"
                "\n"
                "def nobody():\n"
                "    return ConversationBufferMemory()\n"
                "\n"
                "@app.post('/chat')\n"
                "def chat(text: str):\n"
                "    return text\n"
            ),
        },
        [
            "remark: 1 memory in code that nothing runs: not drawn.",
            "remark: 1 of 1 entry points reach no memory and are not drawn.",
        ],
    ),
    (
        "no memory at all",
        {
            "app.py": (
                "from fastapi import FastAPI\n"
                "from langchain_openai import ChatOpenAI\n"
                "\n"
                "app = FastAPI()\n"
                "\n"
                "@app.post('/chat')\n"
                "def chat(text: str):\n"
                "    return ChatOpenAI().invoke(text)\n"
            ),
        },
        [
            "remark: No conversation memory was found.",
        ],
    ),
    (
        "a lambda as a callback",
        {
            "app.py": (
                "import gradio as gr\n"
                "from langchain.chains import ConversationChain\n"
                "from langchain.memory import ConversationBufferMemory\n"
                "\n"
                "memory = ConversationBufferMemory()\n"
                "chain = ConversationChain(llm=llm, memory=memory)\n"
                "gr.ChatInterface(lambda text, history: chain.predict(input=text)).launch()\n"
            ),
        },
        [
            "entry: <lambda>",
            "<lambda> -> ConversationChain",
            "ConversationChain -> ConversationBufferMemory",
        ],
    ),
    (
        "start-up code that calls helpers",
        {
            "app.py": (
                "from contextlib import asynccontextmanager\n"
                "from fastapi import FastAPI\n"
                "from langgraph.checkpoint.memory import MemorySaver\n"
                "from langgraph.graph import StateGraph\n"
                "\n"
                "kept = {}\n"
                "\n"
                "def build():\n"
                "    kept['graph'] = StateGraph(dict).compile(checkpointer=MemorySaver())\n"
                "\n"
                "def prepare():\n"
                "    build()\n"
                "\n"
                "@asynccontextmanager\n"
                "async def lifespan(app):\n"
                "    prepare()\n"
                "    yield\n"
                "\n"
                "app = FastAPI(lifespan=lifespan)\n"
                "\n"
                "@app.post('/chat/{thread}')\n"
                "async def chat(thread: str):\n"
                "    return await kept['graph'].ainvoke({}, {'configurable': {'thread_id': thread}})\n"
            ),
        },
        [
            "lifespan -> prepare()",
            "prepare() -> build()",
            "build() -> MemorySaver",
            "chat -> StateGraph",
            "StateGraph -> MemorySaver",
        ],
    ),
    (
        "files on hosts with sticky sessions",
        {
            "app.py": (
                "from fastapi import FastAPI\n"
                "from langchain_community.chat_message_histories import FileChatMessageHistory\n"
                "from langchain_core.runnables.history import RunnableWithMessageHistory\n"
                "\n"
                "def history(session_id):\n"
                "    return FileChatMessageHistory(session_id)\n"
                "\n"
                "chain = RunnableWithMessageHistory(model, history)\n"
                "app = FastAPI()\n"
                "\n"
                "@app.post('/chat/{user}')\n"
                "def chat(user: str, text: str):\n"
                "    return chain.invoke(text, {'configurable': {'session_id': user}})\n"
            ),
            "Dockerfile": ('FROM python:3.12\nCMD ["uvicorn", "app:app"]\n'),
            "dep.yaml": (
                "apiVersion: apps/v1\n"
                "kind: Deployment\n"
                "metadata: {name: api}\n"
                "spec:\n"
                "  replicas: 2\n"
                "  template:\n"
                "    metadata: {labels: {app: api}}\n"
                "    spec: {containers: [{name: api, image: chat}]}\n"
                "---\n"
                "apiVersion: v1\n"
                "kind: Service\n"
                "metadata: {name: api}\n"
                "spec: {selector: {app: api}, sessionAffinity: ClientIP}\n"
            ),
        },
        [
            "workload: 2 instances",
            "note: sticky sessions",
            "storage: file (host)",
            "2 instances -> chat",
            "FileChatMessageHistory -> file",
        ],
    ),
]


def outline(of: Map) -> Iterator[str]:
    """A map in words: boxes, their notes, arrows, remarks."""
    labels = {node.id: node.label for node in of.nodes}
    for node in of.nodes:
        yield f"{node.lane}: {node.label}{f' ({node.life})' if node.life else ''}"
        yield from (f"note: {note}" for note in node.notes)
    yield from (f"{labels[edge.source]} -> {labels[edge.target]}" for edge in of.edges)
    yield from (f"remark: {remark}" for remark in of.remarks)


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_what_is_on_the_map(
    files: Mapping[str, str], expected: list[str], drawn: Callable[[Mapping[str, str]], Map]
) -> None:
    """
    Boxes with how far what they remember gets, arrows between them, and remarks on what is left out.
    """
    found = list(outline(drawn(files)))

    assert [line for line in expected if line not in found] == []
