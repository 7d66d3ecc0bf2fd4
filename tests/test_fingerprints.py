"""A finding is the same after the code around it has moved, and another when it is another."""

from __future__ import annotations

from pathlib import Path

from lcmemlint.run import lint

CODE = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str) -> str:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=None, memory=memory).predict(input=text)
"""


def marks(folder: Path, text: str, name: str = "app.py") -> list[str]:
    """The fingerprints of the findings in one file, in its order."""
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text("")
    (folder / name).write_text(text)
    report = lint([folder], root=folder)
    return [report.fingerprints[finding] for finding in report.findings]


def test_lines_and_indents_may_move(tmp_path: Path) -> None:
    """
    Code above, another indent, a longer sentence of ours: the same finding.
    """
    before = marks(tmp_path / "a", CODE)

    assert len(before) == 1
    assert marks(tmp_path / "b", f"import os\n\n\n{CODE}") == before
    nested = CODE.replace("    memory =", "    if text:\n        memory =")
    assert marks(tmp_path / "c", nested) == before


def test_another_place_is_another_finding(tmp_path: Path) -> None:
    """
    Another file, another function, another line of code.
    """
    before = marks(tmp_path / "a", CODE)
    others = [
        marks(tmp_path / "b", CODE, "other.py"),
        marks(tmp_path / "c", CODE.replace("def chat", "def talk")),
        marks(
            tmp_path / "d",
            CODE.replace("memory = Conv", "history = Conv").replace("memory=mem", "memory=his"),
        ),
    ]

    assert all(other != before for other in others)


def test_twins_are_counted(tmp_path: Path) -> None:
    """
    The same line twice in one function: two fingerprints, the first of them as before.
    """
    twice = CODE.replace(
        "    return",
        "    one = ConversationChain(llm=None, memory=memory)\n    memory = ConversationBufferMemory()\n    return",
    )
    before, after = marks(tmp_path / "a", CODE), marks(tmp_path / "b", twice)

    assert len(after) == len(set(after)) == 2
    assert after[0] == before[0]
