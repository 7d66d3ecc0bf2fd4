"""Puts a fault into modules that are imported already, in a process that ends soon after."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tests.mutants.operators import Change

Place = tuple[str, int, str]
"""The file, line and name of a function's code."""


class NotPut(Exception):
    """A fault cannot be put into what is imported already; says nothing about the tests."""


class Raised(Exception):
    """The module raises when its tables are made with the fault, whoever imports it; told is the type."""


class Living:
    """The functions of some files, wherever they are bound."""

    def __init__(self, files: frozenset[str]) -> None:
        self._functions: dict[Place, list[FunctionType]] = {}
        self._caches: list[_lru_cache_wrapper[object]] = []
        for found in gc.get_objects():
            if type(found) is FunctionType and found.__code__.co_filename in files:
                self._functions.setdefault(place(found.__code__), []).append(found)
            elif isinstance(found, _lru_cache_wrapper) and _file(found.__wrapped__) in files:
                self._caches.append(found)

    def patch(self, file: Path, tree: ast.Module, change: Change) -> None:
        """Let this process behave as if the module had been written like this; or raise ``NotPut`` or ``Raised``."""
        change.apply()
        if change.place.owner is None:
            _reassign(file, tree, change)
        else:
            self._exchange(file, tree)
        for cached in self._caches:
            cached.cache_clear()

    def _exchange(self, file: Path, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min(one.lineno for one in (node, *node.decorator_list))
                for function in self._functions.get((str(file), first, node.name), ())[:1]:
                    _mention(node, function.__code__.co_freevars)
        for code in _codes(compile(tree, str(file), "exec")):
            for function in self._functions.get(place(code), ()):
                if function.__code__.co_freevars != code.co_freevars:
                    raise NotPut(f"{code.co_name} closes over other names")
                function.__code__ = code


def _mention(node: ast.FunctionDef | ast.AsyncFunctionDef, names: tuple[str, ...]) -> None:
    """Let a function still close over names that it may have lost (`super()` over `__class__`), as its living one."""
    if names:
        mentioned: list[ast.stmt] = [ast.Expr(ast.Name(name, ast.Load())) for name in names]
        node.body.append(ast.fix_missing_locations(ast.If(ast.Constant(False), mentioned, [])))


def place(code: CodeType) -> Place:
    """Where code is from."""
    return code.co_filename, code.co_firstlineno, code.co_name


def _file(wrapped: object) -> str:
    return wrapped.__code__.co_filename if isinstance(wrapped, FunctionType) else ""


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of functions and methods; what is inside of functions comes with them."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _reassign(file: Path, tree: ast.Module, change: Change) -> None:
    """Assign the names of the module again, from the fault on, wherever the old values are known by them."""
    module = next((one for one in _modules() if getattr(one, "__file__", None) == str(file)), None)
    statement = change.place.statement
    if module is None or statement not in tree.body:
        raise NotPut("is not imported, or its statement is inside another one")
    namespace = dict(vars(module))
    for following in tree.body[tree.body.index(statement) :]:
        if isinstance(following, ast.Assign | ast.AnnAssign):
            code = compile(ast.Module([following], []), str(file), "exec")
            try:
                exec(code, namespace)
            except Exception as error:
                raise Raised(type(error).__name__) from error
    changed = {
        name: (vars(module)[name], value)
        for name, value in namespace.items()
        if name in vars(module) and vars(module)[name] is not value
    }
    for other in _modules():
        for name, (old, new) in changed.items():
            if vars(other).get(name) is old:
                setattr(other, name, new)


def _modules() -> list[ModuleType]:
    return [one for one in list(sys.modules.values()) if isinstance(one, ModuleType)]
