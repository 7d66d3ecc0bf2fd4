"""Broken apps are repaired by the command itself, and then several real processes show what that was worth.

Every app is copied and *shown to fail*: what one process is told, another one does not know. After the repair two
processes know it, so do new ones after a restart, nobody else sees it, and fifty requests at once over twenty
conversations on four workers lose nothing and leak nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tests.proof.conftest import LangChain
from tests.proof.running import Launcher, Served, new_user, new_word, talk_at_once
from tests.proof.stores import absent

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class App:
    """A folder of `apps/`: where it takes requests, and what its repair needs."""

    name: str
    path: str = "/chat"
    unsafe: bool = False
    is_graph: bool = False
    """Of turns of one thread at the same time the last one wins, with every saver: its users wait for answers."""
    since: tuple[int, int] = (0, 1)
    before: Literal["forgets", "forgets on another host", "fails", "leaks", "leaks without an id"] = "forgets"
    """How it is broken."""
    findings: int = 1
    other_path: str = ""
    """Where the second process is asked, if not at the same place."""
    sends_id: bool = False
    """Who sends no id is given one."""
    stores: tuple[str, ...] = ("sqlite", "redis", "postgres")
    is_stored: bool = False
    """It has a store of its own before it is repaired."""
    keeps_pool: bool = False
    """It goes on with a pool that it opened while it was imported: psycopg's does not survive a fork (--preload)."""


APPS = (
    App("fastapi_buffer"),
    App("flask_buffer"),
    App("fastapi_window_async"),
    App("fastapi_llm_chain", "/chat/{user}"),
    App("fastapi_retrieval"),
    App("fastapi_agent_executor"),
    App("flask_summary", "/chat/{user}"),
    App("fastapi_summary_buffer"),
    App("fastapi_token_buffer"),
    App("fastapi_memories_dict"),
    App("fastapi_three_files", "/chat/{user}"),
    App("flask_histories"),
    App("fastapi_two_keys"),
    App("fastapi_manager_class"),
    App("fastapi_no_session", unsafe=True),
    App("fastapi_builder", "/chat/{user}", unsafe=True, findings=2),
    App("fastapi_one_chain", "/chat/{user}", unsafe=True, before="leaks"),
    App("flask_one_for_all", unsafe=True, before="leaks"),
    App("graph_module_level", unsafe=True, is_graph=True),
    App("graph_factory_async", unsafe=True, is_graph=True),
    App("graph_flask", unsafe=True, is_graph=True),
    App("graph_react_agent", "/chat/{user}", unsafe=True, is_graph=True),
    App("graph_agent", unsafe=True, is_graph=True, since=(1, 0)),
    App("graph_without_config", unsafe=True, is_graph=True, before="fails", findings=2),
    App("graph_store", unsafe=True, is_graph=True, stores=("sqlite", "postgres")),
    App("graph_no_saver", unsafe=True, is_graph=True),
    App(
        "graph_no_setup",
        unsafe=True,
        is_graph=True,
        before="fails",
        stores=("postgres",),
        is_stored=True,
        keeps_pool=True,
    ),
    App(
        "graph_closed_saver", unsafe=True, is_graph=True, before="fails", stores=("postgres",), is_stored=True
    ),
    App("graph_sqlite_file", unsafe=True, is_graph=True, before="forgets on another host"),
    App("fastapi_fresh_id", unsafe=True, findings=2),
    App("fastapi_header_id", unsafe=True, findings=2, sends_id=True),
    App("fastapi_own_response", unsafe=True, findings=2, sends_id=True),
    App("flask_header_id", unsafe=True, findings=2, sends_id=True),
    App("starlette_header_id", unsafe=True, findings=2, sends_id=True),
    App("fastapi_default_id", unsafe=True, findings=2, before="leaks without an id"),
    App("flask_default_id", unsafe=True, findings=2, before="leaks without an id"),
    App("fastapi_two_prefixes", unsafe=True, other_path="/stream", stores=("redis",), is_stored=True),
    App("fastapi_unattached", "/chat/{user}", unsafe=True),
    App("fastapi_file_history", unsafe=True, before="forgets on another host"),
)

EVERY_TIME = {
    ("fastapi_buffer", "redis"),
    ("flask_summary", "sqlite"),
    ("flask_histories", "postgres"),
    ("fastapi_three_files", "sqlite"),
    ("fastapi_no_session", "postgres"),
    ("graph_factory_async", "postgres"),
    ("graph_module_level", "redis"),
}
"""What the tests prove on every run; CI proves every app on one store, `make test-proof` on all."""


def matrix() -> list[object]:
    """Every app on every store; --preload on every other one that a fork does not harm."""
    rows: list[object] = []
    for number, app in enumerate(APPS):
        for offset, store in enumerate(app.stores):
            marks = [] if (app.name, store) in EVERY_TIME else [pytest.mark.proof]
            if store not in in_ci(number, app):
                marks.append(pytest.mark.exhaustive)
            preload = (number + offset) % 2 == 0 and not app.keeps_pool
            name = f"{app.name}-{store}{'-preload' if preload else ''}"
            rows.append(pytest.param(app, store, preload, id=name, marks=marks))
    return rows


def in_ci(number: int, app: App) -> set[str]:
    """
    The stores that an app meets in CI: what a repair makes of an app is the same for all stores, and what the
    generated modules do with a store is the same for all apps.
    """
    if stores := {store for name, store in EVERY_TIME if name == app.name}:
        return stores
    # Old generations have no saver for plain Redis.
    return {
        ("sqlite", "postgres")[number % 2]
        if app.is_graph and len(app.stores) > 1
        else app.stores[number % len(app.stores)]
    }


Repaired = Callable[[App], Path]


@pytest.fixture(scope="session")
def repaired(
    apps: Path,
    langchain: LangChain,
    launcher: Launcher,
    settings: Callable[[str], Mapping[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Repaired:
    """A function from an app to a folder with its repaired copy, after the copy was shown to fail."""
    done: dict[App, Path] = {}

    def repair(app: App) -> Path:
        if app not in done:
            folder = tmp_path_factory.mktemp("apps") / app.name
            copy(apps, app, folder, langchain)
            is_broken(app, folder, launcher, settings(app.stores[0]) if app.is_stored else {})
            fix(app, folder)
            done[app] = folder
        return done[app]

    return repair


def copy(apps: Path, app: App, folder: Path, langchain: LangChain) -> None:
    """The app as somebody with this generation of LangChain would have written it."""
    shutil.copytree(apps / app.name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(apps / "echo_model.py", folder)
    for path in folder.rglob("*.py"):
        path.write_text(langchain.source(path.read_text(encoding="utf-8")), encoding="utf-8")
    major, minor = langchain.version
    (folder / "requirements.txt").write_text(f"langchain-core=={major}.{minor}.*\n", encoding="utf-8")


def is_broken(app: App, folder: Path, launcher: Launcher, environment: Mapping[str, str]) -> None:
    """What one process is told, a second one (on another disk) has never heard of; or somebody else is told it."""
    user, first, second = new_user(), new_word(), new_word()
    other = folder
    if app.before == "forgets on another host":
        other = folder.with_name(f"{folder.name}-other-host")
        shutil.copytree(folder, other)
    with (
        launcher.served(folder, app.path, environment) as one,
        launcher.served(other, app.other_path or app.path, environment) as two,
    ):
        if app.before == "fails":
            with pytest.raises(AssertionError, match="500"):
                one.say(user, first)
            return
        if app.before == "leaks without an id":
            one.say_nameless(first)
            assert one.say_nameless(second)[0] == {first, second}, "it did not leak before it was repaired"
            return
        assert first in one.say(user, first)
        if app.before == "leaks":
            assert one.say(new_user(), second) == {first, second}, "it did not leak before it was repaired"
            return
        assert two.say(user, second) == {second}, "it did not fail before it was repaired"


def fix(app: App, folder: Path) -> None:
    """Repair by command; a second time changes nothing."""
    options = ["--no-config", "--root", str(folder), "--fix", *(["--unsafe-fixes"] if app.unsafe else [])]
    command = [sys.executable, "-m", "lcmemlint", *options, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    before = texts(folder)
    first = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"Fixed {app.findings} finding{'' if app.findings == 1 else 's'}." in first.stderr
    after = texts(folder)
    assert after != before
    second = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert second.returncode == 0, second.stdout + second.stderr
    assert texts(folder) == after


def texts(folder: Path) -> dict[str, bytes]:
    """The sources of a project."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}


@pytest.mark.parametrize(("app", "store", "preload"), matrix())
def test_a_repaired_app_remembers(
    app: App,
    store: str,
    preload: bool,
    repaired: Repaired,
    langchain: LangChain,
    launcher: Launcher,
    settings: Callable[[str], Mapping[str, str]],
) -> None:
    """
    Two processes, a restart that nobody was warned of, and fifty requests at once on four workers.
    """
    needs(app, store, langchain)
    folder, environment = repaired(app), settings(store)
    user, one, two, three = new_user(), new_word(), new_word(), new_word()

    with (
        launcher.served(folder, app.path, environment) as first,
        launcher.served(folder, app.other_path or app.path, environment) as second,
    ):
        assert first.say(user, one) == {one}
        assert second.say(user, two) == {one, two}
        if app.before == "leaks without an id":
            with pytest.raises(AssertionError, match="HTTP Error 4"):
                first.say_nameless(one)
        if app.sends_id:
            words, given = first.say_nameless(one)
            assert words == {one}
            assert second.say(given, two) == {one, two}
    options = ["-w", "4", *(["--preload"] if preload else [])]
    with launcher.served(folder, app.path, environment, *options) as restarted:
        assert restarted.say(user, three) == {one, two, three}
        nothing_is_lost_or_leaked(restarted, app)


def nothing_is_lost_or_leaked(workers: Served, app: App) -> None:
    """Everybody is reminded of all that they said, and of nothing that others said."""
    said, remembered = talk_at_once(workers, sessions=20, requests=50, one_at_a_time=app.is_graph)
    assert remembered == said


def needs(app: App, store: str, langchain: LangChain) -> None:
    """Skip what this generation does not have."""
    if langchain.version < app.since or (app.is_graph and langchain.version < (0, 3)):
        pytest.skip("this generation of LangChain has no such thing")
    if app.is_graph and store == "redis" and langchain.version < (1, 0):
        pytest.skip("the saver for plain Redis needs LangGraph 1.0")
    drivers = {
        ("sqlite", True): "langgraph.checkpoint.sqlite",
        ("postgres", True): "langgraph.checkpoint.postgres",
        ("redis", True): "langgraph_checkpoint_plainredis",
        ("redis", False): "redis",
        ("postgres", False): "psycopg",
    }
    if app.is_stored and not app.is_graph and not langchain.has("langchain_community"):
        absent(f"langchain_community in {langchain.python}")
    driver = drivers.get((store, app.is_graph))
    if driver and not langchain.has(driver):
        absent(f"{driver} in {langchain.python}")
