"""Fixes are proven before they count: several at once, overlapping ones, and those that spoil something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from lcmemlint.findings import Finding, FixRequest
from lcmemlint.fixes import Failed, Fixed, Refused
from lcmemlint.values import Location, Span

if TYPE_CHECKING:
    from tests.fixes.conftest import Project

IMPORT = "from langchain.memory import ConversationBufferMemory\n"
CODE = "ConversationBufferMemory()"
CHAT = f"{IMPORT}\n\ndef chat(user_id):\n    return {CODE}\n"


def plain(code: str, path: str, line: int = 1, symbol: str = "x") -> Finding:
    return Finding(
        code, "goes wrong", Location(path, Span(line, 0, line, 1)), "error", "certain", symbol=symbol
    )


def test_an_edit_that_does_not_help_is_not_written(project: Project) -> None:
    """
    The finding that asked must be gone.
    """
    project.put("app.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")
    stubborn = project.lint({})

    project.faults.clear()
    project.extra = lambda texts: stubborn
    result = project.fix()

    assert [refused.reason for refused in result.refused] == ["the edit does not make LCM101 go away"]
    assert project.text("app.py") == CHAT
    assert not (project.root / "shared_history.py").exists()


def test_an_edit_that_brings_a_finding_anywhere_is_not_written(project: Project) -> None:
    """
    A fault in another file, of another code, counts as well.
    """
    project.put("app.py", CHAT)
    project.put("other.py", "x = 1\n")
    project.fault(CODE, "chat-memory", key="user_id")
    project.extra = lambda texts: [plain("LCM203", "other.py")] if "chat_memory=" in texts["app.py"] else []

    result = project.fix()

    assert [refused.reason for refused in result.refused] == [
        "it would bring LCM203 on line 1 of other.py: goes wrong"
    ]
    assert project.text("app.py") == CHAT


def test_findings_that_were_there_before_do_not_matter(project: Project) -> None:
    """
    Only new ones do, even when their lines have moved.
    """
    project.put("app.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")

    def other(texts: Mapping[str, str]) -> list[Finding]:
        lines = texts["app.py"].splitlines()
        return [plain("LCM203", "app.py", line=len(lines))]

    project.extra = other
    result = project.fix()

    assert len(result.fixed) == 1
    assert [refused.finding.code for refused in result.refused] == ["LCM203"]


def test_one_bad_apple_does_not_spoil_the_others(project: Project) -> None:
    """
    The change that brings a finding is refused alone; the rest of the round is written.
    """
    for name in "abcde":
        project.put(f"{name}.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")
    project.extra = lambda texts: [plain("LCM203", "c.py")] if "chat_memory=" in texts["c.py"] else []

    result = project.fix()

    assert [refused.path for refused in result.refused] == ["c.py"]
    assert [each.path for each in result.changed] == ["a.py", "b.py", "d.py", "e.py", "shared_history.py"]
    assert len(result.fixed) == 4


def test_two_sites_of_one_file_are_independent(project: Project) -> None:
    """
    The good one is written though the other one is not.
    """
    both = CHAT + f"\n\ndef other(text):\n    return {CODE}\n"
    project.put("app.py", both)
    project.fault(CODE, "chat-memory", key="user_id")

    result = project.fix()

    assert [refused.reason for refused in result.refused] == ["`user_id` is not bound at this place"]
    assert project.text("app.py").count("chat_memory=chat_history(user_id)") == 1
    assert project.text("app.py").count(CODE) == 1


def test_overlapping_fixes_wait_for_the_next_round(project: Project) -> None:
    """
    Two memories in one handler: the first one brings the parameter, the second one uses it.
    """
    project.put(
        "app.py", f"{IMPORT}\n\ndef chat(text):\n    a = {CODE}\n    b = {CODE}\n    return run(a, b)\n"
    )
    project.fault(CODE, "session-parameter", unsafe=True)

    def session_aware(texts: Mapping[str, str]) -> list[Finding]:
        found = type(project).lint(project, texts)
        if "session_id" not in texts.get("app.py", ""):
            return found
        return [
            Finding(
                each.code, each.message, each.at, "error", "certain", symbol=each.symbol,
                fix=FixRequest("chat-memory", "app.py", each.at.span, (("key", "session_id"),)),
            )
            for each in found
        ]  # fmt: skip

    from lcmemlint.fixes import fix_files

    result = fix_files(project.root, project.lint({}), unsafe=True, relint=session_aware, write=True)

    assert result.refused == ()
    assert len(result.fixed) == 2
    assert "def chat(text, session_id):" in project.text("app.py")
    assert project.text("app.py").count("chat_memory=chat_history(session_id)") == 2


def test_two_fixes_of_one_place_are_not_both_made(project: Project) -> None:
    """
    Two findings ask for different keys at one call: the first one mends it, the other one is gone.
    """
    project.put("app.py", CHAT.replace("user_id", "user_id, chat_id"))
    project.fault(CODE, "chat-memory", key="chat_id")
    project.fault(CODE, "chat-memory", key="user_id")

    result = project.fix()

    assert result.refused == ()
    assert project.text("app.py").count("chat_memory=") == 1


def test_what_overlaps_a_refused_fix_gets_its_turn(project: Project) -> None:
    """
    The outer change brings a finding and is refused; the inner one is tried in the next round.
    """
    project.put("app.py", f"{IMPORT}\n\ndef chat(text):\n    user_id = who()\n    return {CODE}\n")
    project.fault(CODE, "chat-memory", key="user_id")
    outer = Finding(
        "LCM106", "m", Location("app.py", Span(1, 0, 1, 1)), "error", "certain",
        fix=FixRequest("session-parameter", "app.py", project.lint({})[0].at.span),
    )  # fmt: skip

    def extra(texts: Mapping[str, str]) -> list[Finding]:
        return [plain("LCM203", "app.py"), outer] if "session_id" in texts["app.py"] else [outer]

    project.extra = extra
    result = project.fix()

    assert [refused.finding.code for refused in result.refused] == ["LCM106"]
    assert [each.code for each in result.fixed] == ["LCM101"]
    assert "chat_history(user_id)" in project.text("app.py")


def test_changes_that_empty_one_dict_stay_together(project: Project) -> None:
    """
    Neither of two get-or-creates can go alone, whatever else is refused in the same round.
    """
    new = "InMemoryChatMessageHistory()"
    body = f"    if key not in store:\n        store[key] = {new}\n    return store[key]\n"
    project.put("a.py", CHAT)
    project.put("b.py", f"store = {{}}\n\n\ndef one(key):\n{body}\n\ndef two(key):\n{body}")
    project.put("c.py", CHAT)
    project.put("d.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")
    project.fault(new, "history-factory")
    project.extra = lambda texts: [plain("LCM203", "d.py")] if "chat_memory=" in texts["d.py"] else []

    result = project.fix()

    assert [refused.path for refused in result.refused] == ["d.py"]
    assert project.text("b.py").count("    return chat_history(key)\n") == 2


def test_one_request_of_two_findings_is_carried_out_once(project: Project) -> None:
    """
    Two findings may ask for the same edit; both are gone afterwards.
    """
    project.put("app.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")
    request = project.lint({})[0].fix

    def second(texts: Mapping[str, str]) -> list[Finding]:
        if "chat_memory=" in texts["app.py"]:
            return []
        return [
            Finding("LCM401", "scales", Location("app.py", Span(1, 0, 1, 1)), "error", "certain", fix=request)
        ]

    project.extra = second
    result = project.fix()

    assert {each.code for each in result.fixed} == {"LCM101", "LCM401"}
    assert project.text("app.py").count("chat_memory=") == 1


def test_findings_without_a_request_say_why(project: Project) -> None:
    """
    What cannot be fixed says so, and nothing is linted again for it.
    """
    project.put("app.py", CHAT)
    finding = Finding(
        "LCM301", "m", Location("app.py", Span(1, 0, 1, 1)), "warning", "likely", no_fix="it needs a decision"
    )
    project.extra = lambda texts: [finding]

    result = project.fix()

    assert result.outcomes == (Refused("app.py", finding, "it needs a decision"),)
    assert len(project.linted) == 1


def test_a_file_that_does_not_parse_fails_alone(project: Project) -> None:
    """
    The others are fixed all the same.
    """
    project.put("app.py", CHAT)
    project.put("broken.py", f"def chat(user_id:\n    {CODE}\n")
    project.fault(CODE, "chat-memory", key="user_id")

    result = project.fix()

    assert [(each.path, type(each)) for each in result.outcomes] == [
        ("app.py", Fixed),
        ("broken.py", Refused),
        ("broken.py", Failed),
        ("shared_history.py", Fixed),
    ]


def test_a_finding_in_a_file_that_is_not_there_fails(project: Project) -> None:
    """
    A request may be older than the tree.
    """
    project.put("app.py", CHAT)
    request = FixRequest("chat-memory", "gone.py", Span(1, 0, 1, 1), (("key", "user_id"),))
    finding = Finding("LCM101", "m", Location("gone.py", Span(1, 0, 1, 1)), "error", "certain", fix=request)
    project.extra = lambda texts: [finding]

    result = project.fix()

    assert [each.path for each in result.failed] == ["gone.py"]


def test_the_order_of_findings_does_not_matter(project: Project) -> None:
    """
    Same findings, same bytes.
    """
    for name in "abc":
        project.put(f"{name}.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")
    from lcmemlint.fixes import fix_files

    findings = project.lint({})
    results = [
        fix_files(project.root, order, unsafe=False, relint=project.lint, write=False)
        for order in (findings, findings[::-1])
    ]

    assert results[0] == results[1]


def test_no_finding_no_lint(project: Project) -> None:
    """
    Nothing to do costs nothing.
    """
    project.put("app.py", "x = 1\n")

    result = project.fix()

    assert (result.outcomes, result.diff, result.fixed, result.notes) == ((), "", (), ())


@pytest.mark.parametrize("unsafe", [True, False])
def test_notes_say_what_to_install_and_to_set(project: Project, unsafe: bool) -> None:
    """
    Only when a module was generated.
    """
    project.put("app.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id", unsafe=True)

    result = project.fix(unsafe=unsafe)

    assert ("CHAT_HISTORY_URL" in {note.name for note in result.notes}) == unsafe


def test_a_finding_that_goes_with_another_counts_as_repaired(project: Project) -> None:
    """
    A finding about the deployment has no fix of its own, and no cause once the code is repaired.
    """
    project.put("app.py", f"{IMPORT}\n\ndef chat(user_id):\n    return {CODE}\n")
    project.fault(CODE, "chat-memory", key="user_id")
    at = Location("Dockerfile", Span(1, 0, 1, 3))
    deployed = Finding("LCM401", "4 processes", at, "error", "certain", symbol="api", no_fix="share it first")
    project.extra = lambda texts: [] if "chat_history" in texts.get("app.py", "") else [deployed]

    result = project.fix()

    assert sorted(finding.code for finding in result.fixed) == ["LCM101", "LCM401"]
    assert not [one for one in result.outcomes if isinstance(one, Refused)]


def test_what_went_with_a_repair_that_was_not_written_is_not_repaired(project: Project) -> None:
    """
    Nothing is called repaired that is still on the disk as it was.
    """
    path = project.put("app.py", CHAT)
    project.fault(CODE, "chat-memory", key="user_id")
    at = Location("Dockerfile", Span(1, 0, 1, 3))
    deployed = Finding("LCM401", "4 processes", at, "error", "certain", symbol="api", no_fix="share it first")

    def extra(texts: Mapping[str, str]) -> list[Finding]:
        if "chat_history" not in texts.get("app.py", ""):
            return [deployed]
        path.write_text(f"{CHAT}# edited meanwhile\n")
        return []

    project.extra = extra
    result = project.fix()

    assert [one.path for one in result.outcomes if isinstance(one, Failed)] == ["app.py"]
    assert result.fixed == ()
