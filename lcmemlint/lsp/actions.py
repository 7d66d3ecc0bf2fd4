"""Repairs and ignore comments as code actions.

Each is proven by linting the project with it, which takes as long as a look, so the list of actions only names
them; the edit of the one that is chosen is made when the client asks for it (`codeAction/resolve`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lsprotocol import types

from lcmemlint.findings import Finding
from lcmemlint.fixes import Fixed
from lcmemlint.fixes.repairs import changes
from lcmemlint.lsp.diagnostics import Client
from lcmemlint.lsp.texts import Text
from lcmemlint.lsp.watching import Look
from lcmemlint.sources import decode
from lcmemlint.suppress import UNUSED_IGNORE

QUICK_FIX: Final = types.CodeActionKind.QuickFix.value
FIX_ALL: Final = f"{types.CodeActionKind.SourceFixAll.value}.lcmemlint"
KINDS: Final = (QUICK_FIX, FIX_ALL)


def actions(look: Look, client: Client, path: str, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done about the findings in a range of a document: repairs before ignores, the safest first."""
    if path in look.stale:
        return []
    text = look.text(path)
    here = [one for one in look.findings if one.at.path == path]
    found: list[types.CodeAction] = []
    if _wants(params.context.only, QUICK_FIX):
        asked = [one for one in here if _meets(client.range(text, one.at.span), params.range)]
        found += (_repair(one, params) for one in sorted(asked, key=_is_unsafe) if one.fix is not None)
        found += (_ignore(one, params) for one in asked if one.code != UNUSED_IGNORE)
    if _wants(params.context.only, FIX_ALL) and any(one.fix and not _is_unsafe(one) for one in here):
        title = "Fix all lcmemlint findings that are safe to fix in this file"
        data = {"uri": params.text_document.uri, "do": "fix all"}
        found.append(types.CodeAction(title, kind=FIX_ALL, data=data))
    return found


def _is_unsafe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.unsafe


def _wants(only: Sequence[types.CodeActionKind | str] | None, kind: str) -> bool:
    """Whether the client asks for actions of this kind; `source` asks for `source.fixAll` too."""
    asked = [one.value if isinstance(one, types.CodeActionKind) else one for one in only or ()]
    return not asked or any(not one or kind == one or kind.startswith(f"{one}.") for one in asked)


def _meets(one: types.Range, other: types.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _repair(finding: Finding, params: types.CodeActionParams) -> types.CodeAction:
    unsafe = _is_unsafe(finding)
    return types.CodeAction(
        title=f"Fix {finding.code}" + (" (unsafe: it changes more than this place)" if unsafe else ""),
        kind=types.CodeActionKind.QuickFix,
        diagnostics=_shown(finding, params),
        is_preferred=not unsafe,
        data={**_data(finding, params), "do": "fix", "unsafe": unsafe},
    )


def _ignore(finding: Finding, params: types.CodeActionParams) -> types.CodeAction:
    return types.CodeAction(
        title=f"Ignore {finding.code} here",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=_shown(finding, params),
        data={**_data(finding, params), "do": "ignore"},
    )


def _data(finding: Finding, params: types.CodeActionParams) -> dict[str, object]:
    return {"uri": params.text_document.uri, "finding": _key(finding)}


def _key(finding: Finding) -> list[object]:
    """What tells a finding of one document."""
    return [finding.code, finding.at.span.line, finding.at.span.column, finding.symbol]


def _shown(finding: Finding, params: types.CodeActionParams) -> list[types.Diagnostic] | None:
    """The diagnostic that the client shows for a finding."""
    line = finding.at.span.line - 1
    found = (one for one in params.context.diagnostics if one.range.start.line == line)
    return [one for one in found if one.code == finding.code][:1] or None


def chosen(look: Look, path: str, data: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings that an action is about, as the look has them."""
    here = tuple(one for one in look.findings if one.at.path == path and path not in look.stale)
    if data.get("do") == "fix all":
        return tuple(one for one in here if one.fix is not None and not one.fix.unsafe)
    return tuple(one for one in here if _key(one) == data.get("finding"))


def workspace_edit(
    changed: Iterable[Fixed], look: Look, client: Client, versions: Mapping[str, int | None]
) -> types.WorkspaceEdit:
    """What an action changes: a few edits a document, and the modules that it makes."""
    found: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    for one in changed:
        uri = client.uri(look.job.root / one.path)
        if one.old is None:
            found.append(types.CreateFile(uri, options=types.CreateFileOptions(ignore_if_exists=True)))
        document = types.OptionalVersionedTextDocumentIdentifier(uri, versions.get(uri))
        found.append(types.TextDocumentEdit(document, list(_edits(one, client))))
    return types.WorkspaceEdit(document_changes=found)


def _edits(changed: Fixed, client: Client) -> Iterator[types.TextEdit]:
    """The stretches that differ."""
    old = "" if changed.old is None else decode(changed.old)[0]
    text = Text(old)
    for edit in changes(changed.path, old, decode(changed.new)[0]):
        yield types.TextEdit(client.range(text, edit.at.span), edit.new)
