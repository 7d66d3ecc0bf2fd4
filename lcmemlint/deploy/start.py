"""A command line → what it runs: wrappers taken off, scripts and launchers followed, servers read."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator

from msgspec.structs import replace

from lcmemlint.deploy.initext import ini_sections
from lcmemlint.deploy.launch import launched
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.running import MAX_FOLLOWED, Context, Running
from lcmemlint.deploy.servers import served, target_of
from lcmemlint.deploy.shell import UNKNOWN, Command, Word, commands
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.workload import ONE, Range, Setting, Spot

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
MAX_COMMANDS = 3_000
"""Commands of one script."""
ELSEWHERE = "python -m"
"""The program of ``python -m`` with a module that is not the project's."""
_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*w?\Z")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_MAKE_VARIABLE = re.compile(r"^(\w+)[ \t]*[:?]?=[ \t]*([^\n#]*?)[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_MAKE_USE = re.compile(r"\$[({](\w+)[)}]")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})

_WRAPPERS: dict[str, frozenset[str]] = {
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "nohup": frozenset(),
    "setsid": frozenset(),
    "env": frozenset({"-u", "-C", "--unset", "--chdir"}),
    "sudo": frozenset({"-u", "-g", "-C", "-h"}),
    "dumb-init": frozenset(),
    "tini": frozenset({"-p", "-e"}),
    "time": frozenset({"-f", "-o"}),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "opentelemetry-instrument": frozenset(
        {"--traces_exporter", "--metrics_exporter", "--service_name", "--logs_exporter"}
    ),
    "ddtrace-run": frozenset(),
    "sentry-run": frozenset(),
    "--": frozenset(),
}
_ONE_ARGUMENT = frozenset({"gosu", "su-exec", "timeout", "chpst"})
_RUNNERS: dict[str, frozenset[str]] = {
    "uv": frozenset(
        [
            "--with",
            "--extra",
            "--group",
            "--env-file",
            "--directory",
            "--project",
            "--package",
            "--python",
            "-p",
            "--only-group",
        ]
    ),
    "poetry": frozenset({"-C", "--directory", "-P", "--project"}),
    "pipenv": frozenset(),
    "pdm": frozenset({"-p", "--project"}),
    "rye": frozenset(),
    "hatch": frozenset({"-e", "--env"}),
    "conda": frozenset({"-n", "--name", "-p", "--prefix"}),
    "mamba": frozenset({"-n", "--name", "-p", "--prefix"}),
    "micromamba": frozenset({"-n", "--name", "-p", "--prefix"}),
    "doppler": frozenset({"-p", "--project", "-c", "--config"}),
    "infisical": frozenset({"--env", "--path", "--projectId"}),
    "newrelic-admin": frozenset(),
    "coverage": frozenset(),
}
_RUN_VERBS = frozenset({"run", "run-program"})


def running(words: tuple[Word, ...], context: Context) -> Running | None:
    """What a command line runs; None if that is nothing (``cd``, ``echo``, an empty line)."""
    words, context = unwrapped(words, context)
    if not words or context.depth > MAX_FOLLOWED:
        return None
    if words[0].text == UNKNOWN and context.arguments:
        return running(context.arguments, replace(context, arguments=(), depth=context.depth + 1))
    program = posixpath.basename(words[0].text)
    if program in _SHELLS:
        return _of_shell(words, context)
    if _PYTHON.match(program):
        return _of_python(words, context)
    if server := tables().servers.get(program):
        return served(server, words, context)
    if program == "supervisord":
        return _of_supervisor(words, context)
    if program == "make":
        return _of_make(words, context)
    return _of_file(words, context) or Running(
        program, None, (), ONE, context.tree.spot(words[0].path, words[0].line), _texts(words), python=False
    )


def of_script(text: str, path: str, line: int, context: Context) -> Running | None:
    """What a script comes down to: its last server, else its last Python program, else its last command."""
    best: Running | None = None
    known: dict[str, str | None] = {}
    every = commands(text, path, line, lookup=context.lookup, known=known)
    for command in itertools.islice(every, MAX_COMMANDS):
        moved = _cd(command, context)
        if moved is not None:
            context = replace(context, layout=moved)
            continue
        inside = replace(context, env={**context.env, **dict(_settings(known, path))})
        found = running(command.words, inside)
        if found is None:
            continue
        if command.background:
            found = _counted(found, command, best, context)
        if best is None or _weight(found) >= _weight(best):
            best = found
    return best


def _counted(found: Running, command: Command, before: Running | None, context: Context) -> Running:
    """A server in the background of a script: so many copies as the loop, or as lines before, start."""
    copies, at = command.repeats, command.loop
    if before and found.http and _is_sibling(before, found):
        copies += before.copies
        at = before.at.line
    spot = context.tree.spot(found.at.path, at) if copies > 1 and at else found.at
    return replace(found, copies=copies, copies_at=spot)


def _is_sibling(before: Running, found: Running) -> bool:
    """Whether two servers of one script run the same app side by side: on other ports."""
    same = before.target == found.target and before.program == found.program
    return same and "" not in (_port(before), _port(found)) and _port(before) != _port(found)


def _port(found: Running) -> str:
    """The port that a command line names, "" if it names none."""
    text = " ".join(found.words)
    match = re.search(r"(?:--port|-p|--bind|-b)[= ](?:[\w.]*:)?(\d+)", text)
    return match[1] if match else ""


def _weight(found: Running) -> int:
    """Servers before Python programs before all else; modules of others (pip, alembic) are no program."""
    if found.program == ELSEWHERE:
        return 0
    return 2 if found.http else 1 if found.python else 0


def _settings(known: dict[str, str | None], path: str) -> Iterator[tuple[str, Setting]]:
    """The variables that a script has set so far."""
    for name, value in known.items():
        yield name, Setting(name, value if value is None or UNKNOWN not in value else None, path)


def _cd(command: Command, context: Context) -> Layout | None:
    """The layout after ``cd folder``; None for any other command."""
    texts = _texts(command.words)
    if len(texts) == 2 and texts[0] == "cd" and UNKNOWN not in texts[1]:
        return context.layout.moved(texts[1])
    return context.layout if texts[:1] == ("cd",) else None


def unwrapped(words: tuple[Word, ...], context: Context) -> tuple[tuple[Word, ...], Context]:
    """The command without leading assignments and wrappers; the assignments go to the variables."""
    while words:
        text = words[0].text
        name = posixpath.basename(text)
        if match := _ASSIGNMENT.match(text):
            value = None if UNKNOWN in match[2] else match[2]
            setting = Setting(match[1], value, words[0].path, words[0].line)
            context = replace(context, env={**context.env, match[1]: setting})
            words = words[1:]
        elif name in _WRAPPERS:
            words = _after_options(words[1:], _WRAPPERS[name])
        elif name in _ONE_ARGUMENT:
            words = _after_options(words[1:], frozenset({"-s", "-k"}))[1:]
        elif name in _RUNNERS:
            words, context = _after_run(words, context, _RUNNERS[name])
            if words and words[0].text == text:
                return words, context
        elif text == "." and len(words) > 1:
            return (replace(words[0], text="sh"), *words[1:]), context
        else:
            return _after_dashes(words), context
    return (), context


def _after_options(words: tuple[Word, ...], with_value: frozenset[str]) -> tuple[Word, ...]:
    """The words after the options of a wrapper."""
    while words and words[0].text.startswith("-"):
        option = words[0].text
        words = words[2 if option in with_value else 1 :]
        if option == "--":
            break
    return words


def _after_run(
    words: tuple[Word, ...], context: Context, with_value: frozenset[str]
) -> tuple[tuple[Word, ...], Context]:
    """The command behind ``uv run …``; the words as they are if the runner does something else."""
    rest = _after_options(words[1:], with_value)
    if not rest or rest[0].text not in _RUN_VERBS:
        return words, context
    command = _after_options(rest[1:], with_value)
    for option, value in itertools.pairwise(words[1 : len(words) - len(command)]):
        if option.text in ("--directory", "--project", "-C") and UNKNOWN not in value.text:
            context = replace(context, layout=context.layout.moved(value.text))
    return command, context


def _after_dashes(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The command that a waiting script starts: ``wait-for-it.sh db:5432 -- uvicorn app:app``."""
    name = posixpath.basename(words[0].text)
    if name.startswith(("wait-for", "wait_for", "dockerize")):
        for index, word in enumerate(words):
            if word.text == "--":
                return words[index + 1 :]
    return words


def _of_shell(words: tuple[Word, ...], context: Context) -> Running | None:
    """``sh -c "text"`` or ``sh file``."""
    for index, word in enumerate(words[1:], 1):
        if word.text.startswith("-") and not word.text.startswith("--") and word.text.endswith("c"):
            if index + 1 >= len(words):
                return None
            script = words[index + 1]
            return of_script(script.text, script.path, script.line, context.deeper())
        if not word.text.startswith(("-", "+")):
            return _follow(word.text, words[index + 1 :], context)
    return None


def _follow(name: str, arguments: tuple[Word, ...], context: Context) -> Running | None:
    """What a script of the project runs."""
    path = next((place for place in context.layout.places(name) if place in context.tree.files), None)
    if path is None and "/" not in name:  # on the PATH of the image
        found = [one for one in context.tree.files if one.endswith((f"scripts/{name}", f"bin/{name}"))]
        path = found[0] if len(found) == 1 else None
    if path is None or path.endswith((".py", ".json", ".toml", ".yaml", ".yml")):
        return None
    context.tree.followed.add(path)
    if not context.tree.may(100 + len(context.tree.text(path)) // 5):
        return None
    inside = replace(context.deeper(), arguments=arguments or context.arguments)
    return of_script(context.tree.text(path), path, 1, inside)


def _of_make(words: tuple[Word, ...], context: Context) -> Running | None:
    """``make target``: what the recipe of the target runs; something of the project's, if that cannot be read."""
    unseen = Running("make", None, (), Range(1, "unknown"), _at(words, context), _texts(words))
    path = context.existing(tuple(p for name in _MAKEFILES for p in context.layout.places(name)))
    goals = [word.text for word in words[1:] if word.text[:1] != "-" and "=" not in word.text]
    if path is None or path not in context.tree.files or len(goals) != 1 or context.depth > MAX_FOLLOWED:
        return unseen
    text = context.tree.text(path)
    recipe = re.search(
        rf"^{re.escape(goals[0])}[ \t]*:(?!=)[^\n]*\n((?:\t[^\n]*(?:\n|\Z)|[ \t]*\n)+)", text, re.MULTILINE
    )
    if recipe is None:
        return unseen
    names = dict(_MAKE_VARIABLE.findall(text))
    lines = re.sub(r"^\t[@+-]*", "", recipe[1], flags=re.MULTILINE)
    script = _MAKE_USE.sub(lambda use: names.get(use[1], UNKNOWN), lines)
    line = text.count("\n", 0, recipe.start(1)) + 1
    return of_script(script, path, line, context.deeper()) or unseen


def _of_python(words: tuple[Word, ...], context: Context) -> Running | None:
    """``python file.py``, ``python -m module``; options of Python itself are passed over."""
    index = 1
    while index < len(words) and words[index].text.startswith("-"):
        option = words[index].text
        if option == "-m" or (option.endswith("m") and not option.startswith("--")):
            return _of_module(words[index + 1 :], context)
        if option == "-c":
            return Running("python", None, (), ONE, _at(words, context), _texts(words))
        index += 2 if option in ("-W", "-X") else 1
    if index >= len(words):
        return None
    return _of_python_file(words[index:], context)


def _of_module(words: tuple[Word, ...], context: Context) -> Running | None:
    """``python -m module``: a server, a package with a ``__main__``, or a module."""
    if not words:
        return None
    if server := tables().servers.get(words[0].text):
        return served(server, words, context)
    name = words[0].text
    places = (*context.layout.modules(f"{name}.__main__"), *context.layout.modules(name))
    start = context.existing(places)
    if start is None:
        return Running(ELSEWHERE, name, places, ONE, _at(words, context), _texts(words))
    return launched(start, Running("python", name, places, ONE, _at(words, context), _texts(words)), context)


def _of_python_file(words: tuple[Word, ...], context: Context) -> Running | None:
    """``python file.py``: what the file itself starts."""
    name = words[0].text
    if name.endswith("manage.py"):
        http = any(word.text == "runserver" for word in words)
        return Running(
            "django", name, context.layout.places(name), ONE, _at(words, context), _texts(words), http=http
        )
    if UNKNOWN in name:
        return Running("python", None, (), ONE, _at(words, context), _texts(words))
    if not name.endswith(".py"):
        name = f"{name}/__main__.py"
    target, places = target_of(name, context)
    default = Running("python", target, places, ONE, _at(words, context), _texts(words))
    start = context.existing(places)
    return launched(start, default, context) if start else default


def _of_file(words: tuple[Word, ...], context: Context) -> Running | None:
    """A script of the project that is called by its name, or a console script of its pyproject.toml."""
    name = words[0].text
    if name.endswith(".py"):
        return _of_python_file(words, context)
    if UNKNOWN in name:
        return None
    if "/" in name or name.endswith(".sh"):
        return _follow(name, words[1:], context)
    return _of_console_script(words, context)


def _of_console_script(words: tuple[Word, ...], context: Context) -> Running | None:
    """A program that ``[project.scripts]`` names: what its module starts."""
    for path in context.layout.places("pyproject.toml"):
        if path not in context.tree.files:
            continue
        document = context.tree.toml(path)
        for table in (("project", "scripts"), ("tool", "poetry", "scripts")):
            entry = document.at(*table, words[0].text)
            if entry.kind == "text":
                places = context.layout.modules(entry.text.partition(":")[0])
                default = Running("python", entry.text, places, ONE, _at(words, context), _texts(words))
                start = context.existing(places)
                return launched(start, default, context) if start else default
    return None


def _at(words: tuple[Word, ...], context: Context) -> Spot:
    """The line of the command."""
    return context.tree.spot(words[0].path, words[0].line)


def _of_supervisor(words: tuple[Word, ...], context: Context) -> Running | None:
    """``supervisord -c file``: the best of its programs."""
    best: Running | None = None
    named = [
        after.text for before, after in itertools.pairwise(words) if before.text in ("-c", "--configuration")
    ]
    places = context.layout.places(named[-1] if named else "supervisord.conf")
    path = next((place for place in places if place in context.tree.files), None)
    sections = ini_sections(context.tree.text(path), inline_comments=True) if path else ()
    for section in sections:
        command = section.get("command")
        if command is None or path is None or not section.name.startswith("program:"):
            continue
        folder = section.get("directory")
        layout = context.layout.moved(folder.value) if folder else context.layout
        found = of_script(command.value, path, command.line, replace(context.deeper(), layout=layout))
        if found is not None and (best is None or _weight(found) > _weight(best)):
            best = found
    return best


def _texts(words: tuple[Word, ...]) -> tuple[str, ...]:
    """The words as text."""
    return tuple(word.text for word in words)
