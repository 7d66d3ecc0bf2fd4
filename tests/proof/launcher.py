"""Starts servers on orders from standard input: each is a process of its own, forked before any app was imported.

Run as a script by the Python that has LangChain. Its libraries are imported once here, which saves every server
the seconds that this takes; of the app, and of its connections, nothing exists before the fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from typing import Any, NoReturn

LIBRARIES = (
    "fastapi",
    "flask",
    "gunicorn.app.wsgiapp",
    "langchain.agents",
    "langchain.chains",
    "langchain.memory",
    "langchain_classic.agents",
    "langchain_classic.chains",
    "langchain_classic.memory",
    "langchain_core.runnables.history",
    "langgraph.checkpoint.postgres",
    "langgraph.checkpoint.sqlite",
    "langgraph.graph",
    "langgraph.prebuilt",
    "psycopg_pool",
    "redis",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
)


def serve(order: dict[str, Any]) -> NoReturn:
    """Become gunicorn, and the leader of its workers."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    out = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    os.environ.update(order["environment"])
    sys.argv = ["gunicorn", *order["arguments"]]
    importlib.import_module("gunicorn.app.wsgiapp").run()
    sys.exit()


def main() -> None:
    """Answer each order, a line of JSON, with the id of the server's process."""
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ended leaves no zombie
    started = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
        started.append(child)
        print(child, flush=True)
    for group in started:  # the tests are over, or were killed before they could end what they had started
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
