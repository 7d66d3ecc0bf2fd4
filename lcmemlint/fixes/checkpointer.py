"""Codemod ``checkpointer`` (unsafe): a saver in memory, or over a file, becomes ``shared_checkpointer()``.

The generated saver may stand at module level, serves sync and async runs, and connects at the first turn; so the
one expression is all that changes, with the annotations that name its class. What only the old saver can do is
looked for first, and is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes import file_saver
from lcmemlint.fixes.annotations import of_saver
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.trees import Tree, dotted, resolved, walk

SAVERS = frozenset({"MemorySaver", "InMemorySaver"})
"""Savers that keep threads in the process."""

_INSIDE = frozenset({"storage", "writes", "blobs", "stack"})
"""Attributes of a saver in memory that no other saver has."""

_MEANT = ("temporary", "ephemeral", "on purpose", "intentional", "deliberate", "throwaway")

_COPIES = frozenset(
    {"copy.copy", "copy.deepcopy", "pickle.dump", "pickle.dumps", "cloudpickle.dumps", "dill.dumps"}
)


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edit that puts a shared saver in the place of one in memory."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    known = request.get("class") or resolved(tree, call.func) or ""
    name = known.rpartition(".")[2]
    if (on_file := file_saver.class_of(known)) is not None:
        return file_saver.rewrite(tree, request, context, call, on_file)
    if name not in SAVERS:
        return Refusal(f"`{tree.source(call.func)}` is not known to be a saver in memory")
    arguments = _arguments(tree, call)
    if isinstance(arguments, Refusal):
        return arguments
    if (refusal := _not_replaceable(tree, call, name)) is not None:
        return refusal
    new = shared_call(tree, request, context, arguments)
    start, end = tree.extent(call)
    above = _comments_above(tree, call, start, end)
    if isinstance(above, Refusal):
        return above
    dropped = {(dotted(call.func) or "").partition(".")[0]}
    edits = (*above, Edit(start, end, new), *_annotation(tree, call, name))
    return Change(
        edits, needs=("shared_checkpointer",), widens=(of_saver(*SAVERS),), drops=tuple(sorted(dropped))
    )


def shared_call(tree: Tree, request: FixRequest, context: Context, arguments: list[str]) -> str:
    """``shared_checkpointer("support", serde=...)`` for a request."""
    namespace = request.get("namespace")
    first = [f"{tree.quote}{namespace}{tree.quote}"] if namespace else []
    return f"{context.name('shared_checkpointer')}({', '.join([*first, *arguments])})"


def _arguments(tree: Tree, call: cst.Call) -> list[str] | Refusal:
    """What the new call takes over: ``serde=`` has the same meaning for every saver."""
    for arg in call.args:
        if arg.star or arg.keyword is None or arg.keyword.value != "serde":
            return Refusal(f"`{tree.source(arg)}` means something to a saver in memory only")
    return [f"serde={tree.source(arg.value)}" for arg in call.args]


def _not_replaceable(tree: Tree, call: cst.Call, name: str) -> Refusal | None:
    """What the file does with this saver that no stored one can do."""
    around = tree.parent(call)
    if isinstance(around, cst.WithItem):
        return Refusal(
            f"`with {tree.source(around)}` ends the saver with its block; a shared saver has no end"
        )
    if isinstance(around, cst.Attribute):
        return Refusal(f"`{tree.source(around)}` is taken from the saver at once")
    if (comment := meant(tree, call)) is not None:
        return Refusal(f"it is meant to forget, says the comment `{comment}`")
    for target in _targets(tree, call):
        if (refusal := _misused(tree, target)) is not None:
            return refusal
    for node in walk(tree.module, cst.Call):
        if dotted(node.func) != "isinstance" or len(node.args) != 2:
            continue
        asked = {
            (resolved(tree, each) or "").rpartition(".")[2] for each in walk(node.args[1].value, cst.Name)
        }
        if asked & (SAVERS | {name}):
            written = tree.source(node)
            return Refusal(
                f"line {tree.line(node)} asks for a saver in memory (`{written}`), which this is no more"
            )
    return None


def meant(tree: Tree, call: cst.Call) -> str | None:
    """A comment at the statement that says why what it builds is kept in memory."""
    statement = tree.statement(call)
    if not isinstance(statement, cst.SimpleStatementLine):
        return None
    comments = [line.comment for line in statement.leading_lines] + [statement.trailing_whitespace.comment]
    written = [comment.value for comment in comments if comment is not None]
    return next((each for each in written if any(word in each.lower() for word in _MEANT)), None)


def _targets(tree: Tree, call: cst.Call) -> Iterator[str]:
    """The names that the saver is given, through ``X() if flag else None`` and ``saver or X()`` too."""
    node: cst.CSTNode = call
    around = tree.parent(call)
    while isinstance(around, cst.IfExp | cst.BooleanOperation):
        node, around = around, tree.parent(around)
    targets: list[cst.BaseExpression] = []
    if isinstance(around, cst.Assign) and around.value is node:
        targets = [each.target for each in around.targets]
    elif isinstance(around, cst.AnnAssign | cst.NamedExpr) and around.value is node:
        targets = [around.target]
    yield from (name for each in targets if (name := dotted(each)) is not None)


def _misused(tree: Tree, target: str) -> Refusal | None:
    """The refusal for code that looks into the saver, copies it, or opens it as a context."""
    last = target.rpartition(".")[2]
    for attribute in walk(tree.module, cst.Attribute):
        owner = dotted(attribute.value) or ""
        if attribute.attr.value in _INSIDE and owner.rpartition(".")[2] == last:
            return Refusal(
                f"line {tree.line(attribute)} looks into `{tree.source(attribute)}`, which only a saver in memory has"
            )
    for node in walk(tree.module, cst.Call):
        given = [dotted(arg.value) for arg in node.args]
        if resolved(tree, node.func) in _COPIES and target in given:
            return Refusal(f"line {tree.line(node)} copies the saver, which a connection does not survive")
    for item in walk(tree.module, cst.WithItem):
        if dotted(item.item) == target:
            return Refusal(
                f"line {tree.line(item)} ends the saver with a `with` block; a shared saver has no end"
            )
    return None


def _comments_above(tree: Tree, call: cst.Call, start: int, end: int) -> tuple[Edit, ...] | Refusal:
    """Comments inside the call stand above its statement afterwards."""
    inside = tree.comments(start, end)
    if not inside:
        return ()
    at = tree.extent(tree.statement(call))[0]
    if at >= start and not tree.starts_line(at):
        return Refusal("a comment stands inside the call")
    gap = tree.newline + tree.indent(at)
    return (Edit(at, at, "".join(f"{comment}{gap}" for comment in inside)),)


def _annotation(tree: Tree, call: cst.Call, name: str) -> tuple[Edit, ...]:
    """``memory: MemorySaver = MemorySaver()``: the annotation would be wrong, and says nothing that is not seen."""
    around = tree.parent(call)
    if not isinstance(around, cst.AnnAssign) or not isinstance(around.target, cst.Name | cst.Attribute):
        return ()
    if (resolved(tree, around.annotation.annotation) or "").rpartition(".")[2] != name:
        return ()
    if any(isinstance(each, cst.ClassDef) and tree.function(call) is None for each in tree.ancestors(call)):
        return ()  # a field of a dataclass or a model is one by its annotation
    return (Edit(tree.extent(around.target)[1], tree.extent(around.annotation.annotation)[1], ""),)
