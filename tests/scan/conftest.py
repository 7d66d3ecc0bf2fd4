"""Whatever a test scans is read by both readers, and they must agree."""

from __future__ import annotations

import pytest

from lcmemlint.facts import FileFacts
from lcmemlint.scan import abstract, concrete


@pytest.fixture(autouse=True)
def _both_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = abstract.read

    def read(text: str) -> FileFacts | None:
        found = quick(text)
        if found is not None:
            other = concrete.read(text)
            assert found == other or other.problems  # some odd, valid texts are too much for LibCST
        return found

    monkeypatch.setattr("lcmemlint.scan.reading.abstract.read", read)
