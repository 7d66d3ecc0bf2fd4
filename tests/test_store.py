"""What runs keep on disk: the same report from it, whatever happens to it, and nothing read twice."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lcmemlint import store, workers
from lcmemlint.config import Config
from lcmemlint.engine import analysing
from lcmemlint.places import Disk
from lcmemlint.reports import Report
from lcmemlint.run import lint
from lcmemlint.scan import scan
from lcmemlint.shelf import dump, load
from lcmemlint.store import KINDS, TAG, Store, default_folder

ROOT = Path(__file__).resolve().parents[1]

APP = """\
from fastapi import FastAPI
from memories import memory_of
from langchain.chains import ConversationChain

app = FastAPI()


@app.post("/chat/{user_id}")
def chat(user_id: str, text: str):
    return ConversationChain(llm=None, memory=memory_of(user_id)).predict(input=text)
"""
MEMORIES = """\
from langchain.memory import ConversationBufferMemory


def memory_of(user_id):
    return ConversationBufferMemory()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a fault in a second file, and a file that has nothing to do with us; all of them old."""
    folder = tmp_path / "project"
    folder.mkdir()
    write(folder / "app.py", APP)
    write(folder / "memories.py", MEMORIES)
    write(folder / "other.py", "import json\n")
    write(folder / "pyproject.toml", "")
    return folder


@pytest.fixture(autouse=True)
def _quick_ageing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are old enough at once: the test of young ones says so itself."""
    monkeypatch.setattr(store, "_YOUNG", 0)


@pytest.fixture
def cache(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "cache")


def write(path: Path, text: str) -> None:
    """A file that was there for a while."""
    path.write_text(text)
    os.utime(path, (1_000_000_000, 1_000_000_000 + len(text)))


def linted(root: Path, cache: Store | None, config: Config | None = None) -> Report:
    """The report of a run; a new store object, as in a new process."""
    return lint([root], config=config or Config(), root=root, store=cache and Store(cache.folder))


def counted(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """The files that are read, and the texts that are scanned, from now on."""
    reads: list[str] = []
    scans: list[str] = []
    read, scan_all = Disk.read, workers.scan_all

    def noted_read(self: Disk, path: str) -> object:
        reads.append(path)
        return read(self, path)

    def noted_scan(texts: dict[str, str], who: workers.Workers) -> object:
        scans.extend(texts)
        return scan_all(texts, who)

    monkeypatch.setattr(Disk, "read", noted_read)
    monkeypatch.setattr(analysing, "scan_all", noted_scan)
    return reads, scans


def test_the_report_is_the_same_from_the_store(root: Path, cache: Store) -> None:
    """
    Without a store, with an empty one, with a full one.
    """
    plain = linted(root, None)

    assert [finding.code for finding in plain.findings] == ["LCM101"]
    assert linted(root, cache) == plain
    assert linted(root, cache) == plain


def test_an_unchanged_tree_is_not_read(root: Path, cache: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of an unchanged tree only the files that the report shows lines of are read; none is scanned.
    """
    linted(root, cache)
    reads, scans = counted(monkeypatch)
    linted(root, cache)

    assert sorted(reads) == ["app.py", "memories.py"]
    assert scans == []


def test_one_changed_file_is_read_and_scanned_alone(
    root: Path, cache: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The others are known from their stat data, and their facts from the store.
    """
    linted(root, cache)
    write(root / "memories.py", f"# changed\n{MEMORIES}")
    reads, scans = counted(monkeypatch)
    found = linted(root, cache)

    assert scans == ["memories.py"]
    assert "other.py" not in reads
    assert found == linted(root, None)


def test_a_touched_file_is_read_and_not_scanned(
    root: Path, cache: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A checkout gives files new times; facts go by their bytes.
    """
    linted(root, cache)
    os.utime(root / "memories.py", (1, 1))
    _, scans = counted(monkeypatch)
    linted(root, cache)

    assert scans == []


@pytest.mark.parametrize(
    "change",
    [
        lambda root: write(root / "memories.py", "def memory_of(user_id): return None\n"),
        lambda root: write(root / "new.py", f"{MEMORIES}\nprint(1)\n"),
        lambda root: (root / "memories.py").unlink(),
        lambda root: (root / ".gitignore").write_text("memories.py\n"),
        lambda root: write(root / "Dockerfile", 'CMD ["gunicorn", "-w", "4", "app:app"]\n'),
        lambda root: (root / "app.py").write_bytes(b"\0"),
        lambda root: os.replace(root / "other.py", root / "memories.py"),
    ],
)
def test_every_change_is_seen(root: Path, cache: Store, change: Callable[[Path], object]) -> None:
    """
    Edits, new files, deletions, ignored files, manifests.
    """
    linted(root, cache)
    change(root)

    assert linted(root, cache) == linted(root, None)


def test_a_file_with_the_same_size_and_time_is_told_by_its_change_time(root: Path, cache: Store) -> None:
    """
    `cp -p` and formatters put old times back; the inode's own time they cannot.
    """
    linted(root, cache)
    before = (root / "memories.py").stat()
    (root / "memories.py").write_text(
        MEMORIES.replace("ConversationBufferMemory", "Conversation_Buffer_Memo")
    )
    os.utime(root / "memories.py", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert (root / "memories.py").stat().st_size == before.st_size
    assert linted(root, cache) == linted(root, None)


def test_a_file_that_is_changed_twice_in_a_moment_is_compared_by_its_bytes(
    root: Path, cache: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Within the resolution of time stamps, stat data may stay the same.
    """
    monkeypatch.setattr(store, "_YOUNG", 10**18)
    monkeypatch.setattr("lcmemlint.recall.stat_of", lambda root, path: (1, time.time_ns() // 10**15, 1, 1))
    monkeypatch.setattr("lcmemlint.shelf.stat_of", lambda root, path: (1, 1, 1, 1))
    monkeypatch.setattr("lcmemlint.recall.is_young", lambda found, now: True)
    monkeypatch.setattr("lcmemlint.shelf.is_young", lambda found, now: True)
    linted(root, cache)
    write(root / "memories.py", MEMORIES.replace("return Conv", "return Conv".lower()))

    assert linted(root, cache) == linted(root, None)


def test_settings_are_part_of_the_key(root: Path, cache: Store) -> None:
    """
    Other rules, other severities: another report.
    """
    linted(root, cache)
    config = Config(ignore=("LCM1",))

    assert linted(root, cache, config) == linted(root, None, config)
    assert linted(root, cache, config).findings == ()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-7]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"1", b"2")),
        lambda path: path.write_bytes(os.urandom(500)),
        lambda path: as_folder(path),
        lambda path: as_pipe(path),
        lambda path: as_link(path),
        lambda path: path.write_bytes(signed(b"[1,2")),
        lambda path: path.write_bytes(signed(b'[4,"os.system",["x"]]')),
        lambda path: path.write_bytes(signed(b'{"names":[],"files":{"../../x":[[1,1,1,1],"",[7],[],0]}}')),
        lambda path: path.write_bytes(signed(b"[0,[0],[0],[0]]")),
        lambda path: path.write_bytes(signed(b"[" * 100_000)),
    ],
)
def test_spoilt_entries_count_as_absent(root: Path, cache: Store, spoil: Callable[[Path], object]) -> None:
    """
    Cut off, garbled, replaced by a pipe or a link, or written by somebody who knows the format.
    """
    linted(root, cache)
    for path in entries(cache):
        spoil(path)

    assert linted(root, cache) == linted(root, None)


def as_folder(path: Path) -> None:
    """What no program of ours made."""
    path.unlink()
    path.mkdir()


def as_link(path: Path) -> None:
    """A way out of the cache."""
    path.unlink()
    path.symlink_to("/etc/passwd")


def as_pipe(path: Path) -> None:
    """Nobody writes into it: reading it would never end."""
    path.unlink()
    os.mkfifo(path)


def signed(text: bytes) -> bytes:
    """A text with the sum of an entry of ours."""
    return hashlib.blake2b(text, digest_size=16).hexdigest().encode() + b"\n" + text


def entries(cache: Store) -> list[Path]:
    """The files of all entries."""
    return [path for kind in KINDS for path in sorted((cache.folder / kind).rglob("*.json"))]


def test_a_report_that_names_files_elsewhere_shows_none_of_their_lines(root: Path, cache: Store) -> None:
    """
    Whoever can write into the cache learns nothing through the report.
    """
    linted(root, cache)
    report = next(path for path in entries(cache) if path.parent.parent.name == "reports")
    text = report.read_bytes().partition(b"\n")[2].replace(b'"memories.py"', b'"../../../etc/passwd"')
    report.write_bytes(signed(text))

    assert all("root:" not in line for lines in linted(root, cache).lines.values() for line in lines)


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(root: Path, tmp_path: Path) -> None:
    """
    A file in its place, a folder of somebody else's.
    """
    (tmp_path / "file").write_text("")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "mine.txt").write_text("")

    assert linted(root, Store(tmp_path / "file" / "below")) == linted(root, None)
    assert linted(root, Store(foreign)) == linted(root, None)
    assert [path.name for path in foreign.iterdir()] == ["mine.txt"]


def test_a_full_disk_costs_nothing_but_time(
    root: Path, cache: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    No half an entry stays behind.
    """

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lcmemlint.store.os.replace", full)

    assert linted(root, cache) == linted(root, None)
    assert [path for kind in KINDS for path in (cache.folder / kind).rglob("*") if path.is_file()] == []


def test_many_runs_share_a_store(root: Path, cache: Store) -> None:
    """
    Entries are replaced whole: nobody reads half of one.
    """
    plain = linted(root, None)
    found: list[Report] = []
    threads = [
        threading.Thread(target=lambda: found.extend(linted(root, cache) for _ in range(5))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 20
    assert all(one == plain for one in found)


def test_the_folder_says_what_it_is(root: Path, cache: Store) -> None:
    """
    Git leaves it alone, backups do, and so does our own walk if it lies in the project.
    """
    inside = Store(root / "kept")
    linted(root, inside)
    (inside.folder / "hidden.py").write_text("import langchain\n")

    assert (inside.folder / ".gitignore").read_text() == "*\n"
    assert (inside.folder / TAG).read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert linted(root, inside).files == 3
    assert linted(root, inside, Config(respect_gitignore=False)).files == 3


def test_clear_deletes_entries_and_nothing_else(root: Path, cache: Store, tmp_path: Path) -> None:
    """
    A folder that is not ours stays as it is, and so does whatever else lies in ours.
    """
    linted(root, cache)
    (cache.folder / "notes.txt").write_text("")
    number = len(entries(cache))

    assert number > 3
    assert Store(cache.folder).clear() == number
    assert sorted(path.name for path in cache.folder.iterdir()) == [".gitignore", TAG, "notes.txt"]
    (root / "facts" / "ab").mkdir(parents=True)
    (root / "facts" / "ab" / "mine.json").write_text("")
    assert Store(root).clear() == 0
    assert (root / "facts" / "ab" / "mine.json").exists()


def test_entries_that_nobody_reads_are_dropped_after_a_month(root: Path, cache: Store) -> None:
    """
    Once a day a run tidies up; what a killed run left behind goes too.
    """
    linted(root, cache)
    old, *kept = entries(cache)
    left = old.with_name(".1-2.tmp")
    left.write_text("")
    for path in (old, left, cache.folder / TAG):
        os.utime(path, (1, 1))
    Store(cache.folder).put("facts", "ab", b"x")

    assert not old.exists()
    assert not left.exists()
    assert all(path.exists() for path in kept)


def test_facts_go_through_the_store(cache: Store) -> None:
    """
    Equal afterwards; those of a broken text are not kept, since another parser may read it.
    """
    facts = scan(APP)
    cache.keep_facts("a", facts)
    cache.keep_facts("b", scan("def ("))

    assert Store(cache.folder).facts("a") == facts
    assert Store(cache.folder).facts("b") is None


def test_a_shelf_survives_its_file() -> None:
    """
    What is read is what was written; whatever else stands there is nothing.
    """
    assert load(b"") == {}
    assert load(json.dumps({"names": 1, "files": {"a": []}}).encode()) == {}
    assert load(dump({})) == {}


def test_the_default_folder_follows_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The user's own word first, then XDG's, then the place where caches go.
    """
    monkeypatch.setattr("lcmemlint.store.sys.platform", "linux")
    assert default_folder() == Path(os.environ["LCMEMLINT_CACHE_DIR"])
    monkeypatch.delenv("LCMEMLINT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/some/where")
    assert default_folder() == Path("/some/where/lcmemlint")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert default_folder() == Path("/home/me/.cache/lcmemlint")
    monkeypatch.setattr("lcmemlint.store.sys.platform", "darwin")
    assert default_folder() == Path("/home/me/Library/Caches/lcmemlint")
    monkeypatch.setattr("lcmemlint.store.sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/data")
    assert default_folder() == Path("/data/lcmemlint/Cache")


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command, and the modules that it loaded itself (what measures coverage has loaded some before)."""
    code = (
        f"import sys\nbefore = set(sys.modules)\nfrom lcmemlint.cli import main\n"
        f"try: main(['--no-config', '--root', {str(root)!r}, *{list(options)!r}])\n"
        f"except SystemExit: pass\nprint(*set(sys.modules) - before, file=sys.stderr)"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_warm_run_loads_no_parser(root: Path) -> None:
    """
    What was found once is told again without libcst, yaml, or the linker.
    """
    cold = run(root)
    warm = run(root)
    loaded = set(warm.stderr.split())

    assert "LCM101" in warm.stdout
    assert warm.stdout == cold.stdout
    assert not {"libcst", "yaml", "lcmemlint.link.project", "lcmemlint.engine"} & loaded


def test_a_run_after_an_edit_loads_what_it_needs(root: Path, tmp_path: Path) -> None:
    """
    One file of a project without manifests has changed: no TOML is parsed, no fix and no reader of manifests loaded.
    """
    (root / "pyproject.toml").unlink()
    run(root, "--cache-dir", str(tmp_path / "cache"))
    write(root / "memories.py", MEMORIES + "\n# edited\n")

    after = run(root, "--cache-dir", str(tmp_path / "cache"))

    loaded = set(after.stderr.split())
    assert "LCM101" in after.stdout
    assert "lcmemlint.link.project" in loaded
    assert not {"libcst", "yaml", "tomllib", "tomli", "pathspec", "difflib"} & loaded
    assert not {"lcmemlint.fixes", "lcmemlint.deploy.reading", "lcmemlint.cli.fix", "lcmemlint.map"} & loaded


def test_the_command_obeys_its_options(root: Path, tmp_path: Path) -> None:
    """
    `--no-cache` leaves nothing, `--cache-dir` says where, `--clear-cache` empties it.
    """
    usual = default_folder()
    run(root, "--no-cache")
    assert not any(usual.iterdir())
    run(root, "--cache-dir", str(tmp_path / "own"))
    assert not any(usual.iterdir())
    assert entries(Store(tmp_path / "own"))
    told = run(root, "--cache-dir", str(tmp_path / "own"), "--clear-cache")
    assert "Deleted" in told.stderr
    assert not entries(Store(tmp_path / "own"))
