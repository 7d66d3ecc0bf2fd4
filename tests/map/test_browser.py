"""The HTML map in a real browser, as somebody who has never seen it would use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lcmemlint.findings import Finding
from lcmemlint.map import html
from lcmemlint.map.model import Edge, Map, Node, Shown, Stop
from lcmemlint.values import Location, Span
from tests.map.conftest import map_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[[Map], Page]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "fastapi_three_files"
FILES, FUNCTIONS = 1200, 3


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """
    Opens a map in a page whose console must stay silent and that must load nothing.
    """
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    def show(of: Map) -> Page:
        file = tmp_path / "map.html"
        file.write_text(html.render(of), encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_selector("svg.arrows path[d^=M]", state="attached")
        return page

    yield show
    page.close()
    assert problems == []
    assert {url.partition("#")[0] for url in asked} == {(tmp_path / "map.html").as_uri()}


@pytest.fixture(scope="module")
def example() -> Map:
    """
    The map of the example of the README.
    """
    return map_of(EXAMPLE)


def large() -> Map:
    """A map of 1,200 files in forty folders: each calls the next file of its folder, the last ones use a saver."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    per_folder = FILES // 40
    for file in range(FILES):
        folder, place = divmod(file, per_folder)
        for number in range(FUNCTIONS):
            at = Location(
                f"src/part{folder:02}/module{place:02}.py", Span(10 * number + 1, 0, 10 * number + 1, 8)
            )
            lane, label = ("entry", f"route{file}") if place == 0 else ("code", f"function_{file}_{number}()")
            nodes.append(
                Node(
                    f"n{len(nodes)}",
                    "entry" if lane == "entry" else "code",
                    label,
                    "function",
                    at,
                    depth=place,
                )
            )
            if place:
                edges.append(Edge(f"n{len(nodes) - 1 - FUNCTIONS}", f"n{len(nodes) - 1}", "calls"))
    saver = Node(
        f"n{len(nodes)}",
        "memory",
        "MemorySaver",
        "saver",
        Location("src/saver.py", Span(3, 0, 3, 9)),
        "process",
    )
    kept = Node(f"n{len(nodes) + 1}", "storage", "memory of each process", "", None, "process")
    edges += [
        Edge(f"n{number}", saver.id, "uses") for number in range(per_folder * FUNCTIONS - 1, len(nodes), 90)
    ]
    edges.append(Edge(saver.id, kept.id, "kept"))
    assert saver.at is not None
    finding = Finding(
        "LCM103", "`MemorySaver` keeps every thread in this process", saver.at, "error", "certain"
    )
    way = [f"n{2 + FUNCTIONS * place}" for place in range(per_folder)]
    stops = [
        Stop(id, where, "calls")
        for id, node in zip(way, nodes, strict=False)
        if (where := node.at) is not None
    ]
    shown = Shown(finding, (*stops[:6], Stop(saver.id, saver.at, "built here")), (*way, saver.id, kept.id))
    marked = Node(saver.id, "memory", saver.label, saver.detail, saver.at, "process", (0,), "error")
    return Map("large", (*nodes, marked, kept), tuple(edges), (shown,))


def test_a_finding_is_followed_by_keyboard(opened: Open, example: Map) -> None:
    """
    Tab to the finding, Enter opens it, arrows go through its steps, Esc closes it.
    """
    page = opened(example)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.findings > li')?.id") == "LCM102-1":
            break
    page.keyboard.press("Enter")
    met = []
    for _ in range(5):
        page.keyboard.press("ArrowDown")
        met.append(page.evaluate("document.querySelector('.node.chosen strong').textContent"))

    assert met == ["chat", "chat", "answer()", "RunnableWithMessageHistory", "InMemoryChatMessageHistory"]
    assert page.url.endswith("#LCM102-1")
    assert page.locator("svg.arrows path.on").count() == 6
    page.keyboard.press("ArrowUp")
    assert page.inner_text(".node.chosen strong") == "RunnableWithMessageHistory"
    page.keyboard.press("Escape")
    assert page.locator(".node.chosen, svg.arrows path.on").count() == 0
    assert page.evaluate("document.activeElement.closest('.findings > li').id") == "LCM102-1"


def test_steps_can_be_tabbed_through(opened: Open, example: Map) -> None:
    """
    Whoever knows no arrow keys has Tab.
    """
    page = opened(example)
    page.click("#LCM102-1 > button")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")

    assert page.inner_text(".node.chosen strong") == "answer()"
    assert page.locator(".steps [aria-current=step]").count() == 1


def test_a_finding_has_an_address(opened: Open, example: Map) -> None:
    """
    A link to it opens the map there.
    """
    page = opened(example)
    page.goto(f"{page.url}#LCM401-1")
    page.reload()

    assert page.get_attribute("#LCM401-1 > button", "aria-expanded") == "true"


def test_search_marks_boxes_and_findings(opened: Open, example: Map) -> None:
    """
    By name, file, life or code; Enter goes to the first box.
    """
    page = opened(example)
    page.keyboard.press("/")
    page.keyboard.type("store.py")

    assert page.locator(".node.found").all_inner_texts()[0].startswith("get_session_history()")
    assert page.inner_text("#status") == "2 of 7 boxes, 2 of 2 findings"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('found')")
    page.keyboard.press("Escape")
    assert page.locator(".node.found").count() == 0


def test_a_box_shows_what_leads_to_it(opened: Open, example: Map) -> None:
    """
    A click tells its place and what it is; the same click again lets go.
    """
    page = opened(example)
    page.click(".node:has-text('InMemoryChatMessageHistory')")

    assert "app/store.py:11" in page.inner_text("#about")
    assert "a dict of this worker" in page.inner_text("#about")
    page.click(".node.chosen")
    assert page.is_hidden("#about")


def test_files_fold(opened: Open, example: Map) -> None:
    """
    A folded file keeps its arrows, and says what is inside.
    """
    page = opened(example)
    page.click("details.file:has-text('service.py') > summary")
    page.wait_for_timeout(200)

    assert page.locator("svg.arrows g path").count() == 5
    assert "(2)" in page.inner_text("details.file:has-text('service.py') > summary")


@pytest.mark.parametrize("width", [360, 800, 1400, 3840])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_width_and_colour_can_be_read(opened: Open, example: Map, width: int, scheme: str) -> None:
    """
    Nothing is cut off sideways, letters keep a size that can be read, and text stands out from its box.
    """
    page = opened(example)
    page.set_viewport_size({"width": width, "height": 900 if width < 3000 else 2160})
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.wait_for_timeout(200)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate(
            """Math.min(...[...document.querySelectorAll(".node small")]
                .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
        )
        >= 9.5
    )
    assert contrast(page, ".node strong") >= 7
    assert contrast(page, ".node small") >= 4.5
    assert contrast(page, ".node .life") >= 4.5
    if width <= 800 or width >= 1400:
        assert (
            page.evaluate("(box => box.scrollWidth <= box.clientWidth + 1)(document.querySelector('.map'))")
            is True
        )


def contrast(page: Page, selector: str) -> float:
    """The contrast of a text and its box (WCAG 2.2, relative luminance)."""
    told: float = page.evaluate(
        """(selector) => {
          const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          const light = (colour) => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((one) => one / 255)
              .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const text = document.querySelector(selector), box = text.closest(".node");
          const pair = [getComputedStyle(text).color, getComputedStyle(box).backgroundColor].map(light);
          return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        }""",
        selector,
    )
    return told


def test_the_colours_can_be_turned_round(opened: Open, example: Map) -> None:
    """
    Whatever the system says.
    """
    page = opened(example)
    page.emulate_media(color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_a_thousand_files_open_at_once_and_stay_readable(opened: Open) -> None:
    """
    Folders are folded; a finding opens its own way and hides the rest.
    """
    page = opened(large())
    page.wait_for_timeout(300)
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")

    assert page.locator(".node").count() == FILES * FUNCTIONS + 2
    assert page.locator("summary:visible").count() < 20
    assert ready < 2000, "milliseconds until the page is loaded and its arrows are ordered"
    page.click("#LCM103-1 > button")
    page.wait_for_timeout(300)
    assert page.locator(".node:visible").count() == 32


def test_without_scripts_the_findings_and_boxes_can_be_read(
    browser: Browser, tmp_path: Path, example: Map
) -> None:
    """
    Some mail programs and viewers run none.
    """
    (tmp_path / "map.html").write_text(html.render(example), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "map.html").as_uri())

    assert page.locator(".node:visible").count() == 7
    assert "LCM102" in page.inner_text(".findings")
    context.close()
