"""The language server as an editor meets it: a process, messages, answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lsprotocol import types

from lcmemlint.cli import main
from tests.lsp.conftest import Editor, applied

Play = Callable[[Callable[[Editor], Coroutine[Any, Any, None]]], None]

MAIN = """\
from fastapi import FastAPI

from chains import answer
from memories import new_memory

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
LOCAL = """\
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
STORE = """\
from langchain_core.chat_history import InMemoryChatMessageHistory

store = {}


def get_session_history(session_id):
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]
"""
SERVED = """\
from fastapi import FastAPI
from langchain_core.runnables.history import RunnableWithMessageHistory
from store import get_session_history

app = FastAPI()
chain = RunnableWithMessageHistory(object(), get_session_history)


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str):
    return chain.invoke({"input": text}, config={"configurable": {"session_id": session_id}})
"""
FOUND = ("memories.py", "LCM101", 5)


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> Path:
    """An app that is in order; its handler, its chain and its memory stand in three files."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "chains.py").write_text(CHAINS)
    (tmp_path / "memories.py").write_text(SHARED)
    return tmp_path


def test_a_finding_appears_moves_and_goes_while_the_text_is_typed(play: Play) -> None:
    """
    Nothing of it is ever saved; the proof begins in another file.
    """

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("memories.py")
        editor.type("memories.py", LOCAL)
        await editor.until(lambda: editor.found() == [FOUND])
        shown = editor.diagnostics["memories.py"][0]
        assert shown.severity == types.DiagnosticSeverity.Error
        assert (shown.range.start.character, shown.range.end.character) == (11, 37)
        proof = shown.related_information or []
        assert editor.file(proof[0].location.uri) == "main.py"
        assert proof[0].location.range.start.line == 8
        assert "request enters" in proof[0].message

        editor.type("memories.py", f"# one\n# two\n{LOCAL}")
        await editor.until(lambda: editor.found() == [("memories.py", "LCM101", 7)])

        editor.type("memories.py", SHARED)
        await editor.until(lambda: editor.found() == [])

    play(script)


def test_an_edit_in_one_file_makes_a_finding_appear_in_another(play: Play, project: Path) -> None:
    """
    The memory's file is not even open; the handler's stops being one, and is one again.
    """
    (project / "memories.py").write_text(LOCAL)

    async def script(editor: Editor) -> None:
        await editor.start()
        await editor.until(lambda: editor.found() == [FOUND])
        editor.open("main.py")
        editor.type("main.py", MAIN.replace("@app.post", "# @app.post"))
        await editor.until(lambda: editor.found() == [])
        editor.type("main.py", MAIN)
        await editor.until(lambda: editor.found() == [FOUND])

    play(script)


def test_closing_without_saving_makes_the_disk_count_again(play: Play) -> None:
    """
    A file that was never saved is gone with its buffer.
    """

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("memories.py", LOCAL)
        await editor.until(lambda: editor.found() == [FOUND])
        editor.close("memories.py")
        await editor.until(lambda: editor.found() == [])
        editor.open("main.py", MAIN.replace("from memories", "from own"))
        editor.open("own.py", LOCAL)
        await editor.until(lambda: editor.found() == [("own.py", "LCM101", 5)])
        editor.close("own.py")
        await editor.until(lambda: editor.found() == [])

    play(script)


def test_half_a_word_does_not_make_a_file_forgotten(play: Play, project: Path) -> None:
    """
    While a text cannot be parsed its findings stay with their code, and so do those that lead through it.
    """
    (project / "memories.py").write_text(LOCAL)

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("main.py")
        editor.open("memories.py")
        await editor.until(lambda: editor.found() == [FOUND])
        editor.published.clear()
        editor.type("main.py", f"{MAIN}\nx = (")
        editor.type("memories.py", f"y = [\n{LOCAL}")
        await editor.until(lambda: editor.found() == [("memories.py", "LCM101", 6)])
        editor.type("memories.py", f"y = []\n{LOCAL}# end\n")
        editor.type("main.py", f"{MAIN}\nx = 1\n")
        marker = LOCAL.replace("ConversationBufferMemory()", "ConversationBufferMemory( )")
        editor.type("memories.py", f"\n\n\n{marker}")
        await editor.until(lambda: editor.found() == [("memories.py", "LCM101", 8)])
        seen = [[one.code for one in sent.diagnostics] for sent in editor.published]
        assert all(codes == ["LCM101"] or not codes for codes in seen)

    play(script)


def test_files_on_the_disk_and_settings_are_read_again(play: Play, project: Path) -> None:
    """
    The client says that files changed: code, then settings that are wrong, then settings that silence it.
    """

    async def script(editor: Editor) -> None:
        await editor.start()
        await editor.until(lambda: types.WORKSPACE_DID_CHANGE_WATCHED_FILES in editor.registered)
        tell(editor, "memories.py", LOCAL)
        await editor.until(lambda: editor.found() == [FOUND])
        tell(editor, "pyproject.toml", "[tool.lcmemlint]\nignor = []\n")
        await editor.until(lambda: editor.messages)
        assert "unknown key `ignor`" in editor.messages[0]
        assert editor.found() == [FOUND]
        tell(editor, "pyproject.toml", '[tool.lcmemlint]\nseverity = { LCM101 = "note" }\n')
        await editor.until(
            lambda: editor.diagnostics["memories.py"][0].severity == types.DiagnosticSeverity.Information
        )
        tell(editor, "pyproject.toml", '[tool.lcmemlint]\nignore = ["LCM101"]\n')
        await editor.until(lambda: editor.found() == [])

    def tell(editor: Editor, name: str, text: str) -> None:
        (project / name).write_text(text)
        change = types.FileEvent(editor.uri(name), types.FileChangeType.Changed)
        editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))

    play(script)


def test_saving_settings_is_enough_for_clients_that_watch_no_files(play: Play, project: Path) -> None:
    """
    And `didChangeConfiguration` reads everything again too.
    """
    (project / "memories.py").write_text(LOCAL)

    async def script(editor: Editor) -> None:
        await editor.start(capabilities=types.ClientCapabilities())
        await editor.until(lambda: editor.found() == [FOUND])
        assert editor.registered == []
        editor.open("pyproject.toml")
        editor.save("pyproject.toml", '[tool.lcmemlint]\nignore = ["LCM101"]\n')
        await editor.until(lambda: editor.found() == [])
        (project / "pyproject.toml").write_text("")
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
        await editor.until(lambda: editor.found() == [FOUND])

    play(script)


def test_options_of_the_command_line_hold_for_all_projects(play: Play, project: Path) -> None:
    """
    `--select` says which rules run.
    """
    (project / "memories.py").write_text(LOCAL)
    (project / "store.py").write_text(STORE)
    (project / "served.py").write_text(SERVED)

    async def script(editor: Editor) -> None:
        await editor.start("--select", "LCM102")
        await editor.until(lambda: editor.found() == [("store.py", "LCM102", 8)])

    play(script)


def test_a_repair_is_an_edit_of_the_buffer(play: Play, project: Path) -> None:
    """
    It is made when the action is chosen, from the text as it is, and brings the module that it needs.
    """
    (project / "store.py").write_text(STORE)
    (project / "served.py").write_text(SERVED)
    text = f"# not saved\n{STORE}"

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("store.py", text)
        await editor.until(lambda: editor.found() == [("store.py", "LCM102", 9)])
        found = await editor.actions("store.py", 9)
        assert [one.title for one in found] == [
            "Fix LCM102",
            "Ignore LCM102 here",
            "Fix all lcmemlint findings that are safe to fix in this file",
        ]
        assert found[0].is_preferred
        assert [one.code for one in found[0].diagnostics or []] == ["LCM102"]
        resolved = await editor.code_action_resolve_async(found[0])
        assert resolved.edit is not None
        fixed = documents(resolved.edit, editor)
        assert set(fixed) == {"store.py", "shared_history.py"}
        assert "redis" in fixed["shared_history.py"]
        new = applied(text, edits_of(resolved.edit, editor, "store.py"))
        assert new.startswith("# not saved\n")
        assert "chat_history(session_id)" in new
        assert "InMemoryChatMessageHistory" not in new
        assert any("still to do: install the package redis" in one for one in editor.messages)
        assert not (project / "shared_history.py").exists()
        editor.open("shared_history.py", fixed["shared_history.py"])
        editor.type("store.py", new)
        await editor.until(lambda: editor.found() == [])

    play(script)


def test_fix_all_is_a_source_action(play: Play, project: Path) -> None:
    """
    Asked for by its kind, as editors do on saving; a file without such findings offers none.
    """
    (project / "store.py").write_text(STORE)
    (project / "served.py").write_text(SERVED)

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("store.py")
        await editor.until(lambda: editor.found() == [("store.py", "LCM102", 8)])
        for kind in ("source", "source.fixAll", "source.fixAll.lcmemlint"):
            found = await editor.actions("store.py", 1, kind)
            assert [one.kind for one in found] == ["source.fixAll.lcmemlint"]
        assert await editor.actions("store.py", 1, "source.organizeImports") == []
        assert await editor.actions("served.py", 1, "source.fixAll") == []
        resolved = await editor.code_action_resolve_async(found[0])
        assert resolved.edit is not None
        assert "chat_history(session_id)" in applied(STORE, edits_of(resolved.edit, editor, "store.py"))

    play(script)


def test_an_unsafe_repair_says_so(play: Play, project: Path) -> None:
    """
    It is never the preferred one, and not among those that saving may apply.
    """
    (project / "main.py").write_text(
        "from fastapi import FastAPI\nfrom langgraph.checkpoint.memory import MemorySaver\n"
        "from langgraph.graph import StateGraph\n\napp = FastAPI()\nsaver = MemorySaver()\n"
        "graph = StateGraph(dict).compile(checkpointer=saver)\n\n\n"
        '@app.post("/chat/{thread}")\ndef chat(thread: str, text: str) -> dict:\n'
        '    return graph.invoke({"text": text}, {"configurable": {"thread_id": thread}})\n'
    )

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("main.py")
        await editor.until(lambda: editor.found() == [("main.py", "LCM103", 6)])
        found = await editor.actions("main.py", 6)
        assert [one.title for one in found] == [
            "Fix LCM103 (unsafe: it changes more than this place)",
            "Ignore LCM103 here",
        ]
        assert not found[0].is_preferred
        resolved = await editor.code_action_resolve_async(found[0])
        assert resolved.edit is not None
        new = applied((project / "main.py").read_text(), edits_of(resolved.edit, editor, "main.py"))
        assert "saver = shared_checkpointer()" in new

    play(script)


def test_a_client_that_cannot_resolve_gets_commands(play: Play, project: Path) -> None:
    """
    The server then sends the edit itself.
    """
    (project / "store.py").write_text(STORE)
    (project / "served.py").write_text(SERVED)

    async def script(editor: Editor) -> None:
        await editor.start(capabilities=types.ClientCapabilities())
        editor.open("store.py")
        await editor.until(lambda: editor.found() == [("store.py", "LCM102", 8)])
        command = (await editor.actions("store.py", 8))[0].command
        assert command is not None
        await editor.workspace_execute_command_async(
            types.ExecuteCommandParams(command.command, command.arguments)
        )
        await editor.until(lambda: editor.applied)
        assert "chat_history(session_id)" in applied(STORE, edits_of(editor.applied[0], editor, "store.py"))

    play(script)


def test_an_ignore_comment_silences_the_finding(play: Play, project: Path) -> None:
    """
    And the comment that hides nothing any more is shown as unnecessary.
    """

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("memories.py", LOCAL)
        await editor.until(lambda: editor.found() == [FOUND])
        action = (await editor.actions("memories.py", 5))[1]
        assert action.title == "Ignore LCM101 here"
        resolved = await editor.code_action_resolve_async(action)
        assert resolved.edit is not None
        text = applied(LOCAL, edits_of(resolved.edit, editor, "memories.py"))
        assert "ConversationBufferMemory()  # lcmemlint: ignore[LCM101]\n" in text
        editor.type("memories.py", text)
        await editor.until(lambda: editor.found() == [])
        editor.type("memories.py", text.replace("Memory()", "Memory(chat_memory=user_id)"))
        await editor.until(lambda: editor.found() == [("memories.py", "LCM001", 5)])
        assert editor.diagnostics["memories.py"][0].tags == (types.DiagnosticTag.Unnecessary,)
        assert "# unused-ignore (LCM001)" in await editor.hover("memories.py", 5, 75)

    play(script)


def test_hover_tells_the_proof_and_the_page(play: Play, project: Path) -> None:
    """
    Over the finding; elsewhere there is nothing to tell.
    """
    (project / "memories.py").write_text(LOCAL)

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("memories.py")
        await editor.until(lambda: editor.found() == [FOUND])
        told = await editor.hover("memories.py", 5, 20)
        assert told.startswith("**LCM101** `ConversationBufferMemory`")
        assert "1. `main.py:9` request enters" in told
        assert "# per-request-memory (LCM101)" in told
        assert "## Good" in told
        assert "# expect" not in told
        assert await editor.hover("memories.py", 1, 3) == ""

    play(script)


def test_columns_are_those_of_the_client(play: Play, project: Path) -> None:
    """
    UTF-16 units where nothing else was agreed: a letter outside of the first plane counts twice.
    """
    before = "return ConversationBufferMemory()"
    text = LOCAL.replace(before, f'x = "😀😀"; {before}')

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("memories.py", text)
        await editor.until(lambda: editor.found() == [FOUND])
        column = text.splitlines()[4].index("ConversationBufferMemory")
        assert editor.diagnostics["memories.py"][0].range.start.character == column + 2

    play(script)


def test_an_unsaved_manifest_counts(play: Play, project: Path) -> None:
    """
    Four workers in the buffer of a Dockerfile: a finding there, without saving.
    """
    (project / "memories.py").write_text(STORE.replace("get_session_history", "new_memory"))
    (project / "store.py").write_text(STORE)
    (project / "main.py").write_text(SERVED)
    docker = 'FROM python:3.12\nCMD ["uvicorn", "main:app", "--workers", "{}"]\n'
    (project / "Dockerfile").write_text(docker.format(1))

    async def script(editor: Editor) -> None:
        await editor.start()
        await editor.until(lambda: ("store.py", "LCM102", 8) in editor.found())
        assert not [one for one in editor.found() if one[1] == "LCM401"]
        editor.open("Dockerfile")
        editor.type("Dockerfile", docker.format(4))
        await editor.until(lambda: ("Dockerfile", "LCM401", 2) in editor.found())

    play(script)


def test_a_file_without_a_workspace_has_the_project_around_it(play: Play, project: Path) -> None:
    """
    As on the command line; what is on no disk has none.
    """

    async def script(editor: Editor) -> None:
        await editor.start(folder=False)
        untitled = types.TextDocumentItem("untitled:Untitled-1", "python", 1, LOCAL)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(untitled))
        editor.open("memories.py", LOCAL)
        await editor.until(lambda: editor.found() == [FOUND])

    play(script)


def test_what_is_on_no_disk_has_no_findings_and_no_actions(play: Play, project: Path) -> None:
    """
    Documents and folders of other kinds than files, and documents that were never opened.
    """
    uri = "untitled:Untitled-1"
    document = types.TextDocumentIdentifier(uri)
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    folder = types.WorkspaceFolder("memfs:/project", "project")
    event = types.WorkspaceFoldersChangeEvent(added=[folder], removed=[folder])

    async def script(editor: Editor) -> None:
        await editor.start(folder=False)
        untitled = types.TextDocumentItem(uri, "python", 1, LOCAL)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(untitled))
        editor.text_document_did_save(types.DidSaveTextDocumentParams(document))
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        hovered = types.HoverParams(document, types.Position(4, 20))
        assert await editor.text_document_hover_async(hovered) is None
        asked = types.CodeActionParams(document, nowhere, types.CodeActionContext([]))
        assert not await editor.text_document_code_action_async(asked)
        editor.text_document_did_close(types.DidCloseTextDocumentParams(document))
        editor.close("memories.py")
        other = types.WorkspaceFolder((project / "other").as_uri(), "other")
        gone = types.WorkspaceFoldersChangeEvent(added=[], removed=[other])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(gone))
        editor.open("memories.py", LOCAL)
        await editor.until(lambda: editor.found() == [FOUND])

    play(script)


def test_an_action_about_what_is_gone_changes_nothing(play: Play, project: Path) -> None:
    """
    Of another project, of a finding that was repaired meanwhile, or without any data.
    """
    (project / "memories.py").write_text(LOCAL)

    async def script(editor: Editor) -> None:
        await editor.start()
        editor.open("memories.py")
        await editor.until(lambda: editor.found() == [FOUND])
        action = (await editor.actions("memories.py", 5))[0]
        bare = await editor.code_action_resolve_async(types.CodeAction("Nothing"))
        assert bare.edit is None
        assert isinstance(action.data, dict)
        strange = types.CodeAction("Strange", data={**action.data, "uri": "untitled:x"})
        assert (await editor.code_action_resolve_async(strange)).edit == types.WorkspaceEdit()
        editor.type("memories.py", SHARED)
        await editor.until(lambda: editor.found() == [])
        assert (await editor.code_action_resolve_async(action)).edit == types.WorkspaceEdit()
        command = types.ExecuteCommandParams("lcmemlint.applyFix", [action.data])
        await editor.workspace_execute_command_async(command)
        assert editor.applied == []

    play(script)


def test_folders_come_and_go(play: Play, project: Path) -> None:
    """
    The findings of a folder that is closed leave the screen.
    """
    (project / "memories.py").write_text(LOCAL)
    folder = types.WorkspaceFolder(project.as_uri(), "project")

    async def script(editor: Editor) -> None:
        await editor.start(folder=False)
        event = types.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await editor.until(lambda: editor.found() == [FOUND])
        event = types.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await editor.until(lambda: editor.found() == [])

    play(script)


def test_a_file_that_cannot_be_read_is_told(play: Play, project: Path) -> None:
    """
    Unless somebody is typing in it: then the editor's own syntax errors say enough.
    """
    (project / "chains.py").write_text(f"{CHAINS}\ndef broken(\n")

    async def script(editor: Editor) -> None:
        await editor.start()
        await editor.until(lambda: "chains.py" in editor.diagnostics)
        assert "syntax error; its findings are missing" in editor.diagnostics["chains.py"][0].message
        editor.open("chains.py")
        await editor.until(lambda: editor.found() == [])

    play(script)


def test_a_notebook_is_a_file_of_json(play: Play, project: Path) -> None:
    """
    Its finding stands on the line of the file that holds the code, and so does the repair.
    """
    (project / "pyproject.toml").write_text('[tool.lcmemlint]\nroles = { "serve.ipynb" = "app" }\n')
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": code.splitlines(keepends=True)}
        for code in (STORE, SERVED.replace("from store import get_session_history\n", ""))
    ]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    (project / "serve.ipynb").write_text(text)
    line = next(at for at, one in enumerate(text.split("\n"), 1) if "= InMemoryChat" in one)

    async def script(editor: Editor) -> None:
        await editor.start()
        await editor.until(lambda: editor.found() == [("serve.ipynb", "LCM102", line)])
        editor.open("serve.ipynb", f"\n{text}")
        await editor.until(lambda: editor.found() == [("serve.ipynb", "LCM102", line + 1)])
        found = await editor.actions("serve.ipynb", line + 1)
        resolved = await editor.code_action_resolve_async(found[0])
        assert resolved.edit is not None
        new = applied(f"\n{text}", edits_of(resolved.edit, editor, "serve.ipynb"))
        assert "chat_history(session_id)" in "".join(json.loads(new)["cells"][0]["source"])
        assert json.loads(new)["cells"][1] == cells[1]

    play(script)


def documents(edit: types.WorkspaceEdit, editor: Editor) -> dict[str, str]:
    """The new text that each document gets, pieces put together."""
    return {
        editor.file(one.text_document.uri): "".join(
            part.new_text for part in one.edits if isinstance(part, types.TextEdit)
        )
        for one in edit.document_changes or ()
        if isinstance(one, types.TextDocumentEdit)
    }


def edits_of(edit: types.WorkspaceEdit, editor: Editor, name: str) -> list[types.TextEdit]:
    """The edits of one document."""
    return [
        part
        for one in edit.document_changes or ()
        if isinstance(one, types.TextDocumentEdit) and editor.file(one.text_document.uri) == name
        for part in one.edits
        if isinstance(part, types.TextEdit)
    ]


def test_without_its_package_the_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The extra is named.
    """
    monkeypatch.setitem(sys.modules, "pygls", None)
    result = CliRunner().invoke(main, ["--lsp"])

    assert result.exit_code == 2
    assert result.stderr == (
        "lcmemlint: --lsp needs the package pygls; install it with: pip install 'lcmemlint[lsp]'\n"
    )
