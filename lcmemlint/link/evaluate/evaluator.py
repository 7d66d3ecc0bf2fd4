"""The face of the evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lcmemlint.catalogue import Catalogue
from lcmemlint.facts import FileFacts
from lcmemlint.link.evaluate.bindings import Bindings
from lcmemlint.link.evaluate.calls import Calls
from lcmemlint.link.evaluate.classes import Classes
from lcmemlint.link.evaluate.containers import Containers
from lcmemlint.link.evaluate.learnt import Learnt
from lcmemlint.link.evaluate.members import Members
from lcmemlint.link.evaluate.params import Params
from lcmemlint.link.evaluate.questions import Questions
from lcmemlint.link.evaluate.sites import Site
from lcmemlint.link.evaluate.sweep import Sweep
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.link.names import FileNames
from lcmemlint.link.objects import UNCLEAR, Collection, Fixed, FunctionOf, Object, Objects
from lcmemlint.values import (
    AttrOf,
    CallOf,
    Combined,
    Const,
    Container,
    ItemOf,
    Lambda,
    Name,
    OneOf,
    Starred,
    Value,
)


class Evaluator:
    """Answers what values may be. Build it, call ``solve`` once, then ask; ``close`` it when all is learnt."""

    def __init__(self, files: Mapping[str, FileFacts], modules: ModuleIndex, catalogue: Catalogue) -> None:
        self.files = dict(sorted(files.items()))
        self.modules = modules
        self.catalogue = catalogue
        self.names = {path: FileNames(facts) for path, facts in self.files.items()}
        self.questions = Questions()
        self.learnt = Learnt(self.questions)
        self.bindings = Bindings(self)
        self.params = Params(self)
        self.members = Members(self)
        self.classes = Classes(self)
        self.containers = Containers(self)
        self.calls = Calls(self)
        self.sweep = Sweep(self)
        self._be_one_face()

    def _be_one_face(self) -> None:
        """What others ask for, whichever part it is that knows it."""
        self.solve = self.sweep.solve
        self.fills = self.learnt.fills
        self.called_from = self.learnt.called_from
        self.attributes = self.learnt.attributes
        self.items = self.learnt.items
        self.edges = self.learnt.edges
        self.edges_to = self.learnt.edges_to
        self.calls_on = self.learnt.calls_on
        self.hands_over = self.learnt.hands_over
        self.is_always_filled = self.learnt.is_always_filled
        self.bound = self.bindings.bound
        self.member_of_module = self.bindings.member_of_module
        self.param = self.params.param
        self.annotated = self.params.annotated
        self.shared_name = self.members.shared_name
        self.class_around = self.classes.class_around
        self.member = self.classes.member
        self.is_method = self.classes.is_method
        self.is_property = self.classes.is_property
        self.project_bases = self.classes.project_bases
        self.external_bases = self.classes.external_bases
        self.subclasses = self.classes.subclasses
        self.collections = self.containers.collections
        self.contents = self.containers.contents
        self.factories = self.containers.factories
        self.result = self.calls.result
        self.returned = self.calls.returned
        self.runs = self.calls.runs

    def close(self) -> None:
        """No more sweeps will come: forget who asked what, and note who calls whom."""
        self.questions.close()
        self.learnt.close()

    def at(self, site: Site) -> Objects:
        """What the value at a site may be."""
        return self.value(site.path, site.scope, site.value, site.at)

    def value(self, path: str, scope: int, value: Value, at: int = -1) -> Objects:
        """What ``value`` may be when statement ``at`` of ``path`` runs; an empty answer means nothing is known."""
        if isinstance(value, Const):
            return (Fixed(value.value, path, value.span),)
        key = (path, scope, id(value), at)
        return self.questions.remember(key, self._evaluate, path, scope, value, at)

    def _evaluate(self, path: str, scope: int, value: Value, at: int) -> Iterable[Object]:
        match value:
            case Lambda():
                return (FunctionOf(path, value.scope),)
            case Name(id=name):
                return self.bindings.name(path, scope, name, at)
            case AttrOf(base=base, name=name):
                return self.members.attribute_of(path, scope, base, name, at, value)
            case ItemOf(base=base, key=key):
                return self.containers.item_of(path, scope, base, key, at)
            case CallOf(call=number):
                return self.calls.find(path, number)
            case OneOf(options=options):
                return [thing for option in options for thing in self.value(path, scope, option, at)]
            case Container():
                return (self.containers.collection(path, scope, value, at),)
            case Combined(op=op, parts=parts):
                if op == "+":
                    return [thing for part in parts for thing in self.value(path, scope, part, at)]
                if op in ("|", "listcomp", "setcomp", "genexp", "dictcomp"):
                    return (self.containers.collection(path, scope, value, at),)
                if op == "*":
                    found = [thing for part in parts for thing in self.value(path, scope, part, at)]
                    return [thing for thing in found if isinstance(thing, Collection)] or (UNCLEAR,)
                return (UNCLEAR,)
            case Starred(value=inner):
                return self.value(path, scope, inner, at)
        return (UNCLEAR,)
