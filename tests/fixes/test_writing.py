"""What reaches the disk: bytes outside the edits, modes, links and files that changed meanwhile."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from lcmemlint.findings import Finding
from lcmemlint.fixes import fix_files

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

IMPORT = "from langchain.memory import ConversationBufferMemory\n"
CODE = "ConversationBufferMemory()"
CHAT = f"{IMPORT}\n\ndef chat(user_id):\n    return {CODE}\n"
CHAT_AFTER = (
    f"{IMPORT}\nfrom shared_history import chat_history\n\n\n"
    "def chat(user_id):\n    return ConversationBufferMemory(chat_memory=chat_history(user_id))\n"
)


@pytest.fixture
def chat(project: Project) -> Project:
    project.fault(CODE, "chat-memory", key="user_id")
    return project


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(CHAT, CHAT_AFTER, id="plain"),
        pytest.param(CHAT.replace("\n", "\r\n"), CHAT_AFTER.replace("\n", "\r\n"), id="crlf"),
        pytest.param(CHAT.replace("    ", "\t"), CHAT_AFTER.replace("    ", "\t"), id="tabs"),
        pytest.param(CHAT.rstrip("\n"), CHAT_AFTER.rstrip("\n"), id="no-final-newline"),
        pytest.param("\ufeff" + CHAT, "\ufeff" + CHAT_AFTER, id="byte-order-mark"),
        pytest.param("# 日本語 👋\n" + CHAT, "# 日本語 👋\n" + CHAT_AFTER, id="wide"),
        pytest.param(CHAT + "\n\n\n   \n\t\n", CHAT_AFTER + "\n\n\n   \n\t\n", id="odd-blank-lines"),
        pytest.param(CHAT + "x = 1;  y  =  2 ;\n", CHAT_AFTER + "x = 1;  y  =  2 ;\n", id="odd-spaces"),
        pytest.param(CHAT + "\f\nx = '''\r\n'''\n", CHAT_AFTER + "\f\nx = '''\r\n'''\n", id="odd-characters"),
        pytest.param(
            CHAT.replace("    return", "    text = '''a\n  b'''; return"),
            CHAT_AFTER.replace("    return", "    text = '''a\n  b'''; return"),
            id="same-line",
        ),
    ],
)
def test_all_other_bytes_stay(chat: Project, before: str, after: str) -> None:
    """
    Newlines, indentation, marks and the end of the file are as they were.
    """
    file = chat.put("app.py", before)

    result = chat.fix()

    assert file.read_bytes() == after.encode()
    assert len(result.fixed) == 1


@pytest.mark.parametrize("cookie", ["latin-1", "cp1252", "iso-8859-15"])
def test_a_named_encoding_stays(chat: Project, cookie: str) -> None:
    """
    PEP 263: what was Latin-1 is written as Latin-1.
    """
    head = f"# -*- coding: {cookie} -*-\nname = 'Grüße'\n"
    file = chat.put("app.py", (head + CHAT).encode(cookie))

    def lint(texts: Mapping[str, str]) -> list[Finding]:
        return chat.lint({"app.py": head + CHAT, **texts})

    result = fix_files(chat.root, lint({}), unsafe=False, relint=lint, write=True)

    assert file.read_bytes() == (head + CHAT_AFTER).encode(cookie)
    assert result.diff.startswith("--- a/app.py\n+++ b/app.py\n")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"# coding: klingon\n" + CHAT.encode(), "klingon"),
        (b"name = '\xff'\n" + CHAT.encode(), "encoding"),
    ],
)
def test_a_text_that_cannot_be_read_fails(chat: Project, data: bytes, error: str) -> None:
    """
    One line says why, and nothing is written.
    """
    chat.put("app.py", CHAT)
    findings = chat.lint({})
    file = chat.put("app.py", data)

    result = fix_files(chat.root, findings, unsafe=False, relint=lambda texts: findings, write=True)

    assert error in result.failed[0].error
    assert file.read_bytes() == data


def test_comments_around_the_edits_stay(chat: Project) -> None:
    """
    Above the import, behind it, above the call and behind it.
    """
    before = (
        "#!/usr/bin/env python\n# licence\n\n# why this import\n"
        "from langchain.memory import ConversationBufferMemory  # noqa: F401\n# after the imports\n"
        f"\n\ndef chat(user_id):  # type: ignore\n    # build it\n    return {CODE}  # here\n    # done\n"
    )
    file = chat.put("app.py", before)

    chat.fix()

    after = file.read_text()
    assert after == before.replace(
        "# noqa: F401\n", "# noqa: F401\n\nfrom shared_history import chat_history\n\n"
    ).replace(CODE, "ConversationBufferMemory(chat_memory=chat_history(user_id))")


def test_without_writing_only_the_diff_tells(chat: Project) -> None:
    """
    `--diff` shows what `--fix` would do, the generated module included.
    """
    file = chat.put("pkg/app.py", CHAT.rstrip("\n"))

    result = chat.fix(write=False)

    assert file.read_text() == CHAT.rstrip("\n")
    assert [each.path for each in result.changed] == ["pkg/app.py", "pkg/shared_history.py"]
    assert "--- a/pkg/app.py\n+++ b/pkg/app.py\n" in result.diff
    assert "\\ No newline at end of file\n" in result.diff
    assert "--- /dev/null\n+++ b/pkg/shared_history.py\n" in result.diff


def test_a_file_that_changed_meanwhile_is_left_alone(chat: Project) -> None:
    """
    The bytes that were linted must be the bytes on disk.
    """
    file = chat.put("app.py", CHAT)
    linted = file.read_bytes()
    findings = chat.lint({})
    file.write_text(CHAT + "# edited\n")

    result = fix_files(
        chat.root,
        findings,
        unsafe=False,
        relint=lambda texts: chat.lint({"app.py": CHAT, **texts}),
        write=True,
        read=lambda path: linted,
    )

    assert [failed.error for failed in result.failed] == ["it has changed since it was linted; run again"]
    assert result.fixed == ()
    assert file.read_text() == CHAT + "# edited\n"


def test_another_file_in_the_modules_place_is_not_overwritten(chat: Project) -> None:
    """
    Nor is the file written that would have imported the module.
    """
    file = chat.put("app.py", CHAT)
    other = chat.put("shared_history.py", "x = 1\n")
    findings = chat.lint({})

    result = fix_files(chat.root, findings, unsafe=False, relint=chat.lint, write=True, files=["app.py"])

    assert [(failed.path, failed.error) for failed in result.failed] == [
        ("app.py", "not written, because shared_history.py could not be written"),
        ("shared_history.py", "a file with other content stands there already"),
    ]
    assert file.read_text() == CHAT
    assert other.read_text() == "x = 1\n"
    assert result.notes == ()


def test_the_mode_stays_and_nothing_is_left_behind(chat: Project) -> None:
    """
    An executable script stays executable; no temporary file stays.
    """
    file = chat.put("app.py", CHAT)
    file.chmod(0o750)

    chat.fix()

    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert sorted(os.listdir(chat.root)) == ["app.py", "shared_history.py"]


def test_a_file_that_is_read_only_is_left_alone(chat: Project) -> None:
    """
    A new file could take its place, and root may write everywhere; but somebody said no.
    """
    file = chat.put("app.py", CHAT)
    file.chmod(0o444)

    result = chat.fix()

    assert [(failed.path, failed.error) for failed in result.failed] == [
        ("app.py", "it is read-only; make it writable and run again")
    ]
    assert result.fixed == ()
    assert file.read_text() == CHAT
    assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_a_link_stays_a_link(chat: Project) -> None:
    """
    The file behind it is what changes.
    """
    real = chat.put("real.txt", CHAT)
    link = chat.root / "app.py"
    link.symlink_to(real)

    chat.fix()

    assert link.is_symlink()
    assert real.read_text() == CHAT_AFTER


def test_a_folder_that_cannot_be_written_to_fails(chat: Project) -> None:
    """
    A name that is a folder stands for all that the disk may refuse.
    """
    file = chat.put("app.py", CHAT)
    (chat.root / "shared_history.py").mkdir()

    result = chat.fix()

    assert {failed.path for failed in result.failed} == {"app.py", "shared_history.py"}
    assert file.read_text() == CHAT


def test_environments_and_hidden_folders_are_not_the_projects(chat: Project) -> None:
    """
    A generated module of somebody else's copy is not ours to use.
    """
    chat.put("app.py", CHAT)
    for folder in (".git", "node_modules", "lib/site-packages", "venv"):
        chat.put(f"{folder}/shared_history.py", "def chat_history(*ids): ...\n")

    chat.faults = chat.faults[:1]
    result = chat.fix()

    assert "shared_history.py" in {each.path for each in result.changed}


def test_a_mark_is_counted_in_no_column(chat: Project) -> None:
    """
    Positions are those of the text behind the byte order mark.
    """
    file = chat.put(
        "app.py", codecs.BOM_UTF8 + f"def chat(user_id): return {CODE}\n".encode().replace(b"C", b"C")
    )

    result = chat.fix()

    assert [refused.reason for refused in result.refused] == []
    assert file.read_bytes().startswith(codecs.BOM_UTF8)
