"""Codemod ``unattached-memory`` (unsafe): a memory that nothing uses is given to the one chain beside it, or deleted.

It is given to the chain where a key of the conversation is in scope and the function builds one chain without a
memory. Otherwise the statement that builds it goes, if nothing reads its name.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.arguments import added_argument, has_stars, keyword
from lcmemlint.fixes.chat_memory import BUFFERS, class_of, with_history
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.keys import history_call
from lcmemlint.fixes.scopes import bindings, parameters
from lcmemlint.fixes.trees import Tree, resolved, uses, walk

_CHAINS = frozenset({"LLMChain", "ConversationChain", "AgentExecutor", "initialize_agent"})
"""What takes ``memory=``; ``ConversationalRetrievalChain.from_llm`` needs more arguments of the memory."""


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that attach a memory, or those that delete it."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    assign = tree.parent(call)
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return Refusal("the memory has no plain name")
    target = assign.targets[0].target
    if not isinstance(target, cst.Name):
        return Refusal(f"`{tree.source(target)}` may be read by other code")
    chain = _chain(tree, call)
    if chain is not None and request.get("key"):
        return _attached(tree, request, context, call, chain, target.value)
    return _deleted(tree, request, call, target)


def _chain(tree: Tree, call: cst.Call) -> cst.Call | None:
    """The one chain that the same function builds afterwards, if it has no memory."""
    function = tree.function(call)
    if function is None:
        return None
    found = [
        node
        for node in walk(function.body, cst.Call)
        if (resolved(tree, node.func) or "").rpartition(".")[2] in _CHAINS
        and tree.extent(node)[0] > tree.extent(call)[1]
    ]
    is_plain = len(found) == 1 and not has_stars(found[0]) and keyword(found[0], "memory") is None
    return found[0] if is_plain else None


def _attached(
    tree: Tree, request: FixRequest, context: Context, call: cst.Call, chain: cst.Call, name: str
) -> Change | Refusal:
    if class_of(tree, call, request) not in BUFFERS:
        return Refusal("this memory keeps more than a history")
    history = history_call(tree, request, context, site=call)
    if isinstance(history, Refusal):
        return history
    given = with_history(tree, call, history)
    if isinstance(given, Refusal):
        return given
    return Change((*given, *added_argument(tree, chain, f"memory={name}")), needs=("chat_history",))


def _deleted(tree: Tree, request: FixRequest, call: cst.Call, target: cst.Name) -> Change | Refusal:
    statement = tree.statement(call)
    block = tree.parent(statement)
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return Refusal("the memory is built inside another statement")
    if isinstance(block, cst.ClassDef) or (isinstance(block, cst.IndentedBlock) and len(block.body) == 1):
        return Refusal("the block around it would be empty without it")
    others = [each for each in tree.module.body if each is not statement and not _is_import(each)]
    if not others and isinstance(block, cst.Module):
        return Refusal("the file would be empty without it")
    if any(line.comment is not None for line in statement.leading_lines):
        return Refusal("the comment above it speaks of it")
    if request.get("imported") == "yes":
        return Refusal(f"other files import `{target.value}`")
    if (read := next(_reads(tree, call, target), None)) is not None:
        return Refusal(f"line {tree.line(read)} reads `{target.value}`")
    names = {node.value for node in walk(call, cst.Name)}
    return Change(
        (Edit(*tree.lines(statement), ""),), drops=tuple(sorted(names)), orphans=tuple(sorted(names))
    )


def _is_import(statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(part, cst.Import | cst.ImportFrom) for part in statement.body
    )


def _reads(tree: Tree, call: cst.Call, target: cst.Name) -> Iterator[cst.CSTNode]:
    """Where the name means this memory: in its scope and in functions that do not bind it, up to its next binding."""
    home, end = tree.function(call), tree.extent(call)[1]
    body = home.body if home is not None else tree.module
    block = tree.parent(tree.statement(call))
    later = [
        tree.extent(node)[1]
        for node in walk(body, cst.Assign)
        if any(
            isinstance(each.target, cst.Name) and each.target.value == target.value for each in node.targets
        )
        and tree.extent(node)[0] > end
        and tree.parent(tree.statement(node)) is block
    ]
    until = min(later, default=len(tree.text))
    for node in uses(tree, target.value):
        if node is target or isinstance(tree.parent(node), cst.AssignTarget | cst.Param):
            continue
        function = tree.function(node)
        if function is home:
            if not later or tree.extent(node)[0] < until:
                yield node
        elif not later and not _binds(tree, function, home, target.value):
            yield node


def _binds(tree: Tree, function: cst.CSTNode | None, home: cst.CSTNode | None, name: str) -> bool:
    """Whether a function inside the scope, or one around it, has a variable of its own by this name."""
    while isinstance(function, cst.FunctionDef | cst.Lambda) and function is not home:
        if name in parameters(function) or any(found == name for found, _ in bindings(tree, function.body)):
            return True
        function = tree.function(function)
    return function is not home
