"""The check of public packages, without the packages."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.ecosystem.__main__ import PACKAGES, differences, golden, look, pinned, unpack

ROOT = Path(__file__).resolve().parents[2]


def test_every_package_is_pinned_by_its_bytes_and_has_a_golden() -> None:
    """
    Sixty of them, listed in order.
    """
    rows = [line for line in PACKAGES.read_text().splitlines() if not line.startswith("#")]

    assert len(pinned()) == len(rows) == 60
    assert all("==" in row and "--hash=sha256:" in row for row in rows)
    assert list(pinned()) == sorted(pinned())
    assert set(golden()) == {name.lower() for name in pinned()}


def test_a_wheel_is_unpacked_and_nothing_leaves_the_folder(tmp_path: Path) -> None:
    """
    Names that lead elsewhere are left out.
    """
    with zipfile.ZipFile(tmp_path / "x-1-py3-none-any.whl", "w") as archive:
        for name in ("pkg/a.py", "../b.py", "/c.py", "pkg/../../d.py"):
            archive.writestr(name, "x = 1\n")

    unpack(tmp_path / "x-1-py3-none-any.whl", tmp_path / "trees" / "x-1")

    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.py"))
    assert found == ["trees/x-1/pkg/a.py"]


def test_what_is_kept_of_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The same each time; paths count from the tree.
    """
    monkeypatch.chdir(ROOT)
    tree = ROOT / "examples" / "fastapi_three_files"

    seen = look(tree)

    assert seen == look(tree)
    assert seen["findings"] == ["LCM401 Dockerfile:5", "LCM102 app/store.py:11"]
    assert seen["diff"] != ""


def test_differences_are_lines() -> None:
    """
    Findings by place; digests where no finding tells the difference.
    """
    old = {"a": {"files": 1, "findings": ["LCM101 x.py:1", "LCM101 x.py:1"], "report": "1", "diff": "1"}}
    new = {"a": {"files": 1, "findings": ["LCM101 x.py:1", "LCM102 x.py:2"], "report": "2", "diff": "1"}}
    other = {"a": {**old["a"], "diff": "2"}}

    assert list(differences(old, old)) == []
    assert list(differences(old, new)) == ["a: - LCM101 x.py:1", "a: + LCM102 x.py:2"]
    assert list(differences(old, other)) == ["a: another diff: 1 -> 2"]
