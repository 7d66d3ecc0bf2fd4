"""The pipeline: what is analysed, what is reported, and what a mistake costs (DESIGN §5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lcmemlint import lint
from lcmemlint.checks import CHECKS, Check
from lcmemlint.config import Config
from lcmemlint.engine import Report, analyse, prepare, relint, report
from lcmemlint.errors import UsageError
from lcmemlint.findings import Finding, Severity
from lcmemlint.link import Project

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
MEMORIES = """\
from langchain.memory import ConversationBufferMemory


def new_memory(user_id):
    return ConversationBufferMemory()
"""
SHARED = """\
from langchain.memory import ConversationBufferMemory
from langchain_redis import RedisChatMessageHistory


def new_memory(user_id):
    return ConversationBufferMemory(chat_memory=RedisChatMessageHistory(session_id=user_id))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose handler and memory stand in different files."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "chains.py").write_text(CHAINS)
    (tmp_path / "memories.py").write_text(MEMORIES)
    return tmp_path


def places(found: Report) -> list[tuple[str, str, int]]:
    """Code, path and line of every finding."""
    return [(one.code, one.at.path, one.at.span.line) for one in found.findings]


def test_a_fault_across_files_is_found_and_proven(root: Path) -> None:
    """
    The proof begins in the handler's file and ends where the memory is built.
    """
    found = lint([root])

    assert places(found) == [("LCM101", "memories.py", 5)]
    assert found.findings[0].because[0].at.path == "main.py"
    assert found.is_trusted
    assert found.fails


def test_paths_choose_what_is_reported(root: Path) -> None:
    """
    The findings of a file are those of the whole that stand in it, even in a run that was asked for it alone.
    """
    assert places(lint([root / "memories.py"])) == places(lint([root]))
    assert places(lint([root / "main.py"])) == []
    assert lint([root / "main.py"]).files == 1


def test_the_order_of_paths_does_not_matter(root: Path) -> None:
    """
    Same tree, same report.
    """
    one, other = root / "memories.py", root / "main.py"

    assert lint([one, other, one]) == lint([other, one])


def test_an_unrelated_file_changes_no_finding(root: Path) -> None:
    """
    Neither one without LangChain nor one that is broken.
    """
    before = places(lint([root]))
    (root / "unrelated.py").write_text("def store(): return {}\n")
    (root / "broken.py").write_text("import langchain\ndef (\n")

    assert places(lint([root])) == before


def test_an_overlay_is_as_good_as_a_file(root: Path) -> None:
    """
    What a repair would write is judged as if it were on disk; a new file counts too.
    """
    job = prepare([root])
    before = analyse(job)
    importing = MEMORIES.replace("def new", "from own import other\n\n\ndef new").replace(
        "ConversationBufferMemory()", "other(user_id)"
    )
    new_file = MEMORIES.replace("new_memory", "other")

    assert relint(job, before, {"memories.py": SHARED}) == ()
    moved = relint(job, before, {"memories.py": importing, "own.py": new_file})
    assert [(one.code, one.at.path) for one in moved] == [("LCM101", "own.py")]

    (root / "memories.py").write_text(importing)
    (root / "own.py").write_text(new_file)
    assert lint([root]).findings == moved


def test_facts_that_are_taken_over_give_the_same_analysis(root: Path) -> None:
    """
    Scanning again or not makes no difference.
    """
    job = prepare([root])
    before = analyse(job)

    assert analyse(job, before=before).findings == before.findings == analyse(job).findings


@pytest.mark.parametrize("is_warm", [False, True])
def test_tests_are_parsed_only_where_somebody_asks(root: Path, is_warm: bool) -> None:
    """
    They are not the application: a broken one is told when it is named, and a comment in one that hides nothing always.
    """
    broken = root / "tests" / "test_broken.py"
    broken.parent.mkdir()
    broken.write_text("import langchain\ndef (\n")
    (root / "tests" / "test_plain.py").write_text("from memories import new_memory\n")
    (root / "tests" / "test_told.py").write_text("import langchain  # noqa: LCM101\n")

    def analysed(asked: Path) -> tuple[list[str], set[str]]:
        job = prepare([asked])
        found = analyse(job, before=analyse(job) if is_warm else None)
        return [one.path for one in found.problems], {path for path in found.facts if "/" in path}

    assert analysed(root) == ([], {"tests/test_told.py"})
    assert analysed(broken)[0] == ["tests/test_broken.py"]
    assert [one.code for one in lint([root]).findings] == ["LCM101", "LCM001"]


def crashing(project: Project) -> Iterator[Finding]:
    yield from ()
    raise ValueError("two\nlines")


def test_a_check_that_raises_costs_only_its_own_findings(root: Path) -> None:
    """
    It is reported with its code and the place in our code; all other checks are heard.
    """
    job = prepare([root])
    found = report(job, analyse(job, checks=(Check("LCM102", crashing), *CHECKS)))

    assert [code for code, _, _ in places(found)] == ["LCM101"]
    (crash,) = found.crashes
    assert (crash.code, crash.error) == ("LCM102", "ValueError: two lines")
    assert "test_engine.py:" in crash.place
    assert "Traceback" in crash.trace
    assert not found.is_trusted


def test_a_possible_finding_is_counted_and_shown_when_strict(root: Path) -> None:
    """
    When unsure, silence, but no secret.
    """

    def unsure(project: Project) -> Iterator[Finding]:
        for finding in CHECKS[0].check(project):
            yield Finding(finding.code, "maybe", finding.at, "error", "possible")

    job = prepare([root], config=Config())
    strict = prepare([root], config=Config(strict=True))

    assert report(job, analyse(job, checks=(Check("LCM101", unsure),))).hidden == 1
    assert len(report(strict, analyse(strict, checks=(Check("LCM101", unsure),))).findings) == 1


def test_the_most_exact_severity_wins(root: Path) -> None:
    """
    A code beats a prefix, whatever the order.
    """
    prefix: tuple[str, Severity] = ("LCM1", "note")
    code: tuple[str, Severity] = ("LCM101", "warning")
    for pairs in ((prefix, code), (code, prefix)):
        found = lint([root], config=Config(severity=pairs))

        assert [one.severity for one in found.findings] == ["warning"]


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    """
    A run over nothing would look like praise.
    """
    with pytest.raises(UsageError, match=r"nowhere: no such file or folder"):
        lint([tmp_path / "nowhere"])
