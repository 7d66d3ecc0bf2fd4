"""Redis and Postgres for one test session: real servers on free loopback ports, without a trace afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest


def absent(what: str) -> NoReturn:
    """Skip for what this machine does not have; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must not skip this")
    pytest.skip(f"needs {what}")


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_until(is_ready: Callable[[], bool], is_alive: Callable[[], bool], log: Path) -> None:
    """Return when a server answers; fail with its log when it ends or stays silent for a minute."""
    limit = time.monotonic() + 60
    while not is_ready():
        if not is_alive() or time.monotonic() > limit:
            pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _temporary(owner: str | None) -> Iterator[Path]:
    """A folder that this user owns and can reach, which pytest's own folders of root's are not."""
    folder = Path(tempfile.mkdtemp(prefix="lcmemlint-"))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(command: list[str], folder: Path, user: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    # Tests that are killed cannot clean up; then the kernel ends their servers, where it knows how.
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "INT", *command]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, user=user, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # Postgres: do not wait for clients
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis that is only there inside of the block."""
    program = shutil.which("redis-server")
    if program is None:
        absent("redis-server")
    port = free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with _temporary(None) as folder, _server(command, folder) as process:
        wait_until(lambda: listens(port), lambda: process.poll() is None, folder / "server.log")
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a Postgres, up to the name of the database, that is only there inside of the block."""
    programs = postgres_programs()
    user = _unprivileged()
    port = free_port()
    with _temporary(user) as folder:
        data = str(folder / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync"]
        done = subprocess.run(initdb, cwd=folder, user=user, capture_output=True, text=True)
        if done.returncode:
            absent(f"a Postgres that starts ({done.stderr.strip()[-300:]})")
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", data, "-p", str(port), *options]
        with _server(command, folder, user) as process:
            ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            wait_until(
                lambda: subprocess.run(ask).returncode == 0,
                lambda: process.poll() is None,
                folder / "server.log",
            )
            yield f"postgresql://app@127.0.0.1:{port}/"


@contextmanager
def pgbouncer(url: str) -> Iterator[str]:
    """The URL of the same database behind a PgBouncer that gives a connection away after each transaction."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        absent("pgbouncer")
    database = urlsplit(url)
    port, user = free_port(), _unprivileged()
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": 3,
    }
    lines = [
        "[databases]",
        f"* = host=127.0.0.1 port={database.port} user={database.username}",
        "[pgbouncer]",
        *(f"{name} = {value}" for name, value in settings.items()),
    ]
    with _temporary(user) as folder:
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        with _server([program, "pgbouncer.ini"], folder, user) as process:
            wait_until(lambda: listens(port), lambda: process.poll() is None, folder / "server.log")
            yield database._replace(netloc=f"{database.username}@127.0.0.1:{port}").geturl()


def new_database(server: str, name: str) -> str:
    """The URL of a new, empty database."""
    command = [
        str(postgres_programs() / "psql"),
        "-q",
        "-d",
        f"{server}postgres",
        "-c",
        f'CREATE DATABASE "{name}"',
    ]
    subprocess.run(command, check=True, capture_output=True)
    return server + name


def postgres_programs() -> Path:
    """The folder of Postgres' programs: Debian has them beside the path, a folder for each version."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not folders:
        absent("Postgres")
    return max(folders)


def _unprivileged() -> str | None:
    """Who runs Postgres, which refuses root; None is the user of the tests."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
