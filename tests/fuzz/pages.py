"""The small projects of the rule pages, changed at random but still Python: these reach every rule and every fix.

Statements are lost, doubled, moved, wrapped or shared out to other functions; names are exchanged, imports get
aliases, handlers become coroutines; manifests lose and double lines.
"""

from __future__ import annotations

import ast
import random
import re
import warnings
from functools import cache
from typing import Final

from lcmemlint import rulebook
from tests.fuzz.grammar import NAMES, Writer

WORD: Final = re.compile(r"\b[A-Za-z_]\w*\b")
HEADS: Final = (
    ("if session_id:",),
    ("if x:", "pass", "else:"),
    ("try:",),
    ("with open('x') as y:",),
    ("for x in range(3):",),
    ("def inner():",),
    ("async def inner(session_id: str):",),
    ("class Inner:",),
    ("while True:",),
)
ALIASED: Final = re.compile(r"^(from [\w.]+ import )(\w+)$", re.MULTILINE)


@cache
def projects() -> tuple[dict[str, str], ...]:
    """Every example of every page: its files by path."""
    return tuple(
        dict(example.files)
        for rule in rulebook.rules()
        for example in rulebook.examples(rule)
        if example.files
    )


def changed(seed: int) -> dict[str, bytes]:
    """One example after one to five changes, or two of them side by side."""
    pick = random.Random(seed)
    files = dict(pick.choice(projects()))
    if pick.random() < 0.1:
        files |= {f"other/{path}": text for path, text in pick.choice(projects()).items()}
    for _ in range(pick.randint(1, 5)):
        path = pick.choice(sorted(files))
        if path.endswith(".py"):
            files[path] = change_code(files[path], pick)
        elif pick.random() < 0.3:
            files[path] = _change_lines(files[path], pick)
    writer = Writer(seed)
    return {
        path: writer.encoded(text) if path.endswith(".py") else text.encode() for path, text in files.items()
    }


def change_code(text: str, pick: random.Random) -> str:
    """The text after one change; as it was if that would be no Python."""
    new = pick.choice(
        [_lose, _double, _move, _wrap, _exchange, _exchange, _alias, _toggle_async, _remark, _add, _share]
    )(text, pick)
    return new if _is_python(new) else text


def _is_python(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def _statement(text: str, pick: random.Random) -> tuple[list[str], int, int]:
    """The lines of a text, and where one of its statements begins and ends."""
    lines = text.splitlines(keepends=True)
    nodes = (
        [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)] if _is_python(text) else []
    )
    if not nodes:
        return lines or ["\n"], 0, min(1, len(lines))
    node = pick.choice(nodes)
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    return lines, first - 1, node.end_lineno or first


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _lose(text: str, pick: random.Random) -> str:
    lines, start, end = _statement(text, pick)
    return "".join([*lines[:start], *lines[end:]])


def _double(text: str, pick: random.Random) -> str:
    lines, start, end = _statement(text, pick)
    return "".join([*lines[:end], *lines[start:end], *lines[end:]])


def _move(text: str, pick: random.Random) -> str:
    """A statement before another one, with that one's indent."""
    lines, start, end = _statement(text, pick)
    block = lines[start:end]
    rest = "".join([*lines[:start], *lines[end:]])
    if not block or not _is_python(rest):
        return text
    others, at, _ = _statement(rest, pick)
    indent, old = _indent(others[at]), _indent(block[0])
    moved = [indent + line.removeprefix(old) if line.strip() else line for line in block]
    return "".join([*others[:at], *moved, *others[at:]])


def _wrap(text: str, pick: random.Random) -> str:
    """A statement in a compound one."""
    lines, start, end = _statement(text, pick)
    indent = _indent(lines[start])
    head = pick.choice(HEADS)
    wrapped = [f"{indent}{'    ' * (line == 'pass')}{line}\n" for line in head]
    wrapped += [f"    {line}" if line.strip() else line for line in lines[start:end]]
    if head[0] == "try:":
        wrapped += [f"{indent}except Exception:\n", f"{indent}    pass\n"]
    return "".join([*lines[:start], *wrapped, *lines[end:]])


def _exchange(text: str, pick: random.Random) -> str:
    """A word of the file in the place of another: here or everywhere."""
    words: list[str] = WORD.findall(text)
    old = pick.choice(words) if words else "x"
    new = pick.choice([*words, *NAMES])
    at = [match.start() for match in re.finditer(rf"\b{old}\b", text)]
    if pick.random() < 0.5 or not at:
        return re.sub(rf"\b{old}\b", new, text)
    place = pick.choice(at)
    return text[:place] + new + text[place + len(old) :]


def _alias(text: str, pick: random.Random) -> str:
    """An imported name under another one."""
    found = list(ALIASED.finditer(text))
    if not found:
        return text
    one = pick.choice(found)
    rest = re.sub(rf"\b{one[2]}\b", "Other", text[one.end() :])
    return f"{text[: one.start()]}{one[1]}{one[2]} as Other{rest}"


def _toggle_async(text: str, pick: random.Random) -> str:
    return (
        re.sub(r"\bdef ", "async def ", text) if "async def" not in text else text.replace("async def", "def")
    )


def _remark(text: str, pick: random.Random) -> str:
    """A comment at the end of a line, or on one of its own."""
    lines, start, end = _statement(text, pick)
    at = pick.randrange(start, max(end, start + 1))
    note = pick.choice(
        ["# a note", "# lcmemlint: ignore[LCM101]", "# lcmemlint: ignore", "# noqa: E501", "# type: ignore"]
    )
    if pick.random() < 0.5:
        lines[at] = f"{lines[at].rstrip()}  {note}\n"
    else:
        lines.insert(at, f"{_indent(lines[at])}{note}\n")
    return "".join(lines)


def _add(text: str, pick: random.Random) -> str:
    """A statement of the grammar."""
    lines, start, _ = _statement(text, pick)
    new = Writer(pick.randrange(1 << 30)).statement(_indent(lines[start]))
    return "".join([*lines[:start], *(f"{line}\n" for line in new), *lines[start:]])


def _share(text: str, pick: random.Random) -> str:
    """A statement handed to a function that is called in its place."""
    lines, start, end = _statement(text, pick)
    indent = _indent(lines[start])
    body = [f"    {line.removeprefix(indent)}" if line.strip() else line for line in lines[start:end]]
    call = f"{indent}{pick.choice(['', 'x = ', 'return '])}shared()\n"
    return "".join([*lines[:start], call, *lines[end:], "\n\ndef shared():\n", *body])


def _change_lines(text: str, pick: random.Random) -> str:
    """A manifest with a line lost, doubled, cut or indented."""
    lines = text.splitlines(keepends=True) or ["\n"]
    at = pick.randrange(len(lines))
    lines[at : at + 1] = pick.choice(
        [[], [lines[at]] * 2, [lines[at][: len(lines[at]) // 2]], ["  " + lines[at]]]
    )
    return "".join(lines)
