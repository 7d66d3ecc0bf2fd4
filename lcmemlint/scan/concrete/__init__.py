"""Text → facts by LibCST: every syntax of Python, whichever Python runs us, and where a text is broken.

Its parser and the positions of its nodes cost ten times those of Python's own `ast`, and importing it takes longer
than most projects to scan. So `scan` asks here only for what `abstract` cannot read.
"""

from __future__ import annotations

from lcmemlint.scan.concrete.reading import read

__all__ = ["read"]
