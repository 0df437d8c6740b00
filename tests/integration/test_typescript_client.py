"""The protocol's TypeScript clients, which most hosts are built on, drive a whole debugging task."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import checkers
import pytest
from agent import line_of
from web import ANN, web

from conftest import TAG, Program

pytestmark = checkers.needed

TASK = str(Path(__file__).with_name("task.mjs"))

# Generation of the client, and the era that it speaks.
CLIENTS = ((1, "legacy"), (2, "legacy"), (2, "modern"))


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """How the client reaches our server, as task.mjs takes it."""
    if request.param == "stdio":
        # These clients hand on next to nothing of their own environment.
        yield {"command": sys.executable, "args": ["-m", "mcp_debug_tool", "serve"], "env": {TAG: "1"}}
        return
    with web(tmp_path) as served:
        yield {"url": served.url, "token": ANN}


def answers(folder: Path, client: tuple[int, str], server: dict[str, Any], *calls: tuple[str, Any]) -> list[Any]:
    """What the client was told: the server and its tools, then the answer to each call."""
    generation, era = client
    task = {"generation": generation, "era": era, "server": server, "calls": calls}
    run = checkers.run(folder, TASK, json.dumps(task))
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_whole_debugging_task(
    tmp_path: Path, client: tuple[int, str], server: dict[str, Any], program: Program
) -> None:
    path = program("total = 0\nfor n in range(3):\n    total += n  # @add\nprint(total)\n")
    where = f"{path}:{line_of(path, 'add')}"
    said, start, step, value, variables, refused, removed, end, stop = answers(
        tmp_path,
        client,
        server,
        ("start", {"program": str(path), "breakpoints": [where]}),
        ("step", {}),
        ("evaluate", {"expression": "total + 40"}),
        ("get_variables", {}),
        ("step", {"session": "s9"}),
        ("remove_breakpoint", {"all": True}),
        ("continue", {}),
        ("stop", {"session": "s1"}),
    )
    assert said["server"]["name"] == "mcp-debug"
    assert {"start", "step", "evaluate", "stop"} <= set(said["tools"])

    assert start["structuredContent"]["reason"] == "breakpoint b1 (hit 1)"
    assert start["structuredContent"]["locals"] == {"total": "0", "n": "0"}
    assert start["content"][0]["text"].startswith(f"s1 stopped: breakpoint b1 (hit 1) at {path.name}:")
    assert step["structuredContent"]["reason"] == "step"
    assert value["structuredContent"]["value"] == "40  (int)"
    assert "40  (int)" in value["content"][0]["text"]
    assert "total: int = 0" in variables["content"][0]["text"]
    assert refused["isError"] is True
    assert "s9" in refused["content"][0]["text"]
    assert not removed.get("isError")
    assert (end["structuredContent"]["state"], end["structuredContent"]["exit_code"]) == ("exited", 0)
    assert end["structuredContent"]["output"] == "3\n"
    assert not stop.get("isError")


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_server_over_http_knows_is_there_for_the_next_client(
    tmp_path: Path, client: tuple[int, str], program: Program
) -> None:
    path = program("kept = 41\nprint(kept)  # @print\n")
    with web(tmp_path) as served:
        server = {"url": served.url, "token": ANN}
        where = f"{path}:{line_of(path, 'print')}"
        answers(tmp_path, client, server, ("start", {"program": str(path), "breakpoints": [where]}))
        _, value, _ = answers(tmp_path, client, server, ("evaluate", {"expression": "kept + 1"}), ("stop", {}))
    assert value["structuredContent"]["value"] == "42  (int)"
