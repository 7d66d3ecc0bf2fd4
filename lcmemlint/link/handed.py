"""Keys that come from further up: handed down by whoever calls a builder, or given by a bot framework's own state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcmemlint.facts import Call
from lcmemlint.link.memory import Memory
from lcmemlint.link.objects import External, FunctionOf, dotted_of
from lcmemlint.values import Span

if TYPE_CHECKING:
    from lcmemlint.link.advice import Advice

_NAMED_BY = {"user_data": "effective_user.id", "chat_data": "effective_chat.id"}
"""What python-telegram-bot keeps `context.user_data` and `context.chat_data` by (telegram.ext.BasePersistence)."""


def handed_down(advice: Advice, memory: Memory) -> tuple[dict[str, str] | None, str]:
    """The params of `handed-key` for a memory in a builder that knows no session, or None and the reason.

    Every call of the builder must know the key, or keep what it gets in a dict; the codemod reads that key.
    """
    evaluator, function = advice.evaluator, advice.memories.function_of(memory.thing.path, memory.scope)
    scope = evaluator.files[function.path].scopes[function.scope]
    edges = list(evaluator.edges_to(function))
    if scope.kind != "function" or not edges:
        return None, ""
    if scope.parent or scope.decorators or scope.is_generator:
        return None, f"`{scope.name}` builds it, and cannot take a session id as it is: hand one down by hand"
    callers: list[tuple[str, list[int], str]] = []
    for edge in sorted(edges, key=lambda edge: (edge.path, edge.call)):
        call = evaluator.files[edge.path].calls[edge.call]
        if edge.passed:
            return None, f"`{scope.name}` is handed over on line {call.span.line} of {edge.path}, not called"
        key = advice.key_at(edge.path, call) or framework_key(advice, memory, edge.path, call)
        if not key and not memory.fate.keyed:
            place = f"line {call.span.line} of {edge.path}"
            return None, f"no session id is in scope on {place}, which calls `{scope.name}`"
        callers.append((edge.path, _numbers(call.span), key))
    names = {key for _, _, key in callers}
    name = names.pop() if len(names) == 1 else ""
    import json

    return {"callers": json.dumps(callers), "name": name if name.isidentifier() else ""}, ""


def framework_key(advice: Advice, memory: Memory, path: str, call: Call) -> str:
    """The id by which a bot framework keeps the dict that a memory is kept in; empty where it keeps none."""
    fate = memory.fate
    if fate.how != "user data" or fate.holder is None:
        return ""
    shared = advice.evaluator.shared_name(fate.holder)
    written = shared.dotted if isinstance(shared, External) else dotted_of(fate.holder) or ""
    handler = advice.memories.function_of(path, call.scope)
    point = advice.reach.point.get(handler)
    named_by = _NAMED_BY.get(written.rpartition(".")[2])
    if point is None or point.framework != "python-telegram-bot" or named_by is None:
        return ""
    update = _first_parameter(advice, handler)
    return f"{update}.{named_by}" if update else ""


def _first_parameter(advice: Advice, function: FunctionOf) -> str:
    """`update` of `(update, context)`; empty for a function of another shape."""
    params = advice.evaluator.files[function.path].scopes[function.scope].params
    names = [param.name for param in params if param.name not in ("self", "cls")]
    return names[0] if len(names) == 2 else ""


def _numbers(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column]
