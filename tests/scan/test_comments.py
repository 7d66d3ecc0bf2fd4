"""Comments that silence findings."""

from __future__ import annotations

import pytest

from lcmemlint.facts import Ignore
from lcmemlint.scan import scan
from lcmemlint.scan.comments import ignores_in

ROWS: list[tuple[str, list[tuple[str, tuple[str, ...], str]]]] = [
    ("# lcmemlint: ignore", [("ignore", (), "")]),
    ("#lcmemlint:ignore", [("ignore", (), "")]),
    ("# lcmemlint: ignore[LCM101]", [("ignore", ("LCM101",), "")]),
    (
        "# lcmemlint: ignore[LCM101, lcm102] one user only",
        [("ignore", ("LCM101", "LCM102"), "one user only")],
    ),
    ("# lcmemlint: ignore [LCM101]", [("ignore", ("LCM101",), "")]),
    ("# lcmemlint: ignore[LCM101] - see #12", [("ignore", ("LCM101",), "see")]),
    ("# LCMEMLINT: Ignore[lcm101]", [("ignore", ("LCM101",), "")]),
    ("# lcmemlint: ignore-file", [("ignore-file", (), "")]),
    ("# lcmemlint: ignore-file[LCM101] generated", [("ignore-file", ("LCM101",), "generated")]),
    ("# lcmemlint: ignore because I say so", [("ignore", (), "because I say so")]),
    ("# noqa: LCM101", [("noqa", ("LCM101",), "")]),
    ("# NOQA:lcm101", [("noqa", ("LCM101",), "")]),
    ("# noqa: LCM101,E501", [("noqa", ("LCM101",), "")]),
    ("# noqa: E501, LCM101 LCM102", [("noqa", ("LCM101", "LCM102"), "")]),
    ("# noqa : LCM101 - not a server", [("noqa", ("LCM101",), "not a server")]),
    ("# noqa LCM101", [("noqa", ("LCM101",), "")]),
    ("# type: ignore  # noqa: LCM101", [("noqa", ("LCM101",), "")]),
    ("# noqa: E501  # lcmemlint: ignore[LCM101]", [("ignore", ("LCM101",), "")]),
    ("# noqa: LCM101  # lcmemlint: ignore[LCM102]", [("noqa", ("LCM101",), ""), ("ignore", ("LCM102",), "")]),
    ("# noqa", []),
    ("# noqa: E501", []),
    ("# type: ignore", []),
    ("# type: ignore[LCM101]", []),
    ("# lcmemlint", []),
    ("# lcmemlint: ignored", []),
    ("# lcmemlint: ignores[LCM101]", []),
    ("# lcmemlint: ignore-line", []),
    ("# see the docs of lcmemlint: ignore comments", []),
    ("# xlcmemlint: ignore", []),
    ("#", []),
    ("# noqa: LCM101" + " " * 5000, [("noqa", ("LCM101",), "")]),
]


@pytest.mark.parametrize(("comment", "expected"), ROWS, ids=[row[0][:50] for row in ROWS])
def test_what_a_comment_silences(comment: str, expected: list[tuple[str, tuple[str, ...], str]]) -> None:
    """
    Kind, codes and reason of each directive.
    """
    found = ignores_in(comment, 1, 0, False)
    assert expected == [(one.kind, one.codes, one.reason) for one in found]


def test_a_directive_knows_its_columns() -> None:
    """
    From its own `#` to its last letter, counted from where the comment stands.
    """
    (found,) = ignores_in("# type: ignore  # noqa: LCM101  ", 7, 10, True)
    assert Ignore(7, 26, 40, True, "noqa", ("LCM101",), "") == found


def test_comments_are_found_with_their_places() -> None:
    """
    At the end of a line, alone, inside parentheses, in a footer, at the end of the file.
    """
    text = (
        "# lcmemlint: ignore-file[LCM1]\n"
        "a = 1  # lcmemlint: ignore\n"
        "b(  # noqa: LCM2\n"
        "    c,\n"
        "    # noqa: LCM3\n"
        ")\n"
        "def d():\n"
        "    pass\n"
        "    # noqa: LCM4\n"
        "  # noqa: LCM5"
    )
    assert [(one.line, one.column, one.alone, one.codes) for one in scan(text).ignores] == [
        (1, 0, True, ("LCM1",)),
        (2, 7, False, ()),
        (3, 4, False, ("LCM2",)),
        (5, 4, True, ("LCM3",)),
        (9, 4, True, ("LCM4",)),
        (10, 2, True, ("LCM5",)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a = '# noqa: LCM1'\n",
        "a = f'# noqa: LCM1'\n",
        "a = f'{b}# noqa: LCM1{c}'\n",
        "a = f'{b:# noqa: LCM1}'\n",
        "f(f'# noqa: LCM1', key=lambda: f'# noqa: LCM2')\n",
        "def f(a: f'# noqa: LCM1' = f'# noqa: LCM2') -> f'# noqa: LCM3': pass\n",
        "'''\n# noqa: LCM1\n'''\n",
        "match a:\n    case b if f'# noqa: LCM1': pass\n",
    ],
)
def test_text_is_no_comment(text: str) -> None:
    """
    Text in strings silences nothing, even where it begins like a comment.
    """
    assert scan(text).ignores == ()
