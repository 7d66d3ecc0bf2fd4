"""The map as one HTML page: no network, no scripts but its own (the policy in the page allows no others).

The browser lays the boxes out, so the page fits any width and any font; the script draws the arrows, folds, searches
and follows proofs. Without scripts the boxes and the proofs can still be read.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from posixpath import dirname
from typing import Final

from lcmemlint.findings import Finding
from lcmemlint.map.arrange import Column, Group, columns
from lcmemlint.map.model import HEADINGS, LIVES, Map, Node, Shown, Stop, summary
from lcmemlint.report.characters import escape

OPEN_UP_TO: Final = 45
"""Boxes of a map that is shown unfolded."""
FILES_UP_TO: Final = 12
"""Files of a column that need no folders."""
FOLDERS_UP_TO: Final = 24
"""Folders of a column."""
BREAKS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[_/.])(?=\w)")
"""Where a name or path may go on in the next line: before capitals, after `_`, `/` and dots."""


def render(of: Map) -> str:
    """The page."""
    css, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Memory map of {text(of.title)}</title>\n<style>{css}</style>\n</head>\n<body>\n"
        f"{''.join(_header(of))}{''.join(_side(of))}{''.join(_lanes(of))}"
        f'<script type="application/json" id="data">{_data(of)}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def text(words: str) -> str:
    """Words as HTML shows them, control characters made visible."""
    return html.escape(escape(words))


def breakable(name: str) -> str:
    """A name or path as HTML, with the places where a line may break."""
    return "<wbr>".join(text(part) for part in BREAKS.split(name))


def place(stop: Stop | Node | Finding) -> str:
    """`path:line` of something that has a place; else empty."""
    return "" if stop.at is None else f"{escape(stop.at.path)}:{stop.at.span.line}"


def _part(name: str) -> str:
    return files("lcmemlint.map").joinpath(name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    """The source expression that allows exactly this inline content (CSP Level 3, section 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _header(of: Map) -> Iterator[str]:
    yield f"<header>\n<h1>Where {text(of.title)} keeps its conversations</h1>\n<p>{text(summary(of))}</p>\n"
    yield '<div class="tools"><span id="status" role="status"></span><input type="search" id="search" '
    yield 'placeholder="Search (press /)" aria-label="Search boxes and findings">'
    yield '<button type="button" id="theme">Light / dark</button></div>\n</header>\n'


def _side(of: Map) -> Iterator[str]:
    checked = " checked" if len(of.nodes) > OPEN_UP_TO else ""
    yield '<aside class="side" aria-label="Findings">\n'
    yield '<section id="about" aria-live="polite" hidden><h2>Chosen</h2><div class="what"></div></section>\n'
    yield "<section><h2>Findings</h2>\n"
    yield '<p><button type="button" class="plain" id="all" hidden>Show the whole map (Esc)</button></p>\n'
    yield f'<p><label><input type="checkbox" id="only"{checked}> '
    yield "Hide what a chosen finding or box does not touch</label></p>\n"
    if of.shown:
        yield '<ol class="findings">\n'
        taken: dict[str, int] = {}
        for one in of.shown:
            taken[one.finding.code] = taken.get(one.finding.code, 0) + 1
            yield from _finding(one, f"{one.finding.code}-{taken[one.finding.code]}")
        yield "</ol>\n"
    else:
        yield "<p>None: lcmemlint found nothing to report.</p>\n"
    yield '</section>\n<section><h2>How long a conversation lives</h2><ul class="legend">\n'
    for life in of.lives:
        word, meaning = LIVES[life]
        yield f'<li><span class="life" data-life="{life}">{word}</span> {meaning}</li>\n'
    yield "</ul></section>\n"
    if of.remarks:
        items = "".join(f"<li>{text(remark)}</li>" for remark in of.remarks)
        yield f'<section><h2>Not drawn</h2><ul class="remarks">{items}</ul></section>\n'
    yield "</aside>\n"


def _finding(one: Shown, name: str) -> Iterator[str]:
    found = one.finding
    yield (
        f'<li id="{name}" data-severity="{found.severity}"><button type="button" aria-expanded="false">'
        f'<span class="badge">{found.code}</span> {_marked(found.message)} '
        f'<span class="place">{text(place(found))}</span></button>\n<div class="proof" hidden><ol class="steps">\n'
    )
    for stop in one.stops:
        code = f'<code class="source">{text(stop.code.strip())}</code>' if stop.code.strip() else ""
        yield (
            f'<li><button type="button" data-node="{stop.node}">{_marked(stop.text)} '
            f'<span class="place">{text(place(stop))}</span>{code}</button></li>\n'
        )
    yield "</ol>"
    for words in (found.help, "" if found.fix is not None else found.no_fix):
        if words:
            yield f'<p class="help">{_marked(words)}</p>'
    yield "</div></li>\n"


def _marked(words: str) -> str:
    """Text in which `backquotes` become code."""
    parts = text(words).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _lanes(of: Map) -> Iterator[str]:
    unfolded = len(of.nodes) <= OPEN_UP_TO
    yield '<main class="map" aria-label="Map"><div class="lanes">\n'
    for lane, inside in groupby(columns(of), key=lambda column: column.lane):
        yield f'<section class="lane"><h2>{HEADINGS[lane]}</h2><div class="columns">\n'
        for column in inside:
            yield '<div class="column">\n'
            yield from _column(column, of, unfolded)
            yield "</div>\n"
        yield "</div></section>\n"
    yield "</div></main>\n"


def _column(column: Column, of: Map, unfolded: bool) -> Iterator[str]:
    named = [group for group in column.groups if group.path]
    for group in column.groups:
        if not group.path:
            yield from (_node(node, of) for node in group.nodes)
    if len(named) <= FILES_UP_TO:
        for group in named:
            yield from _file(group, of, unfolded or len(group.nodes) == 1)
        return
    folders: dict[str, list[Group]] = {}
    depth = _depth([group.path for group in named])
    for group in named:
        folders.setdefault(_folder(group.path, depth), []).append(group)
    for folder, groups in folders.items():
        inside = [node for group in groups for node in group.nodes]
        yield f'<details class="folder"><summary>{breakable(folder)}{_chips(inside, of)}</summary>\n'
        for group in groups:
            yield from _file(group, of, unfolded or len(group.nodes) == 1)
        yield "</details>\n"


def _folder(path: str, depth: int) -> str:
    """The first folders of a path."""
    return "/".join((dirname(path) or ".").split("/")[:depth]) + "/"


def _depth(paths: list[str]) -> int:
    """How many levels of folders name few enough folders."""
    deepest = max(path.count("/") for path in paths) or 1
    fits = (at for at in range(deepest, 1, -1) if len({_folder(path, at) for path in paths}) <= FOLDERS_UP_TO)
    return next(fits, 1)


def _file(group: Group, of: Map, unfolded: bool) -> Iterator[str]:
    is_open = " open" if unfolded else ""
    yield f'<details class="file"{is_open}><summary>{breakable(group.path)}{_chips(list(group.nodes), of)}</summary>\n'
    yield from (_node(node, of) for node in group.nodes)
    yield "</details>\n"


def _chips(nodes: list[Node], of: Map) -> str:
    """What a folded group says about its inside."""
    numbers = sorted({number for node in nodes for number in node.findings})
    codes = dict.fromkeys(of.shown[number].finding.code for number in numbers)
    severity = next((node.severity for node in nodes if node.severity), None)
    badges = "".join(f' <span class="badge" data-severity="{severity}">{code}</span>' for code in codes)
    return f' <span class="count">({len(nodes)})</span>{badges}'


def _node(node: Node, of: Map) -> str:
    life = f' data-life="{node.life}"' if node.life else ""
    severity = f' data-severity="{node.severity}"' if node.severity else ""
    chips = f'<span class="life">{LIVES[node.life][0]}</span>' if node.life and node.lane == "memory" else ""
    codes = dict.fromkeys(of.shown[number].finding.code for number in node.findings)
    chips += "".join(f'<span class="badge">{code}</span>' for code in codes)
    line = f'<span class="chips">{chips}</span>' if chips else ""
    return (
        f'<button type="button" class="node" id="{node.id}"{life}{severity}><strong>{breakable(node.label)}</strong>'
        f"<small>{text(node.detail)}</small>{line}</button>\n"
    )


def _data(of: Map) -> str:
    """What the script needs, so written that no text in it can end the element."""
    whole = {
        "nodes": {
            node.id: {
                "label": escape(node.label),
                "detail": escape(node.detail),
                "place": place(node),
                "notes": [escape(note) for note in node.notes],
                "words": _words(node, of),
            }
            for node in of.nodes
        },
        "edges": [[edge.source, edge.target] for edge in of.edges],
        "findings": [{"path": one.path} for one in of.shown],
    }
    return json.dumps(whole, separators=(",", ":")).replace("<", "\\u003c")


def _words(node: Node, of: Map) -> str:
    """What a search looks at."""
    codes = (of.shown[number].finding.code for number in node.findings)
    life = LIVES[node.life][0] if node.life else ""
    return " ".join((node.label, node.detail, node.group, life, *node.notes, *codes)).lower()
