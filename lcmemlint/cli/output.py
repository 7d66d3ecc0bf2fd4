"""Where words go: complaints to standard error, results to standard output or a file; and in which colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lcmemlint.errors import UsageError

VTE_WITH_LINKS: Final = 5000
"""The version of GNOME's terminal library, 0.50, that first showed links."""

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.engine import Report
    from lcmemlint.findings import Finding, Repair
    from lcmemlint.report.text import View


def say(message: str) -> None:
    """One line on standard error that says who is speaking."""
    click.echo(f"lcmemlint: {plain(message)}", err=True)


def plain(text: str) -> str:
    """The text as a terminal may have it: nothing that it would obey, no password."""
    from lcmemlint.report.characters import escape
    from lcmemlint.report.masking import masked

    return escape(masked(text))


def survive_encodings() -> None:
    """A terminal that cannot show a letter shows its escape; it is no reason to stop."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def has_colour(options: Options, file: Path | None = None) -> bool:
    """Whether to paint what goes to a file, or (None) to standard output."""
    if options.color != "auto":
        return options.color == "always"
    if file is not None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def has_links(options: Options, file: Path | None = None) -> bool:
    """Whether places become links in what goes to a file, or (None) to standard output."""
    if options.hyperlinks != "auto":
        return options.hyperlinks == "always"
    return file is None and sys.stdout.isatty() and _shows_links(os.environ)


def _shows_links(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one that is known to show links (OSC 8); others may print rubbish."""
    if environment.get("CI") or environment.get("TERM") == "dumb":
        return False
    kind, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    version = environment.get("VTE_VERSION", "")
    return (
        program in {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"}
        or kind.startswith(("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"))
        or any(
            environment.get(name) for name in ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM")
        )
        or (version.isdecimal() and int(version[:6]) >= VTE_WITH_LINKS)
    )


def put(options: Options, written: str) -> None:
    """Write a whole output to where the only format goes. Raises `UsageError` if a file cannot be written."""
    put_to(options.outputs[0].file, written)


def put_to(file: Path | None, written: str) -> None:
    """Write a whole output to a file, or to standard output. Raises `UsageError` if it cannot be written."""
    if file is None:
        click.echo(written, nl=False, color=True)
        return
    try:
        file.write_text(written, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror or error}") from error


def write(
    options: Options,
    report: Report,
    repairs: Callable[[Report], Mapping[Finding, Repair]] = lambda report: {},
) -> None:
    """The report in all the formats that were asked for, each to where it was asked for.

    `repairs` works out what fixes would change; it is asked once, and only when a format shows it.
    """
    from lcmemlint.report.formats import FORMATS
    from lcmemlint.report.masking import concealed
    from lcmemlint.report.text import Style, View

    asked = [(FORMATS[one.format], one.file) for one in options.outputs]
    found = repairs(report) if any(format.repairs for format, _ in asked) else {}
    shown = concealed(report)
    same = dict(zip(report.findings, shown.findings, strict=True))
    known = {same[finding]: repair for finding, repair in found.items()}
    for format, file in asked:
        style = Style(has_colour(options, file), has_links(options, file) and format.people)
        view = View(Path.cwd(), style, known, suppressed=not options.no_suppressed)
        put_to(file, _counted(shown, view, format.name) if options.statistics else format.render(shown, view))


def _counted(report: Report, view: View, name: str) -> str:
    """The counts of a report in a format."""
    from lcmemlint.report.statistics import as_json, as_table

    return as_json(report) if name == "json" else as_table(report, view)


def exit_code(options: Options, report: Report) -> int:
    """What the run ends with; complaints go to standard error."""
    from lcmemlint.report.text import shown_path, spot

    for problem in report.problems:
        place = shown_path(report.root, problem.path, Path.cwd())
        if problem.line:
            gap = " " if problem.path in report.notebooks else ""
            place += f":{gap}{spot(report, problem.path, problem.line, problem.column)}"
        say(f"{place}: {problem.message}")
    for crash in report.crashes:
        lost = "its findings are missing" if crash.code.startswith("LCM") else "its facts are missing"
        say(f"{crash.code} crashed at {crash.place}: {crash.error}; {lost}; please report this bug of ours")
        if options.debug:
            click.echo(crash.trace, err=True, nl=False)
    if not report.is_trusted:
        return 2
    return 1 if report.fails else 0
