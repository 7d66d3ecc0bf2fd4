"""Names: what imports, definitions and assignments bind them to."""

from __future__ import annotations

import builtins
from collections.abc import Iterable

from lcmemlint.facts import Import
from lcmemlint.link.evaluate.aspect import Aspect
from lcmemlint.link.evaluate.questions import NOTHING
from lcmemlint.link.names import Binding
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    Collection,
    External,
    FunctionOf,
    ModuleOf,
    Object,
    Objects,
    dotted_of,
)
from lcmemlint.values import CallOf, Value

_BUILTINS = frozenset(dir(builtins))


class Bindings(Aspect):
    """Answers for names, in a scope and among the members of a module."""

    def name(self, path: str, scope: int, name: str, at: int = -1) -> list[Object]:
        """What a name may be in ``scope`` when statement ``at`` runs."""
        table = self.names[path]
        home, bindings = table.lookup(scope, name)
        if not bindings:
            return self._unbound(path, name)
        found: list[Object] = []
        for binding in table.reaching(bindings, home, at) if home == scope else bindings:
            found.extend(self.bound(path, home, binding))
        return found

    def _unbound(self, path: str, name: str) -> list[Object]:
        facts = self.files[path]
        for number in self.names[path].stars:
            imported = facts.imports[number]
            target = self.modules.find(path, imported.module)
            if target is not None and target in self.files:
                found = self.member_of_module(target, name)
                if found:
                    return list(found)
        if name in _BUILTINS:
            return [External(f"builtins.{name}")]
        outside = [facts.imports[n] for n in self.names[path].stars]
        for imported in outside:
            dotted_name = f"{imported.module}.{name}"
            if self.catalogue.component(dotted_name) is not None:
                return [External(dotted_name)]
        if outside and all(self.modules.find(path, imported.module) is None for imported in outside):
            return [External(f"{outside[-1].module}.{name}")]
        return [UNCLEAR]

    def bound(self, path: str, scope: int, binding: Binding) -> Iterable[Object]:
        """What one binding gives its name."""
        facts = self.files[path]
        match binding.kind:
            case "param":
                return self.evaluator.params.param(path, scope, facts.scopes[scope].params[binding.index])
            case "import":
                return self.imported(path, facts.imports[binding.index])
            case "definition":
                return self._defined(path, binding.index)
        statement = facts.statements[binding.index]
        if statement.kind in ("except", "match", "delete") or statement.value is None:
            if statement.annotation is not None:
                return self.evaluator.params.annotated(path, statement.scope, statement.annotation)
            return (UNCLEAR,)
        if statement.kind == "for":
            return self._elements(path, statement.scope, statement.value, binding)
        way = binding.path
        if not way:
            return self.value(path, statement.scope, statement.value, binding.index)
        return self._unpacked(path, statement.scope, statement.value, way, binding.index)

    def _defined(self, path: str, number: int) -> Iterable[Object]:
        scope = self.files[path].scopes[number]
        if scope.kind == "class":
            return (ClassOf(path, number),)
        found: list[Object] = [FunctionOf(path, number)]
        for decorator in scope.decorators:
            if isinstance(decorator, CallOf):
                for thing in self.evaluator.calls.result(path, decorator.call):
                    name = dotted_of(thing)
                    if name is not None and self.catalogue.component(name) is not None:
                        found.append(thing)
        return found

    def _elements(self, path: str, scope: int, value: Value, binding: Binding) -> list[Object]:
        found: list[Object] = []
        for holder in self.value(path, scope, value, binding.index):
            if isinstance(holder, Collection):
                for _, site in self.evaluator.containers.contents(holder):
                    if binding.path:
                        found.extend(self._unpacked(site.path, site.scope, site.value, binding.path, site.at))
                    else:
                        found.extend(self.at(site))
            found.extend(self.evaluator.containers.kept(holder, None))
        return found or [UNCLEAR]

    def _unpacked(self, path: str, scope: int, value: Value, way: tuple[int, ...], at: int) -> list[Object]:
        found: list[Object] = []
        for holder in self.value(path, scope, value, at):
            if not isinstance(holder, Collection):
                continue
            parts = self.evaluator.containers.contents(holder)
            if 0 <= way[0] < len(parts):
                site = parts[way[0]][1]
                if len(way) == 1:
                    found.extend(self.at(site))
                else:
                    found.extend(self._unpacked(site.path, site.scope, site.value, way[1:], site.at))
        return found or [UNCLEAR]

    def imported(self, path: str, imported: Import) -> Iterable[Object]:
        """What an imported name is: a module, a member of a project module, or something external."""
        if imported.name is None:
            wanted = imported.module if imported.renamed else imported.module.split(".", 1)[0]
            target = self.modules.find(path, wanted)
            return (ModuleOf(target),) if target in self.files else (External(wanted),)
        target = self.modules.find(path, imported.module)
        joined = (
            f"{imported.module}{imported.name}"
            if imported.module.endswith(".")
            else f"{imported.module}.{imported.name}"
        )
        if target is not None and target in self.files:
            found = self.member_of_module(target, imported.name)
            if found:
                return found
        deeper = self.modules.find(path, joined)
        if deeper is not None and deeper in self.files:
            return (ModuleOf(deeper),)
        if target is not None or imported.module.startswith("."):
            return (UNCLEAR,)
        return (External(joined),)

    def member_of_module(self, path: str, name: str) -> Objects:
        """What ``name`` is in a module of the project; empty when the module does not bind it."""
        return self.questions.remember(("member", path, name), self._member_of_module, path, name)

    def _member_of_module(self, path: str, name: str) -> Iterable[Object]:
        bindings = self.names[path].table.get((0, name))
        if bindings:
            found = [thing for binding in bindings for thing in self.bound(path, 0, binding)]
            self.questions.depend_on(("attribute", ModuleOf(path), name))
            for site in list(self.learnt.attributes.get((ModuleOf(path), name), {}).values()):
                found.extend(self.at(site))
            return found or (UNCLEAR,)
        for number in self.names[path].stars:
            module = self.files[path].imports[number].module
            target = self.modules.find(path, module)
            if target is not None and target in self.files and target != path:
                starred = self.member_of_module(target, name)
                if starred:
                    return starred
            elif target is None and self.catalogue.component(f"{module}.{name}") is not None:
                return (External(f"{module}.{name}"),)
        return NOTHING
