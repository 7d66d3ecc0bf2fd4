"""What to write instead, in one line, for the versions that the file runs with.

Only classes that the versions have are named, and none that they call deprecated while its successor is there. Where
histories are deprecated (langchain-core 1.3.3), a checkpointer comes first and the shared history second.
"""

from __future__ import annotations

from lcmemlint.catalogue import Component
from lcmemlint.link.fitting import Fitting
from lcmemlint.link.graphs import Graphs
from lcmemlint.link.memory import Memory
from lcmemlint.link.versions import Versions


class Recommendations:
    """Help lines for the memories of one project."""

    def __init__(self, graphs: Graphs, versions: Versions) -> None:
        self.graphs = graphs
        self.fitting = Fitting(graphs.evaluator.catalogue, versions)

    def help(self, memory: Memory) -> str:
        """One line: what to write instead of a memory that workers cannot share."""
        if memory.kind == "checkpointer":
            savers = self.fitting.savers(memory.at.path, is_async=self._is_run_async(memory))
            return _compiled("checkpointer", savers, "PostgresSaver")
        if memory.kind == "store":
            stores = self.fitting.stores(memory.at.path, is_async=self._is_run_async(memory))
            return _compiled("store", stores, "PostgresStore")
        older = self._history(memory)
        if not self.fitting.prefers_checkpointer(memory.at.path):
            return older
        saver = next((one.names[0] for one in self.fitting.savers(memory.at.path)), "PostgresSaver")
        return (
            "keep the conversation in a shared checkpointer "
            f"(`create_agent(..., checkpointer={saver}(...))`), or {older}"
        )

    def _is_run_async(self, memory: Memory) -> bool:
        return memory.kind in ("checkpointer", "store") and any(
            run.is_async and any(saver.thing == memory.thing for saver in self.graphs.savers(run.graph))
            for run in self.graphs.runs
        )

    def _history(self, memory: Memory) -> str:
        if memory.fate.lifetime == "worker" and not memory.fate.keyed:
            return "build the chain for each session, with a shared history keyed by the session's id"
        if memory.kind == "history":
            return "return a history that all workers share, keyed by the same id: `chat_history(session_id)`"
        return (
            f"give it a history that all workers share: `{memory.name}(chat_memory=chat_history(session_id))`"
        )


def _compiled(what: str, found: tuple[Component, ...], wanted: str) -> str:
    if not found:
        return f"upgrade langgraph: this version has no {what} that workers can share; newer ones have `{wanted}`"
    shown = ", ".join(f"`{one.names[0]}`" for one in found)
    return f"compile the graph with a {what} that all workers share ({shown})"
