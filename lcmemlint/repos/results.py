"""What is asked of one repository, and what comes back: values that pickle, and that JSON can hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from lcmemlint import __version__
from lcmemlint.config import Config, Overrides

Status: TypeAlias = Literal["scanned", "failed", "timeout"]
Row: TypeAlias = Mapping[str, object]


class Repository(Struct, frozen=True):
    """A checkout or bare clone. `name` is what reports call it (the path if it is empty).

    `path` must mean the same folder on every machine that scans; `revision` is anything that git knows a commit by.
    """

    path: str
    revision: str = "HEAD"
    name: str = ""

    @property
    def shown(self) -> str:
        """What reports call it."""
        return self.name or self.path


class Settings(Struct, frozen=True):
    """The settings of a run: `config` takes the place of each repository's own, `overrides` lie on top of either."""

    config: Config | None = None
    overrides: Overrides = field(default_factory=Overrides)

    def over(self, config: Config) -> Config:
        """A repository's settings with the overrides on top."""
        return self.overrides.over(config)

    @property
    def digest(self) -> str:
        """The same for settings that mean the same: 64 hexadecimal digits."""
        config = None if self.config is None else asdict(replace(self.config, path=""))
        whole = json.dumps([config, asdict(self.overrides)], sort_keys=True, default=str)
        return sha256(whole.encode("utf-8", errors="surrogatepass")).hexdigest()


class Task(Struct, frozen=True):
    """One repository at one commit, and how to scan it: all that the result depends on.

    `time_limit` is in seconds, None is none; `sarif` asks for the report as SARIF too.
    """

    repository: str
    path: str
    commit: str
    settings: Settings = Settings()
    time_limit: float | None = None
    sarif: bool = False

    def failed(self, error: str, *, status: Status = "failed") -> RepositoryResult:
        """The result when there is none."""
        return RepositoryResult(self.repository, self.commit, status=status, error=error)


class RepositoryResult(Struct, frozen=True):
    """What became of one repository.

    `findings` are objects as `report/schema.json` describes them, with paths relative to the repository, in order
    of place. `problems` are files that could not be read, `crashes` rules of ours that raised: one line each.
    `error` says in one line why there are no findings if `status` is not "scanned". `scaled_by` names the manifest
    that runs several processes of the code, and how many; "" if none surely does.
    """

    repository: str
    commit: str
    status: Status = "scanned"
    error: str = ""
    findings: tuple[Row, ...] = ()
    problems: tuple[str, ...] = ()
    crashes: tuple[str, ...] = ()
    files: int = 0
    hidden: int = 0
    suppressed: int = 0
    baselined: int = 0
    scaled_by: str = ""
    fails: bool = False
    seconds: float = 0.0
    sarif: str = ""
    version: str = __version__
    is_reused: bool = False
    """Whether it is that of an earlier run, since nothing has changed."""

    @property
    def rules(self) -> dict[str, int]:
        """How many findings each rule has, by code."""
        return dict(sorted(Counter(str(one["code"]) for one in self.findings).items()))

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(one["severity"] == severity for one in self.findings)

    def lines(self) -> str:
        """The findings as JSON lines: `repository`, `commit`, `finding`."""
        start = {"repository": self.repository, "commit": self.commit}
        return "".join(f"{json.dumps({**start, 'finding': one})}\n" for one in self.findings)

    def dumps(self) -> str:
        """The whole as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str | bytes) -> RepositoryResult:
        """What `dumps` wrote. Raises `ValueError` or `TypeError` for anything else."""
        whole = json.loads(text)
        for name in ("findings", "problems", "crashes"):
            whole[name] = tuple(whole[name])
        return cls(**whole)
