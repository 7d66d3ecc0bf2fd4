"""Completion for shells: the script, and the words that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from lcmemlint.cli.options import Options

SHELLS: Final = ("bash", "zsh", "fish")


def completion(options: Options) -> int:
    """Print the script that a shell sources to complete what is typed."""
    from click.shell_completion import get_completion_class

    shell = get_completion_class(options.completion or "")
    assert shell is not None  # the option takes no other words
    command = click.get_current_context().command
    click.echo(shell(command, {}, "lcmemlint", "_LCMEMLINT_COMPLETE").source())
    return 0


def complete_rules(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes and names that begin like the last of what may be several with commas."""
    from click.shell_completion import CompletionItem

    from lcmemlint.rulebook import names

    before, comma, last = incomplete.rpartition(",")
    found = [CompletionItem(f"{before}{comma}{code}", help=name) for code, name in names().items()]
    found += [CompletionItem(f"{before}{comma}{name}", help=code) for code, name in names().items()]
    return (
        [one for one in found if one.value.lower().startswith(incomplete.lower())]
        if last or not before
        else found
    )
