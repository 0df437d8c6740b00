"""The real server, driven by the official client over stdio, and a sweep that finds every process left behind."""

from __future__ import annotations

import os
import secrets
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

import psutil
import pytest
from agent import Agent
from mcp import Client
from mcp.client.session import ElicitationFnT, MessageHandlerFnT
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_debug_tool.keeping.keeper import NURSERY

TAG = f"MCP_DEBUG_TEST_{secrets.token_hex(8)}"
Era = Literal["auto", "legacy"]
Program = Callable[..., Path]


@asynccontextmanager
async def served(
    mode: Era = "auto",
    *,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    options: Sequence[str] = (),
    told: MessageHandlerFnT | None = None,
    person: ElicitationFnT | None = None,
    serve: Sequence[str] = ("-m", "mcp_debug_tool", "serve"),
    log: TextIO = sys.stderr,
) -> AsyncIterator[Agent]:
    """A fresh server of ours over stdio, and an agent that calls its tools.

    `told` gets what comes unasked, `person` answers what is asked; without, the client cannot ask.
    `log`: a file for the server's stderr.
    """
    parameters = StdioServerParameters(
        command=sys.executable,
        args=[*serve, *options],
        cwd=cwd,
        env={**os.environ, TAG: "1", **(env or {})},
    )
    transport = stdio_client(parameters, errlog=log)
    async with Client(transport, mode=mode, message_handler=told, elicitation_callback=person) as client:
        yield Agent(client)


@pytest.fixture(scope="module", params=["auto", "legacy"])
async def eras(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Agent]:
    """One server for a module's tests, in each era of the protocol."""
    async with served(request.param) as agent:
        yield agent


@pytest.fixture(scope="module")
async def shared(anyio_backend: str) -> AsyncIterator[Agent]:
    """One server for a module's tests, in the newest era."""
    async with served() as agent:
        yield agent


@pytest.fixture
async def both(eras: Agent) -> AsyncIterator[Agent]:
    """The agent in both eras, one after the other; its sessions are ended after each test."""
    yield eras
    await eras.end_all()


@pytest.fixture
async def agent(shared: Agent) -> AsyncIterator[Agent]:
    """The agent in the newest era; its sessions are ended after each test."""
    yield shared
    await shared.end_all()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Write a program; its lines can be named by a mark such as `# @here` (see `line_of`)."""

    def write(source: str, name: str = "program.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source).lstrip(), encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def no_process_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a program behind; servers shared by a module may stay until its end."""
    yield
    deadline = time.monotonic() + 5
    while left := [p for p in tagged() if not _is_server(p)]:
        if time.monotonic() > deadline:
            for process in left:
                process.kill()
            pytest.fail(f"processes left behind: {[p.info['cmdline'] for p in left]}")
        time.sleep(0.02)


@pytest.fixture(scope="session", autouse=True)
def no_server_left() -> Iterator[None]:
    """Fail the run when even a server has outlived it."""
    yield
    deadline = time.monotonic() + 5
    while left := tagged():
        if time.monotonic() > deadline:
            for process in left:
                process.kill()
            pytest.fail(f"servers left behind: {[p.info['cmdline'] for p in left]}")
        time.sleep(0.02)


def tagged() -> list[psutil.Process]:
    """Every living process that descends from a server of this run, by an environment variable they inherit."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        info: dict[str, Any] = process.info
        if TAG in (info["environ"] or {}) and info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def programs() -> list[psutil.Process]:
    """Those of them that are programs: neither servers nor what keeps programs for them."""
    return [p for p in tagged() if not {"mcp_debug_tool", str(NURSERY)} & set(p.info["cmdline"] or [])]


def _is_server(process: psutil.Process) -> bool:
    """Whether it is a server, or the nursery of one; a keeper, which is a child of that, ends with its program."""
    command: list[str] = process.info["cmdline"] or []
    if "mcp_debug_tool" in command:
        return True
    try:
        return str(NURSERY) in command and str(NURSERY) not in psutil.Process(process.ppid()).cmdline()
    except psutil.Error:
        return False
