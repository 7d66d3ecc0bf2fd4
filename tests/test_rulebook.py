"""Pages are read into rules and little projects; a malformed page is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcmemlint import rulebook
from lcmemlint.errors import RulebookError, UsageError
from lcmemlint.rulebook import Rule, examples, parse_page, read_rules

FRONT = """+++
code = "LCM903"
name = "tidy-shoes"
group = "wiring"
severity = "warning"
since = "0.1.0"
replaces = ["muddy-shoes"]
expect = ["langgraph.json:2 LCM903"]
+++
"""

PAGE = (
    FRONT
    + """# tidy-shoes (LCM903)

Shoes that are not tidied
are stumbled over.

## Why

Prose with `code`: and a block that is no file:

```sh
rm shoes
```

## Bad

### Two files and a manifest

`app/main.py`:

```py
import a
run()  # expect: LCM903
```

`langgraph.json`:

```json
{
  "x": 1
}
```

`Dockerfile`:

```dockerfile
FROM x
CMD run # expect: LCM903, LCM101
```

### Another

Prose between the title and the file.

`app/main.py`:

````md
```
still inside
```
````

## Good

The first name repeats, so this is two projects.

`a.py`:

```py
pass
```

`a.py`:

```py
x = "# expect nothing"
```

## Limits

None.
"""
)


def page(text: str = PAGE) -> Rule:
    """The parsed page."""
    return parse_page("lcm903-tidy-shoes.md", text)


def test_a_page_is_a_rule() -> None:
    """
    Front matter with its defaults, lead sentence on one line, the rest as written.
    """
    rule = page()

    assert (rule.code, rule.name, rule.severity) == ("LCM903", "tidy-shoes", "warning")
    assert (rule.confidence, rule.fix, rule.status) == ("certain", "none", "preview")
    assert rule.replaces == ("muddy-shoes",)
    assert rule.summary == "Shoes that are not tidied are stumbled over."
    assert rule.body.startswith("## Why\n")
    assert not rule.is_fixable


def test_blocks_make_projects() -> None:
    """
    A heading or a repeated name begins a new one; blocks without a name are only for reading.
    """
    found = examples(page())

    assert [(one.section, one.title, sorted(one.files)) for one in found] == [
        ("Bad", "Two files and a manifest", ["Dockerfile", "app/main.py", "langgraph.json"]),
        ("Bad", "Another", ["app/main.py"]),
        ("Good", "The first name repeats, so this is two projects.", ["a.py"]),
        ("Good", "The first name repeats, so this is two projects.", ["a.py"]),
    ]
    assert found[1].files["app/main.py"] == "```\nstill inside\n```\n"


def test_expectations_are_taken_out_of_the_files() -> None:
    """
    They would be comments where none may be; lines keep their numbers.
    """
    first = examples(page())[0]

    assert first.files["app/main.py"] == "import a\nrun()\n"
    assert first.files["Dockerfile"] == "FROM x\nCMD run\n"
    assert first.expected == {
        ("app/main.py", 2, "LCM903"),
        ("Dockerfile", 2, "LCM903"),
        ("Dockerfile", 2, "LCM101"),
        ("langgraph.json", 2, "LCM903"),
    }
    assert all(not one.expected for one in examples(page())[1:])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("+++\ncode", "code", "begins with TOML"),
        (
            'severity = "warning"',
            'severity = "bad"',
            "`severity` is 'bad', expected one of: error, warning, note",
        ),
        ('since = "0.1.0"', "", "`since` must be a string"),
        ("replaces", "replace", "unknown key `replace`"),
        ('group = "wiring"', "group = wiring", "front matter: "),
        ("# tidy-shoes (LCM903)", "# tidy-shoes", "the title must be"),
        ("Shoes that are not tidied\nare stumbled over.\n\n", "", "one lead sentence"),
        ("langgraph.json:2 LCM903", "langgraph.json", "expected `path:line CODE`"),
    ],
)
def test_a_malformed_page_names_itself(old: str, new: str, told: str) -> None:
    """
    One line that begins with the page's name.
    """
    assert old in PAGE
    with pytest.raises(RulebookError, match=r"^lcm903-tidy-shoes\.md") as caught:
        page(PAGE.replace(old, new, 1))
    assert told in str(caught.value)


def test_a_block_without_end_is_reported() -> None:
    """
    Half a page would be half a test.
    """
    with pytest.raises(RulebookError, match="has no end"):
        examples(page(PAGE + "\n`b.py`:\n\n```py\nx\n"))


def test_a_folder_of_pages_in_the_order_of_codes(tmp_path: Path) -> None:
    """
    Other files are not looked at; a page must be what its file name says.
    """
    (tmp_path / "README.md").write_text("index")
    (tmp_path / "lcm903-tidy-shoes.md").write_text(PAGE)
    other = PAGE.replace("LCM903", "LCM901").replace("tidy-shoes", "clean-hands")
    (tmp_path / "lcm901-clean-hands.md").write_text(other)

    assert [rule.code for rule in read_rules(tmp_path)] == ["LCM901", "LCM903"]

    (tmp_path / "lcm902-third.md").write_text(PAGE)
    with pytest.raises(RulebookError, match=r"lcm902-third\.md: the front matter calls itself LCM903"):
        read_rules(tmp_path)


def test_the_shipped_rules_are_found_by_code_and_name() -> None:
    """
    `--explain` takes either, in any case of letters.
    """
    first = rulebook.rules()[0]

    assert rulebook.rule(first.code.lower()) == first
    assert rulebook.rule(first.name) == first
    assert rulebook.names()[first.code] == first.name
    with pytest.raises(UsageError, match="--list-rules shows all rules"):
        rulebook.rule("LCM998")
