"""The table `rules/catalogue/deployment.toml`: servers, images of others and the defaults of platforms."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from lcmemlint import toml
from lcmemlint.deploy.workload import Range
from lcmemlint.errors import CatalogueError


class Server(Struct, frozen=True):
    """A program that serves an app, and how its command line tells the number of its processes."""

    names: tuple[str, ...]
    source: str
    flags: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    minimum_flags: tuple[str, ...] = ()
    cpu_flags: tuple[str, ...] = ()
    """Options that make it one process a CPU, or more."""
    alone: tuple[str, ...] = ()
    alone_when: tuple[tuple[str, str], ...] = ()
    switches: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    """Subcommands that start it; others do something else."""
    needs: tuple[str, ...] = ()
    """Words without which the command starts nothing."""
    app: str = "module"
    app_options: tuple[str, ...] = ()
    app_environment: str = ""
    file_options: tuple[str, ...] = ()
    folder_options: tuple[str, ...] = ()
    default_files: tuple[str, ...] = ()
    default_attribute: str = ""
    default: int | str = 1
    http: bool = False


class Images(Struct, frozen=True):
    """Words by which an image is known to be somebody else's."""

    software: frozenset[str]
    vendors: frozenset[str]
    placeholders: tuple[str, ...]
    worker_bases: tuple[str, ...]
    lambda_bases: tuple[str, ...]
    langgraph_bases: tuple[str, ...]


class Tables(Struct, frozen=True):
    """The whole table, indexed."""

    servers: Mapping[str, Server]
    images: Images
    platforms: Mapping[str, Range]


def by_name(*servers: Server) -> Mapping[str, Server]:
    """Name of a program → what it is."""
    return MappingProxyType({name: server for server in servers for name in server.names})


def tables() -> Tables:
    """The table that is shipped."""
    from lcmemlint.deploy.shipped import TABLES

    return TABLES


def parsed_tables(text: str) -> Tables:
    """A table as it is written in TOML; `CatalogueError` if it is wrong."""
    try:
        parsed = toml.loads(text)
        servers = [_server(row) for row in parsed["server"]]
        platforms = {row["name"]: _range(row) for row in parsed["platform"]}
        images = parsed["images"]
    except KeyError as missing:
        raise CatalogueError(f"deployment.toml: {missing} is missing") from missing
    except ValueError as error:
        raise CatalogueError(f"deployment.toml: {error}") from error
    return Tables(
        servers=by_name(*servers),
        images=Images(
            software=frozenset(images["software"]),
            vendors=frozenset(images["vendors"]),
            placeholders=tuple(images["placeholders"]),
            worker_bases=tuple(images["worker_bases"]),
            lambda_bases=tuple(images["lambda_bases"]),
            langgraph_bases=tuple(images["langgraph_bases"]),
        ),
        platforms=MappingProxyType(platforms),
    )


def _server(row: dict[str, object]) -> Server:
    """One server; every row says where it was read."""
    if not row.get("source"):
        raise CatalogueError(f"deployment.toml: server {row.get('names')}: `source` is missing")
    fixed: dict[str, object] = {}
    for name, value in row.items():
        if name not in Server.__struct_fields__:
            raise CatalogueError(f"deployment.toml: server {row.get('names')}: unknown field `{name}`")
        if isinstance(value, list):
            value = tuple(tuple(one) if isinstance(one, list) else one for one in value)
        fixed[name] = value
    return Server(**fixed)  # type: ignore[arg-type]


def _range(row: dict[str, object]) -> Range:
    """The instances of a platform that is told nothing."""
    low, high = row["low"], row["high"]
    if not row.get("source"):
        raise CatalogueError(f"deployment.toml: platform {row.get('name')}: `source` is missing")
    if isinstance(low, int) and (isinstance(high, int) or high in ("unbounded", "unknown")):
        return Range(low, high)
    raise CatalogueError(f"deployment.toml: platform {row.get('name')}: `low` or `high` is wrong")
