"""Classes of the project: their bases, their methods, and the attributes of their instances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lcmemlint.link.evaluate.aspect import Aspect
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    External,
    FunctionOf,
    Instance,
    Method,
    Object,
    Objects,
    Part,
)
from lcmemlint.values import ItemOf, Name, dotted

if TYPE_CHECKING:
    from lcmemlint.link.evaluate.evaluator import Evaluator


class Classes(Aspect):
    """Answers for classes and their instances."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self._subclasses: dict[ClassOf, list[ClassOf]] = {}

    def note_subclasses(self) -> None:
        """Note which classes derive from which, as far as bases are known by now."""
        found: dict[ClassOf, list[ClassOf]] = defaultdict(list)
        for path, facts in self.files.items():
            for number, scope in enumerate(facts.scopes):
                if scope.kind != "class":
                    continue
                for parent in self.project_bases(ClassOf(path, number))[1:]:
                    found[parent].append(ClassOf(path, number))
        for cls in {**found, **self._subclasses}:
            if found.get(cls) != self._subclasses.get(cls):
                self.questions.changed(("subclasses", cls))
        self._subclasses = dict(found)

    def class_around(self, path: str, scope: int) -> ClassOf | None:
        """The class whose method ``scope`` is, or stands in."""
        scopes = self.files[path].scopes
        while scope > 0:
            scope = scopes[scope].parent
            if scope >= 0 and scopes[scope].kind == "class":
                return ClassOf(path, scope)
        return None

    def is_super(self, path: str, number: int) -> bool:
        """Whether a call is ``super()``."""
        function = self.files[path].calls[number].function
        return isinstance(function, Name) and function.id == "super"

    def super_member(self, path: str, scope: int, name: str) -> list[Object]:
        """What ``super().name`` is in a method."""
        cls = self.class_around(path, scope)
        if cls is None:
            return [UNCLEAR]
        for parent in self.project_bases(cls)[1:]:
            found = self._own_member(parent, name)
            if isinstance(found, FunctionOf):
                return [Method(found, Instance(cls))]
        externals = self.external_bases(cls)
        return [Part(Instance(External(externals[0])), name)] if externals else [UNCLEAR]

    def _own_member(self, cls: ClassOf, name: str) -> Object | None:
        for binding in self.names[cls.path].table.get((cls.scope, name), ()):
            if binding.kind == "definition" and self.files[cls.path].scopes[binding.index].kind == "function":
                return FunctionOf(cls.path, binding.index)
        return None

    def member(self, cls: ClassOf, name: str) -> Object | None:
        """The method of that name that the class or its bases in the project define."""
        for one in self.project_bases(cls):
            found = self._own_member(one, name)
            if found is not None:
                return found
        return None

    def initializer(self, cls: ClassOf) -> FunctionOf | None:
        """The ``__init__`` (or ``__new__``) that the project gives the class."""
        for name in ("__init__", "__new__"):
            made = self.member(cls, name)
            if isinstance(made, FunctionOf):
                return made
        return None

    def is_method(self, function: FunctionOf) -> bool:
        """Whether the function takes its instance or class as first parameter."""
        facts = self.files[function.path]
        scope = facts.scopes[function.scope]
        if scope.parent < 0 or facts.scopes[scope.parent].kind != "class" or scope.kind != "function":
            return False
        return not any(isinstance(d, Name) and d.id == "staticmethod" for d in scope.decorators)

    def _is_classmethod(self, function: FunctionOf) -> bool:
        scope = self.files[function.path].scopes[function.scope]
        return any(isinstance(d, Name) and d.id == "classmethod" for d in scope.decorators)

    def is_property(self, function: FunctionOf) -> bool:
        """Whether the attribute gives what the function returns."""
        for decorator in self.files[function.path].scopes[function.scope].decorators:
            written = dotted(decorator) or ""
            if written.rsplit(".", 1)[-1] in ("property", "cached_property"):
                return True
        return False

    def class_attribute(self, cls: ClassOf, name: str) -> list[Object]:
        """What an attribute of the class itself may be."""
        method = self.member(cls, name)
        if isinstance(method, FunctionOf):
            return [Method(method, cls) if self._is_classmethod(method) else method]
        found = self._stored_attribute(cls, name)
        if found:
            return found
        for binding in self.names[cls.path].table.get((cls.scope, name), ()):
            found.extend(self.evaluator.bindings.bound(cls.path, cls.scope, binding))
        return found or [UNCLEAR]

    def _stored_attribute(self, cls: ClassOf, name: str) -> list[Object]:
        return list(self.questions.remember(("stored", cls, name), self._all_stored, cls, name))

    def _all_stored(self, cls: ClassOf, name: str) -> list[Object]:
        found: list[Object] = []
        for one in (*self.project_bases(cls), *self.subclasses(cls)):
            self.questions.depend_on(("attribute", one, name))
            for site in list(self.learnt.attributes.get((one, name), {}).values()):
                found.extend(self.at(site))
        return found

    def instance_attribute(self, thing: Instance, cls: ClassOf, name: str) -> list[Object]:
        """What an attribute of an instance may be."""
        methods = [self.member(cls, name)]
        if methods == [None]:
            methods = [self._own_member(one, name) for one in self.subclasses(cls)]
        found: list[Object] = []
        for method in methods:
            if not isinstance(method, FunctionOf):
                continue
            if self.is_property(method):
                found.extend(self.evaluator.calls.returned(method))
            elif self.is_method(method):
                found.append(Method(method, cls if self._is_classmethod(method) else thing))
            else:
                found.append(method)
        found.extend(self._stored_attribute(cls, name))
        if found:
            return found
        for classes in (self.project_bases(cls), self.subclasses(cls)):  # a base may leave it to those below
            for one in classes if all(thing == UNCLEAR for thing in found) else ():
                for binding in self.names[one.path].table.get((one.scope, name), ()):
                    found.extend(self.evaluator.bindings.bound(one.path, one.scope, binding))
        externals = self.external_bases(cls)
        if not found and externals:
            found.append(Part(thing, name))
        return found or [UNCLEAR]

    def _bases(self, cls: ClassOf) -> Objects:
        """What the bases that a class is written with may be."""
        return self.questions.remember(("bases", cls), self._find_bases, cls)

    def _find_bases(self, cls: ClassOf) -> Iterator[Object]:
        scope = self.files[cls.path].scopes[cls.scope]
        for base in scope.bases:
            if base.name is None:
                value = base.value.base if isinstance(base.value, ItemOf) else base.value
                yield from self.value(cls.path, scope.parent, value)

    def project_bases(self, cls: ClassOf) -> list[ClassOf]:
        """The class and its bases in the project, nearest first."""
        order: dict[ClassOf, None] = {}
        pending = [cls]
        while pending:
            one = pending.pop(0)
            if one in order:
                continue
            order[one] = None
            pending.extend(base for base in self._bases(one) if isinstance(base, ClassOf))
        return list(order)

    def external_bases(self, cls: ClassOf) -> list[str]:
        """Dotted names of the classes outside the project that the class derives from."""
        return [
            base.dotted
            for one in self.project_bases(cls)
            for base in self._bases(one)
            if isinstance(base, External)
        ]

    def subclasses(self, cls: ClassOf) -> list[ClassOf]:
        """Classes of the project that derive from ``cls``."""
        self.questions.depend_on(("subclasses", cls))
        return self._subclasses.get(cls, [])
