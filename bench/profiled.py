"""Where the time of one run goes: `make profile TREE=path`. The hundred most expensive functions, by their own time."""

from __future__ import annotations

import contextlib
import cProfile
import pstats
import sys

from lcmemlint.cli import main

if __name__ == "__main__":
    profile = cProfile.Profile()
    with contextlib.suppress(SystemExit):
        profile.runcall(main, ["--no-config", "--no-cache", "--jobs", "1", "--exit-zero", *sys.argv[1:]])
    pstats.Stats(profile, stream=sys.stderr).strip_dirs().sort_stats("tottime").print_stats(100)
