"""The language server: findings in the editor, while the text is typed.

    texts        what became of a place when its text was edited; pure
    watching     one project: its job, its analysis, the findings of the buffers; no protocol
    diagnostics  findings and rule pages as the protocol writes them
    actions      repairs and ignore comments as edits of the editor's documents
    server       the protocol: which message asks for what, and when to answer

An edit is answered twice. At once, the findings of the edited document move with their code, and those whose very
code was edited go. When typing rests, the project is linked again in a thread (only the edited text is scanned)
and the new findings are published, unless the text is another one by then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

from lcmemlint.config import Config
from lcmemlint.errors import UsageError


def serve(*, config_file: Path | None, no_config: bool, adjust: Callable[[Config], Config]) -> int:
    """Speak the language server protocol on standard input and output until the client leaves; the exit code.

    The settings are those of each project (or of `config_file`, or none), and then what `adjust` makes of them.
    As the protocol has it, the code is 0 when the client said goodbye first, else 1.
    """
    if find_spec("pygls") is None:
        raise UsageError("--lsp needs the package pygls; install it with: pip install 'lcmemlint[lsp]'")
    from lcmemlint.lsp.server import create
    from lcmemlint.lsp.watching import Settings

    server = create(Settings(config_file, no_config, adjust))
    # The protocol has the output for itself: its writer closes it, and a stray print goes to the log.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out, redirect_stdout(sys.stderr):
        server.start_io(stdout=out)
    return 0 if server.is_dismissed else 1
