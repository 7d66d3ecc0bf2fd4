"""A function that builds a memory gets the key from its callers, in whatever files they stand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fixes.conftest import Repaired

IMPORTS = (
    "from langchain.chains import ConversationChain\n"
    "from langchain.memory import ConversationBufferMemory\n"
    "from langchain_openai import ChatOpenAI\n"
)
BUILDER = (
    f"{IMPORTS}\n\ndef build_chain():\n"
    "    memory = ConversationBufferMemory()\n"
    "    return ConversationChain(llm=ChatOpenAI(), memory=memory)\n"
)
ROUTES = "from chains import build_chain\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
CHAT = "\n\n@app.post('/chat/{session_id}')\ndef chat(session_id: str, text: str):\n"
KEPT = (
    "chains = {}\n"
    "\n\n@app.post('/chat/{session_id}')\n"
    "def chat(session_id: str, text: str):\n"
    "    if session_id not in chains:\n"
    "        chains[session_id] = build_chain()\n"
    "    return chains[session_id].predict(input=text)\n"
)


def test_the_builder_takes_what_its_callers_know(repaired: Callable[..., Repaired]) -> None:
    """
    The builder in one file and its call in another one change together.
    """
    routes = f"{ROUTES}{CHAT}    return build_chain().predict(input=text)\n"

    done = repaired({"chains.py": BUILDER, "app.py": routes})

    assert done.fixed == ["LCM101"]
    assert "def build_chain(session_id):" in done.texts["chains.py"]
    assert "ConversationBufferMemory(chat_memory=chat_history(session_id))" in done.texts["chains.py"]
    assert "return build_chain(session_id).predict(input=text)" in done.texts["app.py"]
    assert "shared_history" not in done.texts["app.py"]


def test_a_signature_is_not_changed_safely(repaired: Callable[..., Repaired]) -> None:
    """
    Only --unsafe-fixes changes what a function takes.
    """
    routes = f"{ROUTES}{CHAT}    return build_chain().predict(input=text)\n"

    assert repaired({"chains.py": BUILDER, "app.py": routes}, unsafe=False).texts == {}


def test_a_builder_that_has_the_key_is_repaired_safely(repaired: Callable[..., Repaired]) -> None:
    """
    The code names the key itself and hands it down.
    """
    builder = BUILDER.replace("build_chain()", "build_chain(session_id)")
    routes = f"{ROUTES}{CHAT}    return build_chain(session_id).predict(input=text)\n"

    done = repaired({"chains.py": builder, "app.py": routes}, unsafe=False)

    assert "app.py" not in done.texts
    assert "chat_memory=chat_history(session_id)" in done.texts["chains.py"]


def test_what_callers_keep_is_known_by_the_key_they_keep_it_under(repaired: Callable[..., Repaired]) -> None:
    """
    A get-or-create stays as it is, and two arguments are told apart by name.
    """
    builder = BUILDER.replace("build_chain()", "build_chain(model)").replace("ChatOpenAI()", "model")
    routes = f"{ROUTES}{KEPT}".replace("build_chain()", "build_chain('gpt')")

    done = repaired({"chains.py": builder, "app.py": routes})

    assert done.fixed == ["LCM102", "LCM105"]
    assert "def build_chain(model, session_id):" in done.texts["chains.py"]
    assert "        chains[session_id] = build_chain('gpt', session_id=session_id)\n" in done.texts["app.py"]
    assert "clear()" not in done.texts["app.py"]


def test_a_conversation_that_begins_anew_still_does(repaired: Callable[..., Repaired]) -> None:
    """
    Where nothing asks for an old chain the code means a new conversation: the shared history is cleared.
    """
    route = "\n\n@app.post('/start/{session_id}')\n"
    again = f"{route}def start(session_id: str):\n    chains[session_id] = build_chain()\n"

    done = repaired({"chains.py": BUILDER, "app.py": f"{ROUTES}{KEPT}{again}"})

    text = done.texts["app.py"]
    assert "    chat_history(session_id).clear()\n    chains[session_id] = build_chain(session_id)\n" in text
    assert text.count("clear()") == 1
    assert "from shared_history import chat_history" in text


TELEGRAM = (
    f"{IMPORTS}from telegram.ext import Application, CommandHandler, MessageHandler, filters\n"
    "\n\ndef build_chain():\n    memory = ConversationBufferMemory()\n"
    "    return ConversationChain(llm=ChatOpenAI(), memory=memory)\n"
    "\n\nasync def on_text(update, context):\n"
    "    user = update.effective_user\n"
    "    if 'chain' not in context.user_data:\n"
    "        context.user_data['chain'] = build_chain()\n"
    "    answer = context.user_data['chain'].predict(input=update.message.text)\n"
    "    await update.message.reply_text(f'{user.first_name}: {answer}')\n"
    "\n\napplication = Application.builder().token('t').build()\n"
    "application.add_handler(MessageHandler(filters.TEXT, on_text))\n"
)


@pytest.mark.parametrize(
    ("kept_in", "id_"), [("user_data", "effective_user"), ("chat_data", "effective_chat")]
)
def test_a_bot_framework_knows_by_what_it_keeps_a_dict(
    repaired: Callable[..., Repaired], kept_in: str, id_: str
) -> None:
    """
    python-telegram-bot keeps a dict for each user and each chat; the variable `user` is no id.
    """
    done = repaired({"bot.py": TELEGRAM.replace("user_data", kept_in)})

    assert f"context.{kept_in}['chain'] = build_chain(update.{id_}.id)\n" in done.texts["bot.py"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            "\n\n@app.get('/')\ndef warm():\n    build_chain()\n",
            "no session id is in scope on line 14 of app.py",
        ),
        ("\nBUILDERS = {'chat': build_chain}\n", "line 11 uses `build_chain` without calling it"),
        (
            "\nimport atexit\n\natexit.register(build_chain)\n",
            "`build_chain` is handed over on line 13 of app.py",
        ),
    ],
    ids=["no key", "a value", "handed over"],
)
def test_a_builder_with_other_uses_is_refused(
    repaired: Callable[..., Repaired], more: str, reason: str
) -> None:
    """
    A call that cannot name the conversation would break.
    """
    routes = f"{ROUTES}{CHAT}    return build_chain().predict(input=text)\n{more}"

    done = repaired({"chains.py": BUILDER, "app.py": routes})

    assert done.texts == {}
    assert reason in done.reasons["LCM101"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("    if session_id not in chains or len(text) > 9:\n", "begins a conversation anew is not seen"),
        ("    if session_id not in chains:\n        chains.pop('x', None)\n", "forgets a conversation"),
    ],
    ids=["two questions", "forgets"],
)
def test_what_is_not_understood_is_refused(repaired: Callable[..., Repaired], code: str, reason: str) -> None:
    """
    A shared history is cleared or kept only where the code says which.
    """
    routes = f"{ROUTES}{KEPT}".replace("    if session_id not in chains:\n", code)

    done = repaired({"chains.py": BUILDER, "app.py": routes})

    assert done.texts == {}
    assert reason in done.reasons["LCM102"]


@pytest.mark.parametrize("annotation", ["AsyncSession", "User"])
def test_an_object_is_no_key(repaired: Callable[..., Repaired], annotation: str) -> None:
    """
    A parameter called `session` may be that of a database.
    """
    routes = (
        f"{ROUTES}\nfrom database import AsyncSession, User, current\nfrom fastapi import Depends\n"
        "\n\n@app.post('/chat')\n"
        f"def chat(text: str, session: {annotation} = Depends(current)):\n"
        "    return build_chain().predict(input=text)\n"
    )

    done = repaired({"chains.py": BUILDER, "app.py": routes})

    assert done.texts == {}
    assert "no session id is in scope" in done.reasons["LCM101"]


@pytest.mark.parametrize(
    "test",
    [
        "from chains import build_chain\n\n\ndef test_it():\n    assert build_chain()\n",
        "import chains\n\n\ndef test_it():\n    assert chains.build_chain()\n",
        "def test_it(mocker):\n    mocker.patch('chains.build_chain')\n",
    ],
    ids=["imports", "reaches", "patches"],
)
def test_a_test_that_calls_the_builder_is_not_broken(repaired: Callable[..., Repaired], test: str) -> None:
    """
    Tests are no part of the analysis, but of the project.
    """
    routes = f"{ROUTES}{CHAT}    return build_chain().predict(input=text)\n"

    done = repaired({"chains.py": BUILDER, "app.py": routes, "tests/test_chains.py": test})

    assert done.texts == {}
    assert done.reasons["LCM101"] == "tests/test_chains.py uses `build_chain` too"


@pytest.mark.parametrize(
    ("builder", "reason"),
    [
        ("@traced\ndef build_chain():\n", "`build_chain` has a decorator or positional-only parameters"),
        ("def build_chain(model='gpt', /):\n", "`build_chain` has a decorator or positional-only parameters"),
        ("def build_chain(session_id='x'):\n", "`build_chain` already has a parameter `session_id`"),
        (
            "def build_chain():\n    session_id = 3\n",
            "`build_chain` already uses `session_id` for something else",
        ),
    ],
)
def test_a_builder_whose_signature_cannot_change(
    refused: Callable[..., str], builder: str, reason: str
) -> None:
    """
    Told by the builder's own name.
    """
    text = f"{IMPORTS}\n\n{builder}    return ConversationChain(memory=ConversationBufferMemory())\n"

    assert reason == refused(
        text, "ConversationBufferMemory()", "handed-key", name_="session_id", callers="[]"
    )
