"""Names of the world outside that values are followed through, each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

BOT = "class Bot:\n    pass\n\n\nbot = Bot()\n"
FOUND = {"instance of class app.py:Bot"}


def revealed(linked: Link, text: str, imports: str = "") -> set[str]:
    return linked({"app.py": f"{imports}{BOT}{text}\n"}).revealed()


@pytest.mark.parametrize(
    "attribute",
    ["delay", "apply_async", "s", "si", "remote", "aremote", "local", "map", "starmap", "submit", "invoke", "ainvoke",
     "run", "func", "fn", "coroutine", "send", "kiq", "defer"],
)  # fmt: skip
def test_a_task_runs_its_function(attribute: str, linked: Link) -> None:
    """
    `task.delay(…)` and its like call the function that was made a task.
    """
    text = f"@queue.task\ndef work(text):\n    return bot\n\nreveal(work.{attribute})"

    assert revealed(linked, text) == {"function app.py:work"}


@pytest.mark.parametrize(
    "container",
    ["dict", "set", "collections.defaultdict", "collections.OrderedDict", "collections.deque",
     "cachetools.TTLCache", "cachetools.LRUCache", "cachetools.Cache", "queue.Queue", "asyncio.Queue",
     "threading.local", "weakref.WeakValueDictionary"],
)  # fmt: skip
def test_what_is_put_into_a_container_comes_out(container: str, linked: Link) -> None:
    """
    Whatever kind of container it is.
    """
    module = container.rpartition(".")[0]
    text = f"kept = {container}()\nkept['a'] = bot\nreveal(kept['a'])"

    assert revealed(linked, text, f"import {module}\n" if module else "") >= FOUND


@pytest.mark.parametrize("reader", ["get", "pop", "setdefault", "popleft", "popitem", "values", "items", "copy",
                                    "get_nowait", "__getitem__"])  # fmt: skip
@pytest.mark.parametrize("writer", ["append", "appendleft", "insert", "put", "put_nowait", "add"])
def test_methods_that_read_and_write(reader: str, writer: str, linked: Link) -> None:
    """
    Also by their methods.
    """
    argument = "0, bot" if writer == "insert" else "bot"
    text = f"kept = collections.deque()\nkept.{writer}({argument})\nreveal(kept.{reader}())"

    assert revealed(linked, text, "import collections\n") >= FOUND


@pytest.mark.parametrize(
    "call",
    ["typing.cast(Bot, bot)", "typing_extensions.cast(Bot, bot)", "copy.copy(bot)", "copy.deepcopy(bot)",
     "asyncio.run(bot)", "asyncio.wait_for(bot, 1)", "asyncio.shield(bot)", "contextlib.closing(bot)",
     "asyncio.create_task(bot)", "asyncio.ensure_future(bot)", "weakref.proxy(bot)", "weakref.ref(bot)",
     "anyio.run(bot)"],
)  # fmt: skip
def test_calls_that_give_back_what_they_get(call: str, linked: Link) -> None:
    """
    For our questions the result is the argument.
    """
    module = call.split(".", 1)[0]

    assert revealed(linked, f"reveal({call})", f"import {module}\n") >= FOUND


@pytest.mark.parametrize("call", ["list", "tuple", "iter", "next", "reversed", "sorted"])
def test_built_in_functions_that_give_back_what_they_get(call: str, linked: Link) -> None:
    """
    The same container, or what is in it.
    """
    assert revealed(linked, f"for one in {call}([bot]):\n    reveal(one)") >= FOUND


@pytest.mark.parametrize(
    "name", ["memory", "chat_memory", "checkpointer", "store", "agent", "chain", "llm_chain"]
)
def test_keywords_that_chains_keep(name: str, linked: Link) -> None:
    """
    Under an attribute of the same name.
    """
    text = f"from langchain.chains import ConversationChain\nmade = ConversationChain({name}=bot)\nreveal(made.{name})"

    assert revealed(linked, text) >= FOUND


@pytest.mark.parametrize(
    "field",
    ["dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field", "sqlmodel.Field"],
)
def test_defaults_of_fields(field: str, linked: Link) -> None:
    """
    What a factory makes.
    """
    text = f"class Kept:\n    one = {field}(default_factory=Bot)\n\nreveal(Kept().one)"

    assert revealed(linked, text, f"import {field.partition('.')[0]}\n") >= FOUND


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("import functools", "functools.partial(work, one=bot)"),
        ("import functools", "functools.partialmethod(work, one=bot)"),
        ("import asyncio", "asyncio.to_thread(work, one=bot)"),
        ("from fastapi.concurrency import run_in_threadpool", "run_in_threadpool(work, one=bot)"),
        ("from starlette.concurrency import run_in_threadpool", "run_in_threadpool(work, one=bot)"),
        ("from fastapi import BackgroundTasks", "BackgroundTasks().add_task(work, one=bot)"),
        ("from starlette.background import BackgroundTasks", "BackgroundTasks().add_task(work, one=bot)"),
        ("from concurrent.futures import ThreadPoolExecutor", "ThreadPoolExecutor().submit(work, one=bot)"),
    ],
)
def test_keywords_that_are_handed_on(imports: str, call: str, linked: Link) -> None:
    """
    To the function that is called in the end.
    """
    text = f"def work(one):\n    reveal(one)\n\n{call}"

    assert revealed(linked, text, f"{imports}\n") >= FOUND
