"""Attributes: of modules, of classes and instances of the project, and of what comes from outside."""

from __future__ import annotations

from collections.abc import Iterable

from lcmemlint.link.evaluate.aspect import SHORT, Aspect
from lcmemlint.link.evaluate.outside import KEPT_ARGUMENTS, SAME_FUNCTION
from lcmemlint.link.evaluate.questions import MANY
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    Collection,
    External,
    FunctionOf,
    Given,
    Instance,
    Method,
    ModuleOf,
    Object,
    Part,
    dotted_of,
    part_of,
)
from lcmemlint.values import CallOf, Value, dotted


class Members(Aspect):
    """Answers for attributes."""

    def attribute_of(
        self, path: str, scope: int, base: Value, name: str, at: int, whole: Value
    ) -> list[Object]:
        """What ``base.name`` may be; ``whole`` is that expression."""
        module = self._imported_module(path, scope, whole)
        if module is not None:
            return [module]
        if isinstance(base, CallOf) and self.evaluator.classes.is_super(path, base.call):
            return self.evaluator.classes.super_member(path, scope, name)
        found: list[Object] = []
        for thing in self.value(path, scope, base, at)[:MANY]:
            found.extend(self.attribute(thing, name, path))
        return found

    def _imported_module(self, path: str, scope: int, whole: Value) -> Object | None:
        """``import a.b`` makes the chain ``a.b`` a module even where ``a`` is a folder without ``__init__``."""
        chain = dotted(whole) if self.names[path].dotted else None
        if chain is None or chain.split(".", 1)[0] not in self.names[path].dotted:
            return None
        for binding in self.names[path].lookup(scope, chain.split(".", 1)[0])[1]:
            if binding.kind != "import":
                return None
            imported = self.files[path].imports[binding.index]
            if (
                imported.name is None
                and not imported.renamed
                and (imported.module + ".").startswith(chain + ".")
            ):
                target = self.modules.find(path, chain)
                if target is not None and target in self.files:
                    return ModuleOf(target)
        return None

    def attribute(self, thing: Object, name: str, path: str) -> Iterable[Object]:
        """What ``thing.name`` may be."""
        match thing:
            case External(dotted=prefix):
                longer = f"{prefix}.{name}"
                target = (
                    self.modules.find(path, longer)
                    if prefix.split(".", 1)[0] not in self.catalogue.packages
                    else None
                )
                if target is not None and target in self.files:
                    return (ModuleOf(target),)
                is_endless = prefix.count(".") > SHORT  # `x = x.next` in a loop
                return self._external_attribute(thing, name) or (UNCLEAR if is_endless else External(longer),)
            case ModuleOf(path=module):
                found = self.evaluator.bindings.member_of_module(module, name)
                if found:
                    return found
                below = self.modules.find(module, f".{name}") if module.endswith("__init__.py") else None
                return (ModuleOf(below),) if below in self.files else (UNCLEAR,)
            case ClassOf():
                return self.evaluator.classes.class_attribute(thing, name)
            case Instance(of=ClassOf() as cls):
                return self.evaluator.classes.instance_attribute(thing, cls, name)
            case Instance() | Part():
                return self._external_attribute(thing, name) or (part_of(thing, name),)
            case Collection() | Given():
                return (Part(thing, name),)
            case FunctionOf() | Method():
                return (thing,) if name in SAME_FUNCTION else (UNCLEAR,)
        return (UNCLEAR,)

    def _external_attribute(self, thing: Object, name: str) -> list[Object]:
        stored = self.questions.remember(("attribute of", thing, name), self._shared_attribute, thing, name)
        return list(stored) or self._handed_in(thing, name)

    def _shared_attribute(self, thing: Object, name: str) -> list[Object]:
        shared = self.shared_name(thing)
        self.questions.depend_on(("attribute", shared, name))
        stored = self.learnt.attributes.get((shared, name), {})
        return [found for site in list(stored.values()) for found in self.at(site)]

    def _handed_in(self, thing: Object, name: str) -> list[Object]:
        """``chain.memory`` is what ``ConversationChain(memory=...)`` was given."""
        if not isinstance(thing, Instance) or not thing.path or name not in KEPT_ARGUMENTS:
            return []
        call = self.files[thing.path].calls[thing.call]
        given = [argument.value for argument in call.arguments if argument.name == name]
        return [
            found for value in given for found in self.value(thing.path, call.scope, value, call.statement)
        ]

    def shared_name(self, holder: Object) -> Object:
        """One object for what frameworks reach in several ways: ``app.state`` is ``request.app.state``."""
        if isinstance(holder, Part) and holder.name in (
            "state",
            "user_data",
            "chat_data",
            "bot_data",
            "session",
        ):
            return External(f"*.{holder.name}")
        name = dotted_of(holder)
        if name is not None and isinstance(holder, External | Part):
            return External(name)
        return holder
