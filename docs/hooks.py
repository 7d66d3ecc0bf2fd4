"""The pages of the site that are made of other files: README, changelog, rule pages, catalogue, settings.

MkDocs calls the functions whose names begin with ``on_`` (mkdocs.yml names this file).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lcmemlint.catalogue import Component, load_catalogue  # noqa: E402
from lcmemlint.rulebook import Rule, rules  # noqa: E402

COPIED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "rules/README.md": "rules/index.md",
}
"""Files of the project that are pages of the site."""
STORAGE = {
    "process": "the process",
    "host": "a file on this host",
    "shared": "a store that processes share",
    "client": "the client",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every page into the navigation: rules in the order of their codes, what nobody has placed under *Use*."""
    nav: list[dict[str, Any]] = config.nav or []
    places = {title: entries for part in nav for title, entries in part.items()}
    places["Rules"] += [
        "rules/index.md",
        *({f"{rule.code} {rule.name}": f"rules/{rule.page}"} for rule in rules()),
    ]
    places["Project"] += [COPIED[name] for name in COPIED if (ROOT / name).exists() and _is_project(name)]
    places["Project"].append({"What is known of LangChain": "catalogue.md"})
    placed = set(_pages(nav))
    places["Use"] += sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in placed)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of other files."""
    made = {
        COPIED[name]: (ROOT / name).read_text(encoding="utf-8") for name in COPIED if (ROOT / name).exists()
    }
    made |= {f"rules/{rule.page}": rule_page(rule) for rule in rules()}
    made["catalogue.md"] = catalogue_page()
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links that fit the repository fit the site."""
    open_up = markdown.replace(
        "<details>", '<details markdown="1">'
    )  # what is inside is Markdown, as elsewhere
    return relinked(open_up, page.file.src_uri)


def relinked(markdown: str, page: str) -> str:
    """The text of a page with the addresses that files of the project have on the site; of others the text remains."""
    up = "../" if "/" in page else ""

    def link(match: re.Match[str]) -> str:
        shown, address = match.groups()
        path, hash, anchor = address.removeprefix("./").partition("#")
        while path.startswith("../"):
            path = path.removeprefix("../")
        if path in COPIED:
            return f"[{shown}]({up}{COPIED[path]}{hash}{anchor})"
        if path.startswith("docs/"):
            return f"[{shown}]({up}{path.removeprefix('docs/')}{hash}{anchor})"
        if path.startswith("rules/lcm"):
            return f"[{shown}]({up}{path}{hash}{anchor})"
        is_page = path.endswith((".md", ".svg")) or not path
        return match[0] if is_page else shown

    return re.sub(r"\[([^\]\[]*)\]\(((?![a-z]+:)[\w./#-]+)\)", link, markdown)


def _is_project(name: str) -> bool:
    return name not in ("README.md", "rules/README.md")


def _pages(nav: Any) -> Iterator[str]:
    """The pages that a navigation names."""
    if isinstance(nav, str):
        yield nav
    for inner in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _pages(inner)


def rule_page(rule: Rule) -> str:
    """The page of a rule, with its front matter in words."""
    facts = {
        "group": rule.group,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "fix": rule.fix,
        "status": f"{rule.status} since {rule.since}",
    }
    table = f"| {' | '.join(facts)} |\n|{'---|' * len(facts)}\n| {' | '.join(facts.values())} |"
    body = re.sub(r"(#|//) expect: ", r"\1 <-- ", rule.body)
    return f"# {rule.code} {rule.name}\n\n{rule.summary}\n\n{table}\n\n{evidence(rule)}{body}"


def evidence(rule: Rule) -> str:
    """What was measured of a rule, as a note; empty if nothing was."""
    measured = rule.evidence
    if measured is None:
        return ""
    if not measured.findings:
        return f"Measured: no finding in {measured.of} public repositories.\n\n"
    precision = "" if measured.precision is None else f", precision {measured.precision:.2f}"
    alarms = "".join(f" Known false alarm: {one}" for one in measured.known_false_alarms)
    return (
        f"Measured: {measured.findings} findings in {measured.repositories} of {measured.of} public repositories; "
        f"{measured.right} right, {measured.wrong} wrong, {measured.not_judged} not judged{precision}.{alarms}\n\n"
    )


def catalogue_page() -> str:
    """Every class that the catalogue knows to keep a conversation, and where it keeps it."""
    kept = [
        one
        for one in load_catalogue((), ()).components
        if one.kind in ("memory", "history", "checkpointer", "store")
    ]
    lines = [
        "# What is known of LangChain",
        "",
        "Rules know no class by name: they ask this catalogue, and each row of it says where it was read. "
        "Rows of your own go into `components` (see [Configuration](configuration.md)).",
    ]
    for kind in ("memory", "history", "checkpointer", "store"):
        lines += [
            "",
            f"## {kind.capitalize()}",
            "",
            "| Class | Kept in | Needs setup | Source |",
            "|---|---|---|---|",
        ]
        lines += [_row(one) for one in kept if one.kind == kind]
    return "\n".join(lines) + "\n"


def _row(one: Component) -> str:
    names = ", ".join(f"`{name}`" for name in one.names)
    setup = ", ".join(f"`{name}()`" for name in one.setup_methods) if one.setup else ""
    source = one.source.replace("|", "\\|")
    return f"| {names} | {STORAGE.get(one.storage, 'what it is given')} | {setup} | {source} |"
