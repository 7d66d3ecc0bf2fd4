"""The GitHub Action: its scripts are run by a shell as a runner would, on what stands in action.yml."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: Mapping[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[Mapping[str, Any]] = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


class Runner:
    """As much of a runner as the action needs: inputs, outputs of steps, expressions, `bash -e -o pipefail`."""

    def __init__(self, folder: Path, action: Path, run: Callable[..., Any], **inputs: str) -> None:
        known = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        assert inputs.keys() <= known.keys()
        self.run = run
        self.folder = folder
        self.values = {f"inputs.{name}": value for name, value in {**known, **inputs}.items()}
        self.values |= {"github.action_path": str(action), "runner.temp": str(folder.parent)}
        self.told = ""
        self.uploaded: dict[str, str] = {}

    def text(self, template: str) -> str:
        """A text with its expressions replaced; an output that no step wrote is empty, as on GitHub."""
        return EXPRESSION.sub(lambda found: self.values.get(found[1], ""), template)

    def holds(self, condition: str) -> bool:
        """A condition made of comparisons and `&&`."""
        inside = EXPRESSION.fullmatch(condition)
        assert inside is not None
        for part in inside[1].split("&&"):
            left, operator, right = part.split()
            if (self.values.get(left, "") == right.strip("'")) != (operator == "=="):
                return False
        return True

    def steps(self) -> int:
        """Run all steps; the exit code of the first that fails."""
        for step in STEPS:
            if "if" in step and not self.holds(step["if"]):
                continue
            if "uses" in step:
                self.uploaded = {name: self.text(value) for name, value in step["with"].items()}
                continue
            done = self.script(step)
            self.told += done.stdout + done.stderr
            if done.returncode:
                return int(done.returncode)
        return 0

    def script(self, step: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """One step with a script."""
        output = self.folder.parent / "output"
        output.write_text("")
        shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        more = {name: self.text(value) for name, value in step["env"].items()}
        where = self.folder / self.text(step.get("working-directory", "."))
        done = self.run(where, *shell, GITHUB_OUTPUT=str(output), **more)
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{name}"] = value
        assert isinstance(done, subprocess.CompletedProcess)
        return done


@pytest.fixture(scope="module")
def command(
    tmp_path_factory: pytest.TempPathFactory,
    clone: Path,
    run: Callable[..., Any],
    installed_or_skipped: Callable[[subprocess.CompletedProcess[str], str], None],
) -> str:
    """What the first step installs, once for all tests."""
    folder = tmp_path_factory.mktemp("runner") / "work"
    folder.mkdir()
    runner = Runner(folder, clone, run)
    installed_or_skipped(runner.script(STEPS[0]), "the action's first step")
    return str(runner.values["steps.install.outputs.command"])


@pytest.fixture
def job(tmp_path: Path, clone: Path, run: Callable[..., Any], command: str) -> Callable[..., Runner]:
    """A runner in a checkout, with the linter installed."""
    folder = tmp_path / "work"
    folder.mkdir()

    def job(**inputs: str) -> Runner:
        runner = Runner(folder, clone, run, **inputs)
        runner.script = lambda step: (  # type: ignore[method-assign]
            subprocess.CompletedProcess([], 0, "", "") if step is STEPS[0] else Runner.script(runner, step)
        )
        runner.values["steps.install.outputs.command"] = command
        return runner

    return job


def write(folder: Path, store: str, route: str) -> None:
    """A faulty app."""
    (folder / "store.py").write_text(store)
    (folder / "main.py").write_text(route)


def test_findings_fail_the_job_after_they_were_uploaded(
    job: Callable[..., Runner], store: str, route: str
) -> None:
    """
    Readable, as annotations, and as SARIF without what is silenced.
    """
    runner = job(**{"upload-sarif": "true"})
    write(runner.folder, store, route)

    assert runner.steps() == 1
    assert "warning[LCM102]" in runner.told
    assert "::warning title=LCM102 process-local-history,file=store.py,line=8," in runner.told
    assert runner.uploaded["category"] == "lcmemlint"
    (result,) = json.loads(Path(runner.uploaded["sarif_file"]).read_text())["runs"][0]["results"]
    assert result["ruleId"] == "LCM102"


def test_a_clean_project_passes(job: Callable[..., Runner]) -> None:
    """
    Nothing is uploaded unless that is asked for.
    """
    runner = job()
    (runner.folder / "main.py").write_text("import langchain\n")

    assert runner.steps() == 0
    assert "Found nothing" in runner.told
    assert runner.uploaded == {}


def test_inputs_reach_the_command(job: Callable[..., Runner], store: str, route: str) -> None:
    """
    Several paths with spaces in them, options, a bound, no annotations, another folder.
    """
    runner = job(
        **{
            "working-directory": "my app",
            "paths": "sub folder\nstore.py",
            "args": "--select LCM1 --no-config",
            "fail-on": "never",
            "annotations": "false",
        }
    )
    (runner.folder / "my app" / "sub folder").mkdir(parents=True)
    write(runner.folder / "my app", store, route)

    assert runner.steps() == 0
    assert "warning[LCM102]" in runner.told
    assert "::warning" not in runner.told
    assert runner.values["steps.lint.outputs.exit-code"] == "0"


def test_a_baseline_and_a_revision(
    job: Callable[..., Runner], store: str, route: str, run: Callable[..., Any], command: str
) -> None:
    """
    Known findings pass; so does what a change did not touch.
    """
    runner = job(baseline="known.json")
    write(runner.folder, store, route)
    run(runner.folder, command, "--write-baseline", "--baseline", "known.json")
    assert runner.steps() == 0

    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        run(runner.folder, "git", *arguments)
    assert job(since="HEAD").steps() == 0


def test_a_run_that_fails_is_no_pass(job: Callable[..., Runner]) -> None:
    """
    A path that is not there, an option that does not exist.
    """
    assert job(paths="nowhere").steps() == 2
    assert job(args="--no-such-option").steps() == 2


def test_nothing_of_an_input_is_run(job: Callable[..., Runner], tmp_path: Path) -> None:
    """
    Inputs may come from a pull request: they are arguments, never code.
    """
    trap = tmp_path / "sprung"
    shot = f"$(touch {trap}) ; touch {trap}; `touch {trap}` & touch {trap} | touch {trap} '\"\ntouch {trap}\n"
    for name in ("paths", "args", "since", "baseline", "fail-on"):
        assert job(**{name: shot}).steps() == 2

    assert not trap.exists()


def test_scripts_take_inputs_from_the_environment_only() -> None:
    """
    An expression inside a script is text pasted into code.
    """
    scripts = [step["run"] for step in STEPS if "run" in step]

    assert len(scripts) == 3
    assert not [script for script in scripts if "${{" in script]
    assert all(step["shell"] == "bash" for step in STEPS if "run" in step)


def test_every_input_and_output_is_described_and_used() -> None:
    """
    And expressions name only inputs that exist.
    """
    text = (ROOT / "action.yml").read_text()
    named = set(re.findall(r"inputs\.([\w-]+)", text))

    assert named == set(ACTION["inputs"])
    assert all(one["description"] for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


def test_from_nothing_to_green_in_five_commands(
    job: Callable[..., Runner], run: Callable[..., Any], command: str, tmp_path: Path
) -> None:
    """
    What README tells a new user, done on an example: the first commit is red, the last one green.
    """
    text = (ROOT / "README.md").read_text().split("<!-- five -->")[1].split("<!-- /five -->")[0]
    console, workflow = re.findall(r"```\w+\n(.*?)```", text, re.DOTALL)
    commands = [line.removeprefix("$ ").partition("  #")[0] for line in console.splitlines()]
    assert len(commands) <= 5
    assert commands[0] == "pipx install lcmemlint"  # done by the fixture, from this working tree
    with_action = yaml.safe_load(workflow)["jobs"]["lcmemlint"]["steps"][1]["with"]
    inputs = {name: str(value).lower() if value is True else value for name, value in with_action.items()}

    folder = job().folder
    shutil.copytree(ROOT / "examples" / "fastapi_three_files", folder, dirs_exist_ok=True)
    (folder / "requirements.txt").write_text("fastapi\nlangchain\n")
    hub = tmp_path / "hub.git"
    for arguments in (
        ["init", "-q", "--bare", str(hub)],
        ["init", "-q"],
        ["add", "."],
        ["commit", "-q", "-m", "app"],
        ["remote", "add", "origin", str(hub)],
        ["push", "-q", "-u", "origin", "HEAD"],
    ):
        assert run(folder, "git", *arguments).returncode == 0
    assert job(**{name: value for name, value in inputs.items() if name != "baseline"}).steps() == 1

    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "lcmemlint.yml").write_text(workflow)
    path = f"{Path(command).parent}:{run(folder, 'bash', '-c', 'echo $PATH').stdout.strip()}"
    for one in commands[1:]:
        done = run(folder, "bash", "-e", "-c", one, PATH=path)
        assert done.returncode == 0, f"{one}\n{done.stdout}{done.stderr}"

    shutil.rmtree(folder)
    assert run(tmp_path, "git", "clone", "-q", str(hub), str(folder)).returncode == 0
    runner = job(**inputs)
    assert runner.steps() == 0, runner.told
    assert runner.uploaded["category"] == "lcmemlint"
    assert "sqlalchemy" in (folder / "requirements.txt").read_text(), (
        "what the repaired code needs is declared"
    )
