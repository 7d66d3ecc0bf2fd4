"""The exceptions of lcmemlint, drawn as a tree so that you can choose what to catch by looking.

LcmemlintError                 anything that lcmemlint raises on purpose; one line, exit 2
 ├── UsageError                the command line cannot mean anything (missing path, clashing options)
 ├── ConfigError               the configuration cannot mean anything; the run does not start
 ├── CatalogueError            a table of components or entry points is wrong
 ├── RulebookError             a rule page is missing or malformed
 ├── RepositoryError           a git repository cannot be read; of many, the others go on
 └── EngineError               who was to scan the repositories is gone; what is done is kept

A file that cannot be read or parsed is *not* an exception: it becomes a ``Problem`` and the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable


class LcmemlintError(Exception):
    """A mistake that the user can mend; ``str(error)`` is the one line that says where and how."""

    exit_code = 2


class UsageError(LcmemlintError):
    """The command line cannot mean anything."""


class ConfigError(LcmemlintError):
    """The configuration cannot mean anything; the run does not start."""


class CatalogueError(LcmemlintError):
    """A table of components or entry points is wrong."""


class RulebookError(LcmemlintError):
    """A rule page is missing or malformed."""


class RepositoryError(LcmemlintError):
    """A git repository cannot be read."""


class EngineError(LcmemlintError):
    """Those who were to scan the repositories (a pool, a cluster) are gone."""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`; did you mean ...?` when something is close, else nothing."""
    import difflib  # slow to import, and mistakes are rare

    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""
