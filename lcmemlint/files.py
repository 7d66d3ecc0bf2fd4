"""Where the bytes of a project's files come from: a place, and over it what an editor has not saved yet.

Everything that reads a file of the project for the analysis asks `Files`, so that a buffer counts in every stage:
as code, as a manifest, as a file that is not on the disk at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct, field
from msgspec.structs import replace

from lcmemlint.errors import UsageError
from lcmemlint.facts import Problem
from lcmemlint.places import Disk, Place
from lcmemlint.sources import DEFAULT_EXCLUDES, Tree, is_wanted, looks_like_manifest, relative


class Files(Struct, frozen=True):
    """The files of a place. `unsaved` maps paths (relative, with `/`) to the bytes that count instead."""

    place: Place
    unsaved: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def over(cls, root: Path, unsaved: Mapping[Path, bytes]) -> Files:
        """The files of a project on the disk; texts of files outside of it are no part of it."""
        inside: dict[str, bytes] = {}
        for path, data in unsaved.items():
            try:
                inside[relative(root, path)] = data
            except UsageError:
                continue
        return cls(Disk(root), inside)

    def read(self, path: str) -> bytes | Problem:
        """The bytes of a file, or why there are none."""
        data = self.unsaved.get(path)
        return self.place.read(path) if data is None else data

    def size(self, path: str) -> int:
        """Bytes; 0 for a file that cannot be asked."""
        if path in self.unsaved:
            return len(self.unsaved[path])
        return self.place.size(path)

    def added_to(self, tree: Tree, named: Iterable[str] = ()) -> Tree:
        """The tree with the unsaved files that are on no disk; those that it left out on purpose stay out."""
        known = {*tree.python, *tree.notebooks, *tree.manifests}
        new = {path for path in self.unsaved if path not in known and (path in named or self._is_new(path))}
        if not new:
            return tree
        notebooks = {path for path in new if path.endswith(".ipynb")}
        manifests = {path for path in new if looks_like_manifest(path)}
        return replace(
            tree,
            python=_merged(tree.python, new - notebooks - manifests),
            notebooks=_merged(tree.notebooks, notebooks),
            manifests=_merged(tree.manifests, manifests),
        )

    def _is_new(self, path: str) -> bool:
        folders = PurePosixPath(path).parts[:-1]
        return is_wanted(path) and DEFAULT_EXCLUDES.isdisjoint(folders) and not self.place.has_file(path)


def _merged(known: tuple[str, ...], new: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*known, *new}))
