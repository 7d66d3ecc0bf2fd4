"""Workloads → modules: what is certain, likely, possible and nothing."""

from __future__ import annotations

import json

import pytest

from lcmemlint.deploy import read_manifests
from lcmemlint.deploy.assemble import rank_of
from lcmemlint.deploy.images import is_third_party
from lcmemlint.deploy.tables import parsed_tables, tables
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import Disk, Range, Spot, Workload
from lcmemlint.errors import CatalogueError
from lcmemlint.findings import Confidence
from lcmemlint.link.deployment import by_module, link_workloads

ONE = Range(1, 1)


def made(
    path: str = "Dockerfile",
    *,
    target: str | None = None,
    places: tuple[str, ...] = (),
    instances: Range = ONE,
    processes: Range = ONE,
    context: str | None = None,
    confidence: Confidence = "certain",
    third_party: bool = False,
) -> Workload:
    """A workload by hand."""
    return Workload(
        "api",
        "docker",
        Spot(path, 1),
        instances,
        processes,
        Disk(True, False),
        target=target,
        places=places,
        context=context,
        confidence=confidence,
        third_party=third_party,
        rank=rank_of(path),
    )


@pytest.mark.parametrize(
    ("workload", "modules", "quality"),
    [
        (made(target="main:app", places=("x/main.py", "main.py")), ("main.py",), "certain"),
        (made(target="chat:app"), ("lib/chat.py",), "certain"),
        (made(target="twice:app"), (), None),
        (made(target="absent:app"), (), None),
        (made(target="lib.chat:app"), ("lib/chat.py",), "certain"),
        (made(target="lib/chat.py"), ("lib/chat.py",), "certain"),
        (made(target="/srv/lib/chat.py"), ("lib/chat.py",), "certain"),
        (made(context="web"), ("web/server.py",), "likely"),
        (made(context=""), ("web/server.py",), "likely"),
        (made(context="lib"), ("web/server.py",), "possible"),
        (made(), ("web/server.py",), "possible"),
        (made(target="main:app", places=("main.py",), third_party=True), (), None),
        (made(target="main:app", places=("main.py",), confidence="possible"), ("main.py",), "possible"),
    ],
)
def test_quality_of_links(workload: Workload, modules: tuple[str, ...], quality: str | None) -> None:
    paths = ["main.py", "lib/chat.py", "a/twice.py", "b/twice.py", "web/server.py"]

    (linked,) = link_workloads([workload], paths, servers=["web/server.py"])

    assert (modules, quality) == (linked.modules, linked.quality)


def test_a_folder_with_several_servers_runs_one_of_them() -> None:
    """
    Any of a folder's own; of the whole project, nobody knows which.
    """
    files, servers = ["web/a.py", "web/b.py", "x.py"], ["web/a.py", "web/b.py"]

    def linked(context: str) -> tuple[tuple[str, ...], str | None]:
        (found,) = link_workloads([made(context=context)], files, servers=servers)
        return found.modules, found.quality

    assert linked("web") == (("web/a.py", "web/b.py"), "likely")
    assert linked("") == ((), None)


@pytest.mark.parametrize(
    ("target", "attribute"),
    [("main:app", "app"), ("main:create_app()", "create_app"), ("main", ""), (None, "")],
)
def test_the_app_object_of_a_target(target: str | None, attribute: str) -> None:
    """
    A factory is called by its name.
    """
    (linked,) = link_workloads([made(target=target)], ["main.py"])

    assert linked.attribute == attribute


def test_development_never_wins_over_a_real_environment() -> None:
    """
    compose.dev.yml with four workers says nothing about production.
    """
    many = made("compose.dev.yml", target="main:app", processes=Range(4, 4))
    one = made("k8s/prod.yaml", target="main:app")

    deployment = by_module(link_workloads([many, one], ["main.py"]))["main.py"]

    assert deployment.verdict == "single"
    assert deployment.others == (many.at,)


def test_widest_verdict_of_several_manifests_counts() -> None:
    may = made("Dockerfile", target="main:app", instances=Range(0, "unbounded"))
    multi = made("k8s.yaml", target="main:app", instances=Range(3, 3))

    assert by_module(link_workloads([may, multi], ["main.py"]))["main.py"].verdict == "multi"


def test_row_is_json() -> None:
    (linked,) = link_workloads([made(target="main:app", instances=Range(0, "unbounded"))], ["main.py"])
    row = linked.row()

    assert {
        "verdict": "may-scale",
        "instances": [0, "unbounded"],
        "link": {"paths": ["main.py"], "quality": "certain"},
    }.items() <= row.items()
    assert json.loads(json.dumps(row)) == row


@pytest.mark.parametrize(
    ("instances", "processes", "verdict"),
    [
        (Range(0, 0), ONE, "off"),
        (Range(1, 1), Range(2, "cpu"), "multi"),
        (Range(2, 2), Range(1, "unknown"), "multi"),
        (Range(0, 4), Range(2, 2), "may-scale"),
        (ONE, Range(1, "cpu"), "may-scale"),
        (ONE, Range(1, "unknown"), "unknown"),
        (Range(0, 1), ONE, "single"),
    ],
)
def test_verdicts(instances: Range, processes: Range, verdict: str) -> None:
    assert verdict == made(instances=instances, processes=processes).verdict


@pytest.mark.parametrize(
    ("image", "foreign"),
    [
        ("redis:7", True),
        ("redis/redis-stack:latest", True),
        ("pgvector/pgvector:pg16", True),
        ("docker.io/bitnami/kafka", True),
        ("ghcr.io/acme/chat-api@sha256:0", False),
        ("rag-chatbot:latest", False),
        ("gradio-hftgi-rag-redis", False),
        ("localhost:5000/chat", False),
        ("${REGISTRY}/chat", False),
        ("", False),
    ],
)
def test_images_of_others(image: str, foreign: bool) -> None:
    assert foreign == is_third_party(image, Tree({}, frozenset(), lambda path: None, {}))


def test_problem_of_a_broken_file_has_its_line_and_the_others_are_read() -> None:
    files = {
        "compose.yaml": b"services:\n  api:\n\tbuild: .\n",
        "Dockerfile": b"FROM a\nCMD gunicorn -w 2 main:app\n",
        "values.yaml": b"a: {{ .Values.b }}\n",
    }

    workloads, problems = read_manifests(files, paths=["main.py"])

    assert [(one.path, one.line) for one in problems] == [("compose.yaml", 3)]
    assert [one.verdict for one in workloads] == ["multi"]


def test_nothing_is_imported_for_a_project_without_manifests() -> None:
    assert read_manifests({}) == ((), ())


def test_every_row_of_the_table_says_where_it_was_read() -> None:
    assert {"gunicorn", "uvicorn", "celery"} <= set(tables().servers)
    with pytest.raises(CatalogueError, match="source"):
        parsed_tables('platform = []\nimages = {}\n[[server]]\nnames = ["x"]\n')
    with pytest.raises(CatalogueError, match="unknown field"):
        parsed_tables('platform = []\nimages = {}\n[[server]]\nnames = ["x"]\nsource = "y"\nflag = []\n')
