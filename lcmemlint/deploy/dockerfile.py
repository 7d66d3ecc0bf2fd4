"""Dockerfile → what its image starts (``Image``), and the image as a workload of its own.

The last stage, its last CMD and ENTRYPOINT win; a stage ``FROM earlier`` inherits. HEALTHCHECK is none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.dockerfile_text import Instruction, instructions
from lcmemlint.deploy.layout import Layout, Mount
from lcmemlint.deploy.running import NOT_SAID, Context, Running, count
from lcmemlint.deploy.shell import UNKNOWN, Lookup, Word, expanded
from lcmemlint.deploy.start import of_script, running
from lcmemlint.deploy.tables import tables
from lcmemlint.deploy.tree import Tree, folder_of, joined
from lcmemlint.deploy.workload import Range, Setting

MAX_STAGES = 100
MAX_INSTRUCTIONS = 3_000
MAX_SETTINGS = 300
_PAIR = re.compile(r'([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|\'[^\']*\'|(?:[^\s\\]|\\.)*)')


class Start(Struct, frozen=True):
    """CMD or ENTRYPOINT: an argument vector, or shell text."""

    words: tuple[Word, ...] | None
    script: tuple[str, int] | None
    line: int


class Image(Struct, frozen=True):
    """What a Dockerfile builds, as far as starting it goes."""

    path: str
    context: str
    base: str
    line: int
    """The line of the last FROM."""
    layout: Layout
    env: tuple[Setting, ...] = ()
    entrypoint: Start | None = None
    command: Start | None = None


class _Stage(Struct, frozen=True):
    name: str
    base: str
    line: int
    cwd: str = "/"
    env: tuple[Setting, ...] = ()
    mounts: tuple[Mount, ...] = ()
    entrypoint: Start | None = None
    command: Start | None = None


def image_of(tree: Tree, path: str, *, context: str | None = None, target: str = "") -> Image | None:
    """The image of a Dockerfile (built from ``context``, its own folder by default); None if it is empty."""
    folder = folder_of(path) if context is None else context
    stages = list(_stages(tree, path, folder))
    named = [stage for stage in stages if stage.name == target] if target else []
    last = named[-1] if named else stages[-1] if stages else None
    if last is None:
        return None
    cwd = last.cwd if last.cwd != "/" or not _is_worker_base(last.base) else "/app"
    layout = Layout(folder, cwd, tuple(reversed(last.mounts)), _python_path(last.env))
    return Image(path, folder, last.base, last.line, layout, last.env, last.entrypoint, last.command)


def _python_path(env: tuple[Setting, ...]) -> tuple[str, ...]:
    """The folders of PYTHONPATH."""
    values = [one.value for one in env if one.name == "PYTHONPATH" and one.value]
    return tuple(part for part in values[-1].split(":") if part and UNKNOWN not in part) if values else ()


def _stages(tree: Tree, path: str, folder: str) -> Iterator[_Stage]:
    """The stages with what they inherit."""
    known: dict[str, _Stage] = {}
    arguments: dict[str, str] = {}
    stage: _Stage | None = None
    for one in islice(instructions(tree.text(path)), MAX_INSTRUCTIONS):
        if one.name == "FROM":
            if stage is not None:
                yield stage
            if len(known) > MAX_STAGES:
                return
            stage = _begun(one, known, arguments)
            known[stage.name or str(len(known))] = stage
        elif one.name == "ARG":
            name, has_default, default = one.text.partition("=")
            if has_default:
                arguments[name.strip()] = default.strip().strip("\"'")
        elif stage is not None:
            stage = _applied(stage, one, _Reading(tree, path, folder, arguments))
            known[stage.name or str(len(known) - 1)] = stage
    if stage is not None:
        yield stage


def _begun(one: Instruction, known: dict[str, _Stage], arguments: dict[str, str]) -> _Stage:
    """A new stage: empty, or what the earlier stage that it builds on has."""
    words = [word for word in one.text.split() if not word.startswith("--")]
    base = expanded(words[0], arguments.get) if words else ""
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    earlier = known.get(base)
    return replace(earlier, name=name, line=one.line) if earlier else _Stage(name, base, one.line)


class _Reading(Struct, frozen=True):
    tree: Tree
    path: str
    folder: str
    arguments: dict[str, str]


def _applied(stage: _Stage, one: Instruction, reading: _Reading) -> _Stage:
    """The stage after one more instruction."""
    path = reading.path
    if one.name in ("CMD", "ENTRYPOINT"):
        words = one.words(path)
        start = Start(words, None if words is not None else one.script, one.line)
        if one.name == "CMD":
            return replace(stage, command=start)
        return replace(stage, entrypoint=start, command=None if stage.entrypoint is None else stage.command)
    if one.name == "ENV":
        env = {setting.name: setting for setting in stage.env}
        for setting in _settings(one, path, env, reading.arguments):
            env[setting.name] = setting
        return replace(stage, env=tuple(env.values())[:MAX_SETTINGS])
    if one.name == "WORKDIR":
        folder = expanded(one.text.strip("\"'"), _finder(stage.env, reading.arguments))
        return replace(stage, cwd=posixpath.normpath(posixpath.join(stage.cwd, folder)))
    if one.name in ("COPY", "ADD"):
        return replace(stage, mounts=(*stage.mounts[-MAX_SETTINGS:], *_copies(one, stage, reading)))
    return stage


def _finder(env: tuple[Setting, ...], arguments: dict[str, str]) -> Lookup:
    """Looks a variable up in ENV, then in ARG."""
    known = {setting.name: setting.value for setting in env}
    return lambda name: known[name] if name in known else arguments.get(name)


def _settings(
    one: Instruction, path: str, env: dict[str, Setting], arguments: dict[str, str]
) -> Iterator[Setting]:
    """The variables of one ENV, each with its physical line; both ``A=1 B=2`` and ``A 1``."""
    find = _finder(tuple(env.values()), arguments)
    if not re.match(r"\s*[\w.-]+=", one.text):
        name, _, value = one.text.partition(" ")
        yield Setting(name, _known(expanded(value.strip(), find)), path, one.line)
        return
    for number, text in one.lines:
        for match in _PAIR.finditer(text):
            value = match[2][1:-1] if match[2][:1] in "\"'" and len(match[2]) > 1 else match[2]
            yield Setting(match[1], _known(expanded(value, find)), path, number)


def _known(value: str) -> str | None:
    """The value, None if a part of it is not known."""
    return None if UNKNOWN in value else value


def _copies(one: Instruction, stage: _Stage, reading: _Reading) -> Iterator[Mount]:
    """What COPY puts where; copies from other stages bring nothing of the project's that we could name."""
    texts = one.text.split()
    flags = [text for text in texts if text.startswith("--")]
    names = [text.strip("\"',[]") for text in texts if not text.startswith("--")]
    if any(flag.startswith("--from") for flag in flags) or len(names) < 2 or one.body:
        return
    *sources, destination = names
    inside = posixpath.normpath(
        posixpath.join(stage.cwd, expanded(destination, _finder(stage.env, reading.arguments)))
    )
    for source in sources:
        outside = joined(reading.folder, source.lstrip("/") or ".")
        if outside is None or "*" in source:
            continue
        if reading.tree.exists(outside) and (destination.endswith(("/", ".")) or len(sources) > 1):
            yield Mount(posixpath.join(inside, posixpath.basename(outside)), outside)
        else:
            yield Mount(inside, outside)


def started(
    image: Image | None,
    context: Context,
    *,
    entrypoint: tuple[Word, ...] | None = None,
    command: tuple[Word, ...] | None = None,
) -> Running | None:
    """What a container runs: ``entrypoint`` replaces ENTRYPOINT and drops CMD, ``command`` replaces CMD."""
    own_entry = image.entrypoint if image else None
    own_command = image.command if image else None
    if entrypoint is not None:
        return running((*entrypoint, *(command or ())), context)
    if (
        own_entry is not None
        and own_entry.words is None
        and own_entry.script is not None
        and image is not None
    ):
        return of_script(own_entry.script[0], image.path, own_entry.script[1], context)
    prefix = own_entry.words if own_entry and own_entry.words else ()
    if command is not None:
        return running((*prefix, *command), context)
    if own_command is not None and own_command.words is not None:
        return running((*prefix, *own_command.words), context)
    if own_command is not None and own_command.script is not None and image is not None:
        if prefix:
            text, line = own_command.script
            script = (Word(text_, image.path, line) for text_ in ("sh", "-c", text))
            return running((*prefix, *script), context)
        return of_script(own_command.script[0], image.path, own_command.script[1], context)
    if prefix:
        return running(prefix, context)
    return _of_base(image, context) if image else None


def _is_worker_base(base: str) -> bool:
    """Whether the base image starts several workers by itself."""
    return base.partition(":")[0] in tables().images.worker_bases


def _of_base(image: Image, context: Context) -> Running | None:
    """What an image without a CMD runs, where we know the base (tiangolo: max(2, cores) workers)."""
    if not _is_worker_base(image.base):
        return None
    spot = context.tree.spot(image.path, image.line)
    places = (*image.layout.places("/app/app/main.py"), *image.layout.places("/app/main.py"))
    found = Running("gunicorn", "main:app", places, Range(2, "cpu"), spot, (), said=True, http=True)
    for name in ("WEB_CONCURRENCY", "MAX_WORKERS"):
        setting = context.env.get(name)
        if setting is None:
            continue
        number = count(setting.value or UNKNOWN)
        if name == "MAX_WORKERS" and number.high != 1:
            number = Range(2, number.high) if number != NOT_SAID else NOT_SAID
        return replace(found, processes=number, at=context.tree.spot(setting.path, setting.line))
    return found


def environment(settings: tuple[Setting, ...]) -> dict[str, Setting]:
    """Variables by name, the last one of a name."""
    return {setting.name: setting for setting in settings}
