"""Programs that call: `--lsp`, `--hook` and `--agent-guide`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from msgspec import structs

from lcmemlint.cli.lint import overrides_of, reported, run_of
from lcmemlint.cli.output import say
from lcmemlint.errors import UsageError

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options


def lsp(options: Options) -> int:
    """Be a language server until the client leaves."""
    from lcmemlint.lsp import serve

    return serve(
        config_file=options.config,
        no_config=options.no_config,
        adjust=overrides_of(options).over,
    )


def hook(options: Options) -> int:
    """Tell a coding agent what it should mend after an edit: 2 and standard error, else 0 and not a word.

    Agents read standard error after exit code 2 only. What is no fault of theirs, a call that cannot be read,
    ends with 1, which does not stop them.
    """
    from lcmemlint.hook import concerns, read_call
    from lcmemlint.report.text import View, spot
    from lcmemlint.sources import absolute, is_wanted, project_root, relative

    try:
        edit = read_call(sys.stdin.buffer.read())
    except UsageError as error:
        say(str(error))
        return 1
    if edit is None or not is_wanted(edit.file.as_posix()) or not edit.file.is_file():
        return 0
    root = absolute(options.root) if options.root else project_root([edit.file])
    if not absolute(edit.file).is_relative_to(root):
        return 0
    options = options.over(root=root)
    report = reported(options, run_of(options, [str(root)]))
    path = relative(root, edit.file)
    findings = tuple(one for one in report.findings if concerns(one, path))
    problems = [one for one in report.problems if one.path == path]
    for problem in problems:
        where = spot(report, path, problem.line, problem.column)
        say(f"{path}:{where}: {problem.message}, so it is not checked")
    told = structs.replace(report, findings=findings)
    if told.fails:
        from lcmemlint.report.agent import render

        click.echo(render(told, View(edit.folder)), err=True, nl=False)
    return 2 if told.fails or problems else 0


def agent_guide(options: Options) -> int:
    """Print what a coding agent should know, as a section of AGENTS.md or as a skill."""
    from importlib.resources import files

    text = files("lcmemlint").joinpath("agent_guide.md").read_text(encoding="utf-8")
    if options.agent_guide == "skill":
        about = (
            "Check conversation memory of LangChain and LangGraph apps with lcmemlint. Use after editing handlers, "
            "chains, agents, graphs, checkpointers, chat histories, session ids or deployment manifests."
        )
        text = f"---\nname: lcmemlint\ndescription: {about}\n---\n\n{text}"
    click.echo(text, nl=False)
    return 0
