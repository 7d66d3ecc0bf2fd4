"""A notebook as one Python text, and the way back.

The code cells follow each other, each below a comment `# %% [cell 3]` (cells count from 1, text cells too). Lines that
only IPython understands (magics, shell lines, cells of another language) become comments or `pass`, so that the text
parses and lines stay lines. A changed text is written back into the JSON as it was: of what no edit touched, every
byte stays, down to the indent, the order of keys and the way that letters are escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec import Struct

from lcmemlint.facts import Problem
from lcmemlint.magics import hidden, restored

_MARKER: Final = re.compile(r"^# %% \[cell (\d+)\]\n", re.MULTILINE)
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+\Z")


class Part(Struct, frozen=True):
    """A stretch of the JSON text: one string of a cell's source, with its quotes."""

    start: int
    end: int
    value: str


class Cell(Struct, frozen=True):
    """A code cell. `start` and `end` enclose the value of its `source`: a string, or a list of strings."""

    number: int
    start: int
    end: int
    is_list: bool
    parts: tuple[Part, ...]

    @property
    def code(self) -> str:
        """What stands in the cell."""
        return "".join(part.value for part in self.parts)


@dataclass(frozen=True)
class Notebook:
    """A notebook's JSON text, and its code cells in order."""

    raw: str
    cells: tuple[Cell, ...]

    @cached_property
    def text(self) -> str:
        """The cells as one Python text."""
        return "".join(f"# %% [cell {cell.number}]\n{_closed(hidden(cell.code))}" for cell in self.cells)

    @cached_property
    def _starts(self) -> tuple[tuple[int, Cell], ...]:
        """The line of each cell's comment in the text."""
        found, line = [], 1
        for cell in self.cells:
            found.append((line, cell))
            line += 1 + _closed(hidden(cell.code)).count("\n")
        return tuple(found)

    def place(self, line: int) -> tuple[int, int]:
        """The cell of a line of the text, and the line in that cell; both count from 1."""
        number, inside = 0, line
        for start, cell in self._starts:
            if start > line:
                break
            number, inside = cell.number, max(line - start, 1)
        return number, inside

    def raw_line(self, line: int) -> int:
        """The line of the JSON file on which a line of the text stands."""
        number, inside = self.place(line)
        cell = next((cell for cell in self.cells if cell.number == number), None)
        offset = 0 if cell is None else cell.start
        for part in cell.parts if cell is not None else ():
            offset = part.start
            inside -= len(_LINE.findall(part.value)) or 1
            if inside <= 0:
                break
        return self.raw.count("\n", 0, offset) + 1

    def rewritten(self, text: str) -> str:
        """The JSON text with what `text` has in place of the cells.

        Raises `ValueError` when a cell's comment or a hidden line is gone: then nobody knows what belongs where.
        """
        pieces = _MARKER.split(text)
        numbers = [int(number) for number in pieces[1::2]]
        if numbers != [cell.number for cell in self.cells]:
            raise ValueError("the edit would take the cells of the notebook apart")
        codes = [pieces[0] + code if at == 0 else code for at, code in enumerate(pieces[2::2])]
        found, done = [], 0
        for cell, code in zip(self.cells, codes, strict=True):
            new = restored(code, cell.code)
            if not cell.code.endswith("\n"):
                new = new.removesuffix("\n")
            found += [self.raw[done : cell.start], self._source(cell, new)]
            done = cell.end
        return "".join([*found, self.raw[done:]])

    def _source(self, cell: Cell, code: str) -> str:
        """The value of a cell's `source` with other code in it."""
        if code == cell.code:
            return self.raw[cell.start : cell.end]
        if not cell.is_list:
            return self._literal(code)
        from difflib import SequenceMatcher  # slow to import, and only repairs need it

        olds, news = [part.value for part in cell.parts], _LINE.findall(code)
        literals: list[str] = []
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
            if tag == "equal":
                literals += (self.raw[part.start : part.end] for part in cell.parts[i1:i2])
            else:
                literals += map(self._literal, news[j1:j2])
        opening, between, closing = self._gaps(cell)
        return f"[{opening}{between.join(literals)}{closing}]" if literals else "[]"

    def _gaps(self, cell: Cell) -> tuple[str, str, str]:
        """What stands before the first string of a list, between two, and after the last."""
        if not cell.parts:
            return "", ", ", ""
        opening = self.raw[cell.start + 1 : cell.parts[0].start]
        closing = self.raw[cell.parts[-1].end : cell.end - 1]
        if len(cell.parts) == 1:
            return opening, f",{opening or ' '}", closing
        return opening, self.raw[cell.parts[0].end : cell.parts[1].start], closing

    def _literal(self, value: str) -> str:
        """A JSON string, with letters escaped if the notebook escapes them."""
        return json.dumps(value, ensure_ascii=self.raw.isascii() and "\\u" in self.raw)


def _closed(code: str) -> str:
    """Code that ends with the end of a line."""
    return code if not code or code.endswith("\n") else f"{code}\n"


# --- reading ---------------------------------------------------------------------------------------------


def read_notebook(data: bytes) -> Notebook | Problem:
    """The notebook that these bytes are, or why they are none."""
    try:
        raw = data.decode("utf-8")
        cells = tuple(_cells(raw))
    except UnicodeDecodeError as error:
        return Problem(0, 0, f"is not UTF-8 at byte {error.start}, so it is no notebook")
    except json.JSONDecodeError as error:
        return Problem(
            0, 0, f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}; save it again"
        )
    except RecursionError:
        return Problem(0, 0, "is nested too deeply to be a notebook")
    except _NoNotebook as error:
        return Problem(0, 0, f"is no notebook of Jupyter 4 or newer: {error}")
    return Notebook(raw, cells)


class _NoNotebook(ValueError):
    """JSON, but not a notebook's."""


def _cells(raw: str) -> Iterator[Cell]:
    """The code cells of a notebook in Python."""
    whole = dict(_members(raw, _skip(raw, 1 if raw.startswith("\ufeff") else 0)))
    if "cells" not in whole:
        raise _NoNotebook("it has no `cells`")
    if not _is_python(raw, whole):
        return
    for number, (start, _) in enumerate(_elements(raw, whole["cells"][0]), 1):
        members = dict(_members(raw, start))
        if "cell_type" in members and _value(raw, members["cell_type"]) == "code":
            if "source" not in members:
                raise _NoNotebook(f"cell {number} has no `source`")
            yield _cell(raw, number, *members["source"])


def _is_python(raw: str, whole: dict[str, tuple[int, int]]) -> bool:
    """Whether the kernel runs Python; a notebook that does not say is taken for one that does."""
    metadata = _value(raw, whole["metadata"]) if "metadata" in whole else {}
    told = (
        [metadata.get(key) for key in ("language_info", "kernelspec")] if isinstance(metadata, dict) else []
    )
    languages = [
        one.get("name" if at == 0 else "language") for at, one in enumerate(told) if isinstance(one, dict)
    ]
    named = [one.lower() for one in languages if isinstance(one, str)]
    return not named or any(one.startswith(("python", "ipython")) for one in named)


def _cell(raw: str, number: int, start: int, end: int) -> Cell:
    """One code cell, from the stretch of its source."""
    is_list = raw[start] == "["
    stretches = list(_elements(raw, start)) if is_list else [(start, end)]
    parts = []
    for first, last in stretches:
        value = _value(raw, (first, last))
        if not isinstance(value, str):
            raise _NoNotebook(f"the `source` of cell {number} is no text")
        parts.append(Part(first, last, value))
    return Cell(number, start, end, is_list, tuple(parts))


_DECODER: Final = json.JSONDecoder()


def _value(raw: str, stretch: tuple[int, int]) -> object:
    found: object = _DECODER.raw_decode(raw, stretch[0])[0]
    return found


def _skip(raw: str, at: int) -> int:
    match = _BLANK.match(raw, at)
    return at if match is None else match.end()


def _members(raw: str, at: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The members of the object that begins here: the key, and the stretch of the value."""
    if raw[at : at + 1] != "{":
        _DECODER.raw_decode(raw, at)  # says so if it is no JSON at all
        raise _NoNotebook("an object was expected")
    at = _skip(raw, at + 1)
    while raw[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(raw, at)
        at = _skip(raw, at)
        if raw[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", raw, at)
        start = _skip(raw, at + 1)
        _, end = _DECODER.raw_decode(raw, start)
        yield str(key), (start, end)
        at = _next(raw, end, "}")


def _elements(raw: str, at: int) -> Iterator[tuple[int, int]]:
    """The stretches of the elements of the list that begins here."""
    if raw[at : at + 1] != "[":
        raise _NoNotebook("a list was expected")
    at = _skip(raw, at + 1)
    while raw[at : at + 1] != "]":
        _, end = _DECODER.raw_decode(raw, at)
        yield at, end
        at = _next(raw, end, "]")


def _next(raw: str, end: int, closing: str) -> int:
    """Where the next member or element begins, or where the closing bracket is."""
    at = _skip(raw, end)
    if raw[at : at + 1] == ",":
        return _skip(raw, at + 1)
    if raw[at : at + 1] != closing:
        raise json.JSONDecodeError("Expecting ',' delimiter", raw, at)
    return at
