"""Rule pages: `--explain` and `--list-rules`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lcmemlint.cli.output import has_colour

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.rulebook import Evidence, Rule


def explain(options: Options) -> int:
    """Print the page of one rule, fitted to the versions of the project around the working directory."""
    from lcmemlint.fitted import fitted
    from lcmemlint.report.text import Style
    from lcmemlint.rulebook import rule

    found = rule(options.explain or "")
    page = _page(found, fitted(found, Path.cwd()), Style(has_colour(options)).paint)
    click.echo("\n".join(page), color=True)
    return 0


def _evidence(evidence: Evidence | None) -> Iterator[str]:
    """What was measured, in words."""
    if evidence is None:
        return
    if evidence.findings:
        precision = "" if evidence.precision is None else f" (precision {evidence.precision:.2f})"
        yield (
            f"measured: {evidence.findings} findings in {evidence.repositories} of {evidence.of} public repositories; "
            f"{evidence.right} right, {evidence.wrong} wrong, {evidence.not_judged} left open{precision}"
        )
    else:
        yield f"measured: no finding in {evidence.of} public repositories"
    yield from (f"known false alarm: {one}" for one in evidence.known_false_alarms)


def _page(found: Rule, here: Sequence[str], paint: Any) -> Iterator[str]:
    """A page as the terminal shows it: expectations of examples become arrows."""
    yield paint(f"{found.code} {found.name}", "bold")
    fix = "" if found.fix == "none" else f" · fix: {found.fix}"
    yield f"{found.group} · {found.severity} · {found.confidence}{fix} · {found.status} since {found.since}"
    yield from _evidence(found.evidence)
    yield ""
    yield found.summary
    if here:
        yield ""
        yield paint("## In this project", "bold")
        yield ""
        yield from here
    yield ""
    for line in found.body.rstrip().splitlines():
        line = line.replace("# expect: ", "# <-- ")
        yield paint(line, "bold") if line.startswith("#") else line


def list_rules(options: Options) -> int:
    """Print all rules, a line each."""
    import json

    from lcmemlint.rulebook import rules

    if options.format == "json":
        keys = ("code", "name", "group", "severity", "confidence", "fix", "status", "since", "summary")
        rows = [{key: getattr(one, key) for key in keys} for one in rules()]
        click.echo(json.dumps(rows, indent=2))
        return 0
    width = max((len(one.name) for one in rules()), default=0)
    for one in rules():
        fix = "" if one.fix == "none" else "  [fix]"
        click.echo(f"{one.code}  {one.name:<{width}}  {one.severity:<7}  {one.summary}{fix}")
    return 0
