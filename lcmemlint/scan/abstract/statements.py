"""One text → facts: parse, and walk over the statements by a table on node types.

`read` answers None for whatever it is not sure to read just as `concrete` does: syntax newer than the Python that
runs us, broken texts, and the few places that `ast` reports wrongly.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec.structs import replace

from lcmemlint.facts import MODULE, Block, BlockKind, FileFacts, Import, Scope
from lcmemlint.scan.abstract.comments import ignores
from lcmemlint.scan.abstract.expressions import Draft, arguments, parameters, yielded
from lcmemlint.scan.abstract.places import Places, Unsure
from lcmemlint.scan.draft import MAIN, NO_STATEMENT
from lcmemlint.values import Container, Name, Span, Value

Visit: TypeAlias = Callable[[Draft, Any], None]

_ONE_AT_A_TIME = threading.Lock()  # filters of warnings belong to the whole interpreter


def read(text: str) -> FileFacts | None:
    """What the text says; None if only the other reader can tell."""
    try:
        tree = _parsed(text)
        draft = Draft(places=Places(text))
        whole = draft.places.whole()
        draft.scopes.append(Scope("module", "", "", -1, -1, whole, docstring=_has_docstring(tree.body)))
        draft.blocks.append(Block(MODULE, -1, "body", None, whole))
        _visit_all(draft, tree.body)
        if MODULE in draft.generators:
            draft.scopes[MODULE] = replace(draft.scopes[MODULE], is_generator=True)
        return draft.facts(whole, ignores(text, tree, draft.places))
    except (SyntaxError, ValueError, RecursionError, MemoryError, Unsure):
        return None


def _parsed(text: str) -> ast.Module:
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in the user's text is no matter of ours
        return ast.parse(text)


def _visit_all(draft: Draft, nodes: Sequence[ast.stmt]) -> None:
    for node in nodes:
        visit = VISITS.get(type(node))
        if visit is not None:
            visit(draft, node)
            draft.statement = NO_STATEMENT


def _inside(
    draft: Draft,
    kind: BlockKind,
    test: Value | None,
    start: tuple[int, int],
    body: Sequence[ast.stmt],
    before: Callable[[], None] | None = None,
) -> None:
    """Visit the body of a clause as a block of its own; `before` runs at the start of that block."""
    around = draft.block
    draft.blocks.append(Block(draft.scope, around, kind, test, _block(draft, start, body)))
    draft.block = len(draft.blocks) - 1
    if before is not None:
        before()
    _visit_all(draft, body)
    draft.block = around


def _block(draft: Draft, start: tuple[int, int], body: Sequence[ast.stmt]) -> Span:
    """From the start of a clause to the end of the last statement in its body."""
    return Span(*start, *draft.places.end_of_statement(body[-1]))


def _clause(draft: Draft, before: Sequence[ast.stmt], word: str) -> tuple[int, int]:
    """Where the keyword stands that begins the clause after a body."""
    places = draft.places
    return places.keyword(places.offset(*places.end_of_statement(before[-1])), word)


# --- definitions ---


def _function(draft: Draft, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    decorators = tuple([draft.value(decorator) for decorator in node.decorator_list])
    _type_parameters(draft, node)
    params = parameters(draft, node.args)
    returns = None if node.returns is None else draft.value(node.returns)
    scope = Scope(
        "function",
        node.name,
        draft.qualname(node.name),
        draft.scope,
        draft.block,
        draft.places.opening(node),
        params,
        decorators,
        returns=returns,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        docstring=_has_docstring(node.body),
    )
    _body(draft, scope, node)


def _class(draft: Draft, node: ast.ClassDef) -> None:
    decorators = tuple([draft.value(decorator) for decorator in node.decorator_list])
    _type_parameters(draft, node)
    scope = Scope(
        "class",
        node.name,
        draft.qualname(node.name),
        draft.scope,
        draft.block,
        draft.places.opening(node),
        (),
        decorators,
        arguments(draft, [*node.bases, *node.keywords]),
        docstring=_has_docstring(node.body),
    )
    _body(draft, scope, node)


def _body(draft: Draft, scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    around = draft.scope, draft.block
    index = len(draft.scopes)
    draft.scopes.append(scope)
    draft.scope, draft.block = index, len(draft.blocks)
    draft.blocks.append(Block(index, -1, "body", None, _block(draft, draft.places.start(node), node.body)))
    _visit_all(draft, node.body)
    if index in draft.generators:
        draft.scopes[index] = replace(scope, is_generator=True)
    draft.scope, draft.block = around


def _type_parameters(draft: Draft, node: Any) -> None:
    """Bounds and defaults may hold calls; what they are has no place in the facts."""
    for each in getattr(node, "type_params", ()):
        for inner in (getattr(each, "bound", None), getattr(each, "default_value", None)):
            if inner is not None:
                draft.value(inner)


def _has_docstring(body: Sequence[ast.stmt]) -> bool:
    first = body[0] if body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


# --- compound statements ---


def _test(draft: Draft, test: ast.expr, span: Span) -> Value:
    slot = draft.statement = draft.reserve()
    value = draft.value(test)
    draft.fill(slot, "test", span, (), value)
    draft.statement = NO_STATEMENT
    return value


def _header(draft: Draft, node: ast.AST, last: ast.AST) -> Span:
    """From the start of a compound statement up to its colon; `last` is the last node before that."""
    return Span(*draft.places.start(node), *draft.places.header_end(last))


def _if(draft: Draft, node: ast.If) -> None:
    around = draft.block
    current = node
    while True:  # a loop, since chains of `elif` may be long
        test = _test(draft, current.test, _header(draft, current, current.test))
        start = draft.places.start(current)
        _inside(draft, "main" if test in MAIN else "if", test, start, current.body)
        if not current.orelse:
            break
        inner = current.orelse[0]
        if isinstance(inner, ast.If) and draft.places.begins(inner, "elif"):
            start = draft.places.start(inner)
            draft.blocks.append(Block(draft.scope, draft.block, "else", test, _block(draft, start, [node])))
            draft.block = len(draft.blocks) - 1
            current = inner
            continue
        _inside(draft, "else", test, _clause(draft, current.body, "else"), current.orelse)
        break
    draft.block = around


def _while(draft: Draft, node: ast.While) -> None:
    test = _test(draft, node.test, _header(draft, node, node.test))
    _inside(draft, "while", test, draft.places.start(node), node.body)
    if node.orelse:
        _inside(draft, "loop-else", test, _clause(draft, node.body, "else"), node.orelse)


def _for(draft: Draft, node: ast.For | ast.AsyncFor) -> None:
    slot = draft.statement = draft.reserve()
    iterable = draft.value(node.iter)
    draft.fill(slot, "for", _header(draft, node, node.iter), (draft.value(node.target),), iterable)
    draft.statement = NO_STATEMENT
    _inside(draft, "for", iterable, draft.places.start(node), node.body)
    if node.orelse:
        _inside(draft, "loop-else", iterable, _clause(draft, node.body, "else"), node.orelse)


def _with(draft: Draft, node: ast.With | ast.AsyncWith) -> None:
    """`with a, b:` is `with a:` around `with b:`; so are its blocks."""
    around = draft.block
    last = node.items[-1]
    span = _header(draft, node, last.optional_vars or last.context_expr)
    whole = _block(draft, draft.places.start(node), node.body)
    for item in node.items:
        slot = draft.statement = draft.reserve()
        manager = draft.value(item.context_expr)
        targets = () if item.optional_vars is None else (draft.value(item.optional_vars),)
        draft.fill(slot, "with", span, targets, manager)
        draft.statement = NO_STATEMENT
        draft.blocks.append(Block(draft.scope, draft.block, "with", manager, whole))
        draft.block = len(draft.blocks) - 1
    _visit_all(draft, node.body)
    draft.block = around


def _try(draft: Draft, node: Any) -> None:
    _inside(draft, "try", None, draft.places.start(node), node.body)
    before = node.body
    for handler in node.handlers:
        caught = None if handler.type is None else draft.value(handler.type)
        _inside(
            draft,
            "except",
            caught,
            draft.places.start(handler),
            handler.body,
            _caught(draft, handler, caught),
        )
        before = handler.body
    if node.orelse:
        _inside(draft, "try-else", None, _clause(draft, before, "else"), node.orelse)
        before = node.orelse
    if node.finalbody:
        _inside(draft, "finally", None, _clause(draft, before, "finally"), node.finalbody)


def _caught(draft: Draft, handler: ast.ExceptHandler, value: Value | None) -> Callable[[], None]:
    def note() -> None:
        targets = () if handler.name is None else (Name(handler.name),)
        end = (
            draft.places.header_end_after_word(handler, "except")
            if handler.type is None
            else draft.places.header_end(handler.type)
        )
        draft.fill(draft.reserve(), "except", Span(*draft.places.start(handler), *end), targets, value)

    return note


def _match(draft: Draft, node: Any) -> None:
    places = draft.places
    subject = _test(draft, node.subject, _header(draft, node, node.subject))
    after = places.after_header(node.subject)
    for case in node.cases:
        start = places.keyword(after, "case")
        _inside(draft, "case", subject, start, case.body, _matched(draft, case, start, subject))
        after = places.offset(*places.end_of_statement(case.body[-1]))


def _matched(draft: Draft, case: Any, start: tuple[int, int], subject: Value) -> Callable[[], None]:
    def note() -> None:
        span = Span(*start, *draft.places.header_end(case.guard or case.pattern))
        names = _captured(case.pattern)
        if names:
            draft.fill(draft.reserve(), "match", span, tuple(Name(name) for name in names), subject)
        if case.guard is not None:
            _test(draft, case.guard, span)

    return note


def _captured(pattern: Any) -> list[str]:
    """The names that a pattern binds, in the order written, each once."""
    names: dict[str, None] = {}
    pending: list[Any] = [pattern]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            names[node] = None
            continue
        inner: list[Any] = []
        if isinstance(node, (ast.MatchAs, ast.MatchStar)):
            inner = [getattr(node, "pattern", None), node.name]
        elif isinstance(node, (ast.MatchOr, ast.MatchSequence)):
            inner = list(node.patterns)
        elif isinstance(node, ast.MatchMapping):
            inner = [*node.patterns, node.rest]
        elif isinstance(node, ast.MatchClass):
            inner = [*node.patterns, *node.kwd_patterns]
        pending += [one for one in reversed(inner) if one is not None]
    return list(names)


# --- small statements ---


def _assign(draft: Draft, node: ast.Assign) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.value)
    targets = tuple([draft.value(target) for target in node.targets])
    draft.fill(slot, "assign", draft.places.span(node), targets, value)


def _annotated(draft: Draft, node: ast.AnnAssign) -> None:
    slot = draft.statement = draft.reserve()
    annotation = draft.value(node.annotation)
    value = None if node.value is None else draft.value(node.value)
    draft.fill(slot, "annotate", draft.places.span(node), (draft.value(node.target),), value, annotation)


def _augmented(draft: Draft, node: ast.AugAssign) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.value)
    draft.fill(slot, "augment", draft.places.span(node), (draft.value(node.target),), value)


def _type_alias(draft: Draft, node: Any) -> None:
    slot = draft.statement = draft.reserve()
    _type_parameters(draft, node)
    value = draft.value(node.value)
    draft.fill(slot, "assign", draft.places.span(node), (Name(node.name.id),), value)


def _expression(draft: Draft, node: ast.Expr) -> None:
    slot = draft.statement = draft.reserve()
    if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
        yielded(draft, node.value, slot)
        return
    value = draft.value(node.value)
    draft.fill(slot, "expression", draft.places.span(node), (), value)


def _return(draft: Draft, node: ast.Return) -> None:
    slot = draft.statement = draft.reserve()
    value = None if node.value is None else draft.value(node.value)
    draft.fill(slot, "return", draft.places.span(node), (), value)


def _raise(draft: Draft, node: ast.Raise) -> None:
    slot = draft.statement = draft.reserve()
    value = None if node.exc is None else draft.value(node.exc)
    if node.cause is not None:
        draft.value(node.cause)
    draft.fill(slot, "raise", draft.places.span(node), (), value)


def _assert(draft: Draft, node: ast.Assert) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.test)
    if node.msg is not None:
        draft.value(node.msg)
    draft.fill(slot, "assert", draft.places.span(node), (), value)


def _delete(draft: Draft, node: ast.Delete) -> None:
    slot = draft.statement = draft.reserve()
    targets = tuple([draft.value(target) for target in node.targets])
    if len(targets) == 1 and isinstance(targets[0], Container):
        targets = targets[0].items
    draft.fill(slot, "delete", draft.places.span(node), targets)


def _declaration(draft: Draft, node: ast.Global | ast.Nonlocal) -> None:
    targets = tuple([Name(name) for name in node.names])
    draft.fill(draft.reserve(), "global", draft.places.span(node), targets)


def _break(draft: Draft, node: ast.Break | ast.Continue) -> None:
    draft.fill(draft.reserve(), "break", draft.places.span(node))


# --- imports ---


def _import(draft: Draft, node: ast.Import) -> None:
    span = draft.places.span(node)
    for alias in node.names:
        local = alias.asname or alias.name.partition(".")[0]
        renamed = alias.asname is not None
        draft.imports.append(Import(draft.scope, draft.block, span, alias.name, None, local, renamed))


def _import_from(draft: Draft, node: ast.ImportFrom) -> None:
    span = draft.places.span(node)
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        local = alias.asname or alias.name
        renamed = alias.asname is not None
        draft.imports.append(Import(draft.scope, draft.block, span, module, alias.name, local, renamed))


VISITS: dict[type[ast.AST], Visit] = {
    ast.AnnAssign: _annotated,
    ast.Assert: _assert,
    ast.Assign: _assign,
    ast.AsyncFor: _for,
    ast.AsyncFunctionDef: _function,
    ast.AsyncWith: _with,
    ast.AugAssign: _augmented,
    ast.Break: _break,
    ast.ClassDef: _class,
    ast.Continue: _break,
    ast.Delete: _delete,
    ast.Expr: _expression,
    ast.For: _for,
    ast.FunctionDef: _function,
    ast.Global: _declaration,
    ast.If: _if,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Match: _match,
    ast.Nonlocal: _declaration,
    ast.Raise: _raise,
    ast.Return: _return,
    ast.Try: _try,
    ast.While: _while,
    ast.With: _with,
    **{
        getattr(ast, name): visit
        for name, visit in (("TryStar", _try), ("TypeAlias", _type_alias))
        if hasattr(ast, name)
    },
}
