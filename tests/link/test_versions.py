"""Which versions a file runs with: from manifests of every kind, the nearest first, else from its imports."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lcmemlint.catalogue import load_catalogue
from lcmemlint.link.requirements import bounds_of, is_version_manifest
from lcmemlint.link.versions import Versions
from lcmemlint.scan import scan


def versions(manifests: Mapping[str, str], files: Mapping[str, str] | None = None) -> Versions:
    """The versions of a project that is written down as texts."""
    facts = {path: scan(text) for path, text in (files or {}).items()}
    return Versions({path: text.encode() for path, text in manifests.items()}, facts, load_catalogue())


@pytest.mark.parametrize(
    ("specifier", "allowed", "refused"),
    [
        ("==0.1.20", "0.1.20", "0.1.21"),
        (">=0.1,<0.3", "0.2.9", "0.3"),
        ("<=0.2", "0.2", "0.3"),
        ("~=0.1.5", "0.1.9", "0.2"),
        ("^0.2.1", "0.2.9", "0.3"),
        ("^1.2", "1.9", "2.0"),
        ("~0.1.5", "0.1.9", "0.2"),
        ("==0.1.*", "0.1.9", "0.2"),
        ("", "99", ""),
        ("!=0.2", "99", ""),
    ],
)
def test_a_specifier_allows_versions(specifier: str, allowed: str, refused: str) -> None:
    """
    Every operator of pip and of poetry.
    """
    found = versions({"requirements.txt": f"langchain{specifier if specifier[:1] not in '^~' else ''}"})
    if specifier[:1] in ("^", "~") and not specifier.startswith("~="):
        found = versions({"pyproject.toml": f'[tool.poetry.dependencies]\nlangchain = "{specifier}"'})
    elif specifier.startswith("~="):
        found = versions({"requirements.txt": f"langchain{specifier}"})

    assert found.allows("app.py", "langchain", allowed)
    assert not refused or not found.allows("app.py", "langchain", refused)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "# pins\nfastapi\nLangGraph[all]==0.1.5 ; python_version > '3.8'  # old\n"),
        ("requirements-dev.txt", "langgraph<0.2"),
        ("requirements/base.txt", "langgraph~=0.1.0"),
        ("requirements.in", "langgraph<0.2 \\\n  --hash=sha256:0"),
        ("pyproject.toml", '[project]\ndependencies = ["langgraph>=0.1,<0.2"]'),
        ("pyproject.toml", '[project.optional-dependencies]\nai = ["langgraph<0.2"]'),
        ("pyproject.toml", '[dependency-groups]\nai = [{include-group = "x"}, "langgraph<0.2"]'),
        (
            "pyproject.toml",
            '[tool.poetry.group.ai.dependencies]\nlanggraph = {version = "^0.1", extras = ["x"]}',
        ),
        ("pyproject.toml", '[tool.poetry.dependencies]\nlanggraph = "0.1.9"'),
        ("pyproject.toml", '[tool.uv]\ndev-dependencies = ["langgraph<0.2"]'),
        ("pyproject.toml", '[tool.uv]\nconstraint-dependencies = ["langgraph<0.2"]'),
        ("pyproject.toml", '[tool.uv]\noverride-dependencies = ["langgraph<0.2"]'),
        ("pyproject.toml", '[tool.pdm.dev-dependencies]\nai = ["langgraph<0.2"]'),
        ("pyproject.toml", '[tool.poetry.dev-dependencies]\nlanggraph = "<0.2"'),
        ("uv.lock", 'version = 1\n\n[[package]]\nname = "langgraph"\nversion = "0.1.19"\n'),
        ("poetry.lock", '[[package]]\nname = "langgraph"\nversion = "0.1.19"\ndescription = ""\n'),
        ("pdm.lock", '[[package]]\nname = "langgraph"\nversion = "0.1.19"\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n    fastapi\n    langgraph<0.2\n"),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "langgraph"\nversion = "0.1.19"\n'),
        ("pylock.dev.toml", 'lock-version = "1.0"\n[[packages]]\nname = "langgraph"\nversion = "0.1.19"\n'),
        ("setup.cfg", "[options.extras_require]\nai =\n    langgraph<0.2\n"),
        ("environment.yml", "dependencies:\n  - '!'\n  - langgraph<0.2\n"),
        ("Pipfile", '[packages]\nlanggraph = "==0.1.19"\n'),
        ("Pipfile", '[dev-packages]\nlanggraph = "==0.1.19"\n'),
        ("Pipfile.lock", '{"develop": {"langgraph": {"version": "==0.1.19"}}}'),
        ("Pipfile.lock", '{"default": {"langgraph": {"version": "==0.1.19"}}}'),
        ("environment.yml", "dependencies:\n  - python=3.11\n  - langgraph=0.1\n"),
        ("conda.yml", "dependencies:\n  - conda-forge::langgraph==0.1.19\n"),
        ("environment.yaml", "dependencies:\n  - pip:\n      - langgraph==0.1.19\n"),
        (".venv/lib/python3.11/site-packages/langgraph-0.1.19.dist-info/METADATA", "Name: langgraph"),
    ],
)
def test_every_manifest_is_read(path: str, text: str) -> None:
    """
    Declared, locked or installed: each of these says that langgraph is older than 0.2.
    """
    found = versions({path: text})

    assert not found.allows("app.py", "langgraph", "0.2")
    assert ".venv" in path or is_version_manifest(path)


@pytest.mark.parametrize(
    "path", ["pyproject.toml", "Pipfile.lock", "environment.yml", "setup.cfg", "uv.lock"]
)
def test_a_broken_manifest_says_nothing(path: str) -> None:
    """
    Other tools complain about it; for us everything stays possible.
    """
    found = versions({path: "lang [[[ {{{ : - \x00\n%%% = ="})

    assert found.allows("app.py", "langchain", "99")


def test_includes_are_followed_once() -> None:
    """
    `-r` leads to other files, also in a circle.
    """
    found = versions(
        {
            "requirements.txt": "-r deps/base.txt\n",
            "deps/base.txt": "-r ../requirements.txt\nlangchain==0.1.0\n",
        }
    )

    assert not found.allows("app.py", "langchain", "0.2")


def test_the_nearest_manifest_wins() -> None:
    """
    Two services of one repository may run two generations.
    """
    found = versions({"requirements.txt": "langchain==0.1.0", "new/pyproject.toml": NEW})

    assert not found.allows("old/app.py", "langchain", "0.2")
    assert found.demands("new/app/main.py", "langchain", "1.0")


NEW = '[project]\ndependencies = ["langchain>=1.0"]'


def test_a_lock_above_makes_the_range_exact() -> None:
    """
    A member of a workspace declares a range, the root's lock says which version it is.
    """
    found = versions(
        {
            "app/pyproject.toml": '[project]\ndependencies = ["langchain>=0.1"]',
            "uv.lock": '[[package]]\nname = "langchain"\nversion = "0.2.17"\n',
        }
    )

    assert not found.allows("app/main.py", "langchain", "0.3")


def test_langchain_tells_its_core() -> None:
    """
    Both share the first numbers.
    """
    old, new = (
        versions({"requirements.txt": "langchain==0.2.17"}),
        versions({"requirements.txt": "langchain==1.2.1"}),
    )

    assert old.allows("app.py", "langchain-core", "0.2.43")
    assert old.demands("app.py", "langchain-core", "0.2")
    assert not old.allows("app.py", "langchain-core", "1.3.3")
    assert new.demands("app.py", "langchain-core", "1.0")
    assert not new.demands("app.py", "langchain-core", "1.2")


def test_imports_decide_when_nothing_is_declared() -> None:
    """
    `langchain.memory` went with 1.0; what is still open gets the newest.
    """
    found = versions(
        {},
        {
            "old.py": "from langchain.memory import ConversationBufferMemory\n",
            "new.py": "from langchain_classic.memory import ConversationBufferMemory\n",
            "open.py": "from langchain_core.messages import HumanMessage\n",
        },
    )

    assert not found.allows("old.py", "langchain-core", "1.3.3")
    assert found.demands("new.py", "langchain", "1.0")
    assert found.allows("open.py", "langchain-core", "1.3.3")


def test_a_component_is_there_or_sunset() -> None:
    """
    The catalogue says with which release a class came, and with which it was deprecated.
    """
    catalogue = load_catalogue()
    saver = catalogue.by_id["langgraph.PostgresSaver"]
    wrapper = catalogue.by_id["langchain.RunnableWithMessageHistory"]
    old = versions({"requirements.txt": "langgraph==0.1.5\nlangchain-core==0.2.40"})
    new = versions({"requirements.txt": "langgraph==1.0\nlangchain-core==1.7.2"})

    assert (old.has("app.py", saver), old.is_sunset("app.py", wrapper)) == (False, False)
    assert (new.has("app.py", saver), new.is_sunset("app.py", wrapper)) == (True, True)


def test_no_bounds_for_what_is_no_version() -> None:
    """
    A URL, a star, alternatives: nothing is known.
    """
    assert bounds_of("*") == bounds_of("^0.1 || ^0.2") == bounds_of("")
    assert versions({"requirements.txt": "langchain @ git+https://x/y@v0.1"}).allows(
        "a.py", "langchain", "1.0"
    )
