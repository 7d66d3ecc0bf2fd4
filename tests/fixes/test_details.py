"""Small things that whole repairs rarely meet."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import libcst as cst
import pytest

from lcmemlint.findings import FixRequest
from lcmemlint.fixes import fix_files
from lcmemlint.fixes.annotations import of_history, widened
from lcmemlint.fixes.arguments import without_argument, wrapped
from lcmemlint.fixes.assemble import comments, lost_comment, syntax_error
from lcmemlint.fixes.chat_memory import replaced_names
from lcmemlint.fixes.codemods import CODEMODS, Codemod
from lcmemlint.fixes.dependencies import added
from lcmemlint.fixes.disk import Disk
from lcmemlint.fixes.edits import Context, Refusal, apply
from lcmemlint.fixes.generated import CHECKPOINTER, HISTORY
from lcmemlint.fixes.imports import joined
from lcmemlint.fixes.keys import history_call
from lcmemlint.fixes.layout import Layout, common_folder
from lcmemlint.fixes.mutations import mutated_messages
from lcmemlint.fixes.scopes import bindings, is_in_scope, may_be_none, names_in
from lcmemlint.fixes.seeding import seeded
from lcmemlint.fixes.session_parameter import is_fastapi_route
from lcmemlint.fixes.trees import Tree, parsed_expression, resolved, unparenthesized, walk
from lcmemlint.values import Span
from tests.fixes.conftest import Project


def test_what_python_says_against_a_text() -> None:
    """
    By the rules of the text, not by the `__future__` imports of the linter.
    """
    assert syntax_error("def f(x: (y := 1)): ...\n") is None
    assert "keyword argument repeated" in str(syntax_error("f(a=1, a=2)\n"))
    assert syntax_error("\0") is not None


def test_comments_are_found_in_syntax_that_is_newer_than_this_python() -> None:
    """
    An f-string over several lines in single quotes is for Python 3.12, and a riddle to the tokenizer of 3.11.
    """
    assert comments("x = f'{\n  y # c\n}'  # noqa\n# c\n") == {"# c": 2, "# noqa": 1}


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ("f(a, gone=1)", "f(a)"),
        ("f(gone=1, a=2)", "f(a=2)"),
        ("f(gone=1,)", "f()"),
        ("[f(gone=1), 2]", "[f(), 2]"),
        ("f(g(gone=1), 2)", "f(g(), 2)"),
        ("f(\n    a,\n    gone=1,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    gone=1\n)", "f(\n    a\n)"),
        ("f(\n    gone=1,\n    a=2,\n)", "f(\n    a=2,\n)"),
        ("f(\n    gone=1, a=2,\n)", "f(\n    a=2,\n)"),
    ],
)
def test_an_argument_goes_with_its_own_comma(call: str, after: str) -> None:
    """
    Commas of what is around stay.
    """
    tree = Tree(f"x = {call}\n")
    (arg,) = [
        one for one in walk(tree.module, cst.Arg) if one.keyword is not None and one.keyword.value == "gone"
    ]
    (around,) = [one for one in walk(tree.module, cst.Call) if arg in one.args]

    assert apply(tree.text, without_argument(tree, around, arg)) == f"x = {after}\n"


@pytest.mark.parametrize(
    "method", ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"]
)
def test_every_change_of_messages_in_place_is_seen(method: str) -> None:
    """
    Each method of a list that changes it; `copy` does not, nor is every `messages` that of a history.
    """
    refusal = mutated_messages(Tree(f"history.messages.{method}(x)\n"))

    assert refusal is not None
    assert "line 1 changes `history.messages` in place" in refusal.reason
    assert mutated_messages(Tree("history.messages.copy()\n")) is None
    assert mutated_messages(Tree(f"state.messages.{method}(x)\n")) is None
    assert mutated_messages(Tree(f"st.session_state.messages.{method}(x)\n")) is None


@pytest.mark.parametrize("change", ["x[0] = 1", "del x[0]", "x[0] += 1"])
def test_items_of_messages_that_are_set(change: str) -> None:
    """
    Assignments and deletions change them as well, also of something without a name.
    """
    assert mutated_messages(Tree(change.replace("x", "history().messages", 1) + "\n")) is not None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("from .a import b\nb\n", ".a.b"),
        ("from ..a import b as c\nc\n", "..a.b"),
        ("from . import b\nb.c\n", "..b.c"),
        ("import a.b\na.c\n", "a.c"),
        ("import a.b as c\nc.d\n", "a.b.d"),
        ("from a import *\nb\n", "b"),
        ("b\n", "b"),
        ("b().c\n", None),
    ],
)
def test_the_path_of_a_name(text: str, path: str | None) -> None:
    """
    With what its import says, dots and all.
    """
    tree = Tree(text)
    (line,) = walk(tree.module, cst.Expr)

    assert resolved(tree, line.value) == path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n# lead\nfrom fastapi.z import Z\n", "import os\n# lead\nfrom fastapi.z import Z\nNEW\n"),
        ("import os\nfrom fastapi.z import Z\nx = 1\n", "import os\nNEW\nfrom fastapi.z import Z\nx = 1\n"),
        ("from fastapi.a import A\nimport os\n", "from fastapi.a import A\nNEW\nimport os\n"),
        (
            "from fastapi import A\nfrom fastapi.z import Z\n",
            "from fastapi import A\nNEW\nfrom fastapi.z import Z\n",
        ),
        ("from fastapi.b import A\n", "from fastapi.b import A, B\n"),
        ("from fastapi.b import (\n    A,\n)\n", "from fastapi.b import (\n    A, B,\n)\n"),
        ("from fastapi.b import B\n", "from fastapi.b import B\n"),
        ("from fastapi.b import B as C\n", "from fastapi.b import B as C, B\n"),
        ("from .fastapi.b import A\nx = 1\n", "from .fastapi.b import A\n\nNEW\n\nx = 1\n"),
        ("from fastapi.b import *\nx = 1\n", "NEW\nfrom fastapi.b import *\nx = 1\n"),
    ],
)
def test_an_import_beside_others_of_its_package(before: str, after: str) -> None:
    """
    In order, but never between a comment and what it stands above.
    """
    edits = joined(Tree(before), "fastapi.b", "B", is_local=lambda module: False)

    assert apply(before, edits).replace("from fastapi.b import B\n", "NEW\n") == after.replace(
        "from fastapi.b import B\n", "NEW\n"
    )


def test_new_folders_and_the_mode_of_new_files(tmp_path: Path) -> None:
    """
    A file that was not there has the mode that the user's shell gives new files.
    """
    before = os.umask(0o027)
    try:
        Disk(tmp_path, None).write("a/b/new.py", b"x = 1\n")
    finally:
        os.umask(before)

    assert (tmp_path / "a/b/new.py").read_bytes() == b"x = 1\n"
    assert stat.S_IMODE((tmp_path / "a/b/new.py").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("requirements", "postgres", "redis"),
    [
        ("fastapi", True, False),
        ("langchain-postgres", True, False),
        ("asyncpg", True, False),
        ("redis", False, True),
        ("langgraph-checkpoint-redis", False, True),
        ("langchain-redis", False, True),
        ("redis\nasyncpg", False, True),
    ],
)
def test_the_back_end_that_a_project_has(requirements: str, postgres: bool, redis: bool) -> None:
    """
    Drivers of Redis for who has Redis, and of Postgres for all others.
    """
    files = {"requirements.txt": f"{requirements}\n".encode()}
    text = added(["app.py"], CHECKPOINTER.notes, files.get).texts["requirements.txt"]

    assert ("\npsycopg[binary,pool]\n" in text) == postgres
    assert ("\nlanggraph-checkpoint-postgres\n" in text) == postgres
    assert ("\nlanggraph-checkpoint-plainredis\n" in text) == redis


def test_an_empty_text_in_an_array() -> None:
    """
    Odd, and no reason to misread what follows.
    """
    files = {"pyproject.toml": b'[project]\ndependencies = ["", "redis"]\n'}

    assert added(["app.py"], HISTORY.notes, files.get).texts == {
        "pyproject.toml": '[project]\ndependencies = ["", "redis", "sqlalchemy"]\n'
    }


CHAT = (
    "from langchain.memory import ConversationBufferMemory\n\n\ndef chat(user_id):\n"
    "    return run(ConversationBufferMemory())\n"
)


@pytest.mark.parametrize("is_broken", [False, True])
def test_packages_are_added_if_all_was_written(project: Project, is_broken: bool) -> None:
    """
    A repair that failed leaves the dependencies alone.
    """
    project.put("app.py", CHAT)
    requirements = project.put("requirements.txt", "redis\n")
    project.fault("ConversationBufferMemory()", "chat-memory", key="user_id")
    if is_broken:
        (project.root / "shared_history.py").mkdir()

    result = fix_files(
        project.root, project.lint({}), unsafe=False, relint=project.lint, write=True, add_packages=True
    )

    assert requirements.read_text() == ("redis\n" if is_broken else "redis\nsqlalchemy\n")
    assert bool(result.failed) == is_broken
    remarks = [note.name for note in result.notes if note.kind == "remark"]
    assert remarks == ([] if is_broken else ["install sqlalchemy, and renew the lock file if there is one"])
    assert "sqlalchemy" not in {note.name for note in result.notes if note.kind == "package"} or is_broken


def test_dependencies_that_cannot_be_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The repair stands, and the failure is told.
    """
    project.put("app.py", CHAT)
    project.put("requirements.txt", "redis\n")
    project.fault("ConversationBufferMemory()", "chat-memory", key="user_id")
    write = Disk.write

    def refuse(disk: Disk, path: str, new: bytes) -> None:
        if path == "requirements.txt":
            raise PermissionError(13, "Permission denied")
        write(disk, path, new)

    monkeypatch.setattr(Disk, "write", refuse)
    result = fix_files(
        project.root, project.lint({}), unsafe=False, relint=project.lint, write=True, add_packages=True
    )

    assert [(one.path, one.error) for one in result.failed] == [("requirements.txt", "Permission denied")]
    assert "chat_history" in project.text("app.py")


def test_an_annotation_with_a_dotted_name_is_changed_once(fixed: Callable[..., str]) -> None:
    """
    Also where the last part of the path is a name of its own.
    """
    before = (
        "from langgraph.checkpoint import memory\nfrom langgraph.checkpoint.memory import MemorySaver\n\n\n"
        "def saver() -> memory.MemorySaver:\n    return MemorySaver()\n"
    )

    after = fixed(before, "MemorySaver()", "checkpointer")

    assert "def saver() -> BaseCheckpointSaver:\n    return shared_checkpointer()\n" in after


@pytest.mark.parametrize("test", ["history is marker", "history == marker", "history in old"])
def test_a_test_that_is_not_about_the_key_is_refused(refused: Callable[..., str], test: str) -> None:
    """
    Nobody knows which branch runs.
    """
    before = (
        "from langchain_core.chat_history import InMemoryChatMessageHistory\n\nstore = {}\n\n\n"
        "def history_of(session_id):\n    history = store.get(session_id)\n"
        f"    if {test}:\n        history = store[session_id] = InMemoryChatMessageHistory()\n    return history\n"
    )

    assert refused(before, "InMemoryChatMessageHistory()", "history-factory", container_unused="yes")


@pytest.mark.parametrize(
    "text",
    [
        b'[project]\ndependencies = ["a"',
        b'[project]\ndependencies = ["a", # last',
        b'[project]\ndependencies = ["a',
        b'[project]\ndependencies = [["a"]]\n',
        b'[project]\ndependencies = [\n    "a"]\n',
        b"[project]\ndependencies = 7\n",
        b'[project]\nname = "\xff"\ndependencies = ["a"]\n',
    ],
)
def test_arrays_that_nothing_is_put_into(text: bytes) -> None:
    """
    What cannot be read, or would have to be laid out anew, is left alone, with a reason.
    """
    found = added(["app.py"], HISTORY.notes, {"pyproject.toml": text}.get)

    assert found.texts == {}
    assert found.reasons


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '[tool.poetry.dependencies]\npython = "^3.11"\n',
            '[tool.poetry.dependencies]\npython = "^3.11"\nsqlalchemy = "*"\n'
            'psycopg = { version = "*", extras = ["binary"] }\n',
        ),
        (
            '[project]\ndependencies = ["a\\"b", "redis"]\n',
            '[project]\ndependencies = ["a\\"b", "redis", "sqlalchemy"]\n',
        ),
    ],
)
def test_forms_that_packages_are_put_into(before: str, after: str) -> None:
    """
    In the words of the tool that owns the table.
    """
    files = {"pyproject.toml": before.encode()}

    assert added(["app.py"], HISTORY.notes, files.get).texts == {"pyproject.toml": after}


def test_an_included_file_that_is_not_there(tmp_path: Path) -> None:
    """
    It names nothing.
    """
    files = {"requirements.txt": b"-r nowhere.txt\nredis\n"}

    assert added(["app.py"], HISTORY.notes, files.get).texts == {
        "requirements.txt": "-r nowhere.txt\nredis\nsqlalchemy\n"
    }


def test_a_line_that_is_too_long_becomes_three() -> None:
    """
    Only a call can be wrapped, and only where it does not fit; the width is that of the file, or 100.
    """
    tree = Tree("x = 1\n")
    name = "a" * 89

    assert wrapped(tree, f"x = f({name}, b)", "    ") == f"x = f(\n        {name}, b\n    )"
    assert wrapped(tree, f"x = f({name})", "    ") == f"x = f({name})"
    assert wrapped(tree, f"x = f({name}, b).c", "    ") == f"x = f({name}, b).c"
    assert wrapped(tree, f"x = {name} + {name}", "    ") == f"x = {name} + {name}"
    assert wrapped(Tree("#" * 120), f"x = f({name}, b)", "    ") == f"x = f({name}, b)"


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("a", {"a"}),
        ("a, b", {"a", "b"}),
        ("[a, (b, *c)]", {"a", "b", "c"}),
        ("a.b", set()),
        ("(a[b], c)", {"c"}),
    ],
)
def test_the_names_that_an_assignment_binds(target: str, names: set[str]) -> None:
    """
    Attributes and items bind none.
    """
    node = parsed_expression(target)

    assert node is not None
    assert names_in(node) == names


def test_a_place_behind_the_text_is_its_end() -> None:
    """
    A file may have become shorter since it was linted.
    """
    tree = Tree("ab = 1\nc\n")

    assert tree.offsets(Span(1, 1, 2, 1)) == (1, 8)
    assert tree.offsets(Span(2, 9, 7, 0)) == (9, 9)
    assert tree.offsets(Span(7, 3, 8, 0)) == (9, 9)


@pytest.mark.parametrize("one", CODEMODS, ids=lambda one: one.kind)
def test_a_place_without_a_call_is_refused(one: Codemod) -> None:
    """
    The file may have changed since it was linted.
    """
    request = FixRequest(one.kind, "app.py", Span(1, 0, 1, 1), (("key", "user_id"), ("callers", "[]")))

    assert isinstance(one.rewrite(Tree("x = 1\n"), request, Context()), Refusal)


def test_a_name_of_histories_must_be_plain_text() -> None:
    """
    It stands between quotes in the code that is written.
    """
    tree = Tree("def f(user_id):\n    return History()\n")
    (site,) = walk(tree.module, cst.Return)

    def call(namespace: str) -> str | Refusal:
        request = FixRequest("", "", Span(1, 0, 1, 0), (("key", "user_id"), ("namespace", namespace)))
        return history_call(tree, request, Context(), site=site)

    assert call("it's") == Refusal("`it's` cannot name a group of conversations")
    assert call("bot") == 'chat_history("bot", user_id)'
    assert call("") == "chat_history(user_id)"


def test_the_history_that_a_memory_had() -> None:
    """
    Its class may be imported for nothing afterwards; other arguments stay.
    """
    call = parsed_expression("Memory(1, llm=Model(), chat_memory=History(), other=x)")

    assert isinstance(call, cst.Call)
    assert replaced_names(call) == {"History"}


@pytest.mark.parametrize(
    ("code", "normal"),
    [
        ("(a)", "a"),
        ("a[ 'b' ]", 'a[ "b" ]'),
        ("(a,\n b)", "a, b"),
        ("""d["it's"]""", """d["it's"]"""),
    ],
)
def test_expressions_are_compared_in_a_normal_form(code: str, normal: str) -> None:
    """
    Without outer parentheses, with one kind of quotes, where that changes no text.
    """
    node = parsed_expression(code)

    assert node is not None
    assert unparenthesized(node) == normal


def test_comments_of_a_stretch_of_text() -> None:
    """
    Those that begin in it, wherever they end.
    """
    tree = Tree("a = 1  # one\nb = 2\n")

    assert tree.has_comment(7, 8)
    assert tree.has_comment(0, 9)
    assert not tree.has_comment(0, 7)
    assert not tree.has_comment(8, 20)


def test_names_of_the_module_that_a_function_declares_its_own() -> None:
    """
    `global` makes what a function assigns later the name that the module bound before.
    """
    text = "store = 1\ndef f():\n    {}\n    use()\n    store = 2\n"

    def known(declared: str) -> bool:
        tree = Tree(text.format(declared))
        site = next(one for one in walk(tree.module, cst.Call))
        return is_in_scope(tree, "store", site)

    assert known("global store")
    assert not known("pass")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a: int", set()),
        ("a: int = 1", {"a"}),
        ("import a.b.c", {"a"}),
        ("import a.b as c", {"c"}),
        ("for a, (b, *c) in d: pass", {"a", "b", "c"}),
        ("(a := 1)", {"a"}),
    ],
)
def test_statements_that_bind_names(text: str, names: set[str]) -> None:
    """
    An annotation alone binds none, and `import a.b` binds `a`.
    """
    tree = Tree(f"{text}\n")

    assert {name for name, _ in bindings(tree, tree.module)} == names


def test_no_folder_is_around_no_files() -> None:
    assert common_folder(["a/b/c.py", "a/b.py"]) == "a"
    assert common_folder(["a/b.py", "c/b.py"]) == ""
    assert common_folder([]) == ""


def test_what_was_not_linted_has_no_text(tmp_path: Path) -> None:
    """
    An error like that of a file that is not there.
    """
    with pytest.raises(FileNotFoundError, match=r"gone\.py is not among the files that were linted"):
        Disk(tmp_path, dict[str, bytes]().__getitem__).text("gone.py")


def test_a_new_file_is_written_under_a_name_that_tells(tmp_path: Path) -> None:
    """
    Hidden and temporary, should a run be killed before it takes the old one's place.
    """
    seen: list[str] = []

    class Watched(Disk):
        def check(self, path: str, new: bytes) -> Path:
            seen.extend(one.name for one in tmp_path.iterdir())
            return super().check(path, new)

    Watched(tmp_path, None).write("app.py", b"x = 1\n")

    (name,) = seen
    assert name.startswith(".app.py.")
    assert name.endswith(".tmp")
    assert [one.name for one in tmp_path.iterdir()] == ["app.py"]


@pytest.mark.parametrize(
    ("text", "is_filled"),
    [
        ("h = History()\nfor m in old:\n    h.add_message(m)\n", True),
        ("h = History()\nwhile old:\n    h.add_message(old.pop())\n", True),
        ("for m in old:\n    log.add_message(m)\nh = History()\n", False),
        (
            "for user in users:\n    if user:\n        x = 1\n    h = [History()]\n    h.add_message(user)\n",
            True,
        ),
        (
            "def f():\n    for m in old:\n        h = History()\n        def g():\n            h.add_message(m)\n",
            False,
        ),
    ],
)
def test_loops_that_fill_a_memory(text: str, is_filled: bool) -> None:
    """
    Those that begin after it is built; what stands beside it in a block is a matter of that block.
    """
    tree = Tree(text)
    call = next(one for one in walk(tree.module, cst.Call) if tree.source(one) == "History()")

    assert (seeded(tree, call) is not None) is is_filled


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b = 1\n", ["a", "b"]),
        ("a: int = 1\n", ["a"]),
        ("a: int\n", []),
        ("a += 1\n", ["a"]),
        ("for a, b in c: pass\n", ["a", "b"]),
        ("import a.b, c as d\n", ["a", "d"]),
        ("from a import b, c as d\n", ["b", "d"]),
        ("with a as b: pass\n", ["b"]),
        ("try: pass\nexcept E as a: pass\n", ["a"]),
        ("print(a := 1)\n", ["a"]),
        ("def a(b): c = 1\n", ["a"]),
        ("class a:\n    b = 1\n", ["a"]),
        ("match x:\n    case [a, *b]: pass\n    case {'k': c}: pass\n", ["a", "b", "c"]),
    ],
)
def test_the_names_that_statements_bind(text: str, names: list[str]) -> None:
    """
    Directly in their scope; an annotation alone binds none.
    """
    tree = Tree(text)

    assert sorted({name for name, _ in bindings(tree, tree.module)}) == names


FILLS = """
    add_message add_messages add_user_message add_ai_message save_context aadd_messages asave_context
"""


@pytest.mark.parametrize("fills", FILLS.split())
def test_every_way_to_fill_a_memory_is_seen(fills: str) -> None:
    """
    In a loop behind the call that builds it.
    """
    tree = Tree(f"h = History()\nfor m in old:\n    h.{fills}(m)\n")
    call = next(one for one in walk(tree.module, cst.Call))
    refusal = seeded(tree, call)

    assert refusal is not None
    assert f"line 3 (`h.{fills}(m)`) may fill the new memory" in refusal.reason


def test_modules_of_a_project() -> None:
    """
    Files and folders, by dotted names below a root.
    """
    layout = Layout(["src/app/web/chat.py", "src/main.py"], lambda path: "")

    assert layout.is_module("src", "app.web.chat")
    assert layout.is_module("src", "app.web")
    assert layout.is_module("src/app", "")
    assert not layout.is_module("", "app.web")
    assert not layout.is_module("src", "app.chat")


def test_a_comment_that_is_lost_is_told() -> None:
    """
    Also when one of two of the same words is.
    """
    assert lost_comment("x = 1  # a\n# b\n", "# b\nx = 2  # a\n") is None
    assert lost_comment("x = 1  # a\n# b\n", "# b\nx = 2\n") == "# a"
    assert lost_comment("x = 1  # a\n# a\n", "x = 1  # a\n") == "# a"


@pytest.mark.parametrize(
    ("imports", "method", "is_route"),
    [
        ("from fastapi import FastAPI", "patch", True),
        ("from fastapi import FastAPI", "on_event", False),
        ("from flask import Flask", "post", False),
        ("from fastapi import FastAPI\nfrom flask import Flask", "post", False),
    ],
)
def test_routes_of_fastapi(imports: str, method: str, is_route: bool) -> None:
    """
    By the names of the decorators, where no other framework has them, too.
    """
    tree = Tree(f"{imports}\n@app.{method}('/')\ndef chat(): ...\n")
    (decorator,) = walk(tree.module, cst.Decorator)

    assert is_fastapi_route(tree, decorator) is is_route


def test_importers_of_a_name() -> None:
    """
    Whatever calls the module by its last name; what a package is called by is not asked.
    """
    texts = {
        "a/store.py": "",
        "b/__init__.py": "",
        "c.py": "from a.store import kept",
        "d.py": "from b import kept",
    }
    layout = Layout(texts, texts.__getitem__)

    assert list(layout.importers("a/store.py", "kept")) == ["c.py"]
    assert list(layout.importers("b/__init__.py", "kept")) == ["c.py", "d.py"]
    assert list(layout.importers("b/__init__.py", "other")) == []
    assert list(layout.importers("a/store.py", "other")) == []


@pytest.mark.parametrize(
    "owner", ["self", "cls", "request", "req", "body", "payload", "data", "state", "thread", "response"]
)
def test_messages_of_other_things_are_theirs(owner: str) -> None:
    """
    Requests, graph states and an object's own list are no histories.
    """
    assert mutated_messages(Tree(f"{owner}.messages.append(x)\n")) is None


def test_a_qualified_class_in_an_annotation_is_replaced_once() -> None:
    """
    Whole, in whatever it stands; fields of models keep their type.
    """
    text = (
        "import langchain_core.chat_history as h\n\n\ndef f(a: dict[str, h.InMemoryChatMessageHistory]) -> h.Other:\n"
        "    b: h.InMemoryChatMessageHistory = a\n\n\nclass Model:\n    c: h.InMemoryChatMessageHistory\n"
    )
    tree = Tree(text)

    after = apply(text, widened(tree, of_history("InMemoryChatMessageHistory")))

    assert after == text.replace("h.InMemoryChatMessageHistory]", "BaseChatMessageHistory]").replace(
        "b: h.InMemoryChatMessageHistory", "b: BaseChatMessageHistory"
    )


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("def f(x=None):\n    use(x)\n", True),
        ("def f(x=None):\n    if x:\n        use(x)\n", False),
        ("def f(x=None):\n    if not x:\n        return\n    use(x)\n", False),
        ("def f(x=None):\n    use(x)\n    if x:\n        pass\n", True),
        ("def f(x=None):\n    assert x\n    use(x)\n", False),
        ("def f(x=None):\n    if x in store:\n        pass\n    use(x)\n", True),
        ("def f(x):\n    use(x)\n", False),
        ("def f(x: str | None):\n    use(x)\n", True),
        ("def f(x=''):\n    use(x)\n", True),
        ("def f(x='a'):\n    use(x)\n", False),
        ("def f(x=None):\n    def g():\n        use(x)\n", True),
    ],
)
def test_parameters_that_may_be_none(text: str, may_be: bool) -> None:
    """
    Unless code before the place, or around it, says what happens then.
    """
    tree = Tree(text)
    site = next(one for one in walk(tree.module, cst.Call))

    assert may_be_none(tree, "x", site) is may_be
