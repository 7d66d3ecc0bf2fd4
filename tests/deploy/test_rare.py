"""Manifests in forms that are rare: how many instances and processes of which file they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.deploy.test_cases import read, tree_of

IMAGE = "FROM python:3.12\nWORKDIR /srv\nCOPY . .\n"
START = f"{IMAGE}CMD uvicorn main:app\n"
BASE = {"Dockerfile": START, "main.py": "<app>"}
TIANGOLO = "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY ./app /app\n"
POD = "spec:\n  template:\n    spec:\n      containers: [{image: api}]\n"
DEPLOYMENT = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api}}\n{POD}"
ONE, MANY = (1, 1), (2, 2)


def found(files: Mapping[str, str]) -> dict[str, tuple[Any, Any, str]]:
    """Instances, processes and the started file of each workload."""

    def module(modules: tuple[str, ...]) -> str:
        return modules[0] if modules else ""

    return {
        one.workload.name: (
            (one.workload.instances.low, one.workload.instances.high),
            (one.workload.processes.low, one.workload.processes.high),
            module(one.modules),
        )
        for one in read(tree_of("rare", files))
    }


@pytest.mark.parametrize(
    ("text", "processes"),
    [
        (f"{IMAGE}ENTRYPOINT gunicorn -w 2 main:app\n", MANY),
        (f'{IMAGE}ENTRYPOINT ["tini", "--"]\nCMD gunicorn -w 2 main:app\n', MANY),
        (
            "ARG TAG=3.12\nFROM python:$TAG\nARG HOME_OF\nWORKDIR /srv\nCOPY . .\nARG FILES='.'\n"
            f"COPY $FILES .\n{START.splitlines()[-1]}\n",
            ONE,
        ),
        (f"{IMAGE}COPY --from=build /wheels /wheels\nCOPY *.txt .\nCMD gunicorn -w 2 main:app\n", MANY),
        (f"{IMAGE}CMD\tgunicorn -w 2 main:app\n", MANY),
        (f"# syntax=docker/dockerfile:1\n# escape=`\n{IMAGE}CMD gunicorn `\n  -w 2 main:app\n", MANY),
        (f"FROM nginx\nRUN true\n{START}", ONE),
    ],
)
def test_dockerfiles(text: str, processes: tuple[int, int]) -> None:
    """
    Entry points for a shell, arguments, directives, copies that bring nothing of the project's.
    """
    told = [one[1] for one in found({"Dockerfile": text, "main.py": "<app>"}).values()]

    assert told == [processes]


@pytest.mark.parametrize(
    ("setting", "processes"),
    [
        ("", (2, "cpu")),
        ("ENV WEB_CONCURRENCY=3", (3, 3)),
        ("ENV WEB_CONCURRENCY=$COUNT", (1, "unknown")),
        ("ENV MAX_WORKERS=1", ONE),
        ("ENV MAX_WORKERS=4", (2, 4)),
        ("ENV MAX_WORKERS=4 WEB_CONCURRENCY=3", (3, 3)),
    ],
)
def test_images_that_start_workers_by_themselves(setting: str, processes: tuple[int, object]) -> None:
    """
    As many as cores, unless a variable says how many or how many at most.
    """
    told = found({"Dockerfile": f"{TIANGOLO}{setting}\n", "app/main.py": "<app>"})

    assert [one[1:] for one in told.values()] == [(processes, "app/main.py")]


KUSTOMIZED = {**BASE, "base/dep.yaml": DEPLOYMENT, "base/kustomization.yaml": "resources: [dep.yaml]\n"}


@pytest.mark.parametrize(
    ("overlay", "instances"),
    [
        ("replicas: [{name: other, count: 5}, {name: api, count: 3}]\n", (3, 3)),
        ("replicas: [{name: other, count: 5}]\n", ONE),
        ("patches: [{path: gone.yaml}]\n", ONE),
        ("patches: [{target: {kind: Deployment}, patch: '[]'}]\n", ONE),
        (
            "patches:\n  - target: {kind: Deployment}\n    patch: |\n"
            "      - {op: replace, path: /spec/paused, value: 1}\n"
            "      - {op: replace, path: /spec/replicas, value: 4}\n",
            (4, 4),
        ),
        (
            "patches:\n  - target: {kind: Deployment}\n    patch: |\n      - {op: replace, path: /spec/replicas}\n",
            ONE,
        ),
        (
            "patches:\n  - patch: |\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: api}\n"
            "      spec: {replicas: null}\n",
            (1, "unknown"),
        ),
    ],
)
def test_kustomizations(overlay: str, instances: tuple[int, object]) -> None:
    """
    Counts of other objects, patches of other things, patches that are not there.
    """
    files = {**KUSTOMIZED, "prod/kustomization.yaml": f"resources: [../base]\n{overlay}"}

    assert found(files)["api"][0] == instances


CHART = {
    **BASE,
    "chart/Chart.yaml": "apiVersion: v2\nname: chat\n",
    "chart/templates/dep.yaml": "kind: Deployment\nspec:\n  replicas: {{ .Values.count }}\n",
}


@pytest.mark.parametrize(
    ("values", "more", "told"),
    [
        ("count: 3\n", {}, (3, 3)),
        ("count: many\n", {}, (1, "unknown")),
        ("image: {tag: x}\n", {}, ONE),
        ("count: 1\n", {"deploy.sh": "helm upgrade chat chart --set image.tag=x --set count=4\n"}, (4, 4)),
        ("count: 1\n", {"deploy.sh": "helm upgrade chat chart --set image.tag=x\n"}, ONE),
        ("count: 1\nautoscaling: {enabled: true}\n", {}, (1, "unknown")),
        ("count: 1\nautoscaling: {enabled: true, maxReplicaCount: 5}\n", {}, (1, 5)),
    ],
)
def test_charts(values: str, more: Mapping[str, str], told: tuple[int, object]) -> None:
    """
    Counts that are no numbers, are not there, or are set by a command.
    """
    files = {**CHART, "chart/values.yaml": values, **more}

    assert found(files)["chat"][0] == told


BICEP = (
    "param least int = 2\n\nresource chat 'Microsoft.App/containerApps@2024-03-01' = {{\n"
    "  tags: {{ 'azd-service-name': 'chat' }}\n  properties: {{\n    template: {{\n"
    "      containers: [\n        {{\n          image: '{image}'\n        }}\n      ]\n{scale}    }}\n  }}\n}}\n"
)
SCALE = "      scale: {{\n        minReplicas: {}\n        maxReplicas: {}\n      }}\n"


@pytest.mark.parametrize(
    ("image", "scale", "azd", "told"),
    [
        ("api", SCALE.format(1, 3), "", ((1, 3), "main.py")),
        ("api", SCALE.format("least", "most"), "", ((2, "unknown"), "main.py")),
        ("api", "", "", ((0, 10), "main.py")),
        ("api", SCALE.format(1, 3), "services:\n  web: {project: ./web}\n", ((1, 3), "main.py")),
        ("api", SCALE.format(1, 3), "services:\n  chat: {project: ../out}\n", ((1, 3), "main.py")),
        ("api", SCALE.format(1, 3), "services:\n  chat: {project: ./none}\n", ((1, 3), "main.py")),
    ],
)
def test_container_apps(image: str, scale: str, azd: str, told: tuple[object, str]) -> None:
    """
    With bounds from parameters or none, images of others, and services that azd does not know.
    """
    files = {**BASE, "infra/main.bicep": BICEP.format(image=image, scale=scale)}
    if azd:
        files["azure.yaml"] = azd
    (one,) = [one for name, one in found(files).items() if name == "chat"]

    assert (one[0], one[2]) == told


def test_container_apps_of_others() -> None:
    text = BICEP.format(image="redis:7", scale=SCALE.format(1, 3))

    assert found({**BASE, "infra/main.bicep": text})["chat"][2] == ""


def test_a_command_that_is_no_list_of_words() -> None:
    """
    Docker takes it for a shell's, which knows no such command.
    """
    assert found({"Dockerfile": f'{IMAGE}CMD ["gunicorn", 2]\n', "main.py": "<app>"}) == {}


def test_a_bicep_file_that_breaks_off() -> None:
    """
    What is there of a resource is read.
    """
    text = BICEP.format(image="api", scale=SCALE.format(1, 3)).rsplit("}", 3)[0]

    assert found({**BASE, "infra/main.bicep": text})["chat"][0] == (1, 3)


TASK = '{"family": "chat", "containerDefinitions": [{"image": "api"}]}'


@pytest.mark.parametrize(
    ("files", "instances"),
    [
        ({"task.json": TASK}, ONE),
        (
            {"task.json": TASK, "deploy.sh": "aws ecs update-service --service chat --desired-count 3\n"},
            (3, 3),
        ),
        ({"task.json": TASK, "deploy.sh": "aws ecs update-service --service chat\naws s3 ls\n"}, ONE),
        (
            {
                "task.json": TASK,
                "service.json": '{"serviceName": "chat", "taskDefinition": "chat:1", "desiredCount": 2}',
            },
            MANY,
        ),
    ],
)
def test_tasks_of_ecs(files: dict[str, str], instances: tuple[int, int]) -> None:
    """
    A count stands in the service, in a command, or nowhere.
    """
    told = found({**BASE, **{f"ecs/{name}": text for name, text in files.items()}})

    assert [one[0] for name, one in told.items() if name == "chat"] == [instances]


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("build: .\n    deploy: {replicas: 2}", (MANY, "main.py")),
        ("build: ../out", (ONE, "main.py")),
        ("extends: {service: none}\n    build: .", (ONE, "main.py")),
        ("extends: {service: none, file: gone.yml}\n    build: .", (ONE, "main.py")),
        ("build: .\n    image: mine/chat", (ONE, "main.py")),
        ("build: .\n    volumes: ['../..:/srv', './data:/srv']", (ONE, "main.py")),
        ("build: .\n    volumes: ['data:/data']", (ONE, "main.py")),
    ],
)
def test_compose_services(service: str, told: tuple[object, str]) -> None:
    """
    Builds outside the project, services that are extended and not there, folders that hide the code.
    """
    one = found({**BASE, "compose.yml": f"services:\n  chat:\n    {service}\n"})["chat"]

    assert (one[0], one[2]) == told


def test_a_scale_for_another_service() -> None:
    files = {
        **BASE,
        "compose.yml": "services:\n  chat: {build: .}\n",
        "up.sh": "docker compose up --scale web=4\n",
    }

    assert found(files)["chat"][0] == ONE


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {
                "vercel.json": '{"builds": [{"src": "main.py", "use": "@vercel/python"},'
                ' {"src": "x", "use": "@vercel/node"}]}'
            },
            ["main.py"],
        ),
        ({"vercel.json": '{"functions": {"main.py": {"memory": 1}, "web/a.ts": {}}}'}, ["main.py"]),
        ({"vercel.json": '{"builds": [{"src": "../main.py", "use": "@vercel/python"}]}'}, []),
        (
            {
                "serverless.yml": "provider: {name: aws, runtime: python3.12}\nfunctions:\n"
                "  a: {handler: main.handler}\n  b: {handler: x.y, runtime: nodejs20}\n"
            },
            ["main.py"],
        ),
        (
            {
                "serverless.yml": "provider: {name: aws, runtime: python3.12}\nfunctions:\n  a: {handler: handler}\n"
            },
            [""],
        ),
    ],
)
def test_functions(files: dict[str, str], told: list[str]) -> None:
    """
    Those in Python that are in the project.
    """
    assert [one[2] for one in found({"main.py": "<app>", **files}).values()] == told


API = {"api/Dockerfile": START, "api/main.py": "<app>", "web/Dockerfile": START, "web/main.py": "<app>"}


@pytest.mark.parametrize(
    ("image", "more", "module"),
    [
        ("mine/chat", {"compose.yml": "services:\n  x: {build: ./api, image: mine/chat}\n"}, "api/main.py"),
        ("mine/chat", {"build.sh": "docker build -t mine/chat ./web\n"}, "web/main.py"),
        ("mine/chat", {"build.sh": "docker build -t mine/chat -f api/Dockerfile api\n"}, "api/main.py"),
        ("mine/chat", {"build.sh": "docker build -t mine/chat ../..\n"}, ""),
        ("mine/chat", {"build.sh": "docker build -t mine/chat -f none.Dockerfile .\n"}, ""),
        ("langchain/langgraph-api:3.11", {}, ""),
    ],
)
def test_which_image_a_pod_runs(image: str, more: Mapping[str, str], module: str) -> None:
    """
    The one that some command or service builds under this name.
    """
    pod = DEPLOYMENT.replace("image: api", f"image: '{image}'").replace("{name: api}", "{name: pod}")

    assert found({**API, **more, "k8s/pod.yaml": pod})["pod"][2] == module


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("gcloud run deploy chat --source . --min-instances 2 --max-instances 4", ((2, 4), "main.py")),
        ("gcloud run deploy chat --source ./web --min-instances 2", ((2, "unbounded"), "main.py")),
        ("gcloud run deploy chat --image other/thing --quiet --max-instances 3", ((0, 3), "main.py")),
    ],
)
def test_services_that_a_command_deploys(command: str, told: tuple[object, str]) -> None:
    """
    From a folder with a Dockerfile, without one, or from an image.
    """
    one = found({**BASE, "deploy.sh": f"{command}\n"})["chat"]

    assert (one[0], one[2]) == told


def test_a_service_from_nothing() -> None:
    told = found({"main.py": "<app>", "deploy.sh": "gcloud run deploy chat --max-instances 3\n"})

    assert told["chat"][0] == (0, 3)


@pytest.mark.parametrize(
    ("command", "instances"),
    [
        ("fly scale count web=3", (3, 3)),
        ("fly scale count worker=3", (0, 2)),
        ("fly scale count 2", MANY),
        ("fly scale count many", (0, 2)),
    ],
)
def test_machines_of_a_process_group(command: str, instances: tuple[int, object]) -> None:
    """
    Of this group or of all.
    """
    text = "app = 'x'\n[processes]\nweb = 'uvicorn main:app'\njs = 'node x.js'\n[http_service]\ninternal_port = 80\n"

    told = found({**BASE, "fly.toml": text, "scale.sh": f"{command}\n"})

    assert [one[0] for name, one in told.items() if "web" in name] == [instances]


def test_what_stands_beside_a_service_of_knative() -> None:
    """
    Other objects of the same file.
    """
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {A: b}\n---\n"
        f"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: chat}}\n{POD}"
    )

    assert [name for name in found({**BASE, "k.yaml": text}) if name in ("c", "chat")] == ["chat"]


@pytest.mark.parametrize(
    ("manifest", "settings"),
    [
        ("services:\n  chat:\n    build: .\n    environment: [A=1, B, [C], {D: x}]\n", {"A": "1", "B": None}),
        ("services:\n  chat:\n    build: .\n    environment: {A: 1}\n", {"A": "1"}),
    ],
)
def test_variables(manifest: str, settings: dict[str, str | None]) -> None:
    """
    What is neither a text nor a pair is passed over.
    """
    (one,) = [
        one for one in read(tree_of("rare", {**BASE, "compose.yml": manifest})) if one.workload.name == "chat"
    ]

    assert {each.name: each.value for each in one.workload.env} == settings
