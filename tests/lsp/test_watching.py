"""One project from look to look, without the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcmemlint.errors import ConfigError
from lcmemlint.lsp.watching import Settings, Stale, Watched
from lcmemlint.run import lint
from tests.lsp.test_server import CHAINS, LOCAL, MAIN, SHARED


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "chains.py").write_text(CHAINS)
    (tmp_path / "memories.py").write_text(SHARED)
    return tmp_path


def test_a_look_that_nobody_waits_for_ends_early(root: Path) -> None:
    """
    It leaves nothing behind: the next look is as right as a lint of the same texts.
    """
    watched = Watched(root, root, Settings())
    watched.look({})
    asked = 0

    def after_three_steps() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(Stale):
        watched.look({root / "memories.py": LOCAL}, is_stale=after_three_steps)

    (root / "memories.py").write_text(LOCAL)
    assert watched.look({root / "memories.py": LOCAL}).findings == lint([root]).findings != ()


def test_wrong_settings_are_an_error_until_they_are_right(root: Path) -> None:
    """
    The look after that reads them again.
    """
    watched = Watched(root, root, Settings())
    watched.look({})
    (root / "pyproject.toml").write_text("[tool.lcmemlint]\nselect = 3\n")
    with pytest.raises(ConfigError):
        watched.look({}, anew=True)
    (root / "pyproject.toml").write_text("")
    assert [one.code for one in watched.look({root / "memories.py": LOCAL}).findings] == ["LCM101"]


def test_findings_move_before_the_next_look(root: Path) -> None:
    """
    With the code that they are about; the proof goes along, and what was edited is gone.
    """
    (root / "memories.py").write_text(LOCAL)
    look = Watched(root, root, Settings()).look({root / "main.py": MAIN})
    path = root / "memories.py"

    (moved,) = look.moved(path, f"\n\n{LOCAL}").findings
    assert moved.at.span.line == look.findings[0].at.span.line + 2
    assert moved.because[-1].at.span.line == moved.at.span.line
    assert look.moved(path, LOCAL.replace("Memory()", "Memori()")).findings == ()
    (same,) = look.moved(root / "main.py", f"\n{MAIN}").findings
    assert same.at == look.findings[0].at
    assert same.because[0].at.span.line == look.findings[0].because[0].at.span.line + 1
