"""The linters that are measured beside ours, each as a whole run without a cache; only those that are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
RULES: Final = HERE / "rules"
Command = list[str]


def ours(tree: Path, *options: str) -> Command:
    """A run of ours over a tree."""
    return [
        sys.executable,
        "-m",
        "lcmemlint",
        "--no-config",
        "--exit-zero",
        "--root",
        str(tree),
        *options,
        str(tree),
    ]


def peers(tree: Path) -> Mapping[str, Command]:
    """The runs of the others."""
    arguments = {
        "ruff": ["check", "--select", "F", "--no-cache", "--isolated", "--exit-zero", "-q", str(tree)],
        "ast-grep": [
            "scan",
            "--config",
            str(RULES / "astgrep" / "sgconfig.yml"),
            "--no-ignore",
            "hidden",
            str(tree),
        ],
        "semgrep": [
            "scan",
            *("--config", str(RULES / "semgrep.yml"), "--metrics", "off", "--disable-version-check"),
            *("--no-git-ignore", "--quiet", str(tree)),
        ],
        "fixit": ["--rules", "fixit_memory", "lint", str(tree)],
        "langdoctor": ["--quiet", "--fail-on", "never", str(tree)],
    }
    found = {name: (_path(name), given) for name, given in arguments.items()}
    return {name: [path, *given] for name, (path, given) in found.items() if path is not None}


def environment() -> dict[str, str]:
    """What the runs find in their environment: our package, and the rules for fixit."""
    paths = [str(HERE.parent), str(RULES), os.environ.get("PYTHONPATH", "")]
    # Compiled modules are kept, as they are where a linter is installed.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def versions() -> str:
    """The linters that are installed, each with its version."""
    found = {name: _path(name) for name in ("ruff", "ast-grep", "semgrep", "fixit", "langdoctor")}
    return ", ".join(f"{name} {_version(path)}" for name, path in found.items() if path is not None)


def _version(path: str) -> str:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, env=environment(), check=False)
    found = re.search(r"\d+(?:\.\d+)+", told.stdout)
    return found[0] if found is not None else "?"


def _path(tool: str) -> str | None:
    folders = (Path(sys.executable).parent, os.environ.get("BENCH_PEERS", ""), os.environ.get("PATH", ""))
    return shutil.which(tool, path=os.pathsep.join(str(folder) for folder in folders if folder))
