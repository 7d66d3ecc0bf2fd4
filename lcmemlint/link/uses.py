"""Every mention of a memory object: who receives it, who writes to it, who reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.objects import Collection, Object, Part
from lcmemlint.values import AttrOf, CallOf, ItemOf, Name, Value, parts_of

MentionKind = Literal["written", "read", "argument", "returned", "kept", "other"]


class Mention(Struct, frozen=True):
    """One mention. ``method`` is what is called on the object; ``call`` is the call it takes part in."""

    kind: MentionKind
    path: str
    scope: int
    statement: int
    call: int
    method: str = ""


class Uses:
    """Mentions of chosen objects in the whole project."""

    def __init__(self, evaluator: Evaluator, things: Iterable[Object]) -> None:
        self.evaluator = evaluator
        self._wanted = frozenset(things)
        self._found: dict[Object, list[Mention]] = defaultdict(list)
        if self._wanted:
            for path in evaluator.files:
                self._read(path)

    def of(self, thing: Object) -> list[Mention]:
        """All mentions of an object, in order of place."""
        return self._found.get(thing, [])

    def _read(self, path: str) -> None:
        facts = self.evaluator.files[path]
        words = self.evaluator.catalogue.session
        for number, call in enumerate(facts.calls):
            if isinstance(call.function, AttrOf):
                method = call.function.name
                for thing, _ in self._roots(Site(path, call.scope, call.function.base, call.statement)):
                    kind: MentionKind = (
                        "written" if method in words.history_write | words.history_clear else "read"
                    )
                    self._found[thing].append(Mention(kind, path, call.scope, call.statement, number, method))
            for argument in call.arguments:
                site = Site(path, call.scope, argument.value, call.statement)
                for thing, through in self._inside(site):
                    kind = "read" if through else "argument"
                    self._found[thing].append(
                        Mention(kind, path, call.scope, call.statement, number, argument.name or "")
                    )
        for number, statement in enumerate(facts.statements):
            for target in statement.targets:
                if isinstance(target, (AttrOf, ItemOf)):
                    for thing, _ in self._roots(Site(path, statement.scope, target.base, number)):
                        self._found[thing].append(Mention("written", path, statement.scope, number, -1, "="))
            if statement.value is not None:
                self._read_statement(path, number)

    def _read_statement(self, path: str, number: int) -> None:
        statement = self.evaluator.files[path].statements[number]
        if statement.value is None:
            return
        for thing, through in self._inside(Site(path, statement.scope, statement.value, number)):
            kind: MentionKind
            if through or statement.kind in ("test", "for", "assert", "with"):
                kind = "read"
            elif statement.kind in ("return", "yield"):
                kind = "returned"
            elif any(isinstance(target, (AttrOf, ItemOf)) for target in statement.targets):
                kind = "kept"
            else:
                continue
            self._found[thing].append(Mention(kind, path, statement.scope, number, -1))

    def _roots(self, site: Site) -> Iterator[tuple[Object, bool]]:
        """The wanted objects that ``site`` is, or is an attribute of."""
        for thing in self.evaluator.at(site):
            inner: Object = thing
            while isinstance(inner, Part):
                inner = inner.base
            if inner in self._wanted:
                yield inner, inner is not thing
        value = site.value
        while isinstance(value, (AttrOf, ItemOf)):
            value = value.base
            for thing in self.evaluator.value(site.path, site.scope, value, site.at):
                if thing in self._wanted:
                    yield thing, True

    def _inside(self, site: Site) -> Iterator[tuple[Object, bool]]:
        """The wanted objects mentioned in a value; the flag says that only a part of the object is mentioned."""
        pending: list[tuple[Value, bool]] = [(site.value, False)]
        while pending:
            value, through = pending.pop()
            if isinstance(value, (Name, AttrOf, ItemOf, CallOf)):
                for thing in self.evaluator.value(site.path, site.scope, value, site.at):
                    yield from self._in_collection(thing, through, 0)
            pending.extend((part, through or isinstance(value, (AttrOf, ItemOf))) for part in parts_of(value))

    def _in_collection(self, thing: Object, through: bool, depth: int) -> Iterator[tuple[Object, bool]]:
        if thing in self._wanted:
            yield thing, through
        if isinstance(thing, Collection) and depth < 3:
            for _, site in self.evaluator.contents(thing):
                for inner in self.evaluator.at(site):
                    yield from self._in_collection(inner, through, depth + 1)
