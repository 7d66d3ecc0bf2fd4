"""All manifests of a project → its workloads; the order in which the formats are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from lcmemlint.deploy import declared, knative
from lcmemlint.deploy.formats import FORMATS, LAST, Format
from lcmemlint.deploy.tree import MAX_BYTES, FactsOf, Tree
from lcmemlint.deploy.workload import FileProblem, Workload
from lcmemlint.facts import FileFacts

MAX_HEAD = MAX_BYTES


def read_all(
    files: Mapping[str, bytes], python: Mapping[str, FileFacts], paths: frozenset[str], facts_of: FactsOf
) -> tuple[tuple[Workload, ...], tuple[FileProblem, ...]]:
    """The workloads of all formats, sorted, and the problems."""
    tree = Tree(files, paths | files.keys() | python.keys(), facts_of, python)
    found: list[Workload] = []
    for format_ in FORMATS:
        found += _read(tree, format_)
    found += knative.read_commands(tree)
    tree.followed |= _recipes(found)
    for format_ in LAST:
        found += _read(tree, format_)
    found += declared.read(tree)
    used = frozenset((one.processes_at.path, one.processes_at.line) for one in found if one.processes_at)
    found += declared.read_launches(tree, used)
    return tuple(sorted(_distinct(found), key=order)), tuple(sorted(tree.problems))


def _read(tree: Tree, format_: Format) -> Iterator[Workload]:
    """The workloads of one format."""
    mine = tuple(path for path in sorted(tree.files) if _looks(tree, format_.looks_like, path))
    return format_.read(tree, mine) if mine else iter(())


def _looks(tree: Tree, looks_like: Callable[[str, bytes], bool], path: str) -> bool:
    """Whether a file is of a format; files that are too large are of none that needs their bytes."""
    data = tree.files[path]
    if len(data) <= MAX_HEAD:
        return looks_like(path, data)
    if looks_like(path, data[:MAX_HEAD]):
        tree.text(path)
    return False


def _recipes(found: Iterable[Workload]) -> set[str]:
    """The Dockerfiles that some real environment surely deploys: alone they say nothing more."""
    return {
        one.recipe
        for one in found
        if one.recipe and one.rank in ("production", "plain") and one.confidence != "possible"
    }


def _distinct(found: Iterable[Workload]) -> Iterator[Workload]:
    """The workloads without those that say the same of the same line again."""
    seen: set[tuple[object, ...]] = set()
    for one in found:
        key = (one.name, one.format, one.at, one.instances, one.processes, one.target)
        if key not in seen:
            seen.add(key)
            yield one


def order(one: Workload) -> tuple[str, int, str, str, str]:
    """Reports are sorted by path and line."""
    return (one.at.path, one.at.line, one.name, one.format, one.target or "")
