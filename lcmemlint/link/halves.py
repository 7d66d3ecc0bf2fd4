"""The two halves of a memory: what is saved and never loaded, what is loaded and never saved.

Memories that are one place of conversation form a *family*: a memory and the history under it, those kept in one
dict, those of one class over a shared store. Every mention of a member is a *save*, a *load*, nothing, or *beyond* us
(a chain or somebody else receives it); one that is beyond us silences the family. Code that nothing names counts for
nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct

from lcmemlint.findings import Step
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import (
    UNCLEAR,
    ClassOf,
    Collection,
    FunctionOf,
    Given,
    Instance,
    Method,
    ModuleOf,
    Object,
    dotted_of,
)
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import has_stars
from lcmemlint.link.uses import Mention
from lcmemlint.link.wiring import Wiring
from lcmemlint.values import AttrOf, Const, ItemOf, Location, Name, Value, dotted, walk

Half = Literal["save", "load", "none", "beyond"]

_LOOKS = (
    "builtins.isinstance",
    "builtins.len",
    "builtins.type",
    "builtins.id",
    "builtins.print",
    "builtins.bool",
)
_QUIET = ("builtins.", "logging.", "loguru.")
_CONTENT = ("messages", "buffer")


class Broken(Struct, frozen=True):
    """A family with one half only; ``at`` is the first place of the half that is there."""

    family: tuple[Memory, ...]
    missing: Literal["save", "load"]
    at: Location
    trace: tuple[Step, ...]

    @property
    def memory(self) -> Memory:
        """The first member."""
        return self.family[0]


class Halves:
    """Answers about the memories of one project; nothing is computed before the first question."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories, wiring: Wiring) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self.wiring = wiring
        self._words = evaluator.catalogue.session

    @cached_property
    def broken(self) -> tuple[Broken, ...]:
        """All families of which one half is missing."""
        found = (self._broken(family) for family in self._families())
        return tuple(one for one in found if one is not None)

    @cached_property
    def never_saved(self) -> frozenset[Object]:
        """Memories that stay empty wherever they are kept."""
        return frozenset(
            memory.thing for broken in self.broken if broken.missing == "save" for memory in broken.family
        )

    # ------------------------------------------------------------------ families

    def _families(self) -> Iterator[list[Memory]]:
        wanted = [memory for memory in self.memories.all if memory.kind in ("memory", "history")]
        beside: dict[Hashable, list[int]] = defaultdict(list)
        for number, memory in enumerate(wanted):
            for mark in _marks(memory):
                beside[mark].append(number)
        left = dict.fromkeys(range(len(wanted)))
        for first in range(len(wanted)):
            if first not in left:
                continue
            del left[first]
            family = [wanted[first]]
            for member in family:
                numbers = {
                    number for mark in _marks(member) for number in beside.get(mark, ()) if number in left
                }
                near = [number for number in sorted(numbers) if self._are_one(member, wanted[number])]
                for mark in _marks(member):
                    if isinstance(mark, tuple):  # all that bear it are one, so they are in this family by now
                        beside.pop(mark, None)
                family.extend(wanted[number] for number in near)
                for number in near:
                    del left[number]
            yield family

    def _are_one(self, one: Memory, other: Memory) -> bool:
        if one.thing in other.delegates or other.thing in one.delegates:
            return True
        if one.fate.holder is not None and one.fate.holder == other.fate.holder:
            return True
        if "process" in (one.storage, other.storage):
            return False
        return one.component.id == other.component.id or bool(set(one.delegates) & set(other.delegates))

    def _broken(self, family: list[Memory]) -> Broken | None:
        if not any(memory.on_request_path for memory in family):
            return None
        if any(self._is_beyond(memory) for memory in family):
            return None
        halves: dict[Half, list[Mention]] = {}
        for memory in family:
            for mention in self.wiring.uses.of(memory.thing):
                if self._is_named(mention):
                    halves.setdefault(self._half(family, mention), []).append(mention)
        saves, loads = halves.get("save", []), halves.get("load", [])
        if "beyond" in halves or bool(saves) == bool(loads):
            return None
        if saves:
            return self._found(family, "load", saves)
        if any(self._is_fed(memory) for memory in family):
            return None
        calls = [mention for mention in loads if mention.method in self._words.history_load]
        return self._found(family, "save", calls) if len(calls) == len(loads) else None

    def _is_beyond(self, memory: Memory) -> bool:
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        return (
            memory.implicit or memory.own_class is not None or has_stars(call) or memory.storage == "client"
        )

    def _is_fed(self, memory: Memory) -> bool:
        """Whether somebody else may save: it is filled, or the history under it is within reach of others."""
        if self.wiring.is_filled(memory) or self.wiring.is_scratch(memory):
            return True
        return any(self._is_shared_out(memory, thing) for thing in memory.delegates)

    def _is_shared_out(self, memory: Memory, thing: Object) -> bool:
        if not isinstance(thing, Instance) or not thing.path:
            return True
        maker = self.evaluator.files[thing.path].calls[thing.call].function
        written = dotted(maker)
        if written is None:
            return True
        return any(
            dotted(call.function) == written
            for path, facts in self.evaluator.files.items()
            for number, call in enumerate(facts.calls)
            if (path, number) != (thing.path, thing.call)
        )

    def _found(
        self, family: list[Memory], missing: Literal["save", "load"], there: list[Mention]
    ) -> Broken | None:
        built = {(memory.thing.path, memory.scope) for memory in family}
        running = [
            mention
            for mention in there
            if self.memories.function_of(mention.path, mention.scope) in self.reach.came
        ]
        later = [mention for mention in running if (mention.path, mention.scope) not in built]
        places = sorted((self._place(mention), mention.path, mention.scope) for mention in later or running)
        if not places:
            return None
        at, path, scope = places[0]
        trace = self.reach.trace(self.memories.function_of(path, scope))
        return Broken(tuple(family), missing, at, trace)

    def _place(self, mention: Mention) -> Location:
        facts = self.evaluator.files[mention.path]
        if mention.call >= 0:
            return Location(mention.path, facts.calls[mention.call].span)
        return Location(mention.path, facts.statements[mention.statement].span)

    # ------------------------------------------------------------------ mentions

    def _is_named(self, mention: Mention) -> bool:
        """Whether the function around a mention can be run: something runs it, or at least says its name."""
        function = self.memories.function_of(mention.path, mention.scope)
        scope = self.evaluator.files[function.path].scopes[function.scope]
        if function.scope == 0 or self.reach.runs(function) or scope.decorators:
            return True
        return scope.name.startswith("__") or scope.kind == "lambda" or scope.name in self._mentioned_names

    @cached_property
    def _mentioned_names(self) -> frozenset[str]:
        found: set[str] = set()
        for path, facts in self.evaluator.files.items():
            for scope in range(len(facts.scopes)):
                for site in self.reach.values_in(path, scope):
                    found.update(name for part in walk(site.value) for name in _names_of(part))
            found.update(call.function.name for call in facts.calls if isinstance(call.function, AttrOf))
        return frozenset(found)

    def _half(self, family: list[Memory], mention: Mention) -> Half:
        match mention.kind:
            case "written":
                return self._of_write(mention)
            case "read":
                return self._of_read(mention)
            case "argument":
                return self._of_argument(family, mention)
            case "returned":
                return self._of_return(mention)
            case "kept":
                return self._of_keeping(mention)
        return "beyond"

    def _of_write(self, mention: Mention) -> Half:
        if mention.method in self._words.history_clear:
            return "none"
        if mention.method in self._words.history_write:
            return "save"
        facts = self.evaluator.files[mention.path]
        targets = facts.statements[mention.statement].targets if mention.statement >= 0 else ()
        content = any(isinstance(target, AttrOf) and target.name in _CONTENT for target in targets)
        return "save" if content else "beyond"

    def _of_read(self, mention: Mention) -> Half:
        facts = self.evaluator.files[mention.path]
        called = mention.call >= 0 and self._is_receiver(mention)
        if called and mention.method not in self._words.history_read:
            return "beyond"
        if mention.call < 0 and facts.statements[mention.statement].kind in ("test", "assert"):
            value = facts.statements[mention.statement].value
            if value is not None and not any(isinstance(part, AttrOf) for part in walk(value)):
                return "none"
        return "none" if self._is_housekeeping(mention) else "load"

    def _is_receiver(self, mention: Mention) -> bool:
        """Whether the mention is what a method is called on, not an argument of the call."""
        function = self.evaluator.files[mention.path].calls[mention.call].function
        return isinstance(function, AttrOf) and function.name == mention.method

    def _of_argument(self, family: list[Memory], mention: Mention) -> Half:
        call = self.evaluator.files[mention.path].calls[mention.call]
        if any(member in family for member in self.memories.built_at(mention.path, mention.call)):
            return "none"
        things = self.evaluator.value(mention.path, call.scope, call.function, call.statement)
        if things and all(
            isinstance(thing, FunctionOf | Method | ClassOf) or dotted_of(thing) in _LOOKS for thing in things
        ):
            return "none"
        return "beyond"

    def _of_return(self, mention: Mention) -> Half:
        function = self.memories.function_of(mention.path, mention.scope)
        handed = any(edge.passed for edge in self.evaluator.edges_to(function))
        return "beyond" if handed or function in self.reach.point else "none"

    def _of_keeping(self, mention: Mention) -> Half:
        facts = self.evaluator.files[mention.path]
        statement = facts.statements[mention.statement]
        for target in statement.targets:
            if isinstance(target, (AttrOf, ItemOf)):
                for holder in self.evaluator.value(
                    mention.path, statement.scope, target.base, mention.statement
                ):
                    if not _is_ours(holder):
                        return "beyond"
        return "none"

    # ------------------------------------------------------------------ housekeeping

    def _is_housekeeping(self, mention: Mention) -> bool:
        """Whether a read stays inside: a function that trims or copies the history and gives nothing away."""
        function = self.memories.function_of(mention.path, mention.scope)
        facts = self.evaluator.files[function.path]
        table = self.evaluator.names[function.path]
        if function.scope == 0:
            return False
        for number in table.statements_of.get(function.scope, ()):
            statement = facts.statements[number]
            if statement.kind in ("return", "yield") and not _is_plain(statement.value):
                return False
            outward = [
                target
                for target in statement.targets
                if isinstance(target, (AttrOf, ItemOf)) and not self._is_inward(function, target, number)
            ]
            kept = statement.value if outward else None
            if kept is not None and not self._are_memories(function, kept, number):
                return False
        return all(self._stays(function, number) for number in table.calls_of.get(function.scope, ()))

    def _is_inward(self, function: FunctionOf, target: AttrOf | ItemOf, number: int) -> bool:
        """``history.messages = …``: what is bound is the history's own content."""
        base: Value = target.base
        while isinstance(base, (AttrOf, ItemOf)) and not self._are_memories(function, base, number):
            base = base.base
        return self._are_memories(function, base, number)

    def _are_memories(self, function: FunctionOf, value: Value, number: int) -> bool:
        things = self.evaluator.value(function.path, function.scope, value, number)
        return bool(things) and all(self._is_memory(thing) for thing in things)

    def _stays(self, function: FunctionOf, number: int) -> bool:
        call = self.evaluator.files[function.path].calls[number]
        if isinstance(call.function, AttrOf):
            words = self._words
            if call.function.name in words.history_write | words.history_clear | words.history_read:
                return True
        things = self.evaluator.value(function.path, call.scope, call.function, call.statement)
        for thing in things:
            name = dotted_of(thing) or ""
            if name.startswith(_QUIET) or self._is_component(name):
                continue
            if isinstance(thing, FunctionOf | Method) and all(
                isinstance(given.value, Name | Const) for given in call.arguments
            ):
                given_names = {given.value.id for given in call.arguments if isinstance(given.value, Name)}
                params = {
                    param.name for param in self.evaluator.files[function.path].scopes[function.scope].params
                }
                if given_names <= params:
                    continue
            return False
        return bool(things)

    def _is_component(self, name: str) -> bool:
        found = self.evaluator.catalogue.component(name)
        return found is not None and found.kind in ("memory", "history")

    def _is_memory(self, thing: Object) -> bool:
        return self._is_component(dotted_of(thing) or "")


def _names_of(value: Value) -> Iterator[str]:
    if isinstance(value, Name):
        yield value.id
    elif isinstance(value, AttrOf):
        yield value.name
    elif isinstance(value, Const) and isinstance(value.value, str) and value.value.isidentifier():
        yield value.value


def _marks(memory: Memory) -> Iterator[Hashable]:
    """What memories of one family have in common: each shares one of its marks with another."""
    yield memory.thing
    yield from memory.delegates
    if memory.fate.holder is not None:
        yield "holder", memory.fate.holder
    if memory.storage != "process":
        yield "component", memory.component.id


def _is_plain(value: Value | None) -> bool:
    """Nothing, or a literal: ``return``, ``return True``."""
    return value is None or isinstance(value, Const)


def _is_ours(holder: Object) -> bool:
    """Whether what is kept there is found again: a dict, an object or a module of the project."""
    if isinstance(holder, Collection | ClassOf | ModuleOf):
        return True
    if isinstance(holder, Instance):
        return isinstance(holder.of, ClassOf) or (dotted_of(holder) or "").startswith(
            ("builtins.", "collections.")
        )
    return (
        not isinstance(holder, Given) and holder != UNCLEAR and (dotted_of(holder) or "").endswith(".state")
    )
