"""Graphs that a platform runs: what the ``langgraph.json`` files of a project export."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

MANIFEST = "langgraph.json"


def platform_graphs(manifests: Mapping[str, bytes]) -> frozenset[tuple[str, str]]:
    """The exported graphs as (path below the root, name in that file); ``manifests`` maps paths to bytes."""
    return frozenset(
        found
        for path, data in manifests.items()
        if posixpath.basename(path) == MANIFEST
        for found in _exported(posixpath.dirname(path), data)
    )


def _exported(folder: str, data: bytes) -> Iterator[tuple[str, str]]:
    import json

    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return
    graphs = document.get("graphs") if isinstance(document, dict) else None
    if not isinstance(graphs, dict):
        return
    for target in graphs.values():
        written = target.get("path") if isinstance(target, dict) else target
        if isinstance(written, str) and ":" in written:
            file, _, name = written.rpartition(":")
            for path in _paths(file):
                yield posixpath.normpath(posixpath.join(folder, path)), name


def _paths(file: str) -> tuple[str, ...]:
    """Where an exported module may stand: a path as it is, or a dotted name."""
    if file.endswith(".py") or "/" in file:
        return (file,)
    below = file.replace(".", "/")
    return tuple(f"{base}{below}{end}" for base in ("", "src/") for end in (".py", "/__init__.py"))
