"""A dict whose histories are filled when they are made, or replaced: the dict goes, what fills them stays.

``if key not in store: memory = Memory(); fill(memory); store[key] = memory`` becomes a shared history that is filled
where it has no messages yet; ``store[key] = fresh`` becomes a history that is cleared first. "Known" then means
"has messages", which is why all this is unsafe.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
from msgspec import Struct

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.annotations import of_history
from lcmemlint.fixes.arguments import wrapped
from lcmemlint.fixes.chat_memory import BUFFERS, with_history
from lcmemlint.fixes.containers import definitions
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Emptied, Refusal, apply
from lcmemlint.fixes.forgetting import forgotten
from lcmemlint.fixes.get_or_create import item
from lcmemlint.fixes.keys import history_call
from lcmemlint.fixes.trees import Tree, dotted, parsed_expression, unparenthesized, walk


class _Filled(Struct, frozen=True):
    """``name = New()`` and ``container[key] = name`` in one block, the first before the second."""

    made: cst.SimpleStatementLine
    kept: cst.SimpleStatementLine
    block: cst.IndentedBlock
    name: str
    container: str
    key: str


def rewrite(
    tree: Tree, request: FixRequest, context: Context, call: cst.Call, class_name: str, why: Refusal
) -> Change | Refusal:
    """The edits that take the dict out of the way, or ``why``, when the code has another shape.

    Files that change messages in place are refused before.
    """
    filled = _filled(tree, call)
    function = tree.function(call)
    if filled is None or not isinstance(function, cst.FunctionDef) or request.get("container_unused") == "no":
        return why
    history = history_call(tree, request, context, site=call, key=filled.key)
    if isinstance(history, Refusal):
        return history
    made = _made(tree, call, class_name, history)
    if isinstance(made, Refusal):
        return made
    guard = tree.parent(filled.block)
    around = tree.parent(guard) if isinstance(guard, cst.Else) else guard
    test = _membership(around, filled) if isinstance(around, cst.If) else None
    is_new = isinstance(around, cst.If) and test is not None and (test == "absent") == (guard is around)
    messages = f"{filled.name}.chat_memory.messages" if class_name in BUFFERS else f"{filled.name}.messages"
    bound: cst.BaseStatement = filled.made
    if is_new and isinstance(around, cst.If):
        bound = around
        edits = _seeded(tree, around, filled, made, messages if test == "known" else f"not {messages}")
    else:
        edits = _replaced(tree, function, filled, made, history)
    if isinstance(edits, Refusal):
        return edits
    items = list(_items(tree, function, filled))
    stray = next((each for each in items if not _is_behind(tree, each, bound)), None)
    if stray is not None and class_name in BUFFERS:
        return Refusal(
            f"line {tree.line(stray)} reads `{tree.source(stray)}` where `{filled.name}` is not bound"
        )
    reads = _reads(tree, request, context, filled, bound, items, away=edits)
    if isinstance(reads, Refusal):
        return reads
    cleared = forgotten(tree, request, context, filled.container)
    if isinstance(cleared, Refusal):
        return cleared
    stored = _stored_again(tree, function, filled)
    if isinstance(stored, Refusal):
        return stored
    edits = _distinct((*edits, *reads, *cleared, *stored))
    gone = (call, *definitions(tree, filled.container))
    return Change(
        edits,
        needs=("chat_history",),
        drops=tuple(sorted({node.value for each in gone for node in walk(each, cst.Name)})),
        emptied=Emptied(filled.container, removable=request.get("container_unused") == "yes"),
        widens=() if class_name in BUFFERS else (of_history(class_name),),
        unsafe="a conversation then counts as known when it has messages",
    )


def _filled(tree: Tree, call: cst.Call) -> _Filled | None:
    assign, made = tree.parent(call), tree.statement(call)
    block = tree.parent(made)
    if (
        not isinstance(assign, cst.Assign)
        or len(assign.targets) != 1
        or not isinstance(block, cst.IndentedBlock)
    ):
        return None
    name = assign.targets[0].target
    if not isinstance(name, cst.Name) or not isinstance(made, cst.SimpleStatementLine) or len(made.body) != 1:
        return None
    for statement in block.body:
        if (
            not isinstance(statement, cst.SimpleStatementLine)
            or tree.extent(statement)[0] < tree.extent(made)[1]
        ):
            continue
        slot = _kept(statement, name.value)
        if slot is not None and dotted(parsed_expression(slot[0])) is not None:
            return _Filled(made, statement, block, name.value, *slot)
    return None


def _kept(statement: cst.BaseStatement, name: str) -> tuple[str, str] | None:
    """(container, key) of a line ``container[key] = name``."""
    match statement:
        case cst.SimpleStatementLine(
            body=[
                cst.Assign(
                    targets=[cst.AssignTarget(target=cst.Subscript() as target)], value=cst.Name(value=kept)
                )
            ]
        ) if kept == name:
            return item(target)
    return None


def _made(tree: Tree, call: cst.Call, class_name: str, history: str) -> str | Refusal:
    """What takes the place of the constructor call."""
    if tree.has_comment(*tree.extent(call)):
        return Refusal("a comment stands inside the call")
    if class_name not in BUFFERS:
        return Refusal("the history is built with arguments here") if call.args else history
    added = with_history(tree, call, history, wrap=False)
    if isinstance(added, Refusal):
        return added
    start, end = tree.extent(call)
    return apply(
        tree.text[start:end], [Edit(edit.start - start, edit.end - start, edit.new) for edit in added]
    )


def _membership(node: cst.If, filled: _Filled) -> str | None:
    """``absent`` for ``if key not in container``, ``known`` for ``if key in container``, else None."""
    match node.test:
        case cst.Comparison(
            left=left,
            comparisons=[cst.ComparisonTarget(operator=cst.In() | cst.NotIn() as operator, comparator=right)],
        ) if (unparenthesized(right), unparenthesized(left)) == (filled.container, filled.key):
            return "known" if isinstance(operator, cst.In) else "absent"
    return None


def _seeded(tree: Tree, around: cst.If, filled: _Filled, made: str, test: str) -> Edits | Refusal:
    """The get-or-create: what fills a new history runs where it has no messages."""
    if isinstance(tree.parent(around), cst.If):
        return Refusal("the code that makes a new history is an `elif`")
    start = tree.extent(around)[0]
    indent = tree.newline + tree.indent(start)
    away = [filled.made, filled.kept]
    if len(filled.block.body) == len(away):
        return Refusal("nothing fills the new history")
    if any(tree.has_comment(*_line(tree, each)) for each in away):
        return Refusal("a comment stands on a line that would go")
    return (
        Edit(start, start, wrapped(tree, f"{filled.name} = {made}", tree.indent(start)) + indent),
        Edit(*tree.extent(around.test), test),
        *(Edit(*_line(tree, each), "") for each in away),
    )


def _replaced(
    tree: Tree, function: cst.FunctionDef, filled: _Filled, made: str, history: str
) -> Edits | Refusal:
    """The history of a known conversation begins anew: it is cleared, and filled as before."""
    if made != history:
        return Refusal("a memory that takes the place of another one keeps more than messages")
    begin, end = tree.extent(filled.made)[1], tree.extent(filled.kept)[0]
    for node in walk(function, cst.Attribute):
        is_own = dotted(node.value) == filled.name
        if node.attr.value == "messages" and not is_own and begin <= tree.extent(node)[0] < end:
            return Refusal(f"line {tree.line(node)} reads a history while another one takes its place")
    if tree.has_comment(*_line(tree, filled.kept)):
        return Refusal("a comment stands on a line that would go")
    at = tree.line_end(tree.extent(filled.made)[1])
    indent = tree.newline + tree.indent(tree.extent(filled.made)[0])
    tests = (node for node in walk(function, cst.If) if _membership(node, filled) is not None)
    known = tuple(
        Edit(
            *tree.extent(node.test),
            f"{'not ' if _membership(node, filled) == 'absent' else ''}{history}.messages",
        )
        for node in tests
    )
    value = tree.extent(_value(filled.made))
    return (
        *known,
        Edit(*value, made),
        Edit(at, at, f"{indent}{filled.name}.clear()"),
        Edit(*_line(tree, filled.kept), ""),
    )


def _value(statement: cst.SimpleStatementLine) -> cst.BaseExpression:
    assign = statement.body[0]
    assert isinstance(assign, cst.Assign)  # _filled has seen it
    return assign.value


def _line(tree: Tree, statement: cst.SimpleStatementLine) -> tuple[int, int]:
    """The statement's lines, with the blank lines that would begin or end its block without it."""
    start, end = tree.extent(statement)
    start, end = tree.line_start(start), tree.next_line(end)
    block = tree.parent(statement)
    body = block.body if isinstance(block, cst.IndentedBlock) else ()
    while body and body[-1] is statement and not tree.text[tree.line_start(start - 1) : start].strip():
        start = tree.line_start(start - 1)
    while (
        body
        and body[0] is statement
        and end < len(tree.text)
        and not tree.text[end : tree.line_end(end)].strip()
    ):
        end = tree.next_line(end)
    return start, end


def _items(tree: Tree, function: cst.FunctionDef, filled: _Filled) -> Iterator[cst.Subscript]:
    """Every ``container[key]`` of the function that is read."""
    for node in walk(function, cst.Subscript):
        is_target = isinstance(tree.parent(node), cst.AssignTarget | cst.Del)
        if item(node) == (filled.container, filled.key) and not is_target:
            yield node


def _is_behind(tree: Tree, node: cst.CSTNode, bound: cst.BaseStatement) -> bool:
    """Whether a node stands in the block of a statement, and not before it: what that binds is bound there."""
    block = tree.parent(bound)
    return tree.extent(node)[0] >= tree.extent(bound)[0] and any(
        each is block for each in tree.ancestors(node)
    )


def _reads(
    tree: Tree,
    request: FixRequest,
    context: Context,
    filled: _Filled,
    bound: cst.BaseStatement,
    items: list[cst.Subscript],
    *,
    away: Edits,
) -> Edits | Refusal:
    """Where ``bound`` has bound the name, ``name = container[key]`` goes and any other ``container[key]`` becomes it.

    Elsewhere the item becomes the shared history.
    """
    found: list[Edit] = []
    for node in items:
        start, end = tree.extent(node)
        if any(edit.start <= start < edit.end for edit in away):
            continue
        if not _is_behind(tree, node, bound):
            history = history_call(tree, request, context, site=node, key=filled.key)
            if isinstance(history, Refusal):
                return history
            found.append(Edit(start, end, history))
            continue
        statement = tree.statement(node)
        if not _is_rebinding(statement, node, filled.name):
            found.append(Edit(start, end, filled.name))
            continue
        block = tree.parent(statement)
        if isinstance(block, cst.IndentedBlock) and len(block.body) == 1:
            found.append(Edit(*tree.extent(statement), "pass"))
        elif tree.has_comment(*tree.lines(statement)):
            return Refusal("a comment stands on a line that would go")
        else:
            found.append(Edit(*tree.lines(statement), ""))
    return tuple(found)


def _is_rebinding(statement: cst.BaseStatement, node: cst.Subscript, name: str) -> bool:
    match statement:
        case cst.SimpleStatementLine(
            body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=bound))], value=value)]
        ):
            return bound == name and value is node
    return False


def _stored_again(tree: Tree, function: cst.FunctionDef, filled: _Filled) -> Edits | Refusal:
    """Further ``container[key] = name`` in the function: the name is the shared history already."""
    found: list[Edit] = []
    for statement in walk(function, cst.SimpleStatementLine):
        if statement is filled.kept or _kept(statement, filled.name) != (filled.container, filled.key):
            continue
        block = tree.parent(statement)
        rebound = [each for each in walk(function, cst.Assign) if _binds(each, filled.name)]
        if len(rebound) > 2 or (isinstance(block, cst.IndentedBlock) and len(block.body) == 1):
            return Refusal(f"line {tree.line(statement)} keeps something else under `{filled.key}`")
        found.append(Edit(*tree.lines(statement), ""))
    return tuple(found)


def _binds(node: cst.Assign, name: str) -> bool:
    return any(isinstance(each.target, cst.Name) and each.target.value == name for each in node.targets)


def _distinct(edits: Edits) -> Edits:
    """The edits in order, without those inside another one."""
    kept: list[Edit] = []
    for edit in sorted(set(edits), key=lambda each: (each.start, -each.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return tuple(kept)
