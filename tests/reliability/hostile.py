"""Hostile inputs by name: each writes files beside a sound application, whose finding must still be told."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

APP: Final = """\
from fastapi import FastAPI
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.prebuilt import create_react_agent

app = FastAPI()
agent = create_react_agent(ChatOpenAI(), tools=[], checkpointer=InMemorySaver())


@app.post("/threads/{thread_id}")
def run(thread_id: str, text: str) -> str:
    return agent.invoke({"messages": [text]}, {"configurable": {"thread_id": thread_id}})["messages"][-1].content
"""
USES: Final = "from langchain.memory import ConversationBufferMemory\n"
"""Makes a file one that must be parsed."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """How the input is made, and what the run says of it (nothing, if it is simply coped with)."""

    write: Callable[[Path], None]
    told: str = ""


def _text(name: str, text: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")

    return write


def _bytes(name: str, data: bytes) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / name).write_bytes(data)

    return write


def _py(text: str) -> Callable[[Path], None]:
    return _text("odd.py", USES + text)


def _sparse(root: Path) -> None:
    with (root / "odd.py").open("wb") as file:
        file.write(USES.encode())
        file.truncate(50 * 1024 * 1024)


def _loop_of_links(root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "b").symlink_to(root / "a", target_is_directory=True)
    (root / "a" / "self.py").symlink_to(root / "a" / "self.py")


def _link_out_of_the_root(root: Path) -> None:
    outside = root.parent / "outside.py"
    outside.write_text(APP)
    (root / "odd.py").symlink_to(outside)


def _pipe(root: Path) -> None:
    os.mkfifo(root / "odd.py")
    os.mkfifo(root / "compose.yaml")
    os.mkfifo(root / "pyproject.toml")


def _device(root: Path) -> None:
    (root / "odd.py").symlink_to("/dev/zero")
    (root / "compose.yaml").symlink_to("/dev/zero")


def _unreadable_folder(root: Path) -> None:
    (root / "closed").mkdir()
    (root / "closed" / "odd.py").write_text(APP)
    (root / "closed").chmod(0)


def _odd_names(root: Path) -> None:
    for name in (
        "new\nline.py",
        "-rf.py",
        "emoji 🤖.py",
        "tab\t.py",
        "\x1b[31mred.py",
        "%s.py",
        "::error::x.py",
    ):
        (root / name).write_text(APP.replace("app", "bot"), encoding="utf-8")


def _clash_of_cases(root: Path) -> None:
    for name in ("Memory.py", "memory.py", "MEMORY.py"):
        (root / name).write_text(USES + "memory = ConversationBufferMemory()\n")


def _name_without_utf8(root: Path) -> None:
    with open(os.fsencode(root) + b"/\xff\xfe.py", "wb") as file:
        file.write(APP.encode())


def _deep_folders(root: Path) -> None:
    folder = root
    for _ in range(150):
        folder = folder / "deep"
    folder.mkdir(parents=True)
    (folder / "odd.py").write_text(USES + "memory = ConversationBufferMemory()\n")


def _many_files(root: Path) -> None:
    for number in range(3000):
        (root / f"empty{number}.py").write_bytes(b"")


def _submodule(root: Path) -> None:
    (root / "vendored").mkdir()
    (root / "vendored" / ".git").write_text("gitdir: ../.git/modules/vendored\n")
    (root / ".gitmodules").write_text('[submodule "vendored"]\n\tpath = vendored\n\turl = ../vendored\n')
    (root / "vendored" / "odd.py").write_text(USES)


def _circular_imports(root: Path) -> None:
    for number in range(40):
        other = (number + 1) % 40
        code = f"from m{other} import make as other\ndef make(): return other()\nx = make()\n"
        (root / f"m{number}.py").write_text(USES + code)


def _import_chain(root: Path) -> None:
    for number in range(300):
        (root / f"m{number}.py").write_text(f"{USES}from m{number + 1} import memory\n")
    (root / "m300.py").write_text(USES + "memory = ConversationBufferMemory()\n")


_INHERITANCE = "class A(B): pass\nclass B(C): pass\nclass C(A): pass\nclass D(D): pass\nA().memory\n"
_CALLERS = "\n".join(f"def f{n}(x): return f{(n * 7 + 1) % 10_000}(x)" for n in range(10_000))
_PASSED_ON = "\n".join(f"def g{n}(m):\n    g{n + 1}(m)\n    g{n + 2}(m)" for n in range(300))
_DIAMONDS = "class A0: pass\n" + "\n".join(
    f"class L{n}(A{n}): pass\nclass R{n}(A{n}): pass\nclass A{n + 1}(L{n}, R{n}): pass" for n in range(60)
)
_BRANCHES = "".join(f"if x{n}:\n    m = ConversationBufferMemory(k={n})\n" for n in range(1500))
_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(30)
)

HOSTILE: Final[Mapping[str, Hostile]] = {
    "10,000 parentheses": Hostile(_py("x = " + "(" * 10_000 + ")" * 10_000), "odd.py"),
    "10,000 nested lists": Hostile(_py("x = " + "[" * 10_000 + "]" * 10_000), "odd.py"),
    "10,000 unary minuses": Hostile(_py("x = " + "-" * 10_000 + "1"), "odd.py"),
    "10,000 nots": Hostile(_py("x = " + "not " * 10_000 + "1"), "odd.py"),
    "a sum of 20,000 terms": Hostile(_py("x = " + " + ".join(["1"] * 20_000)), "odd.py"),
    "a chain of 5,000 attributes": Hostile(_py("x = a" + ".b" * 5_000), "odd.py"),
    "a chain of 5,000 calls": Hostile(_py("x = a" + "()" * 5_000), "odd.py"),
    "5,000 lambdas in each other": Hostile(_py("x = " + "lambda: " * 5_000 + "1"), "odd.py"),
    "90 nested functions": Hostile(
        _py("".join("    " * n + f"def f{n}():\n" for n in range(90)) + "    " * 90 + "pass\n")
    ),
    "2,000 nested ifs": Hostile(
        _py("".join(" " * n + "if x:\n" for n in range(2_000)) + " " * 2_000 + "pass\n"), "odd.py"
    ),
    "2,000 elifs": Hostile(_py("if a: pass\n" + "elif b: pass\n" * 2_000)),
    "f-strings in f-strings": Hostile(_py('x = f"{f\'{1}\'}"\ny = f"' + "{x}" * 5_000 + '"\n')),
    "a file of 50 MB": Hostile(_sparse, "odd.py"),
    "one line of 5 MB": Hostile(_py("x = '" + "a" * 5_000_000 + "'\n")),
    "a list of 50,000 numbers": Hostile(_py("x = [" + "1," * 50_000 + "]\n")),
    "NUL bytes": Hostile(_bytes("odd.py", USES.encode() + b"x = '\0'\n"), "odd.py"),
    "a lone surrogate": Hostile(_bytes("odd.py", USES.encode() + b"x = '\xed\xa0\x80'\n"), "odd.py"),
    "a lone surrogate, escaped": Hostile(_py("x = ConversationBufferMemory(memory_key='\\ud800')\n")),
    "an encoding that does not exist": Hostile(
        _bytes("odd.py", b"# coding: klingon\n" + USES.encode()), "odd.py"
    ),
    "an encoding that is no text": Hostile(_bytes("odd.py", b"# coding: zlib\n" + USES.encode()), "odd.py"),
    "UTF-16": Hostile(_bytes("odd.py", (USES * 2).encode("utf-16")), ""),
    "UTF-7": Hostile(_bytes("odd.py", b"# coding: utf-7\n" + USES.encode())),
    "a mark of byte order in the middle": Hostile(_py("x = 1\n\ufeffy = 2\n"), "odd.py"),
    "form feeds and vertical tabs": Hostile(_py("\x0cx = 1\n\x0c\x0cdef f():\n\x0c    pass\n")),
    "carriage returns alone": Hostile(_bytes("odd.py", (USES + "x = 1\n").replace("\n", "\r").encode())),
    "text that is no Python": Hostile(_py("}{ ][ (((\n"), "odd.py"),
    "Python 2": Hostile(_py("print 'hello'\nexec 'x' in {}\n"), "odd.py"),
    "a merge conflict": Hostile(_py("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"), "odd.py"),
    "an empty file": Hostile(_bytes("odd.py", b"")),
    "a file that ends in a backslash": Hostile(_py("x = 1 \\"), "odd.py"),
    "a loop of links": Hostile(_loop_of_links),
    "a link out of the root": Hostile(_link_out_of_the_root),
    "pipes": Hostile(_pipe),
    "devices": Hostile(_device),
    "a folder without rights": Hostile(_unreadable_folder),
    "names with newlines, dashes and escapes": Hostile(_odd_names),
    "names that differ in case": Hostile(_clash_of_cases),
    "a name that is no UTF-8": Hostile(_name_without_utf8),
    "150 folders in each other": Hostile(_deep_folders),
    "3,000 empty files": Hostile(_many_files),
    "a git submodule": Hostile(_submodule),
    "circular imports": Hostile(_circular_imports),
    "a chain of 300 imports": Hostile(_import_chain),
    "inheritance in a circle": Hostile(_py(_INHERITANCE)),
    "60 diamonds of classes": Hostile(_py(_DIAMONDS + "\nA60().memory\n")),
    "10,000 functions that call each other": Hostile(_py(_CALLERS)),
    "a memory handed through 2^300 paths": Hostile(_py(_PASSED_ON + "\ng0(ConversationBufferMemory())\n")),
    "1,500 values of one name": Hostile(_py(_BRANCHES + "use(m)\n")),
    "a name that holds itself": Hostile(
        _py("m = ConversationBufferMemory()\nm = [m]\nm = m[0] or m\nm.m = m\n")
    ),
    "a YAML bomb": Hostile(_text("compose.yaml", _BOMB), ""),
    "YAML of 100,000 levels": Hostile(_text("compose.yaml", "[" * 100_000)),
    "YAML that names Python objects": Hostile(
        _text("compose.yaml", "services: !!python/object/apply:os.system [exit]\n")
    ),
    "JSON of 100,000 levels": Hostile(_text("langgraph.json", "[" * 100_000)),
    "TOML of 100,000 levels": Hostile(_text("fly.toml", "a = " + "[" * 100_000)),
    "a lock file of 100,000 levels": Hostile(_text("poetry.lock", "a = " + "[" * 100_000)),
    "a requirements file that includes itself": Hostile(
        _text("requirements.txt", "-r requirements.txt\n-r ../../etc/passwd\n")
    ),
    "a Dockerfile of 100,000 continued lines": Hostile(
        _text("Dockerfile", "FROM x\nRUN a \\\n" + "b \\\n" * 100_000)
    ),
    "a Helm template that never ends": Hostile(_text("chart/templates/deployment.yaml", "{{ " * 20_000)),
    "an .env of one 5 MB line": Hostile(_text(".env", "A=" + "b" * 5_000_000)),
    "Terraform of 20,000 blocks in each other": Hostile(_text("main.tf", "a {" * 20_000)),
    "20,000 ignore comments": Hostile(_py("x = 1  # lcmemlint: ignore[LCM101]\n" * 20_000)),
    "a .gitignore that is no text": Hostile(_bytes(".gitignore", b"\xff\xfe[[[\n!!!\n\\\n" + b"x*" * 5_000)),
}
