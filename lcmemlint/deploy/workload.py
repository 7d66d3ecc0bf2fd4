"""What the manifests say: how many processes of a program run at once, where, and over which disk.

A number that the files do not hold is never guessed: the upper bound says ``unknown`` instead.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from lcmemlint.findings import Confidence

Bound: TypeAlias = int | Literal["unbounded", "cpu", "unknown"]
"""An upper bound: a number, no limit, the number of CPUs, or a value that the files do not hold."""

Verdict: TypeAlias = Literal["multi", "may-scale", "single", "unknown", "managed", "broken", "off"]
Rank: TypeAlias = Literal["production", "plain", "development", "example"]
"""What the manifest's path says about the environment, the most serious first."""

Tristate: TypeAlias = bool | None
"""Yes, no, or None: the files do not say."""

VERDICTS: tuple[Verdict, ...] = ("multi", "may-scale", "broken", "managed", "unknown", "single", "off")
"""The worst first."""

RANKS: tuple[Rank, ...] = ("production", "plain", "development", "example")


class Range(Struct, frozen=True):
    """At least ``low``, at most ``high``."""

    low: int
    high: Bound

    @property
    def can_be_several(self) -> bool:
        """Whether two at once are possible as far as the files say."""
        return self.high in ("unbounded", "cpu") or (isinstance(self.high, int) and self.high >= 2)

    def times(self, count: int) -> Range:
        """The same, ``count`` times over."""
        high = self.high * count if isinstance(self.high, int) else self.high
        return Range(self.low * count, high)


ONE = Range(1, 1)


class Spot(Struct, frozen=True, order=True):
    """A line of a manifest and what stands on it; ``line`` counts from 1, ``column`` and ``end`` from 0."""

    path: str
    line: int
    column: int = 0
    text: str = ""
    end: int = 0

    def __eq__(self, other: object) -> bool:
        return self._place == other._place if isinstance(other, Spot) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._place)

    @property
    def _place(self) -> tuple[str, int, int, str]:
        return self.path, self.line, self.column, self.text


class Setting(Struct, frozen=True):
    """An environment variable; ``value`` None says that it is set, to something the files do not hold."""

    name: str
    value: str | None
    path: str = ""
    line: int = 0


class Disk(Struct, frozen=True):
    """What becomes of a file that the program writes with a relative name, such as ``sqlite:///chat.db``."""

    shared: Tristate
    """Every process sees the same file."""
    durable: Tristate
    """The file outlives a restart of the instance."""
    network: bool = False
    """Shared through a network file system, where SQLite's locks are not to be trusted."""


class Workload(Struct, frozen=True):
    """One program as one manifest deploys it.

    ``places`` are the project files that ``target`` may stand for, the best first, before anybody looked
    which of them exist; ``context`` is the folder that the program is built from.
    """

    name: str
    format: str
    at: Spot
    """The line to show: where the number is written, else where the workload is declared."""
    instances: Range
    processes: Range
    disk: Disk
    instances_at: Spot | None = None
    processes_at: Spot | None = None
    also: tuple[Spot, ...] = ()
    """Other lines of the same workload that ask for several, such as the ``replicas`` that an autoscaler replaces."""
    program: str = ""
    """The server or interpreter that the command starts, "" if that is not known."""
    command: tuple[str, ...] = ()
    target: str | None = None
    places: tuple[str, ...] = ()
    context: str | None = None
    image: str | None = None
    image_at: Spot | None = None
    """Where the image is named."""
    recipe: str | None = None
    """The Dockerfile that its image is built from."""
    env: tuple[Setting, ...] = ()
    open_env: bool = False
    """More variables are set than the files name (``envFrom``, a platform's add-ons)."""
    affinity: bool = False
    managed: bool = False
    """The platform brings its own checkpointer and store."""
    broken: bool = False
    third_party: bool = False
    """The image or folder is not this project's Python."""
    container: bool = True
    """It runs in a container or function of its own, so that localhost is not the host."""
    host_network: bool = False
    beside: tuple[str, ...] = ()
    """Images of the other containers that share its network (sidecars)."""
    rank: Rank = "plain"
    confidence: Confidence = "certain"
    """How sure it is that the command was found in the right place."""

    @property
    def path(self) -> str:
        """The file of the line to show."""
        return self.at.path

    @property
    def line(self) -> int:
        """The line to show."""
        return self.at.line

    @property
    def verdict(self) -> Verdict:
        """Several processes at once, possibly several, or one."""
        if self.managed:
            return "managed"
        if self.broken:
            return "broken"
        if self.instances.high == 0:
            return "off"
        if self.instances.low >= 1 and self.instances.low * self.processes.low >= 2:
            return "multi"
        if self.instances.can_be_several or self.processes.can_be_several:
            return "may-scale"
        if "unknown" in (self.instances.high, self.processes.high):
            return "unknown"
        return "single"

    def setting(self, name: str) -> Setting | None:
        """The variable called ``name`` as this workload sets it."""
        return next((one for one in self.env if one.name == name), None)


class FileProblem(Struct, frozen=True, order=True):
    """Why a manifest could not be read whole; ``line`` is 0 when the whole file is meant."""

    path: str
    line: int
    column: int
    message: str
