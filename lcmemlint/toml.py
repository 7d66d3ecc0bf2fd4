"""TOML texts, on every Python; the parser is imported with the first of them, since many runs read none."""

from __future__ import annotations

import sys
from typing import Any


class BadToml(ValueError):
    """A text that is no TOML; the message ends with line and column where they are known."""


def loads(text: str) -> dict[str, Any]:
    """The table that a text is. Raises `BadToml`, and another `ValueError` for values that Python cannot have."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadToml(str(error)) from error
