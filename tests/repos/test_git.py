"""A commit as a place: what is read of it, and what a hostile repository cannot make git do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lcmemlint.config import Config
from lcmemlint.errors import RepositoryError
from lcmemlint.facts import Problem
from lcmemlint.places import LARGEST, Disk
from lcmemlint.repos import git
from lcmemlint.repos.git import Commit, commit_of, is_repository
from lcmemlint.repos.results import Task
from lcmemlint.repos.scan import scan_here
from lcmemlint.sources import walk
from tests.repos.forge import LEAKY, Forge


def task(folder: Path) -> Task:
    return Task("it", str(folder), commit_of(folder))


def test_a_commit_is_read_as_a_checkout_of_it_is(forge: Forge) -> None:
    """
    The same files with the same bytes: ignored and excluded ones are left out, links are followed inside.
    """
    folder = forge.make("shop", app_py=LEAKY, _gitignore="gen.py\n")
    for path in ("sub/real.py", "build/b.py", "env/pyvenv.cfg", "env/c.py", "sub/deep/a.py", "Dockerfile"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"# {path}\n")
    for name, target in (
        ("alias.py", "sub/real.py"),
        ("out.py", "/etc/passwd"),
        ("up.py", "../x.py"),
        ("me.py", "me.py"),
    ):
        (folder / name).symlink_to(target)
    (folder / "folder.py").symlink_to("sub")
    (folder / "through.py").symlink_to("folder.py/deep/../real.py")
    forge.commit(folder)

    with Commit(forge.bare(folder, "shop.git"), commit_of(folder)) as commit:
        found = walk(commit, Config())
        expected = walk(Disk(folder), Config())

        assert (
            found.python
            == expected.python
            == ("alias.py", "app.py", "sub/deep/a.py", "sub/real.py", "through.py")
        )
        assert found.manifests == expected.manifests == ("Dockerfile",)
        for path in (*found.python, *found.manifests):
            assert commit.read(path) == Disk(folder).read(path)
            assert commit.size(path) == Disk(folder).size(path)
        assert isinstance(commit.read("out.py"), Problem)


def test_what_is_not_committed_is_not_read(forge: Forge) -> None:
    """
    The work tree may be dirty, at another commit, or gone.
    """
    folder = forge.make("shop", app_py=LEAKY)
    (folder / "app.py").write_text("x = 1\n")
    (folder / "new.py").write_text(LEAKY)

    assert [one["path"] for one in scan_here(task(folder)).findings] == ["app.py"]


def test_an_older_revision_is_read_as_it_was(forge: Forge) -> None:
    """
    A branch, a tag, a short name: whatever git knows a commit by.
    """
    folder = forge.make("shop", app_py=LEAKY)
    forge.git(folder, "tag", "v1")
    (folder / "app.py").write_text("x = 1\n")
    forge.commit(folder)

    assert commit_of(folder, "v1") == commit_of(folder, "HEAD~1") != commit_of(folder)
    assert scan_here(Task("it", str(folder), commit_of(folder, "v1"))).rules == {"LCM106": 1}


def test_a_submodule_is_another_repository(forge: Forge) -> None:
    """
    Its commit is in no object store of ours.
    """
    folder = forge.make("shop", app_py=LEAKY)
    forge.git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    forge.git(folder, "commit", "-q", "-m", "vendor")

    assert scan_here(task(folder)).rules == {"LCM106": 1}


@pytest.mark.parametrize(
    ("revision", "told"),
    [("nowhere", "has no commit `nowhere`"), ("--help", "is not a revision"), ("", "is not a")],
)
def test_a_revision_that_is_none_is_told(forge: Forge, revision: str, told: str) -> None:
    """
    One line, and nothing of it is taken for an option.
    """
    folder = forge.make("shop", app_py=LEAKY)

    with pytest.raises(RepositoryError, match=told):
        commit_of(folder, revision)


def test_a_folder_that_is_no_repository_is_told(forge: Forge) -> None:
    """
    A repository around it is not taken for it.
    """
    folder = forge.make("shop", app_py=LEAKY)
    (folder / "sub").mkdir()

    assert not is_repository(folder / "sub")
    with pytest.raises(RepositoryError, match="is not a git repository"):
        commit_of(folder / "sub")
    with pytest.raises(RepositoryError, match="no such folder"):
        commit_of(folder / "gone")


def lose(folder: Path, path: str) -> None:
    """Take the content of a file out of a repository that still names it."""
    blob = Forge(folder).git(folder, "rev-parse", f"HEAD:{path}")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def test_a_lost_object_costs_its_file_and_is_told(forge: Forge) -> None:
    """
    As a file of the disk that cannot be read.
    """
    folder = forge.make("shop", app_py=LEAKY, other_py="x = 1\n")
    lose(folder, "other.py")

    result = scan_here(task(folder))

    assert (result.status, result.rules) == ("scanned", {"LCM106": 1})
    assert result.problems == ("other.py: cannot be read: this clone does not have its content",)


def test_a_clone_without_contents_is_no_clean_repository(forge: Forge) -> None:
    """
    A partial clone has the names of all files and the content of none.
    """
    folder = forge.make("shop", app_py=LEAKY)
    lose(folder, "app.py")

    result = scan_here(task(folder))

    assert result.status == "failed"
    assert result.error.startswith("none of its Python files can be read; if this is a partial clone")


def test_a_large_file_is_a_problem_and_not_read(forge: Forge) -> None:
    """
    As on the disk.
    """
    folder = forge.make("shop", app_py=LEAKY)
    (folder / "data.py").write_bytes(b"#" * (LARGEST + 1))
    forge.commit(folder)

    result = scan_here(task(folder))

    assert result.rules == {"LCM106": 1}
    assert result.problems == ("data.py: is 10 MB, more than the 10 MB that are read; exclude it",)


def test_a_tree_without_end_is_given_up(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Folders that name each other ten times over hold more files than any disk.
    """
    monkeypatch.setattr(git, "MOST_FILES", 1000)
    folder = forge.make("bomb")
    entry = f"100644 blob {forge.git(folder, 'hash-object', '-w', '--stdin', stdin=b'x')}"
    for _ in range(8):
        rows = "".join(f"{entry}\tf{number}\n" for number in range(10))
        entry = f"040000 tree {forge.git(folder, 'mktree', stdin=rows.encode())}"
    tree = entry.split()[-1]
    commit = forge.git(folder, "commit-tree", "-m", "bomb", tree)

    assert "has more than 1,000 files" in scan_here(Task("it", str(folder), commit)).error


def test_names_that_climb_are_nobodys_files(forge: Forge) -> None:
    """
    git lets nobody check such a tree out; here it is just not there.
    """
    folder = forge.make("climb")
    blob = forge.git(folder, "hash-object", "-w", "--stdin", stdin=LEAKY.encode())
    raw = b"100644 app.py\0" + bytes.fromhex(blob)
    inner = forge.git(folder, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)
    raw = b"40000 ..\0" + bytes.fromhex(inner) + b"100644 app.py\0" + bytes.fromhex(blob)
    tree = forge.git(folder, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)
    commit = forge.git(folder, "commit-tree", "-m", "climb", tree)

    assert [one["path"] for one in scan_here(Task("it", str(folder), commit)).findings] == ["app.py"]


HOSTILE = """\
[core]
    repositoryformatversion = 1
    fsmonitor = {touch}
    hooksPath = {hooks}
    sshCommand = {touch}
    pager = {touch}
    editor = {touch}
    askPass = {touch}
    gitProxy = {touch}
    alternateRefsCommand = {touch}
    worktree = {hooks}
[extensions]
    partialClone = origin
[remote "origin"]
    url = ext::{touch}
    promisor = true
    uploadpack = {touch}
    vcs = ext
    partialclonefilter = blob:none
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[filter "evil"]
    clean = {touch}
    smudge = {touch}
    process = {touch}
    required = true
[diff "evil"]
    textconv = {touch}
    command = {touch}
[alias]
    rev-parse = !{touch}
    ls-tree = !{touch}
    cat-file = !{touch}
[credential]
    helper = {touch}
[pager]
    ls-tree = {touch}
"""


@pytest.mark.parametrize("lost", [False, True])
def test_a_hostile_repository_starts_nothing(forge: Forge, tmp_path: Path, lost: bool) -> None:
    """
    Neither its settings nor its hooks, filters and attributes run a program, not even for an object that is missing.
    """
    folder = forge.make("evil", app_py=LEAKY, _gitattributes="* filter=evil diff=evil\n")
    commit = commit_of(folder)
    marker, hooks = tmp_path / "executed", tmp_path / "hooks"
    hooks.mkdir()
    script = tmp_path / "touch.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    for name in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
        "pre-auto-gc",
    ):
        (hooks / name).symlink_to(script)
        (folder / ".git" / "hooks" / name).symlink_to(script)
    if lost:
        lose(folder, "app.py")
    (folder / ".git" / "config").write_text(HOSTILE.format(touch=script, hooks=hooks))

    result = scan_here(Task("it", str(folder), commit_of(folder)))

    assert (result.commit, result.status) == (commit, "failed" if lost else "scanned")
    assert result.rules == ({} if lost else {"LCM106": 1})
    assert not marker.exists()


def test_the_environment_leads_git_nowhere_else(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What a hook of git, in which we may run, sets for its own repository.
    """
    folder = forge.make("shop", app_py=LEAKY)
    other = forge.make("other", app_py="x = 1\n")
    expected = commit_of(folder)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", os.devnull)

    assert commit_of(folder) == expected
    assert scan_here(task(folder)).rules == {"LCM106": 1}
