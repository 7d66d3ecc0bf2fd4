"""`python -m lcmemlint` is the command `lcmemlint`."""

from __future__ import annotations

from lcmemlint.cli import main

if __name__ == "__main__":
    main(prog_name="lcmemlint")
