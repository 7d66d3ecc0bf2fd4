"""The one mode that runs the user's code: `--probe`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from lcmemlint.cli.output import plain, put, say

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options


def run(options: Options) -> int:
    """Ask two processes, and say what they found. The exit code."""
    from lcmemlint.probe import checked, probe, project_python
    from lcmemlint.sources import absolute, project_root

    target = checked(options.probe or "")
    root = absolute(options.root) if options.root is not None else project_root([Path()])
    say(f"runs your code: imports {target} in two processes of {project_python(root)}")
    verdict = probe(target, root)
    if options.format == "json":
        put(options, json.dumps(asdict(verdict), indent=2) + "\n")
    else:
        put(options, plain(f"{target}: {verdict.word}: {verdict.because}") + "\n")
    return verdict.exit_code
