"""`[tool.lcmemlint]` of pyproject.toml, or `lcmemlint.toml`, read into one frozen `Config`.

Nothing is guessed: an unknown key, a wrong type or a word that is not in the list is one line that names
the file, the place and the remedy. Codes are not looked up here, since that needs the rulebook;
`chosen_codes` does it when the engine knows which rules there are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar, get_args

from lcmemlint.errors import ConfigError, did_you_mean
from lcmemlint.facts import Problem
from lcmemlint.findings import Severity
from lcmemlint.places import Place

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
SHARED: Final = "pyproject.toml"
TABLE: Final = "tool.lcmemlint"


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run. `path` is the file they were read from, "" when there was none.

    `select`, `ignore` and `severity` hold codes, prefixes of codes and rule names as they were written.
    `exclude` is None when the default folders are excluded.
    """

    path: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    strict: bool = False
    fail_on: FailOn = "warning"
    severity: tuple[tuple[str, Severity], ...] = ()
    entry_points: tuple[Row, ...] = ()
    components: tuple[Row, ...] = ()
    deployment: Deployment = "auto"
    ignore_manifests: tuple[str, ...] = ()
    factory: str = ""
    test_paths: tuple[str, ...] = ()
    roles: tuple[tuple[str, Role], ...] = ()
    baseline: str = ""


def load_config(root: Path, *, file: Path | None = None) -> Config:
    """The settings of the project at `root`: those in `file` if it is given, else the nearest ones.

    The nearest folder, from the root upwards to the repository, that has an `lcmemlint.toml` or a
    `[tool.lcmemlint]` decides; where one folder has both, `lcmemlint.toml` wins.
    """
    if file is not None:
        return _read(file)
    for folder in (root, *root.parents):
        dedicated, shared = folder / DEDICATED, folder / SHARED
        if dedicated.is_file():
            return _read(dedicated)
        if has_table(shared):
            return _read(shared)
        if (folder / ".git").exists():
            break
    return Config()


def config_in(place: Place) -> Config:
    """The settings at the root of a project, wherever its files are."""
    for name in (DEDICATED, SHARED):
        data = place.read(name) if place.has_file(name) else b""
        if isinstance(data, Problem):
            raise ConfigError(f"{name}: {data.message}")
        if data and (name == DEDICATED or _mentions_table(data)):
            return _parsed(name, data, is_shared=name == SHARED)
    return Config()


def has_table(pyproject: Path) -> bool:
    """Whether the file is there and has a `[tool.lcmemlint]`."""
    try:
        return _mentions_table(pyproject.read_bytes())
    except OSError:
        return False


def _mentions_table(data: bytes) -> bool:
    """Whether a pyproject.toml has a `[tool.lcmemlint]`.

    A file that is not TOML has none: if it only *mentions* our table, it is ours to complain about.
    """
    if b"lcmemlint" not in data:
        return False
    try:
        tool = tomllib.loads(data.decode("utf-8")).get("tool")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return re.search(rb"(?m)^\s*\[+\s*tool\s*\.\s*lcmemlint\b", data) is not None
    return isinstance(tool, dict) and "lcmemlint" in tool


def chosen_codes(config: Config, known: Mapping[str, str]) -> frozenset[str]:
    """The codes that `select` and `ignore` leave; `known` maps code → name.

    The longer of two prefixes that match a code wins, so that `select = ["LCM101"]` stands against
    `ignore = ["LCM1"]`; of two equally long ones, `ignore` wins.
    """
    selected = [resolve_code(word, known, config.path, "select") for word in config.select] or [""]
    ignored = [resolve_code(word, known, config.path, "ignore") for word in config.ignore]
    return frozenset(code for code in known if _longest(code, selected) > _longest(code, ignored))


def resolve_code(word: str, known: Mapping[str, str], path: str = "", key: str = "") -> str:
    """The code or prefix that a code, prefix, rule name or `ALL` stands for."""
    if word == "ALL":
        return ""
    if any(code.startswith(word) for code in known) and word:
        return word
    for code, name in known.items():
        if word == name or word.upper() == code:
            return code
    # A code is a number: the nearest one is no better than any other.
    hint = "" if re.fullmatch(r"(?i)LCM\d*", word) else did_you_mean(word, list(known.values()))
    where = f"{path}: " if path else ""
    what = f" in `{key}`" if key else ""
    raise ConfigError(f"{where}no rule is called `{word}`{what}{hint or '; --list-rules shows all rules'}")


def _longest(code: str, prefixes: Iterable[str]) -> int:
    """The length of the longest prefix of `code`; -1 if there is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def _read(file: Path) -> Config:
    """The settings in one file; every complaint is one line that begins with its name."""
    name = _shown(file)
    try:
        return _parsed(name, file.read_bytes(), is_shared=file.name == SHARED)
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror or error}") from error


def _parsed(name: str, data: bytes, *, is_shared: bool) -> Config:
    """The settings in the bytes of a file; a shared one has them in a table of ours."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: is not UTF-8 at byte {error.start}; TOML must be") from error
    try:
        whole: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(name, str(error))) from error
    if is_shared:
        tool = whole.get("tool")
        table = tool.get("lcmemlint", {}) if isinstance(tool, dict) else {}
        return _config(_Table(name, text, TABLE, table))
    if "tool" in whole:
        line = _line_of(text, "", "tool")
        raise ConfigError(
            f"{name}:{line}: `[tool.…]` has no place here; in {DEDICATED} the keys stand at the top level"
        )
    return _config(_Table(name, text, "", whole))


def _shown(file: Path) -> str:
    """The file as the user would type it."""
    try:
        return file.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(file)


def _syntax(name: str, message: str) -> str:
    """`name:line:column: message` from the wording of the TOML reader."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if found is None:
        return f"{name}: not valid TOML: {message}"
    place = f":{found[2]}:{found[3]}" if found[2] else ""
    return f"{name}{place}: not valid TOML: {found[1]}{'' if place else ' at the end of the file'}"


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of settings, and the text that it stands in, for the line numbers of complaints."""

    file: str
    text: str
    header: str
    value: object

    def wrong(self, key: str, message: str) -> ConfigError:
        """The complaint about one key, with the line it is on."""
        return ConfigError(f"{self.file}:{_line_of(self.text, self.header, key)}: {message}")

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


def _entry_points(table: _Table, key: str, value: object) -> tuple[Row, ...]:
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


def _per_file(table: _Table, key: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Pairs of pattern and codes, in the order written."""
    return tuple((glob, table.texts(glob, codes)) for glob, codes in table.table(key, value).items())


def _severities(table: _Table, key: str, value: object) -> tuple[tuple[str, Severity], ...]:
    """Pairs of code and severity, in the order written."""
    pairs = table.table(key, value).items()
    return tuple((code, table.word(code, severity, SEVERITY_WORDS)) for code, severity in pairs)


def _roles(table: _Table, key: str, value: object) -> tuple[tuple[str, Role], ...]:
    """Pairs of pattern and role, in the order written."""
    return tuple((glob, table.word(glob, role, ROLES)) for glob, role in table.table(key, value).items())


Setter: TypeAlias = Callable[[Config, _Table, str, object], Config]

_SETTERS: Final[Mapping[str, Setter]] = {
    "select": lambda c, t, k, v: replace(c, select=t.texts(k, v)),
    "ignore": lambda c, t, k, v: replace(c, ignore=t.texts(k, v)),
    "per-file-ignores": lambda c, t, k, v: replace(c, per_file_ignores=_per_file(t, k, v)),
    "exclude": lambda c, t, k, v: replace(c, exclude=t.texts(k, v)),
    "extend-exclude": lambda c, t, k, v: replace(c, extend_exclude=t.texts(k, v)),
    "respect-gitignore": lambda c, t, k, v: replace(c, respect_gitignore=t.flag(k, v)),
    "strict": lambda c, t, k, v: replace(c, strict=t.flag(k, v)),
    "fail-on": lambda c, t, k, v: replace(c, fail_on=t.word(k, v, FAIL_ON)),
    "severity": lambda c, t, k, v: replace(c, severity=_severities(t, k, v)),
    "entry-points": lambda c, t, k, v: replace(c, entry_points=_entry_points(t, k, v)),
    "components": lambda c, t, k, v: replace(c, components=t.rows(k, v)),
    "deployment": lambda c, t, k, v: replace(c, deployment=t.word(k, v, DEPLOYMENTS)),
    "ignore-manifests": lambda c, t, k, v: replace(c, ignore_manifests=t.texts(k, v)),
    "factory": lambda c, t, k, v: replace(c, factory=t.text_of(k, v)),
    "test-paths": lambda c, t, k, v: replace(c, test_paths=t.texts(k, v)),
    "baseline": lambda c, t, k, v: replace(c, baseline=t.text_of(k, v)),
    "roles": lambda c, t, k, v: replace(c, roles=_roles(t, k, v)),
}

KEYS: Final = tuple(_SETTERS)
"""Every key of the configuration, for the documentation and its test."""


def _config(table: _Table) -> Config:
    """The settings of one table."""
    config = Config(path=table.file)
    for key, value in table.items().items():
        setter = _SETTERS.get(key)
        if setter is None:
            hint = did_you_mean(key.replace("_", "-"), KEYS) or f"; known keys: {', '.join(KEYS)}"
            inside = f"[{table.header}]" if table.header else DEDICATED
            raise table.wrong(key, f"unknown key `{key}` in {inside}{hint}")
        config = setter(config, table, key, value)
    return config


def _line_of(text: str, header: str, key: str) -> int:
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
