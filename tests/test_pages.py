"""The pages of the rules, run: what a page calls bad is reported exactly there, all else is silent."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from lcmemlint import rulebook
from lcmemlint.rulebook import Example, Rule
from lcmemlint.run import lint

CASES: tuple[tuple[Rule, Example], ...] = tuple(
    (rule, example) for rule in rulebook.rules() for example in rulebook.examples(rule)
)


def case_name(case: tuple[Rule, Example]) -> str:
    rule, example = case
    return f"{rule.code}-{example.section}-{example.title}".replace(" ", "-")


def write(root: Path, example: Example) -> Path:
    """The example's files below ``root``, as a project of their own."""
    for name, text in example.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if "pyproject.toml" not in example.files:
        (root / "pyproject.toml").write_text("", encoding="utf-8")
    return root


@pytest.fixture(params=CASES, ids=case_name)
def case(request: pytest.FixtureRequest) -> tuple[Rule, Example]:
    rule, example = request.param
    return rule, example


def test_the_whole_rule_set_says_what_the_page_says(case: tuple[Rule, Example], tmp_path: Path) -> None:
    """
    Every expected finding is there, at its line; no rule at all says anything else.
    """
    _, example = case
    root = write(tmp_path / "project", example)

    report = lint([root])
    found = {(finding.at.path, finding.at.span.line, finding.code) for finding in report.findings}

    assert report.crashes == ()
    assert report.problems == ()
    assert set(example.expected) == found
    assert len(report.findings) == len(found), "the same finding twice"


def test_python_of_the_page_compiles(case: tuple[Rule, Example]) -> None:
    """
    A wrong example cannot pass: its Python is parsed before any rule sees it.
    """
    _, example = case

    for name, text in example.files.items():
        if name.endswith(".py"):
            compile(ast.parse(text, name), name, "exec")


def test_only_bad_examples_expect_findings(case: tuple[Rule, Example]) -> None:
    """
    Good and Fixed examples are silent; a Bad one shows its own rule.
    """
    rule, example = case

    assert example.section in {"Bad", "Fixed", "Good"}
    assert (example.section == "Bad") == (rule.code in {code for _, _, code in example.expected})
    assert (example.section == "Bad") == bool(example.expected)


@pytest.mark.parametrize("case", [case for case in CASES if case[1].expected], ids=case_name)
def test_a_request_path_finding_has_a_trace(case: tuple[Rule, Example], tmp_path: Path) -> None:
    """
    A finding about server code tells how a request comes there: real lines of real files of the example.
    """
    _, example = case
    root = write(tmp_path / "project", example)

    for finding in lint([root]).findings:
        assert finding.because or not finding.code.startswith(("LCM10", "LCM201"))
        for step in (*finding.because, *finding.related):
            if step.at.path in example.files:
                assert 1 <= step.at.span.line <= example.files[step.at.path].count("\n")
