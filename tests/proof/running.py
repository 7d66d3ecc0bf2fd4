"""An app as several processes on one machine, and people who talk to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.proof.stores import free_port, listens, wait_until


@dataclass(frozen=True)
class Served:
    """An app behind a port of this machine."""

    port: int
    path: str

    def say(self, user: str, word: str) -> set[str]:
        """The words that the app remembers of this user's conversation, after it has heard one more."""
        return self._ask({"text": f"say-{word}"}, user)[0]

    def say_nameless(self, word: str) -> tuple[set[str], str]:
        """The same for somebody who sends no id, and the id that the answer brings in a header."""
        return self._ask({"text": f"say-{word}"}, "")

    def _ask(self, sent: dict[str, str], user: str) -> tuple[set[str], str]:
        # Each app takes the id where it likes: in the path, the query, a header or the body.
        sent |= dict.fromkeys(("user_id", "session_id", "thread_id"), user) if user else {}
        headers = {"Content-Type": "application/json"} | ({"X-Session-Id": user} if user else {})
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.path.format(user=user)}?{urllib.parse.urlencode(sent)}",
            data=json.dumps(sent).encode(),
            headers=headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                reply = json.load(answer)["reply"]
                id_ = answer.headers.get("X-Session-Id", "")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error}: {error.read().decode(errors='replace')}") from error
        return set(re.findall(r"\bgot-(\w+)", reply)), id_


class Launcher:
    """Starts servers, each in a process of its own; ``python`` is the one that has LangChain."""

    def __init__(self, python: str) -> None:
        command = [python, "-W", "ignore", str(Path(__file__).with_name("launcher.py"))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @contextmanager
    def served(
        self, folder: Path, path: str, environment: Mapping[str, str], *options: str
    ) -> Iterator[Served]:
        """`gunicorn app:app` in this folder, with one worker if the options do not say more."""
        port = free_port()
        text = (folder / "app.py").read_text(encoding="utf-8")
        is_asgi = "FastAPI" in text or "Starlette" in text
        worker = ["-k", "asgi"] if is_asgi else ["-k", "gthread", "--threads", "8"]
        log = folder.parent / f"{folder.name}-{port}.log"
        pid = self._start(
            {
                "folder": str(folder),
                "environment": dict(environment),
                "arguments": [
                    "app:app",
                    "--no-control-socket",
                    *("--chdir", str(folder)),
                    *("--bind", f"127.0.0.1:{port}"),
                    *worker,
                    *options,
                ],
                "log": str(log),
            }
        )
        try:
            wait_until(lambda: listens(port), lambda: is_alive(pid), log)
            yield Served(port, path)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log.read_text(errors='replace')[-4000:]}") from error
        finally:
            kill(pid)

    def _start(self, order: Mapping[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """Start no more."""
        self._process.communicate()


def is_alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(group: int) -> None:
    """End a server and its workers as a lost machine does: without a chance to save anything."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def new_user() -> str:
    """An id that nobody had before; not a number, as real ones are not."""
    return f"user-{uuid.uuid4().hex[:12]}"


def new_word() -> str:
    """Something to say that nobody has said before."""
    return uuid.uuid4().hex[:12]


def talk_at_once(
    app: Served, *, sessions: int, requests: int, one_at_a_time: bool
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """What was said and what is remembered, by user, after this many requests over this many conversations at once.

    ``one_at_a_time`` lets each user wait for an answer before asking again, as a chat window does.
    """
    words: dict[str, list[str]] = {new_user(): [] for _ in range(sessions)}
    users = list(words)
    for number in range(requests):
        words[users[number % sessions]].append(new_word())

    def ask(user: str, said: Sequence[str]) -> None:
        for word in said:
            app.say(user, word)

    batches = list(words.items())
    if not one_at_a_time:
        batches = [(user, [word]) for user, said in batches for word in said]
    with ThreadPoolExecutor(len(batches)) as pool:
        list(pool.map(ask, *zip(*batches, strict=True)))
    last = {user: new_word() for user in users}
    remembered = {user: app.say(user, last[user]) for user in users}
    return {user: {*said, last[user]} for user, said in words.items()}, remembered
