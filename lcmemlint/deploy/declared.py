"""Scaling that Python itself declares: Modal, Ray Serve, BentoML, and servers started with several workers.

modal 1.6.4: scales to zero and out; ray 2.60.0: num_replicas 1, "auto" 1 to 100, autoscaling_config 1 to 1;
bentoml 1.4.40: workers 1 (read in their sources).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct

from lcmemlint.deploy.assemble import SEPARATE, Unit, workload
from lcmemlint.deploy.folding import fold, full_name, imported, line_of
from lcmemlint.deploy.launch import launches
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.running import Context, Running
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import ONE, Bound, Disk, Range, Spot, Workload
from lcmemlint.facts import Call, FileFacts, Scope
from lcmemlint.values import CallOf, Const, Container, Value

_WEB = frozenset({"asgi_app", "wsgi_app", "fastapi_endpoint", "web_endpoint", "web_server"})


class _File(Struct, frozen=True):
    tree: Tree
    path: str
    facts: FileFacts
    names: Mapping[str, str]

    def decorator(self, value: Value) -> tuple[str, Call | None]:
        """The dotted name of a decorator, and its call if it is one."""
        if isinstance(value, CallOf) and value.call < len(self.facts.calls):
            call = self.facts.calls[value.call]
            return full_name(call.function, self.names), call
        return full_name(value, self.names), None

    def range_of(self, value: Value) -> Range:
        """The numbers that an argument can be."""
        return fold(value, self.facts, Context(self.tree, Layout(posixpath.dirname(self.path))))

    def spot(self, line: int) -> Spot:
        """A line of this file."""
        return self.tree.spot(self.path, line)


def read(tree: Tree) -> Iterator[Workload]:
    """What the decorators of all Python files at hand declare."""
    for path in sorted(tree.python):
        facts = tree.python[path]
        modules = {one.module.partition(".")[0] for one in facts.imports}
        if not modules & {"modal", "ray", "bentoml"}:
            continue
        file = _File(tree, path, facts, imported(facts))
        for index, scope in enumerate(facts.scopes):
            for value in scope.decorators:
                name, call = file.decorator(value)
                unit = _unit(file, index, scope, name, call)
                if unit is not None:
                    yield workload(unit)


def _unit(file: _File, index: int, scope: Scope, name: str, call: Call | None) -> Unit | None:
    """What one decorator declares, if it is one of ours."""
    if name == "ray.serve.deployment":
        instances, spot = _ray(file, scope, call)
        return _declared(file, scope, "ray", instances, spot)
    if name in ("bentoml.service", "bentoml.Service"):
        return _bento(file, scope, call)
    last = name.rpartition(".")[2]
    if last in ("function", "cls") and any(one.startswith("modal") for one in file.names.values()) and call:
        return _modal(file, index, scope, call) if _serves(file, index, scope) else None
    return None


def _declared(
    file: _File, scope: Scope, format_: str, instances: Range, spot: Spot, processes: Running | None = None
) -> Unit:
    """A class or function that scales by its own declaration."""
    module = file.path.removesuffix(".py").replace("/", ".")
    disk = SEPARATE if processes is None else Disk(True, False)
    return Unit(
        scope.name,
        format_,
        spot,
        instances,
        spot if instances != ONE else None,
        disk,
        running=processes,
        open_env=True,
        target=f"{module}:{scope.name}",
        places=(file.path,),
    )


def _keyword(call: Call | None, name: str) -> Value | None:
    """The value of a keyword argument."""
    return next((one.value for one in call.arguments if one.name == name), None) if call else None


def _ray(file: _File, scope: Scope, call: Call | None) -> tuple[Range, Spot]:
    """Replicas of a Ray Serve deployment."""
    line = call.span.line if call else scope.span.line
    count, scaling = _keyword(call, "num_replicas"), _keyword(call, "autoscaling_config")
    if count == Const("auto"):
        return tables().platforms["ray-auto"], file.spot(line_of(count, line))
    if count is not None:
        return file.range_of(count), file.spot(line_of(count, line))
    if isinstance(scaling, Container):
        values = {
            key.value: item
            for key, item in zip(scaling.keys, scaling.items, strict=False)
            if isinstance(key, Const)
        }
        least, most = values.get("min_replicas"), values.get("max_replicas")
        low = file.range_of(least).low if least is not None else 1
        high: Bound = file.range_of(most).high if most is not None else 1
        shown = least if low >= 2 else most
        return Range(low, high), file.spot(line_of(shown, line) if shown is not None else line)
    return ONE, file.spot(line)


def _bento(file: _File, scope: Scope, call: Call | None) -> Unit:
    """Worker processes of a BentoML service."""
    workers = _keyword(call, "workers")
    line = call.span.line if call else scope.span.line
    spot = file.spot(line_of(workers, line) if workers is not None else line)
    processes = (
        Range(1, "cpu") if workers == Const("cpu_count") else file.range_of(workers) if workers else ONE
    )
    run = Running("bentoml", None, (), processes, spot, (), said=workers is not None, http=True)
    return _declared(file, scope, "bentoml", ONE, spot, run)


def _serves(file: _File, index: int, scope: Scope) -> bool:
    """Whether a Modal function, or a method of a Modal class, is a web endpoint."""
    inner = [one for one in file.facts.scopes if one.parent == index] if scope.kind == "class" else []
    values = [value for one in (scope, *inner) for value in one.decorators]
    return any(file.decorator(value)[0].rpartition(".")[2] in _WEB for value in values)


def _modal(file: _File, index: int, scope: Scope, call: Call) -> Unit:
    """Containers of a Modal function."""
    least = _keyword(call, "min_containers") or _keyword(call, "keep_warm")
    most = _keyword(call, "max_containers") or _keyword(call, "concurrency_limit")
    default = tables().platforms["modal"]
    low = file.range_of(least).low if least is not None else default.low
    high: Bound = file.range_of(most).high if most is not None else default.high
    shown = least if least is not None and low >= 2 else most
    line = line_of(shown, call.span.line) if shown is not None else call.span.line
    return _declared(file, scope, "modal", Range(low, high), file.spot(line))


def read_launches(tree: Tree, used: frozenset[tuple[str, int]]) -> Iterator[Workload]:
    """Python files that start a server with several workers; ``used`` are lines that manifests lead to."""
    for path in sorted(tree.python):
        facts = tree.python[path]
        if not any(one.module.partition(".")[0] in _LAUNCHING for one in facts.imports):
            continue
        context = Context(tree, Layout(posixpath.dirname(path)))
        default = Running("python", path, (path,), ONE, tree.spot(path, 1), ())
        for run in launches(path, facts, default, context):
            several = run.processes.can_be_several or run.broken
            if several and (run.at.path, run.at.line) not in used:
                unit = Unit(
                    path,
                    "python",
                    run.at,
                    running=run,
                    container=False,
                    disk=Disk(True, None),
                    confidence="likely",
                )
                yield workload(unit)


_LAUNCHING = frozenset({"uvicorn", "granian", "hypercorn", "sanic", "bentoml"})
