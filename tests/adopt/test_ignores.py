"""`--add-ignores`: afterwards the linter is silent, and the code is the same but for comments."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main

HEAD = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
"""
TAIL = """\
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""
LINE = "    memory = ConversationBufferMemory()\n"
COMMENT = "# lcmemlint: ignore[LCM101]"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and the working directory."""
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(
    ("statement", "commented"),
    [
        (LINE, f"    memory = ConversationBufferMemory()  {COMMENT}\n"),
        (
            "    memory = ConversationBufferMemory(\n        k=2,\n    )\n",
            f"    memory = ConversationBufferMemory(  {COMMENT}\n        k=2,\n    )\n",
        ),
        (
            "    memory = ConversationBufferMemory()  # type: ignore\n",
            f"    memory = ConversationBufferMemory()  # type: ignore  {COMMENT}\n",
        ),
        (
            "    memory = ConversationBufferMemory()  # lcmemlint: ignore[LCM301] why not\n",
            "    memory = ConversationBufferMemory()  # lcmemlint: ignore[LCM301, LCM101] why not\n",
        ),
        (
            "    memory = \\\n        ConversationBufferMemory()\n",
            f"    memory = \\\n        ConversationBufferMemory()  {COMMENT}\n",
        ),
        (
            f"    memory = ConversationBufferMemory(ai_prefix={'x' * 90!r})\n",
            f"    {COMMENT}\n    memory = ConversationBufferMemory(ai_prefix={'x' * 90!r})\n",
        ),
        (
            '    memory = ConversationBufferMemory(ai_prefix="""a\nb""")\n',
            f'    memory = ConversationBufferMemory(ai_prefix="""a\nb""")  {COMMENT}\n',
        ),
    ],
    ids=["plain", "several-lines", "other-comment", "own-comment", "backslash", "long", "text-of-lines"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=repr)
def test_a_comment_where_it_can_stand(statement: str, commented: str, end: str, project: Path) -> None:
    """
    The linter is silent then, the code means the same, and lines end as they did.
    """
    before = (HEAD + statement + TAIL).replace("\n", end)
    (project / "app.py").write_bytes(before.encode())

    result = run("--add-ignores")

    after = (project / "app.py").read_bytes().decode()
    assert result.exit_code == 0, result.stderr
    assert after == (HEAD + commented + TAIL).replace("\n", end)
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(before))
    assert "LCM101" not in run("--format", "concise").stdout


def test_with_a_reason_and_twice(project: Path) -> None:
    """
    The reason stands in the comment; a second run has nothing to do.
    """
    (project / "app.py").write_text(HEAD + LINE + TAIL)

    result = run("--add-ignores=one worker, for good", ".")
    text = (project / "app.py").read_text()

    assert f"{COMMENT} one worker, for good\n" in text
    assert result.stderr == "Added ignores for 1 finding in 1 file.\n"
    assert run("--add-ignores").stderr == "Added ignores for 0 findings in 0 files.\n"
    assert (project / "app.py").read_text() == text


def test_paths_after_the_option_are_paths(project: Path) -> None:
    """
    `--add-ignores app` does not take the folder for a reason.
    """
    (project / "a").mkdir()
    (project / "a" / "app.py").write_text(HEAD + LINE + TAIL)
    (project / "app.py").write_text(HEAD + LINE + TAIL)

    run("--add-ignores", "a")

    assert COMMENT in (project / "a" / "app.py").read_text()
    assert COMMENT not in (project / "app.py").read_text()


def test_comments_in_manifests(project: Path) -> None:
    """
    Above the instruction, for a Dockerfile takes none behind it; JSON takes none at all.
    """
    store = (
        "from langchain_core.chat_history import InMemoryChatMessageHistory\n"
        "from langchain_core.runnables.history import RunnableWithMessageHistory\n"
        "from fastapi import FastAPI\n\napp = FastAPI()\nstore = {}\n\n\n"
        "def get(session_id):\n    if session_id not in store:\n"
        "        store[session_id] = InMemoryChatMessageHistory()\n    return store[session_id]\n\n\n"
        "chain = RunnableWithMessageHistory(model, get)\n\n\n"
        "@app.post('/chat/{session_id}')\ndef chat(session_id: str, text: str):\n"
        "    return chain.invoke(text, config={'configurable': {'session_id': session_id}})\n"
    )
    (project / "main.py").write_text(store)
    (project / "Dockerfile").write_text('FROM python\nCMD ["uvicorn", "main:app", "--workers", "4"]\n')
    assert run("--select", "LCM401").exit_code == 1

    result = run("--add-ignores=known")

    assert result.exit_code == 0, result.stderr
    assert (project / "Dockerfile").read_text().splitlines()[1] == "# lcmemlint: ignore[LCM401] known"
    assert run().exit_code == 0


def test_a_file_that_cannot_be_written_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Exit 2, and the file is as it was.
    """
    (project / "app.py").write_text(HEAD + LINE + TAIL)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    result = run("--add-ignores")

    assert result.exit_code == 2
    assert "lcmemlint: app.py: Permission denied" in result.stderr
    assert (project / "app.py").read_text() == HEAD + LINE + TAIL


def test_a_reason_that_would_break_the_comment(project: Path) -> None:
    """
    A line break would make code of it.
    """
    (project / "app.py").write_text(HEAD + LINE + TAIL)

    assert run("--add-ignores=a\nimport os").exit_code == 2
    assert (
        run("--add-ignores=see #3").stderr == "lcmemlint: --add-ignores: a reason is one line without `#`\n"
    )
