"""Import lines added and taken away: where they stand, and what they must not lose."""

from __future__ import annotations

import pytest

from lcmemlint.fixes.edits import apply
from lcmemlint.fixes.imports import added, dropped, free_name, local_name
from lcmemlint.fixes.trees import Tree

LINE = "from shared_history import chat_history"


def with_import(text: str, line: str = LINE, *, local: tuple[str, ...] = ("app", "shared")) -> str:
    def is_local(module: str) -> bool:
        return module.startswith((".", *local))

    return apply(text, [added(Tree(text), line, is_local=is_local)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import os\n\nx = 1\n", f"import os\n\n{LINE}\n\nx = 1\n", id="after-others"),
        pytest.param(
            "import os  # noqa\nx = 1\n", f"import os  # noqa\n\n{LINE}\n\nx = 1\n", id="after-a-noqa"
        ),
        pytest.param(
            "from a import (\n    b,  # c\n)\n\nx = 1\n",
            f"from a import (\n    b,  # c\n)\n\n{LINE}\n\nx = 1\n",
            id="after-many-lines",
        ),
        pytest.param('"""Doc."""\n\nx = 1\n', f'"""Doc."""\n\n{LINE}\n\nx = 1\n', id="after-the-docstring"),
        pytest.param(
            "from __future__ import annotations\n\nx = 1\n",
            f"from __future__ import annotations\n\n{LINE}\n\nx = 1\n",
            id="after-the-future",
        ),
        pytest.param("# licence\n\nx = 1\n", f"# licence\n\n{LINE}\n\n\nx = 1\n", id="without-imports"),
        pytest.param("x = 1\n", f"{LINE}\n\n\nx = 1\n", id="first-line"),
        pytest.param(
            "import os\nimport sys\nsys.path.append('.')\nimport a\n\ndef f(): ...\n",
            f"import os\nimport sys\nsys.path.append('.')\nimport a\n\n{LINE}\n\ndef f(): ...\n",
            id="behind-a-path-change",
        ),
        pytest.param(
            "import os\n\nfrom app.a import b\nfrom app.z import y\n\nx = 1\n",
            f"import os\n\nfrom app.a import b\nfrom app.z import y\n{LINE}\n\nx = 1\n",
            id="last-of-the-projects-own",
        ),
        pytest.param(
            "import os\n\nfrom zoo import y\n\nx = 1\n",
            f"import os\n\nfrom zoo import y\n\n{LINE}\n\nx = 1\n",
            id="own-group",
        ),
        pytest.param(
            "try:\n    import a\nexcept ImportError:\n    a = None\n",
            f"{LINE}\n\n\ntry:\n    import a\nexcept ImportError:\n    a = None\n",
            id="only-nested-imports",
        ),
        pytest.param(
            "import os\n\ndef f(): ...\n\nimport late\n",
            f"import os\n\n{LINE}\n\ndef f(): ...\n\nimport late\n",
            id="late-imports",
        ),
        pytest.param("import os; import sys\n", f"import os; import sys\n\n{LINE}\n", id="semicolon"),
        pytest.param("import os", f"import os\n\n{LINE}", id="no-final-newline"),
    ],
)
def test_where_it_stands(before: str, after: str) -> None:
    """
    In the block that a reader looks into, and never between a line and its comment.
    """
    assert with_import(before) == after


@pytest.mark.parametrize(
    ("line", "position"),
    [
        ("from app.shared_history import chat_history", 1),
        ("from .shared_history import chat_history", 3),
        ("from ..shared_history import chat_history", 2),
        ("from .zz import chat_history", 4),
        ("from app.a import chat_history", 1),
    ],
)
def test_sorted_among_the_projects_own(line: str, position: int) -> None:
    """
    As isort and ruff sort.
    """
    lines = ["import app.x", "from app.y import a", "from .a import a", "from .y import b"]

    after = with_import("\n".join(lines) + "\n", line).splitlines()

    assert sorted(set(after) - {line}) == sorted(lines)
    if line.startswith("from app."):
        assert after.index("import app.x") < after.index(line) < after.index("from .a import a")
    else:
        assert after.index("from app.y import a") < after.index(line)
    assert position <= after.index(line) + 1


def drop(text: str, *names: str) -> str:
    return apply(text, dropped(Tree(text), set(names)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from a import A\n\nx = 1\n", "x = 1\n"),
        ("import os\nfrom a import A\n\nx = 1\n", "import os\n\nx = 1\n"),
        ("from a import A, B\n\nB()\n", "from a import B\n\nB()\n"),
        ("from a import B, A\n\nB()\n", "from a import B\n\nB()\n"),
        ("from a import B, A, C\n\nB(C)\n", "from a import B, C\n\nB(C)\n"),
        ("from a import (\n    A,\n    B,\n)\n\nB()\n", "from a import (\n    B,\n)\n\nB()\n"),
        ("from a import (\n    B,\n    A,\n)\n\nB()\n", "from a import (\n    B,\n)\n\nB()\n"),
        ("from a import (A, B)\n\nB()\n", "from a import (B)\n\nB()\n"),
        ("from a import X as A, B\n\nB()\n", "from a import B\n\nB()\n"),
    ],
)
def test_an_unused_name_goes(before: str, after: str) -> None:
    """
    Only that name, and the line with it when nothing else is on it.
    """
    assert drop(before, "A") == after


@pytest.mark.parametrize(
    "text",
    [
        "from a import A\n\nA()\n",
        "from a import A  # noqa\n\nx = 1\n",
        "# keep\nimport x\n# keep\nfrom a import A\n",
        "from a import (\n    A,  # why\n    B,\n)\n\nB()\n",
        "from a import A\n\n__all__ = ['A']\n",
        "from a import A\n\ndef f(x: 'A'): ...\n",
        "import A\n\nx = 1\n",
        "from a import *\n\nx = 1\n",
        "import os; from a import A\n\nx = 1\n",
        "try:\n    from a import A\nexcept ImportError:\n    pass\n",
        "def f():\n    from a import A\n",
        "from a import B\n\nx = 1\n",
    ],
)
def test_what_may_be_needed_stays(text: str) -> None:
    """
    Any mention in code keeps it, any comment on it keeps it, and only plain top-level imports go.
    """
    assert drop(text, "A") == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "chat_history"),
        ("from shared_history import chat_history\n", "chat_history"),
        ("from app.shared_history import chat_history as h\n", "h"),
        ("from .shared_history import chat_history\nf(chat_history=1)\n", "chat_history"),
        ("from shared_history import chat_history\ndef f(chat_history): ...\n", "shared_chat_history"),
        ("chat_history = []\n", "shared_chat_history"),
        ("chat_history = shared_chat_history = []\n", "lcmemlint_chat_history"),
        ("x.chat_history = f(chat_history=1)\n", "chat_history"),
    ],
)
def test_the_local_name(text: str, name: str) -> None:
    """
    What the file has already, else the first name that means nothing in it.
    """
    assert free_name(Tree(text), "chat_history", "shared_history") == name


def test_an_import_from_elsewhere_is_not_ours() -> None:
    """
    Another module's `chat_history` is somebody else's.
    """
    tree = Tree("from app.db import chat_history\n")

    assert local_name(tree, "chat_history", "shared_history") is None
    assert free_name(tree, "chat_history", "shared_history") == "shared_chat_history"
