"""The tables of `rules/catalogue/` as Python modules. `python tools/catalogue.py` rewrites them; a test compares."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lcmemlint.catalogue import reading  # noqa: E402
from lcmemlint.deploy.tables import parsed_tables  # noqa: E402

TABLES = ROOT / "rules" / "catalogue"
HEAD = '''"""What `rules/catalogue/{}` says, as Python. Written by `tools/catalogue.py`."""

from types import MappingProxyType
from typing import Final

'''


def modules() -> dict[Path, str]:
    """The modules and their texts. Raises `CatalogueError` for a row that is wrong."""
    return {
        ROOT / "lcmemlint" / "catalogue" / "shipped.py": _catalogue(),
        ROOT / "lcmemlint" / "deploy" / "shipped.py": _deployment(),
    }


def _catalogue() -> str:
    names = {
        "COMPONENTS": reading.read_components(_text("components.toml")),
        "ENTRIES": reading.read_entries(_text("frameworks.toml")),
        "SESSION": reading.read_session(_text("session.toml")),
        "RELEASES": reading.read_releases(_text("versions.toml")),
    }
    types = "Component, Entry, IdSource, Release, SessionWords, by_name"
    return (
        HEAD.format("{components,frameworks,session,versions}.toml")
        + f"from lcmemlint.catalogue.types import {types}\n\n"
        + "".join(f"{name}: Final = {source(value)}\n" for name, value in names.items())
    )


def _deployment() -> str:
    return (
        HEAD.format("deployment.toml")
        + "from lcmemlint.deploy.tables import Images, Server, Tables, by_name\n"
        + "from lcmemlint.deploy.workload import Range\n\n"
        + f"TABLES: Final = {source(parsed_tables(_text('deployment.toml')))}\n"
    )


def _text(name: str) -> str:
    return (TABLES / name).read_text(encoding="utf-8")


def source(thing: object) -> str:
    """An expression for a value; every row of a table has a line of its own."""
    if isinstance(thing, Struct):
        given = ", ".join(f"{name}={source(value)}" for name, value in _given(thing).items())
        return f"{type(thing).__name__}({given})"
    if isinstance(thing, Mapping):
        rows = list(dict.fromkeys(thing.values())) if _are_rows(thing) else []
        if rows and {name: row for row in rows for name in row.names} == dict(thing):
            return f"by_name({_lines(rows)})"
        return (
            f"MappingProxyType({{{', '.join(f'{key!r}: {source(value)}' for key, value in thing.items())}}})"
        )
    if isinstance(thing, frozenset):
        return f"frozenset({{{', '.join(map(repr, sorted(thing)))}}})"
    if isinstance(thing, tuple):
        if thing and isinstance(thing[0], Struct):
            return f"({_lines(thing)})"
        return f"({', '.join(map(source, thing))}{',' if len(thing) == 1 else ''})"
    return repr(thing)


def _lines(rows: Any) -> str:
    return "".join(f"\n    {source(row)}," for row in rows) + "\n"


def _are_rows(thing: Mapping[Any, Any]) -> bool:
    return all(hasattr(value, "names") for value in thing.values())


def _given(row: Any) -> dict[str, object]:
    """The fields of a row that are not as they are by default."""
    found = {field.name: getattr(row, field.name) for field in fields(row)}
    defaults = {field.name: field.default for field in fields(row) if field.default is not NODEFAULT}
    return {name: value for name, value in found.items() if name not in defaults or value != defaults[name]}


if __name__ == "__main__":
    for path, text in modules().items():
        path.write_text(text, encoding="utf-8")
