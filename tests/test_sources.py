"""Files of a project: which there are, what they are for, and what is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lcmemlint.config import Config
from lcmemlint.errors import UsageError
from lcmemlint.facts import Problem
from lcmemlint.places import LARGEST, Disk
from lcmemlint.sources import (
    UnreadableText,
    decode,
    looks_like_manifest,
    manifest_paths,
    project_root,
    relative,
    roles_of,
    text_of,
    walk,
)


def tree(root: Path, *paths: str, **texts: str) -> Path:
    """A folder with these files; empty, unless `texts` says otherwise."""
    for path in paths:
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(texts.get(path, ""), encoding="utf-8")
    return root


def ignored(root: Path, text: str, folder: str = "") -> None:
    """Write a `.gitignore`."""
    (root / folder / ".gitignore").write_text(text, encoding="utf-8")


def test_one_walk_lists_everything_sorted(tmp_path: Path) -> None:
    """
    Python files, notebooks and manifests; nothing else.
    """
    root = tree(tmp_path, "b.py", "a/z.py", "a/n.ipynb", "Dockerfile", "k8s/web.yaml", "readme.md", "x.pyc")

    found = walk(Disk(root), Config())

    assert found.python == ("a/z.py", "b.py")
    assert found.notebooks == ("a/n.ipynb",)
    assert found.manifests == ("Dockerfile", "k8s/web.yaml")
    assert manifest_paths(root, Config()) == found.manifests


@pytest.mark.parametrize(
    "folder", [".venv", "node_modules", "build", "x/site-packages", "a/__pycache__", "my.egg-info"]
)
def test_folders_without_own_source_are_left_out(folder: str, tmp_path: Path) -> None:
    """
    Nobody wants findings in installed packages.
    """
    root = tree(tmp_path, "app.py", f"{folder}/lib.py")

    assert walk(Disk(root), Config()).python == ("app.py",)


def test_a_virtual_environment_of_any_name_is_left_out(tmp_path: Path) -> None:
    """
    `env311/` is one if it says so.
    """
    root = tree(tmp_path, "app.py", "env311/pyvenv.cfg", "env311/lib/x.py")

    assert walk(Disk(root), Config()).python == ("app.py",)


def test_gitignore_is_honoured_nested_and_negated(tmp_path: Path) -> None:
    """
    The nearest file that has an opinion decides, as in git.
    """
    root = tree(
        tmp_path, "app.py", "gen_a.py", "sub/gen_b.py", "sub/keep/gen_c.py", "sub/own.py", "data/d.py"
    )
    ignored(root, "gen_*.py\n/data/\n")
    ignored(root, "!gen_c.py\n/own.py\n", "sub")

    assert walk(Disk(root), Config()).python == ("app.py", "sub/keep/gen_c.py")
    assert len(walk(Disk(root), Config(respect_gitignore=False)).python) == 6


def test_gitignore_above_the_root_counts(tmp_path: Path) -> None:
    """
    A project in a folder of a repository is under the repository's `.gitignore` too.
    """
    repository = tree(tmp_path, ".git/HEAD", "shop/app.py", "shop/gen.py", "other/gen.py")
    ignored(repository, "/shop/gen.py\n")

    assert walk(Disk(repository / "shop"), Config()).python == ("app.py",)


def test_a_root_that_is_itself_ignored_is_looked_at(tmp_path: Path) -> None:
    """
    Whoever asks for an ignored folder means it.
    """
    repository = tree(tmp_path, ".git/HEAD", "scratch/app.py")
    ignored(repository, "scratch/\n")

    assert walk(Disk(repository / "scratch"), Config()).python == ("app.py",)


def test_a_gitignore_that_git_could_not_read_either(tmp_path: Path) -> None:
    """
    Bytes that are no text and lines that are no pattern count for nothing; the other lines count.
    """
    root = tree(tmp_path, "app.py", "gen.py")
    (root / ".gitignore").write_bytes(b"\xff\xfe\n!\ngen.py\n")

    assert walk(Disk(root), Config()).python == ("app.py",)


def test_own_excludes(tmp_path: Path) -> None:
    """
    `exclude` takes the place of the default folders, `extend-exclude` is added to them.
    """
    root = tree(tmp_path, "app.py", "build/b.py", "old/c.py", ".git/x.py")

    assert walk(Disk(root), Config(extend_exclude=("old/",))).python == ("app.py",)
    assert walk(Disk(root), Config(exclude=("old/",))).python == ("app.py", "build/b.py")


def test_what_is_named_is_looked_at(tmp_path: Path) -> None:
    """
    A file or folder that the user names is neither excluded nor ignored.
    """
    root = tree(tmp_path, "app.py", "build/b.py", "gen.py", "gen2.py")
    ignored(root, "gen*.py\n")

    assert walk(Disk(root), Config(), named=["gen.py", "build"]).python == ("app.py", "build/b.py", "gen.py")


def test_links_and_pipes(tmp_path: Path) -> None:
    """
    Linked folders are not followed, links that lead out are not read, pipes never block.
    """
    outside = tree(tmp_path / "outside", "secret.py", "pkg/x.py")
    root = tree(tmp_path / "project", "app.py", "sub/real.py")
    (root / "alias.py").symlink_to(root / "sub" / "real.py")
    (root / "leak.py").symlink_to(outside / "secret.py")
    (root / "dangling.py").symlink_to(root / "nowhere.py")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "pkg").symlink_to(outside / "pkg", target_is_directory=True)
    os.mkfifo(root / "pipe.py")

    assert walk(Disk(root), Config()).python == ("alias.py", "app.py", "sub/real.py")
    assert isinstance(Disk(root).read("pipe.py"), Problem)


def test_a_name_that_is_no_utf8_is_skipped(tmp_path: Path) -> None:
    """
    It could be in no import, and in no report.
    """
    root = tree(tmp_path, "app.py")
    with open(os.fsencode(root) + b"/\xff.py", "wb"):
        pass

    assert walk(Disk(root), Config()).python == ("app.py",)


@pytest.mark.parametrize(
    ("path", "is_manifest"),
    [
        ("docker-compose.yml", True),
        ("deploy/web.Dockerfile", True),
        ("Dockerfile.prod", True),
        ("Procfile", True),
        ("infra/main.tf", True),
        ("langgraph.json", True),
        ("overlays/prod/Kustomization", True),
        ("build/rules.mk", True),
        ("GNUmakefile", True),
        ("start.bash", True),
        ("stack.template", True),
        ("conf/app.env", True),
        ("uv.lock", True),
        ("requirements/base.txt", True),
        ("dev-requirements.in", True),
        ("notes.txt", False),
        ("gunicorn.conf.py", False),
        ("README.md", False),
    ],
)
def test_manifests(path: str, is_manifest: bool) -> None:
    """
    Whatever may say how many processes run.
    """
    assert looks_like_manifest(path) == is_manifest


def test_the_root_is_the_nearest_marked_folder(tmp_path: Path) -> None:
    """
    `lcmemlint.toml`, `[tool.lcmemlint]` and `.git` mark it, else a pyproject.toml does.
    """
    root = tree(
        tmp_path, "repo/.git/HEAD", "repo/svc/pyproject.toml", "repo/svc/app/main.py", "repo/own/x/y.py"
    )
    tree(root, "plain/pyproject.toml", "plain/src/a.py", "bare/src/b.py")
    (root / "repo/own/lcmemlint.toml").write_text("strict = true\n")

    assert project_root([root / "repo/svc/app/main.py"]) == root / "repo"
    assert project_root([root / "repo/own/x/y.py"]) == root / "repo/own"
    assert project_root([root / "repo/own/x", root / "repo/svc"]) == root / "repo"
    assert project_root([root / "plain/src/a.py"]) == root / "plain"


def test_relative_paths(tmp_path: Path) -> None:
    """
    With `/`, and never out of the root.
    """
    assert relative(tmp_path, tmp_path / "a" / ".." / "b.py") == "b.py"
    assert relative(tmp_path, tmp_path) == ""
    with pytest.raises(UsageError, match="is not inside the project root"):
        relative(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("app/main.py", "app"),
        ("tests/helper.py", "test"),
        ("app/test_main.py", "test"),
        ("app/main_test.py", "test"),
        ("conftest.py", "test"),
        ("alembic/versions/001.py", "migration"),
        ("shop/migrations/0001_initial.py", "migration"),
        ("scripts/load.py", "script"),
        ("work/explore.ipynb", "notebook"),
        ("app/testing_tools.py", "app"),
        ("contest.py", "app"),
        ("jobs/nightly.py", "script"),
        ("checks/a.py", "test"),
        ("checks/not_a_check.py", "app"),
    ],
)
def test_roles(path: str, role: str) -> None:
    """
    The user's word comes first, then folders and names.
    """
    config = Config(
        roles=(("jobs/**", "script"), ("checks/not_*.py", "app")),
        test_paths=("checks/",),
    )

    assert roles_of([path], config)[path] == role


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\r\ny = 2\r", ("x = 1\r\ny = 2\r", "utf-8", False)),
        (b"\xef\xbb\xbfx = 1\n", ("x = 1\n", "utf-8", True)),
        (b"\xef\xbb\xbf# coding: utf-8\n", ("# coding: utf-8\n", "utf-8", True)),
        (
            b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
            ("# -*- coding: latin-1 -*-\nx = 'é'\n", "iso-8859-1", False),
        ),
        (
            "# vim: fileencoding=cp1252\n'€'\n".encode("cp1252"),
            ("# vim: fileencoding=cp1252\n'€'\n", "cp1252", False),
        ),
        (b"", ("", "utf-8", False)),
    ],
)
def test_text_is_read_as_python_reads_it(data: bytes, expected: tuple[str, str, bool]) -> None:
    """
    PEP 263 and byte order marks; newlines stay as they are.
    """
    assert decode(data) == expected


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"x = 1\ny = '\xff'\n", "line 2 is not utf-8"),
        (b"# coding: klingon\n", "unknown encoding: klingon"),
        (b"# coding: rot13\nx\n", "not a text encoding"),
        (b"# coding: base64\nx\n", "not a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem"),
    ],
)
def test_what_is_no_text_is_one_line(data: bytes, told: str) -> None:
    """
    Neither a traceback nor two lines.
    """
    with pytest.raises(UnreadableText, match=told) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_a_binary_file_says_so() -> None:
    """
    A NUL byte is in no source file.
    """
    problem = text_of(b"\x7fELF\x00\x00")

    assert isinstance(problem, Problem)
    assert problem.message == "is not text: it has a NUL byte at offset 4"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """
    Generated data would hold up the run.
    """
    with open(tmp_path / "big.py", "wb") as file:
        file.truncate(LARGEST + 1)

    problem = Disk(tmp_path).read("big.py")

    assert isinstance(problem, Problem)
    assert "more than the 10 MB" in problem.message


def test_a_file_that_went_away_is_a_problem(tmp_path: Path) -> None:
    """
    Between the walk and the reading, anything may happen.
    """
    problem = Disk(tmp_path).read("gone.py")

    assert isinstance(problem, Problem)
    assert problem.message == "cannot be read: No such file or directory"
