"""The table of formats."""

from __future__ import annotations

import pytest

from lcmemlint.deploy.formats import FORMATS, LAST, Format


@pytest.mark.parametrize("format_", [*FORMATS, *LAST], ids=lambda one: one.name)
def test_every_reader_is_there(format_: Format) -> None:
    """
    Readers are imported with the first file of their format, so that nobody else would notice.
    """
    assert callable(format_.read)
