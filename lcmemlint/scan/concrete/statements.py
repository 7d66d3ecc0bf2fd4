"""One parsed module → facts: a read-only walk over statements by a table on node types.

The tree is never rebuilt (LibCST's own `visit` copies each node, whitespace too), and whitespace is never entered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import libcst as cst
from msgspec.structs import replace

from lcmemlint.facts import MODULE, Block, BlockKind, Import, Scope
from lcmemlint.scan.concrete.expressions import Draft, arguments, parameters, spelled, yielded
from lcmemlint.scan.draft import MAIN, NO_STATEMENT
from lcmemlint.values import Container, Name, Span, Value

Visit: TypeAlias = Callable[[Draft, Any], None]


def visit_module(draft: Draft, module: cst.Module, whole: Span) -> None:
    """Fill the tables of the draft with what the module says."""
    draft.scopes.append(Scope("module", "", "", -1, -1, whole, docstring=_has_docstring(module.body)))
    draft.blocks.append(Block(MODULE, -1, "body", None, whole))
    _visit_all(draft, module.body)
    if MODULE in draft.generators:
        draft.scopes[MODULE] = replace(draft.scopes[MODULE], is_generator=True)


def _visit_all(draft: Draft, nodes: Sequence[cst.CSTNode]) -> None:
    for node in nodes:
        visit = VISITS.get(type(node))
        if visit is not None:
            visit(draft, node)


def _line(draft: Draft, node: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> None:
    _visit_all(draft, node.body)
    draft.statement = NO_STATEMENT


def _inside(
    draft: Draft,
    kind: BlockKind,
    test: Value | None,
    node: cst.CSTNode,
    body: cst.BaseSuite,
    before: Visit | None = None,
) -> None:
    """Visit the body of a clause as a block of its own; `before` runs at the start of that block."""
    around = draft.block
    span = draft.positions.block(node, body)
    draft.blocks.append(Block(draft.scope, around, kind, test, span))
    draft.block = len(draft.blocks) - 1
    if before is not None:
        before(draft, node)
    _suite(draft, body)
    draft.block = around


def _suite(draft: Draft, body: cst.BaseSuite) -> None:
    if isinstance(body, cst.SimpleStatementSuite):
        _line(draft, body)
    else:
        _visit_all(draft, body.body)


# --- definitions ---


def _function(draft: Draft, node: cst.FunctionDef) -> None:
    decorators = tuple([draft.value(decorator.decorator) for decorator in node.decorators])
    _type_parameters(draft, node.type_parameters)
    params = parameters(draft, node.params)
    returns = None if node.returns is None else draft.value(node.returns.annotation)
    name = spelled(node.name)
    scope = Scope(
        "function",
        name,
        draft.qualname(name),
        draft.scope,
        draft.block,
        draft.positions.opening(node, 3 if node.asynchronous is None else 5),
        params,
        decorators,
        returns=returns,
        is_async=node.asynchronous is not None,
        docstring=_has_docstring(node.body.body),
    )
    _body(draft, scope, node)


def _class(draft: Draft, node: cst.ClassDef) -> None:
    decorators = tuple([draft.value(decorator.decorator) for decorator in node.decorators])
    _type_parameters(draft, node.type_parameters)
    name = spelled(node.name)
    scope = Scope(
        "class",
        name,
        draft.qualname(name),
        draft.scope,
        draft.block,
        draft.positions.opening(node, 3),
        (),
        decorators,
        arguments(draft, (*node.bases, *node.keywords)),
        docstring=_has_docstring(node.body.body),
    )
    _body(draft, scope, node)


def _body(draft: Draft, scope: Scope, node: cst.FunctionDef | cst.ClassDef) -> None:
    around = draft.scope, draft.block
    index = len(draft.scopes)
    draft.scopes.append(scope)
    draft.scope, draft.block = index, len(draft.blocks)
    draft.blocks.append(Block(index, -1, "body", None, draft.positions.block(node, node.body)))
    _suite(draft, node.body)
    if index in draft.generators:
        draft.scopes[index] = replace(scope, is_generator=True)
    draft.scope, draft.block = around


def _type_parameters(draft: Draft, node: cst.TypeParameters | None) -> None:
    """Bounds and defaults may hold calls; what they are has no place in the facts."""
    for each in () if node is None else node.params:
        for inner in (getattr(each.param, "bound", None), each.default):
            if inner is not None:
                draft.value(inner)


def _has_docstring(body: Sequence[cst.CSTNode]) -> bool:
    first = body[0] if body else None
    if isinstance(first, cst.SimpleStatementLine):
        first = first.body[0]
    if not isinstance(first, cst.Expr):
        return False
    text: cst.BaseExpression = first.value
    while isinstance(text, cst.ConcatenatedString):
        if not _is_plain(text.left):
            return False
        text = text.right
    return _is_plain(text)


def _is_plain(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.SimpleString) and "b" not in node.prefix


# --- compound statements ---


def _test(draft: Draft, test: cst.BaseExpression, span: Span) -> Value:
    slot = draft.statement = draft.reserve()
    value = draft.value(test)
    draft.fill(slot, "test", span, (), value)
    draft.statement = NO_STATEMENT
    return value


def _if(draft: Draft, node: cst.If) -> None:
    around = draft.block
    last = _last_body(node)
    current: cst.If | cst.Else | None = node
    while isinstance(current, cst.If):  # a loop, since chains of `elif` may be long
        test = _test(draft, current.test, draft.positions.header(current, current.body))
        _inside(draft, "main" if test in MAIN else "if", test, current, current.body)
        current = current.orelse
        if isinstance(current, cst.If):
            span = draft.positions.block(current, last)
            draft.blocks.append(Block(draft.scope, draft.block, "else", test, span))
            draft.block = len(draft.blocks) - 1
        elif current is not None:
            _inside(draft, "else", test, current, current.body)
    draft.block = around


def _last_body(node: cst.If) -> cst.BaseSuite:
    while isinstance(node.orelse, cst.If):
        node = node.orelse
    return node.body if node.orelse is None else node.orelse.body


def _while(draft: Draft, node: cst.While) -> None:
    test = _test(draft, node.test, draft.positions.header(node, node.body))
    _inside(draft, "while", test, node, node.body)
    if node.orelse is not None:
        _inside(draft, "loop-else", test, node.orelse, node.orelse.body)


def _for(draft: Draft, node: cst.For) -> None:
    slot = draft.statement = draft.reserve()
    iterable = draft.value(node.iter)
    draft.fill(slot, "for", draft.positions.header(node, node.body), (draft.value(node.target),), iterable)
    draft.statement = NO_STATEMENT
    _inside(draft, "for", iterable, node, node.body)
    if node.orelse is not None:
        _inside(draft, "loop-else", iterable, node.orelse, node.orelse.body)


def _with(draft: Draft, node: cst.With) -> None:
    """`with a, b:` is `with a:` around `with b:`; so are its blocks."""
    around = draft.block
    span = draft.positions.header(node, node.body)
    whole = draft.positions.block(node, node.body)
    for item in node.items:
        slot = draft.statement = draft.reserve()
        manager = draft.value(item.item)
        targets = () if item.asname is None else (draft.value(item.asname.name),)
        draft.fill(slot, "with", span, targets, manager)
        draft.statement = NO_STATEMENT
        draft.blocks.append(Block(draft.scope, draft.block, "with", manager, whole))
        draft.block = len(draft.blocks) - 1
    _suite(draft, node.body)
    draft.block = around


def _try(draft: Draft, node: cst.Try | cst.TryStar) -> None:
    _inside(draft, "try", None, node, node.body)
    for handler in node.handlers:
        caught = None if handler.type is None else draft.value(handler.type)
        _inside(draft, "except", caught, handler, handler.body, _caught(caught))
    if node.orelse is not None:
        _inside(draft, "try-else", None, node.orelse, node.orelse.body)
    if node.finalbody is not None:
        _inside(draft, "finally", None, node.finalbody, node.finalbody.body)


def _caught(value: Value | None) -> Visit:
    def note(draft: Draft, node: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
        targets = () if node.name is None else (draft.value(node.name.name),)
        draft.fill(draft.reserve(), "except", draft.positions.header(node, node.body), targets, value)

    return note


def _match(draft: Draft, node: cst.Match) -> None:
    subject = _test(draft, node.subject, draft.positions.line(node))
    for case in node.cases:
        _inside(draft, "case", subject, case, case.body, _matched(subject))


def _matched(subject: Value) -> Visit:
    def note(draft: Draft, node: cst.MatchCase) -> None:
        span = draft.positions.header(node, node.body)
        names = _captured(node.pattern)
        if names:
            draft.fill(draft.reserve(), "match", span, tuple(Name(name) for name in names), subject)
        if node.guard is not None:
            _test(draft, node.guard, span)

    return note


def _captured(pattern: cst.CSTNode) -> list[str]:
    """The names that a pattern binds, in the order written, each once."""
    names: dict[str, None] = {}
    pending: list[cst.CSTNode | None] = [pattern]
    while pending:
        node = pending.pop()
        inner: list[cst.CSTNode | None] = []
        if isinstance(node, (cst.MatchAs, cst.MatchStar)):
            if isinstance(node, cst.MatchAs) and node.pattern is not None:
                pending += (node.name, node.pattern)
                continue
            inner = [node.name]
        elif isinstance(node, cst.Name):
            names[spelled(node)] = None
        elif isinstance(node, (cst.MatchOr, cst.MatchList, cst.MatchTuple)):
            inner = list(node.patterns)
        elif isinstance(node, (cst.MatchOrElement, cst.MatchKeywordElement, cst.MatchMappingElement)):
            inner = [node.pattern]
        elif isinstance(node, cst.MatchSequenceElement):
            inner = [node.value]
        elif isinstance(node, cst.MatchMapping):
            inner = [*node.elements, node.rest]
        elif isinstance(node, cst.MatchClass):
            inner = [*node.patterns, *node.kwds]
        pending += reversed(inner)
    return list(names)


# --- small statements ---


def _assign(draft: Draft, node: cst.Assign) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.value)
    targets = tuple([draft.value(target.target) for target in node.targets])
    draft.fill(slot, "assign", draft.positions.span(node), targets, value)


def _annotated(draft: Draft, node: cst.AnnAssign) -> None:
    slot = draft.statement = draft.reserve()
    annotation = draft.value(node.annotation.annotation)
    value = None if node.value is None else draft.value(node.value)
    draft.fill(slot, "annotate", draft.positions.span(node), (draft.value(node.target),), value, annotation)


def _augmented(draft: Draft, node: cst.AugAssign) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.value)
    draft.fill(slot, "augment", draft.positions.span(node), (draft.value(node.target),), value)


def _type_alias(draft: Draft, node: cst.TypeAlias) -> None:
    slot = draft.statement = draft.reserve()
    _type_parameters(draft, node.type_parameters)
    value = draft.value(node.value)
    draft.fill(slot, "assign", draft.positions.span(node), (Name(spelled(node.name)),), value)


def _expression(draft: Draft, node: cst.Expr) -> None:
    slot = draft.statement = draft.reserve()
    if isinstance(node.value, cst.Yield):
        yielded(draft, node.value, slot)
        return
    value = draft.value(node.value)
    draft.fill(slot, "expression", draft.positions.span(node), (), value)


def _return(draft: Draft, node: cst.Return) -> None:
    slot = draft.statement = draft.reserve()
    value = None if node.value is None else draft.value(node.value)
    draft.fill(slot, "return", draft.positions.span(node), (), value)


def _raise(draft: Draft, node: cst.Raise) -> None:
    slot = draft.statement = draft.reserve()
    value = None if node.exc is None else draft.value(node.exc)
    if node.cause is not None:
        draft.value(node.cause.item)
    draft.fill(slot, "raise", draft.positions.span(node), (), value)


def _assert(draft: Draft, node: cst.Assert) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.test)
    if node.msg is not None:
        draft.value(node.msg)
    draft.fill(slot, "assert", draft.positions.span(node), (), value)


def _delete(draft: Draft, node: cst.Del) -> None:
    slot = draft.statement = draft.reserve()
    value = draft.value(node.target)
    targets = value.items if isinstance(value, Container) else (value,)
    draft.fill(slot, "delete", draft.positions.span(node), targets)


def _declaration(draft: Draft, node: cst.Global | cst.Nonlocal) -> None:
    targets = tuple([Name(spelled(item.name)) for item in node.names])
    draft.fill(draft.reserve(), "global", draft.positions.span(node), targets)


def _break(draft: Draft, node: cst.Break | cst.Continue) -> None:
    draft.fill(draft.reserve(), "break", draft.positions.span(node))


# --- imports ---


def _import(draft: Draft, node: Any) -> None:
    span = draft.positions.span(node)
    for alias in node.names:
        module = _dotted(alias.name)
        renamed = alias.asname is not None
        local = spelled(alias.asname.name) if renamed else module.partition(".")[0]
        draft.imports.append(Import(draft.scope, draft.block, span, module, None, local, renamed))


def _import_from(draft: Draft, node: Any) -> None:
    span = draft.positions.span(node)
    module = "." * len(node.relative) + ("" if node.module is None else _dotted(node.module))
    if isinstance(node.names, cst.ImportStar):
        draft.imports.append(Import(draft.scope, draft.block, span, module, "*", "*", False))
        return
    for alias in node.names:
        renamed = alias.asname is not None
        local = spelled(alias.asname.name) if renamed else spelled(alias.name)
        draft.imports.append(
            Import(draft.scope, draft.block, span, module, spelled(alias.name), local, renamed)
        )


def _dotted(node: cst.BaseExpression) -> str:
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(spelled(node.attr))
        node = node.value
    assert isinstance(node, cst.Name)
    return ".".join([spelled(node), *reversed(names)])


VISITS: dict[type[cst.CSTNode], Visit] = {
    cst.AnnAssign: _annotated,
    cst.Assert: _assert,
    cst.Assign: _assign,
    cst.AugAssign: _augmented,
    cst.Break: _break,
    cst.ClassDef: _class,
    cst.Continue: _break,
    cst.Del: _delete,
    cst.Expr: _expression,
    cst.For: _for,
    cst.FunctionDef: _function,
    cst.Global: _declaration,
    cst.If: _if,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Match: _match,
    cst.Nonlocal: _declaration,
    cst.Raise: _raise,
    cst.Return: _return,
    cst.SimpleStatementLine: _line,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.TypeAlias: _type_alias,
    cst.While: _while,
    cst.With: _with,
    **{
        getattr(cst, name): visit
        for name, visit in (("LazyImport", _import), ("LazyImportFrom", _import_from))
        if hasattr(cst, name)
    },
}
