"""Calls: what they run, and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lcmemlint.facts import Call
from lcmemlint.link.evaluate.aspect import SHORT, Aspect
from lcmemlint.link.evaluate.outside import FIELDS, PASS_ON, READERS, is_numeric
from lcmemlint.link.evaluate.questions import MANY
from lcmemlint.link.evaluate.sites import Site
from lcmemlint.link.objects import (
    LONG,
    UNCLEAR,
    ClassOf,
    External,
    Fixed,
    FunctionOf,
    Instance,
    Method,
    Object,
    Objects,
    Part,
    dotted_of,
    made_at,
)
from lcmemlint.values import Const

if TYPE_CHECKING:
    from lcmemlint.link.evaluate.evaluator import Evaluator


class Calls(Aspect):
    """Answers for the results of calls and functions."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self._returns: dict[FunctionOf, list[Site]] = {}
        self._dependency = frozenset(
            name for entry in self.catalogue.entries_by_how("dependency") for name in entry.names
        )

    def result(self, path: str, number: int) -> Objects:
        """What a call may give, remembered also where nothing else mentions its result."""
        return self.questions.remember(("result", path, number), self.find, path, number)

    def find(self, path: str, number: int) -> Iterable[Object]:
        """What a call may give, worked out."""
        call = self.files[path].calls[number]
        found: list[Object] = []
        for callee in self.value(path, call.scope, call.function, call.statement)[:MANY]:
            found.extend(self._result_of(path, number, call, callee))
        return found or (UNCLEAR,)

    def _result_of(self, path: str, number: int, call: Call, callee: Object) -> Iterable[Object]:
        match callee:
            case FunctionOf():
                return self.returned(callee) or (UNCLEAR,)
            case Method(function=function):
                return self.returned(function) or (UNCLEAR,)
            case ClassOf():
                return (Instance(callee, path, number),)
            case External(dotted=name) if name in PASS_ON or name in self._dependency:
                return self._passed_on(path, number, call, name)
            case External(dotted=name) if name in FIELDS:
                return tuple(self.evaluator.containers.made_by_factory(path, number)) or (
                    Instance(callee, path, number),
                )
            case Part(base=base, name=method):
                return self._method_result(path, number, call, callee, base, method)
            case External(dotted=name) if is_numeric(name):
                return (UNCLEAR,)
            case External(dotted=name):
                head, _, method = name.rpartition(".")
                if method in READERS and self.evaluator.containers.keeps(
                    External(head)
                ):  # cl.user_session.get("chain")
                    return self._method_result(path, number, call, callee, External(head), method)
                return (Instance(callee, path, number),)
            case Instance(of=ClassOf() as cls):
                made = self.evaluator.classes.member(cls, "__call__")
                return self.returned(made) if isinstance(made, FunctionOf) else (UNCLEAR,)
            case Instance():
                return (self._made_at(Part(callee, "__call__"), path, number),)
        return (UNCLEAR,)

    def _passed_on(self, path: str, number: int, call: Call, name: str) -> Iterable[Object]:
        found: list[Object] = []
        for argument in call.arguments:
            for thing in self.value(path, call.scope, argument.value, call.statement):
                if name in self._dependency:
                    for function, _ in self.callable(thing):
                        found.extend(self.returned(function))
                    if isinstance(thing, ClassOf):
                        found.append(Instance(thing, path, number))
                elif not isinstance(thing, Fixed):
                    found.append(thing)
            if found and not name.endswith((".cast", ".run_until_complete")):
                break
        return found or (UNCLEAR,)

    def _method_result(
        self, path: str, number: int, call: Call, callee: Part | External, base: Object, method: str
    ) -> Iterable[Object]:
        if method in READERS and self.evaluator.containers.keeps(base):
            constant: str | int | None = None
            found: list[Object] = []
            for position, argument in enumerate(call.arguments):
                values = self.value(path, call.scope, argument.value, call.statement)
                if position == 0:
                    constant = next(
                        (v.value for v in values if isinstance(v, Fixed) and isinstance(v.value, (str, int))),
                        None,
                    )
                else:
                    found.extend(values)
            return [*self.evaluator.containers.item(base, constant), *found] or (UNCLEAR,)
        return (
            Instance(callee, path, number)
            if isinstance(callee, External)
            else self._made_at(callee, path, number),
        )

    def _made_at(self, callee: Part, path: str, number: int) -> Object:
        """The instance that a method of something external gives; of libraries that are not ours a few links do."""
        name = dotted_of(callee)
        ours = name is not None and name.split(".", 1)[0] in self.catalogue.packages
        return made_at(callee, path, number, links=LONG if ours else SHORT) or UNCLEAR

    def returned(self, function: FunctionOf) -> Objects:
        """What calling the function gives: its returns, or what it yields."""
        if function not in self._returns:
            facts = self.files[function.path]
            self._returns[function] = [
                Site(function.path, function.scope, facts.statements[number].value or Const(None), number)
                for number in self.names[function.path].statements_of.get(function.scope, ())
                if facts.statements[number].kind in ("return", "yield")
            ]
        return self.questions.remember(
            ("returned", function),
            lambda: [thing for site in self._returns[function] for thing in self.at(site)],
        )

    def callable(self, thing: Object) -> Iterator[tuple[FunctionOf, Object | None]]:
        """The project function that a thing is, with the instance it is bound to."""
        if isinstance(thing, FunctionOf):
            yield thing, None
        elif isinstance(thing, Method):
            yield thing.function, thing.owner

    def runs(self, callee: Object) -> Iterator[tuple[FunctionOf, Object | None]]:
        """The project functions that calling ``callee`` runs, each with the instance it is bound to."""
        match callee:
            case FunctionOf():
                yield callee, None
            case Method(function=function, owner=owner):
                yield function, owner
            case ClassOf():
                made = self.evaluator.classes.initializer(callee)
                if made is not None:
                    yield made, Instance(callee)
                after = self.evaluator.classes.member(callee, "__post_init__")
                if isinstance(after, FunctionOf):
                    yield after, Instance(callee)
            case Instance(of=ClassOf() as cls):
                for name in ("__call__",):
                    method = self.evaluator.classes.member(cls, name)
                    if isinstance(method, FunctionOf):
                        yield method, callee
