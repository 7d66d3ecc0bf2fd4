"""Documents of every syntax know where their values stand."""

from __future__ import annotations

import pytest

from lcmemlint.deploy.comments import comments
from lcmemlint.deploy.dockerfile_text import instructions
from lcmemlint.deploy.documents import yaml_documents
from lcmemlint.deploy.hcltext import hcl_document
from lcmemlint.deploy.initext import ini_sections
from lcmemlint.deploy.jsontext import JsonFault, json_document
from lcmemlint.deploy.nodes import Node, whole
from lcmemlint.deploy.tomltext import TomlFault, toml_document
from lcmemlint.deploy.tree import decoded


def yaml(text: str) -> Node:
    """The only document of a text."""
    documents, complaint = yaml_documents(text)
    assert complaint is None
    return documents[0]


def test_documents_before_a_fault_are_kept_and_the_fault_has_a_line() -> None:
    documents, complaint = yaml_documents("a: 1\n---\nb: 2\n---\nc: [1\nd: }\n")

    assert [documents[0].get("a").text, documents[1].get("b").text] == ["1", "2"]
    assert complaint is not None
    assert complaint[0] in (6, 7)


def test_merge_keys_custom_tags_and_double_keys() -> None:
    node = yaml("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nuse: {<<: [*b], y: 4}\nref: !Ref Count\n")

    assert (node.at("use", "x").text, node.at("use", "y").text) == ("1", "4")
    assert {name.text: value.text for name, value in node.get("use").pairs()} == {"x": "1", "y": "4"}
    assert (node.get("ref").tag, node.get("ref").text, node.get("ref").line) == ("!Ref", "Count", 4)


def test_what_is_not_there_is_nothing_at_any_depth() -> None:
    node = yaml("a: {b: ~}\n")

    assert not node.at("a", "b", "c", 3, "d")
    assert node.at("a", "b").whole is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("3.0", 3),
        ("1_000", 1000),
        ("010", 10),
        ("", None),
        ("3.5", None),
        ("x", None),
        ("-1", None),
    ],
)
def test_counts(text: str, number: int | None) -> None:
    assert number == whole(text)


def test_json_with_comments_emoji_and_places() -> None:
    node = json_document('{// why\n "a": ["\\ud83d\\ude00", {"b": 2,}],\n /* c */ "d": true}')

    assert (node.at("a", 0).text, node.at("a", 0).line) == ("😀", 2)
    assert (node.at("a", 1, "b").whole, node.at("a", 1, "b").line) == (2, 2)
    assert node.get("d").is_true


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', "[1 2]", '{"a": }', '"a'])
def test_broken_json_says_so(text: str) -> None:
    with pytest.raises(JsonFault):
        json_document(text)


def test_toml_tables_know_their_lines() -> None:
    node = toml_document(
        'app = "a"\n[[services]]\nports = 1\n[[services]]\n  [services.x]\n  min = 2\n'
        'text = """\nports = 9\n"""\n[a."b c"]\nd.e = 3\n'
    )

    assert (node.at("services", 1, "x", "min").line, node.at("services", 1, "x", "min").whole) == (6, 2)
    assert node.at("services", 0).line == 2
    assert (node.at("a", "b c", "d", "e").line, node.at("a", "b c", "d", "e").text) == (11, "3")


def test_broken_toml_says_where() -> None:
    with pytest.raises(TomlFault) as caught:
        toml_document("a = 1\nb = \n")

    assert caught.value.line == 2


def test_hcl_blocks_strings_comments_and_here_documents() -> None:
    root = hcl_document(
        'resource "a" "b" {\n  # x = 1\n  image = "r/${var.x}/{"\n  text = <<-EOF\n    count = 9 {\n  EOF\n'
        "  scaling {\n    count = var.big ? 3 : 1 // note\n  }\n  list = [\n    1,\n    2\n  ]\n}\nlocals { z = 2 }\n"
    )
    block = root.blocks[0]
    count = block.find("scaling", "count")

    assert block.labels == ("a", "b")
    assert count is not None
    assert (count.value, count.line) == ("var.big ? 3 : 1", 8)
    assert [one.name for one in block.attributes] == ["image", "text", "list"]
    assert root.blocks[1].attributes[0].value == "2"


def test_ini_keys_repeat_and_values_go_on() -> None:
    section = ini_sections(
        "[Service]\n# ExecStart=no\nEnvironment=A=1\nEnvironment=B=2\nExecStart=x \\\n  -w 2\n"
    )[1]

    assert [one.value for one in section.every("Environment")] == ["A=1", "B=2"]
    start = section.get("ExecStart")
    assert start is not None
    assert (start.value, start.line) == ("x -w 2", 5)


def test_dockerfile_lines_here_documents_and_both_forms() -> None:
    text = (
        "# escape=`\nFROM a AS b\nRUN <<EOF\nCMD no\nEOF\n"
        'CMD [`\n  # why\n  "x", `\n  "-w", "2"]\nENTRYPOINT run me\n'
    )
    found = list(instructions(text))

    assert [one.name for one in found] == ["FROM", "RUN", "CMD", "ENTRYPOINT"]
    words = found[2].words("Dockerfile")
    assert words is not None
    assert [(word.text, word.line) for word in words] == [("x", 8), ("-w", 9), ("2", 9)]
    assert found[3].words("Dockerfile") is None


def test_text_that_is_not_utf8_is_still_read() -> None:
    assert decoded(b"a: \xe9") == "a: \ufffd"
    assert decoded("a".encode("utf-16")) == "a"
    assert decoded(b"\xef\xbb\xbfa\0b") == "ab"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.yaml", "replicas: 3  # lcmemlint: ignore", [(1, 13, "lcmemlint: ignore", False)]),
        ("a.yaml", "a: 'x # y' # z\n  # w", [(1, 11, "z", False), (2, 2, "w", True)]),
        ("a.yaml", "url: http://a/#b\nit's: 1 # c", [(2, 8, "c", False)]),
        ("Dockerfile", "# a\nCMD x # not a comment", [(1, 0, "a", True)]),
        ("fly.toml", 'a = """\n# no\n""" # yes', []),
        ("fly.toml", 'a = "#" # yes', [(1, 8, "yes", False)]),
        ("main.tf", 'count = 2 // why\nurl = "http://x"', [(1, 10, "why", False)]),
        ("a.json", '{"a": "# b"}', []),
    ],
)
def test_comments(path: str, text: str, expected: list[tuple[int, int, str, bool]]) -> None:
    assert expected == list(comments(path, text.encode()))
