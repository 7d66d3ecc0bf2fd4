"""What makes the command pleasant: looks at the settings, completion, links, a bar, and a watch."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main
from lcmemlint.cli.output import _shows_links
from lcmemlint.cli.progress import Progress
from lcmemlint.config import load_config
from lcmemlint.errors import ConfigError
from lcmemlint.settings import KEYS, schema
from lcmemlint.workers import Workers, scan_all

ROOT = Path(__file__).resolve().parents[1]
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


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A faulty app with settings, and the working directory."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lcmemlint]\nfail-on = "error"\nper-file-ignores = { "demo/**" = ["LCM1"] }\n'
    )
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


# --- settings and files ----------------------------------------------------------------------------------


def test_settings_are_shown_with_their_source(project: Path) -> None:
    """
    A default, one of the file, one of the command line; as TOML and as JSON.
    """
    lines = run("--show-settings", "--strict").stdout.splitlines()

    assert lines[:2] == ["# project: .", "# settings: pyproject.toml"]
    assert 'fail-on = "error"  # pyproject.toml' in lines
    assert "strict = true  # command line" in lines
    assert 'deployment = "auto"  # default' in lines
    assert 'per-file-ignores = { "demo/**" = ["LCM1"] }  # pyproject.toml' in lines
    whole = json.loads(run("--show-settings", "--format", "json").stdout)
    assert list(whole["settings"]) == [key.name for key in KEYS]


def test_shown_settings_are_settings(project: Path) -> None:
    """
    What is printed can be written into a file, and means the same.
    """
    before = load_config(project)
    (project / "lcmemlint.toml").write_text(run("--show-settings").stdout)
    after = load_config(project)

    same = [key.field for key in KEYS if key.name != "exclude"]
    assert [getattr(after, field) for field in same] == [getattr(before, field) for field in same]


def test_files_are_shown(project: Path) -> None:
    """
    Those that are read, of the paths that were asked for; excluded ones are none.
    """
    (project / "pkg").mkdir()
    (project / "pkg" / "a.py").write_text("")
    (project / "pkg" / "notes.md").write_text("")
    (project / "venv").mkdir()
    (project / "venv" / "b.py").write_text("")

    assert run("--show-files").stdout.split() == ["app.py", "pkg/a.py", "pyproject.toml"]
    assert json.loads(run("--show-files", "--format", "json", "pkg").stdout) == ["pkg/a.py"]


# --- schema ----------------------------------------------------------------------------------------------

SETTINGS: list[tuple[str, object]] = [
    ("select", ["LCM1"]),
    ("ignore", ["LCM1"]),
    ("per-file-ignores", {"demo/**": ["LCM101"]}),
    ("exclude", ["old/"]),
    ("extend-exclude", ["gen/*.py"]),
    ("respect-gitignore", False),
    ("strict", True),
    ("fail-on", "note"),
    ("severity", {"LCM203": "error"}),
    ("entry-points", ["app.jobs:run", {"id": "x"}]),
    ("components", [{"id": "x"}]),
    ("deployment", "multi"),
    ("ignore-manifests", ["x"]),
    ("factory", "a:b"),
    ("test-paths", ["checks/"]),
    ("baseline", "known.json"),
    ("roles", {"jobs/**": "script"}),
]
WRONG = ([1], "no such word", 3, {"x": 1}, None)


def is_read(folder: Path, name: str, value: object) -> bool:
    """Whether the command takes this value for a setting."""
    (folder / "lcmemlint.toml").write_text(f"{name} = {toml(value)}\n")
    try:
        load_config(folder)
    except ConfigError:
        return False
    return True


def toml(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def test_the_schema_and_the_command_take_the_same_settings(tmp_path: Path) -> None:
    """
    Every key, with values that are right and values that are wrong.
    """
    validator = jsonschema.Draft7Validator(schema())
    validator.check_schema(validator.schema)

    assert [name for name, _ in SETTINGS] == [key.name for key in KEYS]
    for name, right in SETTINGS:
        assert validator.is_valid({name: right}), name
        for value in (right, *(one for one in WRONG if one is not None)):
            assert validator.is_valid({name: value}) == is_read(tmp_path, name, value), (name, value)
    assert not validator.is_valid({"no-such-key": 1})


def test_the_schema_is_printed_and_says_what_each_key_is_for() -> None:
    """
    As SchemaStore wants it: draft 7, an id, a description a key.
    """
    told = json.loads(run("--config-schema").stdout)

    assert told == schema()
    assert told["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert all(one["description"].endswith(".") for one in told["properties"].values())


# --- completion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(shell: str) -> None:
    """
    Each shell gets a script that asks this command.
    """
    script = run("--completion", shell).stdout

    assert "_LCMEMLINT_COMPLETE" in script
    assert "lcmemlint" in script


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("--form", {"--format"}),
        ("--format sa", {"sarif"}),
        ("--select LCM101,LCM20", {"LCM101,LCM201", "LCM101,LCM202", "LCM101,LCM203", "LCM101,LCM204"}),
        ("--explain process-local-h", {"process-local-history"}),
        ("--fail-on w", {"warning"}),
    ],
)
def test_words_are_completed(typed: str, offered: set[str]) -> None:
    """
    Options, formats, rules by code and by name; asked as bash asks.
    """
    words = f"lcmemlint {typed}".split()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_LCMEMLINT_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    told = subprocess.run(
        [sys.executable, "-m", "lcmemlint"], env=environment, capture_output=True, text=True, check=True
    )

    assert {line.partition(",")[2] for line in told.stdout.splitlines()} == offered


# --- did you mean ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["--fixx"], "--fix"),
        (["--format", "sarfi"], "`sarif`"),
        (["--explain", "proces-local-history"], "`process-local-history`"),
        (["--select", "constant-sesion-id"], "`constant-session-id`"),
        (["ap.py"], "`app.py`"),
    ],
)
def test_did_you_mean(arguments: list[str], meant: str, project: Path) -> None:
    """
    One line that names what is nearly the same.
    """
    result = run(*arguments)

    assert result.exit_code == 2
    assert re.search(rf"[Dd]id you mean '?{re.escape(meant)}", result.stderr), result.stderr


# --- links -----------------------------------------------------------------------------------------------


def test_places_are_links_when_asked_for(project: Path) -> None:
    """
    In formats for people only, and not in files unless always.
    """
    link = f"\x1b]8;;{(project / 'app.py').as_uri()}\x1b\\"

    assert link in run("--hyperlinks", "always").stdout
    assert link in run("--hyperlinks", "always", "--format", "grouped").stdout
    assert "\x1b" not in run("--hyperlinks", "always", "--format", "agent").stdout
    assert "\x1b" not in run("--format", "concise").stdout


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"VTE_VERSION": "7200"}, True),
        ({"VTE_VERSION": "4803"}, False),
        ({"VTE_VERSION": "none"}, False),
        ({"WT_SESSION": "1"}, True),
        ({"WT_SESSION": "1", "TERM": "dumb"}, False),
        ({"KONSOLE_VERSION": "220000", "CI": "true"}, False),
    ],
)
def test_terminals_that_show_links(environment: dict[str, str], shown: bool) -> None:
    """
    Those that are known to; a guess would print rubbish.
    """
    assert _shows_links(environment) is shown


# --- progress --------------------------------------------------------------------------------------------


def test_a_bar_is_shown_to_who_waits() -> None:
    """
    Not in the first second, then as far as it is, and gone at the end.
    """
    now = 0.0
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    with Progress(stream, lambda: now) as progress:
        progress.tell(1, 10)
        assert stream.getvalue() == ""
        now = 2.0
        progress.tell(5, 10)
        assert "Reading files" in stream.getvalue()
        assert "50%" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K\x1b[?25h")


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Logs stay clean.
    """
    with Progress.on_terminal() as progress:
        progress.tell(1, 2)

    assert capsys.readouterr().err == ""


def test_progress_is_told_while_files_are_scanned() -> None:
    """
    From nothing on, never more than there is.
    """
    told: list[tuple[int, int]] = []
    scan_all(
        {f"{number}.py": "x = 1\n" for number in range(3)}, Workers(progress=lambda *now: told.append(now))
    )

    assert told == [(0, 3), (1, 3), (2, 3)]


# --- watch -----------------------------------------------------------------------------------------------


def test_watch_reports_again_after_a_change(project: Path) -> None:
    """
    Until it is interrupted; the exit code is that of the last report.
    """
    command = [sys.executable, "-m", "lcmemlint", "--watch", "--format", "concise"]
    watching = subprocess.Popen(
        command,
        # A shell's job in the background, and all that it starts, would ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    try:
        assert "LCM101" in watching.stdout.readline()
        assert watching.stdout.readline().startswith("Found 1 finding")
        assert watching.stderr.readline() == "Watching for changes; Ctrl-C ends.\n"
        time.sleep(0.5)
        (project / "notes.md").write_text("nothing that is read")
        (project / "app.py").write_text("import langchain\n")
        assert watching.stdout.readline().startswith("Found nothing")
        watching.stderr.readline()
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=20) == 0
    finally:
        watching.kill()
        watching.communicate()


def test_watch_without_its_package(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One line that says what to install.
    """
    monkeypatch.setitem(sys.modules, "watchfiles", None)

    assert run("--watch").stderr == "lcmemlint: --watch needs a package: pip install 'lcmemlint[watch]'\n"


def test_a_terminal_gets_colours_and_a_file_gets_none(project: Path) -> None:
    """
    A real terminal, as a shell opens it.
    """
    leader, follower = pytest.importorskip("pty").openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-kitty"}
    subprocess.run(
        [sys.executable, "-m", "lcmemlint", "--format", "concise", "--format", "grouped:report.txt"],
        cwd=project,
        env=environment,
        stdout=follower,
        check=False,
    )
    shown = os.read(leader, 10_000).decode()
    os.close(leader)
    os.close(follower)

    assert "\x1b[1;31mLCM101\x1b[0m" in shown
    assert "\x1b]8;;file://" in shown
    assert "\x1b" not in (project / "report.txt").read_text()
