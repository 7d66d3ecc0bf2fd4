"""One project from look to look, without the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.workspace import PositionCodec

from lcmemlint.errors import ConfigError
from lcmemlint.lsp.actions import actions
from lcmemlint.lsp.diagnostics import Client, diagnostics, hover
from lcmemlint.lsp.texts import Text
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


def test_a_text_that_does_not_parse_keeps_the_findings_of_the_last_one_that_did(root: Path) -> None:
    """
    They move with their code, and no repair is offered meanwhile; where no text was right there is nothing to keep.
    """
    path = root / "memories.py"
    watched = Watched(root, root, Settings())
    watched.look({path: LOCAL})

    look = watched.look({path: f"y = [\n{LOCAL}", root / "new.py": "y = [\n"})

    assert [(one.code, one.at.span.line) for one in look.findings] == [("LCM101", 6)]
    assert dict(look.stale) == {"memories.py": LOCAL}
    everywhere = types.Range(types.Position(0, 0), types.Position(9, 0))
    asked = types.CodeActionParams(
        types.TextDocumentIdentifier(path.as_uri()), everywhere, types.CodeActionContext([])
    )
    client = Client(PositionCodec())
    assert actions(look, client, "memories.py", asked) == []
    assert [one.kind for one in actions(watched.look({path: LOCAL}), client, "memories.py", asked)] != []


def test_what_is_shown_over_a_place(root: Path) -> None:
    """
    Why there is no repair, and the page of a code in a comment.
    """
    text = "# LCM101, LCM999\n" + LOCAL.replace("user_id", "")
    main = MAIN.replace("/{user_id}", "").replace("user_id: str, ", "").replace("user_id", "")
    look = Watched(root, root, Settings()).look({root / "memories.py": text, root / "main.py": main})
    client = Client(PositionCodec())

    def told(line: int, column: int) -> str:
        found = hover(look, client, "memories.py", types.Position(line, column))
        return (
            found.contents.value
            if found is not None and isinstance(found.contents, types.MarkupContent)
            else ""
        )

    assert f"**No fix:** {look.findings[0].no_fix}" in told(5, 20)
    assert told(0, 4).startswith("# per-request-memory (LCM101)")
    assert told(0, 12) == ""
    assert told(99, 0) == ""


def test_a_place_behind_a_text_is_its_end() -> None:
    assert Client(PositionCodec()).position(Text("a\nbc"), 7, 3) == types.Position(1, 2)


def test_files_that_cannot_be_read_are_shown_with_their_own_file_only(root: Path) -> None:
    (root / "chains.py").write_text(f"{CHAINS}\ndef broken(\n")
    look = Watched(root, root, Settings()).look({root / "memories.py": LOCAL})
    client = Client(PositionCodec())

    assert list(diagnostics(look, client, "chains.py")) == [(root / "chains.py").as_uri()]
    assert list(diagnostics(look, client, "memories.py")) in ([], [(root / "memories.py").as_uri()])
