"""Two readers, one answer: Python's `ast` where it can, LibCST for the rest (see `conftest` for all other texts)."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from lcmemlint.scan import abstract, concrete, scan

ROOT = Path(__file__).resolve().parents[2]
OWN = sorted(path for folder in ("lcmemlint", "examples") for path in (ROOT / folder).rglob("*.py"))
GRAMMAR = [
    path
    for name in ("fstring", "patma", "positional_only_arg", "named_expressions", "with", "lambda_")
    if (path := Path(sysconfig.get_paths()["stdlib"], "test", f"test_{name}.py")).is_file()
]

TEXTS = [
    "if a: b;\nelif c: d ;  # e\nelse : f\n",
    "try:\n    a\nexcept* (B) as c :\n    d\nelse:\n    e\nfinally:\n    f  # g\n",
    "for a in (b) :\n    c\n\n# else\nelse:\n    d\nwhile (a\n       ) : b\n",
    "async def f():\n    async with (a as b, c as d,) :\n        async for e in g: h; \n",
    "match (a, b):\n    # c\n    case [c, *d] | {'e': c, **d} if (c) : pass\n    case E(f, g=h) as i:\n        j\n",
    "def f(a, /, b=(1), *, c: (int) = ((2)), **d): return (yield)\n",
    "def f(*a: b, **  c): pass\nclass  \\\n  G (H, *i, j=k, **l) : 'doc' 'string'\n",
    "f(a=1, *b, **c)\nf(x for x in (y) if (z) )\nf(((x) for x in y), 1)\n",
    "é = 'ü' + f('ö', ä=1)  # noqa: LCM101\nß(f'{é}{g(é)}')\n",
    "x = f'{a()} {{b()}} {a()}{c.d}{e():>{w()}}' 'g' f'{h(1)!r}{ i(2) }'\n",
    'x = f"""\n{a()}\n  {", ".join(b(c) for c in d)}\n"""\n',
    "x = f'{f\"{a(1)}\"}{(lambda: b())()}'\n",
    "x = f'{a(1) = }{b=}{c=!s:>4}'\n",
    "x = f'{(a or b()).c()} {( (d(1) % 2) + 1 ):02d}{((e())).f}{(g(3))}{(h(), ((i)))}'\n",
    "x = ('a'  # noqa: LCM102\n     'b')\ny = '# noqa: LCM103'  # noqa: LCM104\n",
    "x = '''\n# noqa: LCM101\n'''\n# lcmemlint: ignore[LCM101] why\ny = 1\n",
    "del (a, b), c\ndel (a, b)\ndel [a]\nglobal d, e\n",
    "x = a[1:f(), ...], a[b,], a[(b, c)], a[*d]\n",
    "x = -1, +2.5, ~3, not 4, --5, 1j, b'b', ..., '\\ud800', 1_000, 0xff, 1e5\n",
    "@a.b(c)\n@d\nasync  def  e(): ...\n",
    "\ta = 1\n",
    "\x0ca = f(1)\r\nb = f(\r\n 2)\rc = f(3)",
    "",
    "# only a comment",
]


@pytest.mark.parametrize("text", TEXTS)
def test_readers_agree_on_odd_texts(text: str) -> None:
    """
    Parentheses, semicolons, comments and letters where `ast` and LibCST count differently.
    """
    scan(text)


@pytest.mark.parametrize("path", [*OWN, *GRAMMAR], ids=lambda path: path.name)
def test_readers_agree_on_whole_files(path: Path) -> None:
    """
    Our own modules, and Python's tests of its grammar.
    """
    scan(path.read_text(encoding="utf-8"))


def test_the_quick_reader_reads_nearly_everything() -> None:
    """
    What it leaves to LibCST, such as strings whose places `ast` counts wrongly, is rare.
    """
    read = [abstract.read(path.read_text(encoding="utf-8")) is not None for path in OWN]

    assert sum(read) >= 0.98 * len(read)


@pytest.mark.parametrize("text", ["def (\n", "f'{a!x}'\n", "x = " + "9" * 5000 + "\n", "a\x0c\\\n\n b\n"])
def test_what_python_cannot_parse_is_left_to_libcst(text: str) -> None:
    """
    It says where a text is broken, and reads syntax that is newer than the Python that runs us.
    """
    assert abstract.read(text) is None
    assert scan(text) == concrete.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "import ﬁ.𝐭 as ª\nfrom ﬁ import ĳ\n",
        "class ª(𝐭, ª=1):\n    def ﬁ(ª, *𝐭, ﬁ=ﬁ.𝐭): global ĳ; ĳ[𝐭](ª=1)\n",
        "match ª:\n    case {'x': ª, **𝐭} | ﬁ(ª, ĳ=𝐭): pass\n",
    ],
)
def test_spellings_of_one_name_are_one_name(text: str) -> None:
    """
    Python brings names into the form NFKC; LibCST does not.
    """
    assert abstract.read(text) == concrete.read(text)


@pytest.mark.parametrize("text", ["f(1)", "f'{(a or b).c()} {(d % 2) + 1}'"])
def test_ordinary_code_needs_no_libcst(text: str) -> None:
    """
    Importing it takes longer than scanning most projects.
    """
    code = f"import sys; from lcmemlint.scan import scan; scan({text!r}); print('libcst' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert told.stdout == "False\n"
