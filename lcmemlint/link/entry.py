"""Where requests, messages, events and tasks enter the project: functions, scripts and served objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from posixpath import basename

from msgspec import Struct

from lcmemlint.catalogue import Entry
from lcmemlint.catalogue.types import How
from lcmemlint.facts import MODULE, Call, FileFacts
from lcmemlint.findings import Confidence
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.objects import ClassOf, FunctionOf, Instance, Method, Object, Part, dotted_of
from lcmemlint.values import AttrOf, CallOf, Const, Location, Span, Value

CONFIGURED = "your configuration"
"""The source (and the framework) of entry points that the user declares."""
_NO_SERVER = ("test", "notebook", "migration")
_FOLLOWED = 60
"""How many functions are followed from the module level of a file to see whether it draws a page."""
_VERBS = frozenset(
    ["get", "post", "put", "delete", "patch", "websocket", "route", "api_route", "head", "options"]
)


class EntryPoint(Struct, frozen=True):
    """A function (scope 0: a whole script) that a framework runs; ``startup`` ones run once a worker."""

    function: FunctionOf
    kind: str
    framework: str
    confidence: Confidence
    at: Location

    @property
    def startup(self) -> bool:
        """Whether it runs once a worker, not once a request."""
        return self.kind == "startup"


class Served(Struct, frozen=True):
    """A chain, graph or agent that a framework is given to run: the object, and where it is handed over."""

    thing: Object
    framework: str
    at: Location


def find_entries(evaluator: Evaluator, roles: dict[str, str]) -> tuple[list[EntryPoint], list[Served]]:
    """All entry points of the project, in order of place, and what frameworks are given to serve."""
    found: dict[FunctionOf, EntryPoint] = {}
    served: list[Served] = []
    scripts: dict[str, list[EntryPoint]] = {}
    calls = _Called(evaluator, ("register", "startup", "dependency"), ("serve-object",))
    for point in _scripts(evaluator, roles):
        scripts.setdefault(point.function.path, []).append(point)
    for path in evaluator.files:
        if roles.get(path, "app") in _NO_SERVER:
            continue
        for point in (
            *_declared(evaluator, path),
            *_decorated(evaluator, path),
            *_class_based(evaluator, path),
            *scripts.get(path, ()),
        ):
            _add(found, point)
        for call in evaluator.files[path].calls:
            for entry in calls.entries(path, call):
                if entry.how == "serve-object":
                    served.extend(_served(evaluator, path, call, entry))
                else:
                    for point in _registered(evaluator, path, call, entry):
                        _add(found, point)
    called = {  # a harness beside the application (`print(lambda_handler(event, None))`) is no caller
        edge.callee
        for table in evaluator.edges.values()
        for edge in table.values()
        if edge.scope != MODULE or edge.path == edge.callee.path
    }
    for path in evaluator.files:
        if roles.get(path, "app") == "app":
            for point in _named(evaluator, path, called):
                _add(found, point)
    ordered = sorted(found.values(), key=lambda point: (point.function.path, point.function.scope))
    return ordered, served


def _add(found: dict[FunctionOf, EntryPoint], point: EntryPoint) -> None:
    known = found.get(point.function)
    if known is None or (known.startup and not point.startup):
        found[point.function] = point


class _Called:
    """What the tables know of the calls of a project; they call the same few things again and again."""

    def __init__(self, evaluator: Evaluator, *hows: tuple[How, ...]) -> None:
        """``hows``: of each group the first entry counts that knows a name."""
        self._evaluator = evaluator
        self._hows = hows
        self._known: dict[Object, tuple[Entry, ...]] = {}

    def entries(self, path: str, call: Call) -> Iterator[Entry]:
        """The entries of what a call calls."""
        for thing in self._evaluator.value(path, call.scope, call.function, call.statement):
            if thing not in self._known:
                self._known[thing] = tuple(self._find(thing))
            yield from self._known[thing]

    def _find(self, thing: Object) -> Iterator[Entry]:
        for hows in self._hows:
            for name in names_of(self._evaluator, thing):
                found = (self._evaluator.catalogue.entry(how, name) for how in hows)
                entry = next((one for one in found if one is not None), None)
                if entry is not None and not entry.as_call:
                    yield entry


def names_of(evaluator: Evaluator, thing: Object) -> Iterator[str]:
    """Dotted names under which the tables may know ``thing``: its own, and those of its external bases."""
    if isinstance(thing, Part) and isinstance(thing.base, Instance) and isinstance(thing.base.of, ClassOf):
        for base in evaluator.external_bases(thing.base.of):
            yield f"{base}.{thing.name}"
        return
    if isinstance(thing, ClassOf):
        yield from evaluator.external_bases(thing)
        return
    name = dotted_of(thing)
    if name is not None:
        yield name
        head, _, last = name.rpartition(".")
        if "." in head:
            yield f"{head.rpartition('.')[0]}.{last}"


def _place(evaluator: Evaluator, path: str, span: Span) -> Location:
    return Location(path, span)


def _declared(evaluator: Evaluator, path: str) -> Iterator[EntryPoint]:
    """Functions that the user's configuration names: ``app.jobs:run``, ``*.handle_*``."""
    patterns = [
        pattern
        for entry in evaluator.catalogue.entries_by_how("name")
        if entry.source == CONFIGURED
        for pattern in entry.patterns
    ]
    if not patterns:
        return
    module = evaluator.modules.module_name(path)
    for number, scope in enumerate(evaluator.files[path].scopes):
        names = (f"{module}.{scope.qualname}", scope.qualname)
        if scope.kind == "function" and any(
            fnmatchcase(name, pattern) for name in names for pattern in patterns
        ):
            at = Location(path, scope.span)
            yield EntryPoint(FunctionOf(path, number), "declared", CONFIGURED, "certain", at)


def _decorated(evaluator: Evaluator, path: str) -> Iterator[EntryPoint]:
    facts = evaluator.files[path]
    for number, scope in enumerate(facts.scopes):
        for decorator in scope.decorators:
            called = facts.calls[decorator.call] if isinstance(decorator, CallOf) else None
            function = called.function if called is not None else decorator
            entry = _entry_of(evaluator, path, scope.parent, function, ("decorator", "startup"))
            at = Location(path, called.span if called is not None else scope.span)
            if entry is not None:
                targets = (
                    _methods(evaluator, path, number, entry)
                    if scope.kind == "class"
                    else [FunctionOf(path, number)]
                )
                for target in targets:
                    yield EntryPoint(target, entry.kind, entry.framework, "certain", at)
            elif (
                scope.kind == "function"
                and called is not None
                and _looks_like_route(evaluator, path, scope.parent, called.function, called.arguments)
            ):
                yield EntryPoint(FunctionOf(path, number), "route", "web framework", "likely", at)


def _methods(evaluator: Evaluator, path: str, scope: int, entry: Entry) -> list[FunctionOf]:
    facts = evaluator.files[path]
    wanted = entry.methods or ("*",)
    return [
        FunctionOf(path, child)
        for child in evaluator.names[path].children.get(scope, ())
        if facts.scopes[child].kind == "function"
        and (
            ("*" in wanted and not facts.scopes[child].name.startswith("_"))
            or facts.scopes[child].name in wanted
        )
    ]


def _entry_of(
    evaluator: Evaluator, path: str, scope: int, function: Value, hows: Iterable[str]
) -> Entry | None:
    for thing in evaluator.value(path, scope, function):
        for name in names_of(evaluator, thing):
            for how in hows:
                entry = evaluator.catalogue.entry(how, name)  # type: ignore[arg-type]
                if entry is not None:
                    return entry
    return None


def _looks_like_route(
    evaluator: Evaluator, path: str, scope: int, function: Value, arguments: Sequence[object]
) -> bool:
    """``@something.post("/chat")`` whose receiver we cannot follow: nothing else is written like that."""
    if not isinstance(function, AttrOf) or function.name not in _VERBS or not arguments:
        return False
    first = getattr(arguments[0], "value", None)
    if not (isinstance(first, Const) and isinstance(first.value, str) and first.value.startswith("/")):
        return False
    return all(dotted_of(thing) is None for thing in evaluator.value(path, scope, function.base))


def _class_based(evaluator: Evaluator, path: str) -> Iterator[EntryPoint]:
    facts = evaluator.files[path]
    for number, scope in enumerate(facts.scopes):
        if scope.kind != "class":
            continue
        for base in evaluator.external_bases(ClassOf(path, number)):
            for entry in evaluator.catalogue.entries_by_base(base):
                for method in _methods(evaluator, path, number, entry):
                    at = Location(path, facts.scopes[method.scope].span)
                    kind = "startup" if entry.how == "startup" else entry.kind
                    yield EntryPoint(method, kind, entry.framework, "certain", at)


def _scripts(evaluator: Evaluator, roles: dict[str, str]) -> Iterator[EntryPoint]:
    for entry in evaluator.catalogue.entries_by_how("script"):
        roots = frozenset(module.split(".", 1)[0] for module in entry.modules)
        if not any(_imports(facts, roots) for facts in evaluator.files.values()):
            continue
        parts = _imported_files(evaluator)
        for path in evaluator.files:
            if roles.get(path, "app") not in _NO_SERVER and path not in parts:
                at = _draws(evaluator, path, roots)
                if at is not None:
                    yield EntryPoint(FunctionOf(path, MODULE), entry.kind, entry.framework, "certain", at)


def _imports(facts: FileFacts, roots: frozenset[str]) -> bool:
    return any(found.module.split(".", 1)[0] in roots for found in facts.imports)


def _imported_files(evaluator: Evaluator) -> set[str]:
    """Files that another module imports: they are parts of a page, not the page."""
    found = {path for path in evaluator.files if basename(path) == "__init__.py"}
    for path, facts in evaluator.files.items():
        for imported in facts.imports:
            names = [imported.module, *([_member(imported.module, imported.name)] if imported.name else [])]
            targets = (evaluator.modules.find(path, name) for name in names)
            found.update(target for target in targets if target is not None and target != path)
    return found


def _draws(evaluator: Evaluator, path: str, roots: frozenset[str]) -> Location | None:
    """Where the module level of a file begins to use a page framework, itself or by functions that it calls.

    Only a file that imports the framework draws with it: another may be handed what a widget gave.
    """
    pending: list[tuple[FunctionOf, Location | None]] = [(FunctionOf(path, MODULE), None)]
    seen: set[FunctionOf] = set()
    while pending:
        function, first = pending.pop(0)
        if function in seen:
            continue
        seen.add(function)
        facts = evaluator.files[function.path]
        imports = _imports(facts, roots)
        for number in evaluator.names[function.path].calls_of.get(function.scope, ()):
            call = facts.calls[number]
            at = first or Location(path, call.span)
            for thing in evaluator.value(function.path, call.scope, call.function, call.statement):
                name = dotted_of(thing)
                if imports and name is not None and name.split(".", 1)[0] in roots:
                    return at
                pending.extend((target, at) for target, _ in evaluator.runs(thing) if len(seen) < _FOLLOWED)
    return None


def _member(module: str, name: str) -> str:
    return f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _registered(evaluator: Evaluator, path: str, call: Call, entry: Entry) -> Iterator[EntryPoint]:
    for value in _handed_over(call.arguments, entry):
        for handed in _flattened(evaluator, Site(path, call.scope, value, call.statement)):
            for function in _functions(evaluator, handed, entry):
                kind = "startup" if entry.how == "startup" else entry.kind
                yield EntryPoint(function, kind, entry.framework, "certain", Location(path, call.span))


def _flattened(evaluator: Evaluator, site: Site) -> Iterator[Object]:
    from lcmemlint.link.objects import Collection

    for thing in evaluator.at(site):
        if isinstance(thing, Collection):
            for _, inner in evaluator.contents(thing):
                yield from evaluator.at(inner)
        else:
            yield thing


def _handed_over(arguments: Sequence[object], entry: Entry) -> Iterator[Value]:
    positional = [argument.value for argument in arguments if argument.name is None]  # type: ignore[attr-defined]
    for argument in arguments:
        if argument.name in entry.arguments:  # type: ignore[attr-defined]
            yield argument.value  # type: ignore[attr-defined]
    positions = entry.positions if entry.positions or entry.arguments else (0,)
    for position in positions:
        if position < len(positional):
            yield positional[position]


def _functions(evaluator: Evaluator, thing: Object, entry: Entry) -> Iterator[FunctionOf]:
    if isinstance(thing, FunctionOf):
        yield thing
    elif isinstance(thing, Method):
        yield thing.function
    elif isinstance(thing, ClassOf):
        for name in entry.methods or ("__call__", "run", "execute", "handle", "process", "dispatch"):
            method = evaluator.member(thing, name)
            if isinstance(method, FunctionOf):
                yield method
    elif isinstance(thing, Instance) and isinstance(thing.of, ClassOf):
        for name in (*entry.methods, "__call__"):
            method = evaluator.member(thing.of, name)
            if isinstance(method, FunctionOf):
                yield method
    elif isinstance(thing, Instance) and thing.path and entry.how == "startup":
        call = evaluator.files[thing.path].calls[thing.call]  # combine_lifespans(ours, theirs)
        for given in call.arguments:
            for inner in evaluator.value(thing.path, call.scope, given.value, call.statement):
                if isinstance(inner, FunctionOf | Method):
                    yield from _functions(evaluator, inner, entry)


def _served(evaluator: Evaluator, path: str, call: Call, entry: Entry) -> Iterator[Served]:
    for value in _handed_over(call.arguments, entry):
        for handed in evaluator.value(path, call.scope, value, call.statement):
            yield Served(handed, entry.framework, Location(path, call.span))


def _named(evaluator: Evaluator, path: str, called: set[FunctionOf]) -> Iterator[EntryPoint]:
    facts, catalogue = evaluator.files[path], evaluator.catalogue
    entries = (*catalogue.entries_by_how("name"), *catalogue.entries_by_how("startup"))
    for number, scope in enumerate(facts.scopes):
        if scope.kind != "function" or scope.parent != MODULE or FunctionOf(path, number) in called:
            continue
        entry = next((entry for entry in entries if entry.fits(scope.name)), None)
        if entry is not None:
            at = Location(path, scope.span)
            yield EntryPoint(FunctionOf(path, number), entry.kind, entry.framework, "likely", at)


def files_beside(evaluator: Evaluator, servers: Iterable[str]) -> frozenset[str]:
    """Files that no server needs and that need no server: demos, evaluations, tools. Empty where there is no server."""
    start = frozenset(servers)
    if not start:
        return frozenset()
    needs = {
        path: {
            target
            for imported in facts.imports
            for name in (imported.module, _member(imported.module, imported.name or ""))
            for target in evaluator.modules.resolve(path, name.rstrip("."))
            if target in evaluator.files
        }
        for path, facts in evaluator.files.items()
    }
    needed_by: dict[str, set[str]] = {}
    for path, targets in needs.items():
        for target in targets:
            needed_by.setdefault(target, set()).add(path)
    return frozenset(evaluator.files) - _closure(_closure(start, needed_by), needs)


def _closure(start: Iterable[str], edges: Mapping[str, set[str]]) -> frozenset[str]:
    seen = set(start)
    pending = list(seen)
    while pending:
        for target in edges.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return frozenset(seen)


def servers(evaluator: Evaluator) -> frozenset[str]:
    """Files that start a server, in their ``__main__`` block or in a function."""
    calls = _Called(evaluator, ("server-launch",))
    return frozenset(
        path
        for path, facts in evaluator.files.items()
        if any(True for call in facts.calls for _ in calls.entries(path, call))
    )
