"""The call of a coding agent after it has edited a file: which file it was, and which findings concern it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from lcmemlint.errors import UsageError
from lcmemlint.findings import Finding

_NAMES: Final = ("file_path", "notebook_path", "path")
"""What agents call the file of a tool call, the most usual first."""


class Edit(Struct, frozen=True):
    """A file that was edited, and the folder in which the agent works; both absolute."""

    file: Path
    folder: Path


def read_call(data: bytes) -> Edit | None:
    """The edit that a tool call (JSON) tells of; None when it is about no file.

    The shape is that of Claude Code's hooks, `{"cwd": ..., "tool_input": {"file_path": ...}}`; agents that give
    the file at the top level are understood, too. Raises `UsageError` for what is no call at all.
    """
    try:
        call = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--hook: standard input is not JSON ({error}); a coding agent sends its call there"
        ) from error
    if not isinstance(call, dict):
        raise UsageError("--hook: standard input is JSON, but not the object that a coding agent sends")
    folder = Path(call["cwd"]) if isinstance(call.get("cwd"), str) else Path()
    folder = Path.cwd() / folder
    name = next(_files(call.get("tool_input")), None) or next(_files(call), None)
    return None if name is None else Edit(folder / name, folder)


def _files(table: object) -> Iterator[str]:
    if isinstance(table, Mapping):
        yield from (name for key in _NAMES if isinstance(name := table.get(key), str) and name)


def concerns(finding: Finding, path: str) -> bool:
    """Whether a finding stands in a file, its proof leads through it, or its repair belongs there."""
    steps = (*finding.because, *finding.related)
    return (
        finding.at.path == path
        or (finding.fix is not None and finding.fix.path == path)
        or any(step.at.path == path for step in steps)
    )
