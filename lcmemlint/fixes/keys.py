"""From a session key, as the linker names it, to the text of ``chat_history(...)`` at a place in a file."""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Context, Refusal
from lcmemlint.fixes.scopes import is_in_scope, may_be_none
from lcmemlint.fixes.trees import Tree, parsed_expression, walk


def history_call(
    tree: Tree, request: FixRequest, context: Context, *, site: cst.CSTNode, key: str = ""
) -> str | Refusal:
    """``chat_history("support", user_id)`` for a request, or why the key cannot be named at ``site``."""
    written = (key or request.get("key")).strip()
    if not written:
        return Refusal("no session key is known at this place")
    call = parsed_expression(f"_({written})")
    if not isinstance(call, cst.Call) or not call.args or any(arg.star or arg.keyword for arg in call.args):
        return Refusal(f"`{written}` is not an expression that can name a conversation")
    values = [value for arg in call.args for value in _elements(arg.value)]
    if (refusal := _not_nameable(tree, values, site, context.bound)) is not None:
        return refusal
    namespace = request.get("namespace")
    is_plain = namespace.isprintable() and not set(namespace) & set("\\'\"")
    if not is_plain:
        return Refusal(f"`{namespace}` cannot name a group of conversations")
    first = [f"{tree.quote}{namespace}{tree.quote}"] if namespace else []
    return f"{context.name('chat_history')}({', '.join([*first, *(_code(value) for value in values)])})"


def nameable(tree: Tree, request: FixRequest, context: Context, *, site: cst.CSTNode) -> str | Refusal:
    """The request's key as one expression that names a conversation at ``site``."""
    written = request.get("key").strip()
    value = parsed_expression(written) if written else None
    if value is None:
        return Refusal("no session key is known at this place")
    refusal = _not_nameable(tree, [value], site, context.bound)
    return _code(value) if refusal is None else refusal


def is_literal(key: str) -> bool:
    """Whether a key names nothing that could differ: `"memory"` in `context.user_data["memory"]`."""
    value = parsed_expression(key) if key else None
    return value is not None and _is_constant(value)


def _elements(value: cst.BaseExpression) -> list[cst.BaseExpression]:
    """A tuple of ids is a conversation named by several ids."""
    return [element.value for element in value.elements] if isinstance(value, cst.Tuple) else [value]


def _code(value: cst.BaseExpression) -> str:
    return cst.Module(body=()).code_for_node(value)


def _not_nameable(
    tree: Tree, values: list[cst.BaseExpression], site: cst.CSTNode, bound: frozenset[str]
) -> Refusal | None:
    for value in values:
        if _is_constant(value):
            return Refusal(
                f"`{_code(value)}` is the same for everyone: no key of one conversation is known here"
            )
        for name in _free_names(value):
            if name not in bound and not is_in_scope(tree, name, site):
                return Refusal(f"`{name}` is not bound at this place")
        if isinstance(value, cst.Name) and may_be_none(tree, value.value, site):
            return Refusal(
                f"`{value.value}` may be missing here, and a conversation without an id is nobody's:"
                " say first what happens then"
            )
    return None


def _is_constant(value: cst.BaseExpression) -> bool:
    return not any(True for _ in walk(value, cst.Name))


def _free_names(value: cst.BaseExpression) -> list[str]:
    """The names that an expression needs, without attributes and keywords."""
    hidden = {id(node.attr) for node in walk(value, cst.Attribute)}
    hidden |= {id(node.keyword) for node in walk(value, cst.Arg) if node.keyword is not None}
    return [node.value for node in walk(value, cst.Name) if id(node) not in hidden]
