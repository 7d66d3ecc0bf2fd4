"""Codemod ``required-id`` (unsafe: requests without an id are then refused): an id that all share is no default.

A default of a model's field or of a route's parameter goes; ``x or "default"``, ``x if x else "default"`` and
``body.get("id", "default")`` become the value itself, and a request without one gets an error.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.scopes import all_parameters
from lcmemlint.fixes.session_parameter import is_fastapi_route
from lcmemlint.fixes.trees import Function, Tree, dotted, imported_as, unparenthesized, walk

_MODELS = frozenset({"BaseModel", "SQLModel", "RootModel"})


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that take a shared id away, and say what a request without one gets."""
    wanted = tree.offsets(request.span)
    literal = next(
        (node for node in walk(tree.module, cst.SimpleString) if tree.extent(node) == wanted), None
    )
    if literal is None:
        return Refusal("there is no literal at this place")
    around = tree.parent(literal)
    if isinstance(around, cst.AnnAssign):
        return _of_field(tree, around, around.annotation.annotation)
    if isinstance(around, cst.Param):
        return _of_parameter(tree, around)
    if isinstance(around, cst.Arg) and _is_field_default(tree, around):
        return Change((Edit(*wanted, "..."),))
    value = _without(tree, literal, around)
    if value is None:
        return Refusal("what a request without an id should get is yours to say")
    return _of_fallback(tree, *value)


def _of_field(tree: Tree, field: cst.AnnAssign, annotation: cst.BaseExpression) -> Change | Refusal:
    owner = next((each for each in tree.ancestors(field) if isinstance(each, cst.ClassDef)), None)
    bases = (
        {(dotted(base.value) or "").rpartition(".")[2] for base in owner.bases}
        if owner is not None
        else set()
    )
    if owner is None or tree.function(field) is not None or not bases & _MODELS:
        return Refusal("only a field of a model is checked where a request comes in")
    name = dotted(field.target)
    for call in walk(tree.module, cst.Call):
        named = [arg.keyword.value for arg in call.args if arg.keyword is not None]
        if dotted(call.func) == owner.name.value and name not in named:
            return Refusal(f"line {tree.line(call)} builds `{owner.name.value}` without `{name}`")
    return Change((Edit(tree.extent(annotation)[1], tree.extent(field)[1], ""),))


def _is_field_default(tree: Tree, arg: cst.Arg) -> bool:
    """``Field("default")`` in a model: ``Field(...)`` is a field without a default."""
    call = tree.parent(arg)
    if not isinstance(call, cst.Call) or (dotted(call.func) or "").rpartition(".")[2] != "Field":
        return False
    is_first = call.args[0] is arg and arg.keyword is None
    return is_first or (arg.keyword is not None and arg.keyword.value == "default")


def _of_parameter(tree: Tree, param: cst.Param) -> Change | Refusal:
    function = next((each for each in tree.ancestors(param) if isinstance(each, cst.FunctionDef)), None)
    if function is None or not any(is_fastapi_route(tree, each) for each in function.decorators):
        return Refusal("whoever calls this function without an id would fail")
    before = function.params.params[
        : next((n for n, p in enumerate(function.params.params) if p is param), 0)
    ]
    if any(each.default is not None for each in before) or param.annotation is None or param.default is None:
        return Refusal(f"`{param.name.value}` stands behind parameters that have a default")
    end = tree.extent(param.annotation.annotation)[1]
    return Change((Edit(end, tree.extent(param.default)[1], ""),))


def _without(
    tree: Tree, literal: cst.SimpleString, around: cst.CSTNode | None
) -> tuple[cst.CSTNode, str] | None:
    """The expression with the fallback, and the same without it."""
    match around:
        case cst.BooleanOperation(operator=cst.Or(), right=right, left=left) if right is literal:
            return around, tree.source(left)
        case cst.IfExp(orelse=orelse, body=body, test=test) if orelse is literal and unparenthesized(
            test
        ) == unparenthesized(body):
            return around, tree.source(body)
        case cst.Arg():
            call = tree.parent(around)
            if (
                isinstance(call, cst.Call)
                and isinstance(call.func, cst.Attribute)
                and call.func.attr.value == "get"
                and len(call.args) == 2
                and call.args[1] is around
            ):
                return call, f"{tree.source(call.func)}({tree.source(call.args[0].value)})"
    return None


def _of_fallback(tree: Tree, whole: cst.CSTNode, value: str) -> Change | Refusal:
    assign, function = tree.parent(whole), tree.function(whole)
    if (
        not isinstance(assign, cst.Assign)
        or len(assign.targets) != 1
        or not isinstance(function, cst.FunctionDef)
    ):
        return Refusal("what a request without an id should get is yours to say")
    target, statement = assign.targets[0].target, tree.statement(whole)
    if not isinstance(target, cst.Name) or not isinstance(statement, cst.SimpleStatementLine):
        return Refusal("the id has no plain name")
    caught = _catches(tree, statement)
    raised = _error(tree, function, target.value, is_caught=caught is not None)
    if raised is None and caught is not None:
        return Refusal(f"line {tree.line(caught)} catches every error, also that a request has no id")
    if raised is None:
        return Refusal("no route that could answer with an error is seen here")
    line, imports = raised
    start = tree.extent(statement)[0]
    indent = tree.newline + tree.indent(start)
    at = tree.line_end(tree.extent(statement)[1])
    check = f"{indent}if not {target.value}:{indent}{tree.step}{line}"
    return Change((Edit(*tree.extent(whole), value), Edit(at, at, check)), imports=imports)


def _catches(tree: Tree, statement: cst.BaseStatement) -> cst.ExceptHandler | None:
    """The handler around a statement that would take an error for a client for a fault of the server."""
    inside: cst.CSTNode = statement
    for around in tree.ancestors(statement):
        if isinstance(around, cst.Try) and inside is around.body:
            for handler in around.handlers:
                kinds = (
                    {node.value for node in walk(handler.type, cst.Name)} if handler.type else {"Exception"}
                )
                if kinds & {"HTTPException", "StarletteHTTPException"}:
                    break
                if kinds & {"Exception", "BaseException"}:
                    return handler
        inside = around
    return None


def _error(
    tree: Tree, function: Function, name: str, *, is_caught: bool
) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The statement that answers a request without an id, in the words of the route's framework."""
    quote = tree.quote
    detail = f"{quote}{name} is required{quote}"
    decorators = function.decorators if isinstance(function, cst.FunctionDef) else ()
    if any(is_fastapi_route(tree, each) for each in decorators):
        raised = f"raise HTTPException(status_code=422, detail={detail})"
        return None if is_caught else (raised, (("fastapi", "HTTPException"),))
    modules = {path.split(".")[0] for _, path in imported_as(tree)}
    is_route = any("route" in tree.source(each) or ".post(" in tree.source(each) for each in decorators)
    if "flask" not in modules or not is_route:
        return None
    if is_caught or any(each.name.value == "abort" for each in all_parameters(function)):
        return f"return {{{quote}error{quote}: {detail}}}, 400", ()
    return f"abort(400, {detail})", (("flask", "abort"),)
