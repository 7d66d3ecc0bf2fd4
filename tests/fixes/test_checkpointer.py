"""Savers in memory become the shared one; what only a saver in memory can do is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

IMPORT = "from langgraph.checkpoint.memory import MemorySaver\n"
BUILDER = "from langgraph.graph import StateGraph\n\nbuilder = StateGraph(dict)\n"
SHARED = "from shared_checkpointer import shared_checkpointer\n"


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        pytest.param(
            f"{IMPORT}{BUILDER}memory = MemorySaver()\ngraph = builder.compile(checkpointer=memory)\n",
            "MemorySaver()",
            "memory = shared_checkpointer()\ngraph = builder.compile(checkpointer=memory)\n",
            id="variable",
        ),
        pytest.param(
            "from langgraph.checkpoint.memory import MemorySaver as Saver\n"
            f"{BUILDER}graph = builder.compile(Saver())\n",
            "Saver()",
            "graph = builder.compile(shared_checkpointer())\n",
            id="alias-by-position",
        ),
        pytest.param(
            f"from langgraph.checkpoint import memory\n{BUILDER}graph = builder.compile(memory.InMemorySaver())\n",
            "memory.InMemorySaver()",
            "graph = builder.compile(shared_checkpointer())\n",
            id="through-the-module",
        ),
        pytest.param(
            f"{IMPORT}{BUILDER}\n\ndef build(saver=None):\n    return builder.compile(saver or MemorySaver())\n",
            "MemorySaver()",
            "    return builder.compile(saver or shared_checkpointer())\n",
            id="fallback-of-a-factory",
        ),
        pytest.param(
            f"{IMPORT}{BUILDER}graph = builder.compile(checkpointer=MemorySaver(serde=Pickle()))\n",
            "MemorySaver(serde=Pickle())",
            "graph = builder.compile(checkpointer=shared_checkpointer(serde=Pickle()))\n",
            id="serde",
        ),
        pytest.param(
            f"{IMPORT}{BUILDER}memory: MemorySaver = MemorySaver()\n",
            "MemorySaver()",
            "memory = shared_checkpointer()\n",
            id="annotation",
        ),
        pytest.param(
            f"{IMPORT}{BUILDER}\n\ndef build():\n    # kept\n    return builder.compile(\n"
            "        checkpointer=MemorySaver(),  # threads\n    )\n",
            "MemorySaver()",
            "        checkpointer=shared_checkpointer(),  # threads\n    )\n",
            id="comments",
        ),
        pytest.param(
            f"{BUILDER}\n\ndef build():\n    {IMPORT}\n    return builder.compile(MemorySaver())\n",
            "MemorySaver()",
            "\n\ndef build():\n    return builder.compile(shared_checkpointer())\n",
            id="import-in-the-function",
        ),
    ],
)
def test_one_expression_changes(fixed: Callable[..., str], before: str, code: str, after: str) -> None:
    """
    The saver's expression, its import, and nothing else.
    """
    new = fixed(before, code, "checkpointer")

    assert new.endswith(after)
    assert SHARED in new
    assert "MemorySaver" not in new


def test_a_guarded_import_stays(fixed: Callable[..., str]) -> None:
    """
    `X() if X else None` still asks for the class.
    """
    before = (
        f"try:\n    {IMPORT}except ImportError:\n    MemorySaver = None\n\n"
        "memory = MemorySaver() if MemorySaver else None\n"
    )

    after = fixed(before, "MemorySaver()", "checkpointer")

    assert "memory = shared_checkpointer() if MemorySaver else None\n" in after
    assert after.count("MemorySaver") == 3


def test_savers_that_must_stay_apart_get_names(fixed: Callable[..., str]) -> None:
    """
    The linker says when there are several.
    """
    before = f"{IMPORT}{BUILDER}graph = builder.compile(MemorySaver())\n"

    after = fixed(before, "MemorySaver()", "checkpointer", namespace="app.graph")

    assert 'builder.compile(shared_checkpointer("app.graph"))' in after


def test_the_module_is_made_once(project: Project) -> None:
    """
    Two files of one project share it, and its notes name what to install and to set.
    """
    for name in ("one", "two"):
        project.put(f"app/{name}.py", f"{IMPORT}{BUILDER}graph = builder.compile(MemorySaver())\n")
    project.put("app/__init__.py", "")
    project.fault("MemorySaver()", "checkpointer", unsafe=True)

    result = project.fix(unsafe=True)

    assert sorted(each.path for each in result.changed) == [
        "app/one.py",
        "app/shared_checkpointer.py",
        "app/two.py",
    ]
    assert "CHECKPOINT_URL" in {note.name for note in result.notes}
    assert "CHAT_HISTORY_URL" not in {note.name for note in result.notes}
    assert "from app.shared_checkpointer import shared_checkpointer\n" in project.text("app/one.py")


def test_it_needs_unsafe_fixes(project: Project) -> None:
    """
    The app then needs one more package, so it is not done behind anyone's back.
    """
    project.put("app.py", f"{IMPORT}memory = MemorySaver()\n")
    project.fault("MemorySaver()", "checkpointer", unsafe=True)

    result = project.fix()

    assert result.changed == ()
    assert "--unsafe-fixes" in result.refused[0].reason


@pytest.mark.parametrize(
    ("before", "code", "reason"),
    [
        pytest.param(
            f"{IMPORT}with MemorySaver() as memory:\n    run(memory)\n",
            "MemorySaver()",
            "ends the saver",
            id="with",
        ),
        pytest.param(
            f"{IMPORT}memory = MemorySaver()\nprint(len(memory.storage))\n",
            "MemorySaver()",
            "`memory.storage`",
            id="inside",
        ),
        pytest.param(
            f"{IMPORT}\n\nclass A:\n    def __init__(self):\n        self.saver = MemorySaver()\n\n"
            "    def reset(self):\n        self.saver.storage.clear()\n",
            "MemorySaver()",
            "line 9 looks into `self.saver.storage`",
            id="attribute",
        ),
        pytest.param(
            f"{IMPORT}saver = MemorySaver()\nif isinstance(saver, MemorySaver):\n    print('lost')\n",
            "MemorySaver()",
            "asks for a saver in memory",
            id="isinstance",
        ),
        pytest.param(
            f"import copy\n{IMPORT}saver = MemorySaver()\nother = copy.deepcopy(saver)\n",
            "MemorySaver()",
            "copies the saver",
            id="copied",
        ),
        pytest.param(
            f"{IMPORT}saver = MemorySaver(factory=Persistent)\n",
            "MemorySaver(factory=Persistent)",
            "`factory=Persistent`",
            id="factory",
        ),
        pytest.param(
            f"{IMPORT}memory: object = MemorySaver()\nprint(len(memory.storage))\n",
            "MemorySaver()",
            "`memory.storage`",
            id="inside-annotated",
        ),
        pytest.param(
            f"{IMPORT}if memory := MemorySaver():\n    print(len(memory.storage))\n",
            "MemorySaver()",
            "`memory.storage`",
            id="inside-walrus",
        ),
        pytest.param("saver = MemorySaver()\n", "MemorySaver()", "", id="unknown"),
        pytest.param(
            f"{IMPORT}MemorySaver().put(1)\n", "MemorySaver()", "taken from the saver at once", id="at-once"
        ),
    ],
)
def test_what_no_stored_saver_can_do_is_refused(
    refused: Callable[..., str], before: str, code: str, reason: str
) -> None:
    """
    The reason names the place.
    """
    if not reason:
        assert "not known" in refused(before.replace("MemorySaver", "Keeper"), "Keeper()", "checkpointer")
        return

    assert reason in refused(before, code, "checkpointer")


@pytest.mark.parametrize(
    "word", ["temporary", "ephemeral", "on purpose", "intentional", "deliberate", "throwaway"]
)
@pytest.mark.parametrize("place", ["# {}\nmemory = MemorySaver()\n", "memory = MemorySaver()  # {}\n"])
def test_what_is_meant_to_forget(refused: Callable[..., str], place: str, word: str) -> None:
    """
    Somebody said so, above the statement or behind it.
    """
    text = IMPORT + place.format(f"This is {word.title()}.")

    assert f"is meant to forget, says the comment `# This is {word.title()}.`" in refused(
        text, "MemorySaver()", "checkpointer"
    )


def test_comments_inside_the_call_stand_above_its_statement(fixed: Callable[..., str]) -> None:
    """
    In order, with the statement's indentation.
    """
    call = "MemorySaver(\n        # one\n        serde=Pickle(),  # two\n    )"
    before = f"{IMPORT}\n\ndef build(builder):\n    return builder.compile({call})\n"

    after = fixed(before, call, "checkpointer")

    assert after.endswith(
        "    # one\n    # two\n    return builder.compile(shared_checkpointer(serde=Pickle()))\n"
    )


@pytest.mark.parametrize("copied", [
    "copy.copy", "copy.deepcopy", "pickle.dump", "pickle.dumps", "cloudpickle.dumps", "dill.dumps",
])  # fmt: skip
def test_a_saver_that_is_copied_stays(refused: Callable[..., str], copied: str) -> None:
    """
    A connection cannot be.
    """
    package = copied.partition(".")[0]
    text = f"import {package}\n{IMPORT}saver = MemorySaver()\n{copied}(saver)\n"

    assert "line 4 copies the saver" in refused(text, "MemorySaver()", "checkpointer")
