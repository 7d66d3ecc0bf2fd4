"""HCL (Terraform, Nomad) as blocks and attributes: values stay text, each with its line.

Expressions are not evaluated here; brackets, strings, heredocs and comments are passed over as wholes, so
that a brace inside them never ends a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.deploy.nodes import MAX_DEPTH, TooDeep


class Attribute(Struct, frozen=True):
    """``name = value``; ``value`` is the expression as written."""

    name: str
    value: str
    line: int


class Block(Struct, frozen=True):
    """``type "label" "label" { … }``"""

    type: str
    labels: tuple[str, ...]
    line: int
    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name, the last one if there are several."""
        return next((one for one in reversed(self.attributes) if one.name == name), None)

    def within(self, *types: str) -> Iterator[Block]:
        """The blocks at a path of types."""
        if not types:
            yield self
            return
        for block in self.blocks:
            if block.type == types[0]:
                yield from block.within(*types[1:])

    def find(self, *path: str) -> Attribute | None:
        """The attribute at a path of block types, the last of which is its own name."""
        found = (block.attribute(path[-1]) for block in self.within(*path[:-1]))
        return next((one for one in found if one is not None), None)

    @property
    def name(self) -> str:
        """The last label."""
        return self.labels[-1] if self.labels else ""


MAX_LABELS = 5

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+)
      | (?P<newline>\n)
      | (?P<comment>\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<heredoc><<-?[ \t]*(?P<mark>[A-Za-z_]\w*)[^\n]*\n.*?(?:^[ \t]*(?P=mark)[ \t]*(?=\r?$)|\Z))
      | (?P<string>"(?:[^"\\\n$%]|\\.|\$\$?(?!\{)|%%?(?!\{)|[$%]\{[^}\n]*\})*"?)
      | (?P<open>[\[({])
      | (?P<close>[\])}])
      | (?P<equals>=(?![=>]))
      | (?P<word>\w[\w.-]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

_Token = tuple[str, str, int]


def hcl_document(text: str) -> Block:
    """The file as one block without a type; what cannot be understood is passed over."""
    return _Reader(list(_tokens(text))).body("", (), 1, 0)


def _tokens(text: str) -> Iterator[_Token]:
    """Kind, text and line of each piece that is not space or comment."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        kind = "heredoc" if kind == "mark" else kind
        if kind not in ("space", "comment"):
            yield kind, match[0], line
        line += match[0].count("\n")
        if kind == "comment" and match[0].startswith("/*") and "\n" in match[0]:
            yield "newline", "\n", line


class _Reader:
    """Blocks out of tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.position = 0

    def peek(self, offset: int = 0) -> _Token:
        """The token ``offset`` ahead."""
        index = self.position + offset
        return self.tokens[index] if index < len(self.tokens) else ("end", "", 0)

    def body(self, type_: str, labels: tuple[str, ...], line: int, depth: int) -> Block:
        """Attributes and blocks up to the closing brace."""
        if depth > MAX_DEPTH:
            raise TooDeep(line, f"nested more than {MAX_DEPTH} levels deep")
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        while (token := self.peek())[0] != "end":
            if token[0] == "close":
                self.position += 1
                break
            if token[0] not in ("word", "string"):
                self.position += 1
            elif self.peek(1)[0] == "equals":
                self.position += 2
                attributes.append(Attribute(_unquoted(token[1]), self.expression(), token[2]))
            elif block := self.block(depth):
                blocks.append(block)
        return Block(type_, labels, line, tuple(attributes), tuple(blocks))

    def block(self, depth: int) -> Block | None:
        """The block that begins here; None (and one token on) if it is not one."""
        _, name, line = self.peek()
        ahead = 1
        labels: list[str] = []
        while ahead <= MAX_LABELS and self.peek(ahead)[0] in ("word", "string"):
            labels.append(_unquoted(self.peek(ahead)[1]))
            ahead += 1
        if self.peek(ahead)[1] != "{":
            self.position += 1
            return None
        self.position += ahead + 1
        return self.body(_unquoted(name), tuple(labels), line, depth + 1)

    def expression(self) -> str:
        """The text of an expression: up to the end of the line outside all brackets."""
        pieces: list[str] = []
        depth = 0
        while (token := self.peek())[0] != "end":
            kind, text, _ = token
            if depth == 0 and (kind == "newline" or (kind == "close" and pieces)):
                break
            depth += (kind == "open") - (kind == "close")
            if depth < 0:
                break
            pieces.append(text)
            self.position += 1
        return " ".join(piece for piece in pieces if piece != "\n")


def _unquoted(text: str) -> str:
    """A label or key without its quotes."""
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
