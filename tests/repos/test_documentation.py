"""The examples of the documentation: what a task of Spark, Ray or Airflow does is run on a repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lcmemlint import RepositoryResult
from tests.repos.forge import LEAKY, Forge

PAGE = Path(__file__).resolve().parents[2] / "docs" / "organisations.md"


def task_of(heading: str) -> Callable[[Any], Any]:
    """The function `scan` of a section, without what decorates it."""
    section = PAGE.read_text(encoding="utf-8").split(f"### {heading}\n")[1]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert code is not None
    (found,) = (
        node
        for node in ast.walk(ast.parse(code[1]))
        if isinstance(node, ast.FunctionDef) and node.name == "scan"
    )
    found.decorator_list = []
    names: dict[str, Any] = {}
    exec(compile(ast.Module([found], []), heading, "exec"), names)
    scan: Callable[[Any], Any] = names["scan"]
    return scan


@pytest.fixture
def folder(forge: Forge) -> str:
    return str(forge.make("a", app_py=LEAKY))


def test_spark(folder: str) -> None:
    """
    A row a finding.
    """
    ((repository, commit, code, path, line, message),) = task_of("Spark")([folder])

    assert (repository, len(commit), code, path, line) == (folder, 40, "LCM106", "app.py", 7)
    assert message


def test_ray(folder: str) -> None:
    """
    The result itself.
    """
    result = task_of("Ray")(folder)

    assert isinstance(result, RepositoryResult)
    assert result.rules == {"LCM106": 1}


def test_airflow(folder: str) -> None:
    """
    What JSON can hold.
    """
    row = {"repository": folder, "status": "scanned", "error": "", "rules": {"LCM106": 1}}

    assert task_of("Airflow")(folder) == row
