"""Codemod ``handed-key`` (unsafe): a function that builds a memory takes the key of the conversation from its callers.

``def build_chain():`` becomes ``def build_chain(session_id):``, and every call passes the key that is in scope there,
or the one under which it keeps what it gets. All callers change together, in whatever file they stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import libcst as cst
from msgspec import Struct, structs

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.arguments import added_argument, has_stars
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Elsewhere, Refusal
from lcmemlint.fixes.forgetting import begun_anew
from lcmemlint.fixes.keeping import slot_of
from lcmemlint.fixes.keys import is_literal, nameable
from lcmemlint.fixes.scopes import all_parameters, bindings
from lcmemlint.fixes.session_parameter import then, with_parameter
from lcmemlint.fixes.trees import Tree, uses
from lcmemlint.values import Span


class _Caller(Struct, frozen=True):
    """A call of the builder in one file, and the key that the linker knows there (empty: none)."""

    call: cst.Call
    key: str


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits for the builder's new parameter, for the memory in it, and for each of its calls."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    builder = tree.function(call)
    if not isinstance(builder, cst.FunctionDef) or tree.parent(builder) is not tree.module:
        return Refusal("this is not inside a function that could take a session id")
    name = request.get("name") or "session_id"
    if (refusal := _not_changeable(tree, builder, name)) is not None:
        return refusal
    changed = then(tree, request, context, name)
    if isinstance(changed, Refusal):
        return changed
    here: Edits = (with_parameter(tree, builder, name), *changed.edits)
    needs, elsewhere = changed.needs, []
    for path, callers in _by_path(request).items():
        opened = (tree, context) if path == request.path else context.opened(path)
        if opened is None:
            return Refusal(f"{path} calls `{builder.name.value}`, and cannot be parsed")
        passed = _passed(*opened, request, builder, name, callers)
        if isinstance(passed, Refusal):
            return passed
        edits, cleared = passed
        if path == request.path:
            here, needs = (*here, *edits), tuple(dict.fromkeys((*needs, *cleared)))
        else:
            elsewhere.append(Elsewhere(path, Change(edits, needs=cleared)))
    return structs.replace(
        changed, edits=here, needs=needs, elsewhere=tuple(elsewhere), closed=(builder.name.value,)
    )


def _not_changeable(tree: Tree, builder: cst.FunctionDef, name: str) -> Refusal | None:
    written = builder.name.value
    if builder.decorators or builder.params.posonly_params:
        return Refusal(f"`{written}` has a decorator or positional-only parameters")
    if any(param.name.value == name for param in all_parameters(builder)):
        return Refusal(f"`{written}` already has a parameter `{name}`")
    if any(found == name for found, _ in bindings(tree, builder.body)):
        return Refusal(f"`{written}` already uses `{name}` for something else")
    return None


def _by_path(request: FixRequest) -> dict[str, list[tuple[Span, str]]]:
    """The calls that the linker names, by file; the builder's own file is always among them."""
    found: dict[str, list[tuple[Span, str]]] = {request.path: []}
    for path, span, key in json.loads(request.get("callers")):
        found.setdefault(path, []).append((Span(*span), key))
    return found


def _passed(
    tree: Tree,
    context: Context,
    request: FixRequest,
    builder: cst.FunctionDef,
    name: str,
    callers: list[tuple[Span, str]],
) -> tuple[Edits, tuple[str, ...]] | Refusal:
    """The edits of one file's calls, and the generated functions that they need."""
    known = [_Caller(call, key) for span, key in callers for call in tree.calls_at(span)]
    if (stray := next(_strays(tree, builder, known), None)) is not None:
        return Refusal(f"line {tree.line(stray)} uses `{builder.name.value}` without calling it")
    if len(known) < len(callers):
        return Refusal(f"a call of `{builder.name.value}` is not where it was")
    edits: list[Edit] = []
    for each in known:
        found = _of_call(tree, context, request, name, each)
        if isinstance(found, Refusal):
            return found
        edits += found
    cleared = any(".clear()" in edit.new for edit in edits)
    return tuple(edits), (("chat_history",) if cleared else ())


def _strays(tree: Tree, builder: cst.FunctionDef, known: list[_Caller]) -> Iterator[cst.CSTNode]:
    """Where a file means the builder in another way than by calling or importing it."""
    called = {id(each.call.func) for each in known}
    for node in uses(tree, builder.name.value):
        is_own = isinstance(tree.parent(node), cst.FunctionDef | cst.ImportAlias)
        if id(node) not in called and not is_own:
            yield node


def _of_call(
    tree: Tree, context: Context, request: FixRequest, name: str, caller: _Caller
) -> Edits | Refusal:
    """One more argument, and for a conversation that the code begins anew there a history that is cleared."""
    if has_stars(caller.call):
        return Refusal(f"line {tree.line(caller.call)} passes on what is not known here")
    slot = slot_of(tree, caller.call)
    if slot is None and request.get("keyed"):
        return Refusal(f"where line {tree.line(caller.call)} keeps what it gets is not seen")
    key = slot.key if slot is not None and not is_literal(slot.key) else caller.key
    asked = structs.replace(request, params=(("key", key), ("namespace", request.get("namespace"))))
    value = nameable(tree, asked, context, site=caller.call)
    if isinstance(value, Refusal):
        return value
    given = value if not caller.call.args else f"{name}={value}"
    edits = added_argument(tree, caller.call, given)
    if slot is None:
        return edits
    anew = begun_anew(tree, asked, context, caller.call, slot)
    return anew if isinstance(anew, Refusal) else (*anew, *edits)
