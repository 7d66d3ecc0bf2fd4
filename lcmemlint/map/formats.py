"""The formats of a map, and the file names that ask for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Final, Literal, TypeAlias

from lcmemlint.map.model import Map

Format: TypeAlias = Literal["html", "svg", "mermaid", "dot"]

FORMATS: Final[tuple[Format, ...]] = ("html", "svg", "mermaid", "dot")
SUFFIXES: Final[dict[str, Format]] = {
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
}


def format_of(name: str) -> Format | None:
    """The format that a file name asks for."""
    return SUFFIXES.get(PurePath(name).suffix.lower())


def render(of: Map, form: Format) -> str:
    """The map in a format."""
    from lcmemlint.map import dot, html, mermaid, svg

    renderers: dict[Format, Callable[[Map], str]] = {
        "html": html.render,
        "svg": svg.render,
        "mermaid": mermaid.render,
        "dot": dot.render,
    }
    return renderers[form](of)
