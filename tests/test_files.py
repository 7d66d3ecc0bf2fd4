"""Unsaved texts over the disk: one layer, seen by every stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcmemlint.config import Config
from lcmemlint.engine import Analysis, Job, analyse, prepare, report, revised
from lcmemlint.facts import Problem
from lcmemlint.files import Files
from lcmemlint.places import Disk
from lcmemlint.sources import walk

MAIN = """\
from fastapi import FastAPI

from memories import new_memory
from chains import answer

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    return answer(new_memory(user_id), text)
"""
CHAINS = """\
from langchain.chains import ConversationChain


def answer(memory, text):
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""
SHARED = """\
from langchain.memory import ConversationBufferMemory
from langchain_redis import RedisChatMessageHistory


def new_memory(user_id):
    return ConversationBufferMemory(chat_memory=RedisChatMessageHistory(session_id=user_id))
"""
LOCAL = """\
from langchain.memory import ConversationBufferMemory


def new_memory(user_id):
    return ConversationBufferMemory()
"""
SAVER = """\
from fastapi import FastAPI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import StateGraph

app = FastAPI()
graph = StateGraph(dict).compile(checkpointer=MemorySaver())


@app.post("/chat/{thread}")
def chat(thread: str, text: str) -> dict:
    return graph.invoke({"text": text}, {"configurable": {"thread_id": thread}})
"""
DOCKERFILE = 'FROM python:3.12\nCMD ["uvicorn", "main:app", "--workers", "{}"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that is in order as it stands on the disk."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "chains.py").write_text(CHAINS)
    (tmp_path / "memories.py").write_text(SHARED)
    return tmp_path


def prepared(root: Path, **unsaved: str) -> tuple[Job, Analysis]:
    job = prepare([root], root=root, unsaved=buffers(root, **unsaved))
    return job, analyse(job)


def buffers(root: Path, **unsaved: str) -> dict[Path, bytes]:
    """`memories="..."` is the text of `memories.py`."""
    return {root / f"{name}.py": text.encode() for name, text in unsaved.items()}


def places(job: Job, analysis: Analysis) -> list[tuple[str, str, int]]:
    found = report(job, analysis).findings
    return [(one.code, one.at.path, one.at.span.line) for one in found]


def test_a_buffer_counts_instead_of_the_disk(root: Path) -> None:
    """
    The finding and the line that the report shows are those of the buffer.
    """
    job, analysis = prepared(root, memories=LOCAL)

    assert places(job, analysis) == [("LCM101", "memories.py", 5)]
    assert report(job, analysis).lines["memories.py"][4] == "    return ConversationBufferMemory()"
    assert places(*prepared(root)) == []


def test_a_finding_appears_moves_and_goes_with_the_buffers(root: Path) -> None:
    """
    Each revision takes over the facts of the files that it did not change.
    """
    first, before = prepared(root)
    second = revised(first, buffers(root, memories=LOCAL))
    appeared = analyse(second, before=before)
    third = revised(second, buffers(root, memories=f"\n\n{LOCAL}"))
    moved = analyse(third, before=appeared)
    fourth = revised(third, {})
    gone = analyse(fourth, before=moved)

    assert places(second, appeared) == [("LCM101", "memories.py", 5)]
    assert places(third, moved) == [("LCM101", "memories.py", 7)]
    assert places(fourth, gone) == []
    for analysis in (appeared, moved, gone):
        assert analysis.facts["main.py"] is before.facts["main.py"]
    assert gone.facts["memories.py"] == before.facts["memories.py"]


def test_a_revision_is_what_preparing_anew_would_be(root: Path) -> None:
    """
    Also when files come, change and go that are on no disk.
    """
    job, analysis = prepared(root, extra="x = 1\n", main=SAVER)
    for unsaved in (
        buffers(root, memories=LOCAL),
        buffers(root, memories=LOCAL, extra="y = 2\n"),
        buffers(root, main="\n" + MAIN, memories=LOCAL),
        {},
    ):
        job = revised(job, unsaved)
        analysis = analyse(job, before=analysis)
        fresh = prepare([root], root=root, unsaved=unsaved)
        again = analyse(fresh)

        assert (job.tree, job.sources, job.problems) == (fresh.tree, fresh.sources, fresh.problems)
        assert (analysis.findings, analysis.facts) == (again.findings, again.facts)


def test_an_unsaved_manifest_counts(root: Path) -> None:
    """
    A Dockerfile that an editor changes says how many processes run.
    """
    (root / "main.py").write_text(SAVER)
    (root / "Dockerfile").write_text(DOCKERFILE.format(1))
    job, before = prepared(root)
    scaled = revised(job, {root / "Dockerfile": DOCKERFILE.format(4).encode()})
    back = revised(scaled, {})

    assert "LCM401" not in {code for code, _, _ in places(job, before)}
    assert ("LCM401", "Dockerfile", 2) in places(scaled, analyse(scaled, before=before))
    assert "LCM401" not in {code for code, _, _ in places(back, analyse(back, before=before))}


def test_a_broken_buffer_is_one_problem(root: Path) -> None:
    """
    As a broken file is; saving it well takes the problem away.
    """
    job, before = prepared(root)
    broken = revised(job, buffers(root, memories="import langchain\ndef (\n", main="x = '\0'\n"))

    problems = report(broken, analyse(broken, before=before)).problems

    assert [one.path for one in problems] == ["main.py", "memories.py"]
    mended = revised(broken, {})
    assert report(mended, analyse(mended, before=before)).problems == ()


def test_buffers_of_other_places_are_no_part_of_the_project(root: Path) -> None:
    """
    Outside of the root, in an environment, ignored by git: left out, as on the disk.
    """
    (root / ".gitignore").write_text("ignored.py\n")
    (root / "ignored.py").write_text("")
    (root / ".venv").mkdir()
    (root / ".venv" / "site.py").write_text("")
    unsaved = {
        root.parent / "elsewhere.py": LOCAL.encode(),
        root / "ignored.py": LOCAL.encode(),
        root / ".venv" / "site.py": LOCAL.encode(),
        root / ".venv" / "new.py": LOCAL.encode(),
        root / "notes.md": b"# notes",
    }

    job = prepare([root], root=root, unsaved=unsaved)

    assert job.tree == walk(Disk(root), Config())
    assert set(job.sources) == {"main.py", "chains.py", "memories.py"}


def test_files_that_are_not_there_are_problems(tmp_path: Path) -> None:
    """
    Without a buffer the disk is asked.
    """
    files = Files.over(tmp_path, {tmp_path / "a.json": b"{}"})

    assert files.read("a.json") == b"{}"
    assert (files.size("a.json"), files.size("b.json")) == (2, 0)
    assert isinstance(files.read("b.json"), Problem)
