"""Manifests in a run: what they make of findings, what they cost, how they are silenced, how they are shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lcmemlint import lint
from lcmemlint.cli import main
from lcmemlint.config import Config
from lcmemlint.engine import Report, analyse, prepare, relint, report
from lcmemlint.findings import Finding
from lcmemlint.settings import Deployment

ROOT = Path(__file__).resolve().parents[1]
APP = """\
from fastapi import FastAPI
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.prebuilt import create_react_agent

app = FastAPI()
agent = create_react_agent(ChatOpenAI(), tools=[], checkpointer=InMemorySaver())


@app.post("/threads/{thread_id}")
def run(thread_id: str, text: str) -> str:
    return agent.invoke({"messages": [text]}, {"configurable": {"thread_id": thread_id}})["messages"][-1].content
"""
COMPOSE = """\
services:
  api:
    build: .
    command: uvicorn app:app
    deploy:
      replicas: 3
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a saver in the process, and nothing that deploys it."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def places(found: Report) -> list[tuple[str, str, int]]:
    """Code, path and line of every finding."""
    return [(one.code, one.at.path, one.at.span.line) for one in found.findings]


def saver(found: Report) -> Finding:
    """The finding about the saver."""
    (one,) = (one for one in found.findings if one.code == "LCM103")
    return one


# --- evidence ---------------------------------------------------------------------------------------------


def test_several_processes_make_an_error_of_a_warning(root: Path) -> None:
    """
    The finding names the line that scales it, and that line is a finding of its own.
    """
    (root / "compose.yaml").write_text(COMPOSE)

    found = lint([root])

    assert places(found) == [("LCM103", "app.py", 7), ("LCM401", "compose.yaml", 6)]
    assert [one.severity for one in found.findings] == ["error", "error"]
    assert [(step.at.path, step.text) for step in saver(found).related] == [
        ("compose.yaml", "scaled by: replicas: 3 (3 instances)")
    ]
    assert found.findings[1].because[0].at == saver(found).at


def test_an_image_for_lambda_without_its_template_is_named_and_is_no_finding(root: Path) -> None:
    """
    There is no number in it to change.
    """
    code = APP.replace('@app.post("/threads/{thread_id}")', "").replace("def run(", "def ask(")
    handler = "\n\ndef handler(event, context):\n    return ask(event['id'], event['text'])\n"
    (root / "bot.py").write_text(code + handler)
    (root / "app.py").unlink()
    (root / "Dockerfile").write_text(
        'FROM public.ecr.aws/lambda/python:3.12\nCOPY bot.py ./\nCMD ["bot.handler"]\n'
    )

    found = lint([root])

    assert [one.code for one in found.findings] == ["LCM103"]
    assert [(step.at.path, step.at.span.line) for step in saver(found).related] == [("Dockerfile", 3)]


def test_nothing_known_is_said(root: Path) -> None:
    """
    Without a manifest it stays a warning, and the reader hears why; one process is not nothing.
    """
    assert saver(lint([root])).help.endswith("; no manifest tells how many processes run")

    (root / "compose.yaml").write_text(COMPOSE.replace("3", "1"))

    assert "manifest" not in saver(lint([root])).help
    assert saver(lint([root])).severity == "warning"


@pytest.mark.parametrize(
    ("choice", "severity", "codes"),
    [
        ("auto", "error", ["LCM103", "LCM401"]),
        ("single", "warning", ["LCM103"]),
        ("multi", "error", ["LCM103", "LCM401"]),
    ],
)
def test_the_user_knows_better(root: Path, choice: Deployment, severity: str, codes: list[str]) -> None:
    """
    `deployment` in the settings wins over the manifests.
    """
    (root / "compose.yaml").write_text(COMPOSE)
    found = lint([root], config=Config(deployment=choice))

    assert saver(found).severity == severity
    assert [one.code for one in found.findings] == codes


def test_multi_without_manifests(root: Path) -> None:
    """
    There is no line to report, but the warning is an error.
    """
    found = lint([root], config=Config(deployment="multi"))

    assert places(found) == [("LCM103", "app.py", 7)]
    assert saver(found).severity == "error"


def test_development_says_nothing(root: Path) -> None:
    """
    Three replicas on a laptop are no evidence of production.
    """
    (root / "compose.dev.yaml").write_text(COMPOSE)

    assert places(lint([root])) == [("LCM103", "app.py", 7)]
    assert saver(lint([root])).severity == "warning"


def test_ignored_manifests_say_nothing(root: Path) -> None:
    """
    `ignore-manifests` takes patterns in the way of .gitignore.
    """
    (root / "old").mkdir()
    (root / "old" / "compose.yaml").write_text(COMPOSE.replace("build: .", "build: .."))

    assert len(lint([root]).findings) == 2
    assert len(lint([root], config=Config(ignore_manifests=("old/",))).findings) == 1


def test_sticky_sessions_lower_and_never_silence(root: Path) -> None:
    """
    Affinity keeps a user on a pod while the pod lives.
    """
    (root / "compose.yaml").write_text(
        COMPOSE + "    labels:\n      traefik.http.services.a.sticky.cookie: true\n"
    )

    found = lint([root])

    assert [(one.code, one.severity) for one in found.findings] == [
        ("LCM103", "warning"),
        ("LCM401", "warning"),
    ]


def test_a_worker_that_only_imports_the_module_is_no_server(root: Path) -> None:
    """
    Celery's processes never run the route, although they import its file.
    """
    (root / "tasks.py").write_text("from celery import Celery\n\nimport app\n\nqueue = Celery()\n")
    (root / "compose.yaml").write_text(
        COMPOSE.replace("uvicorn app:app", "celery -A tasks worker --concurrency 4")
    )

    assert places(lint([root])) == [("LCM103", "app.py", 7)]


def test_a_script_that_starts_several_workers_by_name(root: Path) -> None:
    """
    `run.py` mentions no LangChain, and is read all the same.
    """
    (root / "run.py").write_text('import uvicorn\n\nuvicorn.run("app:app", workers=4)  # noqa: LCM401\n')
    text = (root / "run.py").read_text()

    assert places(lint([root])) == [("LCM103", "app.py", 7)]

    (root / "run.py").write_text(text.replace("  # noqa: LCM401", ""))

    assert places(lint([root])) == [("LCM103", "app.py", 7), ("LCM401", "run.py", 3)]


def test_a_graph_that_only_the_platform_runs_has_one_finding(root: Path) -> None:
    """
    LCM402 takes the place of LCM103; a route that runs the same graph turns that around.
    """
    (root / "langgraph.json").write_text('{"graphs": {"agent": "./app.py:agent"}}')

    assert places(lint([root])) == [("LCM103", "app.py", 7)]

    (root / "app.py").write_text("\n".join(APP.splitlines()[:7]))

    assert places(lint([root])) == [("LCM402", "app.py", 7)]


# --- comments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", COMPOSE.replace("replicas: 3", "replicas: 3  # lcmemlint: ignore[LCM401] sticky")),
        ("compose.yaml", "# lcmemlint: ignore-file[LCM401]\n" + COMPOSE),
        (
            "Dockerfile",
            "FROM python:3.12\nCOPY . .\n# lcmemlint: ignore[LCM401] no chats\n"
            'CMD ["uvicorn", "app:app", \\\n  "--workers", "4"]\n',
        ),
        (
            "fly.toml",
            '[processes]\nweb = "uvicorn app:app"\n[http_service]\n'
            "# lcmemlint: ignore[LCM401]\nmin_machines_running = 3\n",
        ),
        (
            "main.tf",
            'resource "aws_lambda_function" "bot" {  // lcmemlint: ignore[LCM401] x\n'
            '  handler = "app.run"\n  filename = "app.zip"\n}\n',
        ),
    ],
    ids=["yaml", "yaml-file", "dockerfile", "toml", "hcl"],
)
def test_ignore_comments_in_manifests(root: Path, name: str, text: str) -> None:
    """
    The same words as in Python, in the comments of each language.
    """
    (root / name).write_text(text)
    with_comment = lint([root])
    (root / name).write_text("\n".join(_bare(text)))
    without = lint([root])

    assert [one.code for one in with_comment.findings] == ["LCM103"]
    assert {one.code for one in without.findings} == {"LCM103", "LCM401"}
    assert with_comment.suppressed == 1


def _bare(text: str) -> list[str]:
    """The lines without our comments."""
    return [line.partition("# lcmemlint")[0].partition("// lcmemlint")[0] for line in text.splitlines()]


def test_an_idle_comment_in_a_manifest_is_reported(root: Path) -> None:
    """
    LCM001 looks into manifests too, when they were read.
    """
    (root / "compose.yaml").write_text(
        COMPOSE.replace("replicas: 3", "replicas: 1  # lcmemlint: ignore[LCM401]")
    )

    assert ("LCM001", "compose.yaml", 6) in places(lint([root]))


# --- problems and costs -----------------------------------------------------------------------------------


def test_a_broken_manifest_costs_only_itself(root: Path) -> None:
    """
    It is told, and the run can be trusted; asked for by name, it is an error.
    """
    (root / "compose.yaml").write_text(COMPOSE)
    (root / "docker-compose.prod.yml").write_text("services: [\n")

    found = lint([root])

    assert [one.code for one in found.findings] == ["LCM103", "LCM401"]
    assert [one.path for one in found.problems] == ["docker-compose.prod.yml"]
    assert found.is_trusted
    assert not lint([root / "docker-compose.prod.yml"]).is_trusted


def loaded(root: Path) -> set[str]:
    """The modules that a run loads."""
    code = f"from lcmemlint import lint; lint([{str(root)!r}])\nimport sys; print('\\n'.join(sys.modules))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return set(told.stdout.splitlines())


def test_a_project_without_manifests_loads_no_reader(root: Path) -> None:
    """
    Neither YAML nor the readers: a few milliseconds are all that the question costs.
    """
    (root / "requirements.txt").write_text("langchain\n")
    (root / "package.json").write_text("{}")

    assert not {"yaml", "lcmemlint.deploy.reading"} & loaded(root)


def test_a_dockerfile_loads_no_yaml(root: Path) -> None:
    """
    YAML is loaded for YAML.
    """
    (root / "Dockerfile").write_text('FROM python:3.12\nCOPY . .\nCMD ["uvicorn", "app:app"]\n')
    found = loaded(root)

    assert "lcmemlint.deploy.reading" in found
    assert "yaml" not in found


def test_manifests_are_not_read_without_a_finding_that_needs_them(tmp_path: Path) -> None:
    """
    An app that remembers nothing scales as it likes.
    """
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "compose.yaml").write_text("services: [\n")
    (tmp_path / "app.py").write_text("from langchain_openai import ChatOpenAI\n\nmodel = ChatOpenAI()\n")

    assert lint([tmp_path]).problems == ()


def test_a_repair_is_judged_with_the_manifests_of_before(root: Path) -> None:
    """
    The manifests are read once for a whole run of repairs, and again when a text that declares processes changes.
    """
    (root / "compose.yaml").write_text(COMPOSE)
    job = prepare([root])
    before = analyse(job)
    (root / "compose.yaml").write_text("services: {}\n")

    assert {one.code for one in relint(job, before, {"app.py": f"\n{APP}"})} == {"LCM103", "LCM401"}

    workers = (
        f'{APP}\n\nif __name__ == "__main__":\n    import uvicorn\n\n    uvicorn.run("app:app", workers=2)\n'
    )
    again = analyse(job, {"app.py": workers}, before=before)

    assert ("LCM401", "app.py") in {(code, path) for code, path, _ in places(report(job, again))}


# --- show -------------------------------------------------------------------------------------------------


def test_show_deployment_as_json(root: Path) -> None:
    """
    One object a workload, with the keys that programs rely on.
    """
    (root / "compose.yaml").write_text(COMPOSE)

    done = CliRunner().invoke(main, ["--root", str(root), "--show-deployment", "--format", "json", str(root)])
    (row,) = json.loads(done.stdout)

    assert done.exit_code == 0
    assert list(row) == [
        "path", "line", "workload", "format", "verdict", "instances", "processes", "shared_disk", "durable_disk",
        "affinity", "target", "link",
    ]  # fmt: skip
    assert row["path"].endswith("compose.yaml")
    assert (row["line"], row["verdict"], row["instances"], row["processes"]) == (6, "multi", [3, 3], [1, 1])
    assert row["link"]["quality"] == "likely"


def test_show_deployment_as_a_table(root: Path) -> None:
    """
    What a person checks: who runs what, how often, and what is left out.
    """
    (root / "compose.yaml").write_text(COMPOSE + "  redis:\n    image: redis:8\n")

    done = CliRunner().invoke(main, ["--root", str(root), "--show-deployment", str(root)])
    head, api, redis = done.stdout.splitlines()

    assert head.split() == ["WORKLOAD", "WHERE", "VERDICT", "INSTANCES", "PROCESSES", "RUNS", "DISK", "NOTE"]
    assert "multi" in api
    assert "app.py (likely)" in api
    assert redis.endswith("not this project's Python")


def test_show_deployment_without_manifests(root: Path) -> None:
    """
    Nothing is a sentence.
    """
    done = CliRunner().invoke(main, ["--root", str(root), "--show-deployment", str(root)])

    assert done.stdout == "No manifest says how this project is deployed.\n"


def test_show_deployment_of_a_project_without_langchain(tmp_path: Path) -> None:
    """
    The tool's picture can be checked before there is anything to find.
    """
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text("app = object()\n")
    (tmp_path / "compose.yaml").write_text(COMPOSE)

    done = CliRunner().invoke(main, ["--root", str(tmp_path), "--show-deployment", str(tmp_path)])

    assert "app.py" in done.stdout
