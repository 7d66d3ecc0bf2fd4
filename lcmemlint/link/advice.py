"""What to write instead, and which codemod can write it: help lines and fix requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from lcmemlint.facts import Call
from lcmemlint.findings import FixRequest
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.handed import framework_key, handed_down
from lcmemlint.link.in_scope import KeysInScope
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import Collection, FunctionOf, Instance, Object
from lcmemlint.link.reach import Reach
from lcmemlint.link.recommend import Recommendations
from lcmemlint.link.saver_advice import SaverAdvice
from lcmemlint.values import Name, dotted

_EXTRA = {
    "summary": "its summary stays in the process even over a shared history",
    "pruning": "it stops pruning over a shared history",
    "entities": "its entities stay in the process",
    "graph": "its knowledge graph stays in the process",
    "vectors": "its vectors stay in the process",
}


class Advice:
    """Help lines and fix requests for the memories of one project."""

    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        memories: Memories,
        recommendations: Recommendations,
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self.recommendations = recommendations
        self.savers = SaverAdvice(evaluator, memories)
        self.keys = KeysInScope(evaluator)

    def help(self, memory: Memory) -> str:
        """One line: what to write instead."""
        return self.recommendations.help(memory)

    def request(self, memory: Memory) -> tuple[FixRequest | None, str]:
        """The codemod that repairs this memory, or None and the reason."""
        if memory.implicit:
            return None, f"`{memory.name}` builds its memory by itself; pass `memory=` first"
        if memory.by_factory and not self._is_defaultdict(memory):
            return (
                None,
                f"no call of `{memory.name}` stands here to be replaced: only the class is handed over",
            )
        if memory.own_class is not None:
            return None, f"`{memory.name}` is your own class; let it keep its messages in a shared store"
        if memory.component.fix == "checkpointer":
            return self.savers.request(memory, self._class(memory))
        extra = memory.component.extra_state
        if extra is not None and memory.component.fix != "shared-memory":
            return None, f"`{memory.name}` needs more than a shared history: {_EXTRA[extra]}"
        if memory.component.fix not in ("chat_memory", "history", "shared-memory"):
            return None, f"there is no codemod for `{memory.name}` yet"
        if memory.delegates:
            return None, "its `chat_memory` is already given; replace what it is given"
        if memory.kind == "history" and memory.storage == "host":
            params = {"class": self._class(memory), "ids": self._ids_in_scope(memory)}
            params["namespace"] = self._namespace_of_files(memory)
            return self._make("local-history", memory, params, unsafe=True), ""
        params = {"class": self._class(memory)}
        kind = "shared-memory" if extra is not None else "chat-memory"
        if memory.fate.keyed:
            if memory.fate.lifetime == "session":
                return (
                    None,
                    "it is kept for a browser session, and there is no id that a reload would find again",
                )
            if extra is not None:
                params["namespace"] = self._namespace(memory)
                return self._make(kind, memory, params), ""
            return self._keyed(memory, params)
        key = self.key_in_scope(memory)
        if key:
            if memory.kind != "memory":
                return None, "a history built here has no key of its own; return `chat_history(...)` instead"
            return self._make(kind, memory, {**params, "key": key}), ""
        return self._with_parameter(memory, {**params, "then": "" if kind == "chat-memory" else kind})

    def _class(self, memory: Memory) -> str:
        of = memory.thing.of
        return getattr(of, "dotted", "")

    def _make(self, kind: str, memory: Memory, params: dict[str, str], *, unsafe: bool = False) -> FixRequest:
        pairs = tuple(sorted((name, value) for name, value in params.items() if value))
        return FixRequest(kind, memory.at.path, memory.at.span, pairs, unsafe)

    def _keyed(self, memory: Memory, params: dict[str, str]) -> tuple[FixRequest | None, str]:
        params["namespace"] = self._namespace(memory)
        key = self.key_in_scope(memory)
        stored = memory.fate.stored
        is_kept_here = stored is None or self._function_at(stored.site) == self._function(memory)
        if not key and not is_kept_here:
            handed = {**params, "then": "history-factory", "keyed": "yes"}
            request, reason = self._handed_down(memory, handed)
            if request is not None or reason:
                return request, reason
        params = {**params, "container_unused": self._unused(memory), "key": key}
        return self._make("history-factory", memory, params), ""

    def _handed_down(self, memory: Memory, params: dict[str, str]) -> tuple[FixRequest | None, str]:
        """The request to let the callers of a builder name the conversation; no reason where nothing calls it."""
        found, reason = handed_down(self, memory)
        if found is None:
            return None, reason
        return self._make("handed-key", memory, {**params, **found}, unsafe=True), ""

    def _is_defaultdict(self, memory: Memory) -> bool:
        """Whether `defaultdict(InMemoryChatMessageHistory)` makes it, whose items a shared history can replace."""
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        return memory.kind == "history" and (dotted(call.function) or "").rpartition(".")[2] == "defaultdict"

    def _function(self, memory: Memory) -> FunctionOf:
        return self.memories.function_of(memory.thing.path, memory.scope)

    def _function_at(self, site: Site) -> FunctionOf:
        return self.memories.function_of(site.path, site.scope)

    def _namespace(self, memory: Memory) -> str:
        """A literal first key when several stores of the project would otherwise share one conversation."""
        if len(self._holders) < 2 or memory.fate.holder not in self._holders:
            return ""
        return self._holder_name(memory)

    @cached_property
    def _holders(self) -> frozenset[Object]:
        """Whatever keeps memories of this process by key for as long as it runs."""
        return frozenset(
            memory.fate.holder
            for memory in self.memories.all
            if memory.fate.keyed
            and memory.fate.lifetime == "worker"
            and memory.storage == "process"
            and isinstance(memory.fate.holder, Collection | Instance)
        )

    def _holder_name(self, memory: Memory) -> str:
        holder = memory.fate.holder
        if isinstance(holder, Collection):
            site = self.evaluator.collections[holder.number]
            if site.at >= 0:
                for target in self.evaluator.files[site.path].statements[site.at].targets:
                    name = target.id if isinstance(target, Name) else getattr(target, "name", "")
                    return f"{self.evaluator.modules.module_name(site.path).rsplit('.', 1)[-1]}.{name}"
        return ""

    def _unused(self, memory: Memory) -> str:
        """``yes`` when no other file mentions the dict that keeps the histories, ``no`` when one does."""
        holder = memory.fate.holder
        if isinstance(holder, Collection):
            site = self.evaluator.collections[holder.number]
            return "no" if self._mentioned_outside(site.path, site.at, memory.at.path) else "yes"
        if isinstance(holder, Instance) and self._is_defaultdict(memory):
            made = self.evaluator.files[holder.path].calls[holder.call]
            return "no" if self._mentioned_outside(holder.path, made.statement, memory.at.path) else "yes"
        return ""

    def _mentioned_outside(self, home: str, statement: int, path: str) -> bool:
        if statement < 0:
            return True
        targets = self.evaluator.files[home].statements[statement].targets
        names = {target.id for target in targets if isinstance(target, Name)}
        others = {other for name in names for other in self._importers.get((home, name), ())}
        return home != path or not others <= {path}

    @cached_property
    def _importers(self) -> Mapping[tuple[str, str], set[str]]:
        """(file, name) → the files that import the name from it."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for path, facts in self.evaluator.files.items():
            for imported in facts.imports:
                home = self.evaluator.modules.find(path, imported.module) if imported.name else None
                if home is not None and imported.name is not None:
                    found[home, imported.name].add(path)
        return found

    def _with_parameter(self, memory: Memory, params: dict[str, str]) -> tuple[FixRequest | None, str]:
        function = self._function(memory)
        point = self.reach.point.get(function)
        if point is None and function.scope and memory.kind == "memory":
            request, reason = self._handed_down(memory, params)
            if request is not None or reason:
                return request, reason
        if point is None or function.scope == 0 or memory.kind != "memory":
            return None, "no session id is in scope where it is built; hand one down from the route"
        called = bool(self.evaluator.edges_to(function))
        params = {
            **params,
            "callers": "yes" if called else "no",
            "framework": point.framework,
        }
        return self._make("session-parameter", memory, params, unsafe=True), ""

    # ------------------------------------------------------------------ the session key in scope

    def key_in_scope(self, memory: Memory) -> str:
        """The expression that names the conversation where the memory is built; empty when there is none."""
        path = memory.thing.path
        call = self.evaluator.files[path].calls[memory.thing.call]
        return self.key_at(path, call) or framework_key(self, memory, path, call)

    def key_at(self, path: str, call: Call) -> str:
        """The expression that names the conversation where a call stands; empty when there is none."""
        return self.keys.key_at(path, call)

    def _namespace_of_files(self, memory: Memory) -> str:
        """The module's name when other modules keep conversations in files of their own; a database is one store."""
        if "file_path" not in memory.component.url_argument:
            return ""
        others = any(
            other.component == memory.component and other.at.path != memory.at.path
            for other in self.memories.all
        )
        return self.evaluator.modules.module_name(memory.at.path) if others else ""

    def _ids_in_scope(self, memory: Memory) -> str:
        """The parameters around a memory that are named like the id of a session or a person."""
        facts = self.evaluator.files[memory.thing.path]
        number, found = memory.scope, []
        while number > 0:
            found += [
                param.name for param in facts.scopes[number].params if self.keys.rank(param.name) is not None
            ]
            number = facts.scopes[number].parent
        return ",".join(found)
