"""The report of an unchanged tree, recalled without reading a file of it.

A tree is unchanged if the same files have the same stat data. Files that were changed just before they were
analysed may have changed again without a trace there, so that their bytes are compared too.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from lcmemlint.facts import Problem
from lcmemlint.files import Files
from lcmemlint.places import Disk
from lcmemlint.sources import Tree
from lcmemlint.store import Stat, Store, digest, is_young, stat_of

_MOST_YOUNG: Final = 200
"""Files; in a tree that was unpacked this very moment, reading all of them twice would not pay."""


_Packed = TypeVar("_Packed")


class _Kept(Struct, Generic[_Packed], frozen=True, array_like=True):
    """A report, the state of the tree it was of, and the digests of the young files in that."""

    state: str
    young: tuple[tuple[str, str], ...]
    packed: _Packed


class Recall:
    """The report of one tree under these settings; `known` is asked first, then what it did not know is kept."""

    def __init__(self, store: Store, files: Files, tree: Tree, settings: str) -> None:
        self._store = store
        self._files = files
        self._stats: dict[str, Stat | None] = {}
        self._key = self._state = ""
        self._young: dict[str, str] | None = None
        if isinstance(files.place, Disk) and not files.unsaved:
            root = files.place.root
            now = time.time_ns()
            self._key = digest(store.version, settings)
            self._stats = {
                path: stat_of(root, path) for path in (*tree.python, *tree.notebooks, *tree.manifests)
            }
            self._state = digest(*(f"{path}\0{found}" for path, found in self._stats.items()))
            young = [path for path, found in self._stats.items() if found and is_young(found, now)]
            if len(young) <= _MOST_YOUNG:
                self._young = {path: self._digest(path) for path in young}

    def known(self, kind: type[_Packed]) -> _Packed | None:
        """What was kept of the same tree, as a value of that type; None if nothing was."""
        text = self._store.get("reports", self._key) if self._key else None
        if text is None:
            return None
        try:
            kept: _Kept[_Packed] = msgspec.json.decode(text, type=_Kept[kind])  # type: ignore[valid-type]
        except (ValueError, RecursionError):
            return None
        same = kept.state == self._state and all(self._digest(path) == of for path, of in kept.young)
        return kept.packed if same else None

    def keep(self, packed: object) -> None:
        """Keep what came out of an analysis that began after this object was made."""
        if self._key and self._young is not None:
            whole = _Kept(self._state, tuple(self._young.items()), packed)
            with suppress(UnicodeEncodeError):  # half of a surrogate pair
                self._store.put("reports", self._key, msgspec.json.encode(whole))

    def _digest(self, path: str) -> str:
        data = self._files.read(path) if path in self._stats else b""
        return "" if isinstance(data, Problem) else digest(data)
