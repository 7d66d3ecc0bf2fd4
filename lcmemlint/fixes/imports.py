"""Import lines added to and taken from a file, as edits that lose no comment."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator

import libcst as cst

from lcmemlint.fixes.edits import Edit, Edits
from lcmemlint.fixes.trees import Tree, dotted, uses, walk

Import = cst.Import | cst.ImportFrom

_LIKE_CODE = re.compile(r"""[rbuf]*(["'])(?:[\w.]+|[\w.\[\]|, ]*[\[|][\w.\[\]|, ]*)\1""", re.IGNORECASE)
"""Texts that may name an import: ``"MemorySaver"``, ``"app.MemorySaver"``, ``"list[MemorySaver] | None"``."""

_WITHOUT_EFFECT = frozenset({"sqlite3", "aiosqlite", "psycopg", "uuid"})
"""Modules that nobody imports for what their import does."""


def local_name(tree: Tree, function: str, stem: str) -> str | None:
    """What the file already calls a generated function, if it imports it from a module of that (last) name."""
    for node in _top_level(tree):
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            continue
        if (dotted(node.module) or "").rpartition(".")[2] != stem:
            continue
        for alias in node.names:
            if dotted(alias.name) == function:
                return (dotted(alias.asname.name) if alias.asname else None) or function
    return None


def free_name(tree: Tree, function: str, stem: str) -> str:
    """A local name for a generated function that means nothing else anywhere in the file."""
    known = local_name(tree, function, stem)
    if known is not None and not _is_rebound(tree, known):
        return known
    candidates = (function, f"shared_{function}", f"lcmemlint_{function}")
    return next(name for name in candidates if not any(True for _ in uses(tree, name)))


def _is_rebound(tree: Tree, name: str) -> bool:
    """Whether an imported name is also a parameter or a variable somewhere in the file."""
    for node in uses(tree, name):
        around = tree.parent(node)
        if isinstance(around, cst.Param) and around.name is node:
            return True
        bound = getattr(around, "target", None)
        if (
            isinstance(around, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.NamedExpr)
            and bound is node
        ):
            return True
    return False


def added(tree: Tree, line: str, *, is_local: Callable[[str], bool]) -> Edit:
    """The edit that puts an import line where a reader looks for it.

    ``is_local`` tells whether a module (as written, with its dots) belongs to the project: a project's own
    imports stand last, in a group of their own.
    """
    head = [statement for statement in _head(tree) if _only_imports(statement)]
    if not head:
        return _before_everything(tree, line)
    group = _last_group(tree, head)
    if not all(is_local(module) for statement in group for module in _modules(statement)):
        end = tree.line_end(tree.extent(head[-1])[1])
        below = tree.text[tree.next_line(end) :]
        is_crowded = bool(below) and bool(below.splitlines()[0].strip())
        return Edit(end, end, f"{tree.newline * 2}{line}{tree.newline if is_crowded else ''}")
    smaller = [statement for statement in group if _order(tree.source(statement)) < _order(line)]
    if smaller or _has_lead(group[0]):
        end = tree.line_end(tree.extent((smaller or group)[-1])[1])
        return Edit(end, end, f"{tree.newline}{line}")
    start = tree.line_start(tree.extent(group[0])[0])
    return Edit(start, start, f"{line}{tree.newline}")


def joined(tree: Tree, module: str, name: str, *, is_local: Callable[[str], bool]) -> Edits:
    """The edit that imports a name: into the import from its module that the file has, else as a line of its own."""
    for node in _top_level(tree):
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            continue
        if node.relative or dotted(node.module) != module:
            continue
        if any(dotted(alias.name) == name and alias.asname is None for alias in node.names):
            return ()
        end = tree.extent(node.names[-1])[0] + len(tree.source(node.names[-1]).rstrip(", \t\r\n"))
        return (Edit(end, end, f", {name}"),)
    if module.partition(".")[0] in sys.stdlib_module_names:
        return (_standard(tree, f"from {module} import {name}"),)
    line = f"from {module} import {name}"
    near = _beside(tree, line, module.partition(".")[0])
    return (near if near is not None else added(tree, line, is_local=is_local),)


def _beside(tree: Tree, line: str, package: str) -> Edit | None:
    """The edit that puts an import among those of the same package, None where the file has none."""
    same = [
        statement
        for statement in _head(tree)
        if _only_imports(statement)
        and any(module.partition(".")[0] == package for module in _modules(statement))
    ]
    if not same:
        return None
    smaller = [statement for statement in same if _order(tree.source(statement)) < _order(line)]
    if smaller or _has_lead(same[0]):
        end = tree.line_end(tree.extent((smaller or same)[-1])[1])
        return Edit(end, end, f"{tree.newline}{line}")
    start = tree.line_start(tree.extent(same[0])[0])
    return Edit(start, start, f"{line}{tree.newline}")


def _standard(tree: Tree, line: str) -> Edit:
    """The edit that puts an import of the standard library behind the others of it, else before all imports."""
    head = [statement for statement in _head(tree) if _only_imports(statement)]
    own = [
        statement
        for statement in head
        if all(module.partition(".")[0] in sys.stdlib_module_names for module in _modules(statement))
    ]
    if own:
        end = tree.line_end(tree.extent(own[-1])[1])
        is_future = list(_modules(own[-1])) == ["__future__"]
        return Edit(end, end, f"{tree.newline * (2 if is_future else 1)}{line}")
    if not head:
        return _before_everything(tree, line)
    start = tree.line_start(tree.extent(head[0])[0])
    return Edit(start, start, f"{line}{tree.newline * 2}")


def _order(line: str) -> tuple[bool, bool, int, str]:
    """Where isort and ruff put an import among its like: ``import`` first, relative last, far before near."""
    module = [*line.split(), "", ""][1]
    dots = len(module) - len(module.lstrip("."))
    return (dots > 0, line.startswith("from"), -dots, module.lstrip("."))


def _has_lead(statement: cst.SimpleStatementLine) -> bool:
    return any(line.comment is not None for line in statement.leading_lines)


def _last_group(tree: Tree, head: list[cst.SimpleStatementLine]) -> list[cst.SimpleStatementLine]:
    """The imports at the end of the head that no blank line and no other statement parts."""
    group = [head[-1]]
    for before, after in zip(reversed(head[:-1]), reversed(head[1:]), strict=True):
        between = tree.text[tree.line_end(tree.extent(before)[1]) : tree.line_start(tree.extent(after)[0])]
        if between.strip() or len(re.findall(r"\r\n|\r|\n", between)) > 1:
            break
        group.insert(0, before)
    return group


def _before_everything(tree: Tree, line: str) -> Edit:
    """A file without imports: after its docstring, else above its first statement and the comment on that."""
    body = tree.module.body
    first = body[0] if body else None
    if isinstance(first, cst.SimpleStatementLine) and _is_docstring(first):
        end = tree.line_end(tree.extent(first)[1])
        return Edit(end, end, f"{tree.newline * 2}{line}")
    start = tree.line_start(tree.extent(first)[0]) if first is not None else len(tree.text)
    return Edit(start, start, f"{line}{tree.newline * 3}")


def _is_docstring(statement: cst.SimpleStatementLine) -> bool:
    first = statement.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString | cst.ConcatenatedString)


def _head(tree: Tree) -> Iterator[cst.SimpleStatementLine]:
    """The simple statements above the first definition."""
    for statement in tree.module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            return
        if isinstance(statement, cst.SimpleStatementLine):
            yield statement


def _only_imports(statement: cst.SimpleStatementLine) -> bool:
    return all(isinstance(part, cst.Import | cst.ImportFrom) for part in statement.body)


def _modules(statement: cst.SimpleStatementLine) -> Iterator[str]:
    for part in statement.body:
        if isinstance(part, cst.ImportFrom):
            yield "." * len(part.relative) + (dotted(part.module) or "")
        elif isinstance(part, cst.Import):
            yield from (dotted(alias.name) or "" for alias in part.names)


def _top_level(tree: Tree) -> Iterator[Import]:
    for statement in tree.module.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from (part for part in statement.body if isinstance(part, cst.Import | cst.ImportFrom))


def dropped(tree: Tree, names: set[str]) -> Edits:
    """Edits that take imported names away which nothing in the file mentions any more.

    Only plain ``from x import name``, and ``import sqlite3`` and the like, without any comment; a text that looks like
    code and mentions it keeps it too, and so does a block that would be empty without it.
    """
    found: list[Edit] = []
    whole: list[cst.SimpleStatementLine] = []
    for statement in walk(tree.module, cst.SimpleStatementLine):
        if len(statement.body) != 1 or _is_alone(tree, statement):
            continue
        listed = _listed(statement.body[0])
        if not listed or any(True for _ in walk(statement, cst.Comment)):
            continue
        unused = _unused(tree, statement, listed, names)
        if len(unused) == len(listed):
            whole.append(statement)
        elif unused:
            found += _without(tree, listed, unused)
    return (*found, *_lines_away(tree, whole))


def _listed(node: cst.CSTNode) -> list[cst.ImportAlias]:
    """What an import binds by plain names; nothing for ``import *`` and for modules that may be imported to run."""
    if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
        return list(node.names)
    if (
        isinstance(node, cst.Import)
        and len(node.names) == 1
        and dotted(node.names[0].name) in _WITHOUT_EFFECT
    ):
        return list(node.names)
    return []


def _unused(
    tree: Tree, statement: cst.SimpleStatementLine, listed: list[cst.ImportAlias], names: set[str]
) -> list[cst.ImportAlias]:
    start, end = tree.extent(statement)
    return [
        alias
        for alias in listed
        if (local := _local(alias)) in names and not _is_mentioned(tree, local, start, end)
    ]


def _lines_away(tree: Tree, statements: list[cst.SimpleStatementLine]) -> Iterator[Edit]:
    """Edits that cut whole statements; those on lines that follow each other are one."""
    groups: list[list[cst.SimpleStatementLine]] = []
    for statement in sorted(statements, key=lambda each: tree.extent(each)[0]):
        at = tree.line_start(tree.extent(statement)[0])
        if groups and tree.next_line(tree.extent(groups[-1][-1])[1]) == at:
            groups[-1].append(statement)
        else:
            groups.append([statement])
    for group in groups:
        start, end = tree.lines(group[0], group[-1])
        while _is_first(tree, group[0]) and not tree.text[end : tree.line_end(end)].strip():
            end = tree.next_line(end)
        yield Edit(start, end, "")


def _is_alone(tree: Tree, statement: cst.SimpleStatementLine) -> bool:
    block = tree.parent(statement)
    return isinstance(block, cst.IndentedBlock) and len(block.body) == 1


def _is_first(tree: Tree, statement: cst.SimpleStatementLine) -> bool:
    """Whether the statement begins an indented block, which has others: a blank line below it would begin it then."""
    block = tree.parent(statement)
    return isinstance(block, cst.IndentedBlock) and block.body[0] is statement


def _without(tree: Tree, listed: list[cst.ImportAlias], unused: list[cst.ImportAlias]) -> Iterator[Edit]:
    """Edits that cut some of the names of an import."""
    kept = [alias for alias in listed if alias not in unused]
    for number, alias in enumerate(listed):
        if alias in kept:
            continue
        if any(other in kept for other in listed[number + 1 :]):
            yield Edit(tree.extent(alias)[0], tree.extent(listed[number + 1])[0], "")
        else:  # nothing that stays comes after it: the comma before goes too
            last_kept = kept[-1]
            yield Edit(tree.extent(last_kept)[1], tree.extent(listed[-1])[1], "")
            return


def _local(alias: cst.ImportAlias) -> str:
    return (dotted(alias.asname.name) if alias.asname else dotted(alias.name)) or ""


def _is_mentioned(tree: Tree, name: str, start: int, end: int) -> bool:
    """Whether the code outside this import names it, be it in a text that looks like code: an annotation, a path."""
    for node in walk(tree.module, cst.Name):
        if node.value == name and not start <= tree.extent(node)[0] < end:
            return True
    return any(
        re.search(rf"\b{re.escape(name)}\b", node.value) and _LIKE_CODE.fullmatch(node.value)
        for node in walk(tree.module, cst.SimpleString)
    )
