"""What one manifest says about versions: names and version bounds, from the bytes of requirement and lock files.

A *bound* is what a version may be: at least ``low``, less than ``high``; locked and pinned versions are ``exact``. Only
packages whose name begins with ``lang`` are kept. What cannot be read says nothing: a broken manifest is no fault
of the code, and other tools complain about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from msgspec import Struct

from lcmemlint import toml

if TYPE_CHECKING:
    from lcmemlint.deploy.nodes import Node

Version = tuple[int, ...]
Found = Iterator[tuple[str, "Bounds"]]

_INCLUDES = 8
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>|\^|~|=)?\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?[^,|]*")
_INCLUDE = r"(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)"
_LOCKED = r"(?m)^\[\[packages?\]\]\s*\nname\s*=\s*\"([^\"\n]+)\"\s*\nversion\s*=\s*\"([^\"\n]+)\""
_INSTALLED = (
    r"^(.*?/)?(?:[^/]+/)lib(?:64)?/(?:python[^/]*/)?site-packages/([A-Za-z0-9_.]+)-([0-9][^/-]*)\.dist-info/"
)


class Bounds(Struct, frozen=True):
    """The versions that a manifest allows: ``low`` ≤ version < ``high``; None is no bound."""

    low: Version | None = None
    high: Version | None = None
    exact: bool = False

    def narrowed(self, other: Bounds) -> Bounds:
        """What both allow; an exact version wins."""
        if self.exact or other.exact:
            return self if self.exact else other
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Bounds(max(lows, default=None), min(highs, default=None))


def is_version_manifest(path: str) -> bool:
    """Whether a file of this name may say which versions a project uses."""
    folder, name = dirname(path).rsplit("/", 1)[-1].lower(), path.rsplit("/", 1)[-1].lower()
    return (
        name in _READERS
        or name.endswith((".dist-info/metadata",))
        or (name.endswith((".txt", ".in")) and ("requirements" in name or name.startswith("constraints")))
        or (name.endswith((".txt", ".in")) and folder in ("requirements", "reqs"))
        or (name.endswith((".yml", ".yaml")) and name.startswith(("environment", "conda")))
        or (name.startswith("pylock.") and name.endswith(".toml"))
    )


def read_manifest(path: str, manifests: Mapping[str, bytes]) -> dict[str, Bounds]:
    """What one manifest (and the files that it includes) says, by package name with dashes."""
    found: dict[str, Bounds] = {}
    for name, bounds in _read(path, manifests):
        package = re.sub(r"[-_.]+", "-", name).lower()
        if package.startswith("lang"):
            found[package] = found[package].narrowed(bounds) if package in found else bounds
    return found


def installed(path: str) -> tuple[str, str, Bounds] | None:
    """Project folder, package and version that a ``.dist-info`` folder of a virtual environment tells by its name."""
    match = re.match(_INSTALLED, path) if ".dist-info/" in path else None
    if match is None:
        return None
    return (match[1] or "").rstrip("/"), match[2].replace("_", "-").lower(), pinned(match[3])


def _read(path: str, manifests: Mapping[str, bytes]) -> Found:
    text = manifests[path].decode("utf-8-sig", errors="replace")
    if "lang" not in text.lower() and "-r" not in text and "requirement" not in text:
        return
    name = path.rsplit("/", 1)[-1].lower()
    reader = _READERS.get(name)
    if reader is not None:
        yield from reader(text)
    elif name.startswith("pylock."):
        yield from _locked(text)
    elif name.endswith((".yml", ".yaml")):
        yield from _conda(text)
    else:
        yield from _requirements(path, manifests, ())


# ------------------------------------------------------------------ versions


def numbers(text: str) -> Version:
    """``1.2.0rc1`` → ``(1, 2, 0)``; what follows the numbers takes no part."""
    match = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def pinned(text: str) -> Bounds:
    """The bounds of one exact version."""
    version = numbers(text)
    return Bounds(version, (*version, 1), exact=True) if version else Bounds()


def bounds_of(specifier: str, *, bare: str = "") -> Bounds:
    """The bounds that ``>=0.1,<0.3``, ``^0.2``, ``~=0.1.5`` or ``0.1.*`` set; ``bare`` is what no operator means."""
    found = Bounds()
    if "||" in specifier:
        return found
    for match in _CLAUSE.finditer(specifier.split(";", 1)[0]):
        clause = _clause(match[1] or bare, numbers(match[2]), bool(match[3]))
        if clause is not None:
            found = found.narrowed(clause)
    return found


def _clause(sign: str, version: Version, is_prefix: bool) -> Bounds | None:
    match sign:
        case "==" | "===" | "=" | "":
            return Bounds(version, _next(version)) if is_prefix else pinned(".".join(map(str, version)))
        case ">=" | ">":
            return Bounds(low=version)
        case "<":
            return Bounds(high=version)
        case "<=":
            return Bounds(high=(*version, 1))
        case "~=":
            return Bounds(version, _next(version[:-1] or version))
        case "~":
            return Bounds(version, _next(version[:2]))
        case "^":
            first = next((i for i, part in enumerate(version) if part), len(version) - 1)
            return Bounds(version, _next(version[: first + 1]))
    return None


def _next(version: Version) -> Version:
    return (*version[:-1], version[-1] + 1)


def _requirement(text: str) -> Found:
    """One requirement as pip writes it: ``langchain[all]>=0.1 ; python_version > "3.8"``."""
    match = _NAME.match(text.split("#", 1)[0].split(";", 1)[0])
    if match is not None:
        rest = match[2].strip().strip("()")
        yield match[1], Bounds() if rest.startswith("@") else bounds_of(rest.split(" --", 1)[0])


# ------------------------------------------------------------------ formats


def _requirements(path: str, manifests: Mapping[str, bytes], seen: tuple[str, ...]) -> Found:
    if path in seen or len(seen) > _INCLUDES or path not in manifests:
        return
    text = manifests[path].decode("utf-8-sig", errors="replace").replace("\\\n", " ")
    for line in text.splitlines():
        line = line.strip()
        include = re.match(_INCLUDE, line) if line.startswith("-") else None
        if include is not None:
            target = normpath(join(dirname(path), include[1]))
            yield from _requirements(target, manifests, (*seen, path))
        elif line and line[0] not in "#-":
            yield from _requirement(line)


def read_toml(text: str) -> dict[str, object]:
    """What a TOML file says; nothing, if it cannot be read."""
    try:
        return toml.loads(text)
    except (ValueError, RecursionError):
        return {}


def _table(value: object, *keys: str) -> dict[str, object]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _pyproject(text: str) -> Found:
    document = read_toml(text)
    project, tool = _table(document, "project"), _table(document, "tool")
    listed = _texts(project.get("dependencies"))
    for group in (_table(project, "optional-dependencies"), _table(document, "dependency-groups")):
        listed += [item for one in group.values() for item in _texts(one)]
    for key in ("dev-dependencies", "constraint-dependencies", "override-dependencies"):
        listed += _texts(_table(tool, "uv").get(key))
    listed += [item for one in _table(tool, "pdm", "dev-dependencies").values() for item in _texts(one)]
    for requirement in listed:
        yield from _requirement(requirement)
    poetry = _table(tool, "poetry")
    groups = [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    for table in (_table(poetry, "dependencies"), _table(poetry, "dev-dependencies"), *groups):
        yield from _named(table)


def _named(table: Mapping[str, object]) -> Found:
    """``name = "^0.1"`` or ``name = {version = "^0.1", extras = [...]}``."""
    for name, value in table.items():
        version = value.get("version") if isinstance(value, dict) else value
        yield name, bounds_of(version, bare="==") if isinstance(version, str) else Bounds()


def _locked(text: str) -> Found:
    for match in re.finditer(_LOCKED, text.replace("\r\n", "\n")):
        yield match[1], pinned(match[2])


def _pipfile(text: str) -> Found:
    document = read_toml(text)
    for section in ("packages", "dev-packages"):
        yield from _named(_table(document, section))


def _pipfile_lock(text: str) -> Found:
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for section in ("default", "develop"):
        yield from _named(_table(document, section))


def _setup_cfg(text: str) -> Found:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    values = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        values += [value or "" for _, value in parser.items("options.extras_require")]
    for line in "\n".join(values).splitlines():
        yield from _requirement(line)


def _conda(text: str) -> Found:
    from lcmemlint.deploy.documents import yaml_documents

    documents, _ = yaml_documents(text)
    for document in documents:
        yield from _conda_items(document.get("dependencies").items)


def _conda_items(items: Iterable[Node]) -> Found:
    for item in items:
        if item.kind == "text":
            match = _NAME.match(item.text.rsplit("::", 1)[-1])
            if match is not None:
                yield match[1], _conda_bounds(match[2].strip())
        for requirement in item.get("pip").texts:
            yield from _requirement(requirement)


def _conda_bounds(text: str) -> Bounds:
    """``=0.1`` is any 0.1 for conda; ``=0.1.5=build`` has a build after the version."""
    if text.startswith("=") and not text.startswith("=="):
        version = numbers(text[1:])
        return Bounds(version, _next(version)) if version else Bounds()
    return bounds_of(text)


_READERS = {
    "pyproject.toml": _pyproject,
    "uv.lock": _locked,
    "poetry.lock": _locked,
    "pdm.lock": _locked,
    "pipfile": _pipfile,
    "pipfile.lock": _pipfile_lock,
    "setup.cfg": _setup_cfg,
}
