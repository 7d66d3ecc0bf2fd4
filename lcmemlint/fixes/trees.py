"""A parsed file for codemods: LibCST nodes with their stretch of text, and the questions that codemods ask.

Nodes are looked at, never changed: a codemod answers with edits of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from lcmemlint.values import Span

NEWLINE = re.compile(r"\r\n|\r|\n")
Node = TypeVar("Node", bound=cst.CSTNode)
Function = cst.FunctionDef | cst.Lambda


class Tree:
    """One parsed text. Offsets count code points; raises ``cst.ParserSyntaxError`` when the text does not parse."""

    def __init__(self, text: str) -> None:
        # What the parser made holds no node twice, which is what the copy would be for.
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.text = text
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._starts = [0, *(found.end() for found in NEWLINE.finditer(text))]
        if (
            self.module.code.rstrip() != text.rstrip()
        ):  # LibCST 1.9 drops odd blank lines at the end of a file
            raise ValueError("LibCST does not give this text back as it is")

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode | None]:
        """The node around each node, in source order: LibCST takes its time to list the children of a node."""
        found: dict[cst.CSTNode, cst.CSTNode | None] = {}
        pending: list[tuple[cst.CSTNode, cst.CSTNode | None]] = [(self.module, None)]
        while pending:
            node, around = pending.pop()
            found[node] = around
            pending += [(child, node) for child in reversed(node.children)]
        return found

    def walk(self, kind: type[Node]) -> Iterator[Node]:
        """The nodes of one kind, in source order."""
        return (node for node in self._parents if isinstance(node, kind))

    @cached_property
    def imports(self) -> tuple[tuple[str, str], ...]:
        """What `imported_as` finds, looked for once: codemods ask for every name in a file."""
        return tuple(_imported_as(self))

    @property
    def newline(self) -> str:
        """The line end of the file."""
        return self.module.default_newline

    @property
    def step(self) -> str:
        """One level of indentation."""
        return self.module.default_indent

    @property
    def quote(self) -> str:
        """The quote that the file prefers for short text."""
        single = len(re.findall(r"(?<!')'(?!')", self.text))
        double = len(re.findall(r'(?<!")"(?!")', self.text))
        return "'" if single > double else '"'

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node begins and ends, without whitespace and comments around it."""
        found = self._positions[node]
        return (
            self._starts[found.start.line - 1] + found.start.column,
            self._starts[found.end.line - 1] + found.end.column,
        )

    def source(self, node: cst.CSTNode) -> str:
        """The node as written."""
        start, end = self.extent(node)
        return self.text[start:end]

    def line(self, node: cst.CSTNode) -> int:
        """The node's first line, counted from 1."""
        return int(self._positions[node].start.line)

    def offsets(self, span: Span) -> tuple[int, int]:
        """The stretch of text that a span means; a span outside the text is empty at its end."""
        return (self._offset(span.line, span.column), self._offset(span.end_line, span.end_column))

    def _offset(self, line: int, column: int) -> int:
        if line > len(self._starts):
            return len(self.text)
        return min(self._starts[line - 1] + column, len(self.text))

    def line_start(self, offset: int) -> int:
        """Where the line with this offset begins."""
        return max(start for start in self._starts if start <= offset)

    def line_end(self, offset: int) -> int:
        """Where the line with this offset ends, before its newline."""
        found = NEWLINE.search(self.text, offset)
        return found.start() if found else len(self.text)

    def next_line(self, offset: int) -> int:
        """Where the line after the one with this offset begins (the end of the text after the last)."""
        found = NEWLINE.search(self.text, offset)
        return found.end() if found else len(self.text)

    def lines(self, statement: cst.CSTNode, last: cst.CSTNode | None = None) -> tuple[int, int]:
        """What to cut to take a statement's lines away: with so many blank lines that they do not pile up.

        ``last`` is the last of several statements that follow each other.
        """
        start, end = self.extent(statement)[0], self.extent(last or statement)[1]
        start, end = self.line_start(start), self.next_line(end)
        first, before = start, 0
        while first > 0 and not self.text[self.line_start(first - 1) : first].strip():
            first, before = self.line_start(first - 1), before + 1
        after = [end]
        while after[-1] < len(self.text) and not self.text[after[-1] : self.line_end(after[-1])].strip():
            after.append(self.next_line(after[-1]))
        if first == 0:
            return start, after[-1]
        return (
            (first, after[-1]) if after[-1] == len(self.text) else (start, after[min(before, len(after) - 1)])
        )

    def indent(self, offset: int) -> str:
        """The whitespace that begins the line with this offset."""
        found = re.compile(r"[ \t\f]*").match(self.text, self.line_start(offset))
        return found.group() if found else ""

    def starts_line(self, offset: int) -> bool:
        """Whether only whitespace stands before this offset on its line."""
        return not self.text[self.line_start(offset) : offset].strip()

    def calls_at(self, span: Span) -> Iterator[cst.Call]:
        """The calls that are exactly this span."""
        wanted = self.offsets(span)
        return (node for node in self.walk(cst.Call) if self.extent(node) == wanted)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around this one."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around this one, innermost first."""
        while (around := self.parent(node)) is not None:
            yield around
            node = around

    def function(self, node: cst.CSTNode) -> Function | None:
        """The innermost function or lambda whose body holds the node."""
        inside = node
        for around in self.ancestors(node):
            if isinstance(around, cst.FunctionDef | cst.Lambda) and inside is around.body:
                return around
            inside = around
        return None

    def statement(self, node: cst.CSTNode) -> cst.BaseStatement:
        """The innermost statement that holds the node: a line of simple statements, or a compound one."""
        for each in (node, *self.ancestors(node)):
            if isinstance(each, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                return each
        raise LookupError("a node without a statement")

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment begins in this stretch of text."""
        return any(start <= self.extent(node)[0] < end for node in self.walk(cst.Comment))

    def comments(self, start: int, end: int) -> list[str]:
        """The comments that begin in this stretch of text, in order."""
        found = ((self.extent(node)[0], node.value) for node in self.walk(cst.Comment))
        return [value for offset, value in sorted(found) if start <= offset < end]


def walk(node: cst.CSTNode, kind: type[Node]) -> Iterator[Node]:
    """The nodes of one kind in a tree, in source order, the given one included."""
    return (each for each in every(node) if isinstance(each, kind))


def every(node: cst.CSTNode, *, into_functions: bool = True) -> Iterator[cst.CSTNode]:
    """All nodes of a tree, in source order, the given one included."""
    yield node
    for child in node.children:
        if into_functions or not isinstance(child, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            yield from every(child, into_functions=into_functions)


def dotted(node: cst.CSTNode | None) -> str | None:
    """``a.b.c`` for a plain attribute chain, else None."""
    match node:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=base, attr=cst.Name(value=last)):
            head = dotted(base)
            return None if head is None else f"{head}.{last}"
    return None


def unparenthesized(node: cst.BaseExpression) -> str:
    """The expression in a normal form, to compare two: no outer parentheses, one kind of quotes and spaces."""
    bare = node.with_changes(lpar=(), rpar=()) if getattr(node, "lpar", ()) else node
    code = re.sub(r"\s+", " ", cst.Module(body=()).code_for_node(bare)).strip()
    return code if '"' in code and "'" in code else code.replace("'", '"')


def parsed_expression(code: str) -> cst.BaseExpression | None:
    """The expression that a piece of code is, None when it is none."""
    try:
        return cst.parse_expression(code)
    except (cst.ParserSyntaxError, ValueError, RecursionError):
        return None


def imported_as(tree: Tree) -> tuple[tuple[str, str], ...]:
    """(local name, dotted path) of all imports of a file, functions included; ``import a.b`` binds ``a`` to ``a``."""
    return tree.imports


def _imported_as(tree: Tree) -> Iterator[tuple[str, str]]:
    for node in tree.walk(cst.Import):
        for alias in node.names:
            path = dotted(alias.name) or ""
            local = dotted(alias.asname.name) if alias.asname else None
            yield (local, path) if local else (path.split(".")[0], path.split(".")[0])
    for found in tree.walk(cst.ImportFrom):
        source = "." * len(found.relative) + (dotted(found.module) or "")
        if isinstance(found.names, cst.ImportStar):
            continue
        for alias in found.names:
            name = dotted(alias.name) or ""
            local = dotted(alias.asname.name) if alias.asname else name
            yield (local or name, f"{source}.{name}")


def resolved(tree: Tree, node: cst.CSTNode) -> str | None:
    """The dotted path of a name or attribute chain with the file's imports put in; None for anything else."""
    written = dotted(node)
    if written is None:
        return None
    head, _, rest = written.partition(".")
    path = next((path for local, path in imported_as(tree) if local == head), head)
    return f"{path}.{rest}" if rest else path


def uses(tree: Tree, name: str) -> Iterator[cst.Name]:
    """Where a name stands for itself: not as an attribute, a keyword of a call, or a renamed import."""
    for node in tree.walk(cst.Name):
        if node.value != name:
            continue
        around = tree.parent(node)
        if isinstance(around, cst.Attribute) and around.attr is node:
            continue
        if isinstance(around, cst.Arg) and around.keyword is node:
            continue
        if isinstance(around, cst.ImportAlias) and around.asname is not None:
            continue
        yield node


def offset(text: str, line: int, column: int) -> int:
    """Where a line (from 1) and column (from 0) are in a text."""
    starts = [0, *(found.end() for found in NEWLINE.finditer(text))]
    return min(starts[min(line, len(starts)) - 1] + column, len(text))
