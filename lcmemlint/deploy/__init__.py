"""Deployment manifests → ``Workload``: how many processes of which program run at once.

``read_manifests`` gets the bytes of all candidate files and never fails because of one of them: what cannot
be read is a ``FileProblem`` and the run goes on. Nothing of the project is run, no file is opened here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lcmemlint.deploy.workload import FileProblem, Range, Setting, Spot, Workload
from lcmemlint.facts import FileFacts

__all__ = ["FileProblem", "Range", "Setting", "Spot", "Workload", "read_manifests"]

MAX_SCALED = 20_000
"""Workloads of one run; nobody has more."""


def read_manifests(
    files: Mapping[str, bytes],
    python: Mapping[str, FileFacts] | None = None,
    *,
    paths: Iterable[str] = (),
    facts_of: Callable[[str], FileFacts | None] | None = None,
) -> tuple[tuple[Workload, ...], tuple[FileProblem, ...]]:
    """All workloads, sorted, and what could not be read.

    ``files`` maps project paths to bytes (Python files may be among them: then their lines can be shown);
    ``python`` are the facts at hand, in which declarations of scaling
    are looked for; ``paths`` are all other files known to exist. ``facts_of`` gives the facts of one more
    Python file that a command starts (gunicorn.conf.py, main.py); by default only ``python`` is asked.
    """
    known = python or {}
    if not files and not known:
        return (), ()
    from lcmemlint.deploy.reading import read_all

    return read_all(files, known, frozenset(paths), facts_of or known.get)
