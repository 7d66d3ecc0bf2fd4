"""The apps under `examples/`: users read them, so what is expected stands here and not in their files."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from lcmemlint.run import lint

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

EXPECTED: dict[str, set[tuple[str, str, str]]] = {
    "article_handler": {("handler.py", "memory = ConversationBufferMemory()", "LCM101")},
    "correct_redis": set(),
    "fastapi_three_files": {
        ("app/store.py", "store[session_id] = InMemoryChatMessageHistory()", "LCM102"),
        ("Dockerfile", "CMD", "LCM401"),
    },
    "lambda_bot": {("lambda_function.py", "session_id = str(uuid.uuid4())", "LCM201")},
    "langgraph_saver_elsewhere": {("graph.py", "memory = MemorySaver()", "LCM103")},
    "slack_bot": {("assistant.py", "self.memory = ConversationBufferMemory(", "LCM106")},
    "streamlit_app": {
        ("Home.py", "memory = ConversationBufferMemory()", "LCM106"),
        ("pages/1_Book_club.py", "memory = ConversationBufferWindowMemory(k=5)", "LCM101"),
    },
}
"""Folder → file, a piece of the line, code."""


def place(folder: Path, file: str, piece: str, code: str) -> tuple[str, int, str]:
    """Path, line and code of an expectation; the piece of text must stand in one line only."""
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if piece in line]
    return (file, number, code)


def test_every_folder_is_expected_to_be_something() -> None:
    """
    A new example needs an expectation.
    """
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name[0] != "."} == set(
        EXPECTED
    )


def test_every_folder_is_in_the_readme() -> None:
    """
    The table in `examples/README.md` names each folder with its codes.
    """
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in readme.splitlines() if line.startswith("| `")}

    assert set(rows) == set(EXPECTED)
    for folder, expected in EXPECTED.items():
        assert {code for _, _, code in expected} == {
            word.strip(",|") for word in rows[folder].split() if "LCM" in word
        }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_example_on_its_own(name: str, tmp_path: Path) -> None:
    """
    Copied somewhere else, each app has exactly the findings that its README line promises.
    """
    root = tmp_path / name
    shutil.copytree(EXAMPLES / name, root)
    (root / "pyproject.toml").write_text("", encoding="utf-8")

    report = lint([root])
    found = {(one.at.path, one.at.span.line, one.code) for one in report.findings}

    assert report.crashes == ()
    assert report.problems == ()
    assert {place(root, *expected) for expected in EXPECTED[name]} == found


def test_all_examples_where_they_are() -> None:
    """
    Side by side in one repository they do not disturb each other.
    """
    report = lint([EXAMPLES], root=EXAMPLES)
    found = {(report.root / one.at.path, one.at.span.line, one.code) for one in report.findings}
    expected = set()
    for name, places in EXPECTED.items():
        for one in places:
            file, line, code = place(EXAMPLES / name, *one)
            expected.add((EXAMPLES / name / file, line, code))

    assert expected == found


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: str(path.relative_to(EXAMPLES))
)
def test_an_example_is_python(path: Path) -> None:
    """
    Every file compiles, and its first line says in a sentence what it shows.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))

    compile(tree, str(path), "exec")
    assert path.name == "__init__.py" or ast.get_docstring(tree)
