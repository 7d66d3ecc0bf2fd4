"""Programs that stand one step away: a Makefile's recipe, a chart's template, the service of an azure.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from lcmemlint.deploy import read_manifests
from lcmemlint.deploy.workload import Range, Workload

DOCKERFILE = b"FROM python:3.12\nWORKDIR /src\nCOPY . /src\n"


def read(files: Mapping[str, bytes], *python: str) -> dict[str, Workload]:
    """The workloads by name; `python` are files that exist."""
    workloads, problems = read_manifests(files, paths=python)
    assert problems == ()
    return {one.name: one for one in workloads}


def test_make_runs_what_its_recipe_runs() -> None:
    """
    Through a variable, a shell and a script on the PATH, to the workers.
    """
    files = {
        "compose.yaml": b"services:\n  app:\n    build: .\n    command: make run-api\n",
        "Dockerfile": DOCKERFILE,
        "Makefile": b'RUN = bash\n\nother:\n\techo\n\nrun-api: other\n\t@$(RUN) -c "start.sh"\n',
        "scripts/start.sh": b"set -e\nuvicorn main:app --workers 4\n",
    }

    app = read(files, "main.py")["app"]

    assert (app.processes, app.at.path, app.at.line) == (Range(4, 4), "scripts/start.sh", 2)
    assert "main.py" in app.places


def test_make_without_a_recipe_is_still_this_project() -> None:
    """
    What it runs is not known; that it is somebody else's software is not said.
    """
    files = {
        "compose.yaml": b"services:\n  app:\n    build: .\n    command: make run\n",
        "Dockerfile": DOCKERFILE,
    }

    app = read(files)["app"]

    assert not app.third_party
    assert app.processes == Range(1, "unknown")


def test_a_template_has_the_last_word_about_the_command() -> None:
    """
    The image starts the API; the chart's second deployment runs a worker from it.
    """
    template = (
        b"kind: Deployment\nspec:\n  replicas: {{ .Values.worker.replicaCount }}\n  template:\n    spec:\n"
        b"      containers:\n        - name: w\n          command:\n            - celery\n            - -A\n"
        b"            - app.tasks\n            - worker\n            - --concurrency={{ .Values.worker.n }}\n"
    )
    files = {
        "Dockerfile": DOCKERFILE + b'CMD ["uvicorn", "main:app", "--workers", "2"]\n',
        "chart/Chart.yaml": b"name: bot\n",
        "chart/values.yaml": b"worker:\n  replicaCount: 2\n",
        "chart/templates/worker.yaml": template,
    }

    worker = read(files, "main.py", "app/tasks.py")["bot.worker"]

    assert worker.program == "celery"
    assert "app/tasks.py" in worker.places
    assert (worker.instances, worker.at.line) == (Range(2, 2), 2)


def test_azd_puts_its_own_image_in() -> None:
    """
    The placeholder image of a Bicep file is replaced by the service that its tag names.
    """
    bicep = (
        b"resource chat 'Microsoft.App/containerApps@2024-03-01' = {\n  tags: { 'azd-service-name': 'chat' }\n"
        b"  properties: {\n    template: {\n      containers: [ { image: placeholder } ]\n"
        b"      scale: {\n        minReplicas: 1\n        maxReplicas: 3\n      }\n    }\n  }\n}\n"
    )
    files = {
        "azure.yaml": b"services:\n  chat:\n    project: ./api\n    host: containerapp\n",
        "api/Dockerfile": DOCKERFILE + b'CMD ["uvicorn", "main:app"]\n',
        "web/Dockerfile": b'FROM python:3.12\nCMD ["uvicorn", "other:app"]\n',
        "infra/main.bicep": bicep,
    }

    chat = read(files, "api/main.py")["chat"]

    assert (chat.recipe, chat.confidence) == ("api/Dockerfile", "likely")
    assert (chat.instances, chat.at.line) == (Range(1, 3), 8)


def test_names_hold_no_unknown_values() -> None:
    """
    A name that a workflow puts together is shown with a gap.
    """
    files = {
        ".github/workflows/deploy.yml": b"jobs:\n  x:\n    steps:\n"
        b"      - run: az containerapp update --name bot-${{ github.event.inputs.stage }} --image a.azurecr.io/bot:1\n",
        "Dockerfile": DOCKERFILE + b'CMD ["uvicorn", "main:app"]\n',
    }

    assert all("\0" not in name for name in read(files, "main.py"))


def test_a_place_covers_what_it_is_about() -> None:
    """
    The value of a mapping from its column on; a whole line without its indentation.
    """
    files = {
        "compose.yaml": b"services:\n  app:\n    build: .\n    deploy: {replicas: 3, mode: replicated}\n",
        "Dockerfile": DOCKERFILE + b'CMD ["uvicorn", \\\n  "main:app", "--workers", "4"]\n',
    }
    app = read(files, "main.py")["app"]

    assert app.instances_at is not None
    assert (app.instances_at.column, app.instances_at.end) == (23, 24)
    assert app.processes_at is not None
    assert (app.processes_at.column, app.processes_at.end) == (2, 31)
