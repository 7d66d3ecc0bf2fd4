"""The one command: which of the things it does is asked for, and what it ends with.

Exit codes: 0 nothing found · 1 findings at or over `--fail-on` · 2 the run itself failed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, cast

import click
from msgspec import Struct

from lcmemlint.cli import lint
from lcmemlint.cli.command import Command
from lcmemlint.cli.options import OPTIONS, Options
from lcmemlint.cli.output import say, survive_encodings
from lcmemlint.errors import LcmemlintError, UsageError


class Mode(Struct, frozen=True):
    """Something that the command does in place of a plain lint, and the option that asks for it."""

    option: str
    module: str
    """The module beside this one that does it: it is imported when it is asked for."""
    function: str = "run"
    is_long: bool = False
    """It goes on for so long that memory must be collected."""

    @property
    def run(self) -> Callable[[Options], int]:
        """What does it, and returns the exit code."""
        module = import_module(f"lcmemlint.cli.{self.module}")
        return cast("Callable[[Options], int]", getattr(module, self.function))

    def is_given(self, options: Options) -> bool:
        """Whether the option was typed."""
        return getattr(options, self.option.removeprefix("--").replace("-", "_")) not in (None, False)


MODES: Final = (
    Mode("--lsp", "integrate", "lsp", is_long=True),
    Mode("--hook", "integrate", "hook"),
    Mode("--agent-guide", "integrate", "agent_guide"),
    Mode("--explain", "pages", "explain"),
    Mode("--list-rules", "pages", "list_rules"),
    Mode("--clear-cache", "lint", "clear_cache"),
    Mode("--show-facts", "show", "show_facts"),
    Mode("--show-deployment", "show", "show_deployment"),
    Mode("--show-settings", "project", "show_settings"),
    Mode("--show-files", "project", "show_files"),
    Mode("--config-schema", "project", "config_schema"),
    Mode("--completion", "shell", "completion"),
    Mode("--why", "show", "why"),
    Mode("--map", "draw"),
    Mode("--write-baseline", "adopt", "write_baseline"),
    Mode("--add-ignores", "adopt", "add_ignores"),
    Mode("--init", "init"),
    Mode("--probe", "probe"),
    Mode("--watch", "watch", is_long=True),
    Mode("--diff", "fix"),
    Mode("--fix", "fix"),
    Mode("--repos", "repos", is_long=True),
)
"""Of these, one run does one."""


@click.command(
    cls=Command,
    params=list(OPTIONS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing found; 1 findings at or over --fail-on; 2 the run itself failed.",
)
def main(**options: Any) -> None:
    """Find conversation memory of LangChain and LangGraph apps that is lost, mixed up or leaked when the app
    runs on more than one worker.

    PATHS (default: the working directory) choose what is reported; the whole project around them is
    analysed. `-` reads one file from standard input.
    """
    typed = Options(**options)
    survive_encodings()
    try:
        code = _run(typed)
    except (LcmemlintError, click.ClickException):
        if typed.debug:
            _trace()
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:
            raise  # standard output, which has no name, takes no more
        # Exit 1 would mean findings, and that is what Python leaves with.
        if typed.debug:
            _trace()
        told = " ".join(f"{type(error).__name__}: {error}".split())
        say(f"internal error: {told}; please report it with what --debug shows")
        code = 2
    click.get_current_context().exit(code)


def _trace() -> None:
    """Show where the exception at hand came from."""
    import traceback

    click.echo(traceback.format_exc(), err=True, nl=False)


def _run(options: Options) -> int:
    """Do what was asked, and return the exit code."""
    given = [mode for mode in MODES if mode.is_given(options)]
    if len(given) > 1:
        raise UsageError(f"{given[0].option} and {given[1].option} cannot go together")
    _reject_clashes(options)
    if not given:
        return lint.run(options)
    if given[0].is_long:
        gc.enable()
    return given[0].run(options)


def _reject_clashes(options: Options) -> None:
    """Complain about options that cannot go together."""
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise UsageError("--unsafe-fixes goes with --fix or --diff")
    if options.add_deps and not (options.fix or options.diff):
        raise UsageError("--add-deps goes with --fix or --diff")
    if options.config is not None and options.no_config:
        raise UsageError("--config and --no-config cannot go together")
    if options.no_cache and (options.cache_dir is not None or options.clear_cache):
        raise UsageError("--no-cache cannot go together with --cache-dir or --clear-cache")
    if "-" in options.paths and len(options.paths) > 1:
        raise UsageError("`-` cannot go together with other paths")
    if "-" in options.paths and (options.fix or options.diff):
        raise UsageError("--fix and --diff need files, not `-`")
    if options.since is not None and options.changed:
        raise UsageError("--since and --changed cannot go together")
    if options.write_baseline and options.revision is not None:
        raise UsageError("--write-baseline writes all findings, so --since and --changed cannot go with it")
    if "-" in options.paths and (options.write_baseline or options.watch or options.add_ignores is not None):
        raise UsageError("--write-baseline, --watch and --add-ignores need files, not `-`")
    if options.map_format is not None and options.map is None:
        raise UsageError("--map-format goes with --map")
    for name in ("summary", "sarif", "scheduler", "retry_failed"):
        if getattr(options, name) and options.repos is None:
            raise UsageError(f"--{name.replace('_', '-')} goes with --repos")
    if options.stdin_filename is not None and "-" not in options.paths:
        raise UsageError("--stdin-filename goes with the path `-`")
