"""The table of formats: how a file of each looks, and who reads all files of it.

The order is that of the report only in so far as Dockerfiles and scripts come last: those that other
manifests start are no deployments of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TypeAlias, cast

from msgspec import Struct

from lcmemlint.deploy.filenames import is_compose, is_dockerfile, is_kustomization, is_script
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import Workload

Looks: TypeAlias = Callable[[str, bytes], bool]
Read: TypeAlias = Callable[[Tree, tuple[str, ...]], Iterator[Workload]]

_YAML = (".yaml", ".yml")
_DATA = (".yaml", ".yml", ".json")


class Format(Struct, frozen=True):
    """A kind of manifest: ``looks_like(path, bytes)`` is a cheap guess, ``read`` gets all paths of it."""

    name: str
    looks_like: Looks
    module: str
    """The module beside this one that has the reader: it is imported with the first file of this format."""
    reader: str = "read"

    @property
    def read(self) -> Read:
        """What gives the workloads of the files."""
        return cast(Read, getattr(import_module(f"lcmemlint.deploy.{self.module}"), self.reader))


def _named(*names: str) -> Looks:
    """Files of these names, in any folder."""
    return lambda path, data: path.rpartition("/")[2] in names


def _ending(suffixes: tuple[str, ...], *words: bytes) -> Looks:
    """Files with one of these endings that hold all of the words."""
    return lambda path, data: path.endswith(suffixes) and all(word in data for word in words)


def _is_kubernetes(path: str, data: bytes) -> bool:
    """A manifest of Kubernetes objects; Knative's are read elsewhere, kustomizations too."""
    return path.endswith(_DATA) and b"apiVersion" in data and b"kind" in data and not is_kustomization(path)


def _is_compose(path: str, data: bytes) -> bool:
    """A compose or stack file; in other YAML files ``services:`` with images or builds."""
    if not path.endswith(_YAML) or b"services" not in data:
        return False
    if is_compose(path):
        return True
    in_ci = "/.github/" in f"/{path}" or path.rpartition("/")[2].startswith((".", "render"))
    return (
        not in_ci
        and re.search(rb"(?m)^services:", data) is not None
        and (b"image:" in data or b"build:" in data)
    )


def _is_supervisor(path: str, data: bytes) -> bool:
    """A configuration of supervisor."""
    return (path.endswith((".conf", ".ini")) and b"[program:" in data) or b"[fcgi-program:" in data


def _is_ecs(path: str, data: bytes) -> bool:
    """The input of an ``aws ecs`` command."""
    return path.endswith(_DATA) and (b"containerDefinitions" in data or b"desiredCount" in data)


_STARTS = re.compile(
    rb"corn\b|python|streamlit|chainlit|fastapi|flask|granian|daphne|uwsgi|celery|waitress|sanic|robyn|litestar|bentoml"
)


def _is_start_script(path: str, data: bytes) -> bool:
    """A script that mentions a server or Python."""
    return is_script(path) and _STARTS.search(data) is not None


FORMATS: tuple[Format, ...] = (
    Format("compose", _is_compose, "compose"),
    Format("procfile", _named("Procfile"), "hosts", "read_procfile"),
    Format("kubernetes", _is_kubernetes, "kubernetes"),
    Format("kustomize", lambda path, data: is_kustomization(path), "kustomize"),
    Format("helm", _named("Chart.yaml"), "helm"),
    Format("langgraph", lambda path, data: path.endswith("langgraph.json"), "langgraph", "read_langgraph"),
    Format("cloud-run", _ending(_DATA, b"serving.knative.dev"), "knative"),
    Format("cloudformation", _ending((*_DATA, ".template"), b"Resources", b"AWS::"), "aws", "read_templates"),
    Format("ecs", _is_ecs, "aws", "read_ecs"),
    Format("serverless", _named("serverless.yml", "serverless.yaml"), "aws", "read_serverless"),
    Format("terraform", _ending((".tf", ".tfvars")), "terraform"),
    Format("fly", lambda path, data: re.search(r"fly[\w.-]*\.toml\Z", path) is not None, "fly", "read_fly"),
    Format("render", _named("render.yaml", "render.yml"), "render", "read_render"),
    Format("railway", _named("railway.json", "railway.toml"), "railway", "read_railway"),
    Format("app-engine", _ending(_YAML, b"runtime:"), "appengine", "read_app_engine"),
    Format("bicep", _ending((".bicep",)), "azure", "read_bicep"),
    Format("container-apps", _ending(_DATA, b"icrosoft.App/containerApps"), "azure", "read_manifests"),
    Format("systemd", _ending((".service",), b"ExecStart"), "hosts", "read_systemd"),
    Format("supervisor", _is_supervisor, "hosts", "read_supervisor"),
    Format("nomad", _ending((".nomad", ".nomad.hcl", ".hcl"), b"job", b"group"), "nomad", "read_nomad"),
    Format("vercel", _named("vercel.json"), "vercel", "read_vercel"),
)
"""Those that name an image or a command of their own."""

LAST: tuple[Format, ...] = (
    Format("docker", lambda path, data: is_dockerfile(path), "standalone", "read_dockerfiles"),
    Format("uwsgi", _ending((".ini",), b"[uwsgi]"), "hosts", "read_uwsgi"),
    Format("script", _is_start_script, "standalone", "read_scripts"),
)
"""Those that may be part of another deployment."""
