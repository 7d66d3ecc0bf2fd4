"""Which versions a file runs with, and therefore what may be recommended there.

Terms. The *bounds* of a package for a file come from the nearest folder above it whose manifests name the package; a
lock or an installed version further up makes them exact. Without any, the file's own imports decide: a module that
came or went with a release (``releases`` of the catalogue). What is still open gets the newest: ``allows`` answers yes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from posixpath import dirname

from lcmemlint.catalogue import Catalogue, Component
from lcmemlint.facts import FileFacts
from lcmemlint.link.requirements import (
    Bounds,
    Version,
    installed,
    is_version_manifest,
    numbers,
    read_manifest,
)


class Versions:
    """Answers about versions, from the manifests and the imports of one project."""

    def __init__(
        self, manifests: Mapping[str, bytes], files: Mapping[str, FileFacts], catalogue: Catalogue
    ) -> None:
        self._files = files
        self._catalogue = catalogue
        self._manifests = manifests
        self._told: dict[tuple[str, str], Bounds] = {}

    @cached_property
    def _folders(self) -> dict[str, dict[str, Bounds]]:
        """Folder → package → what the manifests there say; they are read when somebody asks."""
        folders: dict[str, dict[str, Bounds]] = {}
        for path in sorted(self._manifests):
            for folder, package, bounds in self._said(path):
                table = folders.setdefault(folder, {})
                table[package] = table[package].narrowed(bounds) if package in table else bounds
        return folders

    def _said(self, path: str) -> Iterator[tuple[str, str, Bounds]]:
        """What one manifest says: the folder it speaks for, a package, its bounds."""
        told = installed(path)
        if told is not None:
            yield told
        elif is_version_manifest(path):
            for package, bounds in read_manifest(path, self._manifests).items():
                yield _project_folder(path), package, bounds

    def declares(self, path: str, package: str) -> bool:
        """Whether a manifest above the file names the package."""
        return any(package in table for table in self._around(path))

    def bounds(self, path: str, package: str) -> Bounds:
        """The versions of ``package`` that the file may meet; no bounds when nothing is known."""
        told = self._declared(path, package)
        if told.low is None and told.high is None:
            told = self._derived(path, package)
        return told.narrowed(self._imported(path, package)) if not told.exact else told

    def allows(self, path: str, package: str, least: str) -> bool:
        """Whether ``package`` may be at least this version there; unknown is yes."""
        high = self.bounds(path, package).high
        return high is None or _plain(high) > _plain(numbers(least))

    def demands(self, path: str, package: str, least: str) -> bool:
        """Whether ``package`` is at least this version there for sure."""
        low = self.bounds(path, package).low
        return low is not None and _plain(low) >= _plain(numbers(least))

    def has(self, path: str, component: Component) -> bool:
        """Whether the release that brought a component is allowed there."""
        package, _, version = (component.since or "").rpartition(" ")
        return not package or self.allows(path, package, version)

    def is_sunset(self, path: str, component: Component) -> bool:
        """Whether a component is deprecated in the newest version that is allowed there."""
        words = (component.deprecated or "").split()
        return len(words) == 2 and bool(numbers(words[1])) and self.allows(path, words[0], words[1])

    # ------------------------------------------------------------------ declared

    def _around(self, path: str) -> Iterator[dict[str, Bounds]]:
        folder = dirname(path)
        while True:
            if folder in self._folders:
                yield self._folders[folder]
            if not folder:
                return
            folder = dirname(folder)

    def _declared(self, path: str, package: str) -> Bounds:
        told = [table[package] for table in self._around(path) if package in table]
        if not told:
            return self._anywhere(package)
        nearest = told[0]
        for further in told[1:]:
            if further.exact and not nearest.exact and _is_within(further, nearest):
                return further
        return nearest

    def _anywhere(self, package: str) -> Bounds:
        """What folders beside the file say, if they agree: ``backend/requirements.txt`` for a file of ``app/``."""
        told = {table[package] for table in self._folders.values() if package in table}
        return told.pop() if len(told) == 1 else Bounds()

    def _derived(self, path: str, package: str) -> Bounds:
        """langchain and its core share the first numbers, so one tells the other."""
        other = {"langchain-core": "langchain", "langchain": "langchain-core"}.get(package)
        if other is None:
            return Bounds()
        told = self._declared(path, other)
        if other == "langchain":
            told = told.narrowed(self._imported(path, other)) if not told.exact else told
        return Bounds(_series(told.low), _after_series(told.high))

    # ------------------------------------------------------------------ imports

    def _imported(self, path: str, package: str) -> Bounds:
        """What the file's imports say about a package: each module of the table came or went with a release."""
        if (path, package) not in self._told:
            self._told[path, package] = self._told_by_imports(path, package)
        return self._told[path, package]

    def _told_by_imports(self, path: str, package: str) -> Bounds:
        found = Bounds()
        facts = self._files.get(path)
        for imported in facts.imports if facts is not None else ():
            full = f"{imported.module}.{imported.name}" if imported.name else imported.module
            for release in self._catalogue.releases:
                if release.package == package and (full + ".").startswith(release.module + "."):
                    since = numbers(release.since) if release.since else None
                    before = numbers(release.before) if release.before else None
                    found = found.narrowed(Bounds(since, before))
        return found


def _project_folder(path: str) -> str:
    """The folder that a manifest speaks for: ``requirements/base.txt`` speaks for the folder around."""
    folder = dirname(path)
    return dirname(folder) if folder.rsplit("/", 1)[-1].lower() in ("requirements", "reqs") else folder


def _is_within(exact: Bounds, bounds: Bounds) -> bool:
    version = _plain(exact.low or ())
    return (bounds.low is None or version >= _plain(bounds.low)) and (
        bounds.high is None or version < _plain(bounds.high)
    )


def _plain(version: Version) -> Version:
    """A version without zeros at its end: 1 is 1.0."""
    while version and version[-1] == 0:
        version = version[:-1]
    return version


def _series(version: Version | None) -> Version | None:
    """``0.2.17`` → ``0.2``: core has other last numbers; from 1 on, only the first is shared."""
    if version is None:
        return None
    return version[:1] if version[0] else ((0, version[1]) if len(version) > 1 and version[1] else None)


def _after_series(high: Version | None) -> Version | None:
    """The first series that an upper bound leaves out: ``<0.2`` is ``<0.2``, ``<0.2.5`` is ``<0.3``."""
    if high is None:
        return None
    head = high[:1] if high[0] else high[:2]
    if head == (0, 0):
        return (0, 2)
    rest = [part for part in high[len(head) :] if part]
    return (*head[:-1], head[-1] + 1) if rest else head
