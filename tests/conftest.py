"""A cache of its own for each test, and a real browser for those that look at pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No test sees what runs of the user's kept, or leaves anything there.
    """
    monkeypatch.setenv("LCMEMLINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    Headless Chromium as the distribution ships it; not for longer than a module, since its driver keeps an event
    loop running that tests of other modules would meet.
    """
    found = next((path for name in CHROMIUM if (path := shutil.which(name)) is not None), None)
    if found is None:
        told = f"none of {', '.join(CHROMIUM)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Root, as in most containers, may not use the sandbox.
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()
