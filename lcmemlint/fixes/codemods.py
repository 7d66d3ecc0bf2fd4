"""The table of codemods, by the ``kind`` of the requests that they carry out."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from lcmemlint.findings import FixRequest
from lcmemlint.fixes import (
    chain_for,
    chat_memory,
    checkpointer,
    handed_key,
    history_factory,
    local_history,
    memory_store,
    required_id,
    returning_id,
    same_key,
    session_config,
    session_parameter,
    set_up,
    summary_memory,
    unattached,
    wiring,
)
from lcmemlint.fixes.edits import Change, Context, Refusal
from lcmemlint.fixes.trees import Tree


class Codemod(Struct, frozen=True):
    """What carries out the requests of one kind; ``rewrite`` is pure."""

    kind: str
    rewrite: Callable[[Tree, FixRequest, Context], Change | Refusal]


CODEMODS: tuple[Codemod, ...] = (
    Codemod("chat-memory", chat_memory.rewrite),
    Codemod("history-factory", history_factory.rewrite),
    Codemod("session-parameter", session_parameter.rewrite),
    Codemod("handed-key", handed_key.rewrite),
    Codemod("chain-for", chain_for.rewrite),
    Codemod("checkpointer", checkpointer.rewrite),
    Codemod("memory-store", memory_store.rewrite),
    Codemod("shared-memory", summary_memory.rewrite),
    Codemod("local-history", local_history.rewrite),
    Codemod("required-id", required_id.rewrite),
    Codemod("returning-id", returning_id.rewrite),
    Codemod("same-key", same_key.rewrite),
    Codemod("session-config", session_config.rewrite),
    Codemod("set-argument", wiring.set_argument),
    Codemod("drop-argument", wiring.drop_argument),
    Codemod("add-checkpointer", wiring.add_checkpointer),
    Codemod("setup-saver", set_up.rewrite),
    Codemod("unattached-memory", unattached.rewrite),
)


def codemod(kind: str) -> Codemod | None:
    """The codemod for requests of this kind."""
    return next((each for each in CODEMODS if each.kind == kind), None)
