"""What happens to a memory after it was built: is it filled, given to something that runs, only written to?"""

from __future__ import annotations

from lcmemlint.facts import MODULE, Call
from lcmemlint.link.absence import missing, present
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.names import bound_names
from lcmemlint.link.objects import External, Instance, Object, dotted_of
from lcmemlint.link.storage import argument
from lcmemlint.link.uses import Mention, Uses
from lcmemlint.values import AttrOf, CallOf, Combined, Name, OneOf, walk

_LOOPS = ("for", "while")


class Wiring:
    """Answers about the memories of one project."""

    def __init__(self, evaluator: Evaluator, memories: Memories) -> None:
        self.evaluator = evaluator
        self.memories = memories
        self.uses = Uses(
            evaluator, (memory.thing for memory in memories.all if memory.kind in ("memory", "history"))
        )
        self._words = evaluator.catalogue.session
        self._filled: dict[Instance, bool] = {}

    def is_filled(self, memory: Memory) -> bool:
        """Whether messages are put in before anything runs: from the request, the client, a database, a thread."""
        if memory.thing not in self._filled:
            self._filled[memory.thing] = False  # what delegates to itself is filled by others only
            self._filled[memory.thing] = self._find_filled(memory)
        return self._filled[memory.thing]

    def _find_filled(self, memory: Memory) -> bool:
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        if memory.kind == "history" and (call.arguments and argument(call, ("messages",), 0) is not None):
            return True
        if any(self._fills(memory, mention) for mention in self.uses.of(memory.thing)):
            return True
        inner = [other for thing in memory.delegates for other in self.memories.of(thing)]
        return any(self.is_filled(other) for other in inner)

    def is_replaced(self, memory: Memory) -> bool:
        """Whether every graph that was given a saver has its ``checkpointer`` set to another one elsewhere."""
        graphs = list(self.memories.wrappers(memory.thing))
        return bool(graphs) and all(self._is_given_another(graph, memory.thing) for graph in graphs)

    def _is_given_another(self, graph: Object, saver: Object) -> bool:
        stored = self.evaluator.attributes.get((self.evaluator.shared_name(graph), "checkpointer"), {})
        return any(thing != saver for site in stored.values() for thing in self.evaluator.at(site))

    def is_substitute(self, memory: Memory) -> bool:
        """Whether the function also gives a history that is filled or stored: this one is its empty case."""
        if self._returns_kept(memory):
            return True
        return any(
            other is not memory
            and (other.thing.path, other.scope) == (memory.thing.path, memory.scope)
            and other.kind == memory.kind
            and (other.storage not in ("process",) or self.is_filled(other))
            for other in self.memories.all
        )

    def _returns_kept(self, memory: Memory) -> bool:
        """Whether another branch of the function takes a memory that is kept under a key."""
        kept = {other.thing for other in self.memories.all if other is not memory and other.fate.keyed}
        if not kept:
            return False
        path = memory.thing.path
        facts = self.evaluator.files[path]
        for number in self.evaluator.names[path].statements_of.get(memory.scope, ()):
            statement = facts.statements[number]
            if statement.kind not in ("return", "assign") or statement.value is None:
                continue
            if kept & set(self.evaluator.value(path, statement.scope, statement.value, number)):
                return True
        return False

    def _fills(self, memory: Memory, mention: Mention) -> bool:
        if mention.kind != "written" or mention.method in self._words.history_clear:
            return False
        if self._in_loop(mention):
            return True
        if mention.path != memory.thing.path or mention.scope != memory.scope:
            return True
        return not self._runs_before(mention)

    def _in_loop(self, mention: Mention) -> bool:
        facts = self.evaluator.files[mention.path]
        if mention.call >= 0:
            block = facts.calls[mention.call].block
        elif mention.statement >= 0:
            block = facts.statements[mention.statement].block
        else:
            return False
        while block >= 0:
            if facts.blocks[block].kind in _LOOPS:
                return True
            block = facts.blocks[block].parent
        return False

    def _runs_before(self, mention: Mention) -> bool:
        facts = self.evaluator.files[mention.path]
        for number in self.evaluator.names[mention.path].calls_of.get(mention.scope, ()):
            call = facts.calls[number]
            if call.statement >= mention.statement:
                continue
            if isinstance(call.function, AttrOf) and call.function.name in self._words.run:
                return True
            if self._is_chain(mention.path, number):
                return True
        return False

    def _is_chain(self, path: str, number: int) -> bool:
        """``chain(inputs)``: calling an object that a component of the catalogue made."""
        call = self.evaluator.files[path].calls[number]
        for thing in self.evaluator.value(path, call.scope, call.function, call.statement):
            if isinstance(thing, Instance) and not isinstance(thing, External):
                component = self.evaluator.catalogue.component(dotted_of(thing) or "")
                if component is not None and component.kind == "wrapper":
                    return True
        return False

    def is_scratch(self, memory: Memory) -> bool:
        """Whether the memory serves one run with several steps: the same request runs its chain in a loop."""
        facts = self.evaluator.files[memory.thing.path]
        site = facts.calls[memory.thing.call]
        if self._runs_in_comprehension(memory):
            return True
        for number in self.evaluator.names[memory.thing.path].calls_of.get(memory.scope, ()):
            call = facts.calls[number]
            if (
                call.span <= site.span
                or not isinstance(call.function, AttrOf)
                or call.function.name not in self._words.run
            ):
                continue
            block = call.block
            around = set(self.evaluator.names[memory.thing.path].blocks_around(site.block))
            while block >= 0 and block not in around:
                if facts.blocks[block].kind in _LOOPS:
                    return True
                block = facts.blocks[block].parent
        return False

    def _runs_in_comprehension(self, memory: Memory) -> bool:
        facts = self.evaluator.files[memory.thing.path]
        for number in self.evaluator.names[memory.thing.path].statements_of.get(memory.scope, ()):
            value = facts.statements[number].value
            if value is None:
                continue
            for part in walk(value):
                if not isinstance(part, Combined) or part.op not in (
                    "listcomp",
                    "setcomp",
                    "genexp",
                    "dictcomp",
                ):
                    continue
                for inner in walk(part):
                    function = facts.calls[inner.call].function if isinstance(inner, CallOf) else None
                    if isinstance(function, AttrOf) and function.name in self._words.run:
                        return True
        return False

    def is_untaken(self, memory: Memory) -> bool:
        """Whether it only replaces something that every caller hands over: behind ``or``, under ``if x is None``."""
        path, number = memory.thing.path, memory.thing.call
        return self._is_behind(path, number) or self._is_under_unmet_test(path, number)

    def _is_under_unmet_test(self, path: str, number: int) -> bool:
        facts = self.evaluator.files[path]
        call = facts.calls[number]
        params = {param.name: param for param in facts.scopes[call.scope].params}
        for block_number in self.evaluator.names[path].blocks_around(call.block):
            block = facts.blocks[block_number]
            if block.test is None or block.kind not in ("if", "else"):
                continue
            absent = missing(block.test) if block.kind == "if" else present(block.test)
            if isinstance(absent, Name) and absent.id in params:
                given = self.evaluator.param(path, call.scope, params[absent.id])
                if all(isinstance(thing, Instance) for thing in given):
                    return True
        return False

    def _is_behind(self, path: str, number: int) -> bool:
        facts = self.evaluator.files[path]
        call = facts.calls[number]
        values = [facts.statements[call.statement].value] if call.statement >= 0 else []
        values.extend(given.value for other in self._calls_of(path, call) for given in other.arguments)
        for value in values:
            for part in walk(value) if value is not None else ():
                if isinstance(part, OneOf) and CallOf(number) in part.options[1:] and _takes_first(part):
                    first = self.evaluator.value(path, call.scope, part.options[0], call.statement)
                    if first and all(isinstance(thing, Instance) for thing in first):
                        return True
        return False

    def _calls_of(self, path: str, call: Call) -> list[Call]:
        """The calls of the same statement."""
        facts = self.evaluator.files[path]
        numbers = self.evaluator.names[path].calls_of.get(call.scope, ())
        return [facts.calls[number] for number in numbers if facts.calls[number].statement == call.statement]

    def is_long_term(self, memory: Memory) -> bool:
        """Whether a store is LangGraph's; one that only start-up code puts things into is a table, not a memory."""
        if not any(module.startswith("langgraph") for module in memory.component.modules):
            return False
        writes = [
            self.memories.runs_at(path, call.scope, call.block)
            for path, number in self.evaluator.calls_on.get(memory.thing, ())
            for call in (self.evaluator.files[path].calls[number],)
            if isinstance(call.function, AttrOf) and call.function.name in ("put", "aput")
        ]
        return not writes or any("request" in runs for runs in writes)

    def is_attached(self, memory: Memory) -> bool:
        """Whether anything but writing to it happens: passed on, returned, kept, read."""
        if memory.implicit:
            return True
        mentions = self.uses.of(memory.thing)
        if any(
            mention.kind != "written" or mention.method in self._words.history_clear for mention in mentions
        ):
            return True
        return self._is_exported(memory) or self._is_inline(memory) or self._is_read_elsewhere(memory)

    def _is_read_elsewhere(self, memory: Memory) -> bool:
        """Whether another object over the same kind of store is read: what one writes, the other finds."""
        if memory.storage == "process":
            return False
        return any(
            other is not memory
            and other.component is memory.component
            and any(mention.kind != "written" for mention in self.uses.of(other.thing))
            for other in self.memories.all
        )

    def _is_inline(self, memory: Memory) -> bool:
        """Built inside another expression: whatever that is, it received the memory."""
        facts = self.evaluator.files[memory.thing.path]
        call = facts.calls[memory.thing.call]
        if call.statement < 0:
            return True
        statement = facts.statements[call.statement]
        whole = CallOf(memory.thing.call)
        if statement.kind == "expression":
            return statement.value != whole
        return not (
            statement.value == whole and all(isinstance(target, Name) for target in statement.targets)
        )

    def _is_exported(self, memory: Memory) -> bool:
        """Whether another module imports the name, or the module lists it: then we do not see all uses."""
        facts = self.evaluator.files[memory.thing.path]
        call = facts.calls[memory.thing.call]
        if call.statement < 0 or call.scope != MODULE:
            return False
        names = {
            name for target in facts.statements[call.statement].targets for name, _ in bound_names(target)
        }
        for other, other_facts in self.evaluator.files.items():
            if other == memory.thing.path:
                continue
            for imported in other_facts.imports:
                if (
                    imported.name in names
                    and self.evaluator.modules.find(other, imported.module) == memory.thing.path
                ):
                    return True
        return False

    def is_written(self, memory: Memory) -> bool:
        """Whether anything writes to it."""
        return any(mention.kind == "written" for mention in self.uses.of(memory.thing))

    def receivers(self, thing: Object) -> list[Instance]:
        """What was given the object when it was built."""
        return list(self.memories.wrappers(thing))


def _takes_first(choice: OneOf) -> bool:
    """Whether the first option is taken wherever it is something: `x or y`, `x if x else y`."""
    if choice.how == "if":
        return choice.test is not None and present(choice.test) == choice.options[0]
    return choice.how == "or"
