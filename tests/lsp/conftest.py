"""A real client that speaks with a real server process over its standard input and output."""

from __future__ import annotations

import ast
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds until an answer that never comes is a failure; no test asks how fast one is."""

CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
    ),
    text_document=types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"])
        ),
    ),
)


class Editor(LanguageClient):
    """What a test types into, and what the server has published."""

    def __init__(self, root: Path) -> None:
        super().__init__("editor", "1")
        self.root = root
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self.times: list[float] = []
        self.messages: list[str] = []
        self.registered: list[str] = []
        self.applied: list[types.WorkspaceEdit] = []
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.diagnostics[self.file(params.uri)] = list(params.diagnostics)
            self.published.append(params)
            self.times.append(time.perf_counter())
            self._news.set()

        @self.feature(types.WINDOW_SHOW_MESSAGE)  # type: ignore[untyped-decorator]
        def shown(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self._news.set()

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]
        def registered(params: types.RegistrationParams) -> None:
            self.registered += [one.method for one in params.registrations]
            self._news.set()

        @self.feature(types.WORKSPACE_APPLY_EDIT)  # type: ignore[untyped-decorator]
        def applied(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.applied.append(params.edit)
            self._news.set()
            return types.ApplyWorkspaceEditResult(applied=True)

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def file(self, uri: str) -> str:
        return uri.removeprefix(f"{self.root.as_uri()}/")

    async def start(
        self, *options: str, capabilities: types.ClientCapabilities = CAPABILITIES, folder: bool = True
    ) -> types.InitializeResult:
        """Start the server and say hello."""
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.start_io(sys.executable, "-m", "lcmemlint", "--lsp", *options, cwd=self.root, env=env)
        folders = [types.WorkspaceFolder(self.root.as_uri(), "project")] if folder else None
        result = await self.initialize_async(
            types.InitializeParams(capabilities=capabilities, workspace_folders=folders)
        )
        self.initialized(types.InitializedParams())
        return result

    def open(self, name: str, text: str | None = None) -> None:
        text = (self.root / name).read_text() if text is None else text
        self._versions[name] = 1
        document = types.TextDocumentItem(self.uri(name), "python", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def type(self, name: str, text: str) -> None:
        """The document has this text now."""
        self._versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[name], self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def save(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)
        document = types.TextDocumentIdentifier(self.uri(name))
        self.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def close(self, name: str) -> None:
        document = types.TextDocumentIdentifier(self.uri(name))
        self.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def found(self) -> list[tuple[str, str | int | None, int]]:
        """File, code and line (from 1) of everything that is on the screen."""
        return sorted(
            (name, one.code, one.range.start.line + 1)
            for name, diagnostics in self.diagnostics.items()
            for one in diagnostics
        )

    async def until(self, wanted: Callable[[], object]) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not wanted():
            self._news.clear()
            left = deadline - time.monotonic()
            try:
                await asyncio.wait_for(self._news.wait(), max(left, 0.01))
            except asyncio.TimeoutError:
                raise AssertionError(f"still {self.found()}, {self.messages}") from None

    async def actions(self, name: str, line: int, *only: str) -> list[types.CodeAction]:
        """The code actions at the beginning of a line's code (lines from 1)."""
        shown = [one for one in self.diagnostics.get(name, []) if one.range.start.line == line - 1]
        at = shown[0].range.start if shown else types.Position(line - 1, 0)
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(self.uri(name)),
            types.Range(at, at),
            types.CodeActionContext(shown, only=list(only) or None),
        )
        found = await self.text_document_code_action_async(params)
        return [_action(one) for one in found or []]

    async def hover(self, name: str, line: int, character: int) -> str:
        """The Markdown that is shown over a place (lines from 1)."""
        params = types.HoverParams(
            types.TextDocumentIdentifier(self.uri(name)), types.Position(line - 1, character)
        )
        found = await self.text_document_hover_async(params)
        return (
            ""
            if found is None or not isinstance(found.contents, types.MarkupContent)
            else found.contents.value
        )

    async def leave(self) -> int:
        """Say goodbye; the exit code."""
        await self.shutdown_async(None)
        self.exit(None)
        server: Any = self._server
        code = await asyncio.wait_for(server.wait(), PATIENCE)
        await self.stop()  # type: ignore[no-untyped-call]
        return int(code)


def _action(one: types.Command | types.CodeAction) -> types.CodeAction:
    """The action as it was sent: the client's converter takes one that has a command for a bare command."""
    if isinstance(one, types.CodeAction):
        return one
    sent = ast.literal_eval(one.command)
    return types.CodeAction(
        one.title, command=types.Command(sent["title"], sent["command"], arguments=sent["arguments"])
    )


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """A text after edits whose columns are code points of ASCII lines."""
    lines = text.splitlines(keepends=True) or [""]

    def offset(at: types.Position) -> int:
        return sum(map(len, lines[: at.line])) + at.character

    for edit in sorted(
        edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True
    ):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


Script = Callable[[Editor], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Editor], Coroutine[Any, Any, None]]], None]:
    """Run a script of an editor; the server must leave with 0 when it is over."""

    def run(script: Callable[[Editor], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            editor = Editor(tmp_path)
            try:
                await script(editor)
                assert await editor.leave() == 0
            finally:
                server: Any = editor._server
                if server is not None and server.returncode is None:
                    server.kill()
                    await server.wait()

        asyncio.run(whole())

    return run
