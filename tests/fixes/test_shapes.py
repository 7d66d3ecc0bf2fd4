"""Which statements are a get-or-create, whatever they are written like, and which only look like one."""

from __future__ import annotations

import textwrap

import libcst as cst
import pytest

from lcmemlint.fixes.get_or_create import Outcome, Slot, outcome
from lcmemlint.fixes.trees import walk

RETURNS = Outcome(True)


def of(body: str) -> Outcome | None:
    """How a function body ends; `NEW()` is the call that makes the history, `store[key]` where it is kept."""
    module = cst.parse_module(textwrap.dedent(body))
    (new,) = [
        one for one in walk(module, cst.Call) if isinstance(one.func, cst.Name) and one.func.value == "NEW"
    ]
    statements = [one for one in module.body if isinstance(one, cst.BaseStatement)]
    return outcome(statements, Slot("store", "key", new))


@pytest.mark.parametrize(
    "body",
    [
        "if key not in store:\n    store[key] = NEW()\nreturn store[key]",
        "if not (key in store):\n    store[key] = NEW()\nreturn store[key]",
        "if (key) not in (store):\n    store[(key)] = NEW()\nreturn (store[key])",
        "if store.get(key) == None:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get(key) != None:\n    return store[key]\nstore[key] = NEW()\nreturn store[key]",
        "if store.get(key) is not None:\n    pass\nelse:\n    store[key] = NEW()\nreturn store[key]",
        "if not store.get(key):\n    store[key] = NEW()\nreturn store.get(key, None)",
        "store[key] = store.get(key) or NEW()\nreturn store[key]",
        "store[key] = store.get(key, NEW())\nreturn store[key]",
        "store[key] = store[key] if key in store else NEW()\nreturn store[key]",
        "store[key] = NEW() if key not in store else store[key]\nreturn store[key]",
        "one: History = store.get(key)\nif one is None:\n    one = store[key] = NEW()\nreturn one",
        "one = store.setdefault(key, NEW())\nreturn one",
        "if (one := store.get(key)):\n    return one\nstore[key] = NEW()\nreturn store[key]",
        "if key in store:\n    return store[key]\nelif key not in store:\n"
        "    store[key] = NEW()\n    return store[key]",
        "try:\n    one = store[key]\nexcept KeyError:\n    one = store[key] = NEW()\nelse:\n    pass\nreturn one",
        "try:\n    one = store[key]\nexcept KeyError:\n    store[key] = NEW()\n    return store[key]\n"
        "else:\n    return one",
        "return store.setdefault(key, NEW())\nforget()",
    ],
)  # fmt: skip
def test_all_these_return_the_kept_one(body: str) -> None:
    """
    The old one if there is one, else a new one that is kept.
    """
    assert of(body) == RETURNS


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if key not in store:\n    store[key] = NEW()", Outcome(False)),
        ("store.setdefault(key, NEW())", Outcome(False)),
        ("one = store.setdefault(key, NEW())", Outcome(False, ("one",))),
        ("one = two = store.setdefault(key, NEW())", Outcome(False, ("one", "two"))),
        ("if key in store:\n    one = store[key]\nelse:\n    store[key] = NEW()", Outcome(False, (), ("one",))),
        ("if key in store:\n    one = store[key]\nelse:\n    one = two = NEW()\n    store[key] = one",
         Outcome(False, ("one",), ("two",))),
    ],
)  # fmt: skip
def test_names_that_hold_it_afterwards(body: str, expected: Outcome) -> None:
    """
    On both ways, or on one only.
    """
    assert of(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "store[key] = NEW()\nreturn store[key]",
        "if key in store:\n    store[key] = NEW()\nreturn store[key]",
        "if key not in store:\n    store[key] = NEW()\nreturn None",
        "if key not in store:\n    store[key] = NEW()\n    return store[key]",
        "if key not in store:\n    return NEW()\nreturn store[key]",
        "if key not in store:\n    one = NEW()\nreturn store[key]",
        "if other not in store:\n    store[key] = NEW()\nreturn store[key]",
        "if key not in others:\n    store[key] = NEW()\nreturn store[key]",
        "if key > store:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get(key) is other:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get(key) < None:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get(other) is None:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get(key=key) is None:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get(*key) is None:\n    store[key] = NEW()\nreturn store[key]",
        "if store.get() is None:\n    store[key] = NEW()\nreturn store[key]",
        "if store.pop(key) is None:\n    store[key] = NEW()\nreturn store[key]",
        "if others.get(key) is None:\n    store[key] = NEW()\nreturn store[key]",
        "if get(key) is None:\n    store[key] = NEW()\nreturn store[key]",
        "if a < key < b:\n    store[key] = NEW()\nreturn store[key]",
        "if unknown:\n    store[key] = NEW()\nreturn store[key]",
        "if key not in store:\n    store[other] = NEW()\nreturn store[key]",
        "if key not in store:\n    store[key], x = NEW()\nreturn store[key]",
        "if key not in store:\n    store[key] = NEW()\n    log(key)\nreturn store[key]",
        "if key not in store:\n    store[key] = NEW()\n'text'\nreturn store[key]",
        "for key in store:\n    store[key] = NEW()",
        "try:\n    one = store[key]\nexcept ValueError:\n    one = store[key] = NEW()\nreturn one",
        "try:\n    one = store[key]\nexcept KeyError:\n    one = store[key] = NEW()\nfinally:\n    pass\nreturn one",
        "try:\n    one = store[key]\nexcept KeyError:\n    one = NEW()\nreturn one",
        "one = store.setdefault(key, NEW())\none = None",
        "one = NEW()\nstore.setdefault(key, one)",
        "one: History\nif key not in store:\n    store[key] = NEW()\nreturn store[key]",
    ],
)  # fmt: skip
def test_all_these_do_something_else(body: str) -> None:
    """
    Another key, another dict, an old one that is replaced or lost, or anything that is not understood.
    """
    assert of(body) is None
