"""Codemod ``session-parameter`` (unsafe): a handler that knows no session gets a parameter for it.

The memory in it then takes its history by that parameter. Whoever calls the handler must pass it, so a handler
that the project itself calls, or whose arguments a framework decides, is refused.
"""

from __future__ import annotations

import libcst as cst
from msgspec import structs

from lcmemlint.findings import FixRequest
from lcmemlint.fixes import chat_memory, history_factory, summary_memory
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.scopes import all_parameters, bindings
from lcmemlint.fixes.trees import Tree, imported_as, uses

_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "api_route", "websocket"})
_OPEN = frozenset({"", "any", "fastapi"})
"""Frameworks that pass a handler whatever its signature asks for; ``any``: told by the handler's name only."""


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits for a new parameter and for the call that takes its value."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    function = tree.function(call)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("this is not inside a function that could take a session id")
    name = request.get("name") or "session_id"
    refusal = _not_changeable(tree, request, function, name)
    if refusal is not None:
        return refusal
    changed = then(tree, request, context, name)
    if isinstance(changed, Refusal):
        return changed
    return structs.replace(changed, edits=(with_parameter(tree, function, name), *changed.edits))


def _not_changeable(tree: Tree, request: FixRequest, function: cst.FunctionDef, name: str) -> Refusal | None:
    handler = function.name.value
    if request.get("callers") == "yes":
        return Refusal(f"the project calls `{handler}` elsewhere: those calls must pass a session id too")
    if function.params.posonly_params:
        return Refusal(f"`{handler}` has positional-only parameters")
    if any(param.name.value == name for param in all_parameters(function)):
        return Refusal(f"`{handler}` already has a parameter `{name}`")
    if any(found == name for found, _ in bindings(tree, function.body)):
        return Refusal(f"`{handler}` already uses `{name}` for something else")
    framework = request.get("framework")
    if framework not in _OPEN:
        return Refusal(
            f"{framework} decides the arguments of `{handler}`: take the session id from the request"
        )
    for decorator in function.decorators:
        if not is_fastapi_route(tree, decorator):
            written = tree.source(decorator).splitlines()[0]
            return Refusal(
                f"`{written}` decides the arguments of `{handler}`: take the session id from the request"
            )
    names = [param.name.value for param in all_parameters(function)]
    if names in (["event", "context"], ["request"], ["self", "request"]) or handler == "lambda_handler":
        return Refusal(
            f"the arguments of `{handler}` are given by its platform: take the session id from the request"
        )
    for node in uses(tree, handler):
        if node is not function.name:
            return Refusal(f"line {tree.line(node)} uses `{handler}`: it would have to pass a session id too")
    return None


def is_fastapi_route(tree: Tree, decorator: cst.Decorator) -> bool:
    """Whether a decorator makes a FastAPI route of its function."""
    called = decorator.decorator
    if not isinstance(called, cst.Call) or not isinstance(called.func, cst.Attribute):
        return False
    modules = {path.split(".")[0] for _, path in imported_as(tree)}
    return called.func.attr.value in _ROUTES and "fastapi" in modules and "flask" not in modules


def with_parameter(tree: Tree, function: cst.FunctionDef, name: str) -> Edit:
    """A required parameter behind those without a default; keyword-only when it cannot stand there."""
    is_typed = any(param.annotation for param in all_parameters(function)) or function.returns is not None
    return with_parameters(tree, function, (f"{name}: str" if is_typed else name,))


def with_parameters(tree: Tree, function: cst.FunctionDef, parameters: tuple[str, ...]) -> Edit:
    """More parameters behind those without a default; keyword-only when they cannot stand there."""
    params, written = function.params, ", ".join(parameters)
    if params.kwonly_params:
        return _before(tree, params.kwonly_params[0], written)
    if isinstance(params.star_arg, cst.Param):
        return _after(tree, params.star_arg, written)
    if any(param.default is not None for param in params.params):
        return _after(tree, params.params[-1], f"*, {written}")
    if params.params:
        return _after(tree, params.params[-1], written)
    if params.star_kwarg is not None:
        return _before(tree, params.star_kwarg, written)
    at = tree.text.index("(", tree.extent(function.name)[1]) + 1
    return Edit(at, at, written)


def _before(tree: Tree, param: cst.Param, written: str) -> Edit:
    start = tree.extent(param)[0]
    gap = f",{tree.newline}{tree.indent(start)}" if tree.starts_line(start) else ", "
    return Edit(start, start, f"{written}{gap}")


def _after(tree: Tree, param: cst.Param, written: str) -> Edit:
    """A parameter on a line of its own is followed by one on a line of its own."""
    start = tree.extent(param)[0]
    gap = f",{tree.newline}{tree.indent(start)}" if tree.starts_line(start) else ", "
    end = _end(tree, param)
    return Edit(end, end, f"{gap}{written}")


def _end(tree: Tree, param: cst.Param) -> int:
    """Where a parameter ends, with its annotation and its default and the parentheses around those."""
    last: cst.BaseExpression = param.name
    if param.annotation is not None:
        last = param.annotation.annotation
    if param.default is not None:
        last = param.default
    end = tree.extent(last)[1]
    for _ in getattr(last, "rpar", ()):
        end = tree.text.index(")", end) + 1
    return end


def then(tree: Tree, request: FixRequest, context: Context, name: str) -> Change | Refusal:
    """What the request asks for next; the parameter is in scope, though not yet in the tree."""
    params = tuple((key, value) for key, value in request.params if key != "key")
    asked = structs.replace(request, params=(*params, ("key", name)))
    inside = structs.replace(context, bound=frozenset({name}))
    if request.get("then") == "history-factory":
        return history_factory.rewrite(tree, asked, inside)
    if request.get("then") == "shared-memory":
        return summary_memory.rewrite(tree, asked, inside)
    return chat_memory.rewrite(tree, asked, inside)
