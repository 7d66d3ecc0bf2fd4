"""What a fix would change, as edits: carried out by anyone, they give what `--fix` writes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lcmemlint.engine import analyse, prepare, relint, report
from lcmemlint.findings import Edit, Finding, Repair
from lcmemlint.fixes.repairs import changes, repairs
from lcmemlint.fixes.run import fix_files

CODE = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)


@app.post("/talk/{user_id}")
def talk(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""


def carried_out(text: str, edits: list[Edit]) -> str:
    """A text after edits, as an editor makes them: from the last to the first, by line and column."""
    for edit in sorted(edits, key=lambda edit: edit.at.span, reverse=True):
        span = edit.at.span
        start, end = offset(text, span.line, span.column), offset(text, span.end_line, span.end_column)
        text = text[:start] + edit.new + text[end:]
    return text


def offset(text: str, line: int, column: int) -> int:
    """The offset of a place; lines end with `\\n`, `\\r` or both."""
    at = 0
    for _ in range(line - 1):
        ends = [end for end in (text.find("\n", at), text.find("\r", at)) if end >= 0]
        first = min(ends)
        at = first + (2 if text[first : first + 2] == "\r\n" else 1)
    return at + column


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_changes_make_the_new_text_of_the_old(end: str) -> None:
    """
    Whatever ends the lines, with and without an end of the last; letters that Python does not count as ends.
    """
    dice = random.Random(7)
    for _ in range(300):
        before, after = (
            end.join(dice.choices(["a", "b", "c\x0c", "\u2028d", ""], k=dice.randrange(7)))
            + end * dice.randrange(2)
            for _ in range(2)
        )

        assert carried_out(before, list(changes("a.py", before, after))) == after


def test_the_same_text_needs_no_edit() -> None:
    """
    And what two lines have in common is no part of an edit.
    """
    assert list(changes("a.py", "x\n", "x\n")) == []
    (edit,) = changes("a.py", "x = f(1)\n", "x = f(22)\n")
    assert (edit.at.span.column, edit.new) == (6, "22")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two handlers with the same fault."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(CODE)
    return tmp_path


def repaired(root: Path) -> dict[Finding, Repair]:
    """The repairs of a project's findings."""
    job = prepare([root], root=root)
    analysis = analyse(job)
    return repairs(
        root,
        report(job, analysis).findings,
        relint=lambda texts: relint(job, analysis, texts),
        read=lambda path: job.sources[path].data,
        files=job.tree.python,
    )


def test_each_finding_has_its_own_repair(project: Path) -> None:
    """
    Carried out alone, it makes what `--fix` makes for this finding alone; the other handler is not touched.
    """
    found = repaired(project)
    job = prepare([project], root=project)
    analysis = analyse(job)

    assert len(found) == 2
    for finding, repair in found.items():
        alone = fix_files(
            project,
            [finding],
            unsafe=True,
            relint=lambda texts: relint(job, analysis, texts),
            write=False,
        )
        wanted = {one.path: one.new.decode() for one in alone.changed}
        paths = {edit.at.path for edit in repair.edits}
        texts = {path: (project / path).read_text() if (project / path).exists() else "" for path in paths}
        made = {
            path: carried_out(text, [edit for edit in repair.edits if edit.at.path == path])
            for path, text in texts.items()
        }
        assert made == wanted
    assert (project / "app.py").read_text() == CODE


def test_a_refused_fix_is_no_repair(project: Path) -> None:
    """
    A finding without a fix has no edits.
    """
    (project / "app.py").write_text(
        CODE.replace("memory = Conv", "memory = [Conv").replace("Memory()", "Memory()][0]")
    )

    assert all(repair.edits for repair in repaired(project).values())
