"""Is a memory only the substitute for a stored one? Places where process memory is chosen and nobody is told.

A *fallback* stands in an ``except`` branch, where something is missing (``if not url``, ``saver or MemorySaver()``,
the ``else`` of ``if url``), or behind a stored one that was returned before. The first use of a lazy object
(``if self._saver is None: self._saver = MemorySaver()``) is none, nor is a branch that names it (``== "memory"``).
"""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.facts import MODULE, Block, FileFacts
from lcmemlint.link.absence import missing, present
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import FunctionOf
from lcmemlint.values import AttrOf, CallOf, Combined, Const, ItemOf, Name, OneOf, Value, dotted, walk

_DEEP = 2
_MISSING_PACKAGE = frozenset(("ImportError", "ModuleNotFoundError"))


class Fallbacks:
    """Answers about the memories of one project; looks at nothing before it is asked."""

    def __init__(self, evaluator: Evaluator, memories: Memories) -> None:
        self.evaluator = evaluator
        self.memories = memories

    def when(self, memory: Memory) -> str:
        """When the memory is chosen, in words that end a sentence (``when `URL` is not set``); empty if it is none."""
        if memory.storage != "process":
            return ""
        return self._at_call(memory.thing.path, memory.thing.call, memory, 0)

    def has_stored_rival(self, memory: Memory) -> bool:
        """Whether the same function also builds a stored one of its kind."""
        place = (memory.thing.path, memory.scope)
        return any((other.thing.path, other.scope) == place for other in self._stored(memory))

    def when_block(self, path: str, scope: int, number: int) -> str:
        """When a branch of a failure, or of something that is missing, runs; empty for any other block."""
        block = self.evaluator.files[path].blocks[number]
        if block.kind == "except":
            return _after_failure(block)
        if block.test is None or block.kind not in ("if", "else"):
            return ""
        return self._by_test(path, scope, block.test, taken=block.kind == "if")

    def _at_call(self, path: str, number: int, memory: Memory, depth: int) -> str:
        found = self._in_expression(path, number) or self._in_branch(path, number, memory)
        return (
            found
            or self._behind_return(path, number, memory)
            or self._at_callers(path, number, memory, depth)
        )

    def _at_callers(self, path: str, number: int, memory: Memory, depth: int) -> str:
        """A function that only builds it is a fallback where all its callers make it one."""
        function = self.memories.function_of(path, self.evaluator.files[path].calls[number].scope)
        if (
            function.scope == MODULE
            or depth >= _DEEP
            or memory.thing not in self.evaluator.returned(function)
        ):
            return ""
        if self._stored_returns(function, memory):
            return ""
        callers = sorted(self.evaluator.called_from.get(function, ()))
        found = [self._at_call(caller, call, memory, depth + 1) for caller, call in callers]
        return found[0] if found and all(found) else ""

    # ------------------------------------------------------------------ `a or b`, `a if test else b`

    def _in_expression(self, path: str, number: int) -> str:
        facts = self.evaluator.files[path]
        call = facts.calls[number]
        for value in self._values_around(path, number):
            for part in walk(value):
                if not isinstance(part, OneOf) or CallOf(number) not in part.options:
                    continue
                place = part.options.index(CallOf(number))
                if part.how == "or" and place > 0 and self._is_choice(path, call.scope, part.options[0]):
                    return self._when_absent(path, call.scope, part.options[0])
                if part.how == "if" and part.test is not None and part.options[1 - place] != Const(None):
                    return self._by_test(path, call.scope, part.test, taken=place == 0)
        return ""

    def _values_around(self, path: str, number: int) -> Iterator[Value]:
        facts = self.evaluator.files[path]
        call = facts.calls[number]
        if call.statement >= 0 and facts.statements[call.statement].value is not None:
            yield facts.statements[call.statement].value  # type: ignore[misc]
        for other in self.evaluator.names[path].calls_of.get(call.scope, ()):
            if facts.calls[other].statement == call.statement:
                yield from (given.value for given in facts.calls[other].arguments)

    def _is_choice(self, path: str, scope: int, value: Value) -> bool:
        """Whether a value may be there or not: no literal and no class."""
        return isinstance(value, Name | AttrOf | ItemOf | CallOf)

    # ------------------------------------------------------------------ branches

    def _in_branch(self, path: str, number: int, memory: Memory) -> str:
        facts = self.evaluator.files[path]
        call = facts.calls[number]
        for block_number in self.evaluator.names[path].blocks_around(call.block):
            block = facts.blocks[block_number]
            if block.kind == "except":
                return "" if self._tries_process(path, block, memory) else _after_failure(block)
            if block.test is None or block.kind not in ("if", "else"):
                continue
            found = self._by_test(path, call.scope, block.test, taken=block.kind == "if")
            if found and not self._is_lazy(path, block_number, memory):
                return found
        return ""

    def _tries_process(self, path: str, block: Block, memory: Memory) -> bool:
        """Whether what is tried is process memory too: two spellings of one class."""
        facts = self.evaluator.files[path]
        tried = [n for n, one in enumerate(facts.blocks) if one.kind == "try" and one.parent == block.parent]
        return any(
            other.storage == "process"
            and other.kind == memory.kind
            and other.thing.path == path
            and any(one in tried for one in self._around(path, other.thing.call))
            for other in self.memories.all
        )

    def _around(self, path: str, number: int) -> Iterator[int]:
        return self.evaluator.names[path].blocks_around(self.evaluator.files[path].calls[number].block)

    def _by_test(self, path: str, scope: int, test: Value, *, taken: bool) -> str:
        """When the branch runs, if that is when something is missing; ``taken``: it runs when the test holds."""
        facts = self.evaluator.files[path]
        absent = missing(test) if taken else present(test)
        if absent is not None:
            if isinstance(absent, CallOf) and dotted(facts.calls[absent.call].function) == "isinstance":
                return ""  # one kind of settings among others: a choice, nothing is missing
            return self._when_absent(path, scope, absent)
        if not taken and isinstance(test, Combined) and test.op in ("==", "in", "!="):
            return f"unless {_shown(facts, test.parts[0])} names another" if test.op != "!=" else ""
        return ""

    def _when_absent(self, path: str, scope: int, value: Value) -> str:
        """When a value is not there, in words for what it is: a parameter, an answer of a function, a setting."""
        facts = self.evaluator.files[path]
        if isinstance(value, Name) and any(param.name == value.id for param in facts.scopes[scope].params):
            return f"where no `{value.id}` is given"
        shown = _shown(facts, value)
        return f"when {shown} is not true" if shown.endswith("()`") else f"when {shown} is missing"

    def _is_lazy(self, path: str, block_number: int, memory: Memory) -> bool:
        """Whether the branch fills in what its test found missing, and nothing else ever gives that a stored one."""
        facts = self.evaluator.files[path]
        block = facts.blocks[block_number]
        assert block.test is not None
        value = missing(block.test) if block.kind == "if" else present(block.test)
        if value is None or not isinstance(value, Name | AttrOf):
            return False
        scope = facts.scopes[block.scope]
        if isinstance(value, Name) and any(param.name == value.id for param in scope.params):
            return False
        bound = any(
            value in statement.targets
            and block_number in self.evaluator.names[path].blocks_around(statement.block)
            for statement in facts.statements
            if statement.scope == block.scope
        )
        if not bound:
            return False
        stored = {other.thing for other in self._stored(memory)}
        return not any(thing in stored for thing in self.evaluator.value(path, block.scope, value))

    def _stored(self, memory: Memory) -> Iterator[Memory]:
        return (one for one in self.memories.all if one.kind == memory.kind and one.storage != "process")

    # ------------------------------------------------------------------ what was returned before

    def _behind_return(self, path: str, number: int, memory: Memory) -> str:
        """``if url: return PostgresSaver(…)`` and then ``return MemorySaver()``."""
        facts = self.evaluator.files[path]
        call = facts.calls[number]
        function = self.memories.function_of(path, call.scope)
        if function.scope == MODULE or memory.thing not in self.evaluator.returned(function):
            return ""
        around = set(self._around(path, number))
        for statement_number in self._stored_returns(function, memory):
            statement = facts.statements[statement_number]
            if statement.span > call.span or statement.block in around:
                continue
            for block_number in self.evaluator.names[path].blocks_around(statement.block):
                block = facts.blocks[block_number]
                if block_number in around:
                    break
                if block.kind == "try":
                    return _after_failure(None)
                if block.kind == "if" and block.test is not None:
                    found = self._by_test(path, call.scope, block.test, taken=False)
                    if found:
                        return found
        return ""

    def _stored_returns(self, function: FunctionOf, memory: Memory) -> list[int]:
        """The statements of a function that return a stored one of the same kind."""
        stored = {other.thing for other in self._stored(memory)}
        facts = self.evaluator.files[function.path]
        found = []
        for number in self.evaluator.names[function.path].statements_of.get(function.scope, ()):
            statement = facts.statements[number]
            if statement.kind in ("return", "yield") and statement.value is not None:
                things = self.evaluator.value(function.path, function.scope, statement.value, number)
                if any(thing in stored for thing in things):
                    found.append(number)
        return found


def _after_failure(block: Block | None) -> str:
    if block is not None and block.test is not None:
        caught = {dotted(part) for part in walk(block.test)}
        if caught & _MISSING_PACKAGE:
            return "when a package is missing"
    return "when the stored one fails"


def _shown(facts: FileFacts, value: Value) -> str:
    """A value in words of the user's own: a name, an environment variable."""
    if isinstance(value, CallOf):
        call = facts.calls[value.call]
        for given in call.arguments:
            if isinstance(given.value, Const) and isinstance(given.value.value, str):
                return f"`{given.value.value}`"
        return f"`{dotted(call.function) or 'it'}()`"
    if isinstance(value, ItemOf) and isinstance(value.key, Const):
        return f"`{value.key.value}`"
    return f"`{dotted(value) or 'it'}`"
