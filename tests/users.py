"""Root may do everything, so that tests of missing rights become somebody else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NOBODY: Final = 54321
"""A user that no list of users has."""


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """A new folder that a user without rights can reach and write."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)


@contextmanager
def without_rights() -> Iterator[None]:
    """This process as a user whose rights bind. What it may not read must have been imported before."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
