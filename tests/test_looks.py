"""Looks at many files: the same from several processes, and from one where those cannot be had."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path
from typing import NoReturn

import pytest

from lcmemlint import looks, workers
from lcmemlint.facts import Problem
from lcmemlint.files import Files
from lcmemlint.looks import look, looks_ahead
from lcmemlint.places import Disk
from lcmemlint.run import lint


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "app.py").write_text("from langchain.memory import ConversationBufferMemory\n")
    (tmp_path / "other.py").write_text("import json\n")
    (tmp_path / "odd.py").write_bytes(b"a = '\0'\n")
    return Files(Disk(tmp_path))


NAMES = ("app.py", "gone.py", "odd.py", "other.py")


def test_a_look(files: Files) -> None:
    name, found = look(files, "app.py")  # type: ignore[misc]

    assert len(name) == 32
    assert found.imports == ("langchain.memory", "langchain.memory.ConversationBufferMemory")
    assert isinstance(look(files, "gone.py"), Problem)
    assert isinstance(look(files, "odd.py"), Problem)


def test_several_processes_see_what_one_sees(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_PAYS", 1)
    monkeypatch.setattr(looks, "_CHUNK", 2)

    assert looks_ahead(files, NAMES, 2) == {path: look(files, path) for path in NAMES}


def test_few_files_are_looked_at_when_they_are_needed(files: Files) -> None:
    assert looks_ahead(files, NAMES, 8) == {}
    assert looks_ahead(files, NAMES * 1000, 1) == {}


def test_without_processes_the_run_goes_on(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_jobs: int) -> NoReturn:
        raise BrokenExecutor

    monkeypatch.setattr(looks, "_PAYS", 1)
    monkeypatch.setattr(looks, "pool", broken)

    assert looks_ahead(files, NAMES, 2) == {}


def test_a_run_is_the_same_with_several_processes(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[int] = []
    pool = workers.pool

    def noted(jobs: int) -> Executor:
        pools.append(jobs)
        return pool(jobs)

    assert isinstance(files.place, Disk)
    one = lint([files.place.root], jobs=1)
    monkeypatch.setattr(looks, "_PAYS", 1)
    monkeypatch.setattr(looks, "pool", noted)
    several = lint([files.place.root], jobs=2)

    assert pools == [2]
    assert several == one
