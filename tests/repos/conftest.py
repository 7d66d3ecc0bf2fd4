"""Where the repositories of a test are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repos.forge import Forge


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    """Where the repositories of a test are."""
    root = tmp_path / "forge"
    root.mkdir()
    return Forge(root)
