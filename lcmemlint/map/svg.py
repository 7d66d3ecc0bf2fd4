"""The map as an SVG picture, light or dark as its reader is. A large one is folded until it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from lcmemlint.map.arrange import Column, columns
from lcmemlint.map.fold import folded
from lcmemlint.map.html import BREAKS, text
from lcmemlint.map.model import HEADINGS, LIVES, Edge, Map, Node
from lcmemlint.report.characters import cells, escape

BOXES: Final = 60
"""Boxes at most."""

WIDTH: Final = 158
GAP: Final = 32
LINE: Final = 16
LETTER: Final = 7.5
"""Pixels of a letter of the labels, at most: a picture cannot ask the font."""
_TOP: Final = 74
_PAD: Final = 10
_LETTERS: Final = int((WIDTH - 2 * _PAD) / LETTER)

_LIGHT: Final = {
    "paper": "#fbfaf8", "box": "#ffffff", "ink": "#1d2127", "soft": "#59606b", "line": "#d9d6cf", "arrow": "#9aa1ac",
    "error": "#b3261e", "warning": "#8a5300", "note": "#33618d", "request": "#b02a5b", "process": "#b34700",
    "host": "#6d5bd0", "shared": "#0a7a55", "client": "#0a6f86", "script": "#6a6f78", "unknown": "#6a6f78",
}  # fmt: skip
_DARK: Final = {
    "paper": "#16181c", "box": "#21252b", "ink": "#e8eaed", "soft": "#a4acb8", "line": "#3a404a", "arrow": "#6b7482",
    "error": "#f2867f", "warning": "#f3b760", "note": "#8fc1f0", "request": "#ff8fb4", "process": "#ffab6b",
    "host": "#b7a9ff", "shared": "#5fd3a6", "client": "#66cfe4", "script": "#a0a7b2", "unknown": "#a0a7b2",
}  # fmt: skip


class Box(Struct, frozen=True):
    """A node with its place; pixels, from the left and the top."""

    node: Node
    lines: tuple[tuple[str, str], ...]
    """Class and text of each line."""
    x: int
    y: int

    @property
    def height(self) -> int:
        """In pixels."""
        return LINE * len(self.lines) + _PAD


def render(of: Map) -> str:
    """The picture."""
    small = folded(of, BOXES)
    found = columns(small)
    boxes, names = _placed(found, small)
    width = max(len(found), 2) * (WIDTH + GAP) + GAP // 2
    height = max([box.y + box.height for box in boxes.values()], default=_TOP) + 52
    title = f"Where {of.title} keeps its conversations"
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-labelledby="title">\n<title id="title">{text(title)}</title>\n',
            f"<style>{_style()}</style>\n",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>\n',
            f'<rect width="{width}" height="{height}" class="paper"/>\n',
            f'<text x="{GAP // 2}" y="28" class="title">{text(title)}</text>\n',
            *_headings(found),
            *(f'<text x="{x}" y="{y}" class="file">{text(_end(name))}</text>\n' for x, y, name in names),
            *(_arrow(edge, boxes) for edge in small.edges),
            *(part for box in boxes.values() for part in _drawn(box)),
            *_legend(small, height),
            "</svg>\n",
        )
    )


def _style() -> str:
    """Both palettes; a box takes its colour from its classes."""
    rules = [
        "text{font:12px system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:var(--ink)}",
        ".title{font-size:16px;font-weight:600}.head{font-size:11px;letter-spacing:.06em;fill:var(--soft)}",
        ".name{font-weight:600}.soft,.legend{fill:var(--soft);font-size:11px}",
        ".file{font:10.5px ui-monospace,Menlo,'DejaVu Sans Mono',monospace;fill:var(--soft)}",
        ".paper{fill:var(--paper)}.box{fill:var(--box);stroke:var(--line)}",
        ".arrow{fill:none;stroke:var(--arrow);stroke-width:1.4}.tip{fill:var(--arrow)}",
    ]
    for word in ("error", "warning", "note"):
        rules.append(
            f".box.{word}{{stroke:var(--{word});stroke-width:2}}text.{word}{{fill:var(--{word});font-weight:700}}"
        )
    for life in LIVES:
        rules.append(f"rect.{life}{{fill:var(--{life})}}text.{life}{{fill:var(--{life});font-weight:600}}")
    light = "".join(f"--{name}:{colour};" for name, colour in _LIGHT.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in _DARK.items())
    return f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}{''.join(rules)}"


def _placed(found: tuple[Column, ...], of: Map) -> tuple[dict[str, Box], list[tuple[int, int, str]]]:
    """The boxes by the ids of their nodes, and the names of files with their places."""
    boxes: dict[str, Box] = {}
    names = []
    for number, column in enumerate(found):
        x, y = GAP // 2 + number * (WIDTH + GAP), _TOP
        for group in column.groups:
            if group.path:
                names.append((x, y + 8, group.path))
                y += LINE
            for node in group.nodes:
                box = Box(node, tuple(_lines(node, of)), x, y)
                boxes[node.id] = box
                y += box.height + 8
            y += 10
    return boxes, names


def _lines(node: Node, of: Map) -> Iterator[tuple[str, str]]:
    """What stands in a box."""
    yield from (("name", line) for line in wrapped(escape(node.label), _LETTERS))
    yield from (("soft", line) for line in wrapped(escape(node.detail), _LETTERS + 3))
    if node.life is not None and node.lane == "memory":
        yield node.life, LIVES[node.life][0]
    codes = dict.fromkeys(of.shown[number].finding.code for number in node.findings)
    if codes and node.severity is not None:
        yield from ((node.severity, line) for line in wrapped(" ".join(codes), _LETTERS))


def wrapped(words: str, width: int) -> list[str]:
    """Text in lines of that many cells; long names are broken as `BREAKS` has it, else where they must be."""
    lines: list[str] = []
    line = ""
    for number, word in enumerate(words.split()):
        for at, part in enumerate(BREAKS.split(word)):
            space = " " if number and at == 0 else ""
            if line and cells(line) + len(space) + cells(part) > width:
                lines.append(line)
                line, space = "", ""
            line = f"{line}{space}{part}"
            while cells(line) > width:
                lines.append(line[:width])
                line = line[width:]
    return [*lines, line] if line else lines


def _end(path: str) -> str:
    """The end of a path, as much as stands over a column."""
    shown = escape(path)
    room = _LETTERS + 4
    return shown if cells(shown) <= room else f"…{shown[-(room - 1) :]}"


def _headings(found: tuple[Column, ...]) -> Iterator[str]:
    for number, column in enumerate(found):
        if number == 0 or found[number - 1].lane != column.lane:
            x = GAP // 2 + number * (WIDTH + GAP)
            yield f'<text x="{x}" y="56" class="head">{HEADINGS[column.lane].upper()}</text>\n'


def _arrow(edge: Edge, boxes: dict[str, Box]) -> str:
    """A curve from box to box: over the right side where both stand in one column."""
    source, target = boxes[edge.source], boxes[edge.target]
    y1, y2 = source.y + source.height // 2, target.y + target.height // 2
    if target.x > source.x:
        x1, x2 = source.x + WIDTH, target.x - 1
        bend = max(18, (x2 - x1) // 2)
        path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    elif target.x < source.x:
        x1, x2 = source.x, target.x + WIDTH + 1
        path = f"M{x1} {y1}C{x1 - 30} {y1} {x2 + 30} {y2} {x2} {y2}"
    else:
        x1 = source.x + WIDTH
        side = x1 + min(GAP - 8, 16 + abs(y2 - y1) // 8)
        path = f"M{x1} {y1}C{side} {y1} {side} {y2} {x1 + 1} {y2}"
    return f'<path d="{path}" class="arrow" marker-end="url(#tip)"/>\n'


def _drawn(box: Box) -> Iterator[str]:
    node = box.node
    where = f"<title>{text(f'{node.at.path}:{node.at.span.line}')}</title>" if node.at is not None else ""
    yield (
        f'<g>{where}<rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{box.height}" rx="6" '
        f'class="box {node.severity or ""}"/>'
    )
    if node.life is not None:
        yield f'<rect x="{box.x}" y="{box.y}" width="4" height="{box.height}" rx="2" class="{node.life}"/>'
    for number, (kind, line) in enumerate(box.lines):
        yield f'<text x="{box.x + _PAD}" y="{box.y + LINE * (number + 1)}" class="{kind}">{text(line)}</text>'
    yield "</g>\n"


def _legend(of: Map, height: int) -> Iterator[str]:
    """What the colours mean."""
    x = GAP // 2
    for life in of.lives:
        word, meaning = LIVES[life]
        words = f"{word}: {meaning}"
        yield f'<rect x="{x}" y="{height - 27}" width="10" height="10" rx="2" class="{life}"/>'
        yield f'<text x="{x + 15}" y="{height - 18}" class="legend">{words}</text>\n'
        x += 34 + int(len(words) * 5.9)
