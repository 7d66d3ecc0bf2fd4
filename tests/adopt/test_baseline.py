"""The baseline: old findings are silent, new ones never are, and what was fixed is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main

APP = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""
TALK = """

@app.post("/talk/{user_id}")
def talk(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""
FILE = "lcmemlint-baseline.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app with one known finding, and the working directory."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    assert run("--write-baseline").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def found(*arguments: str) -> list[tuple[str, str, int]]:
    """Code, path and line of what is reported beside the baseline."""
    told = json.loads(run("--baseline", FILE, "--format", "json", *arguments).stdout)
    return [(one["code"], one["path"], one["line"]) for one in told["findings"]]


def test_what_is_known_is_not_reported(project: Path) -> None:
    """
    It is counted, and the exit code is that of a clean project.
    """
    result = run("--baseline", FILE)

    assert (result.exit_code, result.stdout) == (0, "Found nothing in 1 file; 1 in the baseline.\n")
    assert result.stderr == ""


def test_the_settings_can_name_it(project: Path) -> None:
    """
    Then it counts from wherever the command is run.
    """
    (project / "pyproject.toml").write_text(f'[tool.lcmemlint]\nbaseline = "{FILE}"\n')
    (project / "deep").mkdir()
    os.chdir(project / "deep")

    assert run("..").exit_code == 0
    assert run("..", "--no-config", "--root", "..").exit_code == 1


def test_it_survives_moved_lines_and_moved_files(project: Path) -> None:
    """
    Code above, another indent, an ignore comment of another tool, another folder.
    """
    text = APP.replace("app = Fast", "import os\n\n\napp = Fast").replace(
        "Memory()\n", "Memory()  # noqa: E501\n"
    )
    (project / "app.py").write_text(text.replace("    memory =", "    if text:\n        memory ="))
    assert found() == []

    (project / "src").mkdir()
    (project / "app.py").rename(project / "src" / "bot.py")
    assert found() == []


def test_a_new_finding_is_never_swallowed(project: Path) -> None:
    """
    In another function, in a copy of the file, a second time in the same function.
    """
    (project / "app.py").write_text(APP + TALK)
    assert found() == [("LCM101", "app.py", 16)]

    (project / "app.py").write_text(APP)
    (project / "copy.py").write_text(APP)
    assert found() == [("LCM101", "copy.py", 10)]

    (project / "copy.py").unlink()
    line = "    memory = ConversationBufferMemory()\n"
    (project / "app.py").write_text(APP.replace(line, line + line))
    assert len(found()) == 1


def test_one_entry_stands_for_one_finding_when_files_move(project: Path) -> None:
    """
    A file that went away for two of its kind: one of them is new.
    """
    (project / "app.py").rename(project / "a.py")
    (project / "b.py").write_text(APP)

    assert len(found()) == 1


def test_what_was_fixed_is_told_and_dropped(project: Path) -> None:
    """
    On standard error and in the summary, until the baseline is written again.
    """
    (project / "app.py").write_text("import langchain\n")

    result = run("--baseline", FILE)
    assert result.exit_code == 0
    assert "1 of the baseline fixed (--write-baseline drops them)" in result.stdout
    assert result.stderr.startswith("Fixed since the baseline: app.py: LCM101 ")

    run("--write-baseline")
    assert json.loads((project / FILE).read_text())["findings"] == []


def test_what_was_not_looked_at_is_not_fixed(project: Path) -> None:
    """
    Other paths, other rules, a file that cannot be read: nothing is said, and nothing is dropped.
    """
    before = (project / FILE).read_text()
    (project / "other.py").write_text("import langchain\n")

    assert "fixed" not in run("--baseline", FILE, "other.py").stdout
    assert "fixed" not in run("--baseline", FILE, "--select", "LCM2").stdout
    run("--write-baseline", "other.py")
    run("--write-baseline", "--select", "LCM2")
    (project / "app.py").write_text("import langchain\ndef f(:\n")
    assert "fixed" not in run("--baseline", FILE).stdout
    assert run("--write-baseline").exit_code == 2
    assert (project / FILE).read_text() == before


def test_it_is_written_a_line_a_finding_in_order(project: Path) -> None:
    """
    So that it can be read, reviewed and merged; no line number in it, no password.
    """
    (project / "app.py").write_text(APP + TALK)
    result = run("--write-baseline")

    lines = (project / FILE).read_text().splitlines()
    assert result.stderr.splitlines()[0] == f"Wrote 2 findings to {FILE}."
    assert lines[:2] == ["{", '  "lcmemlint-baseline": 1,']
    assert [json.loads(line.rstrip(","))["code"] for line in lines[3:5]] == ["LCM101", "LCM101"]
    assert "line" not in json.loads(lines[3].rstrip(","))
    assert (project / FILE).read_text() == ("\n".join(lines) + "\n")


def entry(**more: object) -> dict[str, object]:
    return {"path": "a.py", "code": "LCM101", "fingerprint": "0" * 40, "message": "m", **more}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1:1: is not JSON; delete it and run --write-baseline"),
        ("<<<<<<< HEAD\n", ":1:1: is not JSON; delete it and run --write-baseline"),
        ("[" * 100_000, ": is not JSON; delete it and run --write-baseline"),
        (
            '{"lcmemlint-baseline": 1' + "0" * 10_000 + "}",
            ": is not JSON; delete it and run --write-baseline",
        ),
        ("[]", ": is not a baseline of lcmemlint"),
        ("print('hello')", ":1:1: is not JSON; delete it and run --write-baseline"),
        ('{"lcmemlint-baseline": 2, "findings": []}', ": was written by a newer version"),
        ('{"lcmemlint-baseline": 1, "findings": {}}', ": `findings` must be a list"),
        (
            '{"lcmemlint-baseline": 1, "findings": [1]}',
            ": entry 1 must have the texts path, code, fingerprint",
        ),
        (
            json.dumps({"lcmemlint-baseline": 1, "findings": [entry(), entry(fingerprint=["x"])]}),
            ": entry 2 must have the texts path, code, fingerprint",
        ),
    ],
    ids=range(10),
)
def test_a_baseline_that_is_none(text: str, told: str, project: Path) -> None:
    """
    One line, exit 2; and it is not overwritten, whatever it is.
    """
    (project / "other.json").write_text(text)

    for arguments in (["--baseline", "other.json"], ["--baseline", "other.json", "--write-baseline"]):
        result = run(*arguments)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"lcmemlint: other.json{told}")
        assert (project / "other.json").read_text() == text


def test_a_hostile_baseline_can_only_name_findings(project: Path) -> None:
    """
    Patterns match nothing, paths are not opened, escapes are shown, a count hides no second finding.
    """
    rows = [
        entry(path="*", fingerprint="*", message="*"),
        entry(path="../../etc/passwd"),
        entry(path="/dev/stdin", code="ALL"),
        entry(path="app.py", fingerprint="1" * 40, message="\x1b[2J\n::error::x", count=10**9),
        entry(code="LCM102", path="\ud800"),
    ]
    (project / FILE).write_text(json.dumps({"lcmemlint-baseline": 1, "findings": rows}))

    result = run("--baseline", FILE)

    assert result.exit_code == 1
    assert "LCM101" in result.stdout
    assert "\x1b" not in result.stderr
    assert all(line.startswith("Fixed since the baseline: ") for line in result.stderr.splitlines())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_baseline_that_is_a_pipe_is_not_waited_for(project: Path) -> None:
    """
    Nor one that is not there.
    """
    os.mkfifo(project / "pipe")

    assert "is not a regular file" in run("--baseline", "pipe").stderr
    assert run("--baseline", "gone.json").stderr.endswith("; --write-baseline makes it\n")
