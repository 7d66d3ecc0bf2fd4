"""Manifests and settings, spoilt: what reads them says so in a line and goes on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from lcmemlint.engine import analyse, prepare_place, report, show_deployment
from lcmemlint.errors import LcmemlintError
from lcmemlint.rulebook import examples, rules
from lcmemlint.sources import looks_like_manifest
from tests.fuzz.memory import Memory
from tests.fuzz.mutate import ODD
from tests.fuzz.properties import Broken

APP: Final = b"""\
from fastapi import FastAPI
from langchain.memory import ConversationBufferMemory

app = FastAPI()
memory = ConversationBufferMemory()
"""
SETTINGS: Final = {
    "pyproject.toml": """\
[project]
dependencies = ["langchain>=0.3", "redis"]

[tool.lcmemlint]
select = ["LCM1", "LCM203"]
per-file-ignores = { "tests/**" = ["LCM101"] }
severity = { LCM103 = "error" }
workers = 4

[[tool.lcmemlint.components]]
path = "app.memory.Memory"
""",
    "lcmemlint.toml": 'ignore = ["LCM101"]\nexclude = ["old/**"]\nstrict = true\nfail-on = "warning"\n',
    "requirements.txt": "-r other.txt\nlangchain==0.3.1 # a note\nredis>=5; python_version < '4'\n",
    "fly.toml": '[processes]\napp = "gunicorn -w 4 app:app"\n[[services]]\nprocesses = ["app"]\n',
    "Procfile": "web: gunicorn --workers=4 app:app\n",
    "Dockerfile": 'FROM python:3.12\nENV WEB_CONCURRENCY=4\nCMD ["gunicorn", "-w", "4", "app:app"]\n',
    ".env": "REDIS_URL=redis://localhost\nWEB_CONCURRENCY=2\n",
    "main.tf": 'resource "aws_ecs_service" "api" {\n  desired_count = 3\n}\n',
}
OWN: Final = {name: text.encode() for name, text in SETTINGS.items()}
NAMES: Final = (
    "compose.yaml",
    "deployment.yaml",
    "chart/values.yaml",
    "app.json",
    "vercel.json",
    "render.yaml",
)


@cache
def known(folder: str) -> tuple[tuple[str, bytes], ...]:
    """Whole manifests: our own, those of the rule pages, and those below a folder."""
    found = set(OWN.items())
    for rule in rules():
        for example in examples(rule):
            found |= {
                (name, text.encode()) for name, text in example.files.items() if not name.endswith(".py")
            }
    for path in Path(folder).rglob("*") if folder else ():
        if looks_like_manifest(path.name) and path.is_file() and path.stat().st_size < 20_000:
            found.add((path.name, path.read_bytes()))
    return tuple(sorted(found))


def spoilt(seed: int, folder: str) -> Mapping[str, bytes]:
    """A project with one to three manifests after one to six changes each; some under another's name."""
    pick = random.Random(seed)
    files = {"app.py": APP}
    for _ in range(pick.randint(1, 3)):
        settings = pick.random() < 0.2
        name, data = pick.choice([*OWN.items()] if settings else known(folder))
        if pick.random() < 0.1:
            name = pick.choice([*SETTINGS, *NAMES])
        files[name] = _spoilt(data, pick)
    return files


def _spoilt(data: bytes, pick: random.Random) -> bytes:
    lines = data.decode("utf-8", "replace").splitlines(keepends=True) or ["\n"]
    for _ in range(pick.randint(1, 6)):
        at = pick.randrange(len(lines))
        line = lines[at]
        place = pick.randrange(len(line) + 1)
        odd = pick.choice(
            [
                *ODD,
                "[",
                "]",
                "}",
                ": ",
                "- ",
                "&a ",
                "*a",
                "!!python/name:os ",
                "${",
                "{{",
                "%",
                "1e999",
                "-1",
            ]
        )
        lines[at : at + 1] = pick.choice(
            [
                [line[:place] + odd + line[place:]],
                [line, line],
                [line[:place]],
                ["  " + line],
                [line.lstrip()],
                ["\n"],
            ]
        )
    found = "".join(lines).encode("utf-8", "replace")
    if pick.random() < 0.15:
        at = pick.randrange(len(found) + 1)
        found = found[:at] + bytes(pick.randrange(256) for _ in range(pick.randint(1, 8))) + found[at:]
    return found


def examine_manifest(files: Mapping[str, bytes], seed: int = 0) -> Counter[str]:
    """Read settings and manifests and analyse; a mistake in the settings is one line, all else is a complaint."""
    try:
        job = prepare_place(Memory(files))
        found = report(job, analyse(job))
        problems = show_deployment(job)[1]
    except LcmemlintError as error:
        text = str(error)
        if not text or len(text) > 2000 or "\n\n" in text:
            raise Broken(f"an odd complaint: {text!r}") from error
        return Counter({"settings refused": 1})
    if found.crashes:
        raise Broken(f"crash: {found.crashes[0]}")
    for one in (*found.problems, *problems):
        if one.path not in files:
            raise Broken(f"a complaint about a file that is not there: {one}")
    return Counter(
        {"with complaints": bool(found.problems or problems), "with findings": bool(found.findings)}
    )
