"""The pictures of README and site, made from what the command really prints. `make pictures` runs it.

`docs/terminal.svg` is a recording: each command appears, then its output; who has asked for less motion sees the end at
once. `docs/map.svg` is what `--map` draws of the same example.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "fastapi_three_files"
COMMANDS = ("lcmemlint --select LCM102", "lcmemlint --fix --format concise", "lcmemlint")

COLUMNS, LETTER, LINE, EDGE, TOP = 112, 7.83, 18, 16, 44
"""Cells of a line; pixels of a cell, a line, the edge and the title bar."""
PAUSE = 1.6
"""Seconds before the next thing appears."""
_SGR = re.compile(r"\x1b\[([\d;]*)m")

STYLE = """
text{font:13px ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',monospace;fill:#d7dae0;white-space:pre}
.c31{fill:#f2867f}.c33{fill:#f3b760}.c34{fill:#8ab4f8}.c36{fill:#66cfe4}.b{font-weight:700}.p{fill:#5fd3a6;font-weight:700}
.d{fill:#a4acb8}.s{opacity:0;animation:show .01s linear forwards}@keyframes show{to{opacity:1}}
@media(prefers-reduced-motion:reduce){.s{animation:none;opacity:1}}
"""


def run(command: str, folder: Path) -> str:
    """What a terminal shows of a command: both streams, in colour."""
    arguments = command.split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "lcmemlint", "--color", "always", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    if done.returncode > 1:
        raise SystemExit(f"{command}: {done.stdout}")
    return done.stdout.rstrip("\n")


def pieces(line: str) -> Iterator[tuple[str, str]]:
    """The parts of a line, each with its classes: colour and weight."""
    classes = ""
    for number, part in enumerate(_SGR.split(line)):
        if number % 2 == 0:
            if part:
                yield classes, part
            continue
        codes = [code for code in part.split(";") if code not in ("", "0")]
        classes = " ".join({"1": "b", "2": "d"}.get(code, f"c{code}") for code in codes)


def wrapped(line: str) -> Iterator[list[tuple[str, str]]]:
    """The line in rows that fit the terminal."""
    row: list[tuple[str, str]] = []
    room = COLUMNS
    for classes, text in pieces(line):
        while len(text) > room:
            cut = text.rfind(" ", 0, room) + 1 or room
            row.append((classes, text[:cut]))
            yield row
            row, text, room = [], text[cut:], COLUMNS
        row.append((classes, text))
        room -= len(text)
    yield row


def recording(steps: list[tuple[str, str]]) -> str:
    """The SVG of a terminal in which commands are run one after the other."""
    parts: list[str] = []
    y = TOP + LINE
    for number, (command, output) in enumerate(steps):
        rows = [[("p", "$ "), ("b", command)]]
        parts += _shown(rows, y, 2 * number * PAUSE)
        y += LINE
        rows = [row for line in output.splitlines() for row in wrapped(line)]
        parts += _shown(rows, y, (2 * number + 0.6) * PAUSE)
        y += LINE * (len(rows) + 1)
    width, height = int(COLUMNS * LETTER) + 2 * EDGE, y
    lights = "".join(
        f'<circle cx="{EDGE + 6 + 20 * at}" cy="20" r="6" fill="{colour}"/>'
        for at, colour in enumerate(("#f2867f", "#f3b760", "#5fd3a6"))
    )
    title = "lcmemlint finds, repairs and no longer finds a history that each worker keeps for itself"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title">\n<title id="title">{title}</title>\n<style>{STYLE}</style>\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#16181c"/>{lights}\n{"".join(parts)}</svg>\n'
    )


def _shown(rows: list[list[tuple[str, str]]], y: int, after: float) -> Iterator[str]:
    """Rows that appear together."""
    yield f'<g class="s" style="animation-delay:{after:.2f}s">\n'
    for number, row in enumerate(rows):
        spans = "".join(
            f'<tspan class="{classes}">{escape(text)}</tspan>' if classes else escape(text)
            for classes, text in row
        )
        yield f'<text x="{EDGE}" y="{y + LINE * number}" xml:space="preserve">{spans}</text>\n'
    yield "</g>\n"


def pictures() -> dict[str, str]:
    """File name → text of every picture."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "bot"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        drawn = subprocess.run(
            [sys.executable, "-m", "lcmemlint", "--map", "-", "--map-format", "svg"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        return {
            "map.svg": drawn.stdout,
            "terminal.svg": recording([(one, run(one, folder)) for one in COMMANDS]),
        }


if __name__ == "__main__":
    for name, picture in pictures().items():
        (DOCS / name).write_text(picture, encoding="utf-8")
