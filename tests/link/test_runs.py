"""Runs of graphs and chains: what is built, which configuration names a conversation, what runs inside another run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lcmemlint.link.runs import Run, Runs
    from tests.link.conftest import Link

HEAD = """
from elsewhere import anything
from fastapi import FastAPI
from langchain_core.runnables import RunnableConfig, RunnableLambda, chain
from langchain_core.runnables.history import RunnableWithMessageHistory
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import StateGraph
from langgraph.prebuilt import create_react_agent

app = FastAPI()
graph = create_react_agent("m", [], checkpointer=MemorySaver())


"""
ROUTE = "@app.post('/')\ndef chat(text: str, thread: str):\n"


def runs_of(linked: Link, body: str, more: str = "") -> tuple[Runs, Run]:
    """The only run of a request that does these lines."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    runs = linked({"app.py": HEAD + more + ROUTE + lines}).project.runs
    (run,) = runs.of_requests
    return runs, run


DEEP = "{'configurable': " * 9 + "{}" + "}" * 9


@pytest.mark.parametrize(
    ("config", "answer"),
    [
        ("{'configurable': {'thread_id': thread}}", "yes"),
        ("{'configurable': {'user_id': thread}}", "no"),
        ("None", "no"),
        ("[('thread_id', thread)]", "unknown"),
        ("anything(thread)", "unknown"),
        ("RunnableConfig(configurable={'thread_id': thread})", "yes"),
        ("RunnableConfig(tags=[])", "no"),
        ("RunnableConfig(anything)", "unknown"),
        ("RunnableConfig(*anything)", "unknown"),
        ("RunnableConfig(**anything)", "unknown"),
        (DEEP, "unknown"),
    ],
)
def test_whether_a_configuration_names_the_thread(config: str, answer: str, linked: Link) -> None:
    """
    In a display or a call; nothing is said of what is written elsewhere.
    """
    runs, run = runs_of(linked, f"return graph.invoke({{}}, {config})")

    assert runs.names(run, "thread_id") == answer


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("return graph.invoke({}, {'configurable': {'thread_id': thread}})", "graph.invoke"),
        ("return graph.invoke({})", "graph.invoke"),
        ("return graph.invoke({}, anything(thread))", "graph.invoke"),
        ("config = {'configurable': {'thread_id': thread}}\nreturn graph.invoke({}, config)", "config = "),
        ("c = {'configurable': {}}\nc['configurable']['thread_id'] = thread\nreturn graph.invoke({}, c)", "c['"),
        ("config = {}\nconfig['configurable'] = {'thread_id': thread}\nreturn graph.invoke({}, config)", "config['"),
        ("config = RunnableConfig(configurable={'thread_id': thread})\nreturn graph.invoke({}, config)", "config = "),
        ("more = {'configurable': {'thread_id': thread}}\nreturn graph.invoke({}, RunnableConfig(**more))", "more = "),
    ],
)  # fmt: skip
def test_where_a_configuration_names_the_thread(body: str, place: str, linked: Link) -> None:
    """
    The statement that writes the key, else the run.
    """
    runs, run = runs_of(linked, body)
    at = runs.place_of(run, "thread_id")
    lines = (HEAD + ROUTE + "".join(f"    {line}\n" for line in body.splitlines())).splitlines()

    assert place in lines[at.span.line - 1]


@pytest.mark.parametrize(
    ("given", "brings"),
    [
        ("{'messages': [text]}", False),
        ("{'messages': anything(text)}", True),
        ("{**anything(text)}", True),
        ("{'question': anything(text)}", False),
        ("anything(text)", False),
        ("**anything(text)", True),
        ("*anything(text)", True),
        ("config=None", False),
    ],
)
def test_which_inputs_may_hold_earlier_messages(given: str, brings: bool, linked: Link) -> None:
    """
    What is unpacked may be anything; an input that is no dict is one message.
    """
    runs, run = runs_of(linked, f"return graph.invoke({given})")

    assert runs.brings_history(run) is brings


@pytest.mark.parametrize(
    ("wrapper", "needs"),
    [
        ("RunnableWithMessageHistory(anything, history)", True),
        ("RunnableWithMessageHistory(anything)", False),
        ("RunnableWithMessageHistory(anything, **anything)", False),
        ("RunnableWithMessageHistory(anything, both)", False),
        ("RunnableWithMessageHistory(anything, several)", False),
        ("RunnableWithMessageHistory(anything, anything)", False),
        ("RunnableWithMessageHistory(anything, Keeper().of)", True),
        ("RunnableWithMessageHistory(anything, history, history_factory_config=[])", False),
    ],
)
def test_which_chains_ask_for_a_session(wrapper: str, needs: bool, linked: Link) -> None:
    """
    Those whose factory surely takes one key.
    """
    more = (
        "def history(session_id):\n    return anything(session_id)\n\n\n"
        "def both(user_id, chat_id):\n    return anything(user_id, chat_id)\n\n\n"
        "def several(*keys):\n    return anything(keys)\n\n\n"
        "class Keeper:\n    def of(self, session_id):\n        return anything(session_id)\n\n\n"
        f"talking = {wrapper}\n\n\n"
    )
    runs, run = runs_of(linked, "return talking.invoke({})", more)

    assert [runs.needs_session(built) for built in run.built] == [needs]


@pytest.mark.parametrize(
    ("piped", "is_inside"),
    [
        ("whole = anything | step | anything", True),
        ("whole = anything | Steps().step", True),
        ("whole = anything | RunnableLambda(step)", True),
        ("whole = step + anything", False),
        ("whole = anything | 1", False),
        ("whole = anything | other", False),
    ],
)
def test_a_run_inside_a_piped_chain_has_the_configuration_of_that(
    piped: str, is_inside: bool, linked: Link
) -> None:
    """
    It is no run of its own for a request, though the request reaches it.
    """
    more = (
        "def step(text):\n    return graph.invoke({'messages': [text]})\n\n\n"
        "class Steps:\n    def step(self, text):\n        return step(text)\n\n\n"
        f"def other(text):\n    return text\n\n\n{piped}\n\n\n"
    )
    runs = linked({"app.py": f"{HEAD}{more}{ROUTE}    return step(text)\n"}).project.runs

    assert len(runs.all) == 1
    assert bool(runs.of_requests) is not is_inside


def test_an_older_value_of_the_same_name_is_no_graph(linked: Link) -> None:
    """
    A builder cannot be run, and None neither: what may be either is what `compile` gave.
    """
    more = "flow = StateGraph(dict)\nif anything:\n    flow = flow.compile(checkpointer=MemorySaver())\n\n\n"
    runs, run = runs_of(linked, "return flow.invoke({})", more)

    assert [(built.name, runs.keeps_threads(built)) for built in run.built] == [("compile", "yes")]


def test_what_a_method_of_a_graph_gives_is_not_the_graph(linked: Link) -> None:
    """
    But with another configuration it is.
    """
    body = "graph.get_graph().invoke({})\nreturn graph.with_config(tags=[]).invoke({})"
    _, run = runs_of(linked, body)

    assert [built.bound for built in run.built] == [True]
