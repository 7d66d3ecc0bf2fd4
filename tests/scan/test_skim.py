"""The skim: what bytes may import, and which files are parsed for it."""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from lcmemlint.scan.skim import DYNAMIC, Skim, select, skim

STDLIB = Path(sysconfig.get_path("stdlib"))
SAMPLE = sorted(path for folder in (".", "asyncio", "email") for path in STDLIB.glob(f"{folder}/*.py"))

IMPORTS: list[tuple[str, set[str]]] = [
    ("import a", {"a"}),
    ("import a.b as c, d", {"a.b", "d"}),
    ("import a . b", {"a.b"}),
    ("import \\\n  a", {"a"}),
    ("import a, \\\n  b", {"a", "b"}),
    ("x = 1; import a", {"a"}),
    ("if x: import a", {"a"}),
    ("if x:import a", {"a"}),
    ("\timport a", {"a"}),
    ("from a import b", {"a", "a.b"}),
    ("from a.b import c as d, e", {"a.b", "a.b.c", "a.b.e"}),
    ("from . import a", {".", ".a"}),
    ("from .import a", {".", ".a"}),
    ("from.a import b", {".a", ".a.b"}),
    ("from .. a . b import c", {"..a.b", "..a.b.c"}),
    ("from ... import a", {"...", "...a"}),
    ("from a import *", {"a"}),
    ("from a import(b)", {"a", "a.b"}),
    ("from a import (b, c,)", {"a", "a.b", "a.c"}),
    ("from a import (\n  b,  # (c)\n  # d, e)\n  f as g,\n)", {"a", "a.b", "a.f"}),
    ("from a import (\r\n  b,\r\n  c)\r\n", {"a", "a.b", "a.c"}),
    ("from a \\\n import \\\n b, \\\r\n c", {"a", "a.b", "a.c"}),
    ("from ü.b import ñ", {"ü.b", "ü.b.ñ"}),
    ("from a import b; from c import d", {"a", "a.b", "c", "c.d"}),
    ("from a import b # import c", {"a", "a.b", "c"}),
    ("'''from the shop import (bread\nimport a\n'''\nimport b", {"a", "b"}),
    ("# from x import (\nfrom a import b\n", {"a", "a.b"}),
    ('"from a import b\\n",\n"import c\\nimport d\\n"', {"a", "a.b", "c", "d"}),
    ("uvicorn.run('app.api:create', workers=2)", {"app.api"}),
    ("include('chat.urls')", {"chat.urls"}),
    ("run('main:app')", {"main"}),
    ("import_module('a')", {"a"}),
    ("import_module('.a', __package__)", {".a"}),
    ("__import__('a.b')", {"a.b"}),
]


@pytest.mark.parametrize(("text", "imports"), IMPORTS, ids=[row[0][:40] for row in IMPORTS])
def test_what_a_file_may_import(text: str, imports: set[str]) -> None:
    """
    All of these at least; more is allowed.
    """
    assert imports <= set(skim(text.encode()).imports)


@pytest.mark.parametrize(
    "text", ["", "reimport a", "x.important b", "importa a", "x = 'a'", "yield_from = 1", "f('a')"]
)
def test_what_a_file_does_not_import(text: str) -> None:
    """
    Words that only contain `import`, and plain strings.
    """
    assert skim(text.encode()).imports == ()


def imported(text: str) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            dot = "" if module.endswith(".") else "."
            yield from (f"{module}{dot}{alias.name}" for alias in node.names if alias.name != "*")


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_nothing_that_python_imports_is_missed(path: Path) -> None:
    """
    Held against Python's own parser on the standard library.
    """
    text = path.read_text(encoding="utf-8")
    assert set(imported(text)) <= set(skim(text.encode()).imports)


def test_a_byte_order_mark_hides_no_import() -> None:
    """
    Its bytes stand right before the first word.
    """
    assert skim("\ufefffrom langchain.memory import ConversationBufferMemory\n".encode()).imports == (
        "langchain.memory",
        "langchain.memory.ConversationBufferMemory",
    )


def test_words_are_the_heads_of_strings() -> None:
    """
    A class that is named in a setting is a mention of its package.
    """
    words = skim(b"A = 'langchain.memory.X'; B = \"langgraph\"; C = 'acme:make'; D = 'not a name'").words
    assert set(words) == {"langchain", "langgraph", "acme"}


def test_bytes_of_any_kind() -> None:
    """
    Bytes are skimmed, not decoded: no encoding is wrong.
    """
    assert skim(b"\xff\xfe\x00import a\nfrom \xe9 import b").imports != ()


def test_libcst_is_not_imported() -> None:
    """
    It takes longer than all the rest of a run that finds nothing to parse.
    """
    code = "import sys, lcmemlint.scan.skim, lcmemlint.scan; print('libcst' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def selected(**texts: str) -> str:
    """The selected ones of some modules in one folder (`a__b` is a/b.py), as one word."""
    files = {f"{name.replace('__', '/')}.py": skim(text.encode()) for name, text in texts.items()}

    def resolve(path: str, dotted: str) -> tuple[str, ...]:
        candidates = (dotted, dotted.rpartition(".")[0])
        return tuple(f for one in candidates if (f := one.strip(".").replace(".", "/") + ".py") in files)

    chosen = select(files, frozenset({"langgraph", "own"}), resolve)
    return " ".join(sorted(path.removesuffix(".py") for path in chosen))


def test_nothing_is_selected_without_a_mention() -> None:
    """
    Not even what imports modules by name.
    """
    assert selected(a="import b", b="import_module(x)") == ""


def test_those_that_mention_a_package_and_those_around_them() -> None:
    """
    Importers, direct or not, and all that any of those import.
    """
    assert (
        selected(
            main="import routes",
            routes="from graph import build",
            graph="from langgraph.graph import StateGraph; import settings",
            settings="import paths",
            paths="",
            helper="",
            other="import helper",
        )
        == "graph main paths routes settings"
    )


def test_what_an_importer_imports_is_selected() -> None:
    """
    The session id may come from there.
    """
    assert (
        selected(main="import graph, session", graph="import langgraph", session="", x="")
        == "graph main session"
    )


def test_a_reference_in_a_string_is_an_import() -> None:
    """
    The file that starts the server with four workers names the app in a string.
    """
    assert selected(main="uvicorn.run('api:app', workers=4)", api="import langgraph") == "api main"


def test_a_package_named_in_a_string_is_a_mention() -> None:
    """
    `import_module("langgraph.prebuilt")` imports it.
    """
    assert selected(a="load('langgraph.prebuilt')", b="x = 'langgraphs'") == "a"


def test_a_file_that_imports_computed_names_may_import_any() -> None:
    """
    A loader of plugins and what imports it.
    """
    texts = {"main": "import loader", "loader": "import_module(name)", "plugin": "import langgraph", "x": ""}
    assert selected(**texts) == "loader main plugin"
    elsewhere = {
        "vendored__main": "import loader",
        "vendored__loader": "import_module(name)",
        "app__x": "import langgraph",
    }
    assert selected(**elsewhere) == "app/x"


def test_files_of_the_users_own_components_are_mentions() -> None:
    """
    Inside of its package nobody writes its name.
    """
    assert selected(own__memory="class Memory: ...", x="") == "own/memory"


def test_cycles_end() -> None:
    """
    Imports may be circular.
    """
    assert selected(a="import b", b="import a, langgraph", c="import c") == "a b"


def test_a_skim_is_sorted() -> None:
    """
    Equal bytes give equal skims, in any process.
    """
    assert skim(b"import b, a\n'x.y'; 'w.z'") == Skim(("a", "b", "w.z", "x.y"), ("w", "x"))
    assert DYNAMIC in skim(b"pkgutil.iter_modules()").words
