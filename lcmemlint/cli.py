"""The command: options to settings, a report to the terminal, an exit code.

Exit codes: 0 nothing found · 1 findings at or over `--fail-on` · 2 the run itself failed.
Everything that is slow to import is imported where it is needed: `--version` and `--help` answer at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from lcmemlint import __version__
from lcmemlint.errors import LcmemlintError, UsageError

if TYPE_CHECKING:
    from lcmemlint.config import Config, FailOn
    from lcmemlint.engine import Analysis, Job, Report
    from lcmemlint.fixes.outcomes import FixResult
    from lcmemlint.rulebook import Rule

GROUPS: Final = (
    ("check", "Check"),
    ("choose", "Choose"),
    ("fix", "Fix"),
    ("report", "Report"),
    ("explain", "Explain"),
)


class _Option(click.Option):
    """An option that knows under which heading of `--help` it stands."""

    def __init__(self, *args: Any, group: str = "explain", **more: Any) -> None:
        super().__init__(*args, **more)
        self.group = group


class _Command(click.Command):
    """One command whose help is grouped, and whose every error is one line and exit 2."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        for group, heading in GROUPS:
            rows = [
                row
                for param in self.get_params(ctx)
                if isinstance(param, click.Option)
                and getattr(param, "group", "explain") == group
                and (row := param.get_help_record(ctx))
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        """Run, and leave with the exit code."""
        if not extra.pop("standalone_mode", True):
            return super().main(args, prog_name or "lcmemlint", standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name or "lcmemlint", standalone_mode=False, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader (`| head`) has seen enough; a second complaint while Python closes would be noise.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(2)
        except click.ClickException as error:
            _fail(f"{error.format_message().rstrip('.')}; --help shows the options")
        except click.Abort:
            _fail("interrupted")
        except LcmemlintError as error:
            _fail(str(error))
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> NoReturn:
    """One line on standard error, exit 2."""
    _say(message)
    sys.exit(2)


def _say(message: str) -> None:
    """One line on standard error that says who is speaking."""
    from lcmemlint.report.characters import escape

    click.echo(f"lcmemlint: {escape(message)}", err=True)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, as typed."""

    paths: tuple[str, ...]
    strict: bool
    fail_on: str | None
    exit_zero: bool
    config: Path | None
    root: Path | None
    no_config: bool
    stdin_filename: Path | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    no_gitignore: bool
    fix: bool
    diff: bool
    unsafe_fixes: bool
    output_format: str
    output_file: Path | None
    color: str
    explain: str | None
    list_rules: bool
    why: str | None
    show_facts: Path | None
    show_deployment: bool
    debug: bool


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Print the version and leave."""
    if value and not ctx.resilient_parsing:
        click.echo(f"lcmemlint {__version__}")
        ctx.exit()


@click.command(
    cls=_Command,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing found; 1 findings at or over --fail-on; 2 the run itself failed.",
)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--strict", is_flag=True, cls=_Option, group="check", help="Show possible findings too.")
@click.option(
    "--fail-on",
    type=click.Choice(["note", "warning", "error", "never"]),
    cls=_Option,
    group="check",
    help="Exit 1 for findings of this severity and above.  [default: warning]",
)
@click.option("--exit-zero", is_flag=True, cls=_Option, group="check", help="The same as --fail-on never.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    cls=_Option,
    group="check",
    help="Read the settings from this file.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    cls=_Option,
    group="check",
    help="Analyse this folder as the project, not the one that is found.",
)
@click.option("--no-config", is_flag=True, cls=_Option, group="check", help="Read no settings.")
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    metavar="FILE",
    cls=_Option,
    group="check",
    help="With PATHS `-`: the name of the file that comes in.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    cls=_Option,
    group="choose",
    help="Run only these rules: codes, prefixes or names, with commas.",
)
@click.option(
    "--ignore", multiple=True, metavar="CODES", cls=_Option, group="choose", help="Leave these rules out."
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    cls=_Option,
    group="choose",
    help="Leave these files out, in the way of .gitignore.",
)
@click.option(
    "--no-gitignore", is_flag=True, cls=_Option, group="choose", help="Do not read .gitignore files."
)
@click.option("--fix", is_flag=True, cls=_Option, group="fix", help="Repair what can be repaired safely.")
@click.option("--diff", is_flag=True, cls=_Option, group="fix", help="Show what --fix would change.")
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    cls=_Option,
    group="fix",
    help="With --fix or --diff: also repairs that change an interface of the app.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["full", "concise", "json"]),
    default="full",
    show_default=True,
    cls=_Option,
    group="report",
    help="How findings are written.",
)
@click.option(
    "--output-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    cls=_Option,
    group="report",
    help="Write the report here, not to standard output.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    cls=_Option,
    group="report",
    help="Colours; auto means on a terminal without NO_COLOR.",
)
@click.option("--explain", metavar="CODE", cls=_Option, help="Show the page of a rule.")
@click.option("--list-rules", is_flag=True, cls=_Option, help="Show all rules, a line each.")
@click.option("--why", metavar="FILE:LINE", cls=_Option, help="Say what was decided about a place, and why.")
@click.option(
    "--show-facts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    cls=_Option,
    help="Show what was read out of a file.",
)
@click.option(
    "--show-deployment",
    is_flag=True,
    cls=_Option,
    help="Show what the manifests say: how many processes run which code.",
)
@click.option("--debug", is_flag=True, cls=_Option, help="Show tracebacks of errors.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    cls=_Option,
    help="Show the version.",
)
def main(**options: Any) -> None:
    """Find conversation memory of LangChain and LangGraph apps that is lost, mixed up or leaked when the app
    runs on more than one worker.

    PATHS (default: the working directory) choose what is reported; the whole project around them is
    analysed. `-` reads one file from standard input.
    """
    typed = Options(**options)
    _survive_encodings()
    try:
        code = _run(typed)
    except (LcmemlintError, click.ClickException):
        if typed.debug:
            click.echo(traceback.format_exc(), err=True, nl=False)
        raise
    except BrokenPipeError:
        raise
    except Exception as error:
        # Exit 1 would mean findings, and that is what Python leaves with.
        if typed.debug:
            click.echo(traceback.format_exc(), err=True, nl=False)
        told = " ".join(f"{type(error).__name__}: {error}".split())
        _say(f"internal error: {told}; please report it with what --debug shows")
        code = 2
    click.get_current_context().exit(code)


def _survive_encodings() -> None:
    """A terminal that cannot show a letter shows its escape; it is no reason to stop."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _run(options: Options) -> int:
    """Do what was asked, and return the exit code."""
    _reject_clashes(options)
    if options.explain is not None:
        return _explain(options, options.explain)
    if options.list_rules:
        return _list_rules(options)
    if options.show_facts is not None:
        return _show_facts(options.show_facts)
    if options.why is not None:
        return _why(options, options.why)
    if options.show_deployment:
        return _show_deployment(options)
    if options.fix or options.diff:
        return _fix(options)
    report = _lint(options)[2]
    _write(options, report)
    return _exit_code(options, report)


def _reject_clashes(options: Options) -> None:
    """Complain about options that cannot go together."""
    modes = {
        "--explain": options.explain is not None,
        "--list-rules": options.list_rules,
        "--show-facts": options.show_facts is not None,
        "--show-deployment": options.show_deployment,
        "--why": options.why is not None,
        "--diff": options.diff,
        "--fix": options.fix,
    }
    given = [name for name, is_given in modes.items() if is_given]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} cannot go together")
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise UsageError("--unsafe-fixes goes with --fix or --diff")
    if options.config is not None and options.no_config:
        raise UsageError("--config and --no-config cannot go together")
    if "-" in options.paths and len(options.paths) > 1:
        raise UsageError("`-` cannot go together with other paths")
    if "-" in options.paths and (options.fix or options.diff):
        raise UsageError("--fix and --diff need files, not `-`")
    if options.stdin_filename is not None and "-" not in options.paths:
        raise UsageError("--stdin-filename goes with the path `-`")


def _lint(options: Options, paths: Sequence[str] | None = None) -> tuple[Job, Analysis, Report]:
    """The whole pipeline for the paths of the command line."""
    from lcmemlint.engine import analyse, report

    job = _job(options, paths if paths is not None else options.paths or (".",))
    analysis = analyse(job)
    return job, analysis, report(job, analysis)


def _job(options: Options, paths: Sequence[str]) -> Job:
    """What there is to do for the paths of the command line."""
    from lcmemlint.engine import prepare

    stdin = None
    if tuple(paths) == ("-",):
        stdin = (options.stdin_filename or Path("stdin.py"), sys.stdin.buffer.read())
        paths = ()
    return prepare(
        paths,
        config=_no_config() if options.no_config else None,
        config_file=options.config,
        root=options.root,
        adjust=lambda config: _adjusted(config, options),
        stdin=stdin,
    )


def _no_config() -> Config:
    """The settings of a project that has none."""
    from lcmemlint.config import Config

    return Config()


def _adjusted(config: Config, options: Options) -> Config:
    """The settings with the options on top; `--select` takes the place of what the file chooses."""
    selected, ignored = _split(options.select), _split(options.ignore)
    return replace(
        config,
        select=selected or config.select,
        ignore=((() if selected else config.ignore) + ignored),
        extend_exclude=config.extend_exclude + options.exclude,
        respect_gitignore=config.respect_gitignore and not options.no_gitignore,
        strict=config.strict or options.strict,
        fail_on=_fail_on(config, options),
    )


def _fail_on(config: Config, options: Options) -> FailOn:
    """The severity from which findings count."""
    from lcmemlint.config import FAIL_ON

    if options.exit_zero:
        return "never"
    return next((word for word in FAIL_ON if word == options.fail_on), config.fail_on)


def _split(values: Sequence[str]) -> tuple[str, ...]:
    """`("LCM1,LCM203", "LCM301")` as one list."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _exit_code(options: Options, report: Report) -> int:
    """What the run ends with; complaints go to standard error."""
    from lcmemlint.report.text import shown_path

    for problem in report.problems:
        place = shown_path(report.root, problem.path, Path.cwd())
        if problem.line:
            place += f":{problem.line}:{problem.column + 1}"
        _say(f"{place}: {problem.message}")
    for crash in report.crashes:
        lost = "its findings are missing" if crash.code.startswith("LCM") else "its facts are missing"
        _say(f"{crash.code} crashed at {crash.place}: {crash.error}; {lost}; please report this bug of ours")
        if options.debug:
            click.echo(crash.trace, err=True, nl=False)
    if not report.is_trusted:
        return 2
    return 1 if report.fails else 0


def _write(options: Options, report: Report) -> None:
    """The report, in the format that was asked for, to where it was asked for."""
    from lcmemlint.report import json, text

    start = Path.cwd()
    style = text.Style(_has_colour(options))
    if options.output_format == "json":
        written = json.render(report, start=start)
    elif options.output_format == "concise":
        written = text.concise(report, start=start, style=style)
    else:
        written = text.full(report, start=start, style=style)
    _put(options, written)


def _put(options: Options, written: str) -> None:
    """Write a whole output to where it was asked for."""
    if options.output_file is None:
        click.echo(written, nl=False, color=True)
        return
    try:
        options.output_file.write_text(written, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{options.output_file}: cannot be written: {error.strerror or error}") from error


def _has_colour(options: Options) -> bool:
    """Whether to paint."""
    if options.color != "auto":
        return options.color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or options.output_file is not None:
        return False
    return sys.stdout.isatty()


def _fix(options: Options) -> int:
    """Repair, or show the repair; then report what is left."""
    from lcmemlint.engine import relint
    from lcmemlint.fixes.run import fix_files

    job, analysis, report = _lint(options)
    result = fix_files(
        job.root,
        report.findings,
        unsafe=options.unsafe_fixes,
        relint=lambda texts: relint(job, analysis, texts),
        write=options.fix,
        read=lambda path: job.sources[path].data,
        files=job.tree.python,
        factory=job.config.factory,
    )
    if options.diff:
        click.echo(result.diff, nl=False)
        failed = _tell_fixes(job, result, "Would fix")
        return max(_exit_code(options, report), failed)
    report = _lint(options)[2]
    _write(options, report)
    failed = _tell_fixes(job, result, "Fixed")
    return max(_exit_code(options, report), failed)


def _tell_fixes(job: Job, result: FixResult, done: str) -> int:
    """Say on standard error what was repaired, what not and why; 2 if a file could not be handled."""
    from lcmemlint.fixes.outcomes import Failed
    from lcmemlint.report.characters import escape
    from lcmemlint.report.text import shown_path

    start = Path.cwd()
    for one in result.refused:
        at = one.finding.at
        place = f"{shown_path(job.root, at.path, start)}:{at.span.line}:{at.span.column + 1}"
        click.echo(escape(f"Not fixed: {place}: {one.finding.code}: {one.reason}"), err=True)
    failed = [one for one in result.outcomes if isinstance(one, Failed)]
    for failure in failed:
        _say(f"{shown_path(job.root, failure.path, start)}: {failure.error}")
    number = len(result.fixed)
    click.echo(f"{done} {number} finding{'' if number == 1 else 's'}.", err=True)
    for note in result.notes:
        what = "install the package" if note.kind == "package" else "set"
        click.echo(escape(f"Still to do: {what} {note.name} ({note.text})"), err=True)
    return 2 if failed else 0


def _explain(options: Options, code: str) -> int:
    """Print the page of one rule."""
    from lcmemlint.report.text import Style
    from lcmemlint.rulebook import rule

    click.echo("\n".join(_page(rule(code), Style(_has_colour(options)).paint)), color=True)
    return 0


def _page(found: Rule, paint: Any) -> Iterator[str]:
    """A page as the terminal shows it: expectations of examples become arrows."""
    yield paint(f"{found.code} {found.name}", "bold")
    fix = "" if found.fix == "none" else f" · fix: {found.fix}"
    yield f"{found.group} · {found.severity} · {found.confidence}{fix} · {found.status} since {found.since}"
    yield ""
    yield found.summary
    yield ""
    for line in found.body.rstrip().splitlines():
        line = line.replace("# expect: ", "# <-- ")
        yield paint(line, "bold") if line.startswith("#") else line


def _list_rules(options: Options) -> int:
    """Print all rules, a line each."""
    import json

    from lcmemlint.rulebook import rules

    if options.output_format == "json":
        keys = ("code", "name", "group", "severity", "confidence", "fix", "status", "since", "summary")
        rows = [{key: getattr(one, key) for key in keys} for one in rules()]
        click.echo(json.dumps(rows, indent=2))
        return 0
    width = max((len(one.name) for one in rules()), default=0)
    for one in rules():
        fix = "" if one.fix == "none" else "  [fix]"
        click.echo(f"{one.code}  {one.name:<{width}}  {one.severity:<7}  {one.summary}{fix}")
    return 0


def _show_facts(file: Path) -> int:
    """Print what the scan reads out of one file."""
    from dataclasses import fields

    from lcmemlint.report.characters import escape
    from lcmemlint.scan import scan
    from lcmemlint.sources import read, text_of

    data = read(file.absolute().parent, file.name)
    text = text_of(data) if isinstance(data, bytes) else data
    if not isinstance(text, str):
        raise UsageError(f"{file}: {text.message}")
    facts = scan(text)
    for part in fields(facts):
        value = getattr(facts, part.name)
        rows = value if isinstance(value, tuple) else (value,)
        click.echo(f"{part.name} ({len(rows)})" if isinstance(value, tuple) else f"{part.name} {value}")
        for number, row in enumerate(rows if isinstance(value, tuple) else ()):
            click.echo(f"  {number:>4}  {escape(repr(row))}")
    for problem in facts.problems:
        _say(f"{file}:{problem.line}:{problem.column + 1}: {problem.message}")
    return 2 if facts.problems else 0


def _show_deployment(options: Options) -> int:
    """Print what runs the project, as far as its manifests say; the whole project, whatever the paths."""
    from lcmemlint.engine import show_deployment
    from lcmemlint.report.deployment import rows_as_json, rows_as_table
    from lcmemlint.report.text import Style, shown_path

    job = _job(options, options.paths or (".",))
    start = Path.cwd()
    rows, problems = show_deployment(job)
    for problem in problems:
        _say(f"{shown_path(job.root, problem.path, start)}: {problem.message}")
    if options.output_format == "json":
        _put(options, rows_as_json(rows, root=job.root, start=start))
    else:
        _put(options, rows_as_table(rows, root=job.root, start=start, style=Style(_has_colour(options))))
    return 0


def _why(options: Options, place: str) -> int:
    """Print every decision of the linker about one place."""
    from lcmemlint.report.characters import escape
    from lcmemlint.sources import relative

    file, _, line = place.rpartition(":")
    if not file or not line.isdecimal() or int(line) < 1:
        raise UsageError(f"--why {place}: expected FILE:LINE, as in app/main.py:12")
    if not Path(file).is_file():
        raise UsageError(f"--why {place}: no such file")
    job, analysis, report = _lint(options, [file])
    path = relative(job.root, Path(file))
    if analysis.project is None or path not in analysis.facts:
        click.echo(f"{escape(file)} was not analysed: neither it nor any file tied to it names LangChain.")
        return 0 if report.is_trusted else _exit_code(options, report)
    from lcmemlint.link.why import explain_place

    for sentence in explain_place(analysis.project, path, int(line)):
        click.echo(escape(sentence))
    return 0 if report.is_trusted else _exit_code(options, report)
