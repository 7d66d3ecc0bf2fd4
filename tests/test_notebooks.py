"""Notebooks: read cell by cell, repaired without a byte lost that no edit touched."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lcmemlint.cli import main
from lcmemlint.facts import Problem
from lcmemlint.magics import hidden, restored
from lcmemlint.notebooks import Notebook, read_notebook

SETUP = "%pip install -q langchain\n!ls -l\nimport os"
STORE = """\
from fastapi import FastAPI
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.runnables.history import RunnableWithMessageHistory

greeting = "Grüße"
store = {}

def get_session_history(session_id):
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]"""
SHELL = "%%bash\nfor i in 1 2; do echo $i; done"
SERVE = """\
app = FastAPI()
chain = RunnableWithMessageHistory(object(), get_session_history)

@app.post("/chat/{session_id}")
def chat(session_id: str, text: str):
    return chain.invoke({"input": text}, config={"configurable": {"session_id": session_id}})
"""
OPTED_IN = '[tool.lcmemlint]\nroles = { "serve.ipynb" = "app" }\n'


def cell(code: str, kind: str = "code") -> dict[str, Any]:
    """A cell as Jupyter writes it."""
    found: dict[str, Any] = {"cell_type": kind, "metadata": {"tags": ["kept"]}}
    if kind == "code":
        output = {"output_type": "stream", "name": "stdout", "text": ["out: é\n"]}
        found |= {"execution_count": 7, "id": "abc", "outputs": [output]}
    return found | {"source": code.splitlines(keepends=True)}


def notebook(*codes: str, **more: Any) -> dict[str, Any]:
    """A notebook with a heading and these code cells: they are cells 2, 3, …"""
    return {
        "cells": [cell("# A *title*", "markdown"), *map(cell, codes)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **more,
    }


def read(text: str) -> Notebook:
    found = read_notebook(text.encode())
    assert isinstance(found, Notebook), found
    return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one notebook that serves, and settings that say so."""
    (tmp_path / "pyproject.toml").write_text(OPTED_IN)
    write(tmp_path, json.dumps(notebook(SETUP, STORE, SHELL, SERVE), indent=1, ensure_ascii=False) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "serve.ipynb").write_bytes(text.encode())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


# --- magics ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%matplotlib inline\nx = 1\n",
        "!pip install x\n",
        "pip install -U x y\n",
        "pip -q install x\n",
        "x?\nobj.method??\n?help\n",
        "files = !ls\nout = %sql select 1\n",
        "if x:\n    !ls\n    %cd ..\n",
        "for i in y:\n\t!echo {i}\n",
        "!curl a \\\n  -o b\nx = 2\n",
        "%%bash\nls | wc -l\n\necho 'x\n",
        "\n%%html\n<b>it's</b>\n",
        "%%time\nx = 1\n%timeit x\n",
        "%%capture out\nimport os\n",
        "%load_ext x",
        '"""\n%not a magic\n"""\n%magic\n',
    ],
)
def test_lines_of_ipython_are_hidden_and_come_back(code: str) -> None:
    """
    What is left is Python with the same number of lines; the way back is exact.
    """
    text = hidden(code)

    ast.parse(text)
    assert text != code
    assert text.count("\n") == code.count("\n")
    assert restored(text, code) == code
    assert restored(f"import os\n{text}", code) == f"import os\n{code}"


@pytest.mark.parametrize(
    "code",
    [
        "x = (5\n% 3)\n",
        'x = "%d" % 3\n',
        'x = """\n%pip\n!ls\n"""\n',
        "x = [\n    1,\n]\n",
        "ok = a != b\n",
        "n = 7 \\\n    % 3\n",
        "# %pip\n",
        "pip = install\n",
        "",
    ],
)
def test_python_stays_as_it_is(code: str) -> None:
    """
    A percent sign is an operator more often than not.
    """
    assert hidden(code) == code


def test_a_lost_magic_is_noticed() -> None:
    """
    An edit that drops or doubles a hidden line is no edit of the notebook.
    """
    text = hidden("%a\nx = 1\n")
    for broken in (text.replace("lcmemlint", "else"), text + text):
        with pytest.raises(ValueError, match="magic"):
            restored(broken, "%a\nx = 1\n")


# --- text and places -------------------------------------------------------------------------------------


def test_cells_become_one_text_with_places() -> None:
    """
    Cells count from 1, text cells too.
    """
    found = read(json.dumps(notebook("a = 1\nb = 2", "", "c = 3\n")))

    assert found.text == "# %% [cell 2]\na = 1\nb = 2\n# %% [cell 3]\n# %% [cell 4]\nc = 3\n"
    lines = found.text.splitlines()
    assert found.place(lines.index("b = 2") + 1) == (2, 2)
    assert found.place(lines.index("c = 3") + 1) == (4, 1)


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
def test_places_are_lines_of_the_file_too(indent: int | str | None) -> None:
    """
    The line of the JSON that holds the line of code.
    """
    raw = json.dumps(notebook("a = 1\nb = 2", "c = 3"), indent=indent)
    found = read(raw)

    for number, line in enumerate(found.text.splitlines(), 1):
        if not line.startswith("#"):
            assert line in raw.split("\n")[found.raw_line(number) - 1]


@pytest.mark.parametrize("indent", [None, 0, 1, 4, "\t"])
@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("kind", [list, "".join])
def test_what_no_edit_touches_stays(indent: int | str | None, escaped: bool, end: str, kind: Any) -> None:
    """
    Indent, order of keys, escapes, the end of the file; a source may be a list or one text.
    """
    whole = notebook(SETUP, STORE, SHELL, SERVE, zzz={"b": 1.50, "a": None})
    for one in whole["cells"]:
        one["source"] = kind(one["source"])
    raw = json.dumps(whole, indent=indent, ensure_ascii=escaped).replace("\n", end or "\n") + end
    found = read(raw)

    assert found.rewritten(found.text) == raw
    changed = found.rewritten(found.text.replace("store = {}\n", "").replace("app = ", "# ä\napp = "))
    assert json.loads(changed)["cells"][1] == whole["cells"][1]
    expected = json.loads(raw)
    for one in expected["cells"]:
        code = "".join(one["source"]).replace("store = {}\n", "").replace("app = ", "# ä\napp = ")
        one["source"] = kind(code.splitlines(keepends=True))
    assert json.loads(changed) == expected
    assert list(json.loads(changed)) == list(whole)
    assert ("ü" in changed) is not escaped
    assert ("ä" in changed) is not escaped
    assert changed.endswith(end)


def test_lines_may_be_added_to_one_and_taken_from_all() -> None:
    """
    A list of one string has no second one to take the spaces from; an empty one is `[]`.
    """
    raw = json.dumps(notebook("a = 1", "b = 2"), indent=1)
    found = read(raw)
    changed = found.rewritten(found.text.replace("a = 1\n", "a = 1\nz = 3\n").replace("b = 2\n", ""))

    assert '   "source": [\n    "a = 1\\n",\n    "z = 3"\n   ]' in changed
    assert '   "source": []' in changed


def test_an_edit_across_cells_is_refused() -> None:
    """
    Nobody would know which line belongs where.
    """
    found = read(json.dumps(notebook("a = 1", "b = 2")))
    with pytest.raises(ValueError, match="apart"):
        found.rewritten(found.text.replace("# %% [cell 3]\n", ""))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"cells": [}', "is not JSON"),
        (b'{"cells": [{"a" 1}]}', "line 1, column 17"),
        (b"<html>", "is not JSON: Expecting value in line 1, column 1"),
        (b"[]", "no notebook of Jupyter 4"),
        (b"{}", "has no `cells`"),
        (b'{"cells": {}}', "a list was expected"),
        (b'{"cells": [{"cell_type": "code"}]}', "cell 1 has no `source`"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "cell 1 is no text"),
        (b"\xff\xfe", "is not UTF-8"),
        (b'{"cells": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_broken_notebooks_give_one_line(data: bytes, told: str) -> None:
    """
    What is wrong, and where.
    """
    found = read_notebook(data)

    assert isinstance(found, Problem)
    assert told in found.message
    assert "\n" not in found.message


def test_other_languages_are_not_read() -> None:
    """
    A notebook of R or Julia has no Python in it.
    """
    whole = notebook("x <- 1", metadata={"kernelspec": {"language": "R", "name": "ir"}})
    assert read(json.dumps(whole)).cells == ()


# --- the command -----------------------------------------------------------------------------------------


def test_findings_name_the_cell(project: Path) -> None:
    """
    In text formats; the frame has the line of the cell.
    """
    full = run().stdout

    assert "--> serve.ipynb: cell 3, line 10\n" in full
    assert "10 |         store[session_id] = InMemoryChatMessageHistory()\n" in full
    assert "1. serve.ipynb: cell 5, line 4: request enters `chat` here" in full
    assert run("--format", "concise").stdout.startswith("serve.ipynb: cell 3, line 10: LCM102 ")
    assert "  cell 3, line 10  LCM102" in run("--format", "grouped").stdout
    assert "way: serve.ipynb: cell 5, line 4" in run("--format", "agent").stdout


def test_machine_formats(project: Path) -> None:
    """
    JSON has the cell beside the line; services that show files get the line of the file.
    """
    (finding,) = json.loads(run("--format", "json").stdout)["findings"]
    assert (finding["cell"], finding["line"], finding["column"]) == (3, 10, 29)
    assert finding["trace"][0]["cell"] == 5

    lines = (project / "serve.ipynb").read_text(encoding="utf-8").split("\n")
    line = next(at for at, text in enumerate(lines, 1) if "store[session_id] = In" in text)
    assert f"file=serve.ipynb,line={line}," in run("--format", "github").stdout
    (gitlab,) = json.loads(run("--format", "gitlab").stdout)
    assert gitlab["location"]["lines"]["begin"] == line
    (result,) = json.loads(run("--format", "sarif").stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line
    assert result["fixes"]


def test_notebooks_are_no_server_code_unless_somebody_says_so(project: Path) -> None:
    """
    Silent in a project; one line that says how to opt in where a notebook is named.
    """
    (project / "pyproject.toml").write_text("")

    assert run().stdout == "Found nothing in 0 files.\n"
    named = run("serve.ipynb")
    assert named.exit_code == 2
    assert named.stderr == (
        "lcmemlint: serve.ipynb: is a notebook, which no server runs; if one does, "
        'set roles = { "serve.ipynb" = "app" }\n'
    )


def test_faults_of_cells_and_of_other_files_in_machine_formats(project: Path) -> None:
    """
    The line of the notebook's file for what stands in a cell; a Python file has its own.
    """
    (project / "other.py").write_text("import langchain\ndef (\n")
    write(project, json.dumps(notebook("import langchain\n", "x = 1\ndef (\n"), indent=1))
    raw = (project / "serve.ipynb").read_text(encoding="utf-8").split("\n")
    line = next(at for at, text in enumerate(raw, 1) if '"def (' in text)

    told = run("--format", "sarif")

    (ran,) = json.loads(told.stdout)["runs"]
    found = {
        place["physicalLocation"]["artifactLocation"]["uri"]: place["physicalLocation"]["region"]["startLine"]
        for one in ran["invocations"][0]["toolExecutionNotifications"]
        for place in one["locations"]
    }
    assert told.exit_code == 2
    assert found == {"other.py": 2, "serve.ipynb": line}


def test_a_broken_notebook_does_not_stop_the_run(project: Path) -> None:
    """
    One line about it; the other files are checked. A broken cell is named.
    """
    (project / "other.py").write_text("import langchain\n")
    write(project, "{")
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("lcmemlint: serve.ipynb: is not JSON: ")
    assert "in 1 file" in result.stdout

    write(project, json.dumps(notebook("import langchain\n", "x = 1\ndef (\n")))
    assert run().stderr == "lcmemlint: serve.ipynb: cell 3, line 2: syntax error\n"


def test_a_repair_keeps_all_the_rest(project: Path) -> None:
    """
    Only lines of the source differ: metadata, outputs, magics and layout stay; a second run changes nothing.
    """
    before = (project / "serve.ipynb").read_text(encoding="utf-8")
    diff = run("--diff").stdout
    assert (project / "serve.ipynb").read_text(encoding="utf-8") == before
    assert '-    "store = {}\\n",\n' in diff

    assert run("--fix").exit_code == 0
    after = (project / "serve.ipynb").read_text(encoding="utf-8")

    assert run().stdout.startswith("Found nothing")
    gone = set(before.split("\n")) - set(after.split("\n"))
    assert all("store" in line or "InMemoryChatMessageHistory" in line for line in gone)
    old, new = json.loads(before), json.loads(after)
    for one, other in zip(old["cells"], new["cells"], strict=True):
        assert {**one, "source": ""} == {**other, "source": ""}
    assert [one["source"] for one in old["cells"]][3:] == [one["source"] for one in new["cells"]][3:]
    assert "chat_history(session_id)" in "".join(new["cells"][2]["source"])
    assert run("--fix").exit_code == 0
    assert (project / "serve.ipynb").read_text(encoding="utf-8") == after


def test_comments_in_cells_silence(project: Path) -> None:
    """
    As in any other Python.
    """
    silent = STORE.replace("MessageHistory()\n", "MessageHistory()  # lcmemlint: ignore[LCM102]\n")
    write(project, json.dumps(notebook(silent, SERVE)))

    assert run().stdout == "Found nothing in 1 file; 1 suppressed.\n"
