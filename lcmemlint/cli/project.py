"""What the linter makes of a project before it reads it: `--show-settings`, `--show-files`, `--config-schema`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lcmemlint.cli.lint import job_of
from lcmemlint.cli.output import plain, put

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options
    from lcmemlint.config import Config
    from lcmemlint.engine import Job


def show_settings(options: Options) -> int:
    """Print every setting as it counts here, and where it comes from."""
    from lcmemlint.report.text import shown_path

    job = job_of(options)
    settings, written = _settings(job), _settings_of_file(options, job)
    root = shown_path(job.root, ".", Path.cwd())
    if options.format == "json":
        whole = {"root": root, "file": job.config.path or None, "settings": settings}
        put(options, json.dumps(whole, indent=2) + "\n")
        return 0
    lines = [f"# project: {root}", f"# settings: {job.config.path or 'none found'}"]
    for name, value in settings.items():
        source = "default" if value == _defaults()[name] else job.config.path
        if written.get(name) != value:
            source = "command line"
        lines.append(f"{name} = {_toml(value)}  # {source}")
    put(options, "".join(f"{plain(line)}\n" for line in lines))
    return 0


def show_files(options: Options) -> int:
    """Print the files that are looked at, of those that were asked for."""
    from lcmemlint.report.text import plain_path, shown_path

    job = job_of(options)
    files = sorted({*job.tree.python, *job.tree.notebooks, *job.tree.manifests})
    shown = [shown_path(job.root, path, Path.cwd()) for path in files if job.is_asked(path)]
    if options.format == "json":
        put(options, json.dumps(shown, indent=2) + "\n")
    else:
        put(options, "".join(f"{plain_path(path)}\n" for path in shown))
    return 0


def config_schema(_options: Options) -> int:
    """Print the JSON Schema of the settings."""
    from lcmemlint.settings import schema

    click.echo(json.dumps(schema(), indent=2))
    return 0


def _settings(job: Job) -> dict[str, object]:
    """The settings of a job, as one would write them."""
    return _written(job.config)


def _settings_of_file(options: Options, job: Job) -> dict[str, object]:
    """The settings without the options of the command line."""
    from lcmemlint.config import Config, load_config

    return _written(Config() if options.no_config else load_config(job.root, file=options.config))


def _defaults() -> dict[str, object]:
    """What counts where nothing is written."""
    from lcmemlint.config import Config

    return _written(Config())


def _written(config: Config) -> dict[str, object]:
    """Settings by key; tables and lists as they stand in a file."""
    from lcmemlint.settings import KEYS
    from lcmemlint.sources import DEFAULT_EXCLUDES

    found: dict[str, object] = {}
    for key in KEYS:
        value = getattr(config, key.field)
        if key.name == "exclude" and value is None:
            value = sorted(DEFAULT_EXCLUDES)
        if key.schema.get("type") == "object":
            value = {name: list(inner) if isinstance(inner, tuple) else inner for name, inner in value}
        found[key.name] = list(value) if isinstance(value, tuple) else value
    return found


def _toml(value: object) -> str:
    """A value as TOML on one line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_toml(str(name))} = {_toml(inner)}" for name, inner in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
