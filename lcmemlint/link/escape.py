"""Does a new id leave the request? Whether the client (or a database, a cookie, a session) may get to know it.

The id is followed forwards through names, casts and the functions of the project. Configurations and runs of chains
keep it inside, logging tells nobody; everything else (an answer, a response object, a query) lets it out. An attribute
of ``self`` keeps it inside if only methods of the class read it, and these let nothing out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lcmemlint.facts import Call, FileFacts, Statement
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.objects import FunctionOf, Method, Object, dotted_of
from lcmemlint.link.storage import component_called
from lcmemlint.values import AttrOf, CallOf, Const, Container, ItemOf, Name, Value, parts_of, walk

_DEEP = 5
_CASTS = frozenset(
    ("builtins.str", "builtins.int", "builtins.repr", "builtins.format", "uuid.UUID", "typing.cast")
)
_LOGGERS = ("logging.", "loguru.", "structlog.", "builtins.print", "rich.", "sys.")
_LOG_METHODS = frozenset(("debug", "info", "warning", "error", "exception", "critical", "log", "bind"))


class Escapes:
    """Answers where ids go."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._run = evaluator.catalogue.session.run | evaluator.catalogue.session.state

    def leaves(self, path: str, scope: int, start: Value, depth: int = 0) -> bool:
        """Whether what ``start`` (a name or a call of that scope) holds may leave the request."""
        if depth > _DEEP:
            return True
        carriers = {start}
        while True:
            more = self._carriers(path, scope, carriers, depth)
            if more is None:
                return True
            if more <= carriers:
                break
            carriers |= more
        return any(self._leaves_by_call(path, number, carriers, depth) for number in self._calls(path, scope))

    def _carriers(self, path: str, scope: int, carriers: set[Value], depth: int) -> set[Value] | None:
        """Names and casts that hold the same id; None when a statement lets it out."""
        found: set[Value] = set()
        for statement in self._statements(path, scope):
            if statement.value is None or not _holds(statement.value, carriers):
                continue
            if statement.kind in ("return", "yield", "raise"):
                return None
            if statement.kind in ("assign", "annotate", "walrus", "augment"):
                if all(_is_configurable(target) for target in statement.targets):
                    continue
                names = [target for target in statement.targets if isinstance(target, Name)]
                kept = [target for target in statement.targets if _is_own(target)]
                if len(names) + len(kept) < len(statement.targets):
                    return None
                if any(self._leaves_by_attribute(path, scope, target, depth) for target in kept):
                    return None
                found.update(names)
        for number in self._calls(path, scope):
            call = self.evaluator.files[path].calls[number]
            if any(_holds(given.value, carriers) for given in call.arguments) and self._is_cast(path, call):
                found.add(CallOf(number))
        return found

    def _leaves_by_attribute(self, path: str, scope: int, attribute: Value, depth: int) -> bool:
        """Whether anything but the class itself reads its attribute, or a method of the class lets it out."""
        cls = self.evaluator.class_around(path, scope)
        assert isinstance(attribute, AttrOf)
        readers: set[int] = set()
        for file, facts in self.evaluator.files.items():
            for where, value in _values(facts):
                for part in walk(value):
                    if not isinstance(part, AttrOf) or part.name != attribute.name:
                        continue
                    if file != path or part != attribute or self.evaluator.class_around(file, where) != cls:
                        return True
                    readers.add(where)
        return cls is None or any(self.leaves(path, where, attribute, depth + 1) for where in sorted(readers))

    def _is_cast(self, path: str, call: Call) -> bool:
        return any(dotted_of(thing) in _CASTS for thing in self._called(path, call))

    def _called(self, path: str, call: Call) -> tuple[Object, ...]:
        return self.evaluator.value(path, call.scope, call.function, call.statement)

    def _leaves_by_call(self, path: str, number: int, carriers: set[Value], depth: int) -> bool:
        call = self.evaluator.files[path].calls[number]
        held = [
            given
            for given in call.arguments
            if given.name != "configurable" and _holds(given.value, carriers)
        ]
        if not held:
            return False
        if isinstance(call.function, AttrOf) and call.function.name in self._run | _LOG_METHODS:
            return False
        called = self._called(path, call)
        for thing in called:
            name = dotted_of(thing) or ""
            if (
                name in _CASTS
                or name.startswith(_LOGGERS)
                or component_called(self.evaluator, thing) is not None
            ):
                return False
        functions = [thing for thing in called if isinstance(thing, FunctionOf | Method)]
        if not functions or len(functions) < len(called):
            return True
        return any(
            self._leaves_function(path, call, thing, given.name, given.value, depth)
            for thing in functions
            for given in held
        )

    def _leaves_function(
        self, path: str, call: Call, thing: FunctionOf | Method, keyword: str | None, value: Value, depth: int
    ) -> bool:
        """Whether the function that is handed the id lets it out; one whose parameter we cannot name does."""
        function = thing.function if isinstance(thing, Method) else thing
        params = list(self.evaluator.files[function.path].scopes[function.scope].params)
        if isinstance(thing, Method) and self.evaluator.is_method(function):
            params = params[1:]
        if keyword is None:
            positional = [given.value for given in call.arguments if given.name is None]
            place = next(number for number, given in enumerate(positional) if given is value)
            names = [param.name for param in params if param.kind in ("plain", "positional-only")]
            keyword = names[place] if place < len(names) else ""
        if keyword not in {param.name for param in params}:
            return True
        return self.leaves(function.path, function.scope, Name(keyword), depth + 1)

    def _inside(self, path: str, scope: int, candidate: int) -> bool:
        scopes = self.evaluator.files[path].scopes
        while candidate > 0 and candidate != scope:
            candidate = scopes[candidate].parent
        return candidate == scope

    def _statements(self, path: str, scope: int) -> Iterator[Statement]:
        for statement in self.evaluator.files[path].statements:
            if self._inside(path, scope, statement.scope):
                yield statement

    def _calls(self, path: str, scope: int) -> Iterator[int]:
        for number, call in enumerate(self.evaluator.files[path].calls):
            if self._inside(path, scope, call.scope):
                yield number


def _holds(value: Value, carriers: set[Value]) -> bool:
    """Whether the id is in a value outside of any ``configurable``."""
    pending = [value]
    while pending:
        part = pending.pop()
        if part in carriers:
            return True
        if isinstance(part, Container) and part.keys:
            pairs = zip(part.keys, part.items, strict=False)
            pending.extend(item for key, item in pairs if key != Const("configurable"))
        else:
            pending.extend(parts_of(part))
    return False


def _is_own(target: Value) -> bool:
    return isinstance(target, AttrOf) and target.base == Name("self")


def _values(facts: FileFacts) -> Iterator[tuple[int, Value]]:
    """Everything that statements and calls of a file read, with the scope that it stands in."""
    for statement in facts.statements:
        if statement.value is not None:
            yield statement.scope, statement.value
    for call in facts.calls:
        yield call.scope, call.function
        yield from ((call.scope, given.value) for given in call.arguments)


def _is_configurable(target: Value) -> bool:
    """Whether a statement assigns to ``config["configurable"]`` or to an item of it."""
    return isinstance(target, ItemOf) and (
        target.key == Const("configurable") or _is_configurable(target.base)
    )
