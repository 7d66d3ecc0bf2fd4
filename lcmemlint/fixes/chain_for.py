"""Codemod ``chain-for`` (unsafe): one chain for all users becomes a function that builds it for a conversation.

``chain = ConversationChain(llm=ChatOpenAI(), memory=memory)`` becomes ``def chain_for(session_id)`` over the shared
history, and every ``chain`` in a function ``chain_for(session_id)``. What is expensive and the same for all, such as
the model, is still built once. The files that import the chain change along.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import libcst as cst
from msgspec import Struct, structs

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.arguments import added_argument
from lcmemlint.fixes.chat_memory import BUFFERS, class_of, why_not, with_history
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Elsewhere, Refusal, apply
from lcmemlint.fixes.hoisting import Hoisted, hoisted, indented
from lcmemlint.fixes.keys import history_call, nameable
from lcmemlint.fixes.mutations import mutated_messages
from lcmemlint.fixes.scopes import bindings, parameters
from lcmemlint.fixes.trees import Tree, dotted, resolved, uses, walk
from lcmemlint.values import Span

_MEMORY = "ConversationBufferMemory"
"""What `ConversationChain` builds by itself."""


class _Parts(Struct, frozen=True):
    """The statements at the top of the module that make the memory (None: inside the chain's) and the chain."""

    memory: cst.SimpleStatementLine | None
    chain: cst.SimpleStatementLine
    built: cst.Call
    name: str
    parameter: str


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that build the chain for each conversation, in the module of the chain and where it is imported."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    if (refusal := mutated_messages(tree)) is not None:
        return refusal
    parts = _parts(tree, request, call)
    if isinstance(parts, Refusal):
        return parts
    made = _function(tree, request, context, parts, call)
    if isinstance(made, Refusal):
        return made
    names = {request.get("chain"): "", request.get("memory"): ".memory"}
    used = _used(tree, context, request, parts, request.path, names)
    if isinstance(used, Refusal):
        return used
    elsewhere: list[Elsewhere] = []
    for path, local in sorted(json.loads(request.get("importers")).items()):
        opened = context.opened(path)
        if opened is None:
            return Refusal(f"{path} imports `{parts.name}`, and cannot be parsed")
        change = _imported(*opened, request, parts, path, local)
        if isinstance(change, Refusal):
            return change
        elsewhere.append(Elsewhere(path, change))
    closed = tuple(name for name in names if name)
    return structs.replace(made, edits=(*made.edits, *used), elsewhere=tuple(elsewhere), closed=closed)


def _parts(tree: Tree, request: FixRequest, call: cst.Call) -> _Parts | Refusal:
    name = request.get("chain")
    chain = _statement_of(tree, name)
    memory = _statement_of(tree, request.get("memory")) if request.get("memory") else None
    built = chain.body[0].value if chain is not None and isinstance(chain.body[0], cst.Assign) else None
    if chain is None or not isinstance(built, cst.Call):
        return Refusal(f"`{name}` is not built once, by one call at the top of the module")
    if request.get("memory") and memory is None:
        return Refusal(
            f"`{request.get('memory')}` is not built once, by one statement at the top of the module"
        )
    if not request.get("implicit") and class_of(tree, call, request) not in BUFFERS:
        return Refusal(why_not(class_of(tree, call, request)))
    if any(_has_long_text(each) for each in (chain, memory) if each is not None):
        return Refusal(f"text of several lines stands in what builds `{name}`")
    keys = {key for _, _, key in json.loads(request.get("uses"))}
    parameter = keys.pop() if len(keys) == 1 else ""
    return _Parts(memory, chain, built, name, parameter if parameter.isidentifier() else "session_id")


def _statement_of(tree: Tree, name: str) -> cst.SimpleStatementLine | None:
    """The one statement of the module's own body that binds the name; None if functions bind it too."""
    bound = [node for node in walk(tree.module, cst.AssignTarget) if dotted(node.target) == name]
    is_local = any(
        name in parameters(each) or any(found == name for found, _ in bindings(tree, each.body))
        for each in walk(tree.module, cst.FunctionDef)
    )
    statement = tree.statement(bound[0]) if len(bound) == 1 and not is_local else None
    if not isinstance(statement, cst.SimpleStatementLine) or tree.parent(statement) is not tree.module:
        return None
    return statement if len(statement.body) == 1 else None


def _has_long_text(statement: cst.CSTNode) -> bool:
    texts = (*walk(statement, cst.SimpleString), *walk(statement, cst.FormattedString))
    return any("\n" in cst.Module(body=()).code_for_node(each) for each in texts)


def _function(
    tree: Tree, request: FixRequest, context: Context, parts: _Parts, call: cst.Call
) -> Change | Refusal:
    """The function in the place of the chain's statement."""
    new = f"{parts.name}_for"
    if any(name in (new, parts.parameter) for name, _ in bindings(tree, tree.module)):
        return Refusal(f"the module already has a `{new}` or a `{parts.parameter}`")
    inside = structs.replace(context, bound=frozenset({parts.parameter}))
    history = history_call(tree, request, inside, site=call, key=parts.parameter)
    if isinstance(history, Refusal):
        return history
    added = _over(tree, request, parts, call, history)
    if isinstance(added, Refusal):
        return added
    out = hoisted(tree, parts.built, besides=call)
    if isinstance(out, Refusal):
        return out
    edits = (*added, *(each.edit for each in out))
    lines = [_rewritten(tree, parts.memory, edits)] if parts.memory is not None else []
    value = parts.chain.body[0]
    assert isinstance(value, cst.Assign)  # _parts has seen it
    start = tree.extent(value.value)[0]
    lines.append("return " + _slice(tree, start, tree.line_end(tree.extent(parts.chain)[1]), edits))
    body = tree.newline.join(indented(tree, line) for line in lines)
    typed = any(each.annotation is not None for each in walk(tree.module, cst.Param))
    returns = f" -> {kind}" if typed and (kind := _class(tree, parts.built)) else ""
    head = f"def {new}({parts.parameter}{': str' if typed else ''}){returns}:"
    replaced = _in_place(tree, parts, f"{head}{tree.newline}{body}", out)
    if isinstance(replaced, Refusal):
        return replaced
    imports = ((_memory_module(tree, parts.built), _MEMORY),) if request.get("implicit") else ()
    return Change(replaced, needs=("chat_history",), imports=imports)


def _over(tree: Tree, request: FixRequest, parts: _Parts, call: cst.Call, history: str) -> Edits | Refusal:
    """The edits that let the memory, or the one that the chain would build by itself, use the shared history."""
    if not request.get("implicit"):
        return with_history(tree, call, history)
    if any(arg.star for arg in call.args):
        return Refusal("what the chain is built with is not known")
    return added_argument(tree, parts.built, f"memory={_MEMORY}(chat_memory={history})")


def _memory_module(tree: Tree, built: cst.Call) -> str:
    package = (resolved(tree, built.func) or "").partition(".")[0]
    return "langchain_classic.memory" if package == "langchain_classic" else "langchain.memory"


def _class(tree: Tree, built: cst.Call) -> str:
    """The class that a call builds, where its text names it: `ConversationChain(…)`, `Chain.from_llm(…)`."""
    written = dotted(built.func) or ""
    head = written.partition(".")[0]
    return head if head[:1].isupper() else ""


def _slice(tree: Tree, start: int, end: int, edits: Edits) -> str:
    inner = [
        Edit(each.start - start, each.end - start, each.new) for each in edits if start <= each.start <= end
    ]
    return apply(tree.text[start:end], inner)


def _rewritten(tree: Tree, statement: cst.SimpleStatementLine, edits: Edits) -> str:
    start, end = tree.extent(statement)
    return _slice(tree, start, tree.line_end(end), edits)


def _in_place(tree: Tree, parts: _Parts, function: str, out: tuple[Hoisted, ...]) -> Edits | Refusal:
    """The function where the chain was built; the memory's own line goes."""
    body = list(tree.module.body)
    chain = body.index(parts.chain)
    follows = parts.memory is not None and chain and body[chain - 1] is parts.memory
    if follows and any(line.comment is not None for line in parts.chain.leading_lines):
        return Refusal(f"a comment stands between `{parts.name}` and its memory")
    first = parts.memory if follows and parts.memory is not None else parts.chain
    start, end = tree.extent(first)[0], tree.line_end(tree.extent(parts.chain)[1])
    above = [each.assignment for each in out]
    before = "" if chain == 0 or any(line.comment for line in first.leading_lines) else _blank(tree, first)
    if above:
        before = tree.newline.join(above) + tree.newline * 3
    after = _blank(tree, body[chain + 1]) if chain + 1 < len(body) else ""
    edits = [Edit(start, end, f"{before}{function}{after}")]
    if parts.memory is not None and not follows:
        if any(line.comment is not None for line in parts.memory.leading_lines):
            return Refusal("the comment above the memory speaks of it")
        edits.append(Edit(*tree.lines(parts.memory), ""))
    return tuple(edits)


def _blank(tree: Tree, statement: cst.BaseStatement) -> str:
    """The line ends that are missing to two blank lines before a statement."""
    lines = getattr(statement, "leading_lines", ())
    blank = len([line for line in lines if line.comment is None])
    return tree.newline * max(0, 2 - blank)


def _used(
    tree: Tree, context: Context, request: FixRequest, parts: _Parts, path: str, names: dict[str, str]
) -> Edits | Refusal:
    """Every use of the names in one file, as a chain that is built for the key in scope."""
    known = [
        (tree.offsets(Span(*span)), key) for at, span, key in json.loads(request.get("uses")) if at == path
    ]
    edits: list[Edit] = []
    for node, more, local in _mentions(tree, parts, names):
        start, end = tree.extent(node)
        around = [(whole[1] - whole[0], key) for whole, key in known if whole[0] <= start and end <= whole[1]]
        if tree.function(node) is None or not around:
            return Refusal(f"line {tree.line(node)} uses `{local}` where no key of a conversation is known")
        asked = structs.replace(request, params=(("key", min(around)[1]),))
        key = nameable(tree, asked, context, site=node)
        if isinstance(key, Refusal):
            return key
        edits.append(
            Edit(start, end, f"{local}_for({key})" if not more else f"{parts.name}_for({key}){more}")
        )
    return tuple(edits)


def _mentions(tree: Tree, parts: _Parts, names: dict[str, str]) -> Iterator[tuple[cst.Name, str, str]]:
    """Where a file means the chain or the memory, apart from the statements that make them and imports."""
    own = [
        tree.extent(each)
        for each in (parts.chain, parts.memory)
        if each is not None and each in tree.module.body
    ]
    for name, more in names.items():
        for node in uses(tree, name) if name else ():
            at = tree.extent(node)[0]
            is_own = any(start <= at < end for start, end in own)
            if not is_own and not isinstance(tree.parent(node), cst.ImportAlias | cst.AsName):
                yield node, more, name


def _imported(
    tree: Tree, context: Context, request: FixRequest, parts: _Parts, path: str, local: str
) -> Change | Refusal:
    """The change of a file that imports the chain."""
    if any(True for _ in uses(tree, f"{local}_for")):
        return Refusal(f"{path} already has a `{local}_for`")
    if any(name == local for each in walk(tree.module, cst.FunctionDef) for name in _bound(tree, each)):
        return Refusal(f"`{local}` also means something else in {path}")
    used = _used(tree, context, request, parts, path, {local: ""})
    if isinstance(used, Refusal):
        return used
    new = f"{parts.name}_for" if local == parts.name else f"{parts.name}_for as {local}_for"
    aliases = [
        alias
        for each in walk(tree.module, cst.ImportFrom)
        if not isinstance(each.names, cst.ImportStar)
        for alias in each.names
        if dotted(alias.name) == parts.name
        and (dotted(alias.asname.name) if alias.asname else parts.name) == local
    ]
    if len(aliases) != 1:
        return Refusal(f"{path} imports `{parts.name}` in another way")
    alias = aliases[0]
    end = tree.extent(alias.asname.name if alias.asname else alias.name)[1]
    return Change((Edit(tree.extent(alias)[0], end, new), *used))


def _bound(tree: Tree, function: cst.FunctionDef) -> set[str]:
    return {*parameters(function), *(name for name, _ in bindings(tree, function.body))}
