"""The command, end to end: real files, exit codes and one-line complaints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lcmemlint import __version__
from lcmemlint.cli import main
from lcmemlint.cli.command import HEADINGS
from lcmemlint.cli.options import OPTIONS, Options
from lcmemlint.cli.run import MODES, Mode
from tests.users import folder_of_nobody, without_rights

ROOT = Path(__file__).resolve().parents[1]

BROKEN = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""
LINE = 10


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one broken app, and the working directory."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(BROKEN)
    (tmp_path / "other.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


def run(*arguments: str, stdin: str | None = None) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(main, list(arguments), input=stdin)


def codes(result: Result) -> list[tuple[str, str, int]]:
    """Code, path and line of every finding of a JSON report."""
    return [(one["code"], one["path"], one["line"]) for one in json.loads(result.stdout)["findings"]]


def configure(project: Path, text: str) -> None:
    """Write the settings."""
    (project / "pyproject.toml").write_text(f"[tool.lcmemlint]\n{text}\n")


def test_every_option_has_its_value() -> None:
    """
    What can be typed is what the modes may ask for.
    """
    names = {one.name for one in OPTIONS if one.expose_value}

    assert names == {name for part in Options.__mro__ for name in getattr(part, "__annotations__", ())}


def test_findings_exit_1(project: Path) -> None:
    """
    The place, the code, the line of code, the proof and the page.
    """
    result = run()

    assert result.exit_code == 1, result.stderr
    assert f"--> app.py:{LINE}:14" in result.stdout
    assert "error[LCM101]: " in result.stdout
    assert "memory = ConversationBufferMemory()\n" in result.stdout
    assert "= page: lcmemlint --explain LCM101" in result.stdout
    assert result.stdout.rstrip().splitlines()[-1].startswith("Found 1 finding (1 error) in 2 files")
    assert result.stderr == ""


def test_nothing_found_exits_0(project: Path) -> None:
    """
    A file that is asked for and clean.
    """
    result = run("other.py")

    assert (result.exit_code, result.stdout) == (0, "Found nothing in 1 file.\n")


def test_paths_choose_what_is_reported_not_what_is_analysed(project: Path) -> None:
    """
    A folder, a file, from above and from inside: the same finding.
    """
    (project / "pkg").mkdir()
    (project / "pkg" / "memories.py").write_text(
        "from langchain.memory import ConversationBufferMemory\n\n\n"
        "def new_memory():\n    return ConversationBufferMemory()\n"
    )
    old, new = "from langchain.memory import ConversationBufferMemory", "from pkg.memories import new_memory"
    text = BROKEN.replace(old, new).replace("ConversationBufferMemory()", "new_memory()")
    (project / "app.py").write_text(text)

    everything = codes(run("--format", "json"))
    inside = codes(run("--format", "json", "pkg"))

    assert everything == inside
    assert inside[0][:2] == ("LCM101", "pkg/memories.py")
    os.chdir(project / "pkg")
    assert [(code, line) for code, _, line in codes(run("--format", "json"))] == [
        (code, line) for code, _, line in inside
    ]
    assert codes(run("--format", "json"))[0][1] == "memories.py"


def test_concise(project: Path) -> None:
    """
    One line a finding.
    """
    assert run("--format", "concise").stdout.startswith(f"app.py:{LINE}:14: LCM101 ")


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--exit-zero"], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "error"], 1),
        (["--select", "LCM2"], 0),
        (["--select", "per-request-memory"], 1),
        (["--ignore", "LCM2,LCM3", "--ignore", "LCM101"], 0),
        (["--exclude", "app.*"], 0),
    ],
)
def test_choosing(arguments: list[str], exit_code: int, project: Path) -> None:
    """
    What counts as a finding is the user's choice.
    """
    assert run(*arguments).exit_code == exit_code


def test_settings_and_options_on_top(project: Path) -> None:
    """
    `--select` takes the place of what the file ignores; `--no-config` forgets the file.
    """
    configure(project, 'ignore = ["LCM101"]')

    assert run().exit_code == 0
    assert run("--select", "LCM101").exit_code == 1
    assert run("--no-config").exit_code == 1


def test_a_root_of_the_users_choice(project: Path) -> None:
    """
    One app of several in a repository can be analysed alone; what lies outside of it cannot be asked for.
    """
    (project / "a").mkdir()
    (project / "app.py").rename(project / "a" / "app.py")

    assert codes(run("--root", "a", "a", "--format", "json")) == [("LCM101", "a/app.py", LINE)]
    assert complaint(run("--root", "a", "other.py")).startswith("other.py: is not inside the project root")


def test_severity_of_the_settings(project: Path) -> None:
    """
    A rule that is only a note for this team does not fail its build.
    """
    configure(project, "severity = { per-request-memory = 'note' }")

    result = run()

    assert result.exit_code == 0
    assert "note[LCM101]" in result.stdout


def test_an_inline_ignore_is_counted(project: Path) -> None:
    """
    What a comment hides is no secret, and a comment that hides nothing is reported.
    """
    ignored = BROKEN.replace(
        "ConversationBufferMemory()", "ConversationBufferMemory()  # lcmemlint: ignore[LCM101] ok"
    )
    (project / "app.py").write_text(ignored.replace("app = FastAPI()", "app = FastAPI()  # noqa: LCM102"))

    result = run()

    assert result.exit_code == 0
    assert "1 suppressed" in result.stdout
    assert "note[LCM001]: this comment hides no finding of `LCM102`" in result.stdout
    assert run("--fail-on", "note").exit_code == 1


def test_standard_input(project: Path) -> None:
    """
    An editor's unsaved text counts instead of the file's.
    """
    (project / "app.py").write_text("")

    result = run("-", "--stdin-filename", "app.py", "--format", "json", stdin=BROKEN)

    assert codes(result) == [("LCM101", "app.py", LINE)]
    assert run("-", stdin=BROKEN).exit_code == 1


def complaint(result: Result) -> str:
    """The one line on standard error of a run that ended with 2."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("lcmemlint: ")
    return line.removeprefix("lcmemlint: ")


def test_a_missing_path(project: Path) -> None:
    """
    Alone it ends the run; beside others, the others are checked.
    """
    assert complaint(run("nowhere.py")) == "nowhere.py: no such file or folder"

    both = run("nowhere.py", "app.py")
    assert complaint(both) == "nowhere.py: no such file or folder"
    assert "LCM101" in both.stdout


def test_files_that_cannot_be_read_cost_only_themselves(project: Path) -> None:
    """
    Broken syntax, binary data, a wrong encoding: one line each, exit 2, the rest is checked.
    """
    (project / "syntax.py").write_text("import langchain\ndef f(:\n")
    (project / "binary.py").write_bytes(b"\x7fELF\x00")
    (project / "latin.py").write_bytes(b"import langchain\nx = '\xff'\n")

    result = run("--format", "json")

    assert result.exit_code == 2
    assert codes(result) == [("LCM101", "app.py", LINE)]
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == [
        "binary.py",
        "latin.py",
        "syntax.py",
    ]
    assert len(json.loads(result.stdout)["problems"]) == 3
    assert run("app.py").exit_code == 1, "the paths that were asked for can be trusted"


def test_a_broken_file_that_is_named_is_reported(project: Path) -> None:
    """
    Even if it has nothing to do with LangChain: whoever names it wants to hear it.
    """
    (project / "broken.py").write_text("def f(:\n")

    assert complaint(run("broken.py")).startswith("broken.py:1:")
    assert run().exit_code == 1


@pytest.mark.skipif(os.name != "posix", reason="files have no modes here")
def test_an_unreadable_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One line, and the rest is linted.
    """
    run("other.py")  # imports what another user may not read
    with folder_of_nobody() as folder:
        monkeypatch.chdir(folder)
        (folder / "app.py").write_text(BROKEN)
        (folder / "other.py").write_text("import langchain\n")
        (folder / "other.py").chmod(0)
        with without_rights():
            named, all_files = run("--no-cache", "other.py"), run("--no-cache")
        monkeypatch.chdir(project)

    assert complaint(named) == "other.py: cannot be read: Permission denied"
    assert complaint(all_files) == "other.py: cannot be read: Permission denied"
    assert "LCM101" in all_files.stdout


def test_a_file_that_is_no_python(project: Path) -> None:
    """
    Nothing would be found in it, and that would look like praise.
    """
    (project / "notes.txt").write_text("x")

    assert complaint(run("notes.txt")) == "notes.txt: is not a Python file"


def test_a_broken_config(project: Path) -> None:
    """
    The run does not start.
    """
    configure(project, "exlude = []")

    assert complaint(run()) == (
        "pyproject.toml:2: unknown key `exlude` in [tool.lcmemlint]; did you mean `exclude`?"
    )


def test_a_wrong_component_names_the_config(project: Path) -> None:
    """
    What the user wrote into the catalogue is the user's to mend.
    """
    configure(project, 'components = [{ id = "x", kind = "memori", names = ["X"], modules = ["m"] }]')

    assert complaint(run()).startswith("pyproject.toml: component x: `kind` is 'memori'")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--unsafe-fixes"], "--unsafe-fixes goes with --fix or --diff"),
        (["--fix", "--diff"], "--diff and --fix cannot go together"),
        (["--explain", "LCM101", "--list-rules"], "--explain and --list-rules cannot go together"),
        (["--fix", "-"], "--fix and --diff need files, not `-`"),
        (["-", "app.py"], "`-` cannot go together with other paths"),
        (["--stdin-filename", "x.py"], "--stdin-filename goes with the path `-`"),
        (["--config", "a", "--no-config"], "--config and --no-config cannot go together"),
        (["--why", "app.py"], "--why app.py: expected FILE:LINE, as in app/main.py:12"),
        (["--why", "gone.py:3"], "--why gone.py:3: no such file"),
        (["--select", "LCM998"], "no rule is called `LCM998` in `select`; --list-rules shows all rules"),
        (["--explain", "LCM998"], "no rule is called `LCM998`; --list-rules shows all rules"),
        (["--output-file", "no/where.txt"], "no/where.txt: cannot be written: No such file or directory"),
    ],
)
def test_a_command_line_that_cannot_mean_anything(arguments: list[str], told: str, project: Path) -> None:
    """
    One line that says what to do.
    """
    assert complaint(run(*arguments)) == told


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.option)
def test_every_mode_is_there(mode: Mode) -> None:
    """
    Modes are imported when they are asked for, so that nobody else would notice.
    """
    assert callable(mode.run)
    assert mode.option in {name for option in OPTIONS for name in option.opts}


def test_an_unknown_option(project: Path) -> None:
    """
    click knows what is near.
    """
    assert "--fix" in complaint(run("--fixx"))


def test_help_is_grouped() -> None:
    """
    Every option stands under one of the headings.
    """
    text = run("--help").stdout

    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == [f"{heading}:" for heading in HEADINGS]
    assert text.count("  --") == len([one for one in main.params if one.param_type_name == "option"])


def test_version() -> None:
    """
    One line.
    """
    assert run("--version").stdout == f"lcmemlint {__version__}\n"


def test_explain(project: Path) -> None:
    """
    By code or by name; expectations of the tests are arrows for people.
    """
    text = run("--explain", "lcm101").stdout

    assert text.startswith("LCM101 per-request-memory\n")
    assert "# expect" not in text
    assert run("--explain", "per-request-memory").stdout == text


def test_list_rules() -> None:
    """
    For people and for programs.
    """
    text = run("--list-rules").stdout
    rows = json.loads(run("--list-rules", "--format", "json").stdout)

    assert [line.split()[0] for line in text.splitlines()] == [row["code"] for row in rows]
    assert "LCM101" in {row["code"] for row in rows}


def test_facts_of_what_cannot_be_read(project: Path) -> None:
    """
    What there is of a file with a fault, and why there is nothing of one that is not there.
    """
    (project / "broken.py").write_text("x = 1\ndef (\n")

    broken = run("--show-facts", "broken.py")
    gone = run("--show-facts", "gone.py")

    assert (broken.exit_code, gone.exit_code) == (2, 2)
    assert broken.stderr.startswith("lcmemlint: broken.py:2:")
    assert gone.stderr.startswith("lcmemlint: gone.py: ")


def test_why_and_facts(project: Path) -> None:
    """
    The decisions about a place in sentences; what was read out of a file.
    """
    why = run("--why", f"app.py:{LINE}")
    facts = run("--show-facts", "app.py")

    assert why.exit_code == 0, why.stderr
    assert "ConversationBufferMemory" in why.stdout
    assert facts.exit_code == 0
    assert "calls (" in facts.stdout
    assert "was not analysed" in run("--why", "other.py:1").stdout


def test_output_file(project: Path) -> None:
    """
    The report goes there and nowhere else, without colours.
    """
    result = run("--output-file", "out.json", "--format", "json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads((project / "out.json").read_text())["version"] == "1"


def test_diff_writes_nothing(project: Path) -> None:
    """
    What `--fix` would change, on standard output only.
    """
    result = run("--diff")

    assert result.exit_code == 1
    assert (project / "app.py").read_text() == BROKEN
    assert "+++ " in result.stdout


def test_fix_repairs_and_a_second_one_changes_nothing(project: Path) -> None:
    """
    The finding is gone, and stays gone.
    """
    first = run("--fix")
    after = {path.name: path.read_bytes() for path in project.rglob("*.py")}
    second = run("--fix")

    assert first.exit_code == 0, first.output
    assert "Fixed 1 finding." in first.stderr
    assert after != {"app.py": BROKEN.encode(), "other.py": b"x = 1\n"}
    assert second.exit_code == 0
    assert after == {path.name: path.read_bytes() for path in project.rglob("*.py")}


def process(
    project: Path, *arguments: str, text: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "lcmemlint", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=text,
    )


def test_colours(project: Path) -> None:
    """
    Not into a pipe; always when asked for.
    """
    assert "\x1b" not in process(project).stdout
    assert "\x1b[1;31merror" in process(project, "--color", "always").stdout


def test_a_terminal_that_cannot_show_a_letter(project: Path) -> None:
    """
    The run goes on; whether the letter or its escape is shown is click's to say.
    """
    (project / "app.py").write_text(
        BROKEN.replace("memory = ", "gedächtnis = ").replace("=memory", "=gedächtnis")
    )

    result = process(project, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert result.returncode == 1, result.stderr
    assert "chtnis = ConversationBufferMemory()" in result.stdout


def test_same_tree_same_bytes(project: Path) -> None:
    """
    Whatever the hash seed.
    """
    runs = {process(project, "--format", "json", PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "2")}

    assert len(runs) == 1


def test_a_closed_pipe_is_no_traceback(project: Path) -> None:
    """
    `lcmemlint | head -0`
    """
    command = f"{sys.executable} -m lcmemlint --explain LCM101 | true"
    result = subprocess.run(
        ["sh", "-c", command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr


def test_several_formats_in_one_run(project: Path) -> None:
    """
    One to read, others to keep.
    """
    result = run("--format", "concise", "--format", "sarif:a.sarif", "--format", "junit:a.xml")

    assert result.exit_code == 1
    assert result.stdout.startswith(f"app.py:{LINE}:14: LCM101 ")
    (found,) = json.loads((project / "a.sarif").read_text())["runs"][0]["results"]
    assert found["ruleId"] == "LCM101"
    assert found["fixes"], "what --fix would change is part of it"
    assert (project / "a.xml").read_text().startswith("<?xml")


def test_statistics(project: Path) -> None:
    """
    Counts in the place of findings; the exit code stays.
    """
    result = run("--statistics")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0].startswith("1  LCM101  per-request-memory")
    assert json.loads(run("--statistics", "--format", "json").stdout)[0]["findings"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--statistics", "--format", "sarif"],
            "--statistics goes with --format full, concise, grouped or json, not sarif",
        ),
        (["--format", "sarf"], "no format is called `sarf`; did you mean `sarif`?; --help shows the options"),
        (
            ["--format", "json", "--format", "full"],
            "json must not stand among other output; write --format json:FILE",
        ),
        (["--format", "json:x", "--format", "sarif:x"], "two formats would be written to x"),
        (
            ["--format", "full", "--format", "github", "--output-file", "x"],
            "--output-file goes with one format; write --format NAME:FILE for several",
        ),
        (
            ["--format", "json:no/such/folder/x"],
            "no/such/folder/x: cannot be written: No such file or directory",
        ),
    ],
)
def test_formats_that_cannot_be(arguments: list[str], told: str, project: Path) -> None:
    """
    One line, and nothing is written.
    """
    assert complaint(run(*arguments)).endswith(told)
    assert not (project / "x").exists()


def test_no_password_reaches_the_terminal(project: Path) -> None:
    """
    An address with a password in the code is shown without it, in reports and in looks inside.
    """
    (project / "app.py").write_text(
        "from fastapi import FastAPI\nfrom langchain_community.chat_message_histories import RedisChatMessageHistory\n"
        "app = FastAPI()\n\n\n@app.post('/')\ndef chat(text: str) -> None:\n"
        "    RedisChatMessageHistory('1', url='redis://me:hunter2@db').add_user_message(text)\n"
    )

    shown = [
        run("--strict"),
        run("--show-facts", "app.py"),
        run("--why", "app.py:8"),
        run("--format", "sarif"),
    ]

    assert "LCM203" in shown[0].stdout
    assert "redis://me:*******@db" in shown[0].stdout
    assert not [result.output for result in shown if "hunter2" in result.output]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("arguments", [["--version"], ["--explain", "LCM102"], ["--no-cache", "."]])
def test_a_full_disk_behind_standard_output_is_told(arguments: list[str], tmp_path: Path) -> None:
    """
    One line and exit 2: exit 1 would mean findings, and the fault is not ours.
    """
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lcmemlint", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (
        2,
        "lcmemlint: cannot write the output: No space left on device\n",
    )
