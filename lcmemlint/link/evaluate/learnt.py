"""What the calls and assignments of the project hand over and keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from lcmemlint.facts import Call
from lcmemlint.link.evaluate.questions import Questions
from lcmemlint.link.evaluate.sites import Edge, Site, Stored
from lcmemlint.link.objects import FunctionOf, Object


class Learnt:
    """Tables of what functions are handed, what attributes and items hold, and who calls whom.

    Whoever has asked for something hears from ``questions`` that there is more of it.
    """

    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self.fills: dict[tuple[str, int, str], dict[tuple[str, int, int], Site]] = defaultdict(dict)
        self.called_from: dict[FunctionOf, set[tuple[str, int]]] = defaultdict(set)
        self.filled_from: dict[tuple[str, int, str], set[tuple[str, int]]] = defaultdict(set)
        self.attributes: dict[tuple[Object, str], dict[tuple[str, int, int], Site]] = defaultdict(dict)
        self.items: dict[Object, dict[tuple[str, int, int, Hashable], Stored]] = defaultdict(dict)
        self.edges: dict[tuple[str, int, int], dict[tuple[FunctionOf, bool], Edge]] = defaultdict(dict)
        self.calls_on: dict[Object, dict[tuple[str, int], None]] = defaultdict(dict)
        self._edges_to: dict[FunctionOf, list[Edge]] = defaultdict(list)

    def note_attribute(self, holder: Object, name: str, key: tuple[str, int, int], site: Site) -> None:
        """An assignment keeps something under an attribute."""
        table = self.attributes[holder, name]
        known = table.get(key)
        table[key] = site
        if known is None or known.value is not site.value:
            self.questions.changed(("attribute", holder, name))

    def note_item(self, holder: Object, place: tuple[str, int, int, Hashable], stored: Stored) -> None:
        """An assignment or a call keeps something among the items of a holder."""
        table = self.items[holder]
        known = table.get(place)
        table[place] = stored
        if known is None or known.constant != stored.constant or known.site.value is not stored.site.value:
            self.questions.changed(("item", holder))

    def note_edge(
        self, path: str, number: int, call: Call, function: FunctionOf, owner: Object | None, *, passed: bool
    ) -> None:
        """A call runs a function, or hands it over."""
        edge = Edge(path, call.scope, number, function, owner, passed)
        self.edges[path, call.scope, number].setdefault((function, passed), edge)

    def take_back(self, beside: frozenset[str]) -> None:
        """Take back what files of ``beside`` handed to the others; all else that was learnt still holds."""
        for (path, scope, name), table in self.fills.items():
            if path in beside:
                continue
            for place in [place for place, site in table.items() if site.path in beside]:
                del table[place]
                self.questions.changed(("fills", path, scope, name))
        for (path, _, _), calls in self.filled_from.items():
            if path not in beside:
                calls.difference_update([call for call in calls if call[0] in beside])
        for function, calls in self.called_from.items():
            if function.path not in beside and any(call[0] in beside for call in calls):
                calls.difference_update([call for call in calls if call[0] in beside])
                self.questions.changed(("callers", function))

    def hands_over(self, beside: frozenset[str]) -> bool:
        """Whether files of ``beside`` fill parameters of other files."""
        return any(
            site.path in beside and path not in beside
            for (path, _, _), table in self.fills.items()
            for site in table.values()
        )

    def is_always_filled(self, path: str, scope: int, name: str) -> bool:
        """Whether every call in the project hands over the parameter, so that its default is never taken."""
        self.questions.depend_on(("callers", FunctionOf(path, scope)))
        callers = self.called_from.get(FunctionOf(path, scope))
        return bool(callers) and callers == self.filled_from.get((path, scope, name))

    def close(self) -> None:
        """Note who calls whom: nothing more will be learnt."""
        for table in self.edges.values():
            for edge in table.values():
                self._edges_to[edge.callee].append(edge)

    def edges_to(self, function: FunctionOf) -> Sequence[Edge]:
        """The calls of a function, and those that hand it over."""
        return self._edges_to.get(function, ())
