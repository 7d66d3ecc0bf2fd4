"""Coverage-guided bytes for the readers of manifests and settings: `python -m tests.fuzz.guided -runs=100000 CORPUS`.

Needs atheris. CORPUS is a folder for inputs that reached new code; it starts with the manifests of the rule pages. The
first byte of an input chooses the file's name, the others are its text. Options are libFuzzer's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["lcmemlint.deploy", "lcmemlint.config", "lcmemlint.settings"]):
    from tests.fuzz.manifests import APP, NAMES, SETTINGS, examine_manifest, known

FILES: Final = (
    *SETTINGS,
    *NAMES,
    "langgraph.json",
    "chart/Chart.yaml",
    "setup.cfg",
    "supervisord.conf",
    "serverless.yml",
)


def one_input(data: bytes) -> None:
    """Examine a project with one manifest."""
    if data:
        examine_manifest({"app.py": APP, FILES[data[0] % len(FILES)]: data[1:]})


def sow(corpus: Path) -> None:
    """Whole manifests as first inputs."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, (name, data) in enumerate(known("")):
        place = FILES.index(name) if name in FILES else number % len(FILES)
        (corpus / f"page-{number}").write_bytes(bytes([place]) + data)


def main() -> None:
    """Fuzz until the options say stop, or an input breaks something."""
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            sow(Path(argument))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
