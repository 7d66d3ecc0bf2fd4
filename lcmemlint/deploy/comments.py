"""Comments of manifests with their places, for ignores in YAML, Dockerfile, TOML and HCL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lcmemlint.deploy.tree import decoded

Comment = tuple[int, int, str, bool]
"""Line (from 1), column (from 0) of its sign, the text after the sign, and whether it stands alone."""

MAX_LINE = 5_000
"""Longer lines are data, not something that a person comments on."""

_QUOTED = re.compile(r"""(?<![\w)\]}])(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|''|\\.)*')""")
_HASH = re.compile(r"(?:^|(?<=\s))#")
_SLASHES = re.compile(r"(?:^|(?<=\s))(?:#|//)")
_TRIPLE = re.compile(r'"""|\'\'\'')
_HASH_ENDINGS = (
    ".yaml",
    ".yml",
    ".toml",
    ".sh",
    ".bash",
    ".mk",
    ".env",
    ".service",
    ".conf",
    ".ini",
    ".bicep",
)
_SLASH_ENDINGS = (".tf", ".tfvars", ".hcl", ".nomad", ".bicep")


def comments(path: str, data: bytes) -> Iterator[Comment]:
    """The comments of a manifest; JSON has none. Only a line's own quotes are looked at."""
    name = path.rpartition("/")[2]
    sign = _SLASHES if name.endswith(_SLASH_ENDINGS) else _HASH
    whole_lines = "dockerfile" in name.lower() or name == "Containerfile"
    if not (
        whole_lines or name.endswith((*_HASH_ENDINGS, *_SLASH_ENDINGS)) or name in ("Procfile", "Makefile")
    ):
        return
    if b"#" not in data and b"//" not in data:
        return
    inside = ""
    for number, line in enumerate(decoded(data).splitlines(), 1):
        marks = _TRIPLE.findall(line) if name.endswith(".toml") else []
        if inside:
            inside = "" if inside in marks else inside
            continue
        inside = marks[0] if len(marks) % 2 else ""
        if len(line) > MAX_LINE or ("#" not in line and "//" not in line):
            continue
        bare = _QUOTED.sub(lambda found: "_" * len(found[0]), line)
        match = sign.search(bare)
        if match is None:
            continue
        alone = not line[: match.start()].strip()
        if alone or not whole_lines:
            yield number, match.start(), line[match.end() :].strip(), alone
