"""The site as it is built: links, and what a browser makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The site, built strictly: a warning is a failure.
    """
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Links(HTMLParser):
    """The addresses that a page names, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                (self.loaded if tag in ("script", "img", "link") else self.found).append(value)
            if name in ("id", "name") and value:
                self.anchors.add(value)


def test_every_link_leads_somewhere(site: Path) -> None:
    """
    Pages, pictures and anchors; addresses of other hosts are only looked at.
    """
    pages = {path: Links(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 35
    for path, links in pages.items():
        for address in (*links.found, *links.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                assert parts.scheme in ("https", "mailto"), f"{path}: {address}"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.relative_to(site)}: {address}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors | {"__skip"}, f"{path}: {address}"


def test_no_markdown_is_left_unread(site: Path) -> None:
    """
    Tables are tables and fences are code, also where a page folds them away.
    """
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "|---|" not in text, path
        assert "<p>```" not in text, path


def test_nothing_is_loaded_from_other_hosts(site: Path) -> None:
    """
    No font, no script, no picture: readers are told to nobody.
    """
    for path in site.rglob("*.html"):
        links = Links(path)
        assert [one for one in links.loaded if urlsplit(one).netloc] == [], path


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """
    The site on a port of this machine: its search does not run from files.
    """

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    running = Thread(target=server.serve_forever, daemon=True)
    running.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    running.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """
    A page whose console must stay silent.
    """
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    opened.close()
    assert problems == []


def test_search_finds_a_rule(page: Page, address: str) -> None:
    """
    Typed as a reader would.
    """
    page.goto(address)
    page.keyboard.press("/")
    page.keyboard.type("checkpointer")
    page.wait_for_selector(".md-search-result__item a", timeout=30_000)

    assert "LCM103" in page.inner_text(".md-search-result__list")


@pytest.mark.parametrize("width", [360, 1280, 3840])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_the_window(page: Page, address: str, width: int, scheme: str) -> None:
    """
    From a phone to 4K nothing is cut off sideways, and colours are those that the reader asked for.
    """
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    for name in ("", "first-ten-minutes/", "comparison/", "stores/", "rules/lcm102-process-local-history/"):
        page.goto(address + name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    shown = page.evaluate("document.body.getAttribute('data-md-color-scheme')")

    assert shown == ("default" if scheme == "light" else "slate")
