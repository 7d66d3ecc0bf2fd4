"""The boxes of a map, made of what the project knows: entry points, code, memories, stores, workloads."""

from __future__ import annotations

from lcmemlint.facts import MODULE
from lcmemlint.link.conversation import Holding
from lcmemlint.link.deployment import LinkedWorkload
from lcmemlint.link.entry import EntryPoint
from lcmemlint.link.memory import Memory
from lcmemlint.link.objects import FunctionOf, Instance, dotted_of
from lcmemlint.link.project import Project
from lcmemlint.link.scaling import count_of, location
from lcmemlint.map.model import LIVES, Life, Node
from lcmemlint.values import Location

_PRODUCTS = (
    "Redis", "Postgres", "SQLite", "Sqlite", "MongoDB", "DynamoDB", "Cassandra", "CosmosDB", "Firestore",
    "Firebase", "Elasticsearch", "Neo4j", "Couchbase", "Momento", "Zep", "Motorhead", "Upstash", "Xata",
    "SingleStore", "TiDB", "Rockset", "AstraDB", "Astra", "Kafka", "MySQL", "MSSQL", "SQL", "File", "S3",
)  # fmt: skip
_SPELLED = {"Sqlite": "SQLite", "SQL": "SQL database", "File": "file", "Astra": "AstraDB"}
_NOUNS = {
    "route": "route",
    "websocket": "websocket",
    "event": "event",
    "task": "task",
    "serverless": "function",
    "startup": "when the server starts",
}


def entry_box(project: Project, point: EntryPoint) -> Node:
    """A place where requests enter."""
    function = point.function
    scope = project.facts(function.path).scopes[function.scope]
    label = function.path.rpartition("/")[2] if function.scope == MODULE else scope.qualname
    noun = (
        "script, run for every interaction"
        if function.scope == MODULE
        else _NOUNS.get(point.kind, point.kind)
    )
    framework = "" if point.framework == "any" else f"{point.framework} "
    return Node("", "entry", label, f"{framework}{noun}", point.at)


def served_box(framework: str, at: Location) -> Node:
    """A chain or graph that a framework is given to run."""
    return Node("", "entry", f"served by {framework}", f"{framework} runs it", at)


def function_box(project: Project, function: FunctionOf) -> Node:
    """A function, or the top level of a file."""
    scope = project.facts(function.path).scopes[function.scope]
    at = Location(function.path, scope.span)
    if function.scope == MODULE:
        return Node("", "code", "top level", "runs when the file is imported", at)
    return Node("", "code", f"{scope.qualname}()", "async function" if scope.is_async else "function", at)


def object_box(project: Project, thing: Instance) -> Node:
    """A chain, agent or graph that the code builds."""
    call = project.facts(thing.path).calls[thing.call]
    at = Location(thing.path, call.span)
    name = dotted_of(thing) or ""
    method = project.catalogue.component_method(name)
    if method is not None and method[1] == method[0].method:
        return Node("", "code", method[0].names[0], "graph, compiled here", at)
    return Node("", "code", name.rpartition(".")[2], "built here", at)


def memory_box(project: Project, memory: Memory) -> Node:
    """A memory, history, saver or store."""
    life = life_of(project, memory)
    kind = {"checkpointer": "saver", "store": "long-term store"}.get(memory.kind, memory.kind)
    detail = "brings a memory of its own" if memory.implicit else kind
    notes = [f"{LIVES[life][0]}: {LIVES[life][1]}"]
    if memory.fate.keyed and memory.storage == "process":
        notes.append(f"one for each key, kept in {project.where_kept(memory)}")
    if project.is_platform_managed(memory):
        notes.append("the platform puts its own in the place of it")
    return Node("", "memory", memory.name, detail, memory.at, life, notes=tuple(notes))


def holding_box(held: Holding) -> Node:
    """A plain dict or list that holds conversations."""
    notes = (f"{LIVES['process'][0]}: {LIVES['process'][1]}", f"holds the {held.content}")
    return Node("", "memory", held.name, "dict or list", held.at, "process", notes=notes)


def life_of(project: Project, memory: Memory) -> Life:
    """How far what is remembered gets."""
    if project.is_platform_managed(memory):
        return "shared"
    if not memory.on_request_path and memory.runs == {"script"}:
        return "script"
    if memory.storage != "process":
        return memory.storage
    match memory.fate.lifetime:
        case "request":
            return "request"
        case "worker" | "session":
            return "process"
        case "script":
            return "script"
    return "unknown"


def storage_box(project: Project, memory: Memory) -> Node:
    """Where the content of a memory is kept; memories that are kept in one place share the box."""
    life = life_of(project, memory)
    if project.is_platform_managed(memory):
        return Node("", "storage", "the platform's database", "LangGraph Platform", None, life)
    if memory.storage in ("host", "shared"):
        address = project.address(memory) if memory.storage == "shared" else None
        where = address.host if address is not None else ""
        detail = "a file on this host" if memory.storage == "host" else where
        return Node("", "storage", product_of(memory), detail, None, life)
    if life == "process" and memory.fate.lifetime == "session":
        return Node("", "storage", "browser session", "inside one process", None, life)
    return storage_of_life(life)


def storage_of_life(life: Life) -> Node:
    """The box for what is kept in no store."""
    label, detail = {
        "request": ("nowhere", "gone after the answer"),
        "process": ("memory of each process", "gone when it ends"),
        "script": ("memory of the script", ""),
        "client": ("the client", ""),
    }.get(life, ("unknown", "the code does not say"))
    return Node("", "storage", label, detail, None, life)


def product_of(memory: Memory) -> str:
    """The database or file behind a component, by its name."""
    names = (memory.name, *memory.component.names, memory.component.id)
    for name in names:
        found = next((word for word in _PRODUCTS if word.lower() in name.lower()), None)
        if found is not None:
            return _SPELLED.get(found, found)
    return "a file" if memory.storage == "host" else "a shared store"


def workload_box(linked: LinkedWorkload) -> Node:
    """What runs the project, and as how many processes."""
    workload = linked.workload
    program = f"{workload.program}, " if workload.program else ""
    notes = [f"{workload.at.text.strip()}"] if workload.at.text.strip() else []
    if workload.affinity:
        notes.append("sticky sessions")
    return Node(
        "",
        "workload",
        count_of(workload),
        f"{program}{workload.name}",
        location(workload.at),
        notes=tuple(notes),
    )
