"""Coding agents: the hook that is called after an edit, the guide, and pages fitted to the project's versions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main
from lcmemlint.errors import UsageError
from lcmemlint.hook import Edit, read_call
from lcmemlint.rulebook import names

MAIN = """\
from fastapi import FastAPI

from app.chains import answer
from app.memories import new_memory

api = FastAPI()


@api.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    return answer(new_memory(user_id), text)
"""
CHAINS = """\
from langchain.chains import ConversationChain


def answer(memory, text):
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""
MEMORIES = """\
from langchain.memory import ConversationBufferMemory


def new_memory(user_id):
    return ConversationBufferMemory()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app whose handler and memory stand in different files; the agent works elsewhere."""
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    (root / "app" / "main.py").write_text(MAIN)
    (root / "app" / "chains.py").write_text(CHAINS)
    (root / "app" / "memories.py").write_text(MEMORIES)
    (root / "app" / "other.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    return root


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def after_edit(root: Path, name: str, *options: str) -> Result:
    """What the hook answers when a file of the project was edited."""
    call = {
        "session_id": "abc",
        "hook_event_name": "PostToolUse",
        "cwd": str(root),
        "tool_name": "Edit",
        "tool_input": {"file_path": str(root / name), "old_string": "a", "new_string": "b"},
        "tool_response": {"success": True},
    }
    return run("--hook", *options, stdin=json.dumps(call))


def test_findings_go_to_standard_error_with_exit_2(project: Path) -> None:
    """
    One line a finding, with the next step; standard output stays empty.
    """
    result = after_edit(project, "app/memories.py")

    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("app/memories.py:5:12: error LCM101 ")
    assert "way: app/main.py:9,11 > app/memories.py:5" in line
    assert "do: run `lcmemlint --fix app/memories.py`" in line


def test_a_finding_elsewhere_whose_proof_leads_through_the_file_counts(project: Path) -> None:
    """
    The handler was edited; the memory is built in another file.
    """
    assert after_edit(project, "app/main.py").exit_code == 2
    assert "app/memories.py:5:12" in after_edit(project, "app/main.py").stderr


@pytest.mark.parametrize("name", ["app/other.py", "README.md", "gone.py", "app"])
def test_all_else_is_silent(project: Path, name: str) -> None:
    """
    A file that no finding concerns, one that we do not read, one that is gone, a folder.
    """
    (project / "README.md").write_text("# readme\n")
    result = after_edit(project, name)

    assert (result.exit_code, result.output) == (0, "")


def test_a_mended_file_is_silent(project: Path) -> None:
    """
    Also when the finding is one that the project's baseline or its settings hide.
    """
    (project / "pyproject.toml").write_text('[tool.lcmemlint]\nseverity = { LCM101 = "note" }\n')
    assert after_edit(project, "app/memories.py").exit_code == 0
    assert after_edit(project, "app/memories.py", "--fail-on", "note").exit_code == 2
    (project / "pyproject.toml").write_text('[tool.lcmemlint]\nignore = ["LCM101"]\n')
    assert after_edit(project, "app/memories.py").output == ""


def test_a_file_that_the_edit_broke_is_told(project: Path) -> None:
    """
    It could not be checked, which is worth knowing.
    """
    (project / "app" / "memories.py").write_text(f"{MEMORIES}\ndef (\n")
    result = after_edit(project, "app/memories.py")

    assert result.exit_code == 2
    assert result.stderr == "lcmemlint: app/memories.py:7:5: syntax error, so it is not checked\n"


@pytest.mark.parametrize(
    ("call", "told"),
    [("", "not JSON"), ("{", "not JSON"), ("[1]", "not the object"), (b"\xff", "not JSON")],
)
def test_what_is_no_call_does_not_stop_the_agent(project: Path, call: str | bytes, told: str) -> None:
    """
    One line, and an exit code that agents do not take for a complaint about the edit.
    """
    result = run("--hook", stdin=call)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("lcmemlint: --hook: standard input is ")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "call",
    [
        {"cwd": "/w", "tool_input": {"file_path": "a.py"}},
        {"cwd": "/w", "tool_input": {"notebook_path": "/w/a.py"}},
        {"cwd": "/w", "tool_input": {"path": "a.py"}},
        {"cwd": "/w", "file_path": "/w/a.py"},
    ],
)
def test_calls_of_several_agents_are_read(call: dict[str, object]) -> None:
    """
    Relative names are relative to the agent's folder.
    """
    assert read_call(json.dumps(call).encode()) == Edit(Path("/w/a.py"), Path("/w"))


def test_a_call_about_no_file_is_no_edit() -> None:
    """
    Most tools edit nothing.
    """
    assert read_call(b'{"cwd": "/w", "tool_input": {"command": "ls"}}') is None
    assert read_call(b'{"tool_input": {"file_path": 3}}') is None
    with pytest.raises(UsageError, match="not JSON"):
        read_call(b"[" * 100_000)


def test_the_guide_names_only_what_there_is() -> None:
    """
    Every option and every code in it exists; as a skill it has a name and a description.
    """
    guide = run("--agent-guide").stdout
    skill = run("--agent-guide", "skill").stdout

    options = {name for one in main.params for name in one.opts}
    words = {word.strip("`.,") for word in guide.split() if word.startswith(("`--", "--"))}
    assert words
    assert words <= options
    assert set(re.findall(r"LCM\d+", guide)) <= set(names())
    assert skill.startswith("---\nname: lcmemlint\ndescription: ")
    assert skill.endswith(guide)


@pytest.mark.parametrize(
    ("requirements", "told", "not_told"),
    [
        (
            "langchain==0.3.7\nlanggraph==0.2.50\n",
            ["langchain 0.3.7", "these versions are made for"],
            ["PostgresSaver"],
        ),
        (
            "langchain==1.2.0\nlangchain-core==1.6.4\nlanggraph==1.0.5\n",
            ["AsyncPostgresSaver", "is deprecated"],
            [],
        ),
        ("fastapi==0.115\n", [], ["In this project"]),
    ],
)
def test_explain_fits_the_versions_of_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, requirements: str, told: list[str], not_told: list[str]
) -> None:
    """
    Old versions are not told to use what they lack, new ones not what they deprecate.
    """
    (project / "requirements.txt").write_text(requirements)
    monkeypatch.chdir(project / "app")

    page = run("--explain", "LCM102").stdout.split("## Why")[0]

    assert all(text in page for text in told)
    assert not any(text in page for text in not_told)
    assert "In this project" not in run("--explain", "LCM203").stdout


@pytest.mark.parametrize(
    ("code", "requirement", "told"),
    [
        ("LCM104", "langgraph==1.0.5", "PostgresStore"),
        ("LCM103", "langgraph==1.0.5", "RedisSaver"),
        ("LCM103", "langgraph==0.2.50", "`langgraph.checkpoint.postgres.PostgresSaver`; in"),
        ("LCM103", "langgraph==0.0.5", "Upgrade langgraph: these versions have no checkpointer"),
    ],
)
def test_explain_names_the_classes_that_are_there(
    project: Path, monkeypatch: pytest.MonkeyPatch, code: str, requirement: str, told: str
) -> None:
    """
    By the release that brought them.
    """
    (project / "requirements.txt").write_text(requirement)
    monkeypatch.chdir(project)

    assert told in run("--explain", code).stdout
