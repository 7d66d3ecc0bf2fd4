"""What was found out about the deployment: a table for people, a list for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from lcmemlint.report.characters import cells, escape
from lcmemlint.report.masking import masked
from lcmemlint.report.text import Style, shown_path

Row = Mapping[str, object]

_HEADINGS: Final = ("WORKLOAD", "WHERE", "VERDICT", "INSTANCES", "PROCESSES", "RUNS", "DISK", "NOTE")
_INNER: Final = frozenset({"rank", "third_party"})
"""What only the table shows."""
_COLOURS: Final[Mapping[str, str]] = {"multi": "error", "may-scale": "warning", "broken": "error"}


def rows_as_json(rows: Sequence[Row], *, root: Path, start: Path) -> str:
    """The list, with paths relative to `start`."""
    known = [_relative({key: row[key] for key in row if key not in _INNER}, root, start) for row in rows]
    return json.dumps(known, indent=2) + "\n"


def rows_as_table(rows: Sequence[Row], *, root: Path, start: Path, style: Style) -> str:
    """The table; a sentence when there is nothing to show."""
    if not rows:
        return "No manifest says how this project is deployed.\n"
    table = [_HEADINGS, *(_cells(_relative(row, root, start)) for row in rows)]
    table = [tuple(escape(masked(cell)) for cell in line) for line in table]
    widths = [max(cells(line[column]) for line in table) for column in range(len(_HEADINGS))]
    lines = []
    for number, line in enumerate(table):
        padded = [cell + " " * (width - cells(cell)) for cell, width in zip(line, widths, strict=True)]
        how = "bold" if number == 0 else _COLOURS.get(line[2], "")
        lines.append(style.paint("  ".join(padded).rstrip(), how) if how else "  ".join(padded).rstrip())
    return "".join(f"{line}\n" for line in lines)


def _relative(row: Row, root: Path, start: Path) -> dict[str, object]:
    """The row with paths as one would type them."""
    link = row["link"]
    if isinstance(link, dict):
        link = {**link, "paths": [shown_path(root, path, start) for path in link["paths"]]}
    return {**row, "path": shown_path(root, str(row["path"]), start), "link": link}


def _cells(row: Row) -> tuple[str, ...]:
    """One workload as the table shows it."""
    return (
        str(row["workload"]),
        f"{row['path']}:{row['line']}",
        str(row["verdict"]),
        _range(row["instances"]),
        _range(row["processes"]),
        _link(row),
        _disk(row),
        ", ".join(_notes(row)),
    )


def _notes(row: Row) -> Iterator[str]:
    """What else a reader wants to know of one workload."""
    if row["affinity"]:
        yield "sticky sessions"
    if row["third_party"]:
        yield "not this project's Python"
    if row["rank"] in ("development", "example"):
        yield f"{row['rank']}: not reported"


def _range(both: object) -> str:
    """`3`, `2 to 10`, `1 to cpu`"""
    low, high = both if isinstance(both, list) else ("?", "?")
    return str(low) if low == high else f"{low} to {high}"


def _link(row: Row) -> str:
    """The project's files that it runs, and how sure that is."""
    link = row["link"]
    if not isinstance(link, dict):
        return f"{row['target']}?" if row["target"] else "-"
    first, *rest = link["paths"]
    more = f" and {len(rest)} more" if rest else ""
    return f"{first}{more}" + ("" if link["quality"] == "certain" else f" ({link['quality']})")


def _disk(row: Row) -> str:
    """Whether all processes see one file, and whether it outlives a restart."""
    shared = {True: "shared", False: "one each", None: "?"}[row["shared_disk"]]  # type: ignore[index]
    durable = {True: "kept", False: "lost on restart", None: "?"}[row["durable_disk"]]  # type: ignore[index]
    return shared if durable == "?" else f"{shared}, {durable}"
