"""Findings and rule pages as the protocol writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lsprotocol import types
from pygls.uris import from_fs_path
from pygls.workspace import PositionCodec

from lcmemlint import rulebook
from lcmemlint.engine import FileProblem
from lcmemlint.findings import Finding, Severity, Step
from lcmemlint.lsp.texts import Text
from lcmemlint.lsp.watching import Look
from lcmemlint.suppress import UNUSED_IGNORE
from lcmemlint.values import Span

SOURCE: Final = "lcmemlint"
SEVERITIES: Final[Mapping[Severity, types.DiagnosticSeverity]] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_CODE: Final = re.compile(r"\bLCM\d{3}\b")


@dataclass(frozen=True)
class Client:
    """How the client writes places: its unit of columns, and its own URIs of open documents."""

    codec: PositionCodec
    uris: Mapping[Path, str] = field(default_factory=dict)

    def uri(self, path: Path) -> str:
        """The URI of a file."""
        return self.uris.get(path) or from_fs_path(str(path)) or path.as_uri()

    def position(self, text: Text, line: int, column: int) -> types.Position:
        """A place, lines counted from 1, columns in code points; a place after the text is its end."""
        if line > len(text.lines):
            line, column = len(text.lines), len(text.lines[-1])
        return types.Position(line - 1, self.codec.client_num_units(text.lines[line - 1][:column]))

    def range(self, text: Text, span: Span) -> types.Range:
        """A stretch of code."""
        return types.Range(
            self.position(text, span.line, span.column), self.position(text, span.end_line, span.end_column)
        )


class _Texts:
    """The texts of a look, each split into lines once."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._found: dict[str, Text] = {}

    def __getitem__(self, path: str) -> Text:
        if path not in self._found:
            self._found[path] = self._look.text(path)
        return self._found[path]


def diagnostics(look: Look, client: Client, only: str | None = None) -> dict[str, list[types.Diagnostic]]:
    """The diagnostics of every file that has some (or of one file), by URI; `only` is a relative path."""
    texts = _Texts(look)
    root = look.job.root
    found: dict[str, list[types.Diagnostic]] = {}
    for finding in look.findings:
        if only is None or finding.at.path == only:
            made = _diagnostic(finding, texts, root, client)
            found.setdefault(client.uri(root / finding.at.path), []).append(made)
    for problem in look.problems:
        if only is None or problem.path == only:
            found.setdefault(client.uri(root / problem.path), []).append(_problem(problem, texts, client))
    return found


def _diagnostic(finding: Finding, texts: _Texts, root: Path, client: Client) -> types.Diagnostic:
    message = finding.message if not finding.help else f"{finding.message}\nhelp: {finding.help}"
    steps = (*finding.because, *finding.related)
    return types.Diagnostic(
        range=client.range(texts[finding.at.path], finding.at.span),
        message=message,
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if finding.code == UNUSED_IGNORE else None,
        related_information=[_related(step, texts, root, client) for step in steps] or None,
    )


def _related(step: Step, texts: _Texts, root: Path, client: Client) -> types.DiagnosticRelatedInformation:
    place = types.Location(client.uri(root / step.at.path), client.range(texts[step.at.path], step.at.span))
    return types.DiagnosticRelatedInformation(location=place, message=step.text)


def _problem(problem: FileProblem, texts: _Texts, client: Client) -> types.Diagnostic:
    text = texts[problem.path]
    line = max(problem.line, 1)
    end = len(text.lines[line - 1].rstrip("\r\n")) if line <= len(text.lines) else 0
    return types.Diagnostic(
        range=client.range(text, Span(line, min(problem.column, end), line, end)),
        message=f"{problem.message}; its findings are missing",
        severity=types.DiagnosticSeverity.Information,
        source=SOURCE,
    )


def hover(look: Look, client: Client, path: str, position: types.Position) -> types.Hover | None:
    """The findings at a place with their proof and page, or the page of the code that is written there."""
    text = look.text(path)
    for finding in look.findings:
        if finding.at.path == path:
            place = client.range(text, finding.at.span)
            if place.start <= position <= place.end:
                told = "\n\n---\n\n".join(_told(one) for one in look.findings if one.at == finding.at)
                return _markdown(told, place)
    return _named(text, client, position)


def _named(text: Text, client: Client, position: types.Position) -> types.Hover | None:
    """The page of a code in a comment, such as `# lcmemlint: ignore[LCM101]`."""
    line = position.line + 1
    for found in _CODE.finditer(text.lines[position.line]) if line <= len(text.lines) else ():
        place = client.range(text, Span(line, found.start(), line, found.end()))
        if place.start <= position <= place.end and found[0] in rulebook.names():
            return _markdown(page(found[0]), place)
    return None


def _markdown(value: str, place: types.Range) -> types.Hover:
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, value), place)


def _told(finding: Finding) -> str:
    """One finding with its proof, then the page of its rule."""
    return "\n".join((*_lines(finding), "", page(finding.code)))


def _lines(finding: Finding) -> Iterator[str]:
    yield f"**{finding.code}** {finding.message}"
    if finding.because:
        yield ""
    for number, step in enumerate(finding.because, 1):
        yield f"{number}. `{step.at.path}:{step.at.span.line}` {step.text}"
    if finding.help:
        yield ""
        yield f"**Help:** {finding.help}"
    if finding.fix is None and finding.no_fix:
        yield ""
        yield f"**No fix:** {finding.no_fix}"


def page(code: str) -> str:
    """The page of a rule as Markdown; expectations of its examples become arrows."""
    rule = rulebook.rule(code)
    return f"# {rule.name} ({rule.code})\n\n{rule.summary}\n\n{rule.body}".replace("# expect: ", "# <-- ")
