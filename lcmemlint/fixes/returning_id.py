"""Codemod ``returning-id``: an id that is made anew on every request comes from the request instead.

A parameter that names the conversation already takes its place (safe). Without one, a FastAPI handler takes an
optional header and sends the id back in the same header (unsafe): clients that know nothing of it stay as they are.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.keys import nameable
from lcmemlint.fixes.scopes import all_parameters
from lcmemlint.fixes.session_parameter import is_fastapi_route, with_parameters
from lcmemlint.fixes.trees import Tree, dotted, uses, walk

_HEADER = "X-Session-Id"
_RESPONSES = (
    "Response",
    "StreamingResponse",
    "JSONResponse",
    "PlainTextResponse",
    "HTMLResponse",
    "RedirectResponse",
)


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that let the client name its conversation."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    whole = _whole(tree, call)
    drops = tuple(sorted({node.value for node in walk(whole, cst.Name)}))
    if request.get("key"):
        value = nameable(tree, request, context, site=call)
        if isinstance(value, Refusal):
            return value
        return Change((Edit(*tree.extent(whole), value),), drops=drops)
    return _through_header(tree, whole)


def _whole(tree: Tree, call: cst.Call) -> cst.CSTNode:
    """``str(uuid4())`` and ``uuid4().hex`` around ``uuid4()``."""
    whole: cst.CSTNode = call
    for around in tree.ancestors(call):
        if isinstance(around, cst.Arg):
            continue
        is_text = isinstance(around, cst.Call) and dotted(around.func) == "str" and len(around.args) == 1
        if not is_text and not (isinstance(around, cst.Attribute) and around.attr.value == "hex"):
            break
        whole = around
    return whole


def _through_header(tree: Tree, whole: cst.CSTNode) -> Change | Refusal:
    assign, function = tree.parent(whole), tree.function(whole)
    if not isinstance(function, cst.FunctionDef) or not any(
        is_fastapi_route(tree, each) for each in function.decorators
    ):
        return Refusal("the id is not made in a FastAPI handler: hand it down from the request")
    if (
        not isinstance(assign, cst.Assign)
        or len(assign.targets) != 1
        or tree.has_comment(*tree.extent(whole))
    ):
        return Refusal("the id has no name of its own")
    target = dotted(assign.targets[0].target)
    if target is None:
        return Refusal("the id has no plain name")
    if (sent := _own_response(tree, function)) is not None:
        return Refusal(
            f"line {tree.line(sent)} returns its own response, and a header set on another one is lost"
        )
    given = {param.name.value for param in all_parameters(function)}
    if given & {"response", "x_session_id"} or any(True for _ in uses(tree, "x_session_id")):
        return Refusal("the handler already has a parameter of that name")
    quote, statement = tree.quote, tree.statement(whole)
    at = tree.line_end(tree.extent(statement)[1])
    gap = tree.newline + tree.indent(tree.extent(statement)[0])
    header = f"{gap}response.headers[{quote}{_HEADER}{quote}] = {target}"
    parameters = ("response: Response", "x_session_id: Annotated[str | None, Header()] = None")
    start = tree.extent(whole)[0]
    return Change(
        (
            with_parameters(tree, function, parameters),
            Edit(start, start, "x_session_id or "),
            Edit(at, at, header),
        ),
        imports=(("typing", "Annotated"), ("fastapi", "Header"), ("fastapi", "Response")),
        unsafe="the route takes and sends one more header",
    )


def _own_response(tree: Tree, function: cst.FunctionDef) -> cst.CSTNode | None:
    for node in walk(function, cst.Call):
        if (dotted(node.func) or "").rpartition(".")[2] in _RESPONSES:
            return node
    return None
