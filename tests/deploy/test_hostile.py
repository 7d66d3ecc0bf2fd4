"""Files that are made to hurt end in time and without a crash; each runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

SECONDS = 20
"""Generous for a slow machine; here each takes a fraction of it."""

DEEP = 100_000

HOSTILE = {
    "deep yaml brackets": f'{{"compose.yaml": b"services: " + b"[" * {DEEP}}}',
    "deep yaml lists": f'{{"compose.yaml": b"services: \\n  " + b"- " * {DEEP}}}',
    "deep yaml mappings": '{"compose.yaml": b"services:\\n" + b"".join(b" " * n + b"a:\\n" for n in range(1500))}',
    "deep json": f'{{"vercel.json": b"[" * {DEEP}, "langgraph.json": b\'{{"graphs":\' * {DEEP}}}',
    "deep toml": f'{{"fly.toml": b"a = " + b"[" * {DEEP}, "railway.toml": b"a = " + b"{{a=" * {DEEP}}}',
    "long toml key": f'{{"fly.toml": b"a." * {DEEP} + b"a = 1\\n"}}',
    "deep hcl": f'{{"main.tf": b"a {{\\n" * {DEEP}, "job.nomad": b"job a group " + b"a {{" * {DEEP}}}',
    "words of hcl": f'{{"main.tf": b"a " * {DEEP}}}',
    "deep bicep": f'{{"main.bicep": b"resource a \'Microsoft.App/containerApps@1\' = {{\\n" * {DEEP}}}',
    "deep shell": f'{{"run.sh": b"x=$(" * {DEEP // 2}, "go.sh": b"echo ${{a:-" * {DEEP // 4}}}',
    "alias bomb": (
        '{"compose.yaml": b"services: &a0 [x, x]\\n" + b"".join('
        'b"a%d: &a%d [%s]\\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 99))}'
    ),
    "merge bomb": (
        '{"compose.yaml": b"a0: &a0 {x: 1}\\n" + b"".join('
        'b"a%d: &a%d {<<: [*a%d, *a%d]}\\n" % (n, n, n - 1, n - 1) for n in range(1, 90))'
        ' + b"services: {<<: [*a89, *a89], api: {<<: [*a89, *a89], build: ., command: *a89}}\\n"}'
    ),
    "alias bomb in a template": (
        '{"infra.yaml": b"x0: &x0 [a]\\n" + b"".join('
        'b"x%d: &x%d [%s]\\n" % (n, n, b",".join([b"*x%d" % (n - 1)] * 50)) for n in range(1, 9))'
        ' + b"Resources:\\n  Api: {Type: AWS::ECS::Service}\\n  T: {Type: AWS::ApplicationAutoScaling::ScalableTarget,'
        ' Properties: {ServiceNamespace: ecs, ResourceId: *x8}}\\n"}'
    ),
    "alias to itself": '{"compose.yaml": b"services: &s {api: {build: ., environment: *s, extends: *s}, b: *s}\\n"}',
    "fifty megabytes": '{"compose.yaml": b"services:\\n" + b"  a: {build: .}\\n" * 3_000_000}',
    "many services": (
        '{"compose.yaml": b"services:\\n" + b"".join(b"  a%d: {build: .}\\n" % n for n in range(90_000))}'
    ),
    "many objects": (
        '{"all.yaml": b"apiVersion: v1\\nkind: Deployment\\n'
        'spec: {template: {spec: {containers: [{}]}}}\\n---\\n" * 20_000}'
    ),
    "many stages": (
        '{"Dockerfile": b"".join(b"FROM a%d AS a%d\\nENV A%d=1\\n" % (n, n + 1, n) for n in range(40_000))}'
    ),
    "many variables": (
        '{"Dockerfile": b"FROM a\\n" + b"".join(b"ENV A%d=1\\nCOPY a b\\n" % n for n in range(40_000))}'
    ),
    "scripts in a circle": '{"a.sh": b"sh b.sh\\n" * 20_000, "b.sh": b"sh a.sh\\n" * 20_000}',
    "overlays in a circle": (
        '{"%s/kustomization.yaml" % n: b"resources: [%s]\\n" % b", ".join(b"../%d" % m for m in range(12))'
        " for n in range(12)}"
    ),
    "spaces": (
        '{"Makefile": b"A = " + b" " * 900_000 + b"#\\n", "Chart.yaml": b"name: a\\n",'
        ' "values.yaml": b"replicas: 1\\n",'
        ' "templates/a.yaml": b"kind: Deployment\\nreplicas: " + b" " * 900_000 + b"#\\n"}'
    ),
    "lines that go on": (
        '{"a.service": b"[Service]\\nExecStart=a" + b" \\\\\\n" * 400_000,'
        ' "Dockerfile": b"RUN a" + b" \\\\\\n" * 400_000}'
    ),
    "latin-1": '{"compose.yaml": "services:\\n  api: {build: ., labels: [\\xe9t\\xe9]}\\n".encode("latin-1")}',
    "nul bytes": '{"compose.yaml": b"serv\\0ices:\\n  api: {build: .}\\n", "Dockerfile": b"\\0" * 1000}',
    "utf-16": '{"compose.yaml": "services:\\n  api: {build: .}\\n".encode("utf-16")}',
    "emptiness": (
        '{name: b"" for name in ("compose.yaml", "Dockerfile", "fly.toml", "vercel.json", "Procfile", "a.tf")}'
    ),
}

PROGRAM = """
import sys
from lcmemlint.deploy import read_manifests
from lcmemlint.deploy.comments import comments
from lcmemlint.link.deployment import by_module, link_workloads
files = {source}
workloads, problems = read_manifests(files, paths=["main.py"])
by_module(link_workloads(workloads, ["main.py"]))
for path, data in files.items():
    if len(data) < 3_000_000:
        for _ in comments(path, data):
            pass
print(len(workloads), len(problems))
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_time(name: str) -> None:
    """
    A crash of the YAML library cannot be caught, so that the only proof is a process that lives.
    """
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{source}", HOSTILE[name])],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
