"""Maps of small projects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from lcmemlint.config import Config
from lcmemlint.engine import analyse, lines_of, prepare, report
from lcmemlint.map.build import draw
from lcmemlint.map.model import Map

Draw: TypeAlias = Callable[[Mapping[str, str]], Map]


def map_of(root: Path) -> Map:
    """The map of a folder with all its findings."""
    job = prepare([root], config=Config(), root=root)
    analysis = analyse(job)
    found = report(job, analysis)
    return draw(
        analysis.project,
        found.findings,
        line=lambda path, number: lines_of(job, path)[number - 1],
        title=root.name,
    )


@pytest.fixture
def drawn(tmp_path: Path) -> Draw:
    """
    Draws a project that is given as path → text.
    """

    def write_and_draw(files: Mapping[str, str]) -> Map:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        return map_of(tmp_path)

    return write_and_draw
