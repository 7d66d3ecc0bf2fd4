"""What the linter says about public packages, beside what it said before: `make ecosystem`, `make ecosystem-update`.

The pinned packages are downloaded once into a folder outside of the tree and unpacked; nothing of them runs. Each is
linted and repaired (`--diff --unsafe-fixes`) twice, by processes that order sets differently: a difference between the
two is a defect, and so is a run that ends with 2. Then findings, and digests of reports and diffs, are compared with
`golden.json`; a change that means to change them writes it anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from click.testing import CliRunner

from lcmemlint.cli import main as lcmemlint

HERE: Final = Path(__file__).parent
PACKAGES: Final = HERE / "packages.txt"
GOLDEN: Final = HERE / "golden.json"
FOLDER: Final = Path(tempfile.gettempdir()) / "lcmemlint-ecosystem"
PURE: Final = (
    "--no-deps",
    "--only-binary",
    ":all:",
    "--platform",
    "any",
    "--implementation",
    "py",
    "--abi",
    "none",
)
"""The same files for every machine and every Python, and no build that would run code."""
LARGEST: Final = 2_000_000
SEEDS: Final = ("1", "2")

Seen: TypeAlias = dict[str, Any]
"""What is kept of one package: findings, and digests of the whole report and of the diff."""


def pinned() -> dict[str, str]:
    """Name → version, as they are listed."""
    lines = [line.split()[0] for line in PACKAGES.read_text(encoding="utf-8").splitlines() if "==" in line]
    return {name: version for name, _, version in (line.partition("==") for line in lines)}


def fetch(folder: Path) -> dict[str, Path]:
    """The tree of each package, downloaded and unpacked if it is not there yet."""
    wheels = folder / "wheels"
    if {_key(wheel) for wheel in wheels.glob("*.whl")} != {
        (_normal(name), of) for name, of in pinned().items()
    }:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *PURE]
        command += ["--python-version", "3.12", "--ignore-requires-python", "--dest", str(wheels)]
        subprocess.run([*command, "--require-hashes", "--requirement", str(PACKAGES)], check=True)
    found = {}
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = _key(wheel)
        found[name] = folder / "trees" / f"{name}-{version}"
        if not found[name].exists():
            unpack(wheel, found[name])
    return {_normal(name): found[_normal(name)] for name in pinned()}


def _key(wheel: Path) -> tuple[str, str]:
    name, version = wheel.name.split("-")[:2]
    return _normal(name), version


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def unpack(wheel: Path, tree: Path) -> None:
    """The texts of a wheel as files below `tree`, all or none; what would lie elsewhere is left out."""
    new = tree.with_name(f".{tree.name}.{os.getpid()}")
    with zipfile.ZipFile(wheel) as archive:
        for one in archive.infolist():
            path = PurePosixPath(one.filename)
            if one.is_dir() or path.is_absolute() or ".." in path.parts or one.file_size > LARGEST:
                continue
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(one))
    new.rename(tree)


def look(tree: Path) -> Seen:
    """What the linter says of a tree. Raises `RuntimeError` if it cannot be trusted."""
    os.chdir(tree)  # paths in reports count from here
    with tempfile.TemporaryDirectory() as cache:
        common = ["--no-config", "--root", ".", "--cache-dir", cache]
        report = _told([*common, "--format", "json", "."])
        diff = _told([*common, "--diff", "--unsafe-fixes", "."])
    whole = json.loads(report)
    return {
        "files": whole["summary"]["files"],
        "findings": [f"{one['code']} {one['path']}:{one['line']}" for one in whole["findings"]],
        "report": _digest(json.dumps([whole["findings"], whole["problems"]], sort_keys=True)),
        "diff": _digest(diff) if diff else "",
    }


def _told(arguments: list[str]) -> str:
    done = CliRunner().invoke(lcmemlint, arguments)
    if done.exit_code not in (0, 1) or "internal error" in done.stderr:
        raise RuntimeError(f"{Path.cwd().name}: exit {done.exit_code}: {done.stderr.strip()[-500:]}")
    return done.stdout


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def look_at_all(trees: Mapping[str, Path], seed: str) -> dict[str, Seen]:
    """What a process with this order of sets says of all trees."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.ecosystem", "--trees"],
        input=json.dumps({name: str(tree) for name, tree in trees.items()}),
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=HERE.parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Seen] = json.loads(done.stdout)
    return found


def differences(old: Mapping[str, Seen], new: Mapping[str, Seen]) -> Iterator[str]:
    """A line for each finding that came or went, and for each package whose reports or diffs are others."""
    for name in sorted({*old, *new}):
        before, after = old.get(name, {}), new.get(name, {})
        had: Counter[str] = Counter(before.get("findings", ()))
        has: Counter[str] = Counter(after.get("findings", ()))
        yield from (f"{name}: - {one}" for one in sorted((had - has).elements()))
        yield from (f"{name}: + {one}" for one in sorted((has - had).elements()))
        for part in ("files", "report", "diff"):
            if before.get(part) != after.get(part) and (part == "files" or had == has):
                yield f"{name}: another {part}: {before.get(part)} -> {after.get(part)}"


def golden() -> dict[str, Seen]:
    """What was said before."""
    if not GOLDEN.exists():
        return {}
    found: dict[str, Seen] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Look at all packages and compare, or write the golden anew."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--update", action="store_true", help="write what is said now into the golden")
    parser.add_argument("--trees", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trees:
        trees = {name: Path(tree) for name, tree in json.load(sys.stdin).items()}
        print(json.dumps({name: look(tree) for name, tree in trees.items()}))
        return 0
    trees = fetch(options.folder)
    start = time.monotonic()
    seen, again = (look_at_all(trees, seed) for seed in SEEDS)
    odd = list(differences(seen, again))
    changes = list(differences(golden(), seen))
    if options.update and not odd:
        GOLDEN.write_text(json.dumps(seen, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(*(f"not the same twice: {line}" for line in odd), *changes, sep="\n")
    codes = Counter(one.split()[0] for of in seen.values() for one in of["findings"])
    listed = ", ".join(f"{code} {count}" for code, count in sorted(codes.items()))
    print(
        f"{len(seen)} packages, {sum(of['files'] for of in seen.values())} files, {codes.total()} findings ({listed})"
    )
    print(
        f"{len(odd)} not the same twice, {len(changes)} other than before, in {time.monotonic() - start:.0f} s"
    )
    return 1 if odd or (changes and not options.update) else 0


if __name__ == "__main__":
    sys.exit(main())
