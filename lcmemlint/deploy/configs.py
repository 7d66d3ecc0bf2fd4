"""Configuration files of servers: gunicorn.conf.py, uwsgi.ini, hypercorn.toml."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from lcmemlint.deploy.folding import fold, folded_text, module_value
from lcmemlint.deploy.initext import Entry, ini_sections
from lcmemlint.deploy.layout import Layout
from lcmemlint.deploy.running import Context, Running, count
from lcmemlint.deploy.shell import Word
from lcmemlint.deploy.workload import Range


def gunicorn_config(running: Running, named: str | None, context: Context) -> Running:
    """The same with ``workers`` and ``wsgi_app`` of the file; ./gunicorn.conf.py is read without being named.

    gunicorn 27.0.1, run with --print-config: the file beats WEB_CONCURRENCY.
    """
    places = _config_places(named, context)
    path = context.existing(places)
    if path is None:
        return running if named is None else replace(running, processes=Range(1, "unknown"))
    facts = context.tree.facts(path)
    if facts is None:
        return replace(running, processes=Range(1, "unknown"))
    found = module_value(facts, "workers")
    if found is not None:
        value, line = found
        spot = context.tree.spot(path, line)
        running = replace(running, processes=fold(value, facts, context), at=spot, said=True)
    app = module_value(facts, "wsgi_app")
    text = folded_text(app[0], facts, context) if app else None
    if running.target is None and text:
        running = replace(running, target=text, places=context.layout.modules(text.partition(":")[0]))
    return running


def _config_places(named: str | None, context: Context) -> tuple[str, ...]:
    """Where the configuration of gunicorn may be."""
    if named is None:
        return context.layout.places("gunicorn.conf.py")
    if named.startswith("python:"):
        return context.layout.modules(named.removeprefix("python:"))
    return context.layout.places(named.removeprefix("file:"))


def hypercorn_workers(running: Running, named: str, context: Context) -> Running:
    """The same with ``workers`` of a TOML configuration (hypercorn 0.18.0)."""
    path = context.existing(context.layout.places(named))
    if path is None or not path.endswith(".toml"):
        return running
    node = context.tree.toml(path).get("workers")
    if not node:
        return running
    return replace(running, processes=count(node.text), at=context.tree.node_spot(path, node), said=True)


def uwsgi_config(running: Running, words: tuple[Word, ...], context: Context) -> Running:
    """The same with what the options and the ini file of uwsgi say."""
    path = _uwsgi_file(words, context)
    if path is None:
        return running
    context.tree.followed.add(path)
    entries = [entry for section in ini_sections(context.tree.text(path)) for entry in section.entries]
    return uwsgi_ini(running, path, entries, context)


def uwsgi_ini(running: Running, path: str, entries: Iterable[Entry], context: Context) -> Running:
    """The same with the settings of a ``[uwsgi]`` section; ``cheaper`` is the number that always stays up."""
    last = {entry.key: entry for entry in entries}
    app = last.get("module") or last.get("wsgi") or last.get("wsgi-file") or last.get("mount")
    if app is not None and running.target is None:
        layout = context.layout.moved(last["chdir"].value) if "chdir" in last else context.layout
        target, places = _uwsgi_app(app, last.get("callable"), layout)
        running = replace(running, target=target, places=places)
    number = last.get("processes") or last.get("workers")
    if number is None:
        return running
    most = count(number.value)
    least = count(last["cheaper"].value) if "cheaper" in last else most
    spot = context.tree.spot(path, number.line)
    return replace(running, processes=Range(least.low, most.high), at=spot, said=True)


def _uwsgi_app(app: Entry, attribute: Entry | None, layout: Layout) -> tuple[str, tuple[str, ...]]:
    """The target that ``module``, ``wsgi-file`` or ``mount`` names."""
    value = app.value.rpartition("=")[2].strip() if app.key == "mount" else app.value
    suffix = f":{attribute.value}" if attribute and ":" not in value else ""
    head = value.partition(":")[0]
    places = layout.places(head) if head.endswith(".py") else layout.modules(head)
    return value + suffix, places


def _uwsgi_file(words: tuple[Word, ...], context: Context) -> str | None:
    """The ini file that the command names."""
    for word in words[1:]:
        text = word.text.removeprefix("--ini=")
        if text.endswith(".ini"):
            return context.existing(context.layout.places(text))
    return None
