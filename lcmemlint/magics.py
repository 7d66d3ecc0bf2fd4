"""Lines of a notebook that only IPython understands, put out of Python's way and back.

`hidden` makes comments of them (or `pass`, where a statement must stand), each with its number, so that `restored`
finds them again wherever an edit has moved them. Code without such lines stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = "%lcmemlint:"
_HIDDEN: Final = re.compile(rf"^.*# {re.escape(_TOKEN)}(\d+)[ \t]*$", re.MULTILINE)
_CELL: Final = re.compile(r"\s*%%(\w*)")
_PYTHON_CELLS: Final = frozenset({"time", "timeit", "capture", "prun", "debug", "memit", "python", "python3"})
"""Cell magics whose cell is Python that runs in the notebook."""
_MAGIC: Final = re.compile(
    r"\s*(?:[%!?]|(?:[\w.\[\]'\"]+)\?{1,2}\s*$|(?:pip3?|conda|mamba|uv)\s+(?:-\S+\s+)*(?:install|uninstall|add|pip)\s)"
)
_ASSIGNED: Final = re.compile(r"(\s*[\w.,\[\]'\" ()*]+?=)\s*(?:[!]|%\w)")
_PIECE: Final = re.compile(
    r"#[^\n]*|'''|\"\"\"|'(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?|[()\[\]{}]|\\\n|\n|[^#'\"()\[\]{}\\\n]+|\\"
)


def hidden(code: str) -> str:
    """The code of a cell with lines of IPython hidden; it has as many lines as before."""
    lines = code.split("\n")
    found = dict(_found(lines))
    return "\n".join(found.get(at, line) for at, line in enumerate(lines))


def restored(code: str, original: str) -> str:
    """The code with the hidden lines of `original` as they were; raises `ValueError` if one of them is gone."""
    lines = original.split("\n")
    wanted = {at: lines[at] for at, _ in _found(lines)}
    numbers = [int(number) for number in _HIDDEN.findall(code)]
    if sorted(numbers) != sorted(wanted):
        raise ValueError("the edit would lose a magic command of the notebook")
    return _HIDDEN.sub(lambda match: wanted[int(match[1])], code)


def _found(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines to hide, by index, and what stands there instead."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    magic = _CELL.match(lines[first]) if first < len(lines) else None
    if magic is not None and magic[1] not in _PYTHON_CELLS:
        yield from ((at, f"# {_TOKEN}{at}") for at in range(first, len(lines)) if lines[at].strip())
        return
    statements = frozenset(_statement_lines("\n".join(lines)))
    goes_on = False
    for at, line in enumerate(lines):
        if goes_on or (at in statements and _MAGIC.match(line)):
            indent = line[: len(line) - len(line.lstrip())]
            yield (
                at,
                f"{indent if not goes_on else ''}{'pass  ' if indent and not goes_on else ''}# {_TOKEN}{at}",
            )
            goes_on = line.endswith("\\")
        elif at in statements and (assigned := _ASSIGNED.match(line)) is not None and "==" not in assigned[1]:
            yield at, f"{assigned[1]} None  # {_TOKEN}{at}"
            goes_on = line.endswith("\\")


def _statement_lines(code: str) -> Iterator[int]:
    """The indexes of the lines on which a statement may begin: not inside of brackets or of a long string."""
    line, depth, quote, joined = 0, 0, "", False
    yield 0
    for piece in _PIECE.findall(code):
        line += piece.count("\n")
        if quote:
            quote = "" if piece == quote else quote
        elif piece in ("'''", '"""'):
            quote = piece
        elif piece in "([{":
            depth += 1
        elif piece in ")]}":
            depth = max(0, depth - 1)
        joined = piece == "\\\n"
        if piece == "\n" and not depth and not quote and not joined:
            yield line
