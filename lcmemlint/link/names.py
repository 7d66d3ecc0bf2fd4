"""What each name of one file is bound to: parameters, imports, definitions, assignments, by scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from lcmemlint.facts import FileFacts
from lcmemlint.values import AttrOf, Container, ItemOf, Name, Starred, Value, walk


class Binding(Struct, frozen=True):
    """One thing that gives a name its value; ``index`` counts into the table that ``kind`` names.

    ``path`` leads into what the statement binds: ``a, (b, c) = value`` binds ``c`` by ``(1, 1)``.
    """

    kind: Literal["param", "import", "definition", "statement"]
    index: int
    block: int
    line: int
    column: int
    path: tuple[int, ...] = ()


def bound_names(target: Value, path: tuple[int, ...] = ()) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each name that binding ``target`` binds, with the way to its part of the value."""
    match target:
        case Name(id=name):
            yield name, path
        case Starred(value=inner):
            yield from bound_names(inner, (*path, -1))
        case Container(items=items):
            for number, item in enumerate(items):
                yield from bound_names(item, (*path, number))


class FileNames:
    """The name table of one file, and a few indexes over its facts."""

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.table: dict[tuple[int, str], list[Binding]] = defaultdict(list)
        self.statements_of: dict[int, list[int]] = defaultdict(list)
        self.calls_of: dict[int, list[int]] = defaultdict(list)
        self.children: dict[int, list[int]] = defaultdict(list)
        self.stars: list[int] = []
        self.dotted: set[str] = set()
        self._outside: set[tuple[int, str]] = set()
        self._read()

    def _read(self) -> None:
        facts = self.facts
        bodies = {block.scope: number for number, block in enumerate(facts.blocks) if block.parent < 0}
        for number, scope in enumerate(facts.scopes):
            if number:
                self.children[scope.parent].append(number)
            for position, param in enumerate(scope.params):
                body = bodies.get(number, 0)
                self.table[number, param.name].append(
                    Binding("param", position, body, scope.span.line, scope.span.column)
                )
            if number and scope.kind != "lambda":
                self.table[scope.parent, scope.name].append(
                    Binding("definition", number, scope.block, scope.span.line, scope.span.column)
                )
        for number, found in enumerate(facts.imports):
            if found.name == "*":
                self.stars.append(number)
                continue
            if found.name is None and not found.renamed and "." in found.module:
                self.dotted.add(found.local)
            self.table[found.scope, found.local].append(
                Binding("import", number, found.block, found.span.line, found.span.column)
            )
        for number, statement in enumerate(facts.statements):
            self.statements_of[statement.scope].append(number)
            if statement.kind == "global":
                self._outside.update(
                    (statement.scope, target.id) for target in statement.targets if isinstance(target, Name)
                )
        for number, statement in enumerate(facts.statements):
            if statement.kind in ("global", "delete"):
                continue
            for target in statement.targets:
                if isinstance(target, (AttrOf, ItemOf)):
                    continue
                for name, way in bound_names(target):
                    home = self.home(statement.scope, name)
                    self.table[home, name].append(
                        Binding(
                            "statement",
                            number,
                            statement.block,
                            statement.span.line,
                            statement.span.column,
                            way,
                        )
                    )
        for number, call in enumerate(facts.calls):
            self.calls_of[call.scope].append(number)
        for bindings in self.table.values():
            bindings.sort(key=lambda binding: (binding.line, binding.column))

    def home(self, scope: int, name: str) -> int:
        """The scope that assigning ``name`` in ``scope`` binds it in (``global`` and ``nonlocal`` lead outwards)."""
        if (scope, name) not in self._outside:
            return scope
        current = self.facts.scopes[scope].parent
        while current > 0:
            if (current, name) in self.table and self.facts.scopes[current].kind != "class":
                return current
            current = self.facts.scopes[current].parent
        return 0

    def lookup(self, scope: int, name: str) -> tuple[int, list[Binding]]:
        """Where Python would find ``name`` from ``scope``, and all its bindings there; none is ``(0, [])``."""
        start = self.home(scope, name)
        current = start
        while current >= 0:
            if current == start or self.facts.scopes[current].kind != "class":
                found = self.table.get((current, name))
                if found:
                    return current, found
            current = self.facts.scopes[current].parent
        return 0, []

    def reaching(self, bindings: list[Binding], scope: int, at: int) -> list[Binding]:
        """Those bindings that may hold when statement ``at`` runs in the same scope; all if none precedes it."""
        if at < 0 or len(bindings) < 2:
            return bindings
        statement = self.facts.statements[at]
        if statement.scope != scope:
            return bindings
        around = set(self.blocks_around(statement.block))
        here = (statement.span.line, statement.span.column)
        found: list[Binding] = []
        for binding in reversed(bindings):
            if (binding.line, binding.column) >= here or (
                binding.kind == "statement" and binding.index == at
            ):
                continue
            if self._excluded(binding, statement.block):
                continue
            found.append(binding)
            if binding.block in around:
                break
        return found[::-1] or bindings

    def _excluded(self, binding: Binding, block: int) -> bool:
        """Whether a binding stands in the other branch of an ``if`` around the block: they never both run.

        Two ``if`` with the same test count as one, unless the binding changes what they test.
        """
        blocks = self.facts.blocks
        mine = list(self.blocks_around(binding.block))
        for number in self.blocks_around(block):
            if number in mine:
                return False
            here = blocks[number]
            if here.kind not in ("if", "else", "main") or here.test is None:
                continue
            for candidate in mine:
                there = blocks[candidate]
                if there.parent == here.parent and there.kind != here.kind and there.test == here.test:
                    return self._is_one_if(candidate, number) or not self._tests(binding, here.test)
        return False

    def _is_one_if(self, one: int, other: int) -> bool:
        """Whether two branches with the same test belong to one ``if``: there is no other ``if`` between them."""
        blocks = self.facts.blocks
        first, last = sorted((one, other), key=lambda number: blocks[number].span)
        return blocks[last].kind == "else" and not any(
            block.kind in ("if", "main")
            and block.parent == blocks[first].parent
            and blocks[first].span < block.span < blocks[last].span
            for block in blocks
        )

    def _tests(self, binding: Binding, test: Value) -> bool:
        """Whether a test mentions a name that the statement of a binding binds."""
        if binding.kind != "statement":
            return False
        targets = self.facts.statements[binding.index].targets
        names = {name for target in targets for name, _ in bound_names(target)}
        return any(isinstance(part, Name) and part.id in names for part in walk(test))

    def blocks_around(self, block: int) -> Iterator[int]:
        """The block and those around it in the same scope, innermost first."""
        while block >= 0:
            yield block
            block = self.facts.blocks[block].parent
