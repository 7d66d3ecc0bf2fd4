"""Which shared stores the versions of a project have, by themselves: without its code, and for any of its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from lcmemlint.catalogue import Catalogue, Component
from lcmemlint.link.requirements import Bounds
from lcmemlint.link.versions import Versions

_SAVERS: Final = ("langgraph.{}PostgresSaver", "langgraph.{}RedisSaver")
_STORES: Final = ("langgraph.{}PostgresStore",)
_WRAPPER: Final = "langchain.RunnableWithMessageHistory"
_AGENT: Final = "langchain.create_agent"
_SHOWN: Final = ("langchain", "langchain-core", "langgraph")


class Fitting(Struct, frozen=True):
    """What the versions offer to the file at a path (relative to the root; the file need not be there)."""

    catalogue: Catalogue
    versions: Versions

    def savers(self, path: str, *, is_async: bool = False) -> tuple[Component, ...]:
        """The checkpointers that workers can share, the most usual first."""
        return tuple(self._there(path, _SAVERS, is_async))

    def stores(self, path: str, *, is_async: bool = False) -> tuple[Component, ...]:
        """The long-term stores that workers can share."""
        return tuple(self._there(path, _STORES, is_async))

    def prefers_checkpointer(self, path: str) -> bool:
        """Whether histories are deprecated there and agents with checkpointers at hand."""
        wrapper, agent = self.catalogue.by_id[_WRAPPER], self.catalogue.by_id[_AGENT]
        return self.versions.is_sunset(path, wrapper) and self.versions.has(path, agent)

    def declared(self, path: str) -> tuple[str, ...]:
        """The versions that count there, as `langgraph 1.0.1` or `langchain >=0.3,<1`; only those that are told."""
        told = ((package, self.versions.bounds(path, package)) for package in _SHOWN)
        return tuple(f"{package} {_shown(bounds)}" for package, bounds in told if bounds != Bounds())

    def _there(self, path: str, ids: tuple[str, ...], is_async: bool) -> Iterator[Component]:
        for one in ids:
            component = self.catalogue.by_id.get(one.format("Async" if is_async else ""))
            if component is not None and self.versions.has(path, component):
                yield component


def _shown(bounds: Bounds) -> str:
    low = ".".join(map(str, bounds.low or ()))
    high = ".".join(map(str, bounds.high or ()))
    if bounds.exact:
        return low
    return ",".join([*([f">={low}"] if low else []), *([f"<{high}"] if high else [])])
