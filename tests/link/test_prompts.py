"""Which prompts are read, and what is said when the memory writes under a name that they do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

HEAD = """
from fastapi import FastAPI
from langchain.agents import AgentExecutor, create_tool_calling_agent
from langchain.chains import ConversationChain, LLMChain
from langchain.memory import ConversationBufferMemory
from langchain_core.messages import SystemMessage
from langchain_core.prompts import ChatPromptTemplate, HumanMessagePromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables.history import RunnableWithMessageHistory
from stores import anything, history

app = FastAPI()
"""
RAISES = "an error in every run"


def said(linked: Link, lines: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Key, error and wanted names of each mismatch, in a handler with these lines."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    project = linked({"app.py": f"{HEAD}\n@app.post('/chat')\ndef chat(text: str):\n{body}"}).project
    return [(one.key, one.raises, one.expected) for one in project.prompts.mismatches()]


def of_prompt(
    linked: Link, prompt: str, run: str = "chain.run(question=text)"
) -> list[tuple[str, str, tuple[str, ...]]]:
    return said(
        linked,
        f"memory = ConversationBufferMemory(memory_key='past')\nprompt = {prompt}\n"
        f"chain = LLMChain(llm=model, prompt=prompt, memory=memory)\nreturn {run}",
    )


SILENT = ("past", "", ())


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("PromptTemplate.from_template('{question}')", [SILENT]),
        ("PromptTemplate.from_template('{past} {question}')", []),
        ("PromptTemplate.from_template('{past.text[0]}')", []),
        ("PromptTemplate.from_template('{{past}} {question}')", [SILENT]),
        ("PromptTemplate.from_template('{chat_history}')", [("past", RAISES, ("chat_history",))]),
        ("PromptTemplate(template='{question}', input_variables=['question'])", [SILENT]),
        ("PromptTemplate(input_variables=['question'])", []),
        ("PromptTemplate(template=anything)", []),
        ("PromptTemplate.from_template('{unbalanced')", []),
        ("PromptTemplate.from_template('{{past}}', template_format='jinja2')", []),
        ("PromptTemplate(**anything)", []),
        ("PromptTemplate.from_file('prompt.txt')", []),
        ("ChatPromptTemplate.from_template('{question}')", [SILENT]),
        ("ChatPromptTemplate.from_template()", []),
        ("ChatPromptTemplate.from_messages([('human', '{question}')])", [SILENT]),
        ("ChatPromptTemplate([('human', '{question}')])", [SILENT]),
        ("ChatPromptTemplate.from_messages(['{question}'])", [SILENT]),
        (
            "ChatPromptTemplate.from_messages([SystemMessage(content='{past}'), ('human', '{question}')])",
            [SILENT],
        ),
        ("ChatPromptTemplate.from_messages([('placeholder', '{past}'), ('human', '{question}')])", []),
        ("ChatPromptTemplate.from_messages([('placeholder', '{other}')])", [("past", "", ("other",))]),
        ("ChatPromptTemplate.from_messages([MessagesPlaceholder('past')])", []),
        (
            "ChatPromptTemplate.from_messages([MessagesPlaceholder(variable_name='other')])",
            [("past", RAISES, ("other",))],
        ),
        (
            "ChatPromptTemplate.from_messages([MessagesPlaceholder('other', optional=True)])",
            [("past", "", ("other",))],
        ),
        ("ChatPromptTemplate.from_messages([MessagesPlaceholder('other', optional=anything)])", []),
        ("ChatPromptTemplate.from_messages([MessagesPlaceholder(anything)])", []),
        ("ChatPromptTemplate.from_messages([MessagesPlaceholder('agent_scratchpad')])", [SILENT]),
        (
            "ChatPromptTemplate.from_messages([HumanMessagePromptTemplate.from_template('{question}')])",
            [SILENT],
        ),
        ("ChatPromptTemplate.from_messages([('human', anything)])", []),
        ("ChatPromptTemplate.from_messages([('human', 'a', 'b')])", []),
        ("ChatPromptTemplate.from_messages([anything])", []),
        ("ChatPromptTemplate.from_messages([7])", []),
        ("ChatPromptTemplate.from_messages(anything)", []),
        ("ChatPromptTemplate.from_messages([('human', '{question}')] + anything)", []),
        ("ChatPromptTemplate.from_messages()", []),
        ("ChatPromptTemplate.from_messages([('human', each) for each in anything])", []),
        ("ChatPromptTemplate.from_messages([('human', 'a') if anything else ('ai', 'b')])", []),
        ("ChatPromptTemplate.from_messages([('human', '{question}')]).partial(past='')", []),
        ("ChatPromptTemplate.from_messages([('human', '{question}')]).partial(other='')", [SILENT]),
        ("anything.partial(past='')", []),
        ("anything", []),
        ("7", []),
    ],
)
def test_a_prompt(prompt: str, expected: list[tuple[str, str, tuple[str, ...]]], linked: Link) -> None:
    """
    It is read when all of it stands in the code; anything else may have the name, and is silent.
    """
    assert of_prompt(linked, prompt) == expected


@pytest.mark.parametrize(
    ("run", "raises"),
    [
        ("chain.run(question=text)", True),
        ("chain.invoke({'question': text})", True),
        ("chain.invoke({'question': text, 'chat_history': anything})", False),
        ("chain.run(question=text, chat_history=anything)", False),
        ("chain.run(**anything)", False),
        ("chain.invoke(anything)", False),
        ("chain.invoke({anything: text})", False),
        ("chain.invoke({**anything})", False),
        ("chain.invoke('x')", True),
        ("chain", False),
        ("chain.with_config({})", False),
        ("chain(text)", False),
        ("chain({'question': text})", True),
        ("other.run(question=text)", False),
    ],
)
def test_whether_a_run_raises(run: str, raises: bool, linked: Link) -> None:
    """
    Not if some run may hand over what the prompt wants.
    """
    found = of_prompt(linked, "PromptTemplate.from_template('{chat_history}')", run)

    assert found == ([("past", RAISES, ("chat_history",))] if raises else [])


@pytest.mark.parametrize(
    ("memory", "said_key"),
    [
        ("ConversationBufferMemory()", "history"),
        ("ConversationBufferMemory(memory_key='past')", "past"),
        ("ConversationBufferMemory(memory_key=anything)", ""),
        ("ConversationBufferMemory(**anything)", ""),
        ("anything", ""),
    ],
)
def test_the_key_of_a_memory(memory: str, said_key: str, linked: Link) -> None:
    """
    Its own or the default of its class.
    """
    found = said(
        linked,
        f"memory = {memory}\nprompt = PromptTemplate.from_template('{{question}}')\n"
        "return LLMChain(llm=model, prompt=prompt, memory=memory).run(text)",
    )

    assert [key for key, _, _ in found] == ([said_key] if said_key else [])


def test_a_key_that_is_assigned_later_is_not_known(linked: Link) -> None:
    """
    The attribute may be anything.
    """
    found = said(
        linked,
        "memory = ConversationBufferMemory()\nmemory.memory_key = 'question'\n"
        "prompt = PromptTemplate.from_template('{question}')\n"
        "return LLMChain(llm=model, prompt=prompt, memory=memory).run(text)",
    )

    assert found == []


def test_one_chain_may_take_notes_for_another(linked: Link) -> None:
    """
    As long as the other reads them; two that do not are two mismatches.
    """
    lines = (
        "memory = ConversationBufferMemory(memory_key='past')\n"
        "one = LLMChain(llm=model, prompt=PromptTemplate.from_template('{question}'), memory=memory)\n"
        "two = LLMChain(llm=model, prompt=PromptTemplate.from_template('{%s}'), memory=memory)\n"
        "return one.run(text) + two.run(text)"
    )

    assert said(linked, lines % "past") == []
    assert said(linked, lines % "question") == [SILENT, SILENT]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("chain = ConversationChain(llm=model, memory=ConversationBufferMemory(memory_key='past'))",
         [("past", "ValueError when it is built", ("history",))]),
        ("chain = ConversationChain(llm=model, memory=ConversationBufferMemory())", []),
        ("agent = create_tool_calling_agent(model, tools, ChatPromptTemplate.from_messages([('human', '{input}')]))\n"
         "chain = AgentExecutor(agent=agent, tools=tools, memory=ConversationBufferMemory())",
         [("history", "", ())]),
        ("agent = create_tool_calling_agent(model, tools)\n"
         "chain = AgentExecutor(agent=agent, tools=tools, memory=ConversationBufferMemory())", []),
        ("chain = AgentExecutor(agent=anything, tools=tools, memory=ConversationBufferMemory())", []),
    ],
)  # fmt: skip
def test_chains_with_a_prompt_of_their_own(
    lines: str, expected: list[tuple[str, str, tuple[str, ...]]], linked: Link
) -> None:
    """
    `ConversationChain` refuses another key at once; an executor has the prompt of its agent.
    """
    assert said(linked, f"{lines}\nreturn chain.invoke(text)") == expected


@pytest.mark.parametrize(
    ("runnable", "expected"),
    [
        ("PromptTemplate.from_template('{question}') | model", [("past", "", ())]),
        ("PromptTemplate.from_template('{question}') | model | anything", [("past", "", ())]),
        ("PromptTemplate.from_template('{past}') | model", []),
        ("PromptTemplate.from_template('{chat_history}') | model",
         [("past", "KeyError in every run", ("chat_history",))]),
        ("LLMChain(llm=model, prompt=PromptTemplate.from_template('{question}'))", []),
        ("AgentExecutor(tools=tools, "
         "agent=create_tool_calling_agent(model, tools, PromptTemplate.from_template('{a}')))",
         [("past", "", ())]),
        ("anything | model", []),
        ("anything", []),
        ("{'a': 1}", []),
        ("model if text else anything", []),
        ("PromptTemplate.from_template('{past}') if text else PromptTemplate.from_template('{question}')", []),
        (" | ".join(["PromptTemplate.from_template('{question}')", *["model"] * 9]), []),
    ],
)  # fmt: skip
def test_a_runnable_with_a_history(
    runnable: str, expected: list[tuple[str, str, tuple[str, ...]]], linked: Link
) -> None:
    """
    The prompt that it begins with.
    """
    lines = (
        f"inner = {runnable}\n"
        "chain = RunnableWithMessageHistory(inner, history, history_messages_key='past')\n"
        "return chain.invoke({'question': text}, config={'configurable': {'session_id': text}})"
    )

    assert said(linked, lines) == expected


@pytest.mark.parametrize("later", ["inputs['chat_history'] = anything", "inputs[text] = anything"])
def test_an_input_that_is_filled_later_may_hold_the_history(later: str, linked: Link) -> None:
    """
    Whatever is put into it.
    """
    run = f"inputs = {{'question': text}}\n{later}\nreturn chain.invoke(inputs)"
    lines = (
        "memory = ConversationBufferMemory(memory_key='past')\n"
        "prompt = PromptTemplate.from_template('{chat_history}')\n"
        f"chain = LLMChain(llm=model, prompt=prompt, memory=memory)\n{run}"
    )

    assert said(linked, lines) == []
    assert said(linked, lines.replace(f"{later}\n", "")) == [("past", RAISES, ("chat_history",))]


def test_a_history_that_the_run_hands_over(linked: Link) -> None:
    """
    Under the name that the prompt has: then nothing is missing.
    """
    lines = (
        "inner = PromptTemplate.from_template('{chat_history}') | model\n"
        "chain = RunnableWithMessageHistory(inner, history, history_messages_key='past')\n"
        "return chain.invoke({'question': text, 'chat_history': anything})"
    )

    assert said(linked, lines) == []


@pytest.mark.parametrize(
    ("lines", "is_ignored"),
    [
        ("memory = ConversationBufferMemory()\nqa = RetrievalQA.from_llm(model, memory=memory)", True),
        ("memory = ConversationBufferMemory()\nqa = RetrievalQA.from_llm(model, memory=memory)\n"
         "other = LLMChain(llm=model, memory=memory)", False),
        ("memory = ConversationBufferMemory()\n"
         "qa = RetrievalQA.from_llm(model, memory=memory, callbacks=[memory])", False),
    ],
)  # fmt: skip
def test_a_chain_that_ignores_its_memory(lines: str, is_ignored: bool, linked: Link) -> None:
    """
    Unless something else reads that memory, too.
    """
    found = said(linked, f"from langchain.chains import RetrievalQA\n{lines}\nreturn qa.invoke(text)")

    assert [key for key, _, _ in found if key] == (["history"] if is_ignored else [])
