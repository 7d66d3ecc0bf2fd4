"""Which file an import means, asked of paths alone."""

from __future__ import annotations

import pytest

from lcmemlint.link.modules import ModuleIndex

LIBRARIES = frozenset(("langchain", "langgraph"))


def index(*paths: str) -> ModuleIndex:
    return ModuleIndex(paths, LIBRARIES)


@pytest.mark.parametrize(
    ("files", "path", "dotted", "found"),
    [
        pytest.param("app.py bot.py", "app.py", "bot", "bot.py", id="a neighbour"),
        pytest.param("app.py bot/__init__.py", "app.py", "bot", "bot/__init__.py", id="a package"),
        pytest.param("app.py bot/core.py", "app.py", "bot.core", "bot/core.py", id="in a namespace folder"),
        pytest.param(
            "src/shop/a.py src/shop/b.py", "src/shop/a.py", "shop.b", "src/shop/b.py", id="src layout"
        ),
        pytest.param("run.py src/shop/b.py", "run.py", "shop.b", "src/shop/b.py", id="src from beside it"),
        pytest.param(
            "back/a.py back/lib/b.py", "back/a.py", "lib.b", "back/lib/b.py", id="a root without package"
        ),
        pytest.param("p/__init__.py p/a.py p/b.py", "p/a.py", ".b", "p/b.py", id="one dot"),
        pytest.param("p/q/a.py p/b.py", "p/q/a.py", "..b", "p/b.py", id="two dots"),
        pytest.param("p/a.py p/X.py", "p/a.py", ".X", "p/X.py", id="one letter"),
        pytest.param("p/__init__.py p/a.py", "p/a.py", ".", "p/__init__.py", id="the package itself"),
        pytest.param(
            "p/__init__.py p/a.py", "p/__init__.py", ".a", "p/a.py", id="from the package's own file"
        ),
        pytest.param(
            "x/a.py y/lib/deep.py", "x/a.py", "lib.deep", "y/lib/deep.py", id="a far root, only one"
        ),
        pytest.param(
            "a/b.py a/b/__init__.py", "a/c.py", "a.b", "a/b/__init__.py", id="a package hides a module"
        ),
    ],
)
def test_found(files: str, path: str, dotted: str, found: str) -> None:
    """
    An import leads to the file that Python would most likely run.
    """
    assert found == index(*files.split()).find(path, dotted)


@pytest.mark.parametrize(
    ("files", "path", "dotted"),
    [
        pytest.param("app.py", "app.py", "app", id="a module does not import itself"),
        pytest.param("a.py", "a.py", "..b", id="above the root"),
        pytest.param("a.py p/b.py", "a.py", ".b", id="a neighbour's neighbour"),
        pytest.param("p/a.py json.py", "p/a.py", "os", id="the standard library"),
        pytest.param("x/a.py y/json.py", "x/a.py", "json", id="a far file called like the standard library"),
        pytest.param("x/a.py y/lib.py z/lib.py", "x/a.py", "lib", id="two far answers"),
        pytest.param("x/a.py y/p/__init__.py y/p/lib.py", "x/a.py", "lib", id="a bare name inside a package"),
        pytest.param(
            "a.py langchain/memory.py", "a.py", "langchain.memory", id="a folder called like a library"
        ),
        pytest.param(
            "x/a.py y/langgraph/graph.py", "x/a.py", "langgraph.graph", id="a library's name far away"
        ),
        pytest.param("a.py bot/core.py", "a.py", "bot", id="a namespace folder has no file"),
        pytest.param("", "a.py", "b", id="an empty project"),
    ],
)
def test_not_ours(files: str, path: str, dotted: str) -> None:
    """
    What no file of the project can be is somebody else's.
    """
    assert index(*files.split()).find(path, dotted) is None


def test_the_nearest_of_two_is_meant() -> None:
    """
    Two apps with modules of the same name keep to their own.
    """
    modules = index("sales/app.py", "sales/bot.py", "support/app.py", "support/bot.py")

    assert modules.find("sales/app.py", "bot") == "sales/bot.py"
    assert modules.find("support/app.py", "bot") == "support/bot.py"


@pytest.mark.parametrize("first", ["redis.py", "app.py"])
def test_a_file_with_the_name_of_what_it_imports(first: str) -> None:
    """
    `import redis` in `redis.py` is the library, in its neighbour it is that file, whoever asks first.
    """
    modules = index("redis.py", "app.py")
    modules.find(first, "redis")

    assert modules.find("redis.py", "redis") is None
    assert modules.find("app.py", "redis") == "redis.py"


def test_a_package_of_the_project_may_have_a_library_s_name() -> None:
    """
    With an `__init__.py`, `langchain/` is a vendored copy and hides the library.
    """
    modules = index("a.py", "langchain/__init__.py", "langchain/memory.py")

    assert modules.find("a.py", "langchain.memory") == "langchain/memory.py"


def test_packages_around_a_module_run_with_it() -> None:
    """
    Importing `a.b.c` runs the `__init__` of both packages.
    """
    modules = index("main.py", "a/__init__.py", "a/b/__init__.py", "a/b/c.py")

    assert modules.resolve("main.py", "a.b.c") == ("a/b/c.py", "a/b/__init__.py", "a/__init__.py")


def test_a_member_counts_as_its_module() -> None:
    """
    `from a.b import name` runs `a/b.py`, whatever the name is.
    """
    assert index("main.py", "a/b.py").resolve("main.py", "a.b.name") == ("a/b.py",)


def test_a_library_runs_no_file_of_ours() -> None:
    """
    Nothing is run by an import that leads outside.
    """
    assert index("main.py", "a/b.py").resolve("main.py", "fastapi.routing") == ()


@pytest.mark.parametrize(
    ("path", "name"),
    [("src/shop/bot.py", "shop.bot"), ("shop/__init__.py", "shop"), ("app.py", "app")],
)
def test_module_names_for_people(path: str, name: str) -> None:
    """
    `src/` and `__init__` are no part of a module's name.
    """
    assert index(path).module_name(path) == name


def test_namespace_folders() -> None:
    """
    A folder without `__init__` can be imported, unless a library of that name is meant.
    """
    modules = index("main.py", "bot/core.py", "langchain/x.py")

    assert modules.is_folder("main.py", "bot")
    assert modules.is_folder("bot/core.py", ".")
    assert not modules.is_folder("main.py", "langchain")
    assert not modules.is_folder("main.py", "other")


def test_the_order_of_the_files_does_not_matter() -> None:
    """
    The same files in any order give the same answers.
    """
    paths = ["x/a.py", "y/lib/deep.py", "y/lib/__init__.py", "z/other/deep.py", "a.py"]
    asked = [("x/a.py", "lib.deep"), ("a.py", "deep"), ("x/a.py", "other.deep"), ("y/lib/deep.py", "lib")]

    forwards, backwards = index(*paths), index(*reversed(paths))

    assert [forwards.find(*one) for one in asked] == [backwards.find(*one) for one in asked[::-1]][::-1]
