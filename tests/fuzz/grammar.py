"""Random programs of our domain: handlers, factories, aliases, decorators, stores, graphs, in one to three files.

They need not make sense; they must be Python, and hold what the linter looks at. A few use syntax that is newer than
the oldest Python that we run on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

IMPORTS: Final = (
    "from fastapi import FastAPI, APIRouter, Depends, Request, WebSocket",
    "from flask import Flask, request, session, Blueprint",
    "import streamlit as st",
    "import chainlit as cl",
    "from celery import Celery, shared_task",
    "from langchain.memory import ConversationBufferMemory, ConversationSummaryMemory as CSM",
    "from langchain_classic.memory import ConversationBufferWindowMemory",
    "import langchain.memory as mem",
    "import langchain.memory.buffer",
    "from langchain.chains import ConversationChain, LLMChain, RetrievalQA, ConversationalRetrievalChain",
    "from langchain.agents import AgentExecutor, initialize_agent",
    "from langchain_core.chat_history import InMemoryChatMessageHistory, BaseChatMessageHistory",
    "from langchain_community.chat_message_histories import *",
    "from langchain_core.runnables.history import RunnableWithMessageHistory",
    "from langchain_openai import ChatOpenAI",
    "from langgraph.checkpoint.memory import MemorySaver, InMemorySaver",
    "from langgraph.checkpoint.sqlite import SqliteSaver",
    "from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver",
    "from langgraph.store.memory import InMemoryStore",
    "from langgraph.graph import StateGraph, START, END, MessagesState",
    "from langgraph.prebuilt import create_react_agent",
    "from uuid import uuid4",
    "import uuid, os, functools, sqlite3",
    "from functools import lru_cache, cache, partial",
    "from contextlib import asynccontextmanager",
)
APPS: Final = (
    "app = FastAPI()", "app = Flask(__name__)", "router = APIRouter(prefix='/x')", "bp = Blueprint('b', __name__)",
    "celery = Celery('x')", "app = FastAPI(lifespan=lifespan)",
)  # fmt: skip
DECORATORS: Final = (
    "@app.post('/chat/{session_id}')", "@app.get('/')", "@router.post('/ask')", "@app.route('/r', methods=['POST'])",
    "@app.websocket('/ws')", "@celery.task", "@shared_task", "@cl.on_message", "@cl.on_chat_start", "@lru_cache",
    "@cache", "@functools.lru_cache(maxsize=None)", "@st.cache_resource", "@staticmethod", "@classmethod",
    "@property", "@asynccontextmanager", "@app.on_event('startup')", "@unknown.thing(1, *a, **k)", "@(lambda f: f)",
)  # fmt: skip
NAMES: Final = (
    "memory", "history", "store", "chain", "graph", "agent", "saver", "config", "session_id", "thread_id", "user",
    "key", "llm", "x", "y", "self", "sessions", "app", "request", "session",
)  # fmt: skip
CALLS: Final = (
    "ConversationBufferMemory", "CSM", "mem.ConversationBufferMemory", "ConversationBufferWindowMemory",
    "InMemoryChatMessageHistory", "ChatMessageHistory", "RedisChatMessageHistory", "SQLChatMessageHistory",
    "RunnableWithMessageHistory", "ConversationChain", "LLMChain", "AgentExecutor", "initialize_agent",
    "MemorySaver", "InMemorySaver", "SqliteSaver.from_conn_string", "AsyncPostgresSaver.from_conn_string",
    "InMemoryStore", "StateGraph", "create_react_agent", "ChatOpenAI", "uuid4", "str", "dict", "make", "get", "build",
    "os.getenv", "partial", "sqlite3.connect", "langchain.memory.buffer.ConversationBufferMemory", "unknown",
)  # fmt: skip
METHODS: Final = (
    "invoke", "ainvoke", "stream", "predict", "run", "compile", "get", "setdefault", "pop", "append", "add_node",
    "add_message", "add_user_message", "save_context", "load_memory_variables", "clear", "setup", "items", "bind",
    "with_config", "messages", "memory", "chat_memory", "__call__", "update_state", "get_state",
)  # fmt: skip
KEYWORDS: Final = (
    "memory", "llm", "chat_memory", "checkpointer", "store", "session_id", "memory_key", "input_messages_key",
    "history_messages_key", "return_messages", "config", "tools", "prompt", "connection_string", "url", "k", "verbose",
)  # fmt: skip
CONSTANTS: Final = (
    "None", "True", "1", "''", "'default'", "'abc'", "'redis://localhost'", "'sqlite:///x.db'", "b'x'", "...", "-1",
    "'thread_id'", "'configurable'", "'session_id'", "'history'", "'chat_history'", "3.5", "'\\ud800'", "'é🤖'",
)  # fmt: skip
NEWER: Final = 0.03
"""The share of files with syntax of Python 3.12 to 3.14."""
NEW_VALUES: Final = ("f'{store['a']}'", "t'{memory!r:>{x}}'", "rt'{chain}\\d'", "f'{\n  history # c\n}'")


class Writer:
    """Writes one project from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.is_new = False

    def project(self) -> dict[str, bytes]:
        """Path → bytes."""
        pick = self.random
        names = pick.sample(
            ["app", "bot/chain", "bot/__init__", "memory", "services/history", "conftest"],
            pick.choice([1, 1, 1, 1, 1, 2, 3]),
        )
        modules = [name.replace("/", ".").removesuffix(".__init__") for name in names]
        found = {f"{name}.py": self.encoded(self.module(modules)) for name in names}
        if pick.random() < 0.1:
            found["compose.yaml"] = b"services:\n  api:\n    build: .\n    command: gunicorn -w 4 app:app\n"
        if pick.random() < 0.1:
            found["langgraph.json"] = b'{"graphs": {"a": "./app.py:graph"}}\n'
        return found

    def encoded(self, text: str) -> bytes:
        """Bytes, in one of the ways in which files are written."""
        choice = self.random.random()
        if choice < 0.08:
            text = text.replace("\n", "\r\n")
        elif choice < 0.14:
            text = text.replace("    ", "\t")
        elif choice < 0.18:
            return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
        elif choice < 0.21:
            text = "# -*- coding: latin-1 -*-\n" + text
            return text.encode("latin-1", "replace")
        elif choice < 0.25:
            text = text.rstrip("\n")
        elif choice < 0.28:
            text = text.replace("\ndef ", "\n\x0cdef ")
        return text.encode("utf-8", "replace")

    def module(self, modules: Sequence[str]) -> str:
        """The text of one file."""
        pick = self.random
        self.is_new = pick.random() < NEWER
        lines = pick.sample(IMPORTS, pick.randint(2, 5))
        for module in pick.sample(list(modules), pick.randint(0, len(modules))):
            lines.append(
                pick.choice(
                    [
                        f"from {module} import {self.name()}, make as build",
                        f"import {module}",
                        f"from .{module} import *",
                    ]
                )
            )
        lines += pick.sample(APPS, pick.randint(0, 2))
        for _ in range(pick.choice([1, 1, 1, 2, 3])):
            lines += pick.choice([self.function, self.function, self.cls, self.statement])("")
        if pick.random() < 0.15:
            lines += ["if __name__ == '__main__':", *self.block("    ")]
        return "\n".join(lines) + "\n"

    def function(self, indent: str, *, method: bool = False) -> list[str]:
        """A function with its decorators."""
        pick = self.random
        head = [f"{indent}{one}" for one in pick.sample(DECORATORS, pick.choice([0, 1, 1, 2]))]
        params = pick.sample(
            ["session_id: str", "user=None", "*args", "request: Request", "x: int = 1"], pick.randint(0, 3)
        )
        params.sort(key=lambda one: ("*" in one, "=" in one))
        if method:
            params.insert(0, "self")
        returns = pick.choice(["", "", " -> str", " -> BaseChatMessageHistory", " -> 'Unknown'"])
        name = pick.choice(
            ["make", "get", "build", "chat", "handler", "lifespan", "get_session_history", "run"]
        )
        types = pick.choice(["", "[T]"]) if self.is_new else ""
        kind = pick.choice(["", "", "async "])
        return [
            *head,
            f"{indent}{kind}def {name}{types}({', '.join(params)}){returns}:  # {pick.randint(0, 99)}",
            *self.block(indent + "    "),
        ]

    def cls(self, indent: str) -> list[str]:
        """A class with some members."""
        pick = self.random
        bases = pick.choice(["", "(Base)", "(BaseChatMessageHistory)", "(Bot, metaclass=M)", "(list[int])"])
        lines = [f"{indent}class {pick.choice(['Bot', 'Base', 'Chat', 'Service'])}{bases}:"]
        for _ in range(pick.randint(1, 3)):
            lines += (
                self.function(indent + "    ", method=True)
                if pick.random() < 0.7
                else self.statement(indent + "    ")
            )
        return lines

    def block(self, indent: str) -> list[str]:
        """One to three statements."""
        return [line for _ in range(self.random.randint(1, 3)) for line in self.statement(indent)]

    def statement(self, indent: str) -> list[str]:
        """One statement, simple or compound."""
        pick = self.random
        if len(indent) < 16 and pick.random() < 0.25:
            return pick.choice(self._compounds())(indent)
        text = pick.choice(self._simple())()
        return [f"{indent}{text}{pick.choice(['', '', '', '  # a note', '  # noqa'])}"]

    def _simple(self) -> list[Callable[[], str]]:
        name, value, pick = self.name, self.value, self.random
        return [
            lambda: f"{name()} = {value()}",
            lambda: f"{name()} = {value()}",
            lambda: f"{name()}: {pick.choice(['int', 'dict[str, list]', 'Unknown'])} = {value()}",
            lambda: f"self.{name()} = {value()}",
            lambda: f"{name()}[{value(2)}] = {value()}",
            lambda: f"{name()}.{name()} = {value()}",
            lambda: f"{name()}, *{name()} = {value()}",
            lambda: f"return {value()}",
            lambda: value(),
            lambda: f"await ({value()})",
            lambda: f"yield {value(2)}",
            lambda: f"global {name()}",
            lambda: f"del {name()}[{value(2)}]",
            lambda: f"{name()} += {value()}",
            lambda: f"assert {value(2)}, 'text'",
            lambda: f"raise {value(2)} from None",
            lambda: pick.choice(["pass", "pass", "pass", "pass  # lcmemlint: ignore[LCM101]"]),
            lambda: f"x = 1; {name()} = {value(2)};",
            lambda: f"type A = {value(2)}" if self.is_new else f"A = {value(2)}",
        ]

    def _compounds(self) -> list[Callable[[str], list[str]]]:
        def under(head: Callable[[], str], *others: str) -> Callable[[str], list[str]]:
            def write(indent: str) -> list[str]:
                lines = [f"{indent}{head()}", *self.block(indent + "    ")]
                for other in others:
                    lines += [f"{indent}{other}", *self.block(indent + "    ")]
                return lines

            return write

        return [
            under(lambda: f"if {self.value(2)}:", "else:"),
            under(lambda: f"if ({self.name()} := {self.value(2)}) is None:", "elif x:", "else:"),
            under(lambda: f"for {self.name()} in {self.value(2)}:"),
            under(lambda: f"while {self.value(2)}:"),
            under(lambda: "try:", "except Exception as error:", "finally:"),
            under(lambda: "try:", "except* ValueError:"),
            under(
                lambda: "try:",
                "except ValueError, KeyError:" if self.is_new else "except (ValueError, KeyError):",
            ),
            under(lambda: f"with {self.value()} as {self.name()}:"),
            under(lambda: f"async with {self.value()} as {self.name()}, {self.value(2)}:"),
            lambda indent: [
                f"{indent}match {self.value(2)}:",
                f"{indent}    case {{'a': {self.name()}}} | [_, *{'rest'}] if x:",
                *self.block(indent + "        "),
            ],
            lambda indent: self.function(indent),
        ]

    def name(self) -> str:
        """A name, old or new."""
        return self.random.choice(NAMES)

    def value(self, depth: int = 0) -> str:
        """An expression."""
        pick = self.random
        if self.is_new and pick.random() < 0.1:
            return pick.choice(NEW_VALUES)
        if depth > 2 or pick.random() < 0.25:
            return pick.choice([self.name(), pick.choice(CONSTANTS), self.name()])
        inner = depth + 1
        kind = pick.random()
        if kind < 0.45:
            return f"{pick.choice(CALLS)}({self.arguments(inner)})"
        if kind < 0.6:
            return f"({self.value(inner + 1)}).{pick.choice(METHODS)}({self.arguments(inner)})"
        forms: list[Callable[[], str]] = [
            lambda: f"{self.name()}.{self.name()}",
            lambda: f"{self.name()}[{self.value(inner)}]",
            lambda: f"{{{pick.choice(CONSTANTS)}: {self.value(inner)}, **{self.name()}}}",
            lambda: f"[{self.value(inner)}, *{self.name()}]",
            lambda: f"({self.value(inner)}, {self.value(inner)})",
            lambda: f"{self.value(inner)} or {self.value(inner)}",
            lambda: f"({self.value(inner)} if {self.name()} else {self.value(inner)})",
            lambda: f"(lambda {self.name()}=1: {self.value(inner)})",
            lambda: f"f'{{{self.name()}!r:>{{x}}}}-{{uuid4()}}'",
            lambda: f"f'{{f\"{{{self.name()}}}\"}}'",
            lambda: f"[{self.name()} for x in {self.value(inner)} if {self.name()}]",
            lambda: f"{{x: {self.value(inner)} for x, y in {self.name()}}}",
            lambda: "{'configurable': {'thread_id': " + self.value(inner) + "}}",
            lambda: f"({self.name()} := {self.value(inner)})",
            lambda: f"(await ({self.value(inner)}))",
            lambda: f"not {self.value(inner)}",
        ]
        return pick.choice(forms)()

    def arguments(self, depth: int) -> str:
        """Arguments of a call."""
        pick = self.random
        found = [self.value(depth) for _ in range(pick.choice([0, 0, 1, 1, 2]))]
        found += [f"{one}={self.value(depth)}" for one in pick.sample(KEYWORDS, pick.choice([0, 0, 1, 1, 2]))]
        return ", ".join(found) + pick.choice(["", "", "", ", **options"] if found else [""])
