"""What a project needs to keep conversations for all workers, and the test that shows it: the texts of ``--init``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from importlib.resources import files as resources

from msgspec import Struct

from lcmemlint.fixes.generated import CHECKPOINTER, HISTORY, Generated, placed
from lcmemlint.fixes.layout import Layout
from lcmemlint.fixes.outcomes import Note
from lcmemlint.fixes.supply import Supply

TEST = "test_memory_survives_scaling.py"


class Scaffold(Struct, frozen=True):
    """Files by path, those that are there already included; ``targets`` are the ``module:function`` in them."""

    files: dict[str, str]
    test: str
    targets: tuple[str, ...]
    notes: tuple[Note, ...]


def scaffold(
    files: Iterable[str], text_of: Callable[[str], str], *, tests: Iterable[str] = (), factory: str = ""
) -> Scaffold:
    """The files that ``--init`` writes into a project of these Python files, of which ``tests`` are no part of the app.

    ``factory`` is the project's own ``module:function`` for histories, for which nothing is generated.
    """
    layout = Layout(files, text_of)
    users = {path: _imported(layout, path) for path in sorted(layout.files - set(tests))}
    users = {path: packages for path, packages in users.items() if packages & {"langchain", "langgraph"}}
    wanted = [] if factory else [HISTORY]
    wanted += [CHECKPOINTER] if any("langgraph" in packages for packages in users.values()) else []
    root = _root(layout, users, factory)
    found = {_place(layout, users, root, module): module.text() for module in wanted}
    targets = [factory] if factory else []
    targets += [
        f"{_dotted(path, root)}:{module.names[0]}" for path, module in zip(found, wanted, strict=True)
    ]
    test = f"{_test_folder(layout)}/{TEST}"
    found[test] = _test(test, root, targets)
    notes = tuple(note for module in wanted for note in module.notes)
    return Scaffold(found, test, tuple(targets), notes)


def _imported(layout: Layout, path: str) -> frozenset[str]:
    """The families of packages that a file imports: ``langchain_core`` is one of ``langchain``'s."""
    return frozenset(
        module.partition(".")[0].partition("_")[0] for dots, module, _ in layout.imports(path) if not dots
    )


def _root(layout: Layout, users: Iterable[str], factory: str) -> str:
    """The folder from which the project's own factory is imported, or else most of these files are."""
    own = next((path for path in sorted(layout.files) if Supply(factory).is_own(path)), None)
    if own is not None:
        return layout.root(own, factory.partition(":")[0])
    roots = Counter(layout.root(path) for path in users)
    return min(roots, key=lambda root: (-roots[root], root), default="")


def _place(layout: Layout, users: Iterable[str], root: str, module: Generated) -> str:
    """Where a generated module stands, or is to stand."""
    group = {path: "" for path in users if layout.root(path) == root}
    places = placed(group, layout, module)
    return next((place.path for place in places.values()), f"{root}/{module.stems[0]}.py".lstrip("/"))


def _dotted(path: str, root: str) -> str:
    return path[len(root) :].strip("/").removesuffix(".py").replace("/", ".")


def _test_folder(layout: Layout) -> str:
    return "test" if layout.is_module("", "test") and not layout.is_module("", "tests") else "tests"


def _test(path: str, root: str, targets: Iterable[str]) -> str:
    template = resources("lcmemlint.fixes") / "templates" / TEST
    text = template.read_text(encoding="utf-8")
    folder = f"parents[{path.count('/')}]" + (f' / "{root}"' if root else "")
    listed = ", ".join(f'"{target}"' for target in targets)
    if len(listed) > 90:
        listed = "\n    " + listed.replace(", ", ",\n    ") + ",\n"
    return text.replace("parents[1]", folder, 1).replace('"shared_history:chat_history"', listed, 1)
