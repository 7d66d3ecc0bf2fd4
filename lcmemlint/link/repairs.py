"""Fix requests for faults of wiring: what a codemod must know that its file alone does not tell."""

from __future__ import annotations

from lcmemlint.findings import FixRequest
from lcmemlint.link.advice import Advice
from lcmemlint.link.memory import Memory
from lcmemlint.link.prompts import Mismatch
from lcmemlint.link.runs import Run, Runs
from lcmemlint.values import Location, Name


def session_config(advice: Advice, run: Run, key: str) -> tuple[FixRequest | None, str]:
    """The request to name the conversation in a run: safe with an id of a conversation, a choice with a person's."""
    value = advice.key_at(run.path, run.call)
    if not value:
        return None, "which value names the conversation is yours to say: none is in scope here"
    return _request(
        "session-config", run.at, {"name": key, "key": value}, unsafe=not advice.keys.names_session(value)
    ), ""


def renamed_key(mismatch: Mismatch) -> tuple[FixRequest | None, str]:
    """The request to write the history under the one name that the prompt reads.

    Safe where every run raises today; where none does, the model is going to see what it did not see.
    """
    if mismatch.ignored or len(mismatch.expected) != 1 or not mismatch.argument:
        return None, "whether the prompt or the memory has the right name is yours to say"
    params = {"argument": mismatch.argument, "text": mismatch.expected[0], "old": mismatch.key}
    return _request("set-argument", mismatch.written_at, params, unsafe=not mismatch.raises), ""


def unattached(advice: Advice, memory: Memory) -> tuple[FixRequest | None, str]:
    """The request to attach a memory to the chain beside it, or to delete it."""
    if memory.kind != "memory" or memory.implicit:
        return None, "whether to attach or to delete it is yours to say"
    imported = "yes" if _is_imported(advice, memory) else ""
    params = {
        "class": getattr(memory.thing.of, "dotted", ""),
        "key": advice.key_in_scope(memory),
        "imported": imported,
    }
    return _request("unattached-memory", memory.at, params, unsafe=True), ""


def shared_store(advice: Advice, memory: Memory) -> tuple[FixRequest | None, str]:
    """The request to put a shared store in the place of one in memory, where the project has no other one."""
    if memory.own_class is not None:
        return None, f"`{memory.name}` is your own class; let it keep its items in a shared store"
    others = [other for other in advice.memories.all if other.kind == "store" and other.storage == "process"]
    if len(others) > 1:
        return (
            None,
            "the project has several stores, whose items would become one: give each namespaces of its own",
        )
    return _request(
        "memory-store", memory.at, {"class": getattr(memory.thing.of, "dotted", "")}, unsafe=True
    ), ""


def added_checkpointer(
    advice: Advice, runs: Runs, run: Run, *, complete: bool
) -> tuple[FixRequest | None, str]:
    """The request to give a graph a shared saver; not where each run brings the whole conversation itself."""
    if complete:
        return (
            None,
            "each run brings its whole history: with a checkpointer, every message would be there twice",
        )
    if len(run.built) != 1:
        return None, f"`{run.receiver}` is built in several places"
    built = run.built[0]
    others = any(one.at != built.at for other in runs.of_requests for one in other.built)
    others = others or any(memory.kind == "checkpointer" for memory in advice.memories.all)
    module = advice.evaluator.modules.module_name(built.path).rpartition(".")[2]
    return _request("add-checkpointer", built.at, {"namespace": module if others else ""}, unsafe=True), ""


def returned_id(advice: Advice, made: Location) -> FixRequest:
    """The request to take an id from the client; by the key in scope, if there is one, else by a header."""
    call = next((each for each in advice.evaluator.files[made.path].calls if each.span == made.span), None)
    key = advice.key_at(made.path, call) if call is not None else ""
    handler = advice.memories.function_of(made.path, call.scope) if call is not None else None
    point = advice.reach.point.get(handler) if handler is not None else None
    params = {"key": key, "framework": point.framework if point is not None else ""}
    return _request("returning-id", made, params, unsafe=bool(key) and not advice.keys.names_session(key))


def _request(kind: str, at: Location, params: dict[str, str], *, unsafe: bool = False) -> FixRequest:
    return FixRequest(kind, at.path, at.span, tuple(sorted((k, v) for k, v in params.items() if v)), unsafe)


def _is_imported(advice: Advice, memory: Memory) -> bool:
    """Whether another file imports the name that the memory is given."""
    evaluator = advice.evaluator
    facts = evaluator.files[memory.thing.path]
    at = facts.calls[memory.thing.call].statement
    names = {
        target.id for target in (facts.statements[at].targets if at >= 0 else ()) if isinstance(target, Name)
    }
    return any(
        imported.name in (*names, "*") and evaluator.modules.find(other, imported.module) == memory.thing.path
        for other, others in evaluator.files.items()
        if other != memory.thing.path
        for imported in others.imports
    )
