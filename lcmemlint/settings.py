"""The keys of the configuration: what each is for, how its value is read, and what a JSON Schema says of it.

Nothing is guessed: an unknown key, a wrong type or a word that is not in the list is one line that names
the file, the place and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, TypeVar, get_args

from msgspec import Struct

from lcmemlint.errors import ConfigError, did_you_mean
from lcmemlint.findings import Severity

FailOn: TypeAlias = Literal["note", "warning", "error", "never"]
Deployment: TypeAlias = Literal["auto", "single", "multi"]
Role: TypeAlias = Literal["app", "test", "script", "notebook", "migration"]
Row: TypeAlias = Mapping[str, object]
Word = TypeVar("Word", bound=str)

FAIL_ON: Final[tuple[FailOn, ...]] = get_args(FailOn)
DEPLOYMENTS: Final[tuple[Deployment, ...]] = get_args(Deployment)
ROLES: Final[tuple[Role, ...]] = get_args(Role)
SEVERITY_WORDS: Final[tuple[Severity, ...]] = get_args(Severity)

DEDICATED: Final = "lcmemlint.toml"


class Table(Struct, frozen=True):
    """The table of settings, and the text that it stands in, for the line numbers of complaints."""

    file: str
    text: str
    header: str
    value: object

    def wrong(self, key: str, message: str) -> ConfigError:
        """The complaint about one key, with the line it is on."""
        return ConfigError(f"{self.file}:{line_of(self.text, self.header, key)}: {message}")

    def items(self) -> Mapping[str, object]:
        """The settings as written."""
        if isinstance(self.value, dict):
            return self.value
        raise self.wrong("", f"`{self.header}` must be a table")

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        """A list of strings; one string is not taken for a list of its letters."""
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        raise self.wrong(key, f'`{key}` must be a list of strings, as in {key} = ["…"]')

    def flag(self, key: str, value: object) -> bool:
        """true or false"""
        if isinstance(value, bool):
            return value
        raise self.wrong(key, f"`{key}` must be true or false")

    def text_of(self, key: str, value: object) -> str:
        """One string."""
        if isinstance(value, str):
            return value
        raise self.wrong(key, f"`{key}` must be a string")

    def word(self, key: str, value: object, words: Sequence[Word]) -> Word:
        """One of a closed list of words."""
        for word in words:
            if word == value:
                return word
        listed = ", ".join(f'"{word}"' for word in words)
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        raise self.wrong(key, f"`{key}` must be one of {listed}{hint}")

    def table(self, key: str, value: object) -> Mapping[str, object]:
        """A table."""
        if isinstance(value, dict):
            return value
        raise self.wrong(key, f"`{key}` must be a table")

    def rows(self, key: str, value: object) -> tuple[Row, ...]:
        """A list of tables; what is in them is the catalogue's to judge."""
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            return tuple(value)
        raise self.wrong(key, f"`{key}` must be a list of tables")


def _entry_points(table: Table, key: str, value: object) -> tuple[Row, ...]:
    """Rows for the catalogue; `"app.jobs:run"` and `"*.handle_*"` are short for a row of their own."""
    if not isinstance(value, list):
        raise table.wrong(key, f'`{key}` must be a list, as in {key} = ["app.jobs:run", "*.handle_*"]')
    rows: list[Row] = []
    for item in value:
        if isinstance(item, dict):
            rows.append(item)
        elif isinstance(item, str) and re.fullmatch(r"[\w.*?\[\]!]+(:[\w.*?\[\]!]+)?", item):
            rows.append(
                {
                    "id": f"configured:{item}",
                    "framework": "your configuration",
                    "kind": "event",
                    "how": "name",
                    "patterns": [item.replace(":", ".")],
                }
            )
        else:
            raise table.wrong(key, f"`{key}` has {item!r}; write a dotted name, `module:function` or a table")
    return tuple(rows)


def _per_file(table: Table, key: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Pairs of pattern and codes, in the order written."""
    return tuple((glob, table.texts(glob, codes)) for glob, codes in table.table(key, value).items())


def _severities(table: Table, key: str, value: object) -> tuple[tuple[str, Severity], ...]:
    """Pairs of code and severity, in the order written."""
    pairs = table.table(key, value).items()
    return tuple((code, table.word(code, severity, SEVERITY_WORDS)) for code, severity in pairs)


def _roles(table: Table, key: str, value: object) -> tuple[tuple[str, Role], ...]:
    """Pairs of pattern and role, in the order written."""
    return tuple((glob, table.word(glob, role, ROLES)) for glob, role in table.table(key, value).items())


class Key(Struct, frozen=True):
    """One key: `read` makes its value out of what stands in the file, `schema` describes that for editors."""

    name: str
    about: str
    read: Callable[[Table, str, object], object]
    schema: Mapping[str, object]

    @property
    def field(self) -> str:
        """The field of `Config` that holds its value."""
        return self.name.replace("-", "_")


_TEXTS: Final = {"type": "array", "items": {"type": "string", "minLength": 1}}
_FLAG: Final = {"type": "boolean"}
_TEXT: Final = {"type": "string"}
_ROWS: Final = {"type": "array", "items": {"type": "object"}}


def _one_of(words: Sequence[str]) -> dict[str, object]:
    """The schema of one of a closed list of words."""
    return {"enum": list(words)}


def _by_name(inner: Mapping[str, object]) -> dict[str, object]:
    """The schema of a table whose keys the user chooses."""
    return {"type": "object", "additionalProperties": inner}


KEYS: Final = tuple(
    Key(name, about, read, schema)
    for name, about, read, schema in (
        ("select", "Run only these rules: codes, prefixes of codes, names.", Table.texts, _TEXTS),
        ("ignore", "Leave these rules out.", Table.texts, _TEXTS),
        (
            "per-file-ignores",
            "Rules to leave out in files that match a pattern.",
            _per_file,
            _by_name(_TEXTS),
        ),
        (
            "exclude",
            "Leave these files out instead of the default folders, in the way of .gitignore.",
            Table.texts,
            _TEXTS,
        ),
        ("extend-exclude", "Leave these files out too.", Table.texts, _TEXTS),
        ("respect-gitignore", "Leave out what .gitignore files name.", Table.flag, _FLAG),
        ("strict", "Show possible findings too.", Table.flag, _FLAG),
        (
            "fail-on",
            "Exit 1 for findings of this severity and above.",
            lambda t, k, v: t.word(k, v, FAIL_ON),
            _one_of(FAIL_ON),
        ),
        (
            "severity",
            "Severities of rules that differ from the shipped ones.",
            _severities,
            _by_name(_one_of(SEVERITY_WORDS)),
        ),
        (
            "entry-points",
            "Code that your own framework calls: `module:function`, a pattern of names, or a row of the catalogue.",
            _entry_points,
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
        ),
        ("components", "Memory classes of your own, as rows of the catalogue.", Table.rows, _ROWS),
        (
            "deployment",
            "How many processes run the code: read from the manifests (auto), one, or several.",
            lambda t, k, v: t.word(k, v, DEPLOYMENTS),
            _one_of(DEPLOYMENTS),
        ),
        ("ignore-manifests", "Manifests that deploy nothing, as patterns.", Table.texts, _TEXTS),
        (
            "factory",
            "Your own `module:function` that makes a shared history; repairs use it.",
            Table.text_of,
            _TEXT,
        ),
        ("test-paths", "Patterns of files that are tests.", Table.texts, _TEXTS),
        ("baseline", "A file with known findings, relative to the project.", Table.text_of, _TEXT),
        ("roles", "What files are for that match a pattern.", _roles, _by_name(_one_of(ROLES))),
    )
)
"""Every key, in the order of the documentation."""


def values_of(table: Table) -> dict[str, object]:
    """The values of one table by the field of `Config` that they belong to; raises `ConfigError`."""
    known = {key.name: key for key in KEYS}
    found: dict[str, object] = {}
    for name, value in table.items().items():
        key = known.get(name)
        if key is None:
            hint = did_you_mean(name.replace("_", "-"), known) or f"; known keys: {', '.join(known)}"
            inside = f"[{table.header}]" if table.header else DEDICATED
            raise table.wrong(name, f"unknown key `{name}` in {inside}{hint}")
        found[key.field] = key.read(table, name, value)
    return found


def schema() -> dict[str, object]:
    """The JSON Schema of `lcmemlint.toml` and of `[tool.lcmemlint]`, for editors and SchemaStore."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/lcmemlint.json",
        "title": "lcmemlint",
        "description": "Settings of lcmemlint, in lcmemlint.toml or [tool.lcmemlint] of pyproject.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.about, **key.schema} for key in KEYS},
    }


def line_of(text: str, header: str, key: str) -> int:
    """The line of a key, or of the table of that name, as far as a look at the text can tell.

    The TOML readers of the standard library keep no positions, and a third one only for line numbers
    would be a dependency too many. The first line after the header that starts with the key is right
    in every file that people write; the header's own line is the answer when none does.
    """
    lines = text.splitlines()
    headers = [n for n, line in enumerate(lines, 1) if header and _is_header(line, header)]
    start = headers[0] if headers else 1
    if not key:
        return start
    quoted = rf"""(?:{re.escape(key)}|"{re.escape(key)}"|'{re.escape(key)}')"""
    assigned = re.compile(rf"\s*(?:\S+\s*\.\s*)?{quoted}\s*[.=]|.*[{{,]\s*{quoted}\s*=")
    for number, line in enumerate(lines[start - 1 :], start):
        if assigned.match(line) or _is_header(line, f"{header}.{key}" if header else key):
            return number
    return start


def _is_header(line: str, header: str) -> bool:
    """Whether the line opens the table or a table inside it."""
    found = re.match(r"\s*\[+\s*([^\]#]+?)\s*\]", line)
    if found is None:
        return False
    name = re.sub(r"""\s*\.\s*|["']""", lambda dot: "." if "." in dot[0] else "", found[1])
    return name == header or name.startswith(f"{header}.")
