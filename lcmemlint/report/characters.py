"""Characters as a terminal takes them: what it would obey is made visible, what it shows is measured."""

from __future__ import annotations

import re
from typing import Final

TAB: Final = "    "

_CONTROL: Final = (
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def escape(text: str) -> str:
    """The text with everything that a terminal would obey made visible; tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_CONTROL, _visible, text).replace("\t", TAB)


def _visible(match: re.Match[str]) -> str:
    """One character as Python would write it."""
    return match[0].encode("unicode_escape").decode("ascii")


def cells(text: str) -> int:
    """How many cells of a terminal the text takes: East Asian letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
