"""Collections, and whatever else keeps items: what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lcmemlint.link.evaluate.aspect import Aspect
from lcmemlint.link.evaluate.outside import DICTS, FIELDS
from lcmemlint.link.evaluate.questions import MANY, NOTHING, distinct
from lcmemlint.link.evaluate.sites import Site
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    Collection,
    External,
    Fixed,
    FunctionOf,
    Instance,
    Object,
    Objects,
    dotted_of,
)
from lcmemlint.values import Combined, Const, Container, Value

if TYPE_CHECKING:
    from lcmemlint.link.evaluate.evaluator import Evaluator


class Containers(Aspect):
    """Answers for items, those that a display is written with and those that are put in later."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self.collections: list[Site] = []
        self._numbers: dict[tuple[str, int, int], int] = {}

    def collection(self, path: str, scope: int, value: Value, at: int) -> Collection:
        """The object that a display or comprehension makes."""
        key = (path, scope, id(value))
        if key not in self._numbers:
            self._numbers[key] = len(self.collections)
            self.collections.append(Site(path, scope, value, at))
        return Collection(path, scope, self._numbers[key])

    def contents(self, thing: Collection) -> list[tuple[Value | None, Site]]:
        """What a collection is written with: key (None in lists) and value."""
        site = self.collections[thing.number]
        match site.value:
            case Container(items=items, keys=keys):
                pairs = zip(keys or (None,) * len(items), items, strict=False)
                return [(key, Site(site.path, site.scope, item, site.at)) for key, item in pairs]
            case Combined(parts=parts, op=op):
                chosen = parts[-1:] if op == "dictcomp" else parts
                return [(None, Site(site.path, site.scope, part, site.at)) for part in chosen]
        return []

    def item_of(self, path: str, scope: int, base: Value, key: Value, at: int) -> list[Object]:
        """What ``base[key]`` may be."""
        constant: str | int | None = None
        for thing in self.value(path, scope, key, at):
            if isinstance(thing, Fixed) and isinstance(thing.value, (str, int)):
                constant = thing.value
        found: list[Object] = []
        for holder in self.value(path, scope, base, at)[:MANY]:
            found.extend(self.item(holder, constant))
        return found or [UNCLEAR]

    def item(self, holder: Object, constant: str | int | None) -> list[Object]:
        """What ``holder[key]`` may be; ``constant`` is the key if it is known."""
        found: list[Object] = []
        if isinstance(holder, Collection):
            for position, (key, site) in enumerate(self.contents(holder)):
                written = key.value if isinstance(key, Const) else (position if key is None else None)
                if constant is None or written is None or written == constant:
                    found.extend(self.at(site))
        found.extend(self.kept(holder, constant))
        found.extend(self._defaults(holder))
        return found

    def _defaults(self, holder: Object) -> list[Object]:
        """What ``defaultdict(factory)`` makes for a missing key."""
        if not (
            isinstance(holder, Instance) and holder.of == External("collections.defaultdict") and holder.path
        ):
            return []
        found: list[Object] = []
        for factory in self.factories(holder.path, holder.call):
            if isinstance(factory, External | ClassOf):
                found.append(Instance(factory, holder.path, holder.call))
            elif isinstance(factory, FunctionOf):
                found.extend(self.evaluator.calls.returned(factory))
        return found

    def factories(self, path: str, number: int) -> Objects:
        """What a call keeps to make values with: of ``defaultdict(f)``, and of ``field(default_factory=f)``."""
        call = self.files[path].calls[number]
        first = [argument.value for argument in call.arguments[:1] if argument.name is None]
        named = [a.value for a in call.arguments if a.name in ("default_factory", "factory")]
        if not first and not named:
            return NOTHING
        called = {dotted_of(thing) for thing in self.value(path, call.scope, call.function, call.statement)}
        given = first if "collections.defaultdict" in called else named if called & FIELDS else []
        return distinct(t for v in given for t in self.value(path, call.scope, v, call.statement))

    def is_field(self, path: str, number: int) -> bool:
        """Whether a call declares a field of a dataclass or a model, which each of its objects gets for itself."""
        call = self.files[path].calls[number]
        called = self.value(path, call.scope, call.function, call.statement)
        return any(dotted_of(thing) in FIELDS for thing in called)

    def made_by_factory(self, path: str, number: int) -> Iterator[Object]:
        """What a field's factory makes, unless that is a plain container."""
        for factory in self.factories(path, number):
            if isinstance(factory, FunctionOf):
                yield from (
                    thing
                    for thing in self.evaluator.calls.returned(factory)
                    if isinstance(thing, Instance | ClassOf)
                )
            elif (
                isinstance(factory, ClassOf) or self.catalogue.component(dotted_of(factory) or "") is not None
            ):
                yield Instance(factory, path, number)

    def kept(self, holder: Object, constant: str | int | None) -> Objects:
        """What assignments anywhere in the project put into ``holder`` (under ``constant``, if given)."""
        shared = self.evaluator.members.shared_name(holder)
        self.questions.depend_on(("item", shared))
        if shared not in self.learnt.items:
            return NOTHING
        return self.questions.remember(("kept", shared, constant), self._kept, shared, constant)

    def _kept(self, shared: Object, constant: str | int | None) -> list[Object]:
        found: list[Object] = []
        self.questions.depend_on(("item", shared))
        for stored in list(self.learnt.items[shared].values()):
            if constant is None or stored.constant is None or stored.constant == constant:
                found.extend(self.at(stored.site))
        return found

    def keeps(self, holder: Object) -> bool:
        """Whether something is a container, or is used as one anywhere."""
        if isinstance(holder, Collection) or dotted_of(holder) in DICTS:
            return True
        shared = self.evaluator.members.shared_name(holder)
        self.questions.depend_on(("item", shared))
        return bool(self.learnt.items.get(shared))
