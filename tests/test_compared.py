"""The table of features in README: every dot of ours has a test behind it that exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ["lcmemlint", "ruff", "zizmor", "semgrep", "Fixit", "ast-grep", "langdoctor"]

PROOFS: dict[str, tuple[str, ...]] = {
    "Analysis across files": ("test_projects.py::test_memory_three_calls_away",),
    "Code and manifests read together": ("adopt/test_since.py::test_a_fault_that_a_manifest_brings",),
    "Proof of each finding, step by step": ("report/test_text.py::test_a_finding_in_full",),
    "Severity and confidence of each finding": ("report/test_json.py::test_a_finding",),
    "Repairs": ("test_cli.py::test_fix_repairs_and_a_second_one_changes_nothing",),
    "Repairs divided into safe and unsafe": ("fixes/test_checkpointer.py::test_it_needs_unsafe_fixes",),
    "Repairs linted again before they are written": (
        "fixes/test_rounds.py::test_an_edit_that_brings_a_finding_anywhere_is_not_written",
    ),
    "Repairs shown as a diff": ("test_cli.py::test_diff_writes_nothing",),
    "Baseline of known findings": (
        "adopt/test_baseline.py::test_what_is_known_is_not_reported",
        "adopt/test_baseline.py::test_it_survives_moved_lines_and_moved_files",
        "adopt/test_baseline.py::test_a_new_finding_is_never_swallowed",
        "adopt/test_baseline.py::test_what_was_fixed_is_told_and_dropped",
    ),
    "Only what a change touches": ("adopt/test_since.py::test_a_fault_in_a_file_that_did_not_change",),
    "Ignore comments added in bulk": ("adopt/test_ignores.py::test_a_comment_where_it_can_stand",),
    "Unused ignore comments reported": ("test_cli.py::test_an_inline_ignore_is_counted",),
    "SARIF": ("report/test_formats.py::test_sarif_is_valid",),
    "SARIF with code flows and fixes": ("report/test_formats.py::test_sarif_is_read_by_a_library_of_others",),
    "JSON lines": ("report/test_formats.py::test_json_lines_are_the_findings_of_the_json_report",),
    "Annotations for GitHub": (
        "report/test_formats.py::test_github_shows_a_finding_at_its_line_with_its_proof",
    ),
    "Code Quality for GitLab": ("report/test_formats.py::test_gitlab_takes_the_report",),
    "JUnit XML": ("report/test_formats.py::test_junit_is_read_by_a_parser_of_junit",),
    "rdjson": ("report/test_formats.py::test_rdjson_counts_bytes",),
    "Several formats in one run": ("test_cli.py::test_several_formats_in_one_run",),
    "Statistics": ("report/test_formats.py::test_statistics_count_the_findings_of_each_rule",),
    "Output and hook for coding agents": (
        "report/test_formats.py::test_agents_read_one_line_a_finding_and_one_instruction_a_line",
        "test_agents.py::test_findings_go_to_standard_error_with_exit_2",
    ),
    "Language server": ("lsp/test_server.py::test_a_finding_appears_moves_and_goes_while_the_text_is_typed",),
    "Standard input": ("test_cli.py::test_standard_input",),
    "Hooks for pre-commit": (
        "integrations/test_pre_commit.py::test_commits_that_pass_and_commits_that_fail",
        "integrations/test_pre_commit.py::test_a_commit_that_changes_only_a_manifest",
    ),
    "Action for GitHub": (
        "integrations/test_action.py::test_findings_fail_the_job_after_they_were_uploaded",
        "integrations/test_action.py::test_from_nothing_to_green_in_five_commands",
    ),
    "Rule pages in the terminal": ("test_cli.py::test_explain",),
    "JSON Schema of the settings": (
        "test_comfort.py::test_the_schema_and_the_command_take_the_same_settings",
    ),
    "Settings and files shown": (
        "test_comfort.py::test_settings_are_shown_with_their_source",
        "test_comfort.py::test_files_are_shown",
    ),
    "Watch": ("test_comfort.py::test_watch_reports_again_after_a_change",),
    "Several processes": ("test_workers.py::test_facts_do_not_depend_on_who_scans",),
    "Cache between runs": ("test_store.py::test_the_report_is_the_same_from_the_store",),
    "Shell completion": ("test_comfort.py::test_words_are_completed",),
    "Links in the terminal": ("test_comfort.py::test_places_are_links_when_asked_for",),
    "Progress bar": ("test_comfort.py::test_a_bar_is_shown_to_who_waits",),
    "Notebooks": (
        "test_notebooks.py::test_findings_name_the_cell",
        "test_notebooks.py::test_a_repair_keeps_all_the_rest",
    ),
    "No network, no telemetry": ("test_architecture.py::test_no_part_opens_a_connection",),
}


def rows() -> dict[str, list[str]]:
    """Feature → dots, in the order of the table."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("<!-- compared -->\n")[1].split("<!-- /compared -->")[0]
    head, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    assert head[1:] == TOOLS
    found = {name: dots for name, *dots in lines}
    assert len(found) == len(lines), "a feature stands there twice"
    return found


@cache
def functions_of(file: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_row_is_whole() -> None:
    """
    One dot a tool, and no other sign.
    """
    for name, dots in rows().items():
        assert len(dots) == len(TOOLS), name
        assert set(dots) <= set("●◐○"), name


def test_what_we_claim_is_what_is_proven() -> None:
    """
    A row with a full dot of ours has a proof, all others have none.
    """
    assert [name for name, dots in rows().items() if dots[0] == "●"] == list(PROOFS)


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_is_a_test_that_exists(name: str) -> None:
    """
    Renamed or deleted tests are noticed here.
    """
    for proof in PROOFS[name]:
        file, _, function = proof.partition("::")
        assert function in functions_of(file), proof
