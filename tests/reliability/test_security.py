"""A checkout that nobody trusts: nothing of it runs, nothing leaves the machine, nothing odd reaches the terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.reliability.hostile import APP

PLANTED: Final = "import pathlib; pathlib.Path({mark!r}).touch()\n"
PLACES: Final = (
    "conftest.py", "sitecustomize.py", "usercustomize.py", "setup.py", "noxfile.py", "manage.py", "gunicorn.conf.py",
    "libcst.py", "libcst/__init__.py", "click.py", "yaml.py", "pathspec.py", "tomllib.py", "json.py", "lcmemlint.py",
    "lcmemlint/__init__.py", "langchain/__init__.py", "langgraph.py", "fastapi.py", "site.py", "encodings/__init__.py",
    ".venv/lib/python3.11/site-packages/evil.py", "tests/conftest.py", "app_plugin.py",
)  # fmt: skip
AS_INSTALLED: Final = "import sys; sys.path.pop(0); from lcmemlint.cli import main; main()"
"""What the command of that name does: the working folder is no place to import from."""
NO_SOCKETS: Final = """\
import socket, sys

def refuse(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        print("refused", event, arguments, file=sys.stderr)
        raise SystemExit(99)

sys.addaudithook(refuse)
sys.path.pop(0)
from lcmemlint.cli import main
main()
"""


def lint(
    root: Path, *arguments: str, code: str = AS_INSTALLED, under: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the linter with the checkout as working folder, as a CI job does; `under` is a command that runs it."""
    return subprocess.run(
        [*under, sys.executable, "-c", code, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with an application that has a finding."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "app.py").write_text(APP)
    return root


@pytest.mark.parametrize(
    "arguments", [["."], ["--diff", "."], ["--fix", "--unsafe-fixes", "."]], ids=" ".join
)
def test_nothing_of_the_checkout_runs(arguments: list[str], checkout: Path) -> None:
    """
    Files with the names that Python, pytest, frameworks and our own imports look for leave no mark.
    """
    mark = checkout.parent / "mark"
    for place in PLACES:
        (checkout / place).parent.mkdir(parents=True, exist_ok=True)
        (checkout / place).write_text(PLANTED.format(mark=str(mark)))
    (checkout / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n")

    done = lint(checkout, *arguments)

    assert not mark.exists()
    assert "LCM103" in done.stdout + done.stderr or "shared_checkpointer" in (checkout / "app.py").read_text()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["."], ["--diff", "--unsafe-fixes", "."], ["--format", "sarif", "."]], ids=" ".join
)
def test_no_socket_is_made_and_no_program_started(arguments: list[str], checkout: Path) -> None:
    """
    Any socket call or child process would end the run with 99.
    """
    (checkout / "compose.yaml").write_text(
        "services:\n  api:\n    image: x\n    deploy:\n      replicas: 3\n"
    )

    done = lint(checkout, *arguments, code=NO_SOCKETS)

    assert done.returncode in (0, 1), done.stderr
    assert "LCM103" in done.stdout or "shared_checkpointer" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["."], ["--format", "sarif", "."], ["--map", "map.html", "."], ["--fix", "--unsafe-fixes", "."]],
    ids=" ".join,
)
def test_nothing_is_missing_when_the_network_is_cut(arguments: list[str], checkout: Path) -> None:
    """
    Not even this machine can be reached: the same report, and nothing on standard error about it.
    """
    cut = ["unshare", "--net", "--map-root-user"]
    works = (
        shutil.which("unshare")
        and not subprocess.run([*cut, "true"], capture_output=True, check=False).returncode
    )
    if not works:
        pytest.skip("the network cannot be cut here")
    other = shutil.copytree(checkout, checkout.parent / "other" / checkout.name)

    usual = lint(checkout, "--no-cache", *arguments)
    alone = lint(other, "--no-cache", *arguments, under=cut)

    assert (alone.stdout, alone.stderr, alone.returncode) == (usual.stdout, usual.stderr, usual.returncode)
    assert usual.returncode in (0, 1)
    assert {path.name: path.read_bytes() for path in other.iterdir()} == {
        path.name: path.read_bytes() for path in checkout.iterdir()
    }


@pytest.mark.parametrize(
    "output", ["full", "concise", "grouped", "github", "json", "junit", "sarif", "agent"]
)
def test_control_characters_reach_no_terminal(output: str, checkout: Path) -> None:
    """
    A file name or a line of code could otherwise repaint the screen, or forge a line of a CI log.
    """
    name = "a\x1b[2J\x07\n::error::forged.py"
    (checkout / "app.py").unlink()
    (checkout / name).write_text(APP.replace("app = FastAPI()", "app = FastAPI()  # \x1b[31m\u202e"))

    done = lint(checkout, "--format", output, ".")

    assert "LCM103" in done.stdout, done.stderr
    for character in ("\x1b", "\x07", "\u202e"):
        assert character not in done.stdout + done.stderr
    assert not any(line.startswith("::error::forged") for line in done.stdout.splitlines())


@pytest.mark.parametrize("output", ["full", "json", "sarif", "github", "agent"])
def test_passwords_in_addresses_are_covered(output: str, checkout: Path) -> None:
    """
    Reports are kept, mailed and uploaded.
    """
    (checkout / "app.py").write_text(
        "from fastapi import FastAPI\n"
        "from langchain.chains import ConversationChain\n"
        "from langchain.memory import ConversationBufferMemory\n"
        "from langchain_community.chat_message_histories import RedisChatMessageHistory\n"
        "from langchain_openai import ChatOpenAI\n\n"
        "app = FastAPI()\n\n\n"
        '@app.post("/chat/{user}")\n'
        "def chat(user: str, text: str) -> str:\n"
        '    history = RedisChatMessageHistory("all", url="redis://:s3cr3t-pw@localhost:6379")\n'
        "    memory = ConversationBufferMemory(chat_memory=history)\n"
        "    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)\n"
    )
    (checkout / "compose.yaml").write_text(
        "services:\n  api:\n    build: .\n    command: uvicorn app:app\n    environment:\n"
        "      REDIS_URL: redis://:s3cr3t-pw@localhost:6379\n"
    )

    done = lint(checkout, "--format", output, ".")

    assert "LCM" in done.stdout
    assert "s3cr3t-pw" not in done.stdout + done.stderr


def test_a_baseline_from_a_checkout_cannot_do_harm(checkout: Path) -> None:
    """
    Whatever stands in it is data, or is refused in a line.
    """
    for text in (
        "[" * 100_000,
        "{}",
        '{"findings": {"__class__": 1}}',
        "\0",
        json.dumps({"version": "x" * 100}),
    ):
        (checkout / "baseline.json").write_text(text)

        done = lint(checkout, "--baseline", "baseline.json", ".")

        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
