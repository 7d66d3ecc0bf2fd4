"""What is known of the Python files of one tree from earlier runs: files with the same stat data are not read."""

from __future__ import annotations

import time
from typing import Any

from msgspec import Struct

from lcmemlint.files import Files
from lcmemlint.places import Disk
from lcmemlint.scan.skim import DYNAMIC, Skim
from lcmemlint.store import Stat, Store, digest, is_young, stat_of


class Known(Struct, frozen=True):
    """A file had this stat data, and then bytes with this digest, which said this."""

    stat: Stat
    digest: str
    skim: Skim


class Shelf:
    """The files of one tree, in a store or (None) in no store at all.

    Of the words in a skim only those are kept that `select` asks for: the packages of the catalogue.
    """

    def __init__(self, store: Store | None, files: Files, packages: frozenset[str]) -> None:
        self._store = store
        self._unsaved = files.unsaved
        self._root = files.place.root if isinstance(files.place, Disk) else None
        self._words = packages | {DYNAMIC}
        self._now = time.time_ns()
        self._old: dict[str, Known] = {}
        self._new: dict[str, Known] = {}
        self._stats: dict[str, Stat] = {}
        if store is not None and self._root is not None:
            key = digest(store.scan_version, str(self._root), *sorted(packages))
            self._key = key
            self._old = load(store.get("trees", key) or b"")

    def find(self, path: str) -> tuple[str, Skim] | None:
        """The digest and the skim of a file that is as it was; None for any other."""
        if self._store is None or self._root is None or path in self._unsaved:
            return None
        stat = stat_of(self._root, path)
        if stat is None:
            return None
        self._stats[path] = stat
        known = self._old.get(path)
        if known is None or known.stat != stat:
            return None
        self._new[path] = known
        return known.digest, known.skim

    def note(self, path: str, digest: str, skim: Skim) -> None:
        """Remember a file that had to be read; one that was changed just now will be read again."""
        stat = self._stats.get(path)
        if stat is not None and not is_young(stat, self._now):
            words = tuple(word for word in skim.words if word in self._words)
            self._new[path] = Known(stat, digest, Skim(skim.imports, words, skim.serves))

    def keep(self) -> None:
        """Write what is new."""
        if self._store is not None and self._new != self._old:
            self._store.put("trees", self._key, dump(self._new))


def dump(files: dict[str, Known]) -> bytes:
    """What is known of the files of a tree, as JSON; names that files share are written once."""
    numbers: dict[str, int] = {}

    def number(name: str) -> int:
        return numbers.setdefault(name, len(numbers))

    rows = {
        path: [
            of.stat,
            of.digest,
            [number(name) for name in of.skim.imports],
            [number(name) for name in of.skim.words],
            of.skim.serves,
        ]
        for path, of in files.items()
    }
    import json

    return json.dumps({"names": list(numbers), "files": rows}, separators=(",", ":")).encode()


def load(text: bytes) -> dict[str, Known]:
    """What `dump` wrote; empty for any other text."""
    import json

    try:
        whole = json.loads(text)
        names = [str(name) for name in whole["names"]]
        return {path: _known(row, names) for path, row in whole["files"].items()}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return {}


def _known(row: Any, names: list[str]) -> Known:
    (size, modified, changed, inode), of, imports, words, serves = row
    skim = Skim(
        tuple([names[number] for number in imports]), tuple([names[number] for number in words]), bool(serves)
    )
    return Known((size, modified, changed, inode), str(of), skim)
