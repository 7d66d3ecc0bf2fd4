"""Many git repositories in one run: found, read at a commit, scanned by whoever is at hand, summed up.

    find      a list or a folder → repositories
    git       a repository and a commit → a place that files are read from, without a work tree
    scan      one task → one result, in this process; child: the same in a process that can be ended
    engines   this process, processes of this machine, any executor; cluster: the executor of a Dask cluster
    driver    hands the tasks out and takes the results as they come; journal: keeps them on the disk
    summary   results → table, sheet; page: one HTML page

A task is a commit and settings, and its result depends on nothing else: who scans it, how often it is tried, and
what happens to the others changes nothing.
"""

from __future__ import annotations

from lcmemlint.repos.driver import sarif_file, scan_repositories
from lcmemlint.repos.results import Repository, RepositoryResult, Settings

__all__ = ["Repository", "RepositoryResult", "Settings", "sarif_file", "scan_repositories"]
