"""`python -m lcmemlint` is the command `lcmemlint`."""

from __future__ import annotations

from lcmemlint.cli import process

if __name__ == "__main__":
    process()
