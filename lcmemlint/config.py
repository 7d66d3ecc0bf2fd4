"""`[tool.lcmemlint]` of pyproject.toml, or `lcmemlint.toml`, read into one frozen `Config`.

Nothing is guessed: an unknown key, a wrong type or a word that is not in the list is one line that names
the file, the place and the remedy. Codes are not looked up here, since that needs the rulebook;
`chosen_codes` does it when the engine knows which rules there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint import toml
from lcmemlint.errors import ConfigError, did_you_mean
from lcmemlint.facts import Problem
from lcmemlint.findings import Severity
from lcmemlint.places import Place
from lcmemlint.settings import DEDICATED, Deployment, FailOn, Role, Row, Table, line_of, values_of

SHARED: Final = "pyproject.toml"
TABLE: Final = "tool.lcmemlint"


class Config(Struct, frozen=True):
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


class Overrides(Struct, frozen=True):
    """What a run puts on top of a project's settings; `select` takes the place of what they choose."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    strict: bool = False
    fail_on: FailOn | None = None

    def over(self, config: Config) -> Config:
        """The settings with these on top."""
        return replace(
            config,
            select=self.select or config.select,
            ignore=((() if self.select else config.ignore) + self.ignore),
            extend_exclude=config.extend_exclude + self.extend_exclude,
            respect_gitignore=config.respect_gitignore and self.respect_gitignore,
            strict=config.strict or self.strict,
            fail_on=self.fail_on or config.fail_on,
        )


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
        tool = toml.loads(data.decode("utf-8")).get("tool")
    except ValueError:
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
        whole = toml.loads(text)
    except ValueError as error:
        raise ConfigError(_syntax(name, str(error))) from error
    if is_shared:
        tool = whole.get("tool")
        table = tool.get("lcmemlint", {}) if isinstance(tool, dict) else {}
        return _config(Table(name, text, TABLE, table))
    if "tool" in whole:
        line = line_of(text, "", "tool")
        raise ConfigError(
            f"{name}:{line}: `[tool.…]` has no place here; in {DEDICATED} the keys stand at the top level"
        )
    return _config(Table(name, text, "", whole))


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


def _config(table: Table) -> Config:
    """The settings of one table."""
    return replace(Config(path=table.file), **values_of(table))
