"""What an edited file calls the functions that fixes bring, and the import lines for them.

The functions come from generated modules, or, for ``chat_history``, from the project itself when its
configuration names a factory (``factory = "app.history:get_history"``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from lcmemlint.fixes.generated import GENERATED, Generated, Placed, generated, placed
from lcmemlint.fixes.imports import free_name, local_name
from lcmemlint.fixes.layout import Layout
from lcmemlint.fixes.trees import Tree

HISTORY_FUNCTION = "chat_history"
Places = Mapping[tuple[str, str], Placed]
"""(file, name of what it needs) → where that comes from."""


class Supply(Struct, frozen=True):
    """Where generated names come from; ``factory`` is the project's own ``module:function``, if it has one."""

    factory: str = ""

    @property
    def own(self) -> Placed | None:
        """The project's own factory."""
        module, _, function = self.factory.partition(":")
        return Placed("", module, function) if function else None

    def is_own(self, path: str) -> bool:
        """Whether a file is the module of the project's own factory."""
        module = self.factory.partition(":")[0].replace(".", "/")
        stem = path.removesuffix(".py").removesuffix("/__init__")
        return bool(module) and f"/{stem}".endswith(f"/{module}")

    def names(self, tree: Tree) -> dict[str, str]:
        """What the file calls, or is going to call, each generated function."""
        found = {name: _free(tree, name, each.stems) for each in GENERATED for name in each.names}
        if self.own is not None:
            found[HISTORY_FUNCTION] = _free(tree, self.own.function, (self.own.stem,))
        return found

    def places(
        self, needs: Mapping[str, Iterable[str]], modules: Mapping[str, str], layout: Layout
    ) -> dict[tuple[str, str], Placed]:
        """Where each file (with its dotted name in ``modules``) finds what it needs."""
        found: dict[tuple[str, str], Placed] = {}
        wanted: dict[Generated, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for path, names in needs.items():
            for name in names:
                if name == HISTORY_FUNCTION and self.own is not None:
                    found[path, name] = self.own
                else:
                    wanted[generated(name)][path].append(name)
        for module, by_path in wanted.items():
            for path, place in placed({each: modules[each] for each in by_path}, layout, module).items():
                found |= {(path, name): place for name in by_path[path]}
        return found


def import_lines(
    tree: Tree, path: str, needs: Iterable[str], names: Mapping[str, str], places: Places
) -> list[str]:
    """The imports that a file lacks, a line for each module."""
    by_module: dict[str, list[str]] = defaultdict(list)
    for need in sorted(needs):
        place = places[path, need]
        name, function = names[need], place.function or need
        if local_name(tree, function, place.stem) != name:
            by_module[place.module].append(function if name == function else f"{function} as {name}")
    return [f"from {module} import {', '.join(parts)}" for module, parts in sorted(by_module.items())]


def new_modules(places: Places, layout: Layout, texts: Mapping[str, str]) -> dict[str, str]:
    """The generated modules that are not there yet; ``texts`` are those of the files that ask for them."""
    users: dict[tuple[str, Generated], list[str]] = defaultdict(list)
    for (path, name), place in places.items():
        if place.path and place.path not in layout.files:
            users[place.path, generated(name)].append(texts.get(path, ""))
    return {path: module.text(importing) for (path, module), importing in users.items()}


def _free(tree: Tree, function: str, stems: Sequence[str]) -> str:
    known = next((stem for stem in stems if local_name(tree, function, stem)), stems[0])
    return free_name(tree, function, known)
