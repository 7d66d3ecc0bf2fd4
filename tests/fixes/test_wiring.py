"""Faults of wiring: an argument set, dropped or added, a configuration completed, a memory attached or deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixes.conftest import Project, Repaired

SAVER = "from langgraph.checkpoint.memory import MemorySaver\n"
MEMORY = "from langchain.memory import ConversationBufferMemory\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("graph.invoke(x)", 'graph.invoke(x, config={"configurable": {"thread_id": user_id}})'),
        (
            'graph.invoke(x, {"recursion_limit": 9})',
            'graph.invoke(x, {"recursion_limit": 9, "configurable": {"thread_id": user_id}})',
        ),
        ("graph.invoke(x, config={})", 'graph.invoke(x, config={"configurable": {"thread_id": user_id}})'),
        (
            'graph.invoke(x, config={"configurable": {"lang": "de"}})',
            'graph.invoke(x, config={"configurable": {"lang": "de", "thread_id": user_id}})',
        ),
    ],
)
def test_a_run_names_its_conversation(fixed: Callable[..., str], before: str, after: str) -> None:
    head = "def answer(graph, x, user_id):  # kept\n    return "

    new = fixed(f"{head}{before}\n", before, "session-config", name_="thread_id", key="user_id")

    assert new == f"{head}{after}\n"


def test_an_entry_of_a_configuration_over_several_lines_has_a_line_of_its_own(project: Project) -> None:
    """
    CRLF and tabs stay as they are.
    """
    code = 'graph.invoke(\r\n\t\tx,\r\n\t\t{\r\n\t\t\t"tags": ["a"],  # why\r\n\t\t},\r\n\t)'
    project.put("app.py", f"def answer(graph, x, user_id):\r\n\treturn {code}\r\n")
    project.fault(code, "session-config", name_="thread_id", key="user_id")

    project.fix()

    assert project.text("app.py") == (
        'def answer(graph, x, user_id):\r\n\treturn graph.invoke(\r\n\t\tx,\r\n\t\t{\r\n\t\t\t"tags": ["a"],\r\n'
        '\t\t\t"configurable": {"thread_id": user_id},  # why\r\n\t\t},\r\n\t)\r\n'
    )


@pytest.mark.parametrize(
    ("code", "key", "reason"),
    [
        ("graph.invoke(x, config)", "user_id", "is put together elsewhere"),
        ("graph.invoke(x, **more)", "user_id", "is not known here"),
        ('graph.invoke(x, {"configurable": given})', "user_id", "says more"),
        ("graph.invoke(x)", "session_id", "is not bound at this place"),
        ("graph.invoke(x)", '"everyone"', "the same for everyone"),
    ],
)
def test_configurations_that_are_left_alone(
    refused: Callable[..., str], code: str, key: str, reason: str
) -> None:
    before = f"def answer(graph, x, user_id, config, more, given):\n    return {code}\n"

    assert reason in refused(before, code, "session-config", name_="thread_id", key=key)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Memory()", 'Memory(memory_key="chat_history")'),
        ('Memory(memory_key="history", k=3)', 'Memory(memory_key="chat_history", k=3)'),
    ],
)
def test_a_literal_argument_gets_another_value(fixed: Callable[..., str], before: str, after: str) -> None:
    new = fixed(
        f"memory = {before}  # kept\n",
        before,
        "set-argument",
        argument="memory_key",
        text="chat_history",
        old="history",
    )

    assert new == f"memory = {after}  # kept\n"


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("m = Memory(memory_key=KEY)\n", "Memory(memory_key=KEY)", "is not a literal"),
        ("m = Memory(**given)\n", "Memory(**given)", "is not known"),
        ('m = Memory()\nprint(m.load({})["history"])\n', "Memory()", "reads it under the old name"),
        ('m = Memory()\nprint(m.load({}).get("history"))\n', "Memory()", "reads it under the old name"),
    ],
)
def test_arguments_that_are_left_alone(
    refused: Callable[..., str], text: str, code: str, reason: str
) -> None:
    assert reason in refused(
        text, code, "set-argument", argument="memory_key", text="chat_history", old="history"
    )


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        pytest.param(
            f"{SAVER}saver = MemorySaver()\ngraph = compile_(checkpointer=saver)\n",
            "compile_(checkpointer=saver)",
            "graph = compile_()\n",
            id="with-what-was-built-for-it",
        ),
        pytest.param(
            f"{SAVER}saver = MemorySaver()\ngraph = compile_(a, checkpointer=saver, debug=True)\nprint(saver)\n",
            "compile_(a, checkpointer=saver, debug=True)",
            f"{SAVER}saver = MemorySaver()\ngraph = compile_(a, debug=True)\nprint(saver)\n",
            id="what-is-used-elsewhere-stays",
        ),
        pytest.param(
            "graph = compile_(\n    a,  # the model\n    checkpointer=make(),\n    debug=True,\n)\n",
            "compile_(\n    a,  # the model\n    checkpointer=make(),\n    debug=True,\n)",
            "graph = compile_(\n    a,  # the model\n    debug=True,\n)\n",
            id="a-line-of-its-own",
        ),
        pytest.param(
            "graph = compile_(a, checkpointer=make())\n",
            "compile_(a, checkpointer=make())",
            "graph = compile_(a)\n",
            id="the-last",
        ),
    ],
)
def test_an_argument_goes(fixed: Callable[..., str], before: str, code: str, after: str) -> None:
    assert fixed(before, code, "drop-argument", argument="checkpointer") == after


def test_an_argument_by_position_stays(refused: Callable[..., str]) -> None:
    assert "by its name" in refused(
        "compile_(saver)\n", "compile_(saver)", "drop-argument", argument="checkpointer"
    )


def test_a_graph_gets_a_checkpointer(fixed: Callable[..., str]) -> None:
    after = fixed("graph = builder.compile()\n", "builder.compile()", "add-checkpointer", namespace="bot")

    assert after.endswith('graph = builder.compile(checkpointer=shared_checkpointer("bot"))\n')


@pytest.mark.parametrize("given", ["saver", "None", "False"])
def test_a_graph_with_a_checkpointer_is_left_alone(refused: Callable[..., str], given: str) -> None:
    code = f"builder.compile(checkpointer={given})"

    assert "is given already" in refused(f"graph = {code}\n", code, "add-checkpointer")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("saver = PostgresSaver(pool)  # one\n", "saver = PostgresSaver(pool)  # one\nsaver.setup()\n"),
        (
            "graph = build(checkpointer=PostgresSaver(pool))\n",
            "saver = PostgresSaver(pool)\nsaver.setup()\ngraph = build(checkpointer=saver)\n",
        ),
        (
            "with PostgresSaver(pool) as s:\n    # serve\n    run(s)\n",
            "with PostgresSaver(pool) as s:\n    # serve\n    s.setup()\n    run(s)\n",
        ),
    ],
)
def test_a_saver_is_set_up_where_it_is_built(project: Project, before: str, after: str) -> None:
    project.put("app.py", before)
    project.fault("PostgresSaver(pool)", "setup-saver", of="checkpointer", method="setup")
    lint = project.lint
    project.lint = lambda texts: [] if ".setup()" in texts.get("app.py", "") else lint(texts)  # type: ignore[method-assign]

    project.fix()

    assert project.text("app.py") == after


@pytest.mark.parametrize(
    ("of", "names"),
    [
        ("checkpointer", ["saver", "checkpointer", "postgres_saver"]),
        ("store", ["store", "shared_store", "graph_store"]),
    ],
)
def test_a_saver_gets_a_name_that_is_free(project: Project, of: str, names: list[str]) -> None:
    """
    The first one that the file does not use; none at all where it uses them all.
    """
    lint = project.lint
    project.lint = lambda texts: [] if ".setup()" in texts.get("app.py", "") else lint(texts)  # type: ignore[method-assign]
    project.fault("PostgresSaver(pool)", "setup-saver", of=of, method="setup")

    for number, name in enumerate(names):
        used = "".join(f"use({each})\n" for each in names[:number])
        project.put("app.py", f"{used}graph = build(PostgresSaver(pool))\n")
        project.fix()
        expected = f"{name} = PostgresSaver(pool)\n{name}.setup()\ngraph = build({name})\n"
        assert project.text("app.py") == used + expected

    project.put("app.py", f"use({', '.join(names)})\ngraph = build(PostgresSaver(pool))\n")
    assert "already uses the names" in project.fix().refused[0].reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("graph = build(PostgresSaver(pool) if url else None)\n", "where it may never be"),
        ("pool = Pool(open=False)\nsaver = PostgresSaver(pool)\n", "opened later"),
    ],
)
def test_savers_that_are_not_set_up(refused: Callable[..., str], text: str, reason: str) -> None:
    assert reason in refused(text, "PostgresSaver(pool)", "setup-saver", of="checkpointer")


def test_a_memory_beside_one_chain_is_attached_under_the_key_in_scope(fixed: Callable[..., str]) -> None:
    before = (
        f"{MEMORY}from langchain.chains import LLMChain\n\n\ndef ask(user_id, llm):\n"
        "    memory = ConversationBufferMemory()  # turns\n    return LLMChain(llm=llm)\n"
    )

    after = fixed(before, "ConversationBufferMemory()", "unattached-memory", key="user_id")

    assert "memory = ConversationBufferMemory(chat_memory=chat_history(user_id))  # turns\n" in after
    assert "return LLMChain(llm=llm, memory=memory)\n" in after


def test_a_memory_that_nothing_reads_goes(fixed: Callable[..., str]) -> None:
    """
    A function's own variable of the same name is another one.
    """
    before = f"{MEMORY}\nmemory = ConversationBufferMemory()\n\n\ndef f(memory):\n    return memory\n"

    after = fixed(before, "ConversationBufferMemory()", "unattached-memory")

    assert after == "def f(memory):\n    return memory\n"


def test_another_functions_variable_of_the_same_name_is_another_one(fixed: Callable[..., str]) -> None:
    """
    Neither a function beside the one that builds the memory, nor one that has such a variable, reads it.
    """
    rest = "def g():\n    return memory\n\n\nmemory = 2\n"
    before = f"{MEMORY}\n\ndef f():\n    memory = ConversationBufferMemory()\n    return 1\n\n\n{rest}"

    after = fixed(before, "ConversationBufferMemory()", "unattached-memory")

    assert after == f"def f():\n    return 1\n\n\n{rest}"


@pytest.mark.parametrize(
    ("text", "params", "reason"),
    [
        ("memory = ConversationBufferMemory()\n\n\ndef f():\n    return memory\n", {}, "reads `memory`"),
        ("memory = ConversationBufferMemory()\n", {}, "the file would be empty"),
        ("memory = ConversationBufferMemory()\nx = 1\n", {"imported": "yes"}, "other files import"),
        (
            "class A:\n    def f(self):\n        self.memory = ConversationBufferMemory()\n",
            {},
            "by other code",
        ),
        ("if flag:\n    memory = ConversationBufferMemory()\n", {}, "would be empty"),
        ("x = 1; memory = ConversationBufferMemory()\nprint(x)\n", {}, "inside another statement"),
        ("# why\nmemory = ConversationBufferMemory()\nprint(1)\n", {}, "speaks of it"),
    ],
)
def test_memories_that_stay(
    refused: Callable[..., str], text: str, params: dict[str, str], reason: str
) -> None:
    assert reason in refused(MEMORY + text, "ConversationBufferMemory()", "unattached-memory", **params)


GRAPH = (
    "from fastapi import FastAPI\nfrom langchain_openai import ChatOpenAI\n"
    "from langgraph.prebuilt import create_react_agent\nfrom shared_checkpointer import shared_checkpointer\n\n"
    "app = FastAPI()\nagent = create_react_agent(ChatOpenAI(), tools=[], checkpointer=shared_checkpointer())\n"
)


@pytest.mark.parametrize(
    ("key", "is_safe"),
    [
        ("session_id", True),
        ("conversation_id", True),
        ("chat_id", True),
        ("user_id", False),
        ("email", False),
    ],
)
def test_that_a_person_is_a_conversation_is_a_choice(
    repaired: Callable[..., Repaired], key: str, is_safe: bool
) -> None:
    """
    LCM303: the id of a conversation names it, the id of a person puts all their conversations into one.
    """
    handler = f"\n\n@app.post('/')\ndef chat({key}: str, text: str):\n    return agent.invoke({{'messages': text}})\n"

    done = repaired({"app.py": GRAPH + handler}, unsafe=False)

    assert (done.fixed == ["LCM303"]) == is_safe
    assert is_safe or "--unsafe-fixes" in done.reasons["LCM303"]
    assert is_safe or f"'thread_id': {key}" in repaired({"app.py": GRAPH + handler}).texts["app.py"]


def test_an_object_names_no_conversation(repaired: Callable[..., Repaired]) -> None:
    """
    `session` and `user` are ids only where the code shows that they are text.
    """
    head = "from sqlalchemy.orm import Session\nfrom app_users import current_user\n"
    body = "    user = current_user()\n    return agent.invoke({'messages': text})\n"
    handler = f"\n\n@app.post('/')\ndef chat(session: Session, text: str):\n{body}"

    assert repaired({"app.py": head + GRAPH + handler}).texts == {}
