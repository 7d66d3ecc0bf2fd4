"""The terminal output in README is what the command really prints. `python tests/test_readme.py` rewrites it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
EXAMPLE = "examples/fastapi_three_files"
MARKED = re.compile(r"(?<=<!-- output -->\n).*?(?=<!-- /output -->)", re.DOTALL)


def printed() -> str:
    """What a reader sees who runs the command in the example's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "lcmemlint", "--root", "."],
        cwd=ROOT / EXAMPLE,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return f"```console\n$ cd {EXAMPLE} && lcmemlint --root .\n{done.stdout.rstrip()}\n```\n"


def test_the_output_in_the_readme_is_real() -> None:
    """
    A change of the report changes the README with it.
    """
    shown = MARKED.search(README.read_text(encoding="utf-8"))

    assert shown is not None
    assert shown.group() == printed()


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    output = printed()
    README.write_text(MARKED.sub(lambda _: output, text), encoding="utf-8")
