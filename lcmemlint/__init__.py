"""Finds conversation memory that is lost, mixed up or leaked when a LangChain or LangGraph app scales.

The public names are loaded when they are first asked for: `import lcmemlint` costs nothing, so that
`lcmemlint --version` and a shell prompt that calls it stay quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lcmemlint.findings import Finding
    from lcmemlint.repos import Repository, RepositoryResult, Settings, scan_repositories
    from lcmemlint.run import lint

__version__ = "0.1.0"

__all__ = [
    "Finding",
    "Repository",
    "RepositoryResult",
    "Settings",
    "__version__",
    "lint",
    "scan_repositories",
]

_REPOSITORIES = frozenset({"Repository", "RepositoryResult", "Settings", "scan_repositories"})


def __getattr__(name: str) -> object:
    """The public names, imported on first use."""
    if name == "lint":
        from lcmemlint.run import lint

        return lint
    if name == "Finding":
        from lcmemlint.findings import Finding

        return Finding
    if name in _REPOSITORIES:
        from lcmemlint import repos

        return getattr(repos, name)
    raise AttributeError(f"module 'lcmemlint' has no attribute {name!r}")
