"""The argument vector of a server → its app and the number of its processes (servers: deployment.toml)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from msgspec.structs import replace

from lcmemlint.deploy.configs import gunicorn_config, hypercorn_workers, uwsgi_config
from lcmemlint.deploy.running import Context, Running, count
from lcmemlint.deploy.shell import Word, commands
from lcmemlint.deploy.tables import Server
from lcmemlint.deploy.workload import ONE, Range, Spot

_MODULE = re.compile(r"[A-Za-z_][\w.]*(?:/[\w.]+)*:[A-Za-z_][\w.]*(?:\(.*\))?\Z")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*\Z")

Found = tuple[Range, Spot]


def served(server: Server, words: tuple[Word, ...], context: Context) -> Running | None:
    """What this server runs; None if the command does something else with the program."""
    texts = tuple(word.text for word in words)
    if server.verbs and not any(verb in texts[1:4] for verb in server.verbs):
        return None
    if not all(need in texts for need in server.needs):
        return None
    context = _moved(server, words, context)
    target, places = _app(server, words, context)
    declared = context.tree.spot(words[0].path, words[0].line)
    running = Running(
        words[0].text.rpartition("/")[2], target, places, ONE, declared, texts, http=server.http
    )
    if _is_alone(server, texts):
        return running
    running = _configured(running, server, words, context)
    found = next(_counts(server, words, context), None)
    if found is None and not running.said and server.default == "cpu":
        return replace(running, processes=Range(1, "cpu"))
    if found is None:
        return running
    return replace(running, processes=found[0], at=found[1], said=True)


def _is_alone(server: Server, texts: tuple[str, ...]) -> bool:
    """Whether an option makes it one process whatever the others say."""
    pairs = set(itertools.pairwise(texts)) | {tuple(text.split("=", 1)) for text in texts if "=" in text}
    return any(one in texts for one in server.alone) or any(pair in pairs for pair in server.alone_when)


def _counts(server: Server, words: tuple[Word, ...], context: Context) -> Iterator[Found]:
    """The counts that the command line and the variables give, the strongest first."""
    tree = context.tree
    for flags, cpu in ((server.flags, False), (server.cpu_flags, True)):
        for word, value in _options(words, flags):
            yield (Range(2, "cpu") if cpu else count(value)), tree.spot(word.path, word.line)
            break
    for name in server.environment:
        setting = context.env.get(name)
        if setting is not None and not (name == "WEB_CONCURRENCY" and server.names == ("gunicorn",)):
            yield (
                count(setting.value if setting.value is not None else "\0"),
                tree.spot(setting.path, setting.line),
            )


def _configured(running: Running, server: Server, words: tuple[Word, ...], context: Context) -> Running:
    """The same with what variables and configuration files of the server say, the weakest first."""
    if "gunicorn" in server.names:
        return _gunicorn(running, words, context)
    if "uwsgi" in server.names:
        return uwsgi_config(running, words, context)
    if "hypercorn" in server.names:
        for word, value in _options(words, ("-c", "--config")):
            return hypercorn_workers(running, value, context) if word else running
    return running


def _gunicorn(running: Running, words: tuple[Word, ...], context: Context) -> Running:
    """WEB_CONCURRENCY, then the configuration file, then GUNICORN_CMD_ARGS."""
    setting = context.env.get("WEB_CONCURRENCY")
    if setting is not None:
        spot = context.tree.spot(setting.path, setting.line)
        running = replace(running, processes=count(setting.value or "\0"), at=spot, said=True)
    extra = context.env.get("GUNICORN_CMD_ARGS")
    extra_words: tuple[Word, ...] = ()
    if extra is not None and extra.value:
        lines = commands(extra.value, extra.path, extra.line, lookup=context.lookup)
        extra_words = tuple(word for command in lines for word in command.words)
    named = [value for _, value in _options((*extra_words, *words), ("-c", "--config"))]
    running = gunicorn_config(running, named[0] if named else None, context)
    for word, value in _options((*words[:1], *extra_words), ("-w", "--workers")):
        spot = context.tree.spot(word.path, word.line)
        return replace(running, processes=count(value), at=spot, said=True)
    return running


def _options(words: tuple[Word, ...], names: tuple[str, ...]) -> Iterator[tuple[Word, str]]:
    """The word and value of an option, the last occurrence first; the word is where the value begins."""
    for index in range(len(words) - 1, 0, -1):
        word = words[index]
        for name in names:
            if word.text == name:
                following = words[index + 1] if index + 1 < len(words) else word
                yield following, following.text
            elif word.text.startswith(f"{name}=") and name.startswith("--"):
                yield word, word.text[len(name) + 1 :]
            elif not name.startswith("--") and len(name) == 2 and _is_joined(word.text, name):
                yield word, word.text[2:].lstrip("=")


def _is_joined(text: str, name: str) -> bool:
    """Whether a short option has its value at its back: ``-w4``."""
    return text.startswith(name) and len(text) > 2 and not text.startswith("--")


def _moved(server: Server, words: tuple[Word, ...], context: Context) -> Context:
    """The context after ``--chdir``, ``--app-dir`` and the like."""
    for _, value in _options(words, server.folder_options):
        if "\0" not in value:
            return replace(context, layout=context.layout.moved(value))
    return context


def _app(server: Server, words: tuple[Word, ...], context: Context) -> tuple[str | None, tuple[str, ...]]:
    """The app that the command names, and the files it may be in."""
    named = next((value for _, value in _options(words, server.app_options) if "\0" not in value), "")
    if not named and server.app_environment:
        named = context.lookup(server.app_environment) or ""
    if not named and server.app != "option":
        named = _positional(server, words)
    if not named and server.default_files:
        names = server.default_files
        named = next((name for name in names if context.existing(context.layout.places(name))), "")
    return target_of(named, context, attribute=server.default_attribute) if named else (None, ())


def target_of(named: str, context: Context, *, attribute: str = "") -> tuple[str | None, tuple[str, ...]]:
    """``module:attr``, ``path/file.py`` or ``dotted.module`` with the project files it may be."""
    if "\0" in named:
        return None, ()
    head, _, tail = named.partition(":")
    if head.endswith(".py"):
        full = named if tail or not attribute else f"{head}:{attribute}"
        return full, context.layout.places(head)
    places = context.layout.modules(head.replace("/", "."))
    if not tail and "." in head:
        places = (*places, *context.layout.modules(head.rpartition(".")[0]))
    return named, tuple(dict.fromkeys(places))


def _positional(server: Server, words: tuple[Word, ...]) -> str:
    """The first word that can be an app: no option, no value of one, no verb."""
    candidates: list[str] = []
    for before, word in itertools.pairwise(words):
        text = word.text
        if text.startswith("-") or text in server.verbs or "\0" in text:
            continue
        is_value = (
            before.text.startswith("-") and "=" not in before.text and before.text not in server.switches
        )
        if is_value and not before.text.startswith("--no-"):
            continue
        candidates.append(text)
    wanted = (".py",) if server.app == "file" else ()
    for text in candidates:
        if _MODULE.match(text) or (wanted and text.endswith(wanted)) or text.endswith(".py"):
            return text
    return next((text for text in candidates if _DOTTED.match(text)), "")
