"""LCM307 saver-lifecycle: a saver or store that is opened in a way that cannot hold for the life of a server."""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.link.project import Project
from lcmemlint.link.savers import Lapse

_POOL = "give it a connection pool that lives as long as the server"
_HELP = {
    "unentered": "enter it (`with` or `async with`) around everything that uses it, or build the saver on a pool",
    "left": "keep the `with` open as long as the server: enter it in the lifespan, or build the saver on a pool",
    "no-loop": "build it when the server starts, in an async lifespan",
    "argument": "pass an open connection or pool, or enter `from_conn_string(...)`",
    "thread": "pass `check_same_thread=False` to `sqlite3.connect`",
    "lone": f"{_POOL}: a pool replaces a connection that broke",
}


def check(project: Project) -> Iterator[Finding]:
    for lapse in project.savers.lapses():
        hidden = " (the `except` around it hides that)" if project.savers.hides_errors(lapse) else ""
        yield Finding(
            code="LCM307",
            message=f"{_fault(lapse)}{hidden if lapse.kind in ('unentered', 'argument') else ''}",
            at=lapse.memory.at,
            severity="warning" if lapse.kind == "lone" else "error",
            confidence=lapse.confidence,
            symbol=lapse.name,
            help=_HELP[lapse.kind],
            because=lapse.memory.trace,
            related=() if lapse.where == lapse.memory.at else (Step(lapse.where, _where(lapse)),),
            fix=_fix(lapse),
            no_fix="what opens and closes it is a decision about the whole server; see the page",
        )


def _fault(lapse: Lapse) -> str:
    name = lapse.name
    match lapse.kind:
        case "unentered":
            return f"this gives a context manager, not a `{name}`, and nothing enters it: {lapse.how}"
        case "left":
            return f"`{name}` leaves its `with`, so every turn meets a closed connection"
        case "no-loop":
            return f"`{name}` is built while the module is imported: RuntimeError, no running event loop"
        case "argument":
            return f"`{name}` is given the wrong argument: {lapse.how}"
        case "thread":
            return f"`{name}` uses its connection from other threads: ProgrammingError at the first turn"
        case "lone":
            return f"`{name}` has one connection for the server's life: when the database drops it, every turn fails"


def _fix(lapse: Lapse) -> FixRequest | None:
    memory = lapse.memory
    if lapse.kind == "thread":
        flag = (("argument", "check_same_thread"), ("code", "False"))
        return FixRequest("set-argument", lapse.where.path, lapse.where.span, flag)
    if memory.kind != "checkpointer":
        return None
    entered = "no" if lapse.kind == "unentered" else ""
    known = (("class", getattr(memory.thing.of, "dotted", "")), ("entered", entered))
    return FixRequest("checkpointer", memory.at.path, memory.at.span, known, unsafe=True)


def _where(lapse: Lapse) -> str:
    return {
        "unentered": "used as a saver here",
        "left": "carried out of its `with` here",
        "lone": "the connection is opened here",
        "thread": "the connection is opened here",
    }.get(lapse.kind, "here")
