"""The shape of the code, read from its imports: they point downwards only (DESIGN §3)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lcmemlint"
MODULES = tuple(sorted(path for path in PACKAGE.rglob("*.py") if "templates" not in path.parts))

ALLOWED: dict[str, frozenset[str]] = {
    # part: the parts that it may import; a part is a module of the package or a folder of it
    "toml": frozenset(),
    "values": frozenset(),
    "facts": frozenset({"values"}),
    "findings": frozenset({"values"}),
    "errors": frozenset(),
    "scan": frozenset({"values", "facts", "errors"}),
    "places": frozenset({"facts"}),
    "settings": frozenset({"errors", "findings"}),
    "config": frozenset({"errors", "facts", "findings", "places", "settings"}),
    "sources": frozenset({"config", "errors", "facts", "places", "settings"}),
    "catalogue": frozenset({"errors"}),
    "fingerprints": frozenset({"values", "facts", "findings"}),
    "rulebook": frozenset({"catalogue", "errors", "findings"}),
    "deploy": frozenset({"values", "facts", "findings", "errors", "catalogue"}),
    "link": frozenset({"values", "facts", "findings", "errors", "catalogue", "deploy"}),
    "checks": frozenset({"values", "findings", "link", "catalogue"}),
    "rows": frozenset({"values", "facts"}),
    "store": frozenset({"__init__", "facts", "rows"}),
    "looks": frozenset({"facts", "files", "scan", "sources", "store", "workers"}),
    "shelf": frozenset({"files", "places", "scan", "store"}),
    "reports": frozenset({"settings", "findings", "notebooks"}),
    "plans": frozenset({"config", "errors", "facts", "files", "reports", "sources"}),
    "recall": frozenset({"facts", "files", "places", "sources", "store"}),
    "workers": frozenset({"facts", "scan", "reports", "rows"}),
    "suppress": frozenset({"values", "facts", "findings", "config", "sources"}),
    "files": frozenset({"errors", "facts", "places", "sources"}),
    "magics": frozenset(),
    "notebooks": frozenset({"facts", "magics"}),
    "manifests": frozenset({"values", "facts", "files", "config", "sources", "scan", "deploy", "suppress"}),
    "engine": frozenset(
        {
            "values", "facts", "findings", "errors", "config", "sources", "catalogue", "rulebook", "scan",
            "deploy", "link", "checks", "workers", "store", "shelf", "plans", "reports", "suppress", "manifests",
            "files", "fingerprints", "places", "settings", "notebooks", "looks",
        }
    ),
    "run": frozenset({"config", "engine", "findings", "plans", "recall", "reports", "store", "workers"}),
    "adopt": frozenset(
        {
            "values", "facts", "findings", "errors", "config", "sources", "engine", "suppress", "scan", "deploy",
            "fingerprints", "fixes", "places",
        }
    ),
    "fixes": frozenset({"values", "facts", "findings", "errors", "scan", "sources", "catalogue", "link", "notebooks"}),
    "report": frozenset({"__init__", "values", "findings", "errors", "reports", "rulebook", "config"}),
    "map": frozenset({"values", "facts", "findings", "catalogue", "deploy", "link", "report"}),
    "probe": frozenset({"errors"}),
    "cli": frozenset(
        {
            "__init__", "values", "findings", "errors", "config", "places", "sources", "engine", "report",
            "rulebook", "fixes", "link", "scan", "workers", "store", "repos", "adopt", "probe", "lsp", "settings",
            "hook", "fitted", "map", "plans", "reports", "run",
        }
    ),
    "lsp": frozenset(
        {
            "__init__", "values", "findings", "errors", "config", "sources", "engine", "report", "rulebook",
            "fixes", "suppress", "adopt", "settings", "plans", "reports", "store", "run",
        }
    ),
    "hook": frozenset({"errors", "findings"}),
    "fitted": frozenset({"catalogue", "config", "places", "sources", "rulebook", "link", "store"}),
    "repos": frozenset(
        {
            "__init__", "adopt", "checks", "config", "engine", "errors", "facts", "link", "places", "report",
            "reports", "rulebook", "scan", "workers",
        }
    ),
    "__init__": frozenset({"findings", "repos", "run"}),
    "__main__": frozenset({"cli"}),
}  # fmt: skip

EVERYWHERE = frozenset({"toml"})
"""Parts that all others may import."""

HOMES = {
    "libcst": {"scan/concrete", "fixes"},
    "yaml": {"deploy/documents.py"},
    "click": {"cli"},
    "lsprotocol": {"lsp"},
    "pygls": {"lsp"},
    "pathspec": {"sources.py"},
    "watchfiles": {"cli/watch.py"},
    "distributed": {"repos/cluster.py"},
}
"""Where the packages of others may be imported: a folder or a file."""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    """The part that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that a module imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import hides where it goes"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_downwards(path: Path) -> None:
    """
    What a part may know is written in one table.
    """
    part = part_of(path)
    for dotted in imported(path):
        if not dotted.startswith("lcmemlint"):
            continue
        target = dotted.split(".")[1]
        target = target if target in ALLOWED else "__init__"
        assert target == part or target in ALLOWED[part] | EVERYWHERE, f"{name_of(path)} imports {dotted}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_packages_of_others_are_imported_at_home_only(path: Path) -> None:
    """
    libcst is slow to import, yaml and click have better places to be wrapped in.
    """
    for dotted in imported(path):
        homes = HOMES.get(dotted.split(".")[0])
        if homes is not None:
            is_home = any(f"{name_of(path)}/".startswith(f"{home}/") for home in homes)
            assert is_home, f"{name_of(path)} imports {dotted}"


def module_names(tree: ast.Module) -> Iterator[str]:
    """The names that the body of a module assigns, also under `if` and `try`."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.If | ast.Try | ast.With):
            pending.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))


MUTATORS = frozenset(
    {
        "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft",
        "remove", "reverse", "setdefault", "sort", "update",
    }
)  # fmt: skip


def mutated(node: ast.AST) -> Iterator[ast.expr]:
    """The objects that a statement or call changes in place."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        yield node.func.value
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    yield from (target.value for target in targets if isinstance(target, ast.Subscript | ast.Attribute))


def local_names(function: ast.AST) -> set[str]:
    """The names that a function binds itself: they are not those of the module."""
    bound = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
    return bound | {
        one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_mutable_state_in_modules(path: Path) -> None:
    """
    Tables at the top of a module are never changed, and there is no `global`: two runs in one process
    cannot see each other.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(module_names(tree))
    for function in ast.walk(tree):
        assert not isinstance(function, ast.Global), f"{name_of(path)}:{function.lineno}: global"
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        outer = names - local_names(function)
        for node in ast.walk(function):
            for changed in mutated(node):
                is_ours = isinstance(changed, ast.Name) and changed.id in outer
                assert not is_ours, f"{name_of(path)}:{changed.lineno}: changes {ast.unparse(changed)}"


ALLOWED_BROAD = frozenset(
    {"engine/analysing.py", "cli/run.py", "scan/nesting.py", "workers.py", "repos/scan.py", "repos/driver.py"}
)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_bare_except(path: Path) -> None:
    """
    Our own bugs are caught in the engine (a check, a scan) and in the command, nowhere else; `nesting`
    only carries an exception from its thread to the caller's. Of many repositories, one costs only itself,
    whatever its scan or the executor that was to run it has met.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else ast.unparse(node.type)
            broad = caught in {"", "Exception", "BaseException"} and not isinstance(node.body[-1], ast.Raise)
            assert not broad or name_of(path) in ALLOWED_BROAD, f"{name_of(path)}:{node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_public_names_have_docstrings(path: Path) -> None:
    """
    The first line says what comes out.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) is not None or not tree.body
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            # A check is told by its module's first line.
            if part_of(path) == "checks" and node.name == "check":
                continue
            assert ast.get_docstring(node), f"{name_of(path)}:{node.lineno}: {node.name}"


def loaded_by(code: str, cwd: Path) -> set[str]:
    """The modules that a fresh interpreter has loaded after running some code."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}\nimport sys; print('\\n'.join(sorted(sys.modules)), file=sys.stderr)",
        ],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(told.stderr.splitlines())


def test_importing_the_package_costs_nothing(tmp_path: Path) -> None:
    """
    `import lcmemlint` loads neither libcst nor click nor the engine.
    """
    assert not {"libcst", "click", "yaml", "lcmemlint.engine"} & loaded_by("import lcmemlint", tmp_path)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["--explain", "LCM101"], ["--list-rules"]])
def test_quick_answers_load_little(arguments: list[str], tmp_path: Path) -> None:
    """
    What needs no analysis loads no parser.
    """
    code = f"from lcmemlint.cli import main\ntry: main({arguments!r})\nexcept SystemExit: pass"

    assert not {"libcst", "yaml", "lcmemlint.engine"} & loaded_by(code, tmp_path)


def test_a_tree_without_langchain_loads_no_parser(tmp_path: Path) -> None:
    """
    Silence costs nothing: not even for a file that is named.
    """
    (tmp_path / "app.py").write_text("import flask\n")
    code = "from lcmemlint.cli import main\ntry: main(['.', 'app.py'])\nexcept SystemExit: pass"

    assert "libcst" not in loaded_by(code, tmp_path)


def test_a_plain_lint_loads_only_what_it_needs(tmp_path: Path) -> None:
    """
    No notebook, no manifest, nobody at a shell: what is there for these costs a small project nothing.
    """
    (tmp_path / "requirements.txt").write_text("langchain\n")
    (tmp_path / "app.py").write_text("from langchain.memory import ConversationBufferMemory\n")
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom lcmemlint.cli import main\n"
        "try: main(['--no-config', '--no-cache', '.'])\nexcept SystemExit: pass\n"
        "for name in before: del sys.modules[name]"  # what measures coverage has loaded some of them
    )
    loaded = loaded_by(code, tmp_path)

    assert "lcmemlint.link.project" in loaded
    assert not {
        "click.shell_completion", "json", "string", "yaml", "lcmemlint.deploy.documents", "lcmemlint.deploy.reading",
        "lcmemlint.magics", "lcmemlint.notebooks",
    } & loaded  # fmt: skip


def test_the_command_collects_no_garbage_from_the_start(tmp_path: Path) -> None:
    """
    Not even while click and the modules of the command are loaded.
    """
    code = (
        "import gc, lcmemlint.cli, sys\ntold = []\n"
        "class Finder:\n    def find_spec(self, name, *_):\n        told.append((name, gc.isenabled()))\n"
        "sys.meta_path.insert(0, Finder())\nsys.argv = ['lcmemlint', '--version']\n"
        "import os\nos._exit = lambda code: None\nlcmemlint.cli.process()\n"
        "assert ('click', False) in told, told"
    )

    assert "click" in loaded_by(code, tmp_path)


def test_no_part_opens_a_connection(tmp_path: Path) -> None:
    """
    Neither a lint nor a repair asks the network for anything, or starts another program.
    """
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(
        "from fastapi import FastAPI\nfrom langchain.memory import ConversationBufferMemory\n"
        "from langchain.chains import ConversationChain\n\napp = FastAPI()\n\n\n"
        "@app.post('/chat/{user_id}')\ndef chat(user_id: str, text: str) -> str:\n"
        "    memory = ConversationBufferMemory()\n"
        "    return ConversationChain(llm=None, memory=memory).predict(input=text)\n"
    )
    code = (
        "import sys\n"
        "told = []\n"
        "sys.addaudithook(lambda event, _: told.append(event) if event.startswith(('socket.', 'subprocess.', 'os.exec',"
        " 'os.system', 'os.posix_spawn', 'urllib.')) else None)\n"
        "from lcmemlint.cli import main\n"
        "try: main(['--fix', '--format', 'sarif:report.sarif'])\n"
        "except SystemExit: pass\n"
        "assert not told, told\n"
        "assert 'chat_history' in open('app.py').read()\n"
    )

    loaded_by(code, tmp_path)
