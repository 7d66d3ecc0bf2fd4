"""Which savers can become one shared saver, and which threads must then stay apart.

Two savers in memory never see each other's threads, even when both are given the same `thread_id`. One shared
saver would make one thread of them, so each gets a name; a saver that one line builds for several graphs has no
name that a rewrite could know.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lcmemlint.facts import MODULE, Call
from lcmemlint.findings import FixRequest
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory, facts_name
from lcmemlint.link.objects import FunctionOf
from lcmemlint.values import Name, dotted

GENERATED = "shared_checkpointer"
_LEVELS = 4


class SaverAdvice:
    """Fix requests for the checkpointers of one project."""

    def __init__(self, evaluator: Evaluator, memories: Memories) -> None:
        self.evaluator = evaluator
        self.memories = memories

    def request(self, memory: Memory, class_name: str) -> tuple[FixRequest | None, str]:
        """The codemod for a saver in memory or on this host, or None and the reason."""
        shared = self._serves_several(memory)
        if shared:
            return None, (
                f"`{shared}` builds several graphs, whose threads would become one: give each saver a name of its "
                f"own, `{GENERATED}(name)`"
            )
        params = {"class": class_name, "namespace": self._namespace(memory)}
        pairs = tuple(sorted((name, value) for name, value in params.items() if value))
        return FixRequest("checkpointer", memory.at.path, memory.at.span, pairs, unsafe=True), ""

    def _serves_several(self, memory: Memory) -> str:
        """The function that builds differing graphs around this one saver; empty when there is none."""
        function = self.memories.function_of(memory.thing.path, memory.scope)
        for _ in range(_LEVELS):
            if function.scope == MODULE:
                return ""
            sites = list(self._calls_of(function))
            if len({tuple((given.name, given.value) for given in call.arguments) for _, call in sites}) > 1:
                return self.evaluator.files[function.path].scopes[function.scope].qualname
            if len(sites) != 1:
                return ""
            path, call = sites[0]
            function = self.memories.function_of(path, call.scope)
        return ""

    def _calls_of(self, function: FunctionOf) -> Iterator[tuple[str, Call]]:
        """The calls of a function by code that serves; what only a script runs does not count."""
        for edge in self.evaluator.edges_to(function):
            call = self.evaluator.files[edge.path].calls[edge.call]
            if not edge.passed and self.memories.runs_at(edge.path, call.scope, call.block) - {"script"}:
                yield edge.path, call

    def _namespace(self, memory: Memory) -> str:
        """A literal name when the project has other savers, else empty."""
        others = [
            other
            for other in self.memories.all
            if other.kind == "checkpointer"
            and other.at != memory.at
            and other.storage in ("process", "host")
            and other.fate.lifetime not in ("script", "dead")
        ]
        if not others and not any(self._generated):
            return ""
        taken = {self._label(other) for other in others} | self._generated
        label = self._label(memory)
        if label in taken:
            label = f"{self.evaluator.modules.module_name(memory.at.path)}.{label.rpartition('.')[2]}"
        return label if label not in taken else f"{label}.{memory.at.span.line}"

    def _label(self, memory: Memory) -> str:
        """The last part of the module and the name that holds the saver, or the function that builds it."""
        facts = self.evaluator.files[memory.thing.path]
        module = self.evaluator.modules.module_name(memory.thing.path).rpartition(".")[2]
        at = facts.calls[memory.thing.call].statement
        for target in facts.statements[at].targets if at >= 0 else ():
            name = target.id if isinstance(target, Name) else getattr(target, "name", "")
            if name:
                return f"{module}.{name}"
        function = self.memories.function_of(memory.thing.path, memory.scope)
        inside = facts.scopes[function.scope].name if function.scope != MODULE else ""
        return f"{module}.{inside}" if inside else module

    @cached_property
    def _generated(self) -> frozenset[str]:
        """The names of the shared savers that the project already has; empty for one without a name."""
        return frozenset(
            str(getattr(call.arguments[0].value if call.arguments else None, "value", ""))
            for facts in self.evaluator.files.values()
            for call in facts.calls
            if facts_name(dotted(call.function) or "") == GENERATED
        )
