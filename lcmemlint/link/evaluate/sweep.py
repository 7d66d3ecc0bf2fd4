"""Sweeps over all calls and assignments: what they hand to parameters, and keep in attributes and items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lcmemlint.facts import Call
from lcmemlint.link.evaluate.aspect import Aspect
from lcmemlint.link.evaluate.outside import DICTS, HANDED_ON, WRITERS
from lcmemlint.link.evaluate.questions import Reading, Step
from lcmemlint.link.evaluate.sites import Site, Stored
from lcmemlint.link.objects import (
    ClassOf,
    Collection,
    External,
    Fixed,
    FunctionOf,
    Given,
    Instance,
    ModuleOf,
    Object,
    Part,
    dotted_of,
)
from lcmemlint.values import UNKNOWN, AttrOf, Const, Container, ItemOf, Joined, Name, Value

if TYPE_CHECKING:
    from lcmemlint.link.evaluate.evaluator import Evaluator

_ROUNDS = 10


class Sweep(Aspect):
    """Goes through the calls and statements of the project, until nothing new is learnt."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self._beside: frozenset[str] = frozenset()
        self._single_items: dict[int, Value] = {}

    def solve(self, beside: frozenset[str] = frozenset()) -> None:
        """Learn what parameters, attributes and items hold, until nothing new is learnt (or for ten sweeps).

        ``beside`` are files that belong to no server (demos, evaluations): what they hand to other files counts not.
        A second call takes back what they handed over, and sweeps what depends on it.
        """
        if beside:
            self._beside = beside
            self.learnt.take_back(beside)
            self._repeat(self.questions.outdated())
        else:
            self._read_class_bodies()
            self._repeat(self._steps(Reading.STATEMENT, Reading.CALLEE))
            self._repeat(self._steps(Reading.HANDED))  # at last: most arguments come from parameters

    def _repeat(self, steps: Iterable[Step]) -> None:
        read = {
            Reading.STATEMENT: self._read_statement,
            Reading.CALLEE: self._read_call,
            Reading.HANDED: self._read_passed,
        }
        for _ in range(_ROUNDS):
            for step in steps:
                self.questions.answer(step, read[step.reading])
            self.evaluator.classes.note_subclasses()
            steps = self.questions.outdated()
            if not steps:
                break

    def _read_class_bodies(self) -> None:
        for path, facts in self.files.items():
            for number, scope in enumerate(facts.scopes):
                if scope.kind == "class":
                    self._read_class_body(path, number)
        self.evaluator.classes.note_subclasses()

    def _steps(self, *readings: Reading) -> Iterator[Step]:
        for path, facts in self.files.items():
            for reading in readings:
                table = facts.statements if reading == Reading.STATEMENT else facts.calls
                yield from (Step(path, reading, number) for number in range(len(table)))

    def _read_class_body(self, path: str, scope: int) -> None:
        for number in self.names[path].statements_of.get(scope, ()):
            statement = self.files[path].statements[number]
            if statement.kind not in ("assign", "annotate") or statement.value is None:
                continue
            for target in statement.targets:
                if isinstance(target, Name):
                    site = Site(path, scope, statement.value, number)
                    self.learnt.attributes[ClassOf(path, scope), target.id][path, scope, number] = site

    def _read_statement(self, path: str, number: int) -> None:
        statement = self.files[path].statements[number]
        if statement.value is None or statement.kind not in (
            "assign",
            "annotate",
            "augment",
            "with",
            "for",
            "walrus",
        ):
            return
        for target in statement.targets:
            self._read_target(path, number, target, statement.value)

    def _read_target(self, path: str, number: int, target: Value, value: Value) -> None:
        statement = self.files[path].statements[number]
        scope = statement.scope
        site = Site(path, scope, value, number)
        match target:
            case AttrOf(base=base, name=name):
                for holder in self.value(path, scope, base, number):
                    self._keep_attribute(holder, name, site)
            case ItemOf(base=base, key=key):
                for holder in self.value(path, scope, base, number):
                    self._keep_item(holder, key, site)
            case Container(items=targets):
                parts = (
                    value.items if isinstance(value, Container) and len(value.items) == len(targets) else None
                )
                for position, inner in enumerate(targets):
                    if isinstance(inner, (AttrOf, ItemOf)):
                        part = parts[position] if parts else value
                        self._read_target(path, number, inner, part)

    def _keep_attribute(self, holder: Object, name: str, site: Site) -> None:
        key = (site.path, site.scope, site.at)
        if isinstance(holder, Instance) and isinstance(holder.of, ClassOf):
            self.learnt.note_attribute(holder.of, name, key, site)
        elif isinstance(holder, ClassOf | ModuleOf):
            self.learnt.note_attribute(holder, name, key, site)
        elif isinstance(holder, Instance | External | Part):
            shared = self.evaluator.members.shared_name(holder)
            self.learnt.note_attribute(shared, name, key, site)
            self.learnt.note_item(shared, (*key, name), Stored(Const(name), site, name))

    def _keep_item(self, holder: Object, key: Value | None, site: Site) -> None:
        if isinstance(holder, Collection | Instance | External | Part | Given):
            constant: str | int | None = None
            if key is not None:
                found = self.value(site.path, site.scope, key, site.at)
                if len(found) == 1 and isinstance(found[0], Fixed) and isinstance(found[0].value, (str, int)):
                    constant = found[0].value
            place = (site.path, site.scope, site.at, id(key))
            self.learnt.note_item(
                self.evaluator.members.shared_name(holder), place, Stored(key, site, constant)
            )

    def _read_call(self, path: str, number: int) -> None:
        call = self.files[path].calls[number]
        for callee in self.value(path, call.scope, call.function, call.statement):
            self._read_callee(path, number, call, callee)
        if isinstance(call.function, AttrOf):
            for holder in self.value(path, call.scope, call.function.base, call.statement):
                if isinstance(holder, Instance | Collection | External | Part):
                    self.learnt.calls_on[holder][path, number] = None
                    self._read_writer(path, call, holder, call.function.name)

    def _read_writer(self, path: str, call: Call, holder: Object, method: str) -> None:
        values = [argument.value for argument in call.arguments]
        if (method == "setdefault" and len(values) == 2) or (
            method in ("set", "__setitem__")
            and len(values) >= 2
            and isinstance(holder, Instance | External | Part)
        ):
            self._keep_item(holder, values[0], Site(path, call.scope, values[1], call.statement))
        elif method in WRITERS and values and (isinstance(holder, Collection) or dotted_of(holder) in DICTS):
            self._keep_item(holder, None, Site(path, call.scope, values[-1], call.statement))

    def _read_callee(self, path: str, number: int, call: Call, callee: Object) -> None:
        for function, owner in self.evaluator.calls.runs(callee):
            self.learnt.note_edge(path, number, call, function, owner, passed=False)
            self._fill(path, number, call, function, owner)
        if isinstance(callee, ClassOf):
            made = self.evaluator.classes.initializer(callee)
            if made is None:
                for argument in call.arguments:
                    if argument.name and argument.name.isidentifier():
                        site = Site(path, call.scope, argument.value, call.statement)
                        self.learnt.note_attribute(
                            callee, argument.name, (path, call.scope, -2 - number), site
                        )

    def _read_passed(self, path: str, number: int) -> None:
        """Functions handed over as arguments: callbacks, nodes of a graph, targets of a thread."""
        call = self.files[path].calls[number]
        values = [(argument.name, argument.value) for argument in call.arguments]
        for position, (_, value) in enumerate(values):
            if isinstance(value, (Const, Joined)):
                continue
            for thing in self.value(path, call.scope, value, call.statement):
                for function, owner in self.evaluator.calls.callable(thing):
                    self.learnt.note_edge(path, number, call, function, owner, passed=True)
                    rest = [item for name, item in values[position + 1 :] if name is None]
                    keywords = [(name, item) for name, item in values if name not in (None, "*", "**")]
                    for name, item in keywords:
                        if name == "args" and isinstance(item, Container):
                            rest = list(item.items)
                    if _is_map(call):
                        rest = [self._element(item) for item in rest]
                    named = keywords if self._hands_on(path, call) else _keywords_in(call)
                    self._fill_values(path, call, function, owner, rest, named)

    def _hands_on(self, path: str, call: Call) -> bool:
        called = self.value(path, call.scope, call.function, call.statement)
        return any(dotted_of(thing) in HANDED_ON for thing in called)

    def _element(self, value: Value) -> Value:
        """Any item of a value; one object for each, because answers are remembered by identity."""
        return self._single_items.setdefault(id(value), ItemOf(value, UNKNOWN))

    def _fill(self, path: str, number: int, call: Call, function: FunctionOf, owner: Object | None) -> None:
        if path in self._beside and function.path not in self._beside:
            return
        if (path, number) not in self.learnt.called_from[function]:
            self.learnt.called_from[function].add((path, number))
            self.questions.changed(("callers", function))
        positional = [a.value for a in call.arguments if a.name is None]
        keywords = [(a.name, a.value) for a in call.arguments if a.name not in (None, "*", "**")]
        if any(a.name == "*" for a in call.arguments):
            positional = []
        named = [(name or "", value) for name, value in keywords]
        for filled in self._fill_values(path, call, function, owner, positional, named):
            places = self.learnt.filled_from[function.path, function.scope, filled]
            if (path, number) not in places:
                places.add((path, number))
                self.questions.changed(("callers", function))

    def _fill_values(
        self,
        path: str,
        call: Call,
        function: FunctionOf,
        owner: Object | None,
        positional: list[Value],
        keywords: list[tuple[str, Value]],
    ) -> list[str]:
        """Note what a call hands to each parameter; the answer names the parameters that it filled."""
        if path in self._beside and function.path not in self._beside:
            return []
        scope = self.files[function.path].scopes[function.scope]
        params = [param for param in scope.params if param.kind not in ("*", "**")]
        if owner is not None and self.evaluator.classes.is_method(function) and params:
            params = params[1:]
        known = {param.name for param in params}
        place = [param for param in params if param.kind != "keyword-only"]
        pairs = [(param.name, value) for param, value in zip(place, positional, strict=False)]
        pairs.extend((name, value) for name, value in keywords if name in known)
        for name, value in pairs:
            table = self.learnt.fills[function.path, function.scope, name]
            if (path, call.scope, id(value)) not in table:
                table[path, call.scope, id(value)] = Site(path, call.scope, value, call.statement)
                self.questions.changed(("fills", function.path, function.scope, name))
        return [name for name, _ in pairs]


def _keywords_in(call: Call) -> list[tuple[str, Value]]:
    """``kwargs={"key": value}``, as threads and tasks take it."""
    return [
        (key.value, item)
        for argument in call.arguments
        if argument.name == "kwargs" and isinstance(argument.value, Container)
        for key, item in zip(argument.value.keys, argument.value.items, strict=False)
        if isinstance(key, Const) and isinstance(key.value, str)
    ]


def _is_map(call: Call) -> bool:
    """``map(f, items)`` and ``pool.map(f, items)`` hand over one item after the other."""
    function = call.function
    name = (
        function.id if isinstance(function, Name) else function.name if isinstance(function, AttrOf) else ""
    )
    return name in ("map", "imap", "imap_unordered")
