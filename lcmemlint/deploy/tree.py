"""The files of a run, each parsed once and only when a reader asks; what is wrong with them is kept."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from lcmemlint.deploy.documents import Complaint, yaml_documents
from lcmemlint.deploy.hcltext import Block, hcl_document
from lcmemlint.deploy.jsontext import JsonFault, json_document
from lcmemlint.deploy.nodes import NOTHING, Node, TooDeep
from lcmemlint.deploy.tomltext import TomlFault, toml_document
from lcmemlint.deploy.workload import FileProblem, Spot
from lcmemlint.facts import FileFacts

MAX_BYTES = 2_000_000
"""Larger files are not read: the largest real manifest of 2,117 was 418 kB."""
MAX_TOTAL = 200_000_000
"""Bytes of manifests read in one run."""
MAX_LINE_TEXT = 160

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that YAML refuses outright."""

_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s#,}\]]+")
"""What a place in a line marks: a quoted text or a word."""

FactsOf = Callable[[str], FileFacts | None]


class Tree(Struct):
    """What the readers ask: text, documents, facts and existence of project files.

    ``paths`` are all files that are known to exist, Python ones included; ``facts_of`` gives the facts of
    one Python file that a command starts.
    """

    files: Mapping[str, bytes]
    paths: frozenset[str]
    facts_of: FactsOf
    python: Mapping[str, FileFacts]
    problems: set[FileProblem] = field(default_factory=set)
    spent: int = 0
    budget: int = 500_000
    """Steps left for following scripts, overlays and expressions; no real project comes near."""
    followed: set[str] = field(default_factory=set)
    """Scripts and recipes that some manifest starts: they are not deployments of their own."""
    _texts: dict[str, str] = field(default_factory=dict)
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _yaml: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    _trees: dict[str, Node] = field(default_factory=dict)
    _hcl: dict[str, Block] = field(default_factory=dict)
    kept: dict[str, object] = field(default_factory=dict)
    """What a reader worked out for the whole tree and others may ask again."""

    def text(self, path: str) -> str:
        """The decoded text; "" for a file that is not there or too large."""
        if path not in self._texts:
            data = self.files.get(path, b"")
            if len(data) > MAX_BYTES:
                self.problem(path, (0, 0, f"larger than {MAX_BYTES // 1_000_000} MB, not read"))
                data = b""
            elif self.spent + len(data) > MAX_TOTAL:
                self.problem(path, (0, 0, "too many manifests, not read"))
                data = b""
            self.spent += len(data)
            self._texts[path] = decoded(data)
        return self._texts[path]

    def yaml(self, path: str) -> tuple[Node, ...]:
        """The YAML documents before the first fault."""
        if path not in self._yaml:
            documents, complaint = yaml_documents(self.text(path))
            if complaint:
                self.fault(path, complaint)
            self._yaml[path] = documents
        return self._yaml[path]

    def json(self, path: str) -> Node:
        """The JSON document; absent if it is none."""
        if path not in self._trees:
            try:
                self._trees[path] = json_document(self.text(path))
            except (JsonFault, TooDeep) as fault:
                self._trees[path] = NOTHING
                self.fault(path, (fault.line, 0, str(fault)))
        return self._trees[path]

    def toml(self, path: str) -> Node:
        """The TOML document; absent if it is none."""
        if path not in self._trees:
            try:
                self._trees[path] = toml_document(self.text(path))
            except TomlFault as fault:
                self._trees[path] = NOTHING
                self.fault(path, (fault.line, 0, str(fault)))
        return self._trees[path]

    def hcl(self, path: str) -> Block:
        """The blocks of an HCL file."""
        if path not in self._hcl:
            try:
                self._hcl[path] = hcl_document(self.text(path))
            except TooDeep as fault:
                self._hcl[path] = Block("", (), 1)
                self.problem(path, (fault.line, 0, str(fault)))
        return self._hcl[path]

    def fault(self, path: str, complaint: Complaint) -> None:
        """Remember a syntax error; in a template that is nothing yet, and in an empty file, it is none."""
        text = self.text(path)
        if text.strip() and not ("{{" in text or "{%" in text):
            self.problem(path, complaint)

    def problem(self, path: str, complaint: Complaint) -> None:
        """Remember why a file could not be read whole."""
        self.problems.add(FileProblem(path, *complaint))

    def may(self, cost: int = 1) -> bool:
        """Whether one more step may be taken; hostile files run out of them."""
        self.budget -= cost
        return self.budget > 0

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none for a file whose text is not at hand."""
        if path not in self._lines:
            self._lines[path] = self.text(path).split("\n") if path in self.files else []
        return self._lines[path]

    def spot(self, path: str, line: int, column: int = 0) -> Spot:
        """A line of a file with its text."""
        lines = self.lines(path)
        whole = lines[line - 1].rstrip() if 0 < line <= len(lines) else ""
        text = whole.strip()[:MAX_LINE_TEXT]
        if column == 0:
            indent = len(whole) - len(whole.lstrip())
            return Spot(path, line, indent, text, indent + len(text))
        value = _VALUE.match(whole, column)
        return Spot(path, line, column, text, value.end() if value else column + 1)

    def node_spot(self, path: str, node: Node) -> Spot:
        """The line of a node."""
        return self.spot(path, node.line, node.column)

    def exists(self, path: str) -> bool:
        """Whether the project has this file."""
        return path in self.paths

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a Python file, if somebody can give them."""
        return self.facts_of(path)


def decoded(data: bytes) -> str:
    """Text of a manifest: UTF-8, UTF-16 with its mark, else whatever can be read of it; without NULs."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    return _REFUSED.sub("", text)


def folder_of(path: str) -> str:
    """The folder of a project file, "" for the root."""
    return posixpath.dirname(path)


def joined(folder: str, path: str) -> str | None:
    """A project path from a folder and a relative path; None if it leaves the project."""
    whole = posixpath.normpath(posixpath.join(folder or ".", path or "."))
    if whole == ".":
        return ""
    return None if whole.startswith(("../", "/")) or whole == ".." else whole
