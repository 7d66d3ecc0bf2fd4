"""What `--why FILE:LINE` says: every decision about a place, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.link.why import explain_place

if TYPE_CHECKING:
    from tests.link.conftest import Link

APP = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()
LIMIT = 3


@app.post("/chat")
def chat(text):
    return answer(text)


def answer(text):
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)


def load():
    return ConversationBufferMemory()


def unused():
    memory = ConversationBufferMemory()


kept = load()
if __name__ == "__main__":
    answer("hello")
"""


def why(linked: Link, line: int, text: str = APP, path: str = "app.py") -> list[str]:
    """The sentences about a line."""
    return explain_place(linked({"app.py": text}).project, path, line)


def test_a_file_that_is_not_parsed(linked: Link) -> None:
    """
    One that has nothing to do with LangChain.
    """
    (told,) = why(linked, 1, path="other.py")

    assert told.startswith("other.py was not parsed: nothing in it")


def test_a_memory_of_request_code(linked: Link) -> None:
    """
    Who runs the function, by which way; what the memory is, where it keeps its content, how long, and who uses it.
    """
    route = ["  app.py:9:2: request enters `chat` here (fastapi)", "  app.py:11:12: calls `answer`"]

    function, *told = why(linked, 15)

    assert [function, *told[:2]] == ["`answer` runs on the request path:", *route]
    assert told[2].startswith("`ConversationBufferMemory` is a memory (langchain.ConversationBufferMemory: ")
    assert told[3:] == [
        "It keeps its content in the process.",
        "It lives for one request: nothing keeps it.",
        "Request code builds or uses it:",
        *route,
        "  app.py:15:14: `ConversationBufferMemory()` is built here",
    ]


def test_a_memory_that_no_request_uses(linked: Link) -> None:
    """
    What outlives requests is said of it, and that nobody reads it.
    """
    assert why(linked, 20)[2:] == [
        "It keeps its content in the process.",
        "It lives as long as the worker process.",
        "No request code builds or uses it.",
    ]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        (6, "The module level of this file runs once, when the module is imported."),
        (10, "`chat` runs on the request path:"),
        (16, "`answer` runs on the request path:"),
        (20, "`load` runs while modules are imported, not per request."),
        (
            24,
            "`unused` is called by nothing that lcmemlint can see, so findings in it would be guesses: silence.",
        ),
    ],
)
def test_who_runs_a_line(line: int, first: str, linked: Link) -> None:
    """
    The innermost function around it; between functions, the module.
    """
    assert why(linked, line)[0] == first


SAVED = """\
import os
from fastapi import FastAPI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.prebuilt import create_react_agent

app = FastAPI()
if os.getenv("ENV") == "development":
    saver = MemorySaver()
agent = create_react_agent("m", [], checkpointer=saver)


@app.post("/chat")
def chat(text, thread):
    other = {"configurable": {"thread_id": text}}
    return agent.invoke({"messages": [text]}, {"configurable": {"thread_id": thread}})
"""


def test_a_saver_for_development(linked: Link) -> None:
    """
    Nobody asks of a saver whether it is read.
    """
    assert why(linked, 8, SAVED)[-1] == "An explicit development switch guards it."
    assert "Nothing reads it or receives it." not in why(linked, 8, SAVED)


def test_each_key_is_told_at_its_own_line(linked: Link) -> None:
    """
    Another one of the file is not.
    """
    assert [line for line in why(linked, 15, SAVED) if line.startswith("`thread_id` selects")] != []
    assert [line for line in why(linked, 9, SAVED) if line.startswith("`thread_id` selects")] == []
