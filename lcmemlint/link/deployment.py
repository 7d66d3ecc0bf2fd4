"""Which Python files a workload runs, how sure that is, and which workloads run the same app.

Terms: a *place* is a project file that the workload's target may stand for; the *modules* of a workload are
the places that exist. A place found through the command is as certain as the command; one found by the end of
its path alone is certain if it is the only such file; a server below the folder that is built is likely; the
only server of the project is possible; anything else stays unlinked and is never reported.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from lcmemlint.deploy.workload import RANKS, VERDICTS, Range, Spot, Verdict, Workload
from lcmemlint.findings import CONFIDENCES, Confidence


class LinkedWorkload(Struct, frozen=True):
    """A workload with the project files it runs; ``quality`` is None if there are none."""

    workload: Workload
    modules: tuple[str, ...]
    attribute: str
    """The app object in the module, "" if it is not named."""
    quality: Confidence | None

    def row(self) -> dict[str, object]:
        """What ``--show-deployment --format json`` prints."""
        one = self.workload
        link = None if self.quality is None else {"paths": list(self.modules), "quality": self.quality}
        return {
            "path": one.path,
            "line": one.line,
            "workload": one.name,
            "format": one.format,
            "verdict": one.verdict,
            "instances": _pair(one.instances),
            "processes": _pair(one.processes),
            "shared_disk": one.disk.shared,
            "durable_disk": one.disk.durable,
            "affinity": one.affinity,
            "target": one.target,
            "link": link,
        }


class Deployment(Struct, frozen=True):
    """All that deploys one module, the most serious workload first."""

    module: str
    linked: tuple[LinkedWorkload, ...]

    @property
    def worst(self) -> LinkedWorkload:
        """The workload to report."""
        return self.linked[0]

    @property
    def verdict(self) -> Verdict:
        """The widest verdict of a real environment."""
        return self.worst.workload.verdict

    @property
    def others(self) -> tuple[Spot, ...]:
        """The lines of the other workloads that may run several processes."""
        spots = (one.workload.at for one in self.linked[1:] if one.workload.verdict in ("multi", "may-scale"))
        return tuple(dict.fromkeys(spot for spot in spots if spot != self.worst.workload.at))


def _pair(both: Range) -> list[int | str]:
    """A range as JSON."""
    return [both.low, both.high]


def link_workloads(
    workloads: Iterable[Workload], python_paths: Iterable[str], *, servers: Iterable[str] = ()
) -> tuple[LinkedWorkload, ...]:
    """Each workload with its modules. ``servers`` are the files that hold a server app, if that is known."""
    index = _Index(frozenset(python_paths), tuple(sorted(set(servers))))
    return tuple(_linked(one, index) for one in workloads)


class _Index(Struct, frozen=True):
    """The Python files of the project."""

    paths: frozenset[str]
    servers: tuple[str, ...]

    def ending_with(self, tail: str) -> list[str]:
        """The files whose path ends with ``tail``."""
        return [path for path in sorted(self.paths) if path == tail or path.endswith(f"/{tail}")]

    def below(self, folder: str) -> list[str]:
        """The servers below a folder."""
        prefix = f"{folder}/" if folder else ""
        return [path for path in self.servers if path.startswith(prefix)]


def _linked(one: Workload, index: _Index) -> LinkedWorkload:
    """One workload with its modules."""
    attribute = _attribute(one.target)
    if one.third_party:
        return LinkedWorkload(one, (), attribute, None)
    exact = next((place for place in one.places if place in index.paths), None)
    if exact is not None:
        return LinkedWorkload(one, (exact,), attribute, one.confidence)
    for tail in _tails(one.target):
        found = index.ending_with(tail)
        if len(found) == 1:
            return LinkedWorkload(one, tuple(found), attribute, one.confidence)
        if found:
            return LinkedWorkload(one, (), attribute, None)
    return _guessed(one, attribute, index)


def _guessed(one: Workload, attribute: str, index: _Index) -> LinkedWorkload:
    """A workload whose command names no file of the project."""
    if one.target is None and one.context is not None and (found := index.below(one.context)):
        quality = weaker("likely", one.confidence) if len(found) == 1 or one.context else "possible"
        if len(found) == 1 or one.context:
            return LinkedWorkload(one, tuple(found), attribute, quality)
    if one.target is None and len(index.servers) == 1 and not one.program:
        return LinkedWorkload(one, index.servers, attribute, "possible")
    return LinkedWorkload(one, (), attribute, None)


def weaker(left: Confidence, right: Confidence) -> Confidence:
    """The less sure of two."""
    return min(left, right, key=CONFIDENCES.index)


def _attribute(target: str | None) -> str:
    """``app`` of ``main:app``; of a factory call its name."""
    return (target or "").partition(":")[2].partition("(")[0]


def _tails(target: str | None) -> Iterator[str]:
    """The ends of paths that a target can have, longest first."""
    head = (target or "").partition(":")[0]
    if not head or "\0" in head:
        return
    if head.endswith(".py"):
        parts = posixpath.normpath(head).lstrip("/").split("/")
        for start in range(min(len(parts), 6)):
            yield "/".join(parts[start:])
        return
    relative = head.strip(".").replace(".", "/")
    yield f"{relative}.py"
    yield f"{relative}/__init__.py"


def by_module(linked: Iterable[LinkedWorkload]) -> Mapping[str, Deployment]:
    """Module → all that deploys it: several manifests of one app are one deployment."""
    groups: dict[str, list[LinkedWorkload]] = {}
    for one in linked:
        for module in one.modules:
            groups.setdefault(module, []).append(one)
    return {
        module: Deployment(module, tuple(sorted(group, key=seriousness)))
        for module, group in sorted(groups.items())
    }


def seriousness(one: LinkedWorkload) -> tuple[object, ...]:
    """Real environments before those for development, then the worst verdict, then the surest link."""
    workload = one.workload
    quality = -CONFIDENCES.index(one.quality) if one.quality else 1
    late = RANKS.index(workload.rank) >= RANKS.index("development")
    return (
        late,
        VERDICTS.index(workload.verdict),
        quality,
        RANKS.index(workload.rank),
        workload.path,
        workload.line,
    )
