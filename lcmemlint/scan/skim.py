"""Which files are worth parsing, found without parsing any.

A regex over the bytes lists what a file may import. Text in strings and comments counts too: the list may be
too long, never too short. `select` follows imports both ways from the files that name a package of the
catalogue. Nothing here imports libcst: a tree without a word of our domain is done after a look at its bytes.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping

from lcmemlint.records import record

_LETTER = rb"[\w\x80-\xff]"
_WORD = rb"[A-Za-z_\x80-\xff]" + _LETTER + rb"*"
_GAP = rb"(?:[ \t\f]|\\\r?\n|\\\r)"
_DOT = _GAP + rb"*\." + _GAP + rb"*"
_NAMES = rb"(?:" + _LETTER + rb"|[ \t\f,*.]|\\\r?\n|\\\r)*"
_NAMES_IN_PARENTHESES = rb"(?:" + _LETTER + rb"|[\s,*\\]|\#[^\r\n]*)*"

_IMPORT = re.compile(
    # The look behind comes second: a pattern that begins with two letters is searched twice as fast.
    # After the `n` of a "\n" is a good place too: notebooks write their lines like that.
    rb"from(?:(?<!" + _LETTER + rb"from)|(?<=\\nfrom))(?:" + _GAP + rb"+|(?=\.))"
    rb"(?P<module>(?:\." + _GAP + rb"*)*(?:" + _WORD + rb"(?:" + _DOT + _WORD + rb")*)?)"
    + _GAP
    + rb"*(?<=[\s.])import(?!" + _LETTER + rb")"
    # Names are looked at, not consumed: what looks like a list may be prose with real imports after it.
    rb"(?=" + _GAP + rb"*(?:\((?P<inside>" + _NAMES_IN_PARENTHESES + rb")|(?P<names>" + _NAMES + rb")))"
    rb"|import(?:(?<!" + _LETTER + rb"import)|(?<=\\nimport))(?=" + _GAP + rb"+(?P<plain>" + _NAMES + rb"))"
)  # fmt: skip
_STRING = re.compile(
    rb"[\"'](?P<dots>\.*)(?P<first>" + _WORD + rb")"
    rb"(?P<rest>(?:\." + _WORD + rb")*)(?:(?P<colon>:)" + _WORD + rb"(?:\." + _WORD + rb")*)?(?P<end>[\"'.:])?"
)  # fmt: skip
_DYNAMIC = (
    b"import_module",
    b"__import__",
    b"iter_modules",
    b"walk_packages",
    b"import_string",
    b"load_module",
    b"spec_from",
)
_STARTS = re.compile(rb"\b(?:uvicorn|granian|hypercorn|sanic|Sanic)\b")
_SEVERAL = re.compile(rb"\bworkers\b|\bfast\s*=")
_PLATFORMS = re.compile(rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:modal|ray|bentoml)\b")
_COMMENT = re.compile(rb"#[^\r\n]*")
_BLANKS = re.compile(rb"(?:\s|\\)+")

DYNAMIC = "import_module"
"""Stands in `Skim.words` for any way to import a module whose name is computed."""


@record
class Skim:
    """What the bytes of one file mention: sorted, each once.

    `imports` are dotted names, leading dots kept, with `m.a` for `from m import a`, and module references in
    strings (`"app.api:app"`). `words` are the first words of strings that look like dotted names.
    """

    imports: tuple[str, ...]
    words: tuple[str, ...]
    serves: bool = False
    """Whether the file may say itself how many processes run it."""


def skim(data: bytes) -> Skim:
    """What the bytes of a Python file may import and name."""
    imports = set(_imports(data))
    words: set[str] = set()
    is_dynamic = any(word in data for word in _DYNAMIC)
    if is_dynamic:
        words.add(DYNAMIC)
    for found in _STRING.finditer(data):
        if not found["end"]:
            continue
        words.add(_text(found["first"]))
        if found["rest"] or found["colon"] or is_dynamic:
            imports.add(_text(found["dots"] + found["first"] + found["rest"]))
    return Skim(tuple(sorted(imports)), tuple(sorted(words)), _serves(data))


def _serves(data: bytes) -> bool:
    said = (b"workers" in data or b"fast" in data) and _SEVERAL.search(data) and _STARTS.search(data)
    return bool(said) or _PLATFORMS.search(data) is not None


def _imports(data: bytes) -> Iterator[str]:
    for found in _IMPORT.finditer(data):
        if found["module"] is None:
            for name in _listed(found["plain"] or b""):
                yield _text(name)
            continue
        module = _text(_BLANKS.sub(b"", found["module"]))
        if not module:
            continue
        yield module
        for name in _listed(found["inside"] or found["names"] or b""):
            if name != b"*":
                yield f"{module}{'' if module.endswith('.') else '.'}{_text(name)}"


def _listed(names: bytes) -> Iterator[bytes]:
    """The names of `a, b as c` without what they are called here."""
    if b"#" in names:
        names = _COMMENT.sub(b"", names)
    for part in names.split(b","):
        words = _BLANKS.sub(b" ", part).replace(b" .", b".").replace(b". ", b".").split()
        if words:
            yield words[0]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def select(
    files: Mapping[str, Skim], packages: frozenset[str], resolve: Callable[[str, str], tuple[str, ...]]
) -> frozenset[str]:
    """The paths to parse: the others cannot change a finding.

    These name a package of the catalogue, import a file that does (directly or not), or are imported by one of
    those. `resolve(path, dotted)` gives the project files that an import in `path` may run. A file that imports
    modules by computed names may import any below its top folder, so it counts as naming a package, once another
    file there really does.
    """
    named = {path for path, found in files.items() if _names(path, found, packages)}
    if not named:
        return frozenset()
    folders = {_top(path) for path in named} | {""}
    named |= {path for path, found in files.items() if DYNAMIC in found.words and _top(path) in folders}
    imported: dict[str, set[str]] = {
        path: {target for dotted in found.imports for target in resolve(path, dotted) if target in files}
        for path, found in files.items()
    }
    importers: dict[str, set[str]] = defaultdict(set)
    for path, targets in imported.items():
        for target in targets:
            importers[target].add(path)
    return frozenset(_reached(_reached(named, importers), imported))


def _names(path: str, found: Skim, packages: frozenset[str]) -> bool:
    """Whether a file names a package, or is part of one: the user's own components live in the project."""
    if not packages.isdisjoint(found.words) or not packages.isdisjoint(path.removesuffix(".py").split("/")):
        return True
    return any(dotted.partition(".")[0] in packages for dotted in found.imports)


def _top(path: str) -> str:
    """The first folder of a path; "" for a file beside the folders."""
    return path.partition("/")[0] if "/" in path else ""


def _reached(starts: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    """The starts and all that can be reached from them."""
    seen = set(starts)
    pending = deque(starts)
    while pending:
        for following in edges.get(pending.popleft(), ()):
            if following not in seen:
                seen.add(following)
                pending.append(following)
    return seen
