"""One process of a probe. It stands alone, since the project's own Python runs it, which may not know lcmemlint.

``python child.py ORDER``; the order is JSON: ``target``, ``role`` (``write`` or ``read``), ``mark`` (the text of the
message), ``ids`` and ``others`` (more ids than a factory takes), ``folders`` for ``sys.path``, and ``answer``, the
file for the answer. What the project raises ends the process with its traceback and without an answer.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ASYNC_ONLY = (NotImplementedError, AssertionError, TypeError, ValueError)
"""What the sync methods of histories and savers raise that were opened for async code."""


class Nothing(Exception):
    """The target keeps no conversation; the text says why."""


class Files:
    """The files that this process opens to write, databases included."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Remember the names of files; an audit hook."""
        if event == "sqlite3.connect":
            name = os.fsdecode(arguments[0]).removeprefix("file:").partition("?")[0]
            self._names |= {name, f"{name}-wal", f"{name}-journal"}
        elif event == "open" and isinstance(arguments[0], str) and set(str(arguments[1])) & set("wax+"):
            self._names.add(arguments[0])

    def holding(self, text: str) -> str:
        """The file that has this text in it, empty when none of them has."""
        for name in sorted(self._names):
            path = Path(name)
            if path.is_file() and text.encode() in path.read_bytes():
                return str(path.resolve()).removesuffix("-wal").removesuffix("-journal")
        return ""


class Histories:
    """Conversations that a function of one or more ids returns."""

    def __init__(self, open_history: Callable[[list[str]], Any], run: Callable[[Any], Any]) -> None:
        self._function = open_history
        self._run = run

    def kind(self, ids: list[str]) -> str:
        """The class that keeps them."""
        return type(self._open(ids)).__name__

    def texts(self, ids: list[str]) -> list[str]:
        """What one conversation holds."""
        history = self._open(ids)
        messages = _first_that_works(lambda: history.messages, lambda: self._run(history.aget_messages()))
        return [str(message.content) for message in messages]

    def add(self, ids: list[str], mark: str) -> None:
        """Add one message."""
        added = [importlib.import_module("langchain_core.messages").HumanMessage(content=mark)]
        history = self._open(ids)
        _first_that_works(
            lambda: history.add_messages(added), lambda: self._run(history.aadd_messages(added))
        )

    def delete(self, ids: list[str]) -> None:
        """Forget one conversation."""
        history = self._open(ids)
        _first_that_works(history.clear, lambda: self._run(history.aclear()))

    def _open(self, ids: list[str]) -> Any:
        found = self._function(ids)
        found = self._run(found) if inspect.isawaitable(found) else found
        for inner in ("memory", "chat_memory"):  # of a chain, of a memory
            found = getattr(found, inner, None) or found
        return found


class Threads:
    """Threads of a graph's saver. The graph itself is not run: its nodes may cost money, or send mail."""

    def __init__(self, saver: Any, run: Callable[[Any], Any]) -> None:
        self._saver = saver
        self._run = run

    def kind(self, ids: list[str]) -> str:
        """The class that keeps them."""
        return type(self._saver).__name__

    def texts(self, ids: list[str]) -> list[str]:
        """What the last checkpoint of one thread holds."""
        found = self._call("get_tuple", _thread(ids))
        return [] if found is None else [str(value) for value in found.checkpoint["channel_values"].values()]

    def add(self, ids: list[str], mark: str) -> None:
        """Put one checkpoint."""
        checkpoint = importlib.import_module("langgraph.checkpoint.base").empty_checkpoint()
        version = {"probe": self._saver.get_next_version(None, None)}
        checkpoint |= {"channel_values": {"probe": mark}, "channel_versions": dict(version)}
        about = {"source": "update", "step": -1, "parents": {}}
        self._call("put", _thread(ids), checkpoint, about, version)

    def delete(self, ids: list[str]) -> None:
        """Forget one thread."""
        self._call("delete_thread", ids[0])

    def _call(self, name: str, *arguments: Any) -> Any:
        def in_loop() -> Any:
            return self._run(getattr(self._saver, f"a{name}")(*arguments))

        if self.kind([]).startswith("Async"):  # its sync methods would wait for a loop that waits for them
            return in_loop()
        return _first_that_works(lambda: getattr(self._saver, name)(*arguments), in_loop)


def _thread(ids: list[str]) -> dict[str, Any]:
    return {"configurable": {"thread_id": ids[0], "checkpoint_ns": ""}}


def _first_that_works(call: Callable[[], Any], call_async: Callable[[], Any]) -> Any:
    try:
        return call()
    except ASYNC_ONLY as error:
        try:
            return call_async()
        except AttributeError:  # there is no async method; then the first complaint is the one to read
            raise error from None


def _kept(target: Any, run: Callable[[Any], Any]) -> Histories | Threads:
    """What keeps the conversations of a target."""
    for part in _parts(target):
        if hasattr(part, "history_factory_config"):
            names = [spec.id for spec in part.history_factory_config]
            return Histories(partial(_called, part.get_session_history, names), run)
        if hasattr(part, "checkpointer") and hasattr(part, "get_state"):
            if not hasattr(part.checkpointer, "get_tuple"):
                raise Nothing("the graph was compiled without a checkpointer")
            return Threads(part.checkpointer, run)
    if not callable(target):
        raise TypeError(
            f"{type(target).__name__} is no history factory, no RunnableWithMessageHistory and no compiled graph"
        )
    count = _ids_taken(target)
    if count:
        return Histories(lambda ids: target(*ids[:count]), run)
    made = target()
    made = run(made) if inspect.isawaitable(made) else made
    if hasattr(made, "messages") or hasattr(made, "chat_memory"):
        return Histories(lambda ids: target(), run)
    return _kept(made, run)


def _parts(target: Any, depth: int = 4) -> Iterator[Any]:
    """A runnable, and those that it is made of."""
    if inspect.isroutine(target) or inspect.isclass(target):
        return
    yield target
    if depth:
        for inner in (*(getattr(target, "steps", None) or ()), getattr(target, "bound", None)):
            if inner is not None:
                yield from _parts(inner, depth - 1)


def _called(factory: Callable[..., Any], names: list[str], ids: list[str]) -> Any:
    """As RunnableWithMessageHistory calls it: one id by position, several by name."""
    return factory(ids[0]) if len(names) == 1 else factory(**dict(zip(names, ids, strict=False)))


def _ids_taken(factory: Callable[..., Any]) -> int:
    """How many ids a function takes: those that it must have, or one if it can do without."""
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = list(inspect.signature(factory).parameters.values())
    needed = [each for each in parameters if each.kind in by_position and each.default is each.empty]
    can_take = any(each.kind in (*by_position, inspect.Parameter.VAR_POSITIONAL) for each in parameters)
    return len(needed) or int(can_take)


def _written(kept: Histories | Threads, order: dict[str, Any], files: Files) -> dict[str, Any]:
    ids, mark = order["ids"], order["mark"]
    about = {"kind": kept.kind(ids), "was_empty": not kept.texts(ids)}
    if about["was_empty"]:  # else this is somebody's conversation, whatever its id is
        kept.add(ids, mark)
        about |= {"seen": mark in kept.texts(ids), "file": files.holding(mark)}
    return about


def _read(kept: Histories | Threads, order: dict[str, Any]) -> dict[str, Any]:
    ids, mark = order["ids"], order["mark"]
    seen, other = mark in kept.texts(ids), mark in kept.texts(order["others"])
    kept.delete(ids)
    return {"seen": seen, "other": other}


def main(order: dict[str, Any]) -> None:
    """Carry out one order, and write the answer."""
    warnings.simplefilter("ignore")
    files = Files()
    sys.addaudithook(files.watch)
    sys.path[:1] = order["folders"]
    module, _, names = order["target"].partition(":")
    target = importlib.import_module(module)
    for name in names.split("."):
        target = getattr(target, name)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        kept = _kept(target, loop.run_until_complete)
        answer = _written(kept, order, files) if order["role"] == "write" else _read(kept, order)
    except Nothing as nothing:
        answer = {"nothing": str(nothing)}
    Path(order["answer"]).write_text(json.dumps(answer), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads and connections of the project may never end by themselves


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
