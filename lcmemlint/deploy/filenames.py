"""Manifests that are known by their names."""

from __future__ import annotations

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def is_dockerfile(path: str) -> bool:
    """Whether the name is that of a Dockerfile."""
    name = path.rpartition("/")[2]
    lower = name.lower()
    if lower.endswith((".md", ".py", ".sh", ".txt", ".yml", ".yaml", ".json", ".j2", ".dockerignore")):
        return False
    return (
        name in ("Dockerfile", "Containerfile")
        or lower.startswith("dockerfile.")
        or lower.endswith(".dockerfile")
    )


def is_compose(path: str) -> bool:
    """Whether the name is that of a compose file."""
    name = path.rpartition("/")[2].lower()
    if not name.endswith((".yml", ".yaml")):
        return False
    return name.startswith(("docker-compose", "compose", "docker-stack", "stack")) or "compose" in name


def is_kustomization(path: str) -> bool:
    """Whether the file is a kustomization."""
    return path.rpartition("/")[2] in KUSTOMIZATIONS


def is_script(path: str) -> bool:
    """Whether the path is that of a shell script."""
    return path.endswith((".sh", ".bash")) or path.rpartition("/")[2] in ("entrypoint", "start", "run")
