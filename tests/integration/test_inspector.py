"""The protocol's own inspector, strict about schemas: lists our tools and calls them, both ways in and in both eras."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import checkers
import pytest
from agent import line_of
from web import ANN, web

from conftest import TAG, Program

pytestmark = checkers.needed

ERAS = ("legacy", "modern")
STDIO = [sys.executable, "-m", "mcp_debug_tool", "serve", "-e", f"{TAG}=1"]

# How the inspector ends; 6 would be a schema that not every client takes.
FINE, NOT_LET_IN, TOOL_ERROR = 0, 3, 5

# It would rather that these said more. They take a breakpoint in either of two forms, and any JSON.
ANY_VALUE = {
    ("start", "inputSchema.properties.breakpoints.items"),
    ("start", "inputSchema.properties.trigger.properties.body"),
    ("attach", "inputSchema.properties.breakpoints.items"),
}


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """The inspector's arguments that name the server."""
    if request.param == "stdio":
        yield STDIO
        return
    with web(tmp_path) as server:
        yield [server.url, "--transport", "http", "--header", f"Authorization: Bearer {ANN}"]


def inspect(folder: Path, target: list[str], era: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return checkers.run(
        folder,
        checkers.INSPECTOR,
        *("--cli", *target, "--protocol-era", era, "--format", "json", *arguments),
        MCP_INSPECTOR_SECRET_STORE="memory",
    )


def call(folder: Path, target: list[str], era: str, tool: str, **arguments: Any) -> subprocess.CompletedProcess[str]:
    given = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
    return inspect(folder, target, era, "--method", "tools/call", *given)


@pytest.mark.parametrize("era", ERAS)
def test_every_schema_is_one_that_each_client_takes(tmp_path: Path, target: list[str], era: str) -> None:
    run = inspect(tmp_path, target, era, "--method", "tools/list", "--strict")
    assert run.returncode == FINE, run.stderr
    names = [tool["name"] for tool in json.loads(run.stdout)["result"]["tools"]]
    assert {"start", "step", "evaluate", "stop"} <= set(names)
    assert "\n0 errors, " in run.stderr
    assert _warned(run.stderr) == ANY_VALUE


def _warned(report: str) -> set[tuple[str, str]]:
    """Tool and place of each warning."""
    lines = report.splitlines()
    return {
        (line.split('"')[1], place.removeprefix("  Path: "))
        for line, place in pairwise(lines)
        if line.startswith("Warning: tool ")
    }


@pytest.mark.parametrize("era", ERAS)
def test_a_call_answers_and_an_error_is_told_from_it(
    tmp_path: Path, target: list[str], era: str, program: Program
) -> None:
    path = program("total = 0\nfor n in range(3):\n    total += n  # @add\nprint(total)\n")
    where = f"{path}:{line_of(path, 'add')}"
    run = call(tmp_path, target, era, "start", program=str(path), breakpoints=[where])
    assert run.returncode == FINE, run.stderr
    result = json.loads(run.stdout)["result"]
    assert ("_meta" in result) == (era == "modern"), "which names the server in each answer"
    assert result["structuredContent"]["state"] == "stopped"
    assert result["structuredContent"]["locals"] == {"total": "0", "n": "0"}
    assert "stopped: breakpoint b1 (hit 1)" in result["content"][0]["text"]

    refused = call(tmp_path, target, era, "start", programme=str(path))
    assert refused.returncode == TOOL_ERROR
    result = json.loads(refused.stdout)["result"]
    assert result["isError"] is True
    assert "programme: unknown argument" in result["content"][0]["text"]


@pytest.mark.parametrize("era", ERAS)
def test_without_the_token_nothing_is_listed(tmp_path: Path, era: str) -> None:
    with web(tmp_path) as server:
        run = inspect(tmp_path, [server.url, "--transport", "http"], era, "--method", "tools/list")
    assert (run.returncode, run.stdout) == (NOT_LET_IN, "")
    assert json.loads(run.stderr)["error"]["code"] == "auth_required"
