"""What a rule's page says for the project around a folder: which classes its versions have, and which they deprecate.

Read from the requirement and lock files of the project only; no code is parsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lcmemlint.catalogue import Component, load_catalogue
from lcmemlint.config import load_config
from lcmemlint.places import Disk
from lcmemlint.rulebook import Rule
from lcmemlint.sources import absolute, project_root, relative, walk

if TYPE_CHECKING:
    from lcmemlint.link.fitting import Fitting


ABOUT_STORES: Final = frozenset({"LCM104"})
ABOUT_SAVERS: Final = frozenset({"LCM103", "LCM305", "LCM306", "LCM307", "LCM308", "LCM309"})
ABOUT_HISTORIES: Final = frozenset(
    {"LCM101", "LCM102", "LCM105", "LCM106", "LCM107", "LCM108", "LCM109", "LCM401"}
)


def fitted(rule: Rule, start: Path) -> tuple[str, ...]:
    """Sentences about a rule for the project around `start`; none if the rule or the project has nothing to say.

    Raises `ConfigError` when the project's settings are wrong.
    """
    if rule.code not in ABOUT_STORES | ABOUT_SAVERS | ABOUT_HISTORIES:
        return ()
    from lcmemlint.link.requirements import is_version_manifest

    start = absolute(start)
    place = Disk(project_root([start]))
    config = load_config(place.root)
    told = {path: place.read(path) for path in walk(place, config).manifests if is_version_manifest(path)}
    manifests = {path: data for path, data in told.items() if isinstance(data, bytes)}
    if not manifests:
        return ()
    from lcmemlint.link.fitting import Fitting
    from lcmemlint.link.versions import Versions

    catalogue = load_catalogue(config.components, config.entry_points)
    fitting = Fitting(catalogue, Versions(manifests, {}, catalogue))
    path = f"{relative(place.root, start)}/_.py".lstrip("/")
    versions = fitting.declared(path)
    if not versions:
        return ()
    return (f"Versions: {', '.join(versions)}.", *_sentences(rule, fitting, path))


def _sentences(rule: Rule, fitting: Fitting, path: str) -> Iterator[str]:
    if rule.code in ABOUT_STORES:
        yield _classes("long-term store", fitting.stores(path), fitting.stores(path, is_async=True))
        return
    if rule.code in ABOUT_HISTORIES and not fitting.prefers_checkpointer(path):
        yield (
            "Histories: `RunnableWithMessageHistory` with a history that all workers share, "
            "`chat_history(session_id)`, is what these versions are made for."
        )
        return
    yield _classes("checkpointer", fitting.savers(path), fitting.savers(path, is_async=True))
    if rule.code in ABOUT_HISTORIES:
        yield (
            "Histories: `RunnableWithMessageHistory` is deprecated in these versions; new code gives "
            "`create_agent(..., checkpointer=...)` the checkpointer."
        )


def _classes(what: str, usual: tuple[Component, ...], awaited: tuple[Component, ...]) -> str:
    if not usual:
        return f"Upgrade langgraph: these versions have no {what} that workers can share."
    listed = " or ".join(f"`{one.modules[0]}.{one.names[0]}`" for one in usual)
    named = ", ".join(f"`{one.names[0]}`" for one in awaited)
    return f"Shared {what}: {listed}" + (f"; in async code {named}." if named else ".")
