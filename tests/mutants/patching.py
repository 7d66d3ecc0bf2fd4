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
        """Let this process behave as if the module had been written like this."""
        change.apply()
        if change.place.owner is None:
            _reassign(file, tree, change)
        else:
            for code in _codes(compile(tree, str(file), "exec")):
                for function in self._functions.get(place(code), ()):
                    function.__code__ = code
        for cached in self._caches:
            cached.cache_clear()


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
    (module,) = [one for one in list(sys.modules.values()) if getattr(one, "__file__", None) == str(file)]
    namespace = dict(vars(module))
    assert change.place.statement is not None
    for statement in tree.body:
        if (
            not isinstance(statement, ast.Assign | ast.AnnAssign)
            or statement.lineno < change.place.statement.lineno
        ):
            continue
        exec(compile(ast.Module([statement], []), str(file), "exec"), namespace)
    changed = {
        name: (vars(module)[name], value)
        for name, value in namespace.items()
        if name in vars(module) and vars(module)[name] is not value
    }
    for other in [one for one in list(sys.modules.values()) if isinstance(one, ModuleType)]:
        for name, (old, new) in changed.items():
            if vars(other).get(name) is old:
                setattr(other, name, new)
