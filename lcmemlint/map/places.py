"""Which box stands around a place in the code."""

from __future__ import annotations

from lcmemlint.facts import MODULE
from lcmemlint.link.objects import FunctionOf
from lcmemlint.link.project import Project
from lcmemlint.link.scaling import location
from lcmemlint.map.arrows import Arrows, Key
from lcmemlint.values import Location, Span


class Places:
    """Answers for one project; the innermost box counts."""

    def __init__(self, project: Project, arrows: Arrows) -> None:
        self.project = project
        self.arrows = arrows
        self._exact: dict[Location, Key] = {}
        for key, at in self._placed():
            self._exact.setdefault(at, key)

    def at(self, at: Location) -> Key | None:
        """The box; None for a file that was not parsed."""
        if at in self._exact:
            return self._exact[at]
        if at.path not in self.project.evaluator.files:
            return None
        function = self.project.memories.function_of(at.path, self._scope(at))
        key = self.arrows.key(function)
        if key is not None:
            return key
        while function.scope != MODULE:  # a lambda: what is around it
            scope = self.project.facts(at.path).scopes[function.scope].parent
            function = self.project.memories.function_of(at.path, scope)
            key = self.arrows.key(function)
            if key is not None:
                return key
        return FunctionOf(at.path, MODULE)

    def _placed(self) -> list[tuple[Key, Location]]:
        project, arrows = self.project, self.arrows
        found: list[tuple[Key, Location]] = [(memory, memory.at) for memory in arrows.memories]
        found += [(held, held.at) for held in arrows.held.values()]
        found += [(point, point.at) for point in project.entries]
        found += [((given.framework, given.at), given.at) for given in project.reach.served]
        for linked in project.scaling.linked:
            for spot in (linked.workload.at, *linked.workload.also):
                found.append((linked, location(spot)))
        for place in arrows.objects:
            call = project.facts(place.path).calls[place.call]
            found.append((place, Location(place.path, call.span)))
        return found

    def _scope(self, at: Location) -> int:
        """The innermost scope whose body holds the place."""
        facts = self.project.facts(at.path)
        best, scope = Span(0, 0, 0, 0), MODULE
        for block in facts.blocks:
            inside = (block.span.line, block.span.column) <= (at.span.line, at.span.column) and (
                at.span.line,
                at.span.column,
            ) < (block.span.end_line, block.span.end_column)
            if block.parent < 0 and inside and block.span > best:
                best, scope = block.span, block.scope
        for number, one in enumerate(facts.scopes):
            if one.span == at.span and number:
                return number
        return scope
