"""What to write instead, in one line, for the versions that the file runs with.

Only classes that the versions have are named, and none that they call deprecated while its successor is there. Where
histories are deprecated (langchain-core 1.3.3), a checkpointer comes first and the shared history second.
"""

from __future__ import annotations

from lcmemlint.link.graphs import Graphs
from lcmemlint.link.memory import Memory
from lcmemlint.link.versions import Versions

_SAVERS = ("langgraph.{}PostgresSaver", "langgraph.{}RedisSaver")
_STORES = ("langgraph.{}PostgresStore",)
_WRAPPER = "langchain.RunnableWithMessageHistory"
_AGENT = "langchain.create_agent"


class Recommendations:
    """Help lines for the memories of one project."""

    def __init__(self, graphs: Graphs, versions: Versions) -> None:
        self.graphs = graphs
        self.versions = versions

    def help(self, memory: Memory) -> str:
        """One line: what to write instead of a memory that workers cannot share."""
        if memory.kind == "checkpointer":
            return self._compiled(memory, "checkpointer", _SAVERS, "PostgresSaver")
        if memory.kind == "store":
            return self._compiled(memory, "store", _STORES, "PostgresStore")
        older = self._history(memory)
        if not self._prefers_checkpointer(memory.at.path):
            return older
        saver = next(iter(self._names(memory, _SAVERS)), "PostgresSaver")
        return (
            "keep the conversation in a shared checkpointer "
            f"(`create_agent(..., checkpointer={saver}(...))`), or {older}"
        )

    def _compiled(self, memory: Memory, what: str, ids: tuple[str, ...], wanted: str) -> str:
        names = self._names(memory, ids)
        if not names:
            return f"upgrade langgraph: this version has no {what} that workers can share; newer ones have `{wanted}`"
        shown = ", ".join(f"`{name}`" for name in names)
        return f"compile the graph with a {what} that all workers share ({shown})"

    def _names(self, memory: Memory, ids: tuple[str, ...]) -> list[str]:
        """The classes that the versions have: async ones for a graph that is run by async calls."""
        prefix = "Async" if self._is_run_async(memory) else ""
        found = []
        for one in ids:
            component = self.graphs.evaluator.catalogue.by_id.get(one.format(prefix))
            if component is not None and self.versions.has(memory.at.path, component):
                found.append(component.names[0])
        return found

    def _is_run_async(self, memory: Memory) -> bool:
        return memory.kind in ("checkpointer", "store") and any(
            run.is_async and any(saver.thing == memory.thing for saver in self.graphs.savers(run.graph))
            for run in self.graphs.runs
        )

    def _prefers_checkpointer(self, path: str) -> bool:
        catalogue = self.graphs.evaluator.catalogue
        wrapper, agent = catalogue.by_id[_WRAPPER], catalogue.by_id[_AGENT]
        return self.versions.is_sunset(path, wrapper) and self.versions.has(path, agent)

    def _history(self, memory: Memory) -> str:
        if memory.fate.lifetime == "worker" and not memory.fate.keyed:
            return "build the chain for each session, with a shared history keyed by the session's id"
        if memory.kind == "history":
            return "return a history that all workers share, keyed by the same id: `chat_history(session_id)`"
        return (
            f"give it a history that all workers share: `{memory.name}(chat_memory=chat_history(session_id))`"
        )
