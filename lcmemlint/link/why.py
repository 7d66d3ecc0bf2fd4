"""Every decision of the linker about one place, in sentences: what ``--why FILE:LINE`` prints."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.link.memory import Memory
from lcmemlint.link.project import Project
from lcmemlint.values import Location, Span

_LIVES = {
    "request": "lives for one request: nothing keeps it",
    "worker": "lives as long as the worker process",
    "session": "lives as long as a user's browser session, inside one worker",
    "script": "is built only when the file is run as a script",
    "dead": "is built by code that nothing in the project runs",
    "unknown": "lives in a place that lcmemlint does not follow",
}
_STORES = {
    "process": "keeps its content in the process",
    "host": "keeps its content on this host's disk",
    "shared": "keeps its content in a store that workers share",
    "client": "keeps its content with the client",
    "unknown": "keeps its content in a place that is not written in the code",
}


def explain_place(project: Project, path: str, line: int) -> list[str]:
    """Sentences about ``path:line``: who runs it, what is built there, what selects a conversation there."""
    if path not in project.evaluator.files:
        return [
            f"{path} was not parsed: nothing in it, and nothing that imports it, mentions LangChain or LangGraph."
        ]
    return [
        *_about_function(project, path, line),
        *(
            sentence
            for memory in project.memories.all
            if _covers(memory.at, path, line)
            for sentence in _about(project, memory)
        ),
        *_about_keys(project, path, line),
    ]


def _covers(at: Location, path: str, line: int) -> bool:
    return at.path == path and at.span.line <= line <= at.span.end_line


def _about_function(project: Project, path: str, line: int) -> Iterator[str]:
    facts = project.facts(path)
    scope = _scope_at(project, path, line)
    function = project.memories.function_of(path, scope)
    name = f"`{facts.scopes[function.scope].qualname}`" if function.scope else "The module level of this file"
    runs = project.reach.runs(function) if function.scope else frozenset(("import",))
    if function in project.reach.came:
        yield f"{name} runs on the request path:"
        for step in project.reach.trace(function):
            yield f"  {_place(step.at)}: {step.text}"
    elif function.scope == 0:
        yield f"{name} runs once, when the module is imported."
    elif runs:
        yield f"{name} runs {' and '.join(_when(run) for run in sorted(runs))}, not per request."
    else:
        yield f"{name} is called by nothing that lcmemlint can see, so findings in it would be guesses: silence."


def _when(run: str) -> str:
    return {
        "import": "while modules are imported",
        "startup": "when the server starts",
        "script": "under `__main__`",
    }.get(run, run)


def _scope_at(project: Project, path: str, line: int) -> int:
    """The innermost function whose statements or calls stand around the line."""
    facts = project.facts(path)
    best, scope = Span(0, 0, 0, 0), 0
    for number, candidate in enumerate(facts.scopes):
        if candidate.kind in ("function", "lambda") and candidate.span.line <= line and candidate.span > best:
            last = max(
                [
                    facts.statements[n].span.end_line
                    for n in project.evaluator.names[path].statements_of.get(number, ())
                ],
                default=candidate.span.end_line,
            )
            if line <= last:
                best, scope = candidate.span, number
    return scope


def _about(project: Project, memory: Memory) -> Iterator[str]:
    what = "brings a memory of its own" if memory.implicit else f"is a {memory.kind}"
    yield f"`{memory.name}` {what} ({memory.component.id}: {memory.component.source})."
    yield f"It {_STORES[memory.storage]}."
    kept = f", one for each key ({project.where_kept(memory)})" if memory.fate.keyed else ""
    yield f"It {_LIVES[memory.fate.lifetime]}{kept}."
    if memory.on_request_path and memory.trace:
        yield "Request code builds or uses it:"
        for step in memory.trace:
            yield f"  {_place(step.at)}: {step.text}"
    else:
        yield "No request code builds or uses it."
    if memory.kind in ("memory", "history"):
        if project.is_filled(memory):
            yield "Messages are put in before anything runs, so it does not start empty."
        if project.is_scratch(memory):
            yield "The same call runs its chain in a loop, so it serves the steps of one run."
        if not project.is_attached(memory):
            yield "Nothing reads it or receives it."
    if project.is_development_only(memory):
        yield "An explicit development switch guards it."


def _about_keys(project: Project, path: str, line: int) -> Iterator[str]:
    for sink in project.keys.sinks:
        if not _covers(sink.at, path, line):
            continue
        yield f"`{sink.name}` selects a conversation here. Where its value comes from:"
        for origin in project.keys.origins(sink.site):
            kind = {
                "constant": f"the literal {origin.text}",
                "none": "nothing (None or empty text)",
                "fresh": f"a new id ({origin.text})",
                "process": f"one value for the whole process ({origin.text})",
                "environment": "the environment, the same for every user of a deployment",
                "given": "the request",
                "unknown": "something that lcmemlint does not follow",
            }[origin.kind]
            yield f"  {_place(origin.at)}: {kind}{', as a fallback' if origin.fallback else ''}"


def _place(at: Location) -> str:
    return f"{at.path}:{at.span.line}:{at.span.column + 1}"
