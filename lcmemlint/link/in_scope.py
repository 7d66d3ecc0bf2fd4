"""The key in scope: which expression names the conversation at a place in the code.

Names tell: `session_id` before `user_id`. Words that mean an object as often as its id (`user`, `session`) count only
where the code shows that they are text: by an annotation, or because they come out of a request by that name.
"""

from __future__ import annotations

from lcmemlint.facts import Call, Param, Scope
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.names import Binding
from lcmemlint.link.objects import ClassOf, Instance
from lcmemlint.values import AttrOf, CallOf, Const, ItemOf, Joined, Value, dotted, walk

_OBJECTS = frozenset(
    {"thread", "session", "conversation", "room", "channel", "user", "sender", "from_user", "chat_user"}
)
_PLAIN = frozenset({"str", "int", "UUID", "uuid.UUID"})


class KeysInScope:
    """Finds the session keys of a project's functions."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        words = evaluator.catalogue.session
        self._ranked = {name: rank for rank, name in enumerate((*words.key_names, *words.person_names))}
        self._sessions = frozenset(words.key_names)
        self._suffixes = tuple(words.key_suffixes)

    def names_session(self, key: str) -> bool:
        """Whether a key is named like that of a conversation, not like a person's."""
        snake = _snake(key.rpartition(".")[2])
        return snake in self._sessions or snake.endswith(self._suffixes)

    def key_at(self, path: str, call: Call) -> str:
        """The expression that names the conversation where a call stands; empty when there is none."""
        facts = self.evaluator.files[path]
        number = call.scope
        found: list[tuple[int, str]] = []
        while number > 0:
            scope = facts.scopes[number]
            if scope.kind in ("function", "lambda"):
                found.extend(self._in_params(path, number, scope))
                found.extend(self._in_locals(path, call, number))
                if found:
                    break
            number = scope.parent
        return min(found)[1] if found else ""

    def rank(self, name: str) -> int | None:
        """How well a name names a conversation, the best 0; None for one that does not."""
        snake = _snake(name)
        if snake in self._ranked:
            return self._ranked[snake]
        if snake.endswith(self._suffixes):
            return 0
        return None

    def _in_params(self, path: str, number: int, scope: Scope) -> list[tuple[int, str]]:
        found = []
        for param in scope.params:
            rank = self.rank(param.name)
            if (
                rank is not None
                and param.kind not in ("*", "**")
                and not self._is_model(path, scope, param.annotation)
                and self._is_text(path, number, param)
            ):
                found.append((rank, param.name))
            for cls in self._model_classes(path, scope, param.annotation):
                for name in self._fields(cls):
                    inner = self.rank(name)
                    if inner is not None:
                        found.append((inner + 1, f"{param.name}.{name}"))
        return found

    def _is_text(self, path: str, number: int, param: Param) -> bool:
        """Whether a parameter is an id: by its name, by its annotation, or because nothing else is passed."""
        if not _may_be_object(param.name):
            return True
        if param.annotation is not None:
            return _is_plain(param.annotation)
        return not any(isinstance(thing, Instance) for thing in self.evaluator.param(path, number, param))

    def _is_model(self, path: str, scope: Scope, annotation: object) -> bool:
        return bool(self._model_classes(path, scope, annotation))

    def _model_classes(self, path: str, scope: Scope, annotation: object) -> list[ClassOf]:
        if annotation is None:
            return []
        things = self.evaluator.annotated(path, max(scope.parent, 0), annotation)  # type: ignore[arg-type]
        return [thing.of for thing in things if isinstance(thing, Instance) and isinstance(thing.of, ClassOf)]

    def _fields(self, cls: ClassOf) -> list[str]:
        found = []
        for one in self.evaluator.project_bases(cls):
            for (scope, name), bindings in self.evaluator.names[one.path].table.items():
                if scope == one.scope and any(self._is_field(one.path, name, each) for each in bindings):
                    found.append(name)
        return found

    def _is_field(self, path: str, name: str, binding: Binding) -> bool:
        if binding.kind != "statement":
            return False
        annotation = self.evaluator.files[path].statements[binding.index].annotation
        return not _may_be_object(name) or (annotation is not None and _is_plain(annotation))

    def _in_locals(self, path: str, call: Call, number: int) -> list[tuple[int, str]]:
        names = self.evaluator.names[path]
        around = set(names.blocks_around(call.block)) if call.scope == number else set()
        found = []
        for (scope, name), bindings in names.table.items():
            rank = self.rank(name)
            if scope != number or rank is None:
                continue
            if any(
                binding.kind == "statement"
                and binding.path == ()
                and binding.line < call.span.line
                and binding.block in around
                and (not _may_be_object(name) or self._is_taken_as_text(path, binding))
                for binding in bindings
            ):
                found.append((rank, name))
        return found

    def _is_taken_as_text(self, path: str, binding: Binding) -> bool:
        """Whether a variable is text: put together, or taken out of a request by the name of an id."""
        facts = self.evaluator.files[path]
        statement = facts.statements[binding.index]
        match statement.value:
            case Joined():
                return True
            case ItemOf(key=Const(value=str(name))):
                is_named = self.rank(name) is not None
            case CallOf(call=number):
                is_named = self._is_named(facts.calls[number])
            case _:
                return False
        things = self.evaluator.value(path, statement.scope, statement.value, binding.index)
        return is_named and not any(isinstance(thing, Instance) for thing in things)

    def _is_named(self, call: Call) -> bool:
        """`str(…)`, and `data.get("user")`."""
        first = call.arguments[0].value if call.arguments else None
        if isinstance(call.function, AttrOf) and call.function.name == "get":
            return (
                isinstance(first, Const)
                and isinstance(first.value, str)
                and self.rank(first.value) is not None
            )
        return dotted(call.function) == "str"


def _may_be_object(name: str) -> bool:
    snake = _snake(name)
    return snake in _OBJECTS or snake.endswith(("_session", "_thread"))


def _is_plain(annotation: Value) -> bool:
    """Whether an annotation speaks of text or a number: `str`, `str | None`, `"str"`."""
    return any(
        dotted(part) in _PLAIN or (isinstance(part, Const) and str(part.value).split(" ")[0] in _PLAIN)
        for part in walk(annotation)
    )


def _snake(name: str) -> str:
    text = (
        "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
        if not name.isupper()
        else name.lower()
    )
    return text.replace("__", "_").strip("_")
