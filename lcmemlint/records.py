"""Frozen, slotted dataclasses that cost next to nothing to define, and less to make.

``dataclass`` writes and compiles six methods for each class while its module is imported. For all of ours that was a
third of a short run, most of it for classes of which the run makes no object. A ``record`` writes a method when it
is first called. All else is as with ``dataclass(frozen=True, slots=True)``: defaults, ``field``, ``fields``,
``replace``, ``asdict``, ``__post_init__``, patterns, copies, pickles. Fields are not inherited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_given: Any) -> Callable[[Any], Any]:
        """A word for type checkers; `typing` has it from Python 3.11 on."""
        return lambda function: function


Given: TypeAlias = Mapping[str, Any]
"""The fields of a record: what the class says after ``=``, else ``MISSING``."""
Text: TypeAlias = tuple[str, dict[str, Any]]
"""A method as it is written, and the names that it uses."""

_ORDER: Final = ("__lt__", "__le__", "__gt__", "__ge__")
_SIGN: Final = {"__eq__": "==", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[Any] | None = None, /, *, order: bool = False) -> Any:
    """Make a class a record; with `order`, its objects compare like tuples of their fields."""
    return _record(cls, order) if cls is not None else lambda cls: _record(cls, order)


def _record(cls: type[Any], order: bool) -> type[Any]:
    space = {name: thing for name, thing in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    given = {name: space.pop(name, MISSING) for name in cls.__annotations__}
    shared: dict[str, Any] = {
        "__eq__": _written("__eq__", _comparison, given),
        "__hash__": _written("__hash__", _hash, given),
        "__repr__": _repr,
        **{name: _written(name, _comparison, given) for name in _ORDER if order},
    }
    own = {
        "__slots__": tuple(given),
        "__match_args__": tuple(name for name, default in given.items() if _has(default, "init")),
        "__dataclass_fields__": _Fields(cls),
        "__init__": _written("__init__", _init, given),
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
    return type(cls.__name__, cls.__bases__, {**shared, **space, **own})


class _Fields:
    """``__dataclass_fields__``, made by ``dataclass`` itself when somebody asks for it."""

    def __init__(self, plain: type[Any]) -> None:
        self._plain = plain

    def __get__(self, _record: object, _class: type[Any]) -> Mapping[str, Field[Any]]:
        if "__dataclass_fields__" not in self._plain.__dict__:
            dataclass(init=False, repr=False, eq=False)(self._plain)
        fields: Mapping[str, Field[Any]] = self._plain.__dict__["__dataclass_fields__"]
        return fields


def _written(name: str, write: Callable[[str, type[Any], Given], Text], given: Given) -> Callable[..., Any]:
    """A method that is written when it is first called."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        cls = type(self)
        text, names = write(name, cls, given)
        exec(text, names)
        names[name].__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, names[name])
        return names[name](self, *arguments, **named)

    return method


def _has(default: Any, flag: str) -> bool:
    """Whether a field takes part in something; all do unless they say otherwise."""
    return not isinstance(default, Field) or bool(getattr(default, flag))


def _init(name: str, cls: type[Any], given: Given) -> Text:
    names: dict[str, Any] = {"MISSING": MISSING}
    parameters, lines = ["self"], ["pass"]
    for one, default in given.items():
        if not _has(default, "init"):
            continue
        value = one
        factory = default.default_factory if isinstance(default, Field) else MISSING
        default = default.default if isinstance(default, Field) else default
        if factory is not MISSING:
            names[f"make_{one}"], default = factory, MISSING
            value = f"make_{one}() if {one} is MISSING else {one}"
        if default is not MISSING or factory is not MISSING:
            names[f"default_{one}"] = default
            parameters.append(f"{one}=default_{one}")
        else:
            parameters.append(one)
        names[f"set_{one}"] = cls.__dict__[one].__set__
        lines.append(f"set_{one}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    return f"def {name}({', '.join(parameters)}):\n " + "\n ".join(lines), names


def _compared(given: Given, one: str) -> str:
    return "".join(f"{one}.{name}, " for name, default in given.items() if _has(default, "compare"))


def _comparison(name: str, cls: type[Any], given: Given) -> Text:
    mine, other = _compared(given, "self"), _compared(given, "other")
    text = f"({mine}) {_SIGN[name]} ({other}) if other.__class__ is self.__class__ else NotImplemented"
    return f"def {name}(self, other):\n return {text}", {}


def _hash(name: str, cls: type[Any], given: Given) -> Text:
    return f"def {name}(self):\n return hash(({_compared(given, 'self')}))", {}


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, one in self.__dataclass_fields__.items() if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, *_value: Any) -> None:
    raise FrozenInstanceError(f"cannot change {name!r} of a {type(self).__qualname__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)
