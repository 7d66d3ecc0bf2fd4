"""Pages, checks, tables and changelog speak of the same rules.

`python tests/test_bookkeeping.py` rewrites the two rules tables from the pages, and the figures on the pages from
the results of the evaluation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lcmemlint import rulebook
from lcmemlint.rulebook import HEADINGS, Rule, examples, parse_page, read_rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "rules"
INDEX = PAGES / "README.md"
README = ROOT / "README.md"
EVIDENCE = ROOT / "tests" / "evidence.toml"
CHANGELOG = ROOT / "CHANGELOG.md"

BEGIN, END = "<!-- rules -->", "<!-- /rules -->"
ENGINE_CODES = frozenset({"LCM001"})
"""Codes that the engine reports itself, from what the checks found: they have a page, but need no check."""

GROUPS = {
    "0": "suppression",
    "1": "state-location",
    "2": "session-identity",
    "3": "wiring",
    "4": "deployment",
}
"""What the first digit of a code says."""


def rules_table(rules: Sequence[Rule], folder: str) -> str:
    """The table of all rules, as Markdown; links to the pages begin with ``folder``."""
    lines = ["| Code | Name | What it finds | Fix |", "|---|---|---|---|"]
    for rule in rules:
        name = rule.name if rule.status == "stable" else f"{rule.name} ({rule.status})"
        lines.append(f"| [{rule.code}]({folder}{rule.page}) | {name} | {rule.summary} | {rule.fix} |")
    return "\n".join(lines)


def between_marks(text: str) -> str:
    """What stands between the two marks of a table."""
    assert text.count(BEGIN) == 1, f"{BEGIN} must stand there once"
    return text.split(BEGIN)[1].split(END)[0].strip("\n")


def with_table(text: str, table: str) -> str:
    """The text, with another table between its marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}"


PAGE_RULES = read_rules(PAGES)


@pytest.fixture(params=PAGE_RULES, ids=[rule.code for rule in PAGE_RULES])
def rule(request: pytest.FixtureRequest) -> Rule:
    found = request.param
    assert isinstance(found, Rule)
    return found


def test_every_page_has_its_check_and_every_check_its_page() -> None:
    """
    A rule is added in two files: forgetting one of them is noticed here.
    """
    from lcmemlint.checks import CHECKS

    checks = [check.code for check in CHECKS]

    assert sorted({rule.code for rule in PAGE_RULES} | ENGINE_CODES) == sorted({*checks} | ENGINE_CODES)
    assert sorted(checks) == checks, "CHECKS stand in the order of their codes"
    assert len(set(checks)) == len(checks)


def test_the_shipped_rulebook_is_this_folder() -> None:
    """
    The pages that `--explain` prints are the pages that the tests run.
    """
    assert rulebook.rules() == PAGE_RULES


def test_every_markdown_file_of_the_folder_is_a_page_or_the_index() -> None:
    """
    A page with a misspelt name would be invisible.
    """
    names = {path.name for path in PAGES.glob("*.md")}

    assert names == {rule.page for rule in PAGE_RULES} | {INDEX.name}


def test_every_code_stands_in_the_changelog() -> None:
    """
    A user reads there which rules a version brought; no code is there that does not exist.
    """
    written = set(re.findall(r"\bLCM\d{3}\b", CHANGELOG.read_text(encoding="utf-8")))

    assert written == {rule.code for rule in PAGE_RULES}


@pytest.mark.parametrize(("path", "folder"), [(README, "rules/"), (INDEX, "")], ids=["README", "index"])
def test_the_rules_tables_are_generated(path: Path, folder: str) -> None:
    """
    `python tests/test_bookkeeping.py` brings them up to date.
    """
    assert between_marks(path.read_text(encoding="utf-8")) == rules_table(PAGE_RULES, folder)


def test_a_page_has_one_bad_and_two_good_examples(rule: Rule) -> None:
    """
    What must stay silent is shown at least twice.
    """
    sections = [example.section for example in examples(rule)]

    assert sections.count("Bad") >= 1
    assert sections.count("Good") >= 2
    assert rule.fix == "none" or sections.count("Fixed") >= 1


def test_a_page_has_its_headings_in_order(rule: Rule) -> None:
    """
    All pages are read in the same way; *Fixed* may be absent.
    """
    found = re.findall(r"^## (.+)$", without_code(rule.body), re.MULTILINE)

    assert found == [heading for heading in HEADINGS if heading != "Fixed" or "Fixed" in found]


def test_examples_of_a_page_have_different_titles(rule: Rule) -> None:
    """
    A project that was split in two by mistake shows up as two examples of one title.
    """
    titles = [(example.section, example.title) for example in examples(rule)]

    assert len(set(titles)) == len(titles)
    assert all(title for _, title in titles)


def test_a_code_begins_with_the_digit_of_its_group(rule: Rule) -> None:
    """
    `--select LCM2` chooses a group.
    """
    assert rule.group == GROUPS[rule.code[3]]


def test_links_of_a_page_lead_somewhere(rule: Rule) -> None:
    """
    A page is read on the web as well as in the terminal.
    """
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", without_code(rule.body)):
        assert target.startswith("https://") or (PAGES / target).is_file(), target


def test_a_page_reads_as_prose(rule: Rule) -> None:
    """
    Lines fit a terminal; the lead is one sentence.
    """
    assert max(len(line) for line in rule.body.splitlines()) <= 120
    assert rule.summary.endswith(".")
    assert ". " not in rule.summary


def test_the_figures_on_a_page_are_those_of_the_evaluation(rule: Rule) -> None:
    """
    `python tests/test_bookkeeping.py` brings them up to date.
    """
    measured = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))
    figures = {
        "findings": 0,
        "repositories": 0,
        "right": 0,
        "wrong": 0,
        **measured["rules"].get(rule.code, {}),
    }

    assert rule.evidence is not None
    assert {key: getattr(rule.evidence, key) for key in figures} == figures
    assert rule.evidence.of == measured["repositories"]


def test_the_evaluation_knows_no_other_rules() -> None:
    """
    Figures of a rule that was renamed or removed would be forgotten there.
    """
    measured = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))

    assert set(measured["rules"]) <= {rule.code for rule in PAGE_RULES}


def test_a_rule_with_wrong_findings_says_which_code_it_gets_wrong(rule: Rule) -> None:
    """
    A user who meets one should not have to wonder.
    """
    assert rule.evidence is not None
    assert not rule.evidence.wrong or rule.evidence.known_false_alarms


def test_a_misspelt_heading_is_not_overlooked() -> None:
    """
    The reader of pages keeps the section as it is written, so that the heading test sees it.
    """
    page = '+++\ncode = "LCM999"\nname = "n"\ngroup = "wiring"\nseverity = "note"\nsince = "0.1.0"\n+++\n'
    body = "# n (LCM999)\n\nLead.\n\n## Bda\n\n### x\n\n`a.py`:\n\n```py\nx = 1\n```\n"

    assert [example.section for example in examples(parse_page("lcm999-n.md", page + body))] == ["Bda"]


def without_code(text: str) -> str:
    """The prose of a page."""
    return re.sub(r"^(`{3,}).*?^\1[ \t]*$", "", text, flags=re.MULTILINE | re.DOTALL)


def with_evidence(text: str, measured: Mapping[str, int], of: int) -> str:
    """A page, with other figures in its front matter; what it says of known false alarms stays."""
    front, end, body = text.partition("\n+++\n# ")
    front, _, old = front.partition("\n\n[evidence]\n")
    said = old[old.index("known-false-alarms") :].splitlines() if "known-false-alarms" in old else []
    figures = {"findings": 0, "repositories": 0, "of": of, "right": 0, "wrong": 0, **measured}
    lines = ["", "", "[evidence]", *(f"{key} = {value}" for key, value in figures.items()), *said]
    return front + "\n".join(lines) + end + body


def rewrite_evidence() -> None:
    """Take the figures of the evaluation to the pages."""
    measured = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))
    for rule in PAGE_RULES:
        path = PAGES / rule.page
        text = path.read_text(encoding="utf-8")
        figures = measured["rules"].get(rule.code, {})
        path.write_text(with_evidence(text, figures, measured["repositories"]), encoding="utf-8")


def rewrite_tables() -> None:
    """Bring both tables up to date."""
    for path, folder in ((README, "rules/"), (INDEX, "")):
        text = path.read_text(encoding="utf-8")
        path.write_text(with_table(text, rules_table(PAGE_RULES, folder)), encoding="utf-8")


if __name__ == "__main__":
    rewrite_evidence()
    rewrite_tables()
