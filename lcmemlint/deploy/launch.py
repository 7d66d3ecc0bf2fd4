"""A Python file that starts its own server: ``uvicorn.run(…, workers=4)`` and the like, from its facts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.folding import fold, folded_text, full_name, imported, line_of
from lcmemlint.deploy.running import MAX_FOLLOWED, Context, Running, count, wider
from lcmemlint.deploy.servers import target_of
from lcmemlint.deploy.workload import ONE, Range
from lcmemlint.facts import Call, FileFacts
from lcmemlint.values import Const, Value


class Launcher(Struct, frozen=True):
    """A function that starts a server: which argument says how many processes, and which makes it one."""

    program: str
    workers: str = ""
    position: int = 0
    """Where the app stands."""
    needs_text: bool = False
    """Several workers, or reload, only start if the app is named as text."""
    environment: str = ""
    http: bool = True


LAUNCHERS: Mapping[str, Launcher] = {
    "uvicorn.run": Launcher("uvicorn", "workers", needs_text=True, environment="WEB_CONCURRENCY"),
    "uvicorn.main.run": Launcher("uvicorn", "workers", needs_text=True, environment="WEB_CONCURRENCY"),
    "uvicorn.Config": Launcher("uvicorn"),
    "hypercorn.run": Launcher("hypercorn"),
    "hypercorn.asyncio.serve": Launcher("hypercorn"),
    "granian.Granian": Launcher("granian", "workers"),
    "granian.server.Granian": Launcher("granian", "workers"),
    "waitress.serve": Launcher("waitress"),
    "aiohttp.web.run_app": Launcher("aiohttp"),
    "bentoml.serve": Launcher("bentoml", "api_workers"),
    "streamlit.web.cli.main": Launcher("streamlit"),
    "gradio.mount_gradio_app": Launcher("gradio", position=1),
}
"""uvicorn 0.54.0, run: reload=True ignores workers, an app object with workers exits with status 3."""

_METHODS = frozenset(
    {"launch", "run_polling", "run_webhook", "start_polling", "infinity_polling", "socketmode"}
)


def launched(path: str, default: Running, context: Context) -> Running:
    """What the file at ``path`` starts; ``default`` if its facts show no server."""
    facts = context.tree.facts(path)
    if facts is None:
        return replace(default, processes=Range(1, "unknown"))
    found = list(launches(path, facts, default, context))
    if not found and context.depth < MAX_FOLLOWED:
        found = list(_in_imported(path, facts, default, context))
    if not found:
        return default
    serving = [one for one in found if one.http] or found
    result = serving[-1]
    for one in serving[:-1]:
        if one.program == result.program:
            best = one if one.said and not result.said else result
            result = replace(best, processes=wider(one.processes, result.processes))
    return result


def launches(path: str, facts: FileFacts, default: Running, context: Context) -> Iterator[Running]:
    """The servers that the calls of a file start."""
    names = imported(facts)
    for call in facts.calls:
        full = full_name(call.function, names)
        launcher = LAUNCHERS.get(full)
        if launcher is not None:
            yield _of_call(call, launcher, path, facts, default, context)
        elif full.rpartition(".")[2] == "run" and _is_app_run(full, names):
            yield _of_app_run(call, path, facts, default, context)
        elif full.rpartition(".")[2] in _METHODS and "." in full:
            yield replace(
                default, program=full.rpartition(".")[2], target=default.target, http="launch" in full
            )


def _is_app_run(full: str, names: Mapping[str, str]) -> bool:
    """Whether ``x.run(…)`` is a web framework's server: ``app.run`` where Flask and the like are imported."""
    holder = full.rpartition(".")[0].rpartition(".")[2]
    frameworks = ("flask.", "quart.", "sanic.", "fasthtml.", "flask_socketio.", "mcp.", "fastmcp.", "dash.")
    if not any(one.startswith(frameworks) for one in names.values()):
        return False
    return holder in ("app", "application", "server", "socketio", "mcp") or holder.endswith("app")


def _of_app_run(call: Call, path: str, facts: FileFacts, default: Running, context: Context) -> Running:
    """``app.run(workers=4)``; Flask's has threads only (``processes=`` is Werkzeug's)."""
    launcher = Launcher("app.run", "workers")
    fast = _keyword(call, "fast")
    found = _of_call(replace_first(call), launcher, path, facts, default, context)
    return replace(found, processes=Range(2, "cpu")) if fast == Const(True) else found


def replace_first(call: Call) -> Call:
    """The call without its positional arguments: ``app.run("0.0.0.0")`` names no app."""
    return replace(call, arguments=tuple(one for one in call.arguments if one.name is not None))


def _keyword(call: Call, name: str) -> Value | None:
    """The value of a keyword argument."""
    return next((one.value for one in call.arguments if one.name == name), None)


def _of_call(
    call: Call, launcher: Launcher, path: str, facts: FileFacts, default: Running, context: Context
) -> Running:
    """The server that one call starts."""
    tree = context.tree
    plain = [one.value for one in call.arguments if one.name is None]
    app = plain[launcher.position] if launcher.position < len(plain) else _keyword(call, "app")
    text = folded_text(app, facts, context) if app is not None else None
    beside = replace(context, layout=context.layout.mounted())
    target, places = target_of(text, beside) if text else (default.target, (path,))
    if text:
        places = (*_beside(path, text), *places)
    workers = _keyword(call, launcher.workers) if launcher.workers else None
    processes, line, said = ONE, call.span.line, False
    spot = tree.spot(path, line)
    if workers is not None and workers != Const(None):
        processes, said = fold(workers, facts, context), True
        spot = tree.spot(path, line_of(workers, line))
    elif launcher.environment in context.env and launcher.environment:
        setting = context.env[launcher.environment]
        processes, said = count(setting.value or "\0"), True
        spot = tree.spot(setting.path, setting.line)
    if _keyword(call, "reload") == Const(True):
        processes = ONE
    broken = launcher.needs_text and app is not None and not isinstance(app, Const) and text is None
    broken = broken and processes.low >= 2
    found = replace(default, program=launcher.program, target=target, places=places, http=launcher.http)
    return replace(found, processes=processes, at=spot, said=said, broken=broken)


def _beside(path: str, text: str) -> Iterator[str]:
    """The file that a module is when it is looked up from the folder of the script."""
    relative = text.partition(":")[0].replace(".", "/")
    folder = posixpath.dirname(path)
    yield posixpath.join(folder, f"{relative}.py")
    yield posixpath.join(folder, relative, "__init__.py")


def _in_imported(path: str, facts: FileFacts, default: Running, context: Context) -> Iterator[Running]:
    """The servers that modules imported by a launcher start: ``from app.server import main; main()``."""
    for one in facts.imports:
        name = one.module
        module = name.lstrip(".")
        if one.scope != 0 or not module:
            continue
        places = (*_beside(path, module), *context.layout.modules(module))
        inner = context.existing(places)
        found = context.tree.facts(inner) if inner and inner != path else None
        if inner and found is not None:
            yield from launches(
                inner, found, replace(default, places=(inner, *default.places)), context.deeper()
            )
