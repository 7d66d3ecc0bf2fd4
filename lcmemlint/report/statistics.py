"""How many findings each rule has, in the place of the findings themselves."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from lcmemlint.report.text import View, fixable, summary
from lcmemlint.rulebook import names

if TYPE_CHECKING:
    from lcmemlint.reports import Report


def rows(report: Report) -> list[dict[str, object]]:
    """A row a rule that has findings, the most frequent first, then by code."""
    found = Counter(finding.code for finding in report.findings)
    return [
        {
            "code": code,
            "name": names().get(code, ""),
            "findings": found[code],
            "fixable": fixable(one for one in report.findings if one.code == code)[0],
        }
        for code in sorted(found, key=lambda code: (-found[code], code))
    ]


def as_json(report: Report) -> str:
    """The rows as a JSON list."""
    return json.dumps(rows(report), indent=2) + "\n"


def as_table(report: Report, view: View) -> str:
    """A line a rule, and the summary."""
    counted = rows(report)
    width = max((len(str(row["findings"])) for row in counted), default=0)
    lines = [
        f"{row['findings']:>{width}}  {view.style.paint(str(row['code']), 'bold')}  {row['name']}"
        + (f"  [{row['fixable']} fixable]" if row["fixable"] else "")
        for row in counted
    ]
    return "".join(f"{line}\n" for line in [*lines, summary(report, view)])
