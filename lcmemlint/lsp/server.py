"""The protocol: which message asks for what, and when to answer.

All state lives on the event loop's thread; looks and repairs run in one worker thread, on copies of the buffers. A
look whose buffers have changed meanwhile is dropped, and the next one begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lcmemlint import __version__
from lcmemlint.config import SHARED
from lcmemlint.errors import LcmemlintError
from lcmemlint.fixes import FixResult, Refused
from lcmemlint.lsp import actions
from lcmemlint.lsp.diagnostics import Client, diagnostics, hover
from lcmemlint.lsp.watching import Look, Settings, Stale, Watched
from lcmemlint.settings import DEDICATED
from lcmemlint.sources import absolute, project_root

REST: Final = 0.02
"""Seconds without an edit before a look begins."""

WATCHED_FILES: Final = ("**/*.py", "**/*.ipynb", "**/*.{toml,yaml,yml,json,tf,cfg,txt,lock,env}", "**/*[dD]ocker*",
                        "**/Procfile", "**/.gitignore")  # fmt: skip
APPLY: Final = "lcmemlint.applyFix"


@dataclass
class Open:
    """A project in the editor, and where its looks are."""

    watched: Watched
    look: Look | None = None
    asked: int = 0
    """Counts edits; a look is of the buffers as they were at one count."""
    seen: int = -1
    """The count of the last look that was published."""
    anew: bool = True
    task: asyncio.Task[None] | None = None
    published: dict[str, list[types.Diagnostic]] = field(default_factory=dict)

    @property
    def is_current(self) -> bool:
        """Whether the look is one of the buffers as they are."""
        return self.look is not None and self.seen == self.asked


class Server(LanguageServer):
    """The language server of lcmemlint."""

    def __init__(self, settings: Settings) -> None:
        # Whole texts: they cost little on one machine, and ranges would have to be counted as each client counts.
        super().__init__("lcmemlint", __version__, types.TextDocumentSyncKind.Full)
        self.settings = settings
        self.projects: dict[Path, Open] = {}
        self.buffers: dict[Path, str] = {}
        self.uris: dict[Path, str] = {}
        self.versions: dict[str, int | None] = {}
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lcmemlint")
        self.complaint = ""
        self.is_dismissed = False
        """Whether the client said goodbye."""

    @property
    def client(self) -> Client:
        """How the client writes places."""
        return Client(self.workspace.position_codec, self.uris)

    # --- projects ----------------------------------------------------------------------------------------

    def open_folder(self, folder: Path) -> Open:
        """The project of a folder; the one that shows it already, if there is one."""
        for shown, project in self.projects.items():
            if folder.is_relative_to(shown):
                return project
        project = Open(Watched(folder, project_root([folder]), self.settings))
        self.projects[folder] = project
        return project

    def project_of(self, path: Path) -> Open | None:
        """The project that shows a file: the innermost, if one folder lies in another."""
        shown = [folder for folder in self.projects if path.is_relative_to(folder)]
        return self.projects[max(shown, key=lambda folder: len(folder.parts))] if shown else None

    def projects_reading(self, path: Path) -> Iterable[Open]:
        """The projects whose analysis a file takes part in."""
        return (one for one in self.projects.values() if path.is_relative_to(one.watched.root))

    def close_folder(self, folder: Path) -> None:
        """Forget a project, and take its findings off the screen."""
        project = self.projects.pop(folder, None)
        if project is not None:
            project.asked += 1
            self._publish(project, {})

    # --- looks -------------------------------------------------------------------------------------------

    def ask(self, project: Open, *, anew: bool = False, rest: float = REST) -> None:
        """Look at a project again, soon; `anew` also asks the disk for files and settings."""
        project.asked += 1
        project.anew = project.anew or anew
        if project.task is None or project.task.done():
            project.task = asyncio.get_running_loop().create_task(self._look(project, rest))
            project.task.add_done_callback(self._tell_of_crash)

    async def _look(self, project: Open, rest: float) -> None:
        """Look until what is published is what is in the buffers."""
        while not project.is_current:
            asked = project.asked
            await asyncio.sleep(rest)
            if project.asked != asked:
                continue  # still typing
            anew, project.anew = project.anew, False
            root = project.watched.root
            buffers = {path: text for path, text in self.buffers.items() if path.is_relative_to(root)}
            try:
                look = await self._work(partial(self._looked, project, asked, buffers, anew))
            except Stale:
                continue
            except LcmemlintError as error:
                self._complain(str(error))
                project.seen, project.anew = asked, True
                return
            self.complaint = ""
            if project.asked != asked:
                continue  # stale: the next look begins at once
            project.look, project.seen = look, asked
            self._publish(project, diagnostics(look, self.client))

    def _looked(self, project: Open, asked: int, buffers: Mapping[Path, str], anew: bool) -> Look:
        """A look, in the worker thread; it ends early when the buffers change."""
        return project.watched.look(buffers, anew=anew, is_stale=lambda: project.asked != asked)

    async def current(self, project: Open) -> Look | None:
        """The look of the buffers as they are, when it is there."""
        while project.task is not None and not project.task.done():
            await asyncio.wait([project.task])
        return project.look if project.is_current else None

    async def _work(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    def _publish(self, project: Open, found: dict[str, list[types.Diagnostic]]) -> None:
        """Send what differs from what the client has."""
        for uri in sorted({*project.published, *found}):
            if found.get(uri, []) != project.published.get(uri, []):
                self._send(uri, found.get(uri, []))
        project.published = found

    def _send(self, uri: str, found: list[types.Diagnostic]) -> None:
        version = self.versions.get(uri)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def _complain(self, message: str) -> None:
        """Say once what is wrong with the settings; the findings stay as they were."""
        if message != self.complaint:
            self.complaint = message
            self.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, f"lcmemlint: {message}")
            )

    def _tell_of_crash(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            told = f"lcmemlint: internal error: {type(error).__name__}: {error}; please report it"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, told))

    # --- documents ---------------------------------------------------------------------------------------

    def opened(self, uri: str, text: str, version: int | None) -> None:
        """A document is open, or has another text."""
        path = path_of(uri)
        if path is None:
            return
        self.uris[path], self.versions[uri] = uri, version
        if self.project_of(path) is None:
            self.open_folder(project_root([path]))
        for project in self.projects_reading(path):
            self._move(project, path, text)
            self.ask(project)
        self.buffers[path] = text

    def _move(self, project: Open, path: Path, text: str) -> None:
        """The answer at once: the findings of the edited document go with their code."""
        if project.look is None or self.buffers.get(path) in (None, text):
            return
        project.look = project.look.moved(path, text)
        name = path.relative_to(project.watched.root).as_posix()
        uri = self.uris[path]
        found = diagnostics(project.look, self.client, only=name).get(uri, [])
        if found != project.published.get(uri, []):
            self._send(uri, found)
            project.published[uri] = found

    def closed(self, uri: str) -> None:
        """The disk counts again."""
        path = path_of(uri)
        if path is None or self.buffers.pop(path, None) is None:
            return
        self.uris.pop(path, None)
        self.versions.pop(uri, None)
        for project in self.projects_reading(path):
            self.ask(project)

    def changed_on_disk(self, paths: Iterable[Path]) -> None:
        """Files came, changed or went."""
        touched = {id(one): one for path in paths for one in self.projects_reading(path)}
        for project in touched.values():
            self.ask(project, anew=True)

    def saved(self, uri: str) -> None:
        """Saving makes settings and `.gitignore` count; a client that watches no files tells of others too."""
        path = path_of(uri)
        if path is not None and (path.name in (DEDICATED, SHARED, ".gitignore") or not watches(self)):
            self.changed_on_disk([path])

    # --- actions -----------------------------------------------------------------------------------------

    async def edit_of(self, data: dict[str, Any]) -> types.WorkspaceEdit | None:
        """The edit of a code action; None, and a message that says why, when there is nothing to change."""
        path = path_of(str(data["uri"]))
        project = None if path is None else self.project_of(path)
        look = None if project is None else await self.current(project)
        if path is None or project is None or look is None:
            return None
        findings = actions.chosen(look, path.relative_to(project.watched.root).as_posix(), data)
        if not findings:
            return None
        if data["do"] == "ignore":
            changed = await self._work(lambda: look.ignores(findings))
            if not changed:
                self._inform(types.MessageType.Warning, "no comment can stand there")
        else:
            result = await self._work(lambda: look.fixes(findings, unsafe=bool(data.get("unsafe"))))
            changed = result.changed
            self._tell(result, result.refused if data["do"] == "fix" else ())
        if not changed or not project.is_current:
            return None
        return actions.workspace_edit(changed, look, self.client, self.versions)

    def _tell(self, result: FixResult, asked: Iterable[Refused]) -> None:
        """What was not repaired though it was asked for, what failed, and what is still to do."""
        for refused in asked:
            self._inform(types.MessageType.Warning, f"{refused.finding.code} is not fixed: {refused.reason}")
        for failed in result.failed:
            self._inform(types.MessageType.Error, f"{failed.path}: {failed.error}")
        for note in result.notes:
            what = "install the package" if note.kind == "package" else "set"
            self._inform(types.MessageType.Info, f"still to do: {what} {note.name} ({note.text})")

    def _inform(self, kind: types.MessageType, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(kind, f"lcmemlint: {message}"))


def path_of(uri: str) -> Path | None:
    """The file of a URI; None for what is on no disk and has no project."""
    found = to_fs_path(uri) if uri.startswith("file:") else None
    return None if found is None else absolute(Path(found))


def watches(server: Server) -> bool:
    """Whether the client tells of changes on the disk when it is asked to."""
    workspace = server.client_capabilities.workspace
    watched = None if workspace is None else workspace.did_change_watched_files
    return bool(watched and watched.dynamic_registration)


def resolves(server: Server) -> bool:
    """Whether the client asks for the edit of an action once it is chosen."""
    document = server.client_capabilities.text_document
    support = (
        None if document is None or document.code_action is None else document.code_action.resolve_support
    )
    return support is not None and "edit" in support.properties


def create(settings: Settings) -> Server:
    """A server with all its features, ready to be started."""
    server = Server(settings)

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        folders = [folder.uri for folder in server.workspace.folders.values()]
        if not folders and server.workspace.root_uri:
            folders = [server.workspace.root_uri]
        for uri in folders:
            if (path := path_of(uri)) is not None:
                server.ask(server.open_folder(path), rest=0)
        if watches(server):
            _watch(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for removed in params.event.removed:
            if (path := path_of(removed.uri)) is not None:
                server.close_folder(path)
        for added in params.event.added:
            if (path := path_of(added.uri)) is not None:
                server.ask(server.open_folder(path), rest=0)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.opened(document.uri, document.text, document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        document = server.workspace.get_text_document(params.text_document.uri)
        server.opened(params.text_document.uri, document.source, params.text_document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.saved(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        paths = (path_of(one.uri) for one in params.changes)
        server.changed_on_disk(path for path in paths if path is not None)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configuration_changed(_: types.DidChangeConfigurationParams) -> None:
        for project in server.projects.values():
            server.ask(project, anew=True)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        path = path_of(params.text_document.uri)
        project = None if path is None else server.project_of(path)
        if path is None or project is None or project.look is None:
            return None
        name = path.relative_to(project.watched.root).as_posix()
        return hover(project.look, server.client, name, params.position)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=actions.KINDS, resolve_provider=True),
    )
    async def code_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        path = path_of(params.text_document.uri)
        project = None if path is None else server.project_of(path)
        look = None if project is None else await server.current(project)
        if path is None or project is None or look is None:
            return []
        name = path.relative_to(project.watched.root).as_posix()
        found = actions.actions(look, server.client, name, params)
        if not resolves(server):
            for action in found:
                if action.edit is None:
                    action.command = types.Command(action.title, APPLY, arguments=[action.data])
        return found

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolved(action: types.CodeAction) -> types.CodeAction:
        if action.edit is None and isinstance(action.data, dict):
            action.edit = await server.edit_of(action.data) or types.WorkspaceEdit()
        return action

    @server.command(APPLY)
    async def apply(data: dict[str, Any]) -> None:
        edit = await server.edit_of(data)
        if edit is not None:
            server.workspace_apply_edit(types.ApplyWorkspaceEditParams(edit))

    @server.feature(types.SHUTDOWN)
    def shut_down(_: None) -> None:
        server.is_dismissed = True
        server.worker.shutdown(wait=False, cancel_futures=True)

    return server


def _watch(server: Server) -> None:
    """Ask the client to tell of files that change on the disk."""
    watchers = [types.FileSystemWatcher(glob) for glob in WATCHED_FILES]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    registration = types.Registration("lcmemlint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    server.client_register_capability(types.RegistrationParams([registration]))
