"""Settings: every key is read, and whatever is wrong is one line that names file, place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcmemlint.config import Config, chosen_codes, has_table, load_config
from lcmemlint.errors import ConfigError
from lcmemlint.settings import KEYS

KNOWN = {
    "LCM001": "unused-ignore",
    "LCM101": "per-request-memory",
    "LCM102": "process-local-history",
    "LCM203": "constant-session-id",
}

EVERYTHING = """
[project]
name = "shop"

[tool.lcmemlint]
select = ["LCM1", "constant-session-id"]
ignore = ["LCM102"]
per-file-ignores = { "demo/**" = ["LCM101"] }
exclude = ["old/"]
extend-exclude = ["gen/*.py"]
respect-gitignore = false
strict = true
fail-on = "note"
entry-points = [
    "app.jobs:run", "*.handle_*",
    { id = "x", framework = "f", kind = "task", how = "name", patterns = ["p"] },
]
deployment = "multi"
ignore-manifests = ["compose.dev.yaml"]
factory = "shop.history:history_for"
test-paths = ["checks/"]
roles = { "jobs/**" = "script" }
baseline = "known.json"

[tool.lcmemlint.severity]
LCM203 = "error"

[[tool.lcmemlint.components]]
id = "own"
"""


def written(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    """A project folder with one configuration file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def complaint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line that loading the settings of a folder complains with, from inside of it."""
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_key_is_read(tmp_path: Path) -> None:
    """
    No key is known and without effect.
    """
    config = load_config(written(tmp_path, EVERYTHING))

    assert all(getattr(config, key.field) != getattr(Config(), key.field) for key in KEYS)
    assert config.select == ("LCM1", "constant-session-id")
    assert config.per_file_ignores == (("demo/**", ("LCM101",)),)
    assert config.severity == (("LCM203", "error"),)
    assert config.roles == (("jobs/**", "script"),)


def test_short_entry_points_are_rows_of_the_catalogue(tmp_path: Path) -> None:
    """
    `module:function` is the dotted name of a function; a table is handed on as it is.
    """
    rows = load_config(written(tmp_path, EVERYTHING)).entry_points

    assert [row["patterns"] for row in rows] == [["app.jobs.run"], ["*.handle_*"], ["p"]]
    assert {row["how"] for row in rows} == {"name"}


def test_no_settings_at_all(tmp_path: Path) -> None:
    """
    A pyproject.toml of somebody else is none of our business, even if it is no TOML.
    """
    assert load_config(written(tmp_path, "[project]\nname = 'x'\n")) == Config()
    assert load_config(written(tmp_path, "[[[ lcmemlint is fine")) == Config()


def test_own_file_wins_over_pyproject(tmp_path: Path) -> None:
    """
    In one folder, `lcmemlint.toml` counts; its keys stand at the top level.
    """
    written(tmp_path, "[tool.lcmemlint]\nstrict = false\nfail-on = 'error'\n")
    written(tmp_path, "strict = true\n", "lcmemlint.toml")

    config = load_config(tmp_path)

    assert (config.strict, config.fail_on) == (True, "warning")
    assert config.path.endswith("lcmemlint.toml")


def test_the_nearest_folder_decides(tmp_path: Path) -> None:
    """
    A folder below a configured one uses its settings, unless a repository begins in between.
    """
    written(tmp_path, "strict = true\n", "lcmemlint.toml")
    inner = written(tmp_path / "a" / "b", "[project]\n")
    apart = written(tmp_path / "c" / "d", "[project]\n")
    (tmp_path / "c" / ".git").mkdir()

    assert load_config(inner).strict
    assert not load_config(apart).strict


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[project]\nname = "x"\n\n[tool.lcmemlint]\nstrict = true\nexlude = []\n',
            "pyproject.toml:6: unknown key `exlude` in [tool.lcmemlint]; did you mean `exclude`?",
        ),
        (
            "[tool.lcmemlint]\nper_file_ignores = {}\n",
            "pyproject.toml:2: unknown key `per_file_ignores` in [tool.lcmemlint]; "
            "did you mean `per-file-ignores`?",
        ),
        ("[tool.lcmemlint]\n\nstrict = 1\n", "pyproject.toml:3: `strict` must be true or false"),
        (
            '[tool.lcmemlint]\nselect = "LCM1"\n',
            'pyproject.toml:2: `select` must be a list of strings, as in select = ["…"]',
        ),
        (
            '[tool.lcmemlint]\nfail-on = "warn"\n',
            'pyproject.toml:2: `fail-on` must be one of "note", "warning", "error", "never"; '
            "did you mean `warning`?",
        ),
        (
            '[tool.lcmemlint]\nstrict = true\n[tool.lcmemlint.severity]\nLCM101 = "fatal"\n',
            'pyproject.toml:4: `LCM101` must be one of "error", "warning", "note"',
        ),
        (
            "[tool.lcmemlint]\n[tool.lcmemlint.sevrity]\n",
            "pyproject.toml:2: unknown key `sevrity` in [tool.lcmemlint]; did you mean `severity`?",
        ),
        (
            '[tool.lcmemlint]\nentry-points = ["a b"]\n',
            "pyproject.toml:2: `entry-points` has 'a b'; write a dotted name, `module:function` or a table",
        ),
        ("[tool.lcmemlint]\ncomponents = [1]\n", "pyproject.toml:2: `components` must be a list of tables"),
        ("[tool.lcmemlint]\nroles = 3\n", "pyproject.toml:2: `roles` must be a table"),
        ("[tool]\nlcmemlint = 3\n", "pyproject.toml:1: `tool.lcmemlint` must be a table"),
    ],
)
def test_what_is_wrong_is_one_line(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    File, line, key, and what to write instead.
    """
    assert complaint(written(tmp_path, text), monkeypatch) == told


def test_broken_toml_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file with our table that cannot be parsed stops the run.
    """
    told = complaint(written(tmp_path, "[tool.lcmemlint]\nstrict = \n"), monkeypatch)

    assert told.startswith("pyproject.toml:2:")
    assert "not valid TOML" in told


def test_a_tool_table_in_our_own_file_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    People paste the table from pyproject.toml.
    """
    told = complaint(written(tmp_path, "[tool.lcmemlint]\nstrict = true\n", "lcmemlint.toml"), monkeypatch)

    assert told.startswith("lcmemlint.toml:1: ")
    assert "the keys stand at the top level" in told


def test_a_missing_config_file_is_one_line(tmp_path: Path) -> None:
    """
    `--config nowhere.toml` names the file.
    """
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read: No such file"):
        load_config(tmp_path, file=tmp_path / "nowhere.toml")


def test_bytes_that_are_no_utf8_are_one_line(tmp_path: Path) -> None:
    """
    TOML is UTF-8.
    """
    (tmp_path / "lcmemlint.toml").write_bytes(b"factory = '\xff'\n")

    with pytest.raises(ConfigError, match="is not UTF-8 at byte 11"):
        load_config(tmp_path)


def test_has_table(tmp_path: Path) -> None:
    """
    A mention of the name alone is no table; a broken file with the header is ours.
    """
    path = tmp_path / "pyproject.toml"

    assert not has_table(path)
    path.write_text("dependencies = ['lcmemlint']\n")
    assert not has_table(path)
    path.write_text("[tool.lcmemlint]\nstrict = \n")
    assert has_table(path)


@pytest.mark.parametrize(
    ("select", "ignore", "left"),
    [
        ((), (), {"LCM001", "LCM101", "LCM102", "LCM203"}),
        (("LCM1",), (), {"LCM101", "LCM102"}),
        (("constant-session-id",), (), {"LCM203"}),
        ((), ("LCM1", "LCM001"), {"LCM203"}),
        (("LCM101",), ("LCM1",), {"LCM101"}),
        (("LCM1",), ("LCM101",), {"LCM102"}),
        (("LCM101",), ("LCM101",), set()),
        (("ALL",), ("ALL",), set()),
        (("LCM101",), ("ALL",), {"LCM101"}),
    ],
)
def test_the_longer_prefix_wins(select: tuple[str, ...], ignore: tuple[str, ...], left: set[str]) -> None:
    """
    Codes, prefixes and names choose rules; of two that match a code, the more exact one counts.
    """
    assert chosen_codes(Config(select=select, ignore=ignore), KNOWN) == left


def test_an_unknown_rule_is_an_error() -> None:
    """
    A misspelt code would silence nothing, and nobody would notice.
    """
    with pytest.raises(ConfigError, match=r"^a\.toml: no rule is called `LCM109` in `ignore`; --list-rules"):
        chosen_codes(Config(path="a.toml", ignore=("LCM109",)), KNOWN)
    with pytest.raises(ConfigError, match="did you mean `per-request-memory`"):
        chosen_codes(Config(select=("per-request-memry",)), KNOWN)
