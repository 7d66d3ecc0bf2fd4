"""A record is what ``dataclass(frozen=True, slots=True)`` makes, in all that can be seen of it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path

import pytest

from lcmemlint.records import record


@record
class Place:
    """One with defaults of all sorts."""

    path: str
    line: int = 1
    marks: Mapping[str, int] = field(default_factory=dict)
    note: str | None = field(default=None, compare=False)
    length: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.path))

    @property
    def shown(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Plain:
    """The same, made by the standard library."""

    path: str
    line: int = 1
    marks: Mapping[str, int] = field(default_factory=dict)
    note: str | None = field(default=None, compare=False)
    length: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.path))


@record(order=True)
class Version:
    """One that can be sorted."""

    major: int
    name: str = field(default="", compare=False)


@record
class Nothing:
    """One without a field."""


@record
class Odd:
    """One that compares in its own way."""

    number: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Odd) and self.number % 2 == other.number % 2

    def __hash__(self) -> int:
        return self.number % 2


def test_it_is_made_by_position_by_name_and_from_defaults() -> None:
    one, other = Place("a.py", 3, {"x": 1}, "note"), Place(path="a.py", line=3, marks={"x": 1}, note="note")
    assert one == other
    assert (one.path, one.line, one.marks, one.note, one.length) == ("a.py", 3, {"x": 1}, "note", 4)
    assert (Place("b").line, Place("b").marks, Place("b").note) == (1, {}, None)
    assert Place("b").marks is not Place("b").marks
    assert one.shown == "a.py:3"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(
        TypeError, match=r"Place\.__init__\(\) missing 1 required positional argument: 'path'"
    ):
        Place()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'length'"):
        Place("a", length=3)  # type: ignore[call-arg]


def test_it_cannot_be_changed_or_grow() -> None:
    place = Place("a.py")
    with pytest.raises(FrozenInstanceError):
        place.line = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del place.line
    with pytest.raises(FrozenInstanceError):
        place.other = 2  # type: ignore[attr-defined]
    assert not hasattr(place, "__dict__")


def test_it_compares_by_the_fields_that_take_part() -> None:
    assert Place("a", note="x") == Place("a", note="y")
    assert Place("a") != Place("b")
    others: tuple[object, ...] = (Plain("a"), Place("a", 2), "a")
    assert Place("a") not in others
    assert Nothing() == Nothing()
    assert len({Version(1, "x"), Version(1, "y"), Version(2)}) == 2
    assert len({Nothing(), Nothing()}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place("a"))


def test_it_is_sorted_only_if_it_says_so() -> None:
    assert sorted([Version(2), Version(1)]) == [Version(1), Version(2)]
    assert Version(1) <= Version(1) < Version(2) > Version(1) >= Version(1)
    with pytest.raises(TypeError):
        assert Place("b") < Place("a")  # type: ignore[operator]
    with pytest.raises(TypeError):
        assert Version(1) < 2  # type: ignore[operator]


def test_methods_of_its_own_count() -> None:
    assert Odd(1) == Odd(3) != Odd(2)
    assert hash(Odd(3)) == 1


def test_it_looks_like_a_dataclass() -> None:
    place, plain = Place("a.py", 2), Plain("a.py", 2)
    assert [(one.name, one.default, one.init) for one in fields(Place)] == [
        (one.name, one.default, one.init) for one in fields(Plain)
    ]
    assert asdict(place) == asdict(plain)
    assert (
        repr(place)
        == repr(plain).replace("Plain", "Place")
        == "Place(path='a.py', line=2, marks={}, note=None)"
    )
    assert replace(place, path="longer.py").length == 9
    match place:
        case Place(path, line, marks, note):
            assert (path, line, marks, note) == ("a.py", 2, {}, None)
    assert is_dataclass(place)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_it_is_copied_and_pickled(again: object) -> None:
    place = Place("a.py", 2, {"x": 1}, "note")
    found = again(place)  # type: ignore[operator]
    assert found == place
    assert (found.note, found.length) == ("note", 4)


def test_defining_one_writes_no_code() -> None:
    """
    That is what records are for: a class of which nothing is made costs next to nothing.
    """
    program = """
import sys
import lcmemlint.records
written = []
sys.addaudithook(lambda event, given: written.append(event) if event in ("compile", "exec") else None)
import dataclasses
@lcmemlint.records.record
class Pair:
    "Two."
    one: int
    two: int = 2
before = len(written)
assert not before, written
assert Pair(1) == Pair(1, 2)
print(len(written))
"""
    root = Path(__file__).resolve().parents[1]
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert int(told.stdout) > 0
