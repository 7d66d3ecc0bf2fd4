"""Codemod ``history-factory``: a get-or-create over a dict becomes ``chat_history(<key>)``.

The function, its signature, its docstring and its comments stay. The dict's definition goes when nothing else
uses it. A buffer or window memory in the dict is built anew each time around the shared history; when the dict
has other uses too, it stays and only ``chat_memory=`` is added.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
from msgspec import Struct

from lcmemlint.findings import FixRequest
from lcmemlint.fixes import seeded_store
from lcmemlint.fixes.annotations import of_history
from lcmemlint.fixes.arguments import wrapped
from lcmemlint.fixes.chat_memory import BUFFERS, HISTORIES, OTHERS, class_of, why_not, with_history
from lcmemlint.fixes.containers import definitions, other_use
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Emptied, Refusal, apply
from lcmemlint.fixes.forgetting import begun_anew, forgotten, still_forgets
from lcmemlint.fixes.get_or_create import Outcome, Slot, item, outcome
from lcmemlint.fixes.keeping import filled, slot_of
from lcmemlint.fixes.keys import history_call, is_literal
from lcmemlint.fixes.mutations import mutated_messages
from lcmemlint.fixes.own_history import is_plain_history
from lcmemlint.fixes.seeding import seeded
from lcmemlint.fixes.trees import Tree, dotted, every, parsed_expression, unparenthesized, walk


class _Region(Struct, frozen=True):
    """A run of statements of one block that is a get-or-create."""

    statements: tuple[cst.BaseStatement, ...]
    slot: Slot
    outcome: Outcome


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that put a shared history in the place of a dict of histories or memories."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    if (mutated := mutated_messages(tree)) is not None:
        return mutated
    name = class_of(tree, call, request)
    if name in BUFFERS:
        return _of_memories(tree, request, context, call)
    if (dotted(call.func) or "").rpartition(".")[2] == "defaultdict":
        return _of_defaultdict(tree, request, context, call)
    if name in OTHERS:
        return Refusal(why_not(name))
    if name not in HISTORIES and not is_plain_history(tree, name):
        return Refusal(f"`{tree.source(call.func)}` is not known to be a plain chat history in memory")
    if call.args:
        return Refusal(f"`{name}` is built with arguments here, which a shared history would not have")
    return _of_histories(tree, request, context, call)


def _of_histories(tree: Tree, request: FixRequest, context: Context, call: cst.Call) -> Change | Refusal:
    region = _region(tree, request, call)
    if isinstance(region, Refusal):
        return _otherwise(tree, request, context, call, region)
    if request.get("container_unused") == "no":
        return Refusal(f"other files use `{region.slot.container}` too")
    history = history_call(tree, request, context, site=call, key=region.slot.key)
    if isinstance(history, Refusal):
        return history
    return _replaced(tree, request, context, region, history)


def _otherwise(
    tree: Tree, request: FixRequest, context: Context, call: cst.Call, why: Refusal
) -> Change | Refusal:
    """A history in a dict that more than gets or creates it, or in an object that a dict keeps."""
    if any(True for _ in _slots(tree, call)):
        return seeded_store.rewrite(tree, request, context, call, class_of(tree, call, request), why)
    if not request.get("key"):
        return why
    history = history_call(tree, request, context, site=call)
    if isinstance(history, Refusal):
        return history
    if (refusal := seeded(tree, call)) is not None:
        return refusal
    return Change(
        (Edit(*tree.extent(call), history),),
        needs=("chat_history",),
        drops=tuple(sorted({node.value for node in walk(call.func, cst.Name)})),
        unsafe="the key in scope is taken for that of the conversation",
    )


def _of_memories(tree: Tree, request: FixRequest, context: Context, call: cst.Call) -> Change | Refusal:
    region = _region(tree, request, call)
    if (filled := seeded(tree, call)) is not None:
        return seeded_store.rewrite(tree, request, context, call, class_of(tree, call, request), filled)
    kept = slot_of(tree, call)
    key = region.slot.key if isinstance(region, _Region) else kept.key if kept is not None else ""
    is_own = key != "" and not is_literal(key)
    history = history_call(tree, request, context, site=call, key=key if is_own else "")
    if isinstance(history, Refusal):
        return history
    added = with_history(tree, call, history)
    if isinstance(added, Refusal):
        return added
    if isinstance(region, _Region):
        anew: Edits | Refusal = still_forgets(tree, region.slot.container) or ()
    else:
        anew = begun_anew(tree, request, context, call, kept) if kept is not None else ()
    guessed = "" if is_own else "the key in scope is taken for that of the conversation"
    only_added = (
        anew
        if isinstance(anew, Refusal)
        else Change((*anew, *added), needs=("chat_history",), unsafe=guessed)
    )
    if isinstance(region, Refusal) or not is_own or "\n" in tree.source(call):
        return only_added
    if request.get("container_unused") == "no":
        return only_added
    start, end = tree.extent(call)
    inline = with_history(tree, call, history, wrap=False)
    if isinstance(inline, Refusal):
        return inline
    memory = apply(
        tree.text[start:end], [Edit(edit.start - start, edit.end - start, edit.new) for edit in inline]
    )
    cleared = forgotten(tree, request, context, region.slot.container)
    if isinstance(cleared, Refusal):
        return cleared
    known = [_stretch(tree, region), *((edit.start, edit.end) for edit in cleared)]
    if other_use(tree, region.slot.container, besides=known) is not None:
        return only_added
    whole = _replaced(tree, request, context, region, memory)
    return only_added if isinstance(whole, Refusal) else whole


def _of_defaultdict(tree: Tree, request: FixRequest, context: Context, call: cst.Call) -> Change | Refusal:
    """``store = defaultdict(History)``: each ``store[key]`` that is read becomes ``chat_history(key)``."""
    made = _made_by(call)
    if made is None or (made not in HISTORIES and not is_plain_history(tree, made)):
        return Refusal("what this defaultdict makes is not a plain chat history in memory")
    assign = next(
        (each for each in tree.ancestors(call) if isinstance(each, cst.Assign | cst.AnnAssign)), None
    )
    target = assign.targets[0].target if isinstance(assign, cst.Assign) else assign.target if assign else None
    container = dotted(target)
    if container is None:
        return Refusal("the dict has no plain name")
    if request.get("container_unused") == "no":
        return Refusal(f"other files use `{container}` too")
    edits: list[Edit] = []
    for node in walk(tree.module, cst.Subscript):
        found = item(node)
        if found is None or found[0] != container or not _is_read(tree, node):
            continue
        history = history_call(tree, request, context, site=node, key=found[1])
        if isinstance(history, Refusal):
            return history
        edits.append(Edit(*tree.extent(node), history))
    if not edits:
        return Refusal(f"`{container}` is never read by a key here")
    return _change(tree, request, context, tuple(edits), container, [call])


def _made_by(call: cst.Call) -> str | None:
    """The class that ``defaultdict(History)`` or ``defaultdict(lambda: History())`` makes."""
    value: cst.CSTNode | None = call.args[0].value if len(call.args) == 1 else None
    if isinstance(value, cst.Lambda):
        value = value.body.func if isinstance(value.body, cst.Call) and not value.body.args else None
    return (dotted(value) or "").rpartition(".")[2] or None


def _is_read(tree: Tree, node: cst.Subscript) -> bool:
    return not isinstance(tree.parent(node), cst.AssignTarget | cst.Del | cst.AugAssign)


def _replaced(
    tree: Tree, request: FixRequest, context: Context, region: _Region, value: str
) -> Change | Refusal:
    """The region in one statement; comments inside it stand above that."""
    start, end = _stretch(tree, region)
    function = tree.function(region.statements[0])
    later: Edits = ()
    found = region.outcome
    if not found.returns:
        used = _names_after(tree, function, end)
        if partial := next((name for name in found.partial if name in used), None):
            return Refusal(f"`{partial}` is bound in only one of the ways through this code")
    if found.returns:
        code = f"return {value}"
    elif found.names:
        code = f"{' = '.join(found.names)} = {value}"
    else:
        name = _free_local(tree, function)
        later = _items_after(tree, region, end, name)
        if not later:
            return Refusal(f"what is put into `{region.slot.container}` here is read elsewhere")
        code = f"{name} = {value}"
    indent = tree.indent(start)
    code = wrapped(tree, code, indent)
    above = "".join(f"{comment}{tree.newline}{indent}" for comment in tree.comments(start, end))
    return _change(
        tree,
        request,
        context,
        (Edit(start, end, above + code), *later),
        region.slot.container,
        region.statements,
    )


def _change(
    tree: Tree,
    request: FixRequest,
    context: Context,
    edits: Edits,
    container: str,
    replaced: tuple[cst.CSTNode, ...] | list[cst.Call],
) -> Change | Refusal:
    plain = parsed_expression(container)
    if plain is None or dotted(plain) is None:
        return Refusal(f"`{container}` has no plain name, so its other uses cannot be seen")
    known = request.get("container")
    if known and unparenthesized(parsed_expression(known) or cst.Name("_")) != container:
        return Refusal(f"the code uses `{container}` here, not `{known}`")
    cleared = forgotten(tree, request, context, container)
    if isinstance(cleared, Refusal):
        return cleared
    inside = [(edit.start, edit.end) for edit in edits]
    edits += tuple(edit for edit in cleared if not any(start <= edit.start < end for start, end in inside))
    gone = (*replaced, *definitions(tree, container))
    drops = {node.value for each in gone for node in walk(each, cst.Name)}
    emptied = Emptied(container, removable=request.get("container_unused") == "yes")
    return Change(
        edits,
        needs=("chat_history",),
        widens=(of_history(*HISTORIES),),
        drops=tuple(sorted(drops)),
        emptied=emptied,
    )


def _region(tree: Tree, request: FixRequest, call: cst.Call) -> _Region | Refusal:
    """The largest get-or-create around a constructor call, looked for from the outermost block inwards."""
    slots = list(_slots(tree, call))
    if not slots:
        return Refusal("what is built here is not kept in a dict by a key")
    for statement in reversed([each for each in tree.ancestors(call) if isinstance(each, cst.BaseStatement)]):
        if isinstance(statement, cst.FunctionDef | cst.ClassDef) and tree.function(call) is not tree.function(
            statement
        ):
            continue
        block = tree.parent(statement)
        if not isinstance(block, cst.IndentedBlock):
            continue
        for slot in slots:
            if (found := _largest(block, statement, slot)) is not None:
                return found
    line = tree.line(call)
    return Refusal(
        f"the code around line {line} does more than to get or create one history in `{slots[0].container}`"
    )


def _largest(block: cst.IndentedBlock, statement: cst.BaseStatement, slot: Slot) -> _Region | None:
    body = list(block.body)
    at = next(number for number, each in enumerate(body) if each is statement)
    runs = [(first, last) for first in range(at + 1) for last in range(at, len(body))]
    for first, last in sorted(runs, key=lambda run: run[0] - run[1]):
        statements = tuple(body[first : last + 1])
        found = outcome(statements, slot)
        if found is not None:
            return _Region(statements, slot, found)
    return None


def _slots(tree: Tree, call: cst.Call) -> Iterator[Slot]:
    """The dict items of the enclosing function that may hold what the call makes."""
    function = tree.function(call)
    if function is None:
        return
    seen: set[tuple[str, str]] = set()
    for node in every(function.body, into_functions=False):
        found = filled(node)
        if found is not None and found not in seen:
            seen.add(found)
            yield Slot(*found, call)


def _stretch(tree: Tree, region: _Region) -> tuple[int, int]:
    return tree.extent(region.statements[0])[0], tree.extent(region.statements[-1])[1]


def _names_after(tree: Tree, function: cst.CSTNode | None, end: int) -> set[str]:
    return {node.value for node in walk(function or tree.module, cst.Name) if tree.extent(node)[0] >= end}


def _items_after(tree: Tree, region: _Region, end: int, name: str) -> Edits:
    """Edits that put a variable in the place of every ``container[key]`` after the region."""
    function = tree.function(region.statements[0]) or tree.module
    found = (
        node for node in walk(function, cst.Subscript) if tree.extent(node)[0] >= end and _is_read(tree, node)
    )
    same = (node for node in found if item(node) == (region.slot.container, region.slot.key))
    return tuple(Edit(*tree.extent(node), name) for node in same)


def _free_local(tree: Tree, function: cst.CSTNode | None) -> str:
    taken = {node.value for node in walk(function or tree.module, cst.Name)}
    return next(
        name for name in ("history", "memory", "session_history", "shared_history_") if name not in taken
    )
