"""How far a long run has come, on a terminal only: whoever waits for a second sees a bar until the report comes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final, TextIO

import click

PATIENCE: Final = 1.0
"""Seconds without a bar: most runs are over by then."""


class Progress:
    """A bar on a stream that is shown late and cleared at the end; without a stream it stays silent."""

    def __init__(
        self,
        stream: TextIO | None,
        clock: Callable[[], float] = time.monotonic,
        *,
        label: str = "Reading files",
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._label = label
        self._start = clock()
        self._bar: Any = None
        self._done = 0

    @classmethod
    def on_terminal(cls, *, label: str = "Reading files") -> Progress:
        """A bar on standard error if that is a terminal."""
        return cls(sys.stderr if sys.stderr.isatty() else None, label=label)

    def tell(self, done: int, total: int) -> None:
        """Show that this many of so many are done."""
        if self._stream is None:
            return
        if self._bar is None:
            if self._clock() - self._start < PATIENCE:
                return
            self._bar = click.progressbar(length=total, label=self._label, file=self._stream)
            self._bar.render_progress()
        self._bar.update(done - self._done)
        self._done = done

    def __enter__(self) -> Progress:
        """Begin to wait."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away; what follows stands on a clean line."""
        if self._bar is not None and self._stream is not None:
            self._stream.write("\r\x1b[K\x1b[?25h")
            self._stream.flush()
