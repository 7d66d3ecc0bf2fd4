"""The manifests of a project: which files may say how it is deployed, their bytes, what they say, their comments.

Nothing is read before somebody asks, and each file only once. A project whose candidates all belong to other
tools (pyproject.toml, package.json, …) and whose Python starts no server with several workers is not read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lcmemlint.config import Config
from lcmemlint.facts import FileFacts, Ignore, Problem
from lcmemlint.files import Files
from lcmemlint.scan.comments import MENTIONED, ignores_in
from lcmemlint.sources import Source, Tree, matches
from lcmemlint.suppress import Comments
from lcmemlint.values import Span

if TYPE_CHECKING:
    from lcmemlint.deploy import FileProblem, Workload

_OTHERS: Final = frozenset(
    {
        ".coveragerc", ".pre-commit-config.yaml", ".pre-commit-config.yml", ".readthedocs.yaml", ".readthedocs.yml",
        ".ruff.toml", "devcontainer.json", "lcmemlint.toml", "mkdocs.yaml", "mkdocs.yml", "mypy.ini",
        "package-lock.json", "package.json", "pdm.lock", "poetry.lock", "pyproject.toml", "pytest.ini", "ruff.toml",
        "tox.ini", "uv.lock",
    }
)  # fmt: skip
_OTHERS_BEGIN: Final = (".env", "constraints", "pipfile", "requirements")
_OTHERS_END: Final = (".cfg", ".in", ".txt")
"""Names of files that deploy nothing by themselves; beside manifests they are read (`.env`)."""

_LARGEST_DATA: Final = 2_000_000
"""Bytes; JSON beyond that is data. The largest real manifest of 2,117 was 418 kB."""


class Manifests:
    """Everything that the files beside the code say; see the module's text."""

    def __init__(self, files: Files, config: Config, tree: Tree) -> None:
        self._files = files
        self._ignored = config.ignore_manifests
        self._tree = tree
        self._bytes: dict[str, bytes | None] = {}
        self._known: Mapping[str, FileFacts] = {}
        self._read: tuple[Workload, ...] | None = None
        self._problems: tuple[FileProblem, ...] = ()

    @cached_property
    def deploying(self) -> tuple[str, ...]:
        """The files that may say how the project is deployed, less those that the user ignores."""
        return tuple(path for path in self._tree.manifests if not self.is_ignored(path))

    def is_ignored(self, path: str) -> bool:
        """Whether the user said that this file deploys nothing."""
        return bool(self._ignored) and matches(self._ignored, path)

    def some(self, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """The bytes of the manifests with such paths; those that cannot be read are left out."""
        return self._data(path for path in self._tree.manifests if wanted(path))

    def _data(self, paths: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for path in paths:
            if path not in self._bytes:
                self._bytes[path] = self._load(path)
            data = self._bytes[path]
            if data is not None:
                found[path] = data
        return found

    def _load(self, path: str) -> bytes | None:
        if path.endswith(".json") and self._files.size(path) > _LARGEST_DATA:
            return None
        data = self._files.read(path)
        return None if isinstance(data, Problem) else data

    # ------------------------------------------------------------------ workloads

    def workloads(
        self,
        sources: Mapping[str, Source],
        facts: Mapping[str, FileFacts],
        scan: Callable[[str], FileFacts | None],
    ) -> tuple[Workload, ...]:
        """What runs, and in how many processes; `scan` gives the facts of a file that nobody needed so far.

        Asked again for other texts (a repair is tried), it reads again only if a file that declares processes
        is another one.
        """
        declaring = tuple(path for path in sorted(sources) if self._declares(sources[path]))
        candidates = not all(_is_of_another_tool(path.rpartition("/")[2].lower()) for path in self.deploying)
        if not candidates and not declaring:
            self._read = ()
            return ()
        known = {path: of for path in declaring if (of := facts.get(path) or scan(path)) is not None}
        if self._read is not None and self._is_as_before(facts, known):
            return self._read
        asked = dict(known)

        def facts_of(path: str) -> FileFacts | None:
            if path not in asked and path in sources:
                found = facts.get(path) or scan(path)
                if found is None:
                    return None
                asked[path] = found
            return asked.get(path)

        from lcmemlint.deploy import read_manifests

        paths = (*self._tree.python, *self._tree.notebooks, *self._tree.manifests, *sources)
        files = self._data(self.deploying)
        lines = {path: sources[path].data for path in asked}
        self._read, self._problems = read_manifests({**files, **lines}, known, paths=paths, facts_of=facts_of)
        self._known = asked
        return self._read

    def _declares(self, source: Source) -> bool:
        """Whether a Python file may say how many processes run it."""
        if source.role in ("test", "migration") or self.is_ignored(source.path):
            return False
        return source.serves

    def _is_as_before(self, facts: Mapping[str, FileFacts], known: Mapping[str, FileFacts]) -> bool:
        """Whether the Python files that were asked are the same as when the manifests were read."""
        if not known.keys() <= self._known.keys():
            return False
        now = ((facts.get(path) or known.get(path), of) for path, of in self._known.items())
        return all(one is None or one is before or one == before for one, before in now)

    # ------------------------------------------------------------------ what was said about them

    @property
    def problems(self) -> tuple[FileProblem, ...]:
        """What of the manifests could not be read; empty as long as nobody asked for workloads."""
        return self._problems

    @property
    def python(self) -> Mapping[str, FileFacts]:
        """The facts of the Python files that were asked about processes."""
        return self._known

    def comments(self) -> dict[str, Comments]:
        """The ignore comments of the manifests that were read for workloads, by path."""
        found: dict[str, Comments] = {}
        for path, data in (self._data(self.deploying) if self._read else {}).items():
            if b"lcmemlint" in data or b"LCM" in data:
                ignores = tuple(_ignores(path, data))
                if ignores:
                    found[path] = Comments(ignores, tuple(_instructions(path, data)))
        return found


def _is_of_another_tool(name: str) -> bool:
    """Whether a file of this name deploys nothing by itself."""
    return (
        name in _OTHERS
        or name.startswith(_OTHERS_BEGIN)
        or name.endswith(_OTHERS_END)
        or (name.startswith(("jsconfig", "tsconfig")) and name.endswith(".json"))
    )


def _ignores(path: str, data: bytes) -> list[Ignore]:
    """The comments of a manifest that silence findings."""
    from lcmemlint.deploy.comments import comments

    return [
        ignore
        for line, column, text, alone in comments(path, data)
        if MENTIONED.search(text)
        for ignore in ignores_in(f"# {text}", line, column, alone)
    ]


def _instructions(path: str, data: bytes) -> list[Span]:
    r"""The stretches of lines that `\` joins: a comment above a Dockerfile's `CMD` speaks for all of it."""
    if b"\\\n" not in data and b"\\\r\n" not in data:
        return []
    found: list[Span] = []
    first = 0
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), 1):
        text = line.strip()
        if text.endswith("\\"):
            first = first or number
        elif first and not text.startswith("#"):
            found.append(Span(first, 0, number, len(line) + 1))
            first = 0
    return found
