"""A saver over a connection becomes ``shared_checkpointer()``: constructed, entered by a ``with`` or by a stack.

The connection that was opened for it alone goes too. Threads in an old SQLite file stay there; a saver over Postgres
keeps its database: ``shared_checkpointer(url=...)``.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.annotations import of_saver
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Refusal
from lcmemlint.fixes.trees import Tree, dotted, resolved, uses, walk
from lcmemlint.fixes.unwrap import unwrapped

_POSTGRES = frozenset({"PostgresSaver", "AsyncPostgresSaver"})
CLASSES = frozenset({"SqliteSaver", "AsyncSqliteSaver"}) | _POSTGRES
_MANAGER = "from_conn_string"
_INSIDE = frozenset({"conn", "lock", "cursor", "loop", "is_setup", "jsonplus_serde"})
_ENTER = frozenset({"enter_context", "enter_async_context"})
_MODULES = ("sqlite3", "aiosqlite", "psycopg")
_CONNECTS = frozenset(
    {
        "psycopg.connect",
        "psycopg.Connection.connect",
        "psycopg.AsyncConnection.connect",
        "psycopg.AsyncConnection",
    }
)
_SETUP = frozenset({"setup", "asetup"})


def class_of(known: str) -> str | None:
    """The class, when a dotted name is that of a saver over a file, or of what opens one."""
    parts = known.split(".")
    name = parts[-2] if parts[-1] == _MANAGER and len(parts) > 1 else parts[-1]
    return name if name in CLASSES else None


def rewrite(tree: Tree, request: FixRequest, context: Context, call: cst.Call, name: str) -> Change | Refusal:
    """The edits that put a shared saver in the place of one over a file."""
    serde = _serde(tree, call)
    if isinstance(serde, Refusal):
        return serde
    for arg in call.args:
        if isinstance(arg.value, cst.Attribute) and tree.source(arg.value).startswith(("self.", "cls.")):
            return Refusal(f"`{tree.source(arg.value)}` is opened and closed by other code of the class")
    namespace = request.get("namespace")
    first = [f"{tree.quote}{namespace}{tree.quote}"] if namespace else []
    if name in _POSTGRES:
        url = _url(tree, call)
        if isinstance(url, Refusal):
            return url
        first.append(f"url={url}")
    new = f"{context.name('shared_checkpointer')}({', '.join([*first, *serde])})"
    if tree.has_comment(*tree.extent(call)):
        return Refusal("a comment stands inside the call")
    placed = _placed(tree, call, new, entered=request.get("entered") != "no")
    if isinstance(placed, Refusal):
        return placed
    edits, target = placed
    if (refusal := _looked_into(tree, target)) is not None:
        return refusal
    set_up = tuple(_set_up(tree, target))
    if any(isinstance(each, Refusal) for each in set_up):
        return next(each for each in set_up if isinstance(each, Refusal))
    edits += tuple(each for each in set_up if isinstance(each, Edit))
    head = (dotted(call.func) or "").partition(".")[0]
    modules = {part.value for part in walk(tree.module, cst.Name) if part.value in _MODULES}
    return Change(
        _once(edits),
        needs=("shared_checkpointer",),
        widens=(of_saver(*CLASSES),),
        drops=tuple(sorted({head, *modules})),
        orphans=tuple(sorted({part.value for arg in call.args for part in walk(arg.value, cst.Name)})),
    )


def _url(tree: Tree, call: cst.Call) -> str | Refusal:
    """The address of the database, as the code writes it."""
    given = next(
        (arg for arg in call.args if arg.keyword is None or arg.keyword.value in ("conn", "conn_string")),
        None,
    )
    if given is None:
        return Refusal("the saver is given no database")
    value = given.value
    is_manager = isinstance(call.func, cst.Attribute) and call.func.attr.value == _MANAGER
    if (
        is_manager
        or isinstance(value, cst.SimpleString | cst.FormattedString)
        or _reads_environment(tree, value)
    ):
        return tree.source(value)
    opened = _opened(tree, value)
    if opened is None or not opened.args or opened.args[0].keyword is not None or opened.args[0].star:
        return Refusal(f"which database `{tree.source(value)}` is connected to is not seen here")
    return tree.source(opened.args[0].value)


def _reads_environment(tree: Tree, value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.Subscript):
        return resolved(tree, value.value) == "os.environ"
    return isinstance(value, cst.Call) and resolved(tree, value.func) in ("os.getenv", "os.environ.get")


def _opened(tree: Tree, value: cst.BaseExpression) -> cst.Call | None:
    """The call that opened the one connection which a name stands for."""
    called = value
    if isinstance(value, cst.Name):
        bound = [
            node.value
            for node in walk(tree.module, cst.Assign)
            if any(
                isinstance(each.target, cst.Name) and each.target.value == value.value
                for each in node.targets
            )
        ]
        if len(bound) != 1:
            return None
        called = bound[0]
    inner = called.expression if isinstance(called, cst.Await) else called
    is_connect = isinstance(inner, cst.Call) and resolved(tree, inner.func) in _CONNECTS
    return inner if is_connect and isinstance(inner, cst.Call) else None


def _once(edits: Edits) -> Edits:
    """The edits without those inside another one: a setup line in a ``with`` goes with its indentation."""
    return tuple(
        each
        for each in edits
        if not any(other is not each and other.start <= each.start < each.end <= other.end for other in edits)
    )


def _serde(tree: Tree, call: cst.Call) -> list[str] | Refusal:
    kept: list[str] = []
    for number, arg in enumerate(call.args):
        if arg.star:
            return Refusal(f"what `{tree.source(arg)}` holds is not known")
        if arg.keyword is None and number == 0:
            continue
        if arg.keyword is not None and arg.keyword.value in ("conn", "conn_string"):
            continue
        if arg.keyword is None or arg.keyword.value != "serde":
            return Refusal(f"`{tree.source(arg)}` means something to a saver over a file only")
        kept.append(f"serde={tree.source(arg.value)}")
    return kept


def _placed(tree: Tree, call: cst.Call, new: str, *, entered: bool) -> tuple[Edits, str | None] | Refusal:
    """The edits at the place itself, and the name that holds the saver afterwards, if one does."""
    around = tree.parent(call)
    is_manager = isinstance(call.func, cst.Attribute) and call.func.attr.value == _MANAGER
    if isinstance(around, cst.WithItem):
        return _in_with(tree, around, new)
    if is_manager and entered:
        entering = tree.parent(around) if isinstance(around, cst.Arg) else None
        if (
            not isinstance(entering, cst.Call)
            or (dotted(entering.func) or "").rpartition(".")[2] not in _ENTER
        ):
            return Refusal(f"what enters `{tree.source(call)}` is not seen here")
        outer: cst.CSTNode = entering
        if isinstance(tree.parent(entering), cst.Await):
            outer = tree.parent(entering) or entering
        return (Edit(*tree.extent(outer), new),), _target(tree, outer)
    if isinstance(around, cst.Attribute):
        return Refusal(f"`{tree.source(around)}` is taken from the saver at once")
    return (Edit(*tree.extent(call), new),), _target(tree, call)


def _in_with(tree: Tree, item: cst.WithItem, new: str) -> tuple[Edits, str] | Refusal:
    node = tree.parent(item)
    target = dotted(item.asname.name) if item.asname is not None else None
    if not isinstance(node, cst.With) or target is None:
        return Refusal("the `with` does not name its saver")
    edits = unwrapped(tree, node, f"{target} = {new}")
    return edits if isinstance(edits, Refusal) else (edits, target)


def _target(tree: Tree, node: cst.CSTNode) -> str | None:
    around = tree.parent(node)
    if isinstance(around, cst.Assign) and len(around.targets) == 1:
        return dotted(around.targets[0].target)
    return dotted(around.target) if isinstance(around, cst.AnnAssign) else None


def _mentions(tree: Tree, target: str | None) -> Iterator[cst.CSTNode]:
    if target is None:
        return
    if "." not in target:
        yield from uses(tree, target)
        return
    yield from (node for node in walk(tree.module, cst.Attribute) if dotted(node) == target)


def _looked_into(tree: Tree, target: str | None) -> Refusal | None:
    for node in _mentions(tree, target):
        around = tree.parent(node)
        if isinstance(around, cst.Attribute) and around.value is node and around.attr.value in _INSIDE:
            return Refusal(
                f"line {tree.line(node)} looks into `{tree.source(around)}`, which only a saver over a file has"
            )
        if isinstance(around, cst.WithItem):
            return Refusal(f"line {tree.line(node)} enters the saver elsewhere")
    return None


def _set_up(tree: Tree, target: str | None) -> Iterator[Edit | Refusal]:
    """The shared saver makes its own tables: ``saver.setup()`` goes, awaited or not."""
    for node in _mentions(tree, target):
        around = tree.parent(node)
        if not isinstance(around, cst.Attribute) or around.attr.value not in _SETUP:
            continue
        statement = tree.statement(node)
        block = tree.parent(statement)
        is_alone = isinstance(block, cst.IndentedBlock) and len(block.body) == 1
        is_plain = (
            isinstance(statement, cst.SimpleStatementLine)
            and len(statement.body) == 1
            and isinstance(statement.body[0], cst.Expr)
            and not tree.has_comment(*tree.lines(statement))
        )
        if is_plain and not is_alone:
            yield Edit(*tree.lines(statement), "")
        else:
            yield Refusal(f"line {tree.line(node)} sets the saver up; the shared saver does that by itself")
