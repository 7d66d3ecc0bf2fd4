"""The tables of the site that are made of other files. `python tools/tables.py` rewrites them; a test compares."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lcmemlint.settings import schema  # noqa: E402

DOCS = ROOT / "docs"


def settings() -> str:
    """Every key of the settings with what it does."""
    known = cast("dict[str, dict[str, Any]]", schema()["properties"])
    rows = [f"| `{key}` | {_kind(value)} | {value['description']} |" for key, value in known.items()]
    return "\n".join(["| key | value | what it does |", "|---|---|---|", *rows])


def _kind(value: dict[str, Any]) -> str:
    if "enum" in value:
        return " or ".join(f'`"{one}"`' for one in value["enum"])
    return {"array": "list", "object": "table", "boolean": "`true` or `false`"}.get(
        value.get("type", ""), "text"
    )


def figures() -> str:
    """What a turn costs in each store."""
    measured = json.loads((DOCS / "figures" / "stores.json").read_text(encoding="utf-8"))
    rows = [
        f"| {row['kind']} | {row['store']} | {row['median_ms']:.2f} | {row['p95_ms']:.2f} |"
        for row in measured["rows"]
    ]
    packages = ", ".join(f"{name} {version}" for name, version in measured["packages"].items())
    note = (
        f"{measured['turns']} turns of each in alternation, Python {measured['python']}, {measured['processors']} "
        f"processors (load {measured['load']}); {packages}. `{measured['command']}` measures again."
    )
    table = ["| kind | kept in | median, ms | 95 of 100 below, ms |", "|---|---|---|---|", *rows]
    return "\n".join([*table, "", note])


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("configuration.md", "settings"): settings,
    ("stores.md", "figures"): figures,
}
"""Page and mark → what stands between the marks."""


def filled(text: str, mark: str, table: str) -> str:
    """The text with the table between its marks."""
    pattern = re.compile(rf"(?<=<!-- {mark} -->\n).*?(?=<!-- /{mark} -->)", re.DOTALL)
    return pattern.sub(lambda _: f"{table}\n", text)


if __name__ == "__main__":
    for (page, mark), table in TABLES.items():
        path = DOCS / page
        path.write_text(filled(path.read_text(encoding="utf-8"), mark, table()), encoding="utf-8")
