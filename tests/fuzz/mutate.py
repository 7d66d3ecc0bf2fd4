"""Real files, changed at random: lines lost, doubled, moved, indented; words of our domain put in; bytes spoilt.

Every other file gets the changes of `pages`, which leave it Python.
"""

from __future__ import annotations

import random
import re
from typing import Final

from tests.fuzz.grammar import CALLS, CONSTANTS, DECORATORS, IMPORTS, NAMES
from tests.fuzz.pages import change_code

WORD: Final = re.compile(r"\b[A-Za-z_]\w*\b")
ODD: Final = (
    "\t",
    "\x0c",
    "\r",
    "\ufeff",
    "\0",
    "\u2028",
    "é",
    "🤖",
    "\\",
    "'''",
    '"""',
    "(",
    ")",
    "{",
    "#",
    "\n\n",
)


def mutated(data: bytes, seed: int) -> bytes:
    """The file after one to four changes, the last of which may be to its bytes."""
    pick = random.Random(seed)
    lines = data.decode("utf-8", "replace").splitlines(keepends=True) or ["\n"]
    lines.insert(0, pick.choice(IMPORTS) + "\n")
    changes = pick.choice([1, 1, 1, 2, 2, 3, 4])
    if seed % 2:
        text = "".join(lines)
        for _ in range(changes):
            text = change_code(text, pick)
    else:
        for _ in range(changes):
            _change(lines, pick)
        text = "".join(lines)
    if pick.random() < 0.1:
        text = text.replace("\n", "\r\n")
    found = text.encode("utf-8", "replace")
    if pick.random() < 0.05:
        at = pick.randrange(len(found) + 1)
        found = found[:at] + bytes(pick.randrange(256) for _ in range(pick.randint(1, 4))) + found[at + 1 :]
    return found


def _change(lines: list[str], pick: random.Random) -> None:
    at = pick.randrange(len(lines))
    line = lines[at]
    match pick.choice([0, 1, 1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 6, 7, 8]):
        case 0:
            del lines[at]
            if not lines:
                lines.append("\n")
        case 1:
            lines.insert(at, line)
        case 2:
            lines.insert(pick.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = pick.choice(["    ", "\t", " "]) + line
        case 4:
            lines[at] = line.lstrip()
        case 5:
            lines[at] = WORD.sub(lambda _: pick.choice([*NAMES, *CALLS]), line, count=pick.randint(1, 3))
        case 6:
            indent = line[: len(line) - len(line.lstrip())]
            new = pick.choice(
                [
                    f"{pick.choice(NAMES)} = {pick.choice(CALLS)}({pick.choice(CONSTANTS)})",
                    pick.choice(DECORATORS),
                ]
            )
            lines.insert(at, f"{indent}{new}\n")
        case 7:
            place = pick.randrange(len(line) + 1)
            lines[at] = line[:place] + pick.choice(ODD) + line[place:]
        case _:
            lines[at] = line[: pick.randrange(len(line) + 1)]
