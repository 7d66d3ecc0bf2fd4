"""Whether a statement that keeps something in a dict creates or replaces what is there."""

from __future__ import annotations

import textwrap

import libcst as cst
import pytest

from lcmemlint.fixes.keeping import Kept, keeping, slot_of
from lcmemlint.fixes.trees import Tree, imported_as, walk


def kept_by(body: str) -> tuple[Tree, Kept | None]:
    tree = Tree(f"def f(key, other):\n{textwrap.indent(body, '    ')}\n")
    (new,) = [
        one
        for one in walk(tree.module, cst.Call)
        if isinstance(one.func, cst.Name) and one.func.value == "NEW"
    ]
    return tree, slot_of(tree, new)


@pytest.mark.parametrize(
    ("body", "slot"),
    [
        ("store[key] = NEW()", ("store", "key")),
        ("store.setdefault(key, NEW())", ("store", "key")),
        ("one = NEW()\nstore[key] = one", ("store", "key")),
        ("one = NEW()\ntwo = 1\nstore[other] = two\nstore[key] = one", ("store", "key")),
        ("one = NEW()\nlast = store[key] = one", ("store", "key")),
        ("one = NEW()\nstore[key] = two", None),
        ("one = NEW()\nlast = one", None),
        ("one = NEW()", None),
        ("run(NEW())", None),
    ],
)
def test_where_it_is_kept(body: str, slot: tuple[str, str] | None) -> None:
    """
    By the same statement, or by the name that it was given first.
    """
    _, kept = kept_by(body)

    assert (None if kept is None else (kept.container, kept.key)) == slot


@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("store[key] = NEW()", "replaces"),
        ("store.setdefault(key, NEW())", "creates"),
        ("if key not in store:\n    store[key] = NEW()", "creates"),
        ("if key in store:\n    store[key] = NEW()", "replaces"),
        ("if not key in store:\n    store[key] = NEW()", "creates"),
        ("if not (key not in store):\n    store[key] = NEW()", "replaces"),
        ("if key in store:\n    pass\nelse:\n    store[key] = NEW()", "creates"),
        ("if key not in store:\n    pass\nelse:\n    store[key] = NEW()", "replaces"),
        ("if store.get(key) is None:\n    store[key] = NEW()", "creates"),
        ("if store.get(key) is not None:\n    store[key] = NEW()", "replaces"),
        ("one = store.get(key)\nif one is None:\n    store[key] = NEW()", "creates"),
        ("if store.get(key):\n    store[key] = NEW()", "replaces"),
        ("one = store.get(key)\nif not one:\n    store[key] = NEW()", "creates"),
        ("if one := store.get(key):\n    run(one)\nelse:\n    store[key] = NEW()", "creates"),
        ("if (one := store.get(key)) is None:\n    store[key] = NEW()", "creates"),
        ("if store:\n    store[key] = NEW()", "unknown"),
        ("if other not in store:\n    store[key] = NEW()", "unknown"),
        ("if not other in store:\n    store[key] = NEW()", "unknown"),
        ("if key not in store and other:\n    store[key] = NEW()", "unknown"),
        ("if other:\n    store[key] = NEW()", "replaces"),
        ("try:\n    store[key].run()\nexcept KeyError:\n    store[key] = NEW()", "creates"),
        ("try:\n    store[key] = NEW()\nexcept KeyError:\n    pass", "replaces"),
        ("try:\n    run()\nexcept KeyError:\n    store[key] = NEW()", "replaces"),
    ],
)
def test_what_it_does_to_what_was_there(body: str, does: str) -> None:
    """
    It creates where the code has seen that nothing is there.
    """
    tree, kept = kept_by(body)

    assert kept is not None
    assert keeping(tree, kept) == does


def test_at_the_top_of_a_module_it_creates_or_replaces_too() -> None:
    """
    Where no function is around it.
    """
    tree = Tree("if key not in store:\n    store[key] = NEW()\n")
    kept = slot_of(tree, next(one for one in walk(tree.module, cst.Call)))

    assert kept is not None
    assert keeping(tree, kept) == "creates"


def test_names_that_imports_bind() -> None:
    """
    `import a.b` binds `a`.
    """
    text = "import a.b\nimport c.d as e\nfrom f import g, h as i\nfrom . import j\n"

    assert imported_as(Tree(text)) == (
        ("a", "a"),
        ("e", "c.d"),
        ("g", "f.g"),
        ("i", "f.h"),
        ("j", "..j"),
    )
