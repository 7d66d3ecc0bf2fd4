"""A header that names the conversation, in and out, for a handler that makes a new id on every request.

FastAPI takes it as an optional parameter, Flask and Starlette out of ``request.headers``. It goes back with the
injected ``Response``, by Flask's ``after_this_request``, or in the response that the handler returns itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import libcst as cst
from msgspec import Struct

from lcmemlint.fixes.arguments import added_argument, has_stars, keyword
from lcmemlint.fixes.edits import Change, Edit, Edits, Refusal
from lcmemlint.fixes.scopes import all_parameters, bindings, parameters
from lcmemlint.fixes.session_parameter import is_fastapi_route, with_parameters
from lcmemlint.fixes.trees import Tree, dotted, every, imported_as, uses, walk

_HEADER = "X-Session-Id"
_RESPONSES = frozenset(
    {"Response", "StreamingResponse", "JSONResponse", "PlainTextResponse", "HTMLResponse", "RedirectResponse"}
    | {"ORJSONResponse", "UJSONResponse", "FileResponse", "EventSourceResponse"}
)
_ROUTES = frozenset({"route", "get", "post", "put", "patch", "delete"})
_UNSAFE = "the route takes and sends one more header"


class _Made(Struct, frozen=True):
    """The expression that makes the id in a handler, and the variable that gets it."""

    whole: cst.CSTNode
    function: cst.FunctionDef
    target: str
    is_text: bool

    @property
    def sent(self) -> str:
        """The id as a header can carry it."""
        return self.target if self.is_text else f"str({self.target})"


_Way: TypeAlias = Callable[[Tree, _Made], Change | Refusal]


def through_header(tree: Tree, whole: cst.CSTNode, framework: str, *, is_text: bool) -> Change | Refusal:
    """The edits that take the id from a header and send it back; ``framework`` is what calls the handler, if known."""
    assign, function = tree.parent(whole), tree.function(whole)
    way = _way(tree, function, framework) if isinstance(function, cst.FunctionDef) else None
    if way is None or not isinstance(function, cst.FunctionDef):
        return Refusal(
            "the id is not made in a handler of FastAPI, Flask or Starlette: hand it down from the request"
        )
    if (
        not isinstance(assign, cst.Assign)
        or len(assign.targets) != 1
        or tree.has_comment(*tree.extent(whole))
    ):
        return Refusal("the id has no name of its own")
    target = assign.targets[0].target
    if not isinstance(target, cst.Name):
        return Refusal("the id has no plain name")
    return way(tree, _Made(whole, function, target.value, is_text))


def _way(tree: Tree, function: cst.FunctionDef, framework: str) -> _Way | None:
    modules = {path.split(".")[0] for _, path in imported_as(tree)}
    if any(is_fastapi_route(tree, each) for each in function.decorators):
        return _fastapi
    is_route = any(_is_route(each) for each in function.decorators)
    if "flask" in modules and (is_route or framework.startswith("flask")):
        return _flask
    names = [name for name in parameters(function) if name not in ("self", "cls")]
    is_starlette = framework == "starlette" or (not framework and "starlette" in modules)
    return _starlette if is_starlette and names == ["request"] else None


def _is_route(decorator: cst.Decorator) -> bool:
    called = decorator.decorator
    func = called.func if isinstance(called, cst.Call) else called
    return isinstance(func, cst.Attribute) and func.attr.value in _ROUTES


def _fastapi(tree: Tree, made: _Made) -> Change | Refusal:
    given = {param.name.value for param in all_parameters(made.function)}
    if given & {"response", "x_session_id"} or any(True for _ in uses(tree, "x_session_id")):
        return Refusal("the handler already has a parameter of that name")
    returned = [node.value for node in _returns(tree, made)]
    own = [node for node in walk(made.function, cst.Call) if _is_response(node)]
    for node in own:
        if not any(node is value for value in returned) and tree.extent(node)[0] > tree.extent(made.whole)[0]:
            return Refusal(
                f"line {tree.line(node)} makes its own response, and a header set on another one is lost"
            )
    sent = _in_responses(tree, made, [node for node in own if any(node is value for value in returned)])
    if isinstance(sent, Refusal):
        return sent
    wanted = ["x_session_id: Annotated[str | None, Header()] = None"]
    imports = [("typing", "Annotated"), ("fastapi", "Header")]
    if len(sent) < len(returned) or not returned:
        wanted.insert(0, "response: Response")
        imports.append(("fastapi", "Response"))
        sent = (*sent, _below(tree, made, f"response.headers[{_quoted(tree)}] = {made.sent}"))
    start = tree.extent(made.whole)[0]
    edits = (
        with_parameters(tree, made.function, tuple(wanted)),
        Edit(start, start, "x_session_id or "),
        *sent,
    )
    return Change(edits, imports=tuple(imports), unsafe=_UNSAFE)


def _flask(tree: Tree, made: _Made) -> Change | Refusal:
    bound = {*parameters(made.function), *(name for name, _ in bindings(tree, made.function.body))}
    name = f"send_{made.target}"
    if bound & {"request", "after_this_request", name}:
        return Refusal(
            f"the handler has a variable `{sorted(bound & {'request', 'after_this_request', name})[0]}`"
        )
    step, gap = tree.step, tree.newline + tree.indent(tree.extent(tree.statement(made.whole))[0])
    lines = (
        "",
        "@after_this_request",
        f"def {name}(response):",
        f"{step}response.headers[{_quoted(tree)}] = {made.sent}",
        f"{step}return response",
        "",
    )
    code = "".join((gap if line else tree.newline) + line for line in lines)
    at = tree.line_end(tree.extent(tree.statement(made.whole))[1])
    if not tree.text[tree.next_line(at) : tree.line_end(tree.next_line(at))].strip():
        code = code.removesuffix(tree.newline)
    imports = (("flask", "after_this_request"), ("flask", "request"))
    return Change((_taken(tree, made), Edit(at, at, code)), imports=imports, unsafe=_UNSAFE)


def _starlette(tree: Tree, made: _Made) -> Change | Refusal:
    returned = [node.value for node in _returns(tree, made)]
    responses = [node for node in returned if isinstance(node, cst.Call) and _is_response(node)]
    if not responses or len(responses) < len(returned):
        return Refusal("what the handler returns is not seen to be a response that could carry a header")
    sent = _in_responses(tree, made, responses)
    if isinstance(sent, Refusal):
        return sent
    return Change((_taken(tree, made), *sent), unsafe=_UNSAFE)


def _taken(tree: Tree, made: _Made) -> Edit:
    start = tree.extent(made.whole)[0]
    return Edit(start, start, f"request.headers.get({_quoted(tree)}) or ")


def _below(tree: Tree, made: _Made, line: str) -> Edit:
    statement = tree.statement(made.whole)
    at = tree.line_end(tree.extent(statement)[1])
    return Edit(at, at, tree.newline + tree.indent(tree.extent(statement)[0]) + line)


def _in_responses(tree: Tree, made: _Made, responses: list[cst.Call]) -> Edits | Refusal:
    """The header in each of the responses that the handler returns."""
    edits: list[Edit] = []
    for call in responses:
        if has_stars(call) or keyword(call, "headers") is not None:
            return Refusal(f"line {tree.line(call)} sends headers of its own")
        edits += added_argument(tree, call, f"headers={{{_quoted(tree)}: {made.sent}}}")
    return tuple(edits)


def _returns(tree: Tree, made: _Made) -> Iterator[cst.Return]:
    """What the handler returns after it has made the id."""
    for node in every(made.function.body, into_functions=False):
        if isinstance(node, cst.Return) and tree.extent(node)[0] > tree.extent(made.whole)[0]:
            yield node


def _is_response(call: cst.Call) -> bool:
    return (dotted(call.func) or "").rpartition(".")[2] in _RESPONSES


def _quoted(tree: Tree) -> str:
    return f"{tree.quote}{_HEADER}{tree.quote}"
