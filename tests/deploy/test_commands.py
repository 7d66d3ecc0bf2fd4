"""Command lines → server, app and number of processes."""

from __future__ import annotations

import pytest

from lcmemlint.deploy.layout import Layout, Mount
from lcmemlint.deploy.running import Context, Running
from lcmemlint.deploy.shell import CPUS, UNKNOWN, commands
from lcmemlint.deploy.start import of_script
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import Setting
from lcmemlint.scan import scan


def run(
    text: str, *, files: dict[str, str] | None = None, env: dict[str, str | None] | None = None
) -> Running | None:
    """What a command line runs, where these files are beside it."""
    texts = files or {}
    python = {path: scan(code) for path, code in texts.items() if path.endswith(".py")}
    manifests = {path: code.encode() for path, code in texts.items() if not path.endswith(".py")}
    tree = Tree({"cmd": text.encode(), **manifests}, frozenset(texts), python.get, python)
    settings = {name: Setting(name, value, "cmd", 1) for name, value in (env or {}).items()}
    return of_script(text, "cmd", 1, Context(tree, Layout(""), settings))


def processes(text: str, **more: object) -> tuple[int, object]:
    """The bounds of the number of processes."""
    found = run(text, **more)  # type: ignore[arg-type]
    assert found is not None
    return (found.processes.low, found.processes.high)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gunicorn main:app", (1, 1)),
        ("gunicorn -w4 main:app", (4, 4)),
        ("gunicorn --workers=4 --workers 2 main:app", (2, 2)),
        ("gunicorn -w $(nproc) main:app", (1, "cpu")),
        ('gunicorn -w "$((2 * $(nproc) + 1))" main:app', (1, "cpu")),
        ("gunicorn -w $COUNT main:app", (1, "unknown")),
        ("gunicorn --worker-class uvicorn.workers.UvicornWorker --threads 8 main:app", (1, 1)),
        ("/opt/venv/bin/gunicorn main:app --workers 3", (3, 3)),
        ("uvicorn main:app --workers 3", (3, 3)),
        ("uvicorn main:app --workers 3 --reload", (1, 1)),
        ("fastapi run main.py --workers 4", (4, 4)),
        ("fastapi dev main.py --workers 4", (1, 1)),
        ("hypercorn -w 2 main:app", (2, 2)),
        ("celery -A tasks worker", (1, "cpu")),
        ("celery -A tasks worker -c 4", (4, 4)),
        ("celery -A tasks worker -P solo", (1, 1)),
        ("robyn app.py --fast", (2, "cpu")),
        ("uv run --frozen uvicorn main:app --workers 2", (2, 2)),
        ("poetry run python -m gunicorn -w 2 main:app", (2, 2)),
        ("exec sudo -u www env A=1 gunicorn -w 2 main:app", (2, 2)),
        ("wait-for-it.sh db:5432 -- gunicorn -w 2 main:app", (2, 2)),
        ("sh -c 'cd /srv && exec gunicorn -w 2 main:app'", (2, 2)),
        ("alembic upgrade head && gunicorn -w 2 main:app", (2, 2)),
        ("WORKERS=5; gunicorn -w $WORKERS main:app", (5, 5)),
        ("export WEB_CONCURRENCY=3\ngunicorn main:app", (3, 3)),
        ("# gunicorn -w 9 main:app\ngunicorn main:app", (1, 1)),
        ("echo gunicorn -w 9 main:app\ngunicorn main:app", (1, 1)),
        ("cat <<EOF\ngunicorn -w 9 main:app\nEOF\ngunicorn main:app", (1, 1)),
        ("gunicorn main:app > 'log;gunicorn -w 9' 2>&1", (1, 1)),
        ("gunicorn 'unbalanced -w 9\n", (1, 1)),
    ],
)
def test_workers_of_a_command_line(text: str, expected: tuple[int, object]) -> None:
    assert expected == processes(text)


@pytest.mark.parametrize(
    ("text", "env", "expected"),
    [
        ("gunicorn main:app", {"WEB_CONCURRENCY": "3"}, (3, 3)),
        ("gunicorn -w 2 main:app", {"WEB_CONCURRENCY": "3"}, (2, 2)),
        ("gunicorn main:app", {"GUNICORN_CMD_ARGS": "--workers=5"}, (5, 5)),
        ("gunicorn main:app -w 2", {"GUNICORN_CMD_ARGS": "--workers=5"}, (2, 2)),
        ("gunicorn main:app", {"WEB_CONCURRENCY": None}, (1, "unknown")),
        ("uvicorn main:app", {"UVICORN_WORKERS": "2", "WEB_CONCURRENCY": "4"}, (2, 2)),
        ("hypercorn main:app", {"WEB_CONCURRENCY": "4"}, (1, 1)),
        ("granian main:app", {"GRANIAN_WORKERS": "4"}, (4, 4)),
        ("daphne main:app", {"WEB_CONCURRENCY": "4"}, (1, 1)),
        ("gunicorn -w ${WORKERS:-4} main:app", {"WORKERS": "2"}, (2, 2)),
    ],
)
def test_workers_of_variables(text: str, env: dict[str, str | None], expected: tuple[int, object]) -> None:
    assert expected == processes(text, env=env)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("4", (4, 4)),
        ('int("4")', (4, 4)),
        ("multiprocessing.cpu_count() * 2 + 1", (3, "cpu")),
        ("min(4, multiprocessing.cpu_count())", (1, 4)),
        ("max(2, multiprocessing.cpu_count())", (2, "cpu")),
        ('int(os.getenv("WORKERS", "6"))', (6, 6)),
        ('int(os.environ.get("WORKERS", 6))', (6, 6)),
        ('int(os.environ["WORKERS"])', (1, "unknown")),
        ("2 if debug else 5", (2, 5)),
        ("workers * workers", (1, "unknown")),
        ("something()", (1, "unknown")),
    ],
)
def test_gunicorn_conf_is_folded_and_beats_web_concurrency(
    expression: str, expected: tuple[int, object]
) -> None:
    conf = f"import multiprocessing, os\nworkers = {expression}\n"

    assert expected == processes(
        "gunicorn main:app", files={"gunicorn.conf.py": conf}, env={"WEB_CONCURRENCY": "9"}
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('uvicorn.run("main:app", workers=4)', (4, 4)),
        ('uvicorn.run("main:app", workers=4, reload=True)', (1, 1)),
        ('uvicorn.run("main:app", workers=settings.count)', (3, 3)),
        ('uvicorn.run("main:app", workers=COUNT)', (7, 7)),
        ('uvicorn.run("main:app", workers=other())', (1, "unknown")),
        ('uvicorn.run("main:app")', (1, 1)),
        ("print(1)", (1, 1)),
    ],
)
def test_python_that_starts_its_own_server(code: str, expected: tuple[int, object]) -> None:
    files = {
        "serve.py": f"import uvicorn\nfrom config import settings, COUNT\n{code}\n",
        "config.py": "COUNT = 7\nclass Settings(BaseSettings):\n    count: int = 3\nsettings = Settings()\n",
    }

    assert expected == processes("python serve.py", files=files)


def test_line_is_that_of_the_flag_in_the_followed_script() -> None:
    found = run("bash start.sh", files={"start.sh": "# start\ngunicorn main:app \\\n  --workers 4\n"})

    assert found is not None
    assert (found.at.path, found.at.line) == ("start.sh", 3)


def test_arguments_reach_the_command_that_a_script_ends_with() -> None:
    found = run("sh entry.sh gunicorn -w 3 main:app", files={"entry.sh": 'set -e\nexec "$@"\n'})

    assert found is not None
    assert (found.target, found.processes.low) == ("main:app", 3)


def test_console_script_of_the_project_is_followed() -> None:
    files = {
        "pyproject.toml": '[project.scripts]\nchat = "app.cli:main"\n',
        "app/cli.py": 'import uvicorn\ndef main():\n    uvicorn.run("app.web:app", workers=2)\n',
    }

    assert processes("chat --port 80", files=files) == (2, 2)


def test_modules_of_others_are_no_app() -> None:
    found = run("uvicorn main:app\npython -m playwright install")

    assert found is not None
    assert found.target == "main:app"


def test_words_know_their_lines_and_what_is_unknown() -> None:
    words = [word for one in commands("a \\\n  $B\nc$(nproc)", "s", 5) for word in one.words]

    assert [(word.text, word.line) for word in words] == [("a", 5), (UNKNOWN, 6), ("c" + CPUS, 7)]


def test_places_follow_what_was_copied_where() -> None:
    layout = Layout("backend", "/srv", (Mount("/srv/app", "backend/src/app"), Mount("/srv", "backend")))

    assert layout.modules("app.main")[0] == "backend/src/app/main.py"
    assert layout.places("/srv/run.py")[0] == "backend/run.py"
    assert layout.places("../../../../etc/passwd")[0] == "backend/etc/passwd"
