"""What click does not do by itself: options under headings, and every error as one line and exit 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from lcmemlint.cli.output import say
from lcmemlint.errors import LcmemlintError

HEADINGS: Final = (
    "Check",
    "Choose",
    "Adopt",
    "Fix",
    "Prove",
    "Report",
    "Repositories",
    "Editors and agents",
    "Explain",
)
"""The headings of `--help`, in their order."""


class Option(click.Option):
    """An option that knows under which of the `HEADINGS` it stands; all else is as click has it.

    One with an `optional_value` may be written `--name` or `--name=value`; what follows `--name` is no part of it.
    """

    def __init__(self, *names: str, heading: str, optional_value: bool = False, **settings: Any) -> None:
        super().__init__(names, **settings)
        self.heading = heading
        self.optional_value = optional_value


class Command(click.Command):
    """One command whose help is grouped, and whose every error is one line and exit 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give an option its empty value where it is written without one."""
        bare = {
            name
            for param in self.get_params(ctx)
            if isinstance(param, Option) and param.optional_value
            for name in param.opts
        }
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(
            ctx, [f"{word}=" if at < end and word in bare else word for at, word in enumerate(args)]
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings; click's own `--help` stands under the last."""
        for heading in HEADINGS:
            rows = [
                row
                for param in self.get_params(ctx)
                if isinstance(param, click.Option)
                and getattr(param, "heading", HEADINGS[-1]) == heading
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
        except OSError as error:
            if error.filename is not None:
                raise
            _fail(f"cannot write the output: {error.strerror or error}")
        except click.ClickException as error:
            _fail(f"{error.format_message().rstrip('.')}; --help shows the options")
        except click.Abort:
            _fail("interrupted")
        except LcmemlintError as error:
            _fail(str(error))
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> NoReturn:
    """One line on standard error, exit 2."""
    say(message)
    sys.exit(2)
