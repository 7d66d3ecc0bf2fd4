"""Every tree of cases.toml and platforms.toml is read as it says."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lcmemlint.deploy import Workload, read_manifests
from lcmemlint.facts import FileFacts
from lcmemlint.link.deployment import LinkedWorkload, by_module, link_workloads
from lcmemlint.scan import scan

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STOCK = {
    "<app>": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "<uvicorn>": (
        'FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'
    ),
}


@dataclass(frozen=True)
class Tree:
    """A little project."""

    name: str
    files: Mapping[str, bytes]
    python: Mapping[str, FileFacts]
    expected: tuple[Mapping[str, Any], ...]


def tree_of(name: str, texts: Mapping[str, str], expected: tuple[Mapping[str, Any], ...] = ()) -> Tree:
    """Texts of all files → manifests as bytes and Python as facts."""
    full = {path: STOCK.get(text.strip(), text) for path, text in texts.items()}
    return Tree(
        name,
        {path: text.encode() for path, text in full.items() if not path.endswith(".py")},
        {path: scan(text) for path, text in full.items() if path.endswith(".py")},
        expected,
    )


def trees() -> Iterator[Tree]:
    """All trees of the files."""
    for name in ("cases.toml", "platforms.toml"):
        parsed = tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
        for row in parsed["tree"]:
            yield tree_of(row["name"], row["files"], tuple(row["expect"]))


CASES = [
    pytest.param(tree, expected, id=f"{tree.name}-{expected['workload']}")
    for tree in trees()
    for expected in tree.expected
]
BINDING = ("multi", "may-scale", "managed", "broken")


def read(tree: Tree) -> tuple[LinkedWorkload, ...]:
    """The linked workloads of a tree."""
    workloads, _ = read_manifests(tree.files, tree.python)
    return link_workloads(workloads, tree.python)


def shown(one: Workload) -> dict[str, object]:
    """A workload in the words of the cases."""

    def word(value: bool | None) -> bool | str:
        return "unknown" if value is None else value

    return {
        "verdict": one.verdict,
        "instances": [one.instances.low, one.instances.high],
        "processes": [one.processes.low, one.processes.high],
        "shared": word(one.disk.shared),
        "durable": word(one.disk.durable),
        "affinity": one.affinity,
        "managed": one.managed,
        "at": f"{one.path}:{one.line}",
    }


@pytest.mark.parametrize(("tree", "expected"), CASES)
def test_tree_is_read_as_it_says(tree: Tree, expected: Mapping[str, Any]) -> None:
    found = [one for one in read(tree) if expected["workload"] in ("-", one.workload.name)]

    if expected["verdict"] == "none":
        assert found == []
        return
    row = shown(found[0].workload)
    wanted = {key: value for key, value in expected.items() if key in row}

    assert wanted == {key: row[key] for key in wanted}
    assert expected["runs"] == (found[0].modules[0] if found[0].modules else "")


@pytest.mark.parametrize(
    "tree", [pytest.param(one, id=one.name) for one in trees() if len(one.expected) == 1]
)
def test_several_manifests_of_one_app_give_its_verdict(tree: Tree) -> None:
    """
    A Dockerfile that a compose file overrides must not make the app look scaled.
    """
    (expected,) = tree.expected
    deployments = by_module(read(tree))
    verdict = deployments[expected["runs"]].verdict if expected.get("runs") else "none"

    assert expected["verdict"] == verdict


def test_result_does_not_depend_on_the_order_of_the_files() -> None:
    for tree in trees():
        backwards = dict(sorted(tree.files.items(), reverse=True))
        assert read_manifests(tree.files, tree.python) == read_manifests(backwards, tree.python), tree.name
