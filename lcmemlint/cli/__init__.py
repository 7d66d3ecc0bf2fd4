"""The command: options to settings, a report to the terminal, an exit code.

`main` is the whole surface, `process` is `main` with a process of its own. An option is added in two
places: in the module of its heading under `options/` (what is typed), and in the module that obeys it (what is
done). Whatever is slow to import is imported where it is needed: `--version` and `--help` answer at once.
"""

from __future__ import annotations

from lcmemlint.cli.run import main, process

__all__ = ["main", "process"]
