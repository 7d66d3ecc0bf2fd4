"""The command: options to settings, a report to the terminal, an exit code.

`main` is the whole surface, `process` is `main` with a process of its own. An option is added in two
places: in the module of its heading under `options/` (what is typed), and in the module that obeys it (what is
done). Whatever is slow to import is imported where it is needed: `--version` and `--help` answer at once.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from lcmemlint.cli.run import main

__all__ = ["main", "process"]


def process() -> NoReturn:
    """The command as a process, without collecting garbage, from before its own modules and click are loaded.

    It leaves without handing back its objects one by one, a tenth of a long run.
    """
    gc.disable()
    from lcmemlint.cli.run import main

    code: object = 2
    try:
        main(prog_name="lcmemlint")
    except SystemExit as end:
        code = end.code
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody reads any more
                stream.flush()
    os._exit(code if isinstance(code, int) else 0)


def __getattr__(name: str) -> object:
    """`main`, imported on first use: `process` has something to do before."""
    if name == "main":
        from lcmemlint.cli.run import main

        return main
    raise AttributeError(f"module 'lcmemlint.cli' has no attribute {name!r}")
