"""Little projects of a few texts, linked, and short words for what the linker says about them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pytest

from lcmemlint.catalogue import load_catalogue
from lcmemlint.link import Project, link
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memory
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.link.objects import (
    ClassOf,
    Collection,
    External,
    Fixed,
    FunctionOf,
    Given,
    Instance,
    Method,
    ModuleOf,
    Object,
    Part,
)
from lcmemlint.scan import scan
from lcmemlint.values import Combined, Const, Container, Name


@dataclass(frozen=True)
class Linked:
    """A linked project, asked in words: functions are ``path:qualname``."""

    project: Project

    @property
    def evaluator(self) -> Evaluator:
        return self.project.evaluator

    # ------------------------------------------------------------------ values

    def revealed(self, label: str = "") -> set[str]:
        """What the argument of ``reveal(x)`` (or ``reveal(x, "label")``) may be."""
        found: list[set[str]] = []
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                if call.function != Name("reveal"):
                    continue
                value, *labels = [given.value for given in call.arguments]
                if labels == ([Const(label)] if label else []):
                    things = self.evaluator.value(path, call.scope, value, call.statement)
                    found.append({self.told(thing) for thing in things})
        (only,) = found
        return only

    def told(self, thing: Object) -> str:
        match thing:
            case External(dotted=dotted):
                return dotted
            case ModuleOf(path=path):
                return f"module {path}"
            case FunctionOf():
                return f"function {self.place(thing)}"
            case ClassOf(path=path, scope=scope):
                return f"class {self.place(FunctionOf(path, scope))}"
            case Method(function=function):
                return f"method {self.place(function)}"
            case Instance(of=of):
                return f"instance of {self.told(of)}"
            case Part(base=base, name=name):
                return f"{self.told(base)} . {name}"
            case Collection(number=number):
                value = self.evaluator.collections[number].value
                kind = (
                    value.kind
                    if isinstance(value, Container)
                    else value.op
                    if isinstance(value, Combined)
                    else ""
                )
                return f"a {kind}"
            case Fixed(value=constant):
                return repr(constant)
            case Given(name=name):
                return f"parameter {name}"
        return "?"

    def place(self, function: FunctionOf) -> str:
        scope = self.evaluator.files[function.path].scopes[function.scope]
        name = "<module>" if not function.scope else "<lambda>" if scope.kind == "lambda" else scope.qualname
        return f"{function.path}:{name}"

    def function(self, place: str) -> FunctionOf:
        """The function that a place names."""
        path, _, name = place.rpartition(":")
        if name == "<module>":
            return FunctionOf(path, 0)
        (number,) = [
            number
            for number, scope in enumerate(self.evaluator.files[path].scopes)
            if (scope.qualname if scope.kind != "lambda" else "<lambda>") == name and number
        ]
        return FunctionOf(path, number)

    # ------------------------------------------------------------------ entry points and reach

    def entries(self) -> dict[str, str]:
        """Every entry point with the framework that runs it."""
        return {self.place(point.function): point.framework for point in self.project.entries}

    def runs(self, place: str) -> set[str]:
        return set(self.project.reach.runs(self.function(place)))

    def on_request_path(self) -> set[str]:
        """Every function that a request runs."""
        return {self.place(function) for function in self.project.reach.came}

    def route(self, place: str) -> list[tuple[str, int, str]]:
        """The steps from an entry point to a function: path, line and words."""
        steps = self.project.reach.trace(self.function(place))
        return [(step.at.path, step.at.span.line, step.text) for step in steps]

    # ------------------------------------------------------------------ memories and keys

    def memory(self, name: str = "") -> Memory:
        """The only memory (of that name)."""
        (only,) = [memory for memory in self.project.memories.all if name in ("", memory.name)]
        return only

    def fate(self, name: str = "") -> str:
        """``worker, keyed`` for a memory that lives as long as the worker, one a key."""
        fate = self.memory(name).fate
        return f"{fate.lifetime}, keyed" if fate.keyed else fate.lifetime

    def origins(self) -> dict[str, list[str]]:
        """The names of all sinks, each with where its value comes from."""
        found: dict[str, list[str]] = {}
        for sink in self.project.keys.sinks:
            for origin in self.project.keys.origins(sink.site):
                words = f"{origin.kind} {origin.text}".strip()
                found.setdefault(sink.name, []).append(
                    f"{words}, as a fallback" if origin.fallback else words
                )
        return found


class Link(Protocol):
    def __call__(self, files: Mapping[str, str], *, roles: Mapping[str, str] = ...) -> Linked: ...


@pytest.fixture(scope="session")
def linked() -> Link:
    """Link texts by path, without a file system; ``roles`` says which of them are tests or scripts."""
    catalogue = load_catalogue()

    def run(files: Mapping[str, str], *, roles: Mapping[str, str] = {}) -> Linked:
        facts = {path: scan(textwrap.dedent(text)) for path, text in files.items()}
        assert [problem for one in facts.values() for problem in one.problems] == []
        return Linked(
            link(
                facts,
                catalogue=catalogue,
                modules=ModuleIndex(files, catalogue.packages),
                roles={path: roles.get(path, "app") for path in files},
            )
        )

    return run
