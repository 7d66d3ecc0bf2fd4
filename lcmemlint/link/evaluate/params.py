"""Parameters and annotations."""

from __future__ import annotations

from collections.abc import Iterable

from lcmemlint.facts import Param
from lcmemlint.link.evaluate.aspect import Aspect
from lcmemlint.link.evaluate.outside import is_numeric
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    External,
    Fixed,
    FunctionOf,
    Given,
    Instance,
    Object,
    Objects,
    dotted_of,
)
from lcmemlint.values import AttrOf, Combined, Const, Container, ItemOf, Name, Value


class Params(Aspect):
    """Answers for parameters, and for what an annotation promises."""

    def param(self, path: str, scope: int, param: Param) -> Objects:
        """What a parameter may hold: its instance, what calls hand over, its default, what its annotation promises."""
        return self.questions.remember(("param", path, scope, param.name), self._param, path, scope, param)

    def _param(self, path: str, scope: int, param: Param) -> list[Object]:
        here = self.files[path].scopes[scope]
        function = FunctionOf(path, scope)
        if self.evaluator.classes.is_method(function) and here.params and here.params[0] is param:
            cls = ClassOf(path, here.parent)
            if any(isinstance(d, Name) and d.id == "classmethod" for d in here.decorators):
                return [cls]
            return [Instance(cls)]
        found: list[Object] = []
        nothing = Given(path, scope, param.name)
        self.questions.depend_on(("fills", path, scope, param.name))
        for site in list(self.learnt.fills.get((path, scope, param.name), {}).values()):
            found.extend(
                thing for thing in self.at(site) if thing != nothing
            )  # recursion hands over nothing new
        if param.default is not None and not self.learnt.is_always_filled(path, scope, param.name):
            found.extend(self.value(path, max(here.parent, 0), param.default))
        known = [thing for thing in found if not isinstance(thing, Fixed | Given) and thing != UNCLEAR]
        if not known and param.annotation is not None:
            found.extend(self.annotated(path, max(here.parent, 0), param.annotation))
        return found or [nothing]

    def annotated(self, path: str, scope: int, annotation: Value) -> list[Object]:
        """Instances of the classes that an annotation names; ``Annotated[T, Depends(f)]`` gives what ``f`` returns."""
        match annotation:
            case Combined(op="|", parts=parts):
                return [thing for part in parts for thing in self.annotated(path, scope, part)]
            case ItemOf(base=base, key=key):
                outer = self.value(path, scope, base)
                name = dotted_of(outer[0]) if outer else None
                inner = key.items if isinstance(key, Container) else (key,)
                if name in ("typing.Annotated", "typing_extensions.Annotated"):
                    marks = [thing for mark in inner[1:] for thing in self.value(path, scope, mark)]
                    useful: list[Object] = [
                        t for t in marks if not isinstance(t, Fixed) and not self._is_marker(t)
                    ]
                    return useful or self.annotated(path, scope, inner[0])
                if name in ("typing.Optional", "typing.Union", "typing.Final", "typing.ClassVar"):
                    return [thing for part in inner for thing in self.annotated(path, scope, part)]
                return []
            case Const(value=str() as text):
                if text.isidentifier() and self._names_class(path, scope, text):
                    return self._instances(self.evaluator.bindings.name(path, scope, text))
                return []
            case Name() | AttrOf():
                return self._instances(self.value(path, scope, annotation))
        return []

    def _instances(self, classes: Iterable[Object]) -> list[Object]:
        """Some instance of each class; of built-in types, typing's words and tables of numbers nothing is known."""
        return [
            Instance(thing)
            for thing in classes
            if isinstance(thing, ClassOf)
            or (
                isinstance(thing, External)
                and not thing.dotted.startswith(("builtins.", "typing."))
                and not is_numeric(thing.dotted)
            )
        ]

    def _names_class(self, path: str, scope: int, text: str) -> bool:
        return bool(self.names[path].lookup(scope, text)[1])

    def _is_marker(self, thing: Object) -> bool:
        name = dotted_of(thing)
        return name is not None and name.startswith(
            ("fastapi.", "starlette.", "pydantic.", "builtins.", "typing")
        )
