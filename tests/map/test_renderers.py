"""Every format, with names that try to break out of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from lcmemlint.findings import Finding
from lcmemlint.map import dot, html, mermaid, svg
from lcmemlint.map.fold import folded
from lcmemlint.map.formats import FORMATS, format_of, render
from lcmemlint.map.model import Edge, Map, Node, Shown, Stop
from lcmemlint.values import Location, Span

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"];\n evil [label="x',
    "--> n0 %% `code` #quot; ]]>",
    "a\\",
    "&lt;b&gt; & ' \"",
    "rtl\u202egnp.exe\x1b[31m\x00\udc80",
)


def at(path: str, line: int = 1) -> Location:
    return Location(path, Span(line, 0, line, 5))


def small(word: str) -> Map:
    """A map in which every text is the same."""
    nodes = (
        Node("n0", "entry", word, word, at(word)),
        Node("n1", "memory", word, word, at(word, 2), "process", (0,), "error", notes=(word,)),
        Node("n2", "storage", word, word, None, "process"),
    )
    finding = Finding("LCM102", word, at(word, 2), "error", "certain", symbol=word, help=word, no_fix=word)
    shown = Shown(
        finding, (Stop("n0", at(word), word, word), Stop("n1", at(word, 2), word, word)), ("n0", "n1")
    )
    edges = (Edge("n0", "n1", "uses", word), Edge("n1", "n2", "kept", word))
    return Map(word, nodes, edges, (shown,), (word,))


def large(files: int = 40, functions: int = 8) -> Map:
    """A map of many files in two folders, each function leading to one memory."""
    nodes = [
        Node(
            f"n{file * functions + number}",
            "code",
            f"f{number}()",
            "function",
            at(f"p{file % 2}/m{file}.py", number + 1),
        )
        for file in range(files)
        for number in range(functions)
    ]
    memory = Node("n9999", "memory", "MemorySaver", "saver", at("p0/m0.py", 90), "process")
    edges = tuple(Edge(node.id, memory.id, "uses") for node in nodes)
    return Map("large", (*nodes, memory), edges, ())


class Page(HTMLParser):
    """The elements of a page, and the text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("word", HOSTILE)
def test_html_shows_names_and_obeys_none(word: str) -> None:
    """
    A page with hostile names has the same elements as one with plain names, and its data can be read back.
    """
    page = html.render(small(word))
    tags = [tag for tag in Page(page).tags if tag not in ("wbr", "code")]
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)

    assert tags == [tag for tag in Page(html.render(small("plain"))).tags if tag not in ("wbr", "code")]
    assert data is not None
    assert json.loads(data[1])["findings"] == [{"path": ["n0", "n1"]}]
    assert not re.search("[\x00-\x08\x0e-\x1f\u202e\ud800-\udfff]", page)


def test_html_allows_its_own_script_and_nothing_else() -> None:
    """
    No address of another host, no inline handler, and a policy that names both inline parts by digest.
    """
    page = html.render(small("plain"))

    assert re.search(
        r"content=\"default-src 'none'; style-src 'sha256-\S{44}'; script-src 'sha256-\S{44}';", page
    )
    assert set(re.findall(r"https?://[^\"' ]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<[^>]+ (?:on\w+|style|src|href)=", page)


@pytest.mark.parametrize("word", HOSTILE)
def test_svg_is_xml_whatever_the_names(word: str) -> None:
    """
    Text stays text.
    """
    picture = ElementTree.fromstring(svg.render(small(word)))
    plain = ElementTree.fromstring(svg.render(small("plain")))

    assert {element.tag for element in picture.iter()} == {element.tag for element in plain.iter()}


@pytest.mark.parametrize("word", HOSTILE)
def test_mermaid_labels_hold_nothing_to_obey(word: str) -> None:
    """
    Quotes, brackets, angles, backquotes, semicolons and hashes become entities.
    """
    labels = re.findall(r'n\d\["(.*)"\]$', mermaid.render(small(word)), re.MULTILINE)

    assert len(labels) == 3
    for label in labels:
        plain = re.sub(r"#\d+;|<br>", "", label)
        assert not set(plain) & set('"[]<>`;#{}|\\')


@pytest.mark.parametrize("word", HOSTILE)
def test_graphviz_reads_every_dot(word: str) -> None:
    """
    Three boxes, two arrows, whatever they are called.
    """
    program = shutil.which("dot")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Graphviz is not installed")
    told = subprocess.run(
        [program, "-Tplain"], input=dot.render(small(word)).encode(), capture_output=True, check=True
    )
    lines = told.stdout.decode().splitlines()

    assert sum(line.startswith("node n") for line in lines) == 3
    assert sum(line.startswith("edge n") for line in lines) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_map_can_be_drawn(form: str) -> None:
    """
    A project without memory is no error.
    """
    empty = Map("nothing", (), (), (), ("No conversation memory was found.",))

    assert "nothing" in render(empty, next(one for one in FORMATS if one == form))


def test_a_large_map_is_folded_for_pictures() -> None:
    """
    Files first, then folders; memory keeps a box of its own, and no arrow hangs loose.
    """
    by_file, by_folder = folded(large(), 60), folded(large(), 20)

    assert len(by_file.nodes) == 41
    assert [node.label for node in by_folder.nodes] == ["p0/", "p1/", "MemorySaver"]
    assert by_folder.nodes[0].detail == "160 functions"
    for of in (by_file, by_folder):
        ids = {node.id for node in of.nodes}
        assert {edge.source for edge in of.edges} | {edge.target for edge in of.edges} == ids


def test_folding_keeps_what_has_a_finding() -> None:
    """
    The box of a finding stands beside the box of its file.
    """
    of = large()
    finding = Finding("LCM203", "constant", at("p0/m2.py", 3), "error", "certain")
    stop = Stop("n18", finding.at, "here")
    nodes = tuple(
        Node(node.id, node.lane, node.label, node.detail, node.at, node.life, (0,), "error")
        if node.id == "n18"
        else node
        for node in of.nodes
    )
    small = folded(Map("large", nodes, of.edges, (Shown(finding, (stop,), ("n18", "n9999")),)), 60)

    assert "f2()" in [node.label for node in small.nodes]
    assert small.shown[0].path == ("n18", "n9999")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("map.html", "html"),
        ("a.b/MAP.SVG", "svg"),
        ("x.mmd", "mermaid"),
        ("x.gv", "dot"),
        ("x.txt", None),
        ("-", None),
    ],
)
def test_the_format_is_that_of_the_name(name: str, form: str | None) -> None:
    """
    As compilers and drawing tools have it.
    """
    assert format_of(name) == form
