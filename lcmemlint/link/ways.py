"""Every way that request code takes, not only the shortest one to each place.

``Reach`` keeps for each function and object how it was met first: that proves a finding. A picture wants all ways, so
the same walk is done once more, and each link that it meets is written down.
"""

from __future__ import annotations

from typing import TypeAlias

from lcmemlint.link.objects import FunctionOf, Object
from lcmemlint.link.project import Project
from lcmemlint.link.reach import Came, Reach

Place: TypeAlias = FunctionOf | Object


class Ways(Reach):
    """The walk over a linked project, with all its links."""

    def __init__(self, project: Project) -> None:
        self.links: dict[tuple[Place | None, Place], Came] = {}
        self._visited: Place | None = None
        reach = project.reach
        super().__init__(project.evaluator, project.entries, reach.served, reach.roles)

    def table(self) -> dict[Place, list[tuple[Place, Came]]]:
        """For each function and object what it leads to, and where."""
        found: dict[Place, list[tuple[Place, Came]]] = {}
        for (source, target), came in self.links.items():
            if source is not None:
                found.setdefault(source, []).append((target, came))
        return found

    def _enter(self, function: FunctionOf, came: Came) -> None:
        self.links.setdefault((self._visited, function), came)
        super()._enter(function, came)

    def _use(self, thing: Object, came: Came) -> None:
        if not isinstance(thing, FunctionOf):
            self.links.setdefault((self._visited, thing), came)
        super()._use(thing, came)

    def _visit_function(self, function: FunctionOf) -> None:
        self._visited = function
        super()._visit_function(function)
        self._visited = None

    def _visit_object(self, thing: Object) -> None:
        self._visited = thing
        super()._visit_object(thing)
        self._visited = None
