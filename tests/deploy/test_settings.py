"""What a workload tells the rules about its variables, its neighbours and its network."""

from __future__ import annotations

from lcmemlint.deploy import Workload, read_manifests
from lcmemlint.facts import FileFacts
from lcmemlint.scan import scan

DOCKERFILE = b"FROM python:3.12\nENV A=image B=image\nCMD uvicorn main:app\n"


def read(files: dict[str, bytes], name: str = "api") -> Workload:
    """The workload of this name."""
    workloads, _ = read_manifests({"Dockerfile": DOCKERFILE, **files}, paths=["main.py"])
    return next(one for one in workloads if one.name == name)


def values(one: Workload) -> dict[str, str | None]:
    """Its variables."""
    return {setting.name: setting.value for setting in one.env}


def test_variables_of_a_pod() -> None:
    """
    A secret is set to something that nobody wrote down; a ConfigMap of the same tree can be read.
    """
    manifest = b"""
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {FROM_MAP: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
        - image: api
          envFrom: [{configMapRef: {name: conf}}]
          env:
            - {name: B, value: "pod"}
            - {name: REDIS_URL, valueFrom: {secretKeyRef: {name: s, key: k}}}
        - image: redis:7
"""
    one = read({"k8s.yaml": manifest})

    assert values(one) == {"A": "image", "B": "pod", "FROM_MAP": "1", "REDIS_URL": None}
    assert one.open_env
    assert one.host_network
    assert one.beside == ("redis:7",)
    assert one.setting("B") is not None


def test_variables_of_a_compose_service() -> None:
    compose = b"""
services:
  api:
    build: .
    network_mode: host
    env_file: [conf/app.env]
    environment:
      - B=$COUNT
      - PASSED
"""
    files = {"compose.yaml": compose, ".env": b"COUNT=3\n", "conf/app.env": b"# no\nexport C='file' # why\n"}
    one = read(files)

    assert values(one) == {"A": "image", "B": "3", "C": "file", "PASSED": None}
    assert one.host_network
    assert not one.open_env


def test_image_of_a_foreign_service_is_there_for_the_rules() -> None:
    one = read(
        {"compose.yaml": b"services:\n  api: {build: .}\n  cache: {image: 'redis:7-alpine'}\n"}, "cache"
    )

    assert one.third_party
    assert one.image == "redis:7-alpine"


def test_replicas_that_an_autoscaler_replaces_are_still_named() -> None:
    manifest = b"""
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 3
  template: {spec: {containers: [{image: api}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: x}
spec: {scaleTargetRef: {kind: Deployment, name: api}, minReplicas: 2, maxReplicas: 4}
"""
    one = read({"k8s.yaml": manifest})

    assert one.line == 12
    assert [spot.line for spot in one.also] == [6]


def test_facts_of_a_started_file_are_asked_for_only_when_needed() -> None:
    asked: list[str] = []

    def facts_of(path: str) -> FileFacts:
        asked.append(path)
        return scan('import uvicorn\nuvicorn.run("web:app", workers=2)\n')

    files = {"Procfile": b"web: python serve.py\n", "app.json": b"{}"}
    workloads, _ = read_manifests(files, paths=["serve.py", "web.py", "other.py"], facts_of=facts_of)

    assert set(asked) == {"serve.py"}
    assert [(one.target, one.processes.low) for one in workloads] == [("web:app", 2)]


def test_examples_and_development_rank_below() -> None:
    files = {
        "examples/compose.yaml": b"services: {a: {build: ..}}",
        "compose.dev.yaml": b"services: {b: {build: .}}",
        "deploy/prod/compose.yaml": b"services: {c: {build: ../..}}",
        "compose.yaml": b"services: {d: {build: .}}",
    }
    workloads, _ = read_manifests({"Dockerfile": DOCKERFILE, **files}, paths=["main.py"])

    assert {one.name: one.rank for one in workloads if one.format == "compose"} == {
        "a": "example",
        "b": "development",
        "c": "production",
        "d": "plain",
    }
