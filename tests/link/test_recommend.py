"""What a help line recommends: classes that the project's versions have, and none that a successor replaced."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lcmemlint.catalogue import load_catalogue
from lcmemlint.link import Project, link
from lcmemlint.link.fitting import Fitting
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.link.versions import Versions
from lcmemlint.scan import scan

GRAPH = """
from fastapi import FastAPI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.prebuilt import create_react_agent

app = FastAPI()
agent = create_react_agent("m", [], checkpointer=MemorySaver())


@app.post("/ask")
{kind} ask(thread_id: str, text: str):
    return {call}({{"messages": [text]}}, {{"configurable": {{"thread_id": thread_id}}}})
"""

CHAIN = """
from fastapi import FastAPI
from {package}.chains import ConversationChain
from {package}.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/ask")
def ask(text: str):
    return ConversationChain(llm=None, memory=ConversationBufferMemory()).predict(input=text)
"""


def linked(text: str, manifests: Mapping[str, str]) -> Project:
    """The project of one file."""
    catalogue = load_catalogue()
    return link(
        {"app.py": scan(text)},
        catalogue=catalogue,
        modules=ModuleIndex(["app.py"], catalogue.packages),
        roles={"app.py": "app"},
        manifests={path: text.encode() for path, text in manifests.items()},
    )


def recommended(text: str, **manifests: str) -> str:
    """The help line for the one memory of a file."""
    project = linked(text, {f"{name}.txt": content for name, content in manifests.items()})
    (memory,) = (one for one in project.memories.all if not one.implicit)
    return project.advice(memory)


@pytest.mark.parametrize(
    ("kind", "call", "name"),
    [
        ("def", "agent.invoke", "`PostgresSaver`"),
        ("async def", "await agent.ainvoke", "`AsyncPostgresSaver`"),
    ],
)
def test_the_saver_matches_the_calls(kind: str, call: str, name: str) -> None:
    """
    A sync saver cannot serve `ainvoke`: the recommendation would only move the fault.
    """
    assert name in recommended(GRAPH.format(kind=kind, call=call))


def test_an_old_langgraph_has_no_shared_saver() -> None:
    """
    Before 0.2 there is nothing to import: an upgrade comes first.
    """
    told = recommended(GRAPH.format(kind="def", call="agent.invoke"), requirements="langgraph==0.1.5")

    assert told == (
        "upgrade langgraph: this version has no checkpointer that workers can share; newer ones have `PostgresSaver`"
    )


def test_a_store_is_replaced_by_a_store() -> None:
    """
    Of the same kind as the calls; none where the versions have none.
    """
    text = GRAPH.format(kind="def", call="agent.invoke").replace(
        "checkpointer=MemorySaver()", "store=MemorySaver()"
    )
    text = text.replace(
        "checkpoint.memory import MemorySaver", "store.memory import InMemoryStore as MemorySaver"
    )

    assert recommended(text) == "compile the graph with a store that all workers share (`PostgresStore`)"
    assert recommended(text, requirements="langgraph==0.1.5").endswith("newer ones have `PostgresStore`")


def test_a_class_that_came_later_is_not_named() -> None:
    """
    langgraph 0.2 has savers for Postgres, none for Redis yet.
    """
    text = GRAPH.format(kind="def", call="agent.invoke")

    assert "RedisSaver" not in recommended(text, requirements="langgraph~=0.2.28")
    assert "RedisSaver" in recommended(text, requirements="langgraph>=1.0")


def test_old_chains_get_a_history() -> None:
    """
    Where histories are not deprecated, the chain stays as it is.
    """
    assert "create_agent" not in recommended(CHAIN.format(package="langchain"))


def test_new_chains_get_a_checkpointer_first() -> None:
    """
    `langchain_classic` is 1.x, whose successor of histories is the checkpointer.
    """
    text = CHAIN.format(package="langchain_classic")

    assert "create_agent(..., checkpointer=PostgresSaver(...))" in recommended(text)
    assert "checkpointer=PostgresSaver(...)" in recommended(text, requirements="langgraph==0.1.5")


def test_before_langgraph_0_2_from_conn_string_gives_the_saver() -> None:
    """
    The same code is a fault with one version and right with another.
    """
    text = GRAPH.format(kind="def", call="agent.invoke")
    text = text.replace("checkpoint.memory import MemorySaver", "checkpoint.sqlite import SqliteSaver")
    text = text.replace("MemorySaver()", 'SqliteSaver.from_conn_string(":memory:")')

    old = linked(text, {"requirements.txt": "langgraph<0.2"})
    new = linked(text, {"requirements.txt": "langgraph>=0.2"})

    assert [lapse.kind for lapse in old.savers.lapses()] == []
    assert [lapse.kind for lapse in new.savers.lapses()] == ["unentered"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("langchain==0.3.1", ("langchain 0.3.1", "langchain-core >=0.3,<0.4")),
        ("langchain>=0.3,<1", ("langchain >=0.3,<1", "langchain-core >=0.3,<1")),
        ("langchain>=0.3", ("langchain >=0.3", "langchain-core >=0.3")),
        ("langchain<1", ("langchain <1", "langchain-core <1")),
        ("langchain>=0.0.200", ("langchain >=0.0.200",)),
        ("langchain>=0", ("langchain >=0",)),
        ("langchain", ()),
        (
            "langgraph>=1.0\nlangchain-core==1.0.2\nflask==3.0",
            ("langchain >=1,<2", "langchain-core 1.0.2", "langgraph >=1.0"),
        ),
    ],
)
def test_the_versions_that_count(written: str, told: tuple[str, ...]) -> None:
    """
    As a manifest would write them, of the packages that decide; also those that follow from another package's.
    """
    catalogue = load_catalogue()
    versions = Versions({"requirements.txt": written.encode()}, {}, catalogue)

    found = Fitting(catalogue, versions).declared("app.py")

    assert found == told
