"""Ids that all share, that nobody can send again, or that differ between two paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Change, Context, apply
from lcmemlint.fixes.returning_id import rewrite
from lcmemlint.fixes.trees import Tree
from tests.fixes.conftest import Fault, finding, span

if TYPE_CHECKING:
    from lcmemlint.findings import Finding
    from tests.fixes.conftest import Project, Repaired

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
FLASK = "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n"
MODEL = "from pydantic import BaseModel, Field\n\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f'{MODEL}class Ask(BaseModel):\n    session_id: str = "default"  # whose\n    text: str = ""\n',
            f'{MODEL}class Ask(BaseModel):\n    session_id: str  # whose\n    text: str = ""\n',
            id="field",
        ),
        pytest.param(
            f'{MODEL}class Ask(BaseModel):\n    session_id: str = Field("default", max_length=9)\n',
            f"{MODEL}class Ask(BaseModel):\n    session_id: str = Field(..., max_length=9)\n",
            id="Field",
        ),
        pytest.param(
            f'{FASTAPI}@app.get("/")\ndef chat(text: str, thread: str = "default") -> str:\n    return run(thread)\n',
            f'{FASTAPI}@app.get("/")\ndef chat(text: str, thread: str) -> str:\n    return run(thread)\n',
            id="parameter-of-a-route",
        ),
        pytest.param(
            f'{FASTAPI}@app.post("/")\ndef chat(ask: Ask):\n    user = ask.user if ask.user else "default"\n'
            "    return run(user)\n",
            "from fastapi import FastAPI, HTTPException\n\napp = FastAPI()\n\n\n"
            '@app.post("/")\ndef chat(ask: Ask):\n    user = ask.user\n    if not user:\n'
            '        raise HTTPException(status_code=422, detail="user is required")\n    return run(user)\n',
            id="fallback-in-a-route",
        ),
        pytest.param(
            f'{FLASK}@app.post("/")\ndef chat():\n    user = request.json.get("user", "default")  # whose\n'
            "    return run(user)\n",
            'from flask import Flask, request, abort\n\napp = Flask(__name__)\n\n\n@app.post("/")\ndef chat():\n'
            '    user = request.json.get("user")  # whose\n    if not user:\n'
            '        abort(400, "user is required")\n    return run(user)\n',
            id="get-in-flask",
        ),
    ],
)
def test_an_id_that_all_share_is_no_default(project: Project, before: str, after: str) -> None:
    project.put("app.py", before)
    project.fault('"default"', "required-id", unsafe=True)

    project.fix(unsafe=True)

    assert project.text("app.py") == after
    assert project.fix(unsafe=True).changed == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('def run(thread: str = "default"):\n    return thread\n', "without an id would fail"),
        ('class A:\n    thread: str = "default"\n', "only a field of a model"),
        (f'{MODEL}class A(BaseModel):\n    thread: str = "default"\n\n\nA(text=1)\n', "builds `A` without"),
        (
            'def run(thread):\n    thread = thread or "default"\n    return thread\n',
            "no route that could answer",
        ),
        ('thread = "default"\n', "is yours to say"),
        (
            f'{FASTAPI}@app.post("/")\ndef chat(ask: Ask):\n    ask.user = ask.user or "default"\n'
            "    return run(ask)\n",
            "the id has no plain name",
        ),
        (
            f'{FASTAPI}@app.get("/")\ndef chat(a: str = "", thread: str = "default"):\n    return run(thread)\n',
            "behind parameters that have a default",
        ),
    ],
)
def test_defaults_that_stay(refused: Callable[..., str], text: str, reason: str) -> None:
    assert reason in refused(text, '"default"', "required-id")


UUID = "from uuid import uuid4\n\n"
STARLETTE = "from starlette.responses import JSONResponse\n\n\nasync def chat(request):\n"


def test_a_parameter_names_the_conversation(fixed: Callable[..., str]) -> None:
    before = f"{UUID}\ndef chat(user_id, text):\n    session_id = str(uuid4())  # new\n    return run(session_id)\n"

    after = fixed(before, "uuid4()", "returning-id", key="user_id")

    assert after == "def chat(user_id, text):\n    session_id = user_id  # new\n    return run(session_id)\n"


def test_a_parameter_of_another_function_names_nothing_here(refused: Callable[..., str]) -> None:
    """
    The key must be bound where the id is made.
    """
    before = f"{UUID}\ndef chat(text):\n    session_id = str(uuid4())\n    return run(session_id)\n"

    assert refused(before, "uuid4()", "returning-id", key="user_id") == "`user_id` is not bound at this place"


def test_a_header_takes_the_id_and_brings_it_back(project: Project) -> None:
    project.put(
        "app.py",
        f'import os\n{UUID}{FASTAPI}@app.post("/")\nasync def chat(text: str, k: int = 3) -> dict:\n'
        "    session_id = uuid4().hex\n    return run(session_id, text)\n",
    )
    project.extra = _new_id

    project.fix(unsafe=True)

    assert project.text("app.py") == (
        "import os\nfrom uuid import uuid4\nfrom typing import Annotated\n\n"
        "from fastapi import FastAPI, Header, Response\n\napp = FastAPI()\n\n\n"
        '@app.post("/")\nasync def chat(text: str, k: int = 3, *, response: Response,'
        " x_session_id: Annotated[str | None, Header()] = None) -> dict:\n"
        "    session_id = x_session_id or uuid4().hex\n"
        '    response.headers["X-Session-Id"] = session_id\n    return run(session_id, text)\n'
    )


def test_flask_sends_it_with_whatever_is_returned(project: Project) -> None:
    """
    Also with responses that the handler makes itself; an id that is no text becomes one.
    """
    project.put(
        "app.py",
        f'{UUID}{FLASK}@app.post("/")\ndef chat():\n    thread = uuid4()\n\n    return run(thread, request.json)\n',
    )
    project.extra = _new_id

    project.fix(unsafe=True)

    assert project.text("app.py").endswith(
        '@app.post("/")\ndef chat():\n    thread = request.headers.get("X-Session-Id") or uuid4()\n\n'
        "    @after_this_request\n    def send_thread(response):\n"
        '        response.headers["X-Session-Id"] = str(thread)\n        return response\n\n'
        "    return run(thread, request.json)\n"
    )
    assert "from flask import Flask, request, after_this_request\n" in project.text("app.py")


def test_starlette_sends_it_in_each_response(project: Project) -> None:
    """
    What is returned before there is an id stays as it is.
    """
    project.put(
        "app.py",
        f"{UUID}{STARLETTE}    if not request.path_params:\n        return JSONResponse({{}}, status_code=400)\n"
        "    thread = str(uuid4())\n    if run(thread):\n        return JSONResponse(1)\n    return JSONResponse(2)\n",
    )
    project.extra = lambda texts: [
        finding("app.py", span(texts["app.py"], at, at + len("uuid4()")), Fault("", "returning-id"))
        for at in [texts["app.py"].find("= str(uuid4())") + len("= str(")]
        if at > len("= str(")
    ]

    project.fix(unsafe=True)

    assert project.text("app.py").endswith(
        "        return JSONResponse({}, status_code=400)\n"
        '    thread = request.headers.get("X-Session-Id") or str(uuid4())\n    if run(thread):\n'
        '        return JSONResponse(1, headers={"X-Session-Id": thread})\n'
        '    return JSONResponse(2, headers={"X-Session-Id": thread})\n'
    )


def _new_id(texts: Mapping[str, str]) -> list[Finding]:
    """The finding for an id that is nothing but new."""
    text = texts["app.py"]
    at = text.find("= uuid4()") + len("= ")
    return (
        [finding("app.py", span(text, at, at + len("uuid4()")), Fault("", "returning-id"))] if at > 1 else []
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "def chat(text):\n    session_id = uuid4()\n    return session_id\n",
            "not made in a handler of FastAPI, Flask or Starlette",
        ),
        (
            f'{FASTAPI}@app.post("/")\ndef chat(text: str):\n    session_id = uuid4()\n'
            "    answer = StreamingResponse(run(session_id))\n    return answer\n",
            "makes its own response",
        ),
        (
            f'{FASTAPI}@app.post("/")\ndef chat(text: str):\n    session_id = uuid4()\n'
            "    return StreamingResponse(run(session_id), headers=HEADERS)\n",
            "sends headers of its own",
        ),
        (
            f"{STARLETTE}    session_id = uuid4()\n    return answer_of(session_id)\n",
            "is not seen to be a response",
        ),
        (
            f'{FLASK}@app.post("/")\ndef chat():\n    request = read()\n    session_id = uuid4()\n'
            "    return run(session_id)\n",
            "has a variable `request`",
        ),
        (f'{FASTAPI}@app.post("/")\ndef chat(text: str):\n    return run(uuid4())\n', "no name of its own"),
        (
            f'{FASTAPI}@app.post("/")\ndef chat(text: str, response: Response):\n    session_id = uuid4()\n'
            "    return run(session_id)\n",
            "already has a parameter of that name",
        ),
        (
            f'{FASTAPI}x_session_id = 3\n\n\n@app.post("/")\ndef chat(text: str):\n    session_id = uuid4()\n'
            "    return run(session_id)\n",
            "already has a parameter of that name",
        ),
    ],
)
def test_ids_that_stay(refused: Callable[..., str], body: str, reason: str) -> None:
    assert reason in refused(f"{UUID}\n{body}", "uuid4()", "returning-id")


def test_one_key_on_both_paths(fixed: Callable[..., str]) -> None:
    code = 'History(f"async:{user_id}", url=URL)'

    after = fixed(f"def f(user_id):\n    return {code}  # kept\n", code, "same-key", key="{user_id}")

    assert after == "def f(user_id):\n    return History(user_id, url=URL)  # kept\n"


@pytest.mark.parametrize("code", ['History(f"{a}:{user_id}")', "History(user_id, prefix='x')"])
def test_keys_that_stay(refused: Callable[..., str], code: str) -> None:
    assert "is yours to say" in refused(
        f"def f(user_id, a):\n    return {code}\n", code, "same-key", key="{user_id}"
    )


@pytest.mark.parametrize(("key", "is_safe"), [("session_id", True), ("user_id", False)])
def test_that_a_person_is_a_conversation_is_a_choice(
    repaired: Callable[..., Repaired], key: str, is_safe: bool
) -> None:
    """
    LCM201: a parameter that names the conversation takes the place of the new id safely, a person's does not.
    """
    text = (
        "import uuid\n\nfrom fastapi import FastAPI\nfrom langgraph.prebuilt import create_react_agent\n"
        "from models import model\nfrom shared_checkpointer import shared_checkpointer\n\n"
        "app = FastAPI()\nagent = create_react_agent(model, tools=[], checkpointer=shared_checkpointer())\n"
        f"\n\n@app.post('/')\ndef chat({key}: str, text: str):\n    thread = str(uuid.uuid4())\n"
        "    return agent.invoke({'messages': text}, {'configurable': {'thread_id': thread}})\n"
    )

    done = repaired({"app.py": text}, unsafe=False)

    assert (done.fixed == ["LCM201"]) == is_safe
    assert is_safe or f"thread = {key}\n" in repaired({"app.py": text}).texts["app.py"]


CATCHING = (
    "    try:\n        thread = data.get('thread', \"default\")\n        return run(thread)\n"
    "    except Exception as error:\n        return str(error)\n"
)


def test_an_answer_is_not_caught_by_the_handler(fixed: Callable[..., str]) -> None:
    """
    Where the handler catches every error, Flask answers instead of raising one.
    """
    before = f"{FLASK}@app.post('/')\ndef chat():\n{CATCHING}"

    after = fixed(before, '"default"', "required-id")

    assert "        if not thread:\n            return {'error': 'thread is required'}, 400\n" in after
    assert "abort" not in after


def test_an_error_that_is_caught_is_no_answer(refused: Callable[..., str]) -> None:
    """
    FastAPI has nothing but an error to answer with, unless that is let through.
    """
    before = f"{FASTAPI}@app.post('/')\ndef chat(data: dict):\n{CATCHING}"

    assert "catches every error" in refused(before, '"default"', "required-id")


def test_an_error_that_is_let_through(fixed: Callable[..., str]) -> None:
    through = CATCHING.replace(
        "    except Exception", "    except HTTPException:\n        raise\n    except Exception"
    )

    after = fixed(f"{FASTAPI}@app.post('/')\ndef chat(data: dict):\n{through}", '"default"', "required-id")

    assert "            raise HTTPException(status_code=422, detail='thread is required')\n" in after


@pytest.mark.parametrize("route", ["route", "get", "post", "put", "patch", "delete"])
def test_every_route_of_flask_takes_the_header(route: str) -> None:
    """
    By the names of the decorators.
    """
    text = (
        f"{FLASK}@app.{route}('/')\ndef chat():\n    session_id = str(uuid4())\n    return run(session_id)\n"
    )
    at = text.index("uuid4()")
    request = FixRequest("returning-id", "app.py", span(text, at, at + len("uuid4()")), ())

    change = rewrite(Tree(text), request, Context())

    assert isinstance(change, Change)
    assert "session_id = request.headers.get('X-Session-Id') or str(uuid4())\n" in apply(text, change.edits)
