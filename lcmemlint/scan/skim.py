"""Which files are worth parsing, found without parsing any.

A regex over the bytes lists what a file may import. Text in strings and comments counts too: the list may be
too long, never too short. `select` follows imports both ways from the files that name a package of the
catalogue. Nothing here imports libcst: a tree without a word of our domain is done after a look at its bytes.
"""

from __future__ import annotations

import codecs
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

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
_DYNAMIC = {
    b"import_": (b"import_module", b"__import__", b"import_string"),
    b"_module": (b"iter_modules", b"load_module"),
    b"walk_packages": (b"walk_packages",),
    b"spec_from": (b"spec_from",),
}
"""What imports modules by computed names, by what it has in common: most files have none of these."""
_SERVERS = (b"uvicorn", b"granian", b"hypercorn", b"sanic", b"Sanic")
_STARTS = re.compile(rb"\b(?:" + b"|".join(_SERVERS) + rb")\b")
_SEVERAL = re.compile(rb"\bworkers\b|\bfast\s*=")
_PLATFORMS = re.compile(rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:modal|ray|bentoml)\b")
_COMMENT = re.compile(rb"#[^\r\n]*")
_PLATFORM_NAMES = (b"modal", b"ray", b"bentoml")
_BLANK = b" \t\n\r\f\v\\"

DYNAMIC = "import_module"
"""Stands in `Skim.words` for any way to import a module whose name is computed."""


class Skim(Struct, frozen=True):
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
    data = data.removeprefix(codecs.BOM_UTF8)  # its bytes would pass for letters before the first word
    imports = _imports(data)
    words: set[bytes] = set()
    is_dynamic = _is_dynamic(data)
    if is_dynamic:
        words.add(DYNAMIC.encode())
    for dots, first, rest, colon, end in _STRING.findall(data):
        if end:
            words.add(first)
            if rest or colon or is_dynamic:
                imports.add(dots + first + rest)
    return Skim(_texts(imports), _texts(words), _serves(data, imports))


def _is_dynamic(data: bytes) -> bool:
    return any(part in data and any(word in data for word in words) for part, words in _DYNAMIC.items())


def _serves(data: bytes, imports: set[bytes]) -> bool:
    may_say = (b"workers" in data or b"fast" in data) and any(server in data for server in _SERVERS)
    if may_say and _SEVERAL.search(data) and _STARTS.search(data):
        return True
    named = any(name.startswith(_PLATFORM_NAMES) for name in imports)
    return named and _PLATFORMS.search(data) is not None


def _imports(data: bytes) -> set[bytes]:
    found: set[bytes] = set()
    for module, inside, names, plain in _IMPORT.findall(data):
        if not module:
            found.update(_listed(plain))
            continue
        module = module.translate(None, _BLANK)
        found.add(module)
        dot = b"" if module.endswith(b".") else b"."
        found.update(module + dot + name for name in _listed(inside or names) if name != b"*")
    return found


def _listed(names: bytes) -> Iterator[bytes]:
    """The names of `a, b as c` without what they are called here."""
    if b"#" in names:
        names = _COMMENT.sub(b"", names)
    if b"\\" in names:
        names = names.replace(b"\\", b" ")
    for part in names.split(b","):
        if b"." in part:
            part = b" ".join(part.split()).replace(b" .", b".").replace(b". ", b".")
        words = part.split(None, 1)
        if words:
            yield words[0]


def _texts(names: set[bytes]) -> tuple[str, ...]:
    return tuple(sorted({name.decode("utf-8", "replace") for name in names}))


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
