"""Which names mean something at a place in a file, and whether they may be None there."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

import libcst as cst

from lcmemlint.fixes.trees import Function, Tree, walk


def is_in_scope(tree: Tree, name: str, site: cst.CSTNode) -> bool:
    """Whether a name is bound where ``site`` is: a parameter, an assignment before it, or something of the module."""
    at = tree.extent(site)[0]
    comprehensions = cst.GeneratorExp | cst.ListComp | cst.SetComp | cst.DictComp
    around = [each for each in tree.ancestors(site) if isinstance(each, comprehensions)]
    if any(name in names_in(found.target) for each in around for found in walk(each, cst.CompFor)):
        return True
    function = tree.function(site)
    innermost = True
    while function is not None:
        if name in parameters(function):
            return True
        bound = [offset for found, offset in bindings(tree, function.body) if found == name]
        if bound and (not innermost or min(bound) < at):
            return True
        if bound and not is_declared_global(function, name):
            return False
        function, innermost = tree.function(function), False
    bound = [offset for found, offset in bindings(tree, tree.module) if found == name]
    return any(not innermost or offset < at for offset in bound) or hasattr(builtins, name)


def is_declared_global(function: Function, name: str) -> bool:
    """Whether the function says ``global name`` or ``nonlocal name``."""
    items = walk(function.body, cst.NameItem)
    return any(item.name.value == name for item in items)


def all_parameters(function: Function) -> Iterator[cst.Param]:
    """The parameters of a function, ``*args`` and ``**kwargs`` included."""
    found = function.params
    yield from (*found.posonly_params, *found.params)
    if isinstance(found.star_arg, cst.Param):
        yield found.star_arg
    yield from found.kwonly_params
    if found.star_kwarg is not None:
        yield found.star_kwarg


def parameters(function: Function) -> dict[str, cst.Param]:
    """The parameters of a function by name."""
    return {param.name.value: param for param in all_parameters(function)}


def bindings(tree: Tree, body: cst.CSTNode) -> Iterator[tuple[str, int]]:
    """(name, offset) of what statements bind directly in a scope, not in functions or classes inside it."""
    for node in _own(body):
        for name in _bound_by(node):
            yield name, tree.extent(node)[0]


def names_in(target: cst.CSTNode) -> set[str]:
    """The plain names of an assignment target; ``a.b`` and ``a[b]`` bind no name."""
    match target:
        case cst.Name(value=name):
            return {name}
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            return {name for element in elements for name in names_in(element.value)}
    return set()


def _own(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in node.children:
        yield child
        if not isinstance(child, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            yield from _own(child)


def _bound_by(node: cst.CSTNode) -> set[str]:
    match node:
        case cst.AssignTarget(target=target) | cst.AugAssign(target=target) | cst.For(target=target):
            return names_in(target)
        case cst.AnnAssign(target=target, value=value):
            return names_in(target) if value is not None else set()
        case cst.NamedExpr(target=target):
            return names_in(target)
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            return {name.value}
        case cst.ImportAlias(name=imported, asname=None):
            while isinstance(imported, cst.Attribute):
                imported = imported.value  # type: ignore[assignment]
            return names_in(imported)
        case cst.AsName(name=bound):
            return names_in(bound)
        case cst.MatchAs(name=cst.Name(value=captured)) | cst.MatchStar(name=cst.Name(value=captured)):
            return {captured}
    return set()


def may_be_none(tree: Tree, name: str, site: cst.CSTNode) -> bool:
    """Whether ``name`` is a parameter that may be None or empty, and nothing before ``site`` looks at it."""
    function = tree.function(site)
    while function is not None and name not in parameters(function):
        if any(found == name for found, _ in bindings(tree, function.body)):
            return False
        function = tree.function(function)
    if function is None:
        return False
    return _is_optional(parameters(function)[name]) and not _is_looked_at(tree, function, name, site)


def _is_optional(param: cst.Param) -> bool:
    default = param.default
    if isinstance(default, cst.SimpleString):
        return default.evaluated_value in ("", b"")
    if default is None:
        return param.annotation is not None and _names_none(param.annotation.annotation)
    if isinstance(default, cst.Call):  # Header(None), Query(default=None)
        given = [arg for arg in default.args if arg.keyword is None or arg.keyword.value == "default"]
        return any(isinstance(arg.value, cst.Name) and arg.value.value == "None" for arg in given)
    return isinstance(default, cst.Name) and default.value == "None"


def _names_none(annotation: cst.BaseExpression) -> bool:
    return any(node.value in ("None", "Optional") for node in walk(annotation, cst.Name))


def _is_looked_at(tree: Tree, function: Function, name: str, site: cst.CSTNode) -> bool:
    """Whether an ``if``, an ``assert`` or an assignment before the site says what happens when there is none."""
    at = tree.extent(site)[0]
    for node in _own(function.body):
        if not isinstance(node, cst.If | cst.IfExp | cst.Assert | cst.AssignTarget):
            continue
        if tree.extent(node)[0] >= at:
            continue
        looked = node.target if isinstance(node, cst.AssignTarget) else node.test
        if any(found.value == name for found in walk(looked, cst.Name)) and not _is_lookup(looked, name):
            return True
    return False


def _is_lookup(test: cst.CSTNode, name: str) -> bool:
    """``name in store`` says nothing about whether the name is None; nor does ``store[name] = …``."""
    if isinstance(test, cst.Subscript):
        return True
    found = [node for node in walk(test, cst.Comparison) if isinstance(node.left, cst.Name)]
    return any(
        isinstance(each.left, cst.Name)
        and each.left.value == name
        and isinstance(each.comparisons[0].operator, cst.In | cst.NotIn)
        for each in found
    )
