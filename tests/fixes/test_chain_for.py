"""One chain for all users becomes a function that builds it for a conversation (LCM106)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fixes.conftest import Repaired

IMPORTS = (
    "from fastapi import FastAPI\n"
    "from langchain.chains import ConversationalRetrievalChain, ConversationChain\n"
    "from langchain.memory import ConversationBufferMemory, ConversationSummaryMemory\n"
    "from langchain_openai import ChatOpenAI\n"
)
APP = f"{IMPORTS}\napp = FastAPI()\n"
MADE = "memory = ConversationBufferMemory()\nchain = ConversationChain(llm=ChatOpenAI(), memory=memory)\n"
CHAT = (
    "\n\n@app.post('/chat/{session_id}')\ndef chat(session_id: str, text: str) -> str:\n"
    "    return chain.predict(input=text)\n"
)
FUNCTION = (
    "llm = ChatOpenAI()\n"
    "\n\ndef chain_for(session_id: str) -> ConversationChain:\n"
    "    memory = ConversationBufferMemory(chat_memory=chat_history(session_id))\n"
    "    return ConversationChain(llm=llm, memory=memory)\n"
)


def test_the_chain_is_built_for_the_key_in_scope(repaired: Callable[..., Repaired]) -> None:
    """
    The model is still built once, and what looks at the memory asks the chain of the conversation.
    """
    forget = "\n\n@app.delete('/chat/{chat_id}')\ndef forget(chat_id: str) -> None:\n    memory.clear()\n"

    done = repaired({"app.py": APP + MADE + CHAT + forget})

    text = done.texts["app.py"]
    assert done.fixed == ["LCM106"]
    assert FUNCTION in text
    assert "    return chain_for(session_id).predict(input=text)\n" in text
    assert "    chain_for(chat_id).memory.clear()\n" in text
    assert "\nmemory =" not in text


def test_a_memory_that_stands_apart_from_its_chain(repaired: Callable[..., Repaired]) -> None:
    """
    Its own line goes, what is between stays.
    """
    made = MADE.replace("\nchain", "\nNAME = 'bot'\nchain")

    text = repaired({"app.py": APP + made + CHAT}).texts["app.py"]

    assert FUNCTION in text
    assert "\nNAME = 'bot'\n" in text
    assert "\nmemory =" not in text


def test_it_takes_unsafe_fixes(repaired: Callable[..., Repaired]) -> None:
    """
    A chain for all becomes many: nobody but the user can say that this is wanted.
    """
    assert repaired({"app.py": APP + MADE + CHAT}, unsafe=False).texts == {}


@pytest.mark.parametrize(("imported", "local"), [("chain", "chain"), ("chain as bot", "bot")])
def test_the_files_that_import_the_chain_change_along(
    repaired: Callable[..., Repaired], imported: str, local: str
) -> None:
    """
    The import and its alias name the function.
    """
    chat = CHAT.replace("chain.predict", f"{local}.predict")
    app = f"from fastapi import FastAPI\nfrom chains import {imported}\n\napp = FastAPI()\n{chat}"

    done = repaired({"chains.py": IMPORTS + MADE, "app.py": app})

    assert (
        f"from chains import {imported.replace('chain', 'chain_for').replace(' bot', ' bot_for')}\n"
        in (done.texts["app.py"])
    )
    assert f"return {local}_for(session_id).predict(input=text)" in done.texts["app.py"]
    assert "def chain_for(session_id):" in done.texts["chains.py"]


def test_a_memory_that_the_chain_builds_by_itself(repaired: Callable[..., Repaired]) -> None:
    """
    It is written out, with its import from where the chain comes from.
    """
    text = (APP + "chain = ConversationChain(llm=ChatOpenAI())\n" + CHAT).replace(
        "from langchain.memory import ConversationBufferMemory, ConversationSummaryMemory\n", ""
    )

    after = repaired({"app.py": text.replace("langchain.", "langchain_classic.")}).texts["app.py"]

    assert "memory=ConversationBufferMemory(chat_memory=chat_history(session_id))" in after
    assert "from langchain_classic.memory import ConversationBufferMemory\n" in after


def test_positional_arguments_are_built_once_too(repaired: Callable[..., Repaired]) -> None:
    """
    Each gets a name of its own; names that are taken are not taken again.
    """
    made = (
        "from store import index\n\nretriever = None\n"
        "# Answers with documents.\n"
        "chain = ConversationalRetrievalChain.from_llm(\n"
        "    ChatOpenAI(\n        model='m',  # the cheap one\n    ),\n"
        "    index.as_retriever(),\n"
        "    memory=ConversationBufferMemory(memory_key='chat_history', return_messages=True),\n"
        ")\n"
    )

    text = repaired({"app.py": APP + made + CHAT.replace("predict(input=text)", "run(text)")}).texts["app.py"]

    assert "chat_open_ai = ChatOpenAI(\n    model='m',  # the cheap one\n)\n" in text
    assert "shared_retriever = index.as_retriever()\n" in text
    assert (
        "\n\n\ndef chain_for(session_id: str) -> ConversationalRetrievalChain:\n"
        "    return ConversationalRetrievalChain.from_llm(\n"
        "        chat_open_ai,\n"
        "        shared_retriever,\n"
    ) in text
    assert "# Answers with documents.\nchat_open_ai" in text


@pytest.mark.parametrize(
    ("made", "more", "reason"),
    [
        (
            MADE,
            "\n\n@app.get('/')\ndef hello():\n    return chain.predict(input='hi')\n",
            "no key of a conversation is in",
        ),
        (
            MADE,
            "\nif __name__ == '__main__':\n    print(chain.predict(input='hi'))\n",
            "uses `chain` where no key",
        ),
        (MADE, "\n\ndef reset():\n    global chain\n    chain = None\n", "is not built once"),
        (
            MADE + "other = ConversationChain(llm=ChatOpenAI(), memory=memory)\n",
            "",
            "the one chain over it is not seen",
        ),
        (MADE.replace("()\n", "(ai_prefix='''a\n''')\n", 1), "", "text of several lines"),
        (MADE.replace("\nchain", "\n# The bot.\nchain"), "", "a comment stands between"),
        (MADE.replace("Buffer", "Summary"), "", "is not mended by a shared history alone"),
        (MADE, "\n\ndef chain_for(x):\n    return x\n", "already has a `chain_for`"),
        (MADE, "\n\n@app.get('/{chain}')\ndef show(chain: str):\n    return chain\n", "is not built once"),
        (MADE, "\nBOTS = [chain]\n", "uses `chain` where no key"),
        (
            "def load():\n    return ConversationChain(llm=ChatOpenAI(), memory=ConversationBufferMemory())\n"
            "\n\nchain = load()\n",
            "",
            "`load` builds it together with what all users share",
        ),
    ],
)
def test_what_is_not_understood_is_refused(
    repaired: Callable[..., Repaired], made: str, more: str, reason: str
) -> None:
    """
    Every use must know whose conversation it means, and the module must build the chain once.
    """
    done = repaired({"app.py": APP + made + CHAT + more})

    assert done.texts == {}
    assert reason in done.reasons["LCM106"]


@pytest.mark.parametrize(
    ("imports", "use", "reason"),
    [
        ("import chains", "chains.chain.predict", "reaches `chain` through its module"),
        ("from chains import *", "chain.predict", "imports everything"),
        ("from chains import chain, memory", "chain.predict", "imports `memory`"),
        ("from chains import chain\n\nBOTS = [chain]", "chain.predict", "uses `chain` where no key"),
        ("from chains import chain\n\nchain_for = print", "chain.predict", "already has a `chain_for`"),
        (
            "from chains import chain\n\n\ndef f(chain):\n    return chain",
            "chain.predict",
            "also means something else",
        ),
        (
            "from chains import chain\nfrom chains import chain",
            "chain.predict",
            "imports `chain` in another way",
        ),
    ],
)
def test_other_ways_to_the_chain_are_refused(
    repaired: Callable[..., Repaired], imports: str, use: str, reason: str
) -> None:
    """
    An import that would break is not left behind.
    """
    app = f"from fastapi import FastAPI\n{imports}\n\napp = FastAPI()\n{CHAT.replace('chain.predict', use)}"

    done = repaired({"chains.py": IMPORTS + MADE, "app.py": app})

    assert done.texts == {}
    assert reason in done.reasons["LCM106"]


def test_a_test_that_uses_the_chain_is_not_broken(repaired: Callable[..., Repaired]) -> None:
    """
    Tests are no part of the analysis, but of the project.
    """
    test = "from app import memory\n\n\ndef test_it():\n    assert memory.chat_memory.messages == []\n"

    done = repaired({"app.py": APP + MADE + CHAT, "test_app.py": test})

    assert done.texts == {}
    assert done.reasons["LCM106"] == "test_app.py uses `memory` too"
