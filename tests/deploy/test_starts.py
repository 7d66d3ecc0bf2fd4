"""What commands come to: wrappers, runners, make, supervisor, servers of the app's own, and numbers in Python."""

from __future__ import annotations

import pytest

from tests.deploy.test_commands import processes, run

FLASK = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gosu www gunicorn -w 2 main:app", (2, 2)),
        ("timeout -k 5 -s TERM 60 gunicorn -w 2 main:app", (2, 2)),
        ("tini -g -- gunicorn -w 2 main:app", (2, 2)),
        ("dockerize -wait tcp://db -- gunicorn -w 2 main:app", (2, 2)),
        ("env -u HOME WEB_CONCURRENCY=3 gunicorn main:app", (3, 3)),
        ("uv run --project . -- gunicorn -w 2 main:app", (2, 2)),
        ("poetry -C . run gunicorn -w 2 main:app", (2, 2)),
        ("coverage run -m pytest\ngunicorn -w 2 main:app", (2, 2)),
        ("uv sync\ngunicorn -w 2 main:app", (2, 2)),
        ("sh -c 'gunicorn -w `cat count` main:app'", (1, "unknown")),
        ("gunicorn -w ${MANY:+5} main:app", (1, "unknown")),
        ("gunicorn -w $ main:app", (1, "unknown")),
        ("gunicorn main:app -\\\nw 2", (2, 2)),
        ("sh -x -c 'gunicorn -w 2 main:app'", (2, 2)),
        ("python -X dev -W ignore -m gunicorn -w 2 main:app", (2, 2)),
        ("(gunicorn -w 2 main:app)", (2, 2)),
        ("wait-for-it.sh db:5432\ngunicorn -w 2 main:app", (2, 2)),
    ],
)
def test_what_stands_before_a_server(text: str, expected: tuple[int, object]) -> None:
    """
    Wrappers, runners and waiting scripts are looked through, each with its own options.
    """
    assert processes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "env",
        "sh",
        "sh -c",
        "python",
        "python -m",
        "cd $HOME",
        ". ",
        "$UNSEEN",
        "sh run.json",
        "celery -A tasks beat",
        "fastapi --version",
    ],
)
def test_commands_that_run_no_app(text: str) -> None:
    """
    Nothing, or nothing that is known to be an app.
    """
    found = run(text, files={"run.json": "{}"})

    assert found is None or (found.target is None and not found.http)


@pytest.mark.parametrize(
    "text", ["python -c 'print(1)'", "python $SCRIPT", "$RUN", "python -m pip install x"]
)
def test_python_that_says_nothing_of_the_project(text: str) -> None:
    """
    No app is guessed.
    """
    found = run(text, files={"main.py": FLASK})

    assert found is not None
    assert not found.http
    assert found.target in (None, "pip")
    assert "main.py" not in found.places


def test_a_folder_and_a_module_of_the_project() -> None:
    """
    `python folder` runs its `__main__.py`, `python -m` a module or a package.
    """
    code = 'import uvicorn\nuvicorn.run("main:app", workers=3)\n'

    assert processes("python serve", files={"serve/__main__.py": code}) == (3, 3)
    assert processes("python -m serve", files={"serve/__main__.py": code}) == (3, 3)
    assert processes("python -um serve", files={"serve.py": code}) == (3, 3)
    assert processes("./serve.py", files={"serve.py": code}) == (3, 3)


def test_a_script_on_the_path_of_the_image() -> None:
    """
    Found in `scripts/` or `bin/` of the project, if one file only has its name.
    """
    script = {"docker/bin/serve": "gunicorn -w 3 main:app\n"}

    assert processes("serve", files=script) == (1, 1)
    assert processes("serve.sh", files={"scripts/serve.sh": "gunicorn -w 3 main:app\n"}) == (3, 3)
    assert processes("sh serve", files=script) == (3, 3)
    two = {**script, "other/bin/serve": "gunicorn -w 4 main:app\n"}
    assert run("sh serve", files=two) is None


def test_a_runner_moves_to_its_folder() -> None:
    """
    The app is looked for where `--directory` says.
    """
    found = run("uv run --directory backend uvicorn main:app")

    assert found is not None
    assert found.places[0] == "backend/main.py"
    found = run("uvicorn --app-dir backend main:app")
    assert found is not None
    assert found.places[0] == "backend/main.py"
    found = run("uvicorn --app-dir $HERE main:app")
    assert found is not None
    assert found.places[0] == "main.py"


def test_django() -> None:
    """
    `runserver` answers requests, `migrate` does not.
    """
    served, other = run("python manage.py runserver"), run("python manage.py migrate")

    assert served is not None
    assert served.http
    assert other is not None
    assert not other.http


MAKEFILE = """\
WORKERS ?= 4 # enough
serve: install
\t@gunicorn -w $(WORKERS) main:app
odd:
\techo $(NOWHERE)
install:
"""


@pytest.mark.parametrize(
    ("goal", "expected"),
    [("serve", (4, 4)), ("serve WORKERS=9 -s", (4, 4)), ("install", (1, "unknown")), ("a b", (1, "unknown"))],
)
def test_make(goal: str, expected: tuple[int, object]) -> None:
    """
    The recipe of the only goal; what cannot be read is something of the project's.
    """
    assert processes(f"make {goal}", files={"Makefile": MAKEFILE}) == expected
    assert processes(f"make {goal}") == (1, "unknown")


SUPERVISOR = """\
[supervisord]
nodaemon=true
[program:clock]
command=python clock.py
[program:web]
directory=/srv
command=gunicorn -w 3 main:app
[program:empty]
"""


def test_supervisor() -> None:
    """
    The best of its programs, of the file that is named or of the usual one.
    """
    assert processes("supervisord -n -c run.conf", files={"run.conf": SUPERVISOR}) == (3, 3)
    assert processes("supervisord", files={"supervisord.conf": SUPERVISOR}) == (3, 3)
    assert run("supervisord -c nowhere.conf", files={"supervisord.conf": SUPERVISOR}) is None


@pytest.mark.parametrize(
    ("script", "copies"),
    [
        ("uvicorn main:app --port 8001 &\nuvicorn main:app --port 8002 &\nwait", 2),
        ("uvicorn main:app --port 8001 &\nuvicorn main:app --port 8001 &\nwait", 1),
        ("uvicorn main:app &\nuvicorn main:app &\nwait", 1),
        ("for i in 1 2 3; do uvicorn main:app --port 800$i & done", 3),
        ("for i in 1 2; do uvicorn main:app &\n", 1),
    ],
)
def test_copies_in_the_background(script: str, copies: int) -> None:
    """
    The same app on another port is one more process.
    """
    found = run(script)

    assert found is not None
    assert found.copies == copies


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f'{FLASK}app.run(host="0.0.0.0")\n', (1, 1)),
        (f"{FLASK}app.run(processes=4)\n", (1, 1)),
        ('from sanic import Sanic\napp = Sanic("x")\napp.run("0.0.0.0", 80, workers=4)\n', (4, 4)),
        ('from sanic import Sanic\napp = Sanic("x")\napp.run(fast=True)\n', (2, "cpu")),
        ("import subprocess\nsubprocess.run([])\n", (1, 1)),
        ('import uvicorn\nuvicorn.run("main:app", workers=None)\n', (1, 1)),
        (
            'import uvicorn\nif a:\n    uvicorn.run("main:app", workers=4)\nelse:\n    uvicorn.run("main:app")\n',
            (1, 4),
        ),
        ('import uvicorn\nuvicorn.run("main:app")\n', (1, 1)),
        ("import gradio\ndemo = gradio.Blocks()\ndemo.launch()\n", (1, 1)),
    ],
)
def test_servers_of_the_file_itself(code: str, expected: tuple[int, object]) -> None:
    """
    Frameworks with a server of their own, and two calls of one server.
    """
    assert processes("python app.py", files={"app.py": code}) == expected


def test_a_server_of_the_file_takes_workers_from_the_environment() -> None:
    """
    Where its launcher reads them.
    """
    files = {"app.py": 'import uvicorn\nuvicorn.run("main:app")\n'}

    assert processes("python app.py", files=files, env={"WEB_CONCURRENCY": "3"}) == (3, 3)
    assert processes("python app.py", files=files, env={"WEB_CONCURRENCY": None}) == (1, "unknown")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("True", (1, "unknown")),
        ("'x' * 2", (1, "unknown")),
        ("8 // 2", (4, 4)),
        ("8 - 2", (6, 6)),
        ("2 + 3 * 2", (8, 8)),
        ("os.getenv('A') or 4", (4, 4)),
        ("os.getenv('A') or other()", (1, "unknown")),
        ("int(os.getenv('KNOWN', 2))", (5, 5)),
        ("max(3, other())", (3, "unknown")),
        ("min(3, other())", (1, "unknown")),
        ("settings.plain", (2, 2)),
        ("settings.field", (6, 6)),
        ("settings.required", (1, "unknown")),
        ("settings.known", (5, 5)),
        ("settings.nowhere", (1, "unknown")),
        ("settings.made", (1, "unknown")),
        ("settings.local", (1, "unknown")),
        ("settings.options[0]()", (1, "unknown")),
        ("ABSENT", (1, "unknown")),
        ("NOWHERE", (1, "unknown")),
        ("COUNT", (7, 7)),
        ("-1", (1, "unknown")),
        ("[4][0]", (1, "unknown")),
    ],
)
def test_numbers_of_a_configuration(expression: str, expected: tuple[int, object]) -> None:
    """
    What can be worked out without running it; anything else is not known.
    """
    files = {
        "gunicorn.conf.py": f"import os\nfrom config import ABSENT, COUNT, settings\nworkers = {expression}\n",
        "config.py": (
            "from pydantic import Field\nCOUNT = 7\nclass Settings(BaseSettings):\n    plain: int = 2\n"
            "    field: int = Field(6, gt=0)\n    required: int = Field(gt=0)\n    known: int = 1\n"
            "    made: int = compute()\n    def f(self):\n        local = 4\n"
            "settings = Settings()\n"
        ),
    }

    assert processes("gunicorn main:app", files=files, env={"KNOWN": "5"}) == expected


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("-c conf/gunicorn.py", (3, 3)),
        ("-c file:conf/gunicorn.py", (3, 3)),
        ("-c python:conf.gunicorn", (3, 3)),
        ("-c elsewhere.py", (1, "unknown")),
        ("-c $CONF", (1, "unknown")),
    ],
)
def test_where_a_configuration_of_gunicorn_is(option: str, expected: tuple[int, object]) -> None:
    """
    It may name the app as well.
    """
    files = {"conf/gunicorn.py": 'workers = 3\nwsgi_app = "main:app"\n'}
    found = run(f"gunicorn {option}", files=files)

    assert found is not None
    assert (found.processes.low, found.processes.high) == expected
    assert found.target == ("main:app" if expected == (3, 3) else None)


def test_hypercorn_reads_toml() -> None:
    """
    Workers of its file, if it has any.
    """
    files = {"h.toml": "workers = 3\n", "empty.toml": "", "h.py": "workers = 3\n"}

    assert processes("hypercorn -c h.toml main:app", files=files) == (3, 3)
    assert processes("hypercorn -c empty.toml main:app", files=files) == (1, 1)
    assert processes("hypercorn -c h.py main:app", files=files) == (1, 1)
    assert processes("hypercorn -c nowhere.toml main:app", files=files) == (1, 1)


def test_uwsgi_with_and_without_a_file() -> None:
    """
    The last setting of a name counts; `cheaper` is what always stays up.
    """
    ini = "[uwsgi]\nchdir = web\nmodule = main\ncallable = app\nprocesses = 6\ncheaper = 2\n"

    assert processes("uwsgi run.ini", files={"run.ini": ini}) == (2, 6)
    assert processes("uwsgi --ini=run.ini", files={"run.ini": "[uwsgi]\nmodule = main:app\n"}) == (1, 1)
    assert processes("uwsgi --module main:app -p 3") == (3, 3)


def test_an_app_that_the_environment_names() -> None:
    """
    Flask reads `FLASK_APP`, and else the usual files.
    """
    found = run("flask run", files={"wsgi.py": FLASK})
    assert found is not None
    assert found.places[:1] == ("wsgi.py",)
    found = run("flask run", files={"chat.py": FLASK}, env={"FLASK_APP": "chat"})
    assert found is not None
    assert "chat.py" in found.places
