"""JSON with places. Comments and trailing commas are allowed, as the tools that own such files allow them."""

from __future__ import annotations

import json
import re

from lcmemlint.deploy.nodes import MAX_DEPTH, MAX_NODES, Node, TooDeep

_SPACE = re.compile(r"(?:[\s\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_PLAIN = re.compile(r"[^\s,:\[\]{}\"]+")


class JsonFault(Exception):
    """The text is not JSON from ``line`` on."""

    def __init__(self, line: int, message: str) -> None:
        """At this line."""
        super().__init__(message)
        self.line = line


def json_document(text: str) -> Node:
    """The document; raises ``JsonFault`` or ``TooDeep``."""
    return _Reader(text).document()


class _Reader:
    """One pass over the text; lines are counted as it goes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.counted = 0
        self.line = 1
        self.nodes = 0

    def document(self) -> Node:
        """The only value of the text."""
        self.skip()
        return self.value(0)

    def skip(self) -> str:
        """Pass over space and comments; returns the next character, "" at the end."""
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.text[self.position : self.position + 1]

    def place(self) -> tuple[int, int]:
        """Line and column of the current position."""
        self.line += self.text.count("\n", self.counted, self.position)
        self.counted = self.position
        return self.line, self.position - (self.text.rfind("\n", 0, self.position) + 1)

    def fault(self, wanted: str) -> JsonFault:
        """A complaint about what stands here."""
        return JsonFault(self.place()[0], f"not JSON: expected {wanted}")

    def value(self, depth: int) -> Node:
        """The value that begins here."""
        line, column = self.place()
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise TooDeep(line, f"nested more than {MAX_DEPTH} levels deep")
        if self.nodes > MAX_NODES:
            raise TooDeep(line, f"more than {MAX_NODES} values")
        opening = self.skip()
        if opening == "{":
            return Node("map", line, column, entries=tuple(self.entries(depth)))
        if opening == "[":
            return Node("list", line, column, items=tuple(self.items(depth)))
        if opening == '"':
            return Node("text", line, column, text=self.string(), style='"')
        match = _PLAIN.match(self.text, self.position)
        if match is None:
            raise self.fault("a value")
        self.position = match.end()
        return Node("text", line, column, text=match[0])

    def string(self) -> str:
        """The string that begins here, unescaped."""
        match = _STRING.match(self.text, self.position)
        if match is None:
            raise self.fault("the end of a string")
        self.position = match.end()
        if "\\" not in match[1]:
            return match[1]
        try:
            return str(json.loads(match[0], strict=False))
        except ValueError:
            return match[1]

    def entries(self, depth: int) -> list[tuple[Node, Node]]:
        """Keys and values up to the closing brace."""
        self.position += 1
        found: list[tuple[Node, Node]] = []
        while (character := self.skip()) != "}":
            if character != '"':
                raise self.fault("a key")
            key = self.value(depth + 1)
            if self.skip() != ":":
                raise self.fault("a colon")
            self.position += 1
            self.skip()
            found.append((key, self.value(depth + 1)))
            self.comma("}")
        self.position += 1
        return found

    def items(self, depth: int) -> list[Node]:
        """Values up to the closing bracket."""
        self.position += 1
        found: list[Node] = []
        while self.skip() != "]":
            found.append(self.value(depth + 1))
            self.comma("]")
        self.position += 1
        return found

    def comma(self, closing: str) -> None:
        """Pass over the comma between two values."""
        character = self.skip()
        if character == ",":
            self.position += 1
        elif character != closing:
            raise self.fault("a comma")
