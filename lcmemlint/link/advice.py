"""What to write instead, and which codemod can write it: help lines and fix requests."""

from __future__ import annotations

from lcmemlint.facts import Call, Scope
from lcmemlint.findings import FixRequest
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import ClassOf, Collection, FunctionOf, Instance
from lcmemlint.link.reach import Reach
from lcmemlint.link.recommend import Recommendations
from lcmemlint.link.saver_advice import SaverAdvice
from lcmemlint.values import Name

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
        words = evaluator.catalogue.session
        self._ranked = {name: rank for rank, name in enumerate((*words.key_names, *words.person_names))}
        self._suffixes = words.key_suffixes

    def help(self, memory: Memory) -> str:
        """One line: what to write instead."""
        return self.recommendations.help(memory)

    def request(self, memory: Memory) -> tuple[FixRequest | None, str]:
        """The codemod that repairs this memory, or None and the reason."""
        if memory.implicit:
            return None, f"`{memory.name}` builds its memory by itself; pass `memory=` first"
        if memory.by_factory:
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
        params = {**params, "container_unused": self._unused(memory), "key": self.key_in_scope(memory)}
        return self._make("history-factory", memory, params), ""

    def _namespace(self, memory: Memory) -> str:
        """A literal first key when several stores of the project would otherwise share one conversation."""
        holders = {
            other.fate.holder: other
            for other in self.memories.all
            if other.fate.keyed
            and other.fate.lifetime == "worker"
            and other.storage == "process"
            and isinstance(other.fate.holder, Collection | Instance)
        }
        if len(holders) < 2 or memory.fate.holder not in holders:
            return ""
        return self._holder_name(memory)

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
        if not isinstance(holder, Collection):
            return ""
        return "no" if self._mentioned_outside(holder, memory.at.path) else "yes"

    def _mentioned_outside(self, holder: Collection, path: str) -> bool:
        site = self.evaluator.collections[holder.number]
        if site.at < 0:
            return True
        names = {
            target.id
            for target in self.evaluator.files[site.path].statements[site.at].targets
            if isinstance(target, Name)
        }
        for other, facts in self.evaluator.files.items():
            if other != path and any(
                imported.name in names and self.evaluator.modules.find(other, imported.module) == site.path
                for imported in facts.imports
            ):
                return True
        return site.path != path

    def _with_parameter(self, memory: Memory, params: dict[str, str]) -> tuple[FixRequest | None, str]:
        function = self.memories.function_of(memory.thing.path, memory.scope)
        point = self.reach.point.get(function)
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
        return self.key_at(
            memory.thing.path, self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        )

    def key_at(self, path: str, call: Call) -> str:
        """The expression that names the conversation where a call stands; empty when there is none."""
        facts = self.evaluator.files[path]
        number = call.scope
        found: list[tuple[int, str]] = []
        while number > 0:
            scope = facts.scopes[number]
            if scope.kind in ("function", "lambda"):
                found.extend(self._in_params(path, number, scope))
                found.extend(self._in_locals(path, call, number))
                if found:
                    break
            number = scope.parent
        return min(found)[1] if found else ""

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
                param.name for param in facts.scopes[number].params if self._rank(param.name) is not None
            ]
            number = facts.scopes[number].parent
        return ",".join(found)

    def _rank(self, name: str) -> int | None:
        snake = _snake(name)
        if snake in self._ranked:
            return self._ranked[snake]
        if snake.endswith(tuple(self._suffixes)):
            return 0
        return None

    def _in_params(self, path: str, number: int, scope: Scope) -> list[tuple[int, str]]:
        found = []
        for param in scope.params:
            rank = self._rank(param.name)
            if (
                rank is not None
                and param.kind not in ("*", "**")
                and not self._is_model(path, scope, param.annotation)
            ):
                found.append((rank, param.name))
            for cls in self._model_classes(path, scope, param.annotation):
                for name in self._fields(cls):
                    inner = self._rank(name)
                    if inner is not None:
                        found.append((inner + 1, f"{param.name}.{name}"))
        return found

    def _is_model(self, path: str, scope: Scope, annotation: object) -> bool:
        return bool(self._model_classes(path, scope, annotation))

    def _model_classes(self, path: str, scope: Scope, annotation: object) -> list[ClassOf]:
        if annotation is None:
            return []
        things = self.evaluator.annotated(path, max(scope.parent, 0), annotation)  # type: ignore[arg-type]
        return [thing.of for thing in things if isinstance(thing, Instance) and isinstance(thing.of, ClassOf)]

    def _fields(self, cls: ClassOf) -> list[str]:
        found = []
        for one in self.evaluator.project_bases(cls):
            for (scope, name), bindings in self.evaluator.names[one.path].table.items():
                if scope == one.scope and any(binding.kind == "statement" for binding in bindings):
                    found.append(name)
        return found

    def _in_locals(self, path: str, call: Call, number: int) -> list[tuple[int, str]]:
        names = self.evaluator.names[path]
        around = set(names.blocks_around(call.block)) if call.scope == number else set()
        found = []
        for (scope, name), bindings in names.table.items():
            rank = self._rank(name)
            if scope != number or rank is None:
                continue
            if any(
                binding.kind == "statement"
                and binding.path == ()
                and binding.line < call.span.line
                and binding.block in around
                for binding in bindings
            ):
                found.append((rank, name))
        return found


def _snake(name: str) -> str:
    text = (
        "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
        if not name.isupper()
        else name.lower()
    )
    return text.replace("__", "_").strip("_")


__all__ = ["Advice", "FunctionOf"]
