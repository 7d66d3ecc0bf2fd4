"""All that is said about the examples of the rule pages, word for word, and what the fixes make of them.

`tests/corners` holds more examples, written like those of pages, of what is too rare or too odd for a page.

`python tests/test_snapshots.py` writes `tests/snapshots` anew; whoever changes a message, a trace, a confidence or a
fix sees in the difference what else came with it. Of new files the
names are kept: their texts have tests of their own.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lcmemlint import rulebook
from lcmemlint.engine import Analysis, Job, analyse, prepare, relint, report
from lcmemlint.findings import Finding
from lcmemlint.fixes import FixResult, fix_files
from lcmemlint.rulebook import Example, Rule, parse_page
from lcmemlint.values import Location

SNAPSHOTS = Path(__file__).with_name("snapshots")
CORNERS = Path(__file__).with_name("corners")
FRONT = '+++\ncode = "LCM999"\nname = "corners"\ngroup = "wiring"\nseverity = "note"\nsince = "0.1.0"\n+++\n'
LEAD = "# corners (LCM999)\n\nExamples.\n\n"


def corners() -> tuple[Rule, ...]:
    """The files of examples that are no pages of rules."""
    found = sorted(CORNERS.glob("*.md"))
    return tuple(parse_page(path.name, FRONT + LEAD + path.read_text(encoding="utf-8")) for path in found)


PAGES = (*rulebook.rules(), *corners())


def titled(rule: Rule) -> dict[str, Example]:
    """The examples of a page; some follow each other below one heading."""
    found: dict[str, Example] = {}
    for example in rulebook.examples(rule):
        title, number = f"{example.section}: {example.title}", 1
        while title in found:
            number += 1
            title = f"{example.section}: {example.title} ({number})"
        found[title] = example
    return found


CASES = [
    pytest.param(rule, title, example, id=f"{Path(rule.page).stem[:7]}-{title}".replace(" ", "-"))
    for rule in PAGES
    for title, example in titled(rule).items()
]


def written(root: Path, example: Example) -> Path:
    """The example's files below ``root``, as a project of their own."""
    for name, text in {"pyproject.toml": "", **example.files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def analysed(root: Path) -> tuple[Job, Analysis]:
    job = prepare([root], root=root)
    return job, analyse(job)


def told(root: Path, job: Job, analysis: Analysis) -> str:
    """Every finding of a project, sure or not, and the difference that all its fixes make."""
    findings = sorted(analysis.findings, key=lambda finding: finding.order)
    lines = [line for finding in findings for line in words(finding)]
    return "".join(f"{line}\n" for line in (*lines, *repair(root, job, analysis)))


def words(finding: Finding) -> Iterator[str]:
    """All fields of a finding."""
    yield f"{place(finding.at)} {finding.code} {finding.severity} {finding.confidence} [{finding.symbol}]"
    yield f"  {finding.message}"
    if finding.help:
        yield f"  help: {finding.help}"
    yield from (f"  because: {place(step.at)} {step.text}" for step in finding.because)
    yield from (f"  related: {place(step.at)} {step.text}" for step in finding.related)
    if finding.fix is not None:
        settings = "".join(f" {name}={value}" for name, value in finding.fix.params)
        safety = "unsafe fix" if finding.fix.unsafe else "fix"
        yield f"  {safety}: {finding.fix.kind} {place(Location(finding.fix.path, finding.fix.span))}{settings}"
    if finding.no_fix:
        yield f"  no fix: {finding.no_fix}"


def place(at: Location) -> str:
    span = at.span
    return f"{at.path}:{span.line}:{span.column}-{span.end_line}:{span.end_column}"


def repair(root: Path, job: Job, analysis: Analysis) -> Iterator[str]:
    """What is refused and what is changed."""
    result = fixed(root, job, analysis)
    yield from (f"refused: {one.path}: {one.finding.code}: {one.reason}" for one in result.refused)
    yield from (f"failed: {one.path}: {one.error}" for one in result.failed)
    yield from (f"new: {one.path}" for one in result.changed if one.old is None)
    yield from (f"needs: {note.kind} {note.name}" for note in result.notes)
    of_files = re.split(r"^(?=--- )", result.diff, flags=re.MULTILINE)
    for diff in of_files:
        if diff and not diff.startswith("--- /dev/null"):
            yield from diff.splitlines()


def fixed(root: Path, job: Job, analysis: Analysis) -> FixResult:
    """All fixes of the findings that a user sees, the unsafe ones too, carried out on paper."""
    return fix_files(
        root,
        report(job, analysis).findings,
        unsafe=True,
        relint=lambda texts: relint(job, analysis, texts),
        read=lambda path: job.sources[path].data,
        files=job.tree.python,
        write=False,
    )


def snapshot(rule: Rule) -> Path:
    return SNAPSHOTS / f"{Path(rule.page).stem}.txt"


def kept(rule: Rule) -> dict[str, str]:
    """What is kept of a rule's examples, by title."""
    parts = re.split(r"^# (.*)\n", snapshot(rule).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title: text.strip("\n") for title, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize(("rule", "title", "example"), CASES)
def test_the_same_is_said_and_done_as_before(
    rule: Rule, title: str, example: Example, tmp_path: Path
) -> None:
    """
    An example that nothing is said about is not in the file.
    """
    root = written(tmp_path / "project", example)
    job, analysis = analysed(root)
    now = told(root, job, analysis).strip("\n")
    shown = {(one.at.path, one.at.span.line, one.code) for one in report(job, analysis).findings}

    assert not analysis.crashes
    assert shown == set(example.expected)
    assert now == kept(rule).get(title, ""), "if that is right, `python tests/test_snapshots.py` keeps it"


def test_nothing_is_kept_of_examples_that_are_gone() -> None:
    """
    Nor of rules.
    """
    assert {path.stem for path in SNAPSHOTS.iterdir()} == {Path(rule.page).stem for rule in PAGES}
    for rule in PAGES:
        assert set(kept(rule)) <= titled(rule).keys()


def rewrite() -> None:
    """Keep what is said now."""
    SNAPSHOTS.mkdir(exist_ok=True)
    for rule in PAGES:
        parts = []
        for title, example in titled(rule).items():
            with tempfile.TemporaryDirectory() as folder:
                root = written(Path(folder), example)
                text = told(root, *analysed(root))
            parts += [f"# {title}\n{text}"] if text else []
        snapshot(rule).write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
