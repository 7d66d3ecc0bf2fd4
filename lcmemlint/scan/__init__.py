"""Text → facts. `scan` is a pure function: the same text gives the same facts, in any process, on any host.

`skim` is asked first, and often there is nothing to scan; `abstract` reads nearly all the rest, and `concrete`, for
which LibCST is imported, what is left. The two give the same facts.
"""

from __future__ import annotations

from lcmemlint.facts import FileFacts

__all__ = ["scan"]


def scan(text: str) -> FileFacts:
    """What the text says; one that cannot be read has empty tables and one problem that says why."""
    from lcmemlint.scan.reading import read

    return read(text)
