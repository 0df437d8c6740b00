"""The program must not be able to tell that it is debugged: it runs plainly and under us, and both runs must agree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio.to_thread
import pytest
import pythons
from agent import Agent
from conftest import TAG

pytestmark = pytest.mark.anyio

# Before 3.12 pydevd traces, from 3.12 on it uses sys.monitoring; the oldest and the newest differ most besides.
VERSIONS = ("3.8", "3.11", "3.13")
PLAIN_SECONDS = 20
END_OF_INPUT = "\x04"


@dataclass(frozen=True)
class Run:
    """How a run ended (exit code, or minus the signal's number) and what it wrote."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Case:
    """A program to run twice; `files` lie beside it."""

    source: str
    stops: int = 0
    """How often it stops at an uncaught exception under us."""
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = None
    """What it reads, until end-of-file; None: its stdin stays open."""


def interpreter(version: str) -> str:
    """A CPython of this version; the test is skipped without one."""
    python = pythons.find(version)
    if python is None:
        pytest.skip(f"no CPython {version} on this machine")
    return python


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """What the server would give a program with these changes."""
    merged: dict[str, str | None] = {**os.environ, TAG: "1", **changes}
    return {name: value for name, value in merged.items() if value is not None}


def run_plainly(command: list[str], *, cwd: Path, env: Mapping[str, str | None], stdin: str | None) -> Run:
    """The command as a person would run it, with pipes as its streams."""
    run = subprocess.run(
        command,
        input=(stdin or "").encode(),
        capture_output=True,
        cwd=cwd,
        env=environment(env),
        start_new_session=True,
        timeout=PLAIN_SECONDS,
        check=False,
    )
    return Run(run.returncode, run.stdout.decode(), run.stderr.decode())


async def run_debugged(agent: Agent, launch: Mapping[str, Any], *, stdin: str | None = None, stops: int = 0) -> Run:
    """The same under us: let go at each stop, which must be one at an uncaught exception, `stops` times."""
    reply = await agent.ok("start", **launch, timeout_s=20 if stdin is None else 0)
    session = reply.data["session"]
    if stdin is not None:
        await agent.ok("get_output", session=session, send=stdin + END_OF_INPUT)
        reply = await agent.ok("wait", session=session)
    for _ in range(stops):
        assert reply.reason == "uncaught exception", reply
        reply = await agent.ok("continue", session=session)
    assert reply.state == "exited", reply
    streams = [
        (await agent.ok("get_output", session=session, since=0, limit=40_000, stream=stream)).data.get("output", "")
        for stream in ("stdout", "stderr")
    ]
    return Run(exit_code(reply.data), *streams)


def exit_code(answer: Mapping[str, Any]) -> int:
    """As `subprocess` tells it: minus the number of the signal that the answer names."""
    if "exit_code" in answer:
        return int(answer["exit_code"])
    how, name = str(answer["reason"]).rsplit(" ", 1)
    assert how in ("killed by", "crashed with")
    return -signal.Signals[name]


# --- who am I -------------------------------------------------------------------------------------------------


def known_differences(version: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """All that a program can see of us, each with the reason why it stays; `identity.py` looks for more."""
    known: dict[str, Any] = {
        # Our connection.
        "descriptors.3": ["socket", False],
        # A pause reaches a blocking call by this signal.
        "signals.SIGURG": "__mcp_debug_pause__",
        # breakpoint() stops in our debugger.
        "hooks.breakpoint": False,
        # Tells the server about the end.
        "exit callbacks": plain["exit callbacks"] + 1,
        # pydevd learns so of new threads.
        "functions.start thread": ["method", "pydev_start_new_thread"],
    }
    if version < "3.12":
        known["tracing"] = [True, False]  # there is no sys.monitoring yet
    if version < "3.9":
        known["functions.shutdown"] = ["function", "_shutdown"]  # there is no threading._register_atexit yet
    return known


@pytest.mark.parametrize("kind", ["program", "module", "code"])
@pytest.mark.parametrize("version", pythons.VERSIONS)
async def test_a_program_sees_the_same_as_in_a_plain_run(
    agent: Agent, tmp_path: Path, version: str, kind: Literal["program", "module", "code"]
) -> None:
    python = interpreter(version)
    source = (Path(__file__).parent / "debuggees" / "identity.py").read_text()
    file = tmp_path / "identity.py"
    file.write_text(source)
    how, what = {"program": ([], str(file)), "module": (["-m"], "identity"), "code": (["-c"], source)}[kind]
    args = ["first", "-v", "--", ""]
    env = {"PYTHONUNBUFFERED": None, "PYTEST_CURRENT_TEST": None, "EMPTY": "", "UMLAUT": "ä=b"}
    command = [python, *how, what, *args]
    plain = await anyio.to_thread.run_sync(lambda: run_plainly(command, cwd=tmp_path, env=env, stdin=None))
    launch = {kind: what, "args": args, "cwd": str(tmp_path), "env": env, "python": python}
    debugged = await run_debugged(agent, launch)
    assert (debugged.code, debugged.stderr) == (plain.code, plain.stderr) == (0, "")
    expected, seen = json.loads(plain.stdout), json.loads(debugged.stdout)
    for more_is_harmless in ("missing modules", "importers"):
        seen[more_is_harmless] = [entry for entry in seen[more_is_harmless] if entry in expected[more_is_harmless]]
    assert differences(expected, seen) == known_differences(version, expected)


def differences(plain: Mapping[str, Any], debugged: Mapping[str, Any]) -> dict[str, Any]:
    """What is otherwise in `debugged`, by dotted name."""
    found: dict[str, Any] = {}
    for name in {**plain, **debugged}:
        one, other = plain.get(name), debugged.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found.update({f"{name}.{key}": value for key, value in differences(one, other).items()})
        elif isinstance(one, list) and isinstance(other, list) and len(one) > 20:
            if changed := [entry for entry in one + other if (entry in one) != (entry in other)]:
                found[name] = changed
        elif one != other:
            found[name] = other
    return found
