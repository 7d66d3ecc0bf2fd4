"""The pipeline, top to bottom; the only package that knows the order.

    prepare   paths → root, settings, files (one walk), bytes
    analyse   bytes → skim → select → scan → link → checks → findings of the whole project
    report    findings → what the user sees: suppressed, chosen, filtered by the paths that were asked for

The project root is always what is *analysed*, the paths choose what is *reported*: the findings of
`lcmemlint a.py` are those of `lcmemlint .` that stand in `a.py`.

`libcst` is imported by `lcmemlint.scan` only, and that only when there is a file to parse: a tree without a
word of LangChain costs a walk and a look at the bytes.
"""

from __future__ import annotations

from lcmemlint.engine.analysing import Analysis, analyse, parses, show_deployment
from lcmemlint.engine.preparing import Job, bytes_of, lines_of, prepare, prepare_place, read, revised
from lcmemlint.engine.reporting import relint, report
from lcmemlint.reports import Crash, FileProblem, Report

__all__ = [
    "Analysis",
    "Crash",
    "FileProblem",
    "Job",
    "Report",
    "analyse",
    "bytes_of",
    "lines_of",
    "parses",
    "prepare",
    "prepare_place",
    "read",
    "relint",
    "report",
    "revised",
    "show_deployment",
]
