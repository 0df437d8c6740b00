"""The protocol's own conformance suite, against the product over HTTP and against our server with its fixtures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import checkers
import pytest
from web import web

pytestmark = checkers.needed

REVISIONS = ("2025-11-25", "2026-07-28")
# How many scenarios the pinned suite runs for a revision.
SCENARIOS = {"2025-11-25": 33, "2026-07-28": 50}

# What a server without the suite's fixtures can pass; the other scenarios call tools and prompts that we do not have.
OF_PRODUCT = {
    "2025-11-25": (
        "server-initialize",
        "ping",
        "completion-complete",
        "tools-list",
        "tools-call-error",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
        "server-session-lifecycle",
    ),
    "2026-07-28": (
        "completion-complete",
        "tools-list",
        "tools-call-error",
        "resources-list",
        "prompts-list",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
        "caching",
        "http-header-validation",
        "server-sse-multiple-streams",
        "input-required-result-unsupported-methods",
        "input-required-result-ignore-extra-params",
    ),
}

# None of these is required by its revision.
NOT_PASSED = {
    # A stream that broke off is not taken up again: what happened is kept by the session, for the next call.
    "2025-11-25": {"server-sse-polling"},
    # An extension that the SDK does not have.
    "2026-07-28": {
        "tasks-capability-negotiation",
        "tasks-dispatch-and-envelope",
        "tasks-lifecycle",
        "tasks-mrtr-composition",
        "tasks-mrtr-input",
        "tasks-request-headers",
        "tasks-request-state-removal",
        "tasks-required-task-error",
        "tasks-wire-fields",
    },
}

FIXTURE_SERVER = ("-m", "fixture_server")


def judged(url: str, revision: str, folder: Path) -> tuple[int, dict[str, list[str]]]:
    """The suite's exit status, and for each scenario what it found wrong: what must and what should be otherwise."""
    results = folder / "results"
    run = checkers.run(
        folder, checkers.CONFORMANCE, "server", "--url", url, "--requirements", revision, "-o", str(results)
    )
    found = {}
    for path in results.glob("server-*/checks.json"):
        named = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.+", path.parent.name)
        assert named is not None
        found[named[1]] = [
            f"{check['id']}: {check.get('errorMessage')}"
            for check in json.loads(path.read_text(encoding="utf-8"))
            if check["status"] in ("FAILURE", "WARNING")
        ]
    assert len(found) == SCENARIOS[revision], run.stdout + run.stderr
    return run.returncode, found


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_product_passes_every_scenario_that_needs_no_fixture(tmp_path: Path, revision: str) -> None:
    with web(tmp_path, "--no-auth", tokens=None) as server:
        _, found = judged(server.url, revision, tmp_path)
    assert {name: found[name] for name in OF_PRODUCT[revision]} == {name: [] for name in OF_PRODUCT[revision]}
    # Whatever was asked, each message on the wire was as the schema of that revision says.
    off_schema = [problem for problems in found.values() for problem in problems if "wire-schema-valid" in problem]
    assert off_schema == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_whole_suite_passes_against_our_server_with_its_fixtures(tmp_path: Path, revision: str) -> None:
    path = str(Path(__file__).parent)
    with web(tmp_path, tokens=None, command=FIXTURE_SERVER, PYTHONPATH=path) as server:
        status, found = judged(server.url, revision, tmp_path)
    assert {name: found[name] for name in found if found[name] and name not in NOT_PASSED[revision]} == {}
    assert {name for name in found if found[name]} == NOT_PASSED[revision]
    assert status == 0, "the suite's own verdict"
