"""The catalogue: what the words of LangChain, of web frameworks and of session ids mean.

Four TOML tables under `rules/catalogue/` say it:

- `components.toml`: memory components, and the chains, agents and graphs that memory is given to;
- `frameworks.toml`: entry points, the code that runs to answer a request, message, event or task;
- `session.toml`: where ids come from, which names carry a session key, which methods run, read or write;
- `versions.toml`: which modules came and went with which release.

`tools/catalogue.py` checks them and writes them as Python, the module `shipped`: reading TOML would cost a short
run more than all else. Facts never depend on the catalogue, it is applied when facts are linked. A user may add
components and entry points of their own: they have the same form and are checked in the same way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from lcmemlint.catalogue.types import Catalogue, Component, Entry, How, IdSource, Release, Row, SessionWords
from lcmemlint.errors import CatalogueError

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

Key = TypeVar("Key")
Value = TypeVar("Value")

__all__ = [
    "Catalogue",
    "Component",
    "Entry",
    "IdSource",
    "Release",
    "Row",
    "SessionWords",
    "load_catalogue",
    "rulebook_root",
]


def rulebook_root() -> Traversable:
    """The folder of pages and tables: the shipped one first, else `rules/` of a checkout.

    A folder `rules` beside the package is ours only if it holds our tables: in `site-packages` it could
    be anybody's.
    """
    package = Path(__file__).parents[1]
    shipped: Traversable = package / "rulebook"
    if not package.is_dir():  # in an archive
        from importlib.resources import files

        shipped = files("lcmemlint").joinpath("rulebook")
    if (shipped / "catalogue" / "components.toml").is_file():
        return shipped
    checkout = package.parent / "rules"
    if (checkout / "catalogue" / "components.toml").is_file():
        return checkout
    raise CatalogueError("the rulebook is missing: neither lcmemlint/rulebook nor rules/catalogue is there")


def load_catalogue(extra_components: Sequence[Row] = (), extra_entries: Sequence[Row] = ()) -> Catalogue:
    """The shipped tables with the user's own rows; a row of the user that repeats an id replaces ours."""
    if not extra_components and not extra_entries:
        return _ours()
    from lcmemlint.catalogue.reading import with_own_components, with_own_entries
    from lcmemlint.catalogue.shipped import COMPONENTS, ENTRIES, RELEASES, SESSION

    return _indexed(
        with_own_components(COMPONENTS, extra_components),
        with_own_entries(ENTRIES, extra_entries),
        SESSION,
        RELEASES,
    )


@cache
def _ours() -> Catalogue:
    """The shipped tables alone."""
    from lcmemlint.catalogue.shipped import COMPONENTS, ENTRIES, RELEASES, SESSION

    return _indexed(COMPONENTS, ENTRIES, SESSION, RELEASES)


def _indexed(
    components: tuple[Component, ...],
    entries: tuple[Entry, ...],
    session: SessionWords,
    releases: tuple[Release, ...],
) -> Catalogue:
    """The catalogue with its look-up tables, in the order of the rows."""
    by_name: dict[str, list[Component]] = {}
    by_how: dict[How, list[Entry]] = {}
    by_call: dict[tuple[How, str], list[Entry]] = {}
    by_base: dict[str, list[Entry]] = {}
    for component in components:
        for name in _last_words(component.names):
            by_name.setdefault(name, []).append(component)
    for entry in entries:
        by_how.setdefault(entry.how, []).append(entry)
        for name in _last_words(entry.names):
            by_call.setdefault((entry.how, name), []).append(entry)
        for base in entry.bases:
            by_base.setdefault(base, []).append(entry)
    packages = frozenset(module.partition(".")[0] for component in components for module in component.modules)
    spoken = {
        name.partition(".")[0] for entry in entries for name in (*(entry.on or entry.names), *entry.modules)
    }
    return Catalogue(
        components=components,
        entries=entries,
        session=session,
        releases=releases,
        packages=packages,
        by_name=_frozen(by_name),
        by_id=MappingProxyType({component.id: component for component in components}),
        by_how=_frozen(by_how),
        by_call=_frozen(by_call),
        by_base=_frozen(by_base),
        libraries=packages | spoken,
    )


def _last_words(names: tuple[str, ...]) -> frozenset[str]:
    """What the last dots stand before."""
    return frozenset(name.rpartition(".")[2] for name in names)


def _frozen(table: dict[Key, list[Value]]) -> Mapping[Key, tuple[Value, ...]]:
    """The same table, to be read only."""
    return MappingProxyType({key: tuple(found) for key, found in table.items()})
