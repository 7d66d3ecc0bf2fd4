"""Programs on one host: Procfile, systemd, supervisor, uwsgi."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec.structs import replace

from lcmemlint.deploy.assemble import HOST, SEPARATE, Unit, workload
from lcmemlint.deploy.cli import acts
from lcmemlint.deploy.configs import uwsgi_ini
from lcmemlint.deploy.containers import run_text
from lcmemlint.deploy.initext import Section, ini_sections
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.nodes import Node, whole
from lcmemlint.deploy.running import NOT_SAID, Context, Running
from lcmemlint.deploy.shell import commands
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of
from lcmemlint.deploy.workload import ONE, Disk, Range, Setting, Spot, Workload

MAX_PROCESSES = 200
_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)\Z")
_NO_SERVER = frozenset({"release", "clock", "beat", "scheduler", "migrate"})
_HEROKU = ("app.json", "runtime.txt", "heroku.yml", ".python-version")
_READS_CONCURRENCY = frozenset({"gunicorn", "uvicorn", "fastapi"})
_SIZES = {"standard-2x": 4, "performance-m": 5, "performance-l": 28}


def read_procfile(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """The processes of Procfiles; Heroku's Python buildpack sets WEB_CONCURRENCY, 2 on the smallest dynos."""
    for path in paths:
        folder = folder_of(path)
        app = posixpath.join(folder, "app.json")
        formation = tree.json(app).get("formation") if app in tree.files else None
        heroku = _is_heroku(tree, folder)
        for number, line in enumerate(tree.lines(path)[:MAX_PROCESSES], 1):
            match = _LINE.match(line.strip())
            if match is None or match[1] in _NO_SERVER:
                continue
            yield from _of_process(tree, path, number, (match[1], match[2]), formation, heroku=heroku)


def _is_heroku(tree: Tree, folder: str) -> bool:
    """Whether anything beside a Procfile, or a deploying command, names Heroku."""
    beside = any(tree.exists(posixpath.join(folder, name)) for name in _HEROKU[:3])
    return beside or any(act.kind == "heroku" for act in acts(tree))


def _of_process(
    tree: Tree, path: str, number: int, line: tuple[str, str], formation: Node | None, *, heroku: bool
) -> Iterator[Workload]:
    """One process type of a Procfile."""
    name, command = line
    app = posixpath.join(folder_of(path), "app.json")
    env = _app_env(tree, app)
    spot = tree.spot(path, number)
    run = run_text(tree, command, path, number, Context(tree, Layout(folder_of(path)), env))
    if run is None or not run.python:
        return
    where: Spot | None = None
    instances = ONE if heroku else Range(1, "unbounded")
    size = ""
    if formation is not None and formation.get(name):
        quantity = formation.at(name, "quantity")
        size = formation.at(name, "size").text.lower()
        if quantity.whole is not None:
            instances = Range(quantity.whole, quantity.whole)
            where = tree.node_spot(app, quantity) if quantity.whole >= 2 else None
    for act in acts(tree):
        if act.kind == "heroku" and name in act.sets:
            instances, where = Range(act.sets[name][0], act.sets[name][0]), act.sets[name][1]
    run = _with_platform(run, spot, size, heroku=heroku)
    disk = SEPARATE if heroku else Disk(True, False)
    unit = Unit(name, "procfile", spot, instances, where, disk, running=run, context=folder_of(path))
    yield workload(replace(unit, open_env=True, confidence="certain" if heroku else "possible"))


def _app_env(tree: Tree, app: str) -> dict[str, Setting]:
    """The variables of app.json."""
    found: dict[str, Setting] = {}
    if app in tree.files:
        for name, value in tree.json(app).get("env").pairs():
            text = value.text if value.kind == "text" else value.get("value").text
            found[name.text] = Setting(name.text, text or None, app, name.line)
    return found


def _with_platform(run: Running, spot: Spot, size: str, *, heroku: bool) -> Running:
    """The number of processes that the platform chooses when nobody says it."""
    if run.said or run.program not in _READS_CONCURRENCY:
        return run
    if not heroku:
        return replace(run, processes=NOT_SAID, at=spot)
    count = _SIZES.get(size)
    return replace(
        run, processes=Range(count, count) if count else tables().platforms["heroku"], at=spot, said=True
    )


def read_systemd(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Units of systemd: ``ExecStart=`` on one host; a template unit may run any number of times."""
    for path in paths:
        for section in ini_sections(tree.text(path)):
            start = section.get("ExecStart")
            if section.name != "Service" or start is None:
                continue
            env = dict(_systemd_env(path, section))
            folder = section.get("WorkingDirectory")
            layout = Layout(_nearest(tree, path), folder.value if folder else "/")
            text = start.value.lstrip("-@+!:")
            run = run_text(tree, text, path, start.line, Context(tree, layout, env))
            if run is None or not run.python:
                continue
            name = posixpath.basename(path).removesuffix(".service")
            instances = Range(1, "unknown") if name.endswith("@") else ONE
            yield workload(_on_host(name, "systemd", tree.spot(path, start.line), run, instances, env))


def _systemd_env(path: str, section: Section) -> Iterator[tuple[str, Setting]]:
    """The variables of ``Environment=``."""
    for entry in section.every("Environment"):
        for command in commands(f"env {entry.value}", path, entry.line):
            for word in command.words[1:]:
                name, equals, value = word.text.partition("=")
                if equals:
                    yield name, Setting(name, value, path, entry.line)


def _nearest(tree: Tree, path: str) -> str:
    """The project folder that a unit file is about: the root, where most of them mean to be."""
    return "" if tree.exists(path) else folder_of(path)


def _on_host(
    name: str,
    format_: str,
    spot: Spot,
    run: Running,
    instances: Range,
    env: dict[str, Setting],
    number: Spot | None = None,
) -> Unit:
    """A program on a machine: its disk is one, and it stays."""
    return Unit(
        name,
        format_,
        spot,
        instances,
        number,
        Disk(True, True) if format_ == "systemd" else HOST,
        running=run,
        env=tuple(env.values()),
        open_env=True,
        container=False,
    )


def read_supervisor(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """Programs of supervisor, ``numprocs`` of each (supervisor documentation: 1 when absent)."""
    for path in paths:
        for section in ini_sections(tree.text(path), inline_comments=True):
            command = section.get("command")
            if not section.name.startswith(("program:", "fcgi-program:")) or command is None:
                continue
            folder = section.get("directory")
            layout = Layout("", folder.value if folder else "/")
            run = run_text(tree, command.value, path, command.line, Context(tree, layout))
            if run is None or not run.python:
                continue
            name = section.name.partition(":")[2]
            spot = tree.spot(path, command.line)
            yield workload(_on_host(name, "supervisor", spot, _numbered(tree, path, section, run), ONE, {}))


def _numbered(tree: Tree, path: str, section: Section, run: Running) -> Running:
    """The program times ``numprocs``."""
    entry = section.get("numprocs")
    if entry is None:
        return run
    count = whole(entry.value)
    if count is None:
        return replace(run, processes=NOT_SAID)
    if count == 1:
        return run
    return replace(run, processes=run.processes.times(count), at=tree.spot(path, entry.line), said=True)


def read_uwsgi(tree: Tree, paths: tuple[str, ...]) -> Iterator[Workload]:
    """uwsgi.ini that no command names."""
    for path in paths:
        if path in tree.followed:
            continue
        for section in ini_sections(tree.text(path)):
            if section.name != "uwsgi":
                continue
            context = Context(tree, Layout(folder_of(path)))
            spot = tree.spot(path, section.line)
            empty = Running("uwsgi", None, (), ONE, spot, (), http=True)
            run = uwsgi_ini(empty, path, section.entries, context)
            if run.target is not None:
                yield workload(_on_host(run.target, "uwsgi", spot, run, ONE, {}))
