"""Shapes of keys: how the key is put together under which a store keeps a conversation.

A *use* is a call that opens a history in request code. Its *shape* is the text of its key with holes where values go
(``async:{}``), its *subject* the names of those values, its *room* the prefix, table or collection. Two uses of one
store *clash* when they speak of one subject in two shapes, or in one shape in two rooms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from lcmemlint.catalogue import Component
from lcmemlint.facts import Call
from lcmemlint.findings import Confidence
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories
from lcmemlint.link.objects import External, Fixed, FunctionOf
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, has_stars
from lcmemlint.values import (
    AttrOf,
    CallOf,
    Combined,
    Const,
    ItemOf,
    Joined,
    Location,
    Name,
    OneOf,
    Value,
    dotted,
)

_DEEP = 8
_HOLE = "{}"
_WORD = re.compile(r"[A-Za-z]+")


class Shape(Struct, frozen=True):
    """The text of a key with its holes, what fills them, and where (in which function) it is put together."""

    text: str
    subject: tuple[str, ...]
    at: Location
    function: FunctionOf


class Use(Struct, frozen=True):
    """A history that request code opens."""

    name: str
    store: tuple[str, ...]
    room: tuple[str, ...]
    shape: Shape
    opened: Location
    opener: FunctionOf

    def place(self, other: Use) -> tuple[Location, FunctionOf]:
        """Where it differs from another use: where the key is put together, or where the room is chosen."""
        if self.room != other.room or _covers(self.shape.at, self.opened):
            return self.opened, self.opener
        return self.shape.at, self.shape.function

    @property
    def shown(self) -> str:
        """The key as people would write it."""
        text = self.shape.text
        for name in self.shape.subject:
            text = text.replace(_HOLE, f"{{{name}}}", 1)
        rooms = [room for room in self.room if room]
        return f"{text}` in `{', '.join(rooms)}" if rooms else text


class Clash(Struct, frozen=True):
    """A use, and the earlier one with another key for the same conversation."""

    use: Use
    other: Use
    confidence: Confidence

    @property
    def at(self) -> Location:
        """Where the use differs."""
        return self.use.place(self.other)[0]

    @property
    def function(self) -> FunctionOf:
        """The code there."""
        return self.use.place(self.other)[1]


class Shapes:
    """Answers about the keys of one project; nothing is computed before the first question."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self._words = evaluator.catalogue.session

    @cached_property
    def clashes(self) -> tuple[Clash, ...]:
        """For each store and subject, the uses that differ from the most common one, each key once."""
        groups: dict[tuple[object, ...], list[Use]] = {}
        for use in sorted(self._uses(), key=lambda use: (use.opened, use.shape.at)):
            groups.setdefault((use.store, use.shape.subject), []).append(use)
        return tuple(clash for uses in groups.values() for clash in self._in_group(uses))

    def _in_group(self, uses: list[Use]) -> Iterator[Clash]:
        kinds: dict[tuple[str, tuple[str, ...]], list[Use]] = {}
        for use in uses:
            kinds.setdefault((use.shape.text, use.room), []).append(use)
        usual = max(kinds.values(), key=len)[0]
        for found in kinds.values():
            if found[0] is not usual and self._is_elsewhere(found[0], usual):
                yield Clash(found[0], usual, self._confidence(found[0], usual))

    def _is_elsewhere(self, one: Use, other: Use) -> bool:
        """Whether two paths open them: one function that opens both keeps two things apart on purpose."""
        return one.place(other)[1] != other.place(one)[1]

    def _confidence(self, one: Use, other: Use) -> Confidence:
        texts = (one.shape.text, other.shape.text, *one.room, *other.room)
        words = {word.lower() for text in texts for word in _WORD.findall(text.replace(_HOLE, " "))}
        return "likely" if words <= self._words.neutral_words else "possible"

    # ------------------------------------------------------------------ uses

    def _uses(self) -> Iterator[Use]:
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                function = self.memories.function_of(path, call.scope)
                if function not in self.reach.came:
                    continue
                for thing in self.evaluator.value(path, call.scope, call.function, call.statement):
                    component = self._component(thing)
                    if component is not None and not has_stars(call):
                        yield from self._uses_at(path, call, component, function)

    def _component(self, thing: object) -> Component | None:
        if not isinstance(thing, External):
            return None
        found = self.evaluator.catalogue.component(thing.dotted)
        if found is None or found.session_argument is None or found.lookalike or found.storage == "process":
            return None
        return found

    def _uses_at(self, path: str, call: Call, component: Component, function: FunctionOf) -> Iterator[Use]:
        key = argument(call, (component.session_argument or "",), component.session_position)
        store = self._texts(path, call, component.url_argument, component.url_position)
        room = self._texts(path, call, self._words.key_rooms, None)
        if key is None or store is None or room is None:
            return
        at = Location(path, call.span)
        name = (dotted(call.function) or component.names[0]).rsplit(".", 1)[-1]
        for shape in self._shapes(Site(path, call.scope, key, call.statement), 0):
            yield Use(name, (component.id, *store), room, shape, at, function)

    def _texts(
        self, path: str, call: Call, names: Iterable[str], position: int | None
    ) -> tuple[str, ...] | None:
        """The arguments of those names, as text; None when one of them is not known at all."""
        found = []
        for name in names:
            value = argument(call, (name,), None)
            if value is not None:
                found.append(value)
        if not found and position is not None:
            value = argument(call, (), position)
            found = [value] if value is not None else []
        texts = [self._text(Site(path, call.scope, value, call.statement)) for value in found]
        return None if any(text is None for text in texts) else tuple(text or "" for text in texts)

    def _text(self, site: Site) -> str | None:
        """A literal's text, else what is written: two equal texts are one place, two others may be two."""
        things = self.evaluator.at(site)
        if len(things) == 1 and isinstance(things[0], Fixed):
            return str(things[0].value)
        match site.value:
            case Name(id=name):
                return self._named(site.path, site.scope, name)
            case AttrOf():
                return dotted(site.value)
            case ItemOf(base=base, key=Const(value=key)):
                return f"{dotted(base)}[{key}]"
            case CallOf(call=number):
                call = self.evaluator.files[site.path].calls[number]
                given = [argument.value for argument in call.arguments[:1]]
                if dotted(call.function) is not None and all(isinstance(value, Const) for value in given):
                    texts = [str(value.value) for value in given if isinstance(value, Const)]
                    return f"{dotted(call.function)}({', '.join(texts)})"
        return None

    def _named(self, path: str, scope: int, name: str) -> str | None:
        """A name of a module, by the module that binds it."""
        home, bindings = self.evaluator.names[path].lookup(scope, name)
        if home != 0 or len(bindings) != 1:
            return None
        if bindings[0].kind == "import":
            imported = self.evaluator.files[path].imports[bindings[0].index]
            target = self.evaluator.modules.find(path, imported.module)
            return f"{target or imported.module}:{imported.name}"
        return f"{path}:{name}"

    # ------------------------------------------------------------------ shapes

    def _shapes(self, site: Site, depth: int) -> list[Shape]:
        """The shapes that a key may have; empty when one of them is not known."""
        if depth > _DEEP:
            return []
        match site.value:
            case Joined(parts=parts) | Combined(op="+", parts=parts):
                return self._of_parts(site, parts)
            case OneOf(options=options):
                found = [
                    self._shapes(Site(site.path, site.scope, option, site.at), depth + 1)
                    for option in options
                    if not isinstance(option, Const)
                ]
                return [shape for group in found for shape in group] if all(found) else []
            case Name(id=name):
                return self._of_name(site, name, depth)
            case AttrOf(name=name) | ItemOf(key=Const(value=str() as name)):
                return [self._shape(site, _HOLE, (name,))]
            case CallOf(call=number):
                call = self.evaluator.files[site.path].calls[number]
                if call.function == Name("str") and len(call.arguments) == 1:
                    inner = Site(site.path, call.scope, call.arguments[0].value, call.statement)
                    return self._shapes(inner, depth + 1)
        return []

    def _shape(self, site: Site, text: str, subject: tuple[str, ...]) -> Shape:
        return Shape(text, subject, self.reach.place(site), self.memories.function_of(site.path, site.scope))

    def _of_parts(self, site: Site, parts: Iterable[Value]) -> list[Shape]:
        text, names = "", []
        for part in parts:
            if isinstance(part, Const):
                text += str(part.value)
                continue
            name = part.id if isinstance(part, Name) else part.name if isinstance(part, AttrOf) else ""
            if not name:
                return []
            names.append(name)
            text += _HOLE
        return [self._shape(site, text, tuple(names))] if names else []

    def _of_name(self, site: Site, name: str, depth: int) -> list[Shape]:
        table = self.evaluator.names[site.path]
        home, bindings = table.lookup(site.scope, name)
        reaching = table.reaching(bindings, home, site.at) if home == site.scope else bindings
        if len(reaching) != 1:
            return []
        binding = reaching[0]
        function = FunctionOf(site.path, home)
        if binding.kind == "param":
            fills = list(self.evaluator.fills.get((site.path, home, name), {}).values())
            if function in self.reach.point or not fills:
                return [self._shape(site, _HOLE, (name,))]
            found = [
                self._shapes(fill, depth + 1)
                for fill in fills
                if self.memories.function_of(fill.path, fill.scope) in self.reach.came
            ]
            return [shape for group in found for shape in group] if all(found) else []
        if binding.kind != "statement" or binding.path or home == 0:
            return []
        statement = self.evaluator.files[site.path].statements[binding.index]
        if statement.kind not in ("assign", "annotate") or statement.value is None:
            return []
        inner = Site(site.path, statement.scope, statement.value, binding.index)
        return self._shapes(inner, depth + 1)


def _covers(one: Location, other: Location) -> bool:
    """Whether one place stands around another."""
    return one.path == other.path and one.span.line <= other.span.line <= one.span.end_line
